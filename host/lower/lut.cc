#include "host/lower/lut.h"

#include "host/model/graph/quantize.h"

namespace shoal {
namespace {

ByteTable all_bytes() {
  ByteTable bytes;
  for (int k = 0; k < 256; ++k) bytes[k] = static_cast<int8_t>(k - 128);
  return bytes;
}

}  // namespace

void add_table(Builder& b, int x, const ByteTable& table) {
  const int y = b.op().outputs[0];
  const Value v = b.raw(x);
  if (table == all_bytes()) {
    b.set(y, v);
    return;
  }
  Layer l = b.layer(OpCode::kLut, y);
  l.zero_in = b.tensor(x).zero();
  l.in[0] = v.view;
  l.weights.values.assign(table.begin(), table.end());
  l.out = b.new_tensor(b.tensor(y).name, extent_of(v.view.box), 1);
  b.set(y, {l.out, v.shape, v.order});
  b.add(std::move(l));
}

std::optional<TableOf> binary_table(const Builder& b) {
  const Op& op = b.op();
  const int64_t elements = element_count(b.tensor(op.outputs[0]).shape);
  const ByteTable bytes = all_bytes();
  TableOf result{-1, {}};
  ByteRun run{nullptr, nullptr, 0, 0, result.table};
  for (int k = 0; k < 2; ++k) {
    const Tensor& t = b.tensor(op.inputs[k]);
    const int8_t*& row = k == 0 ? run.a : run.b;
    if (t.constant && t.data.size() == 1) {
      row = reinterpret_cast<const int8_t*>(t.data.data());
      continue;
    }
    const bool is_other = result.tensor >= 0 && result.tensor != op.inputs[k];
    if (is_other || element_count(t.shape) != elements) return std::nullopt;
    result.tensor = op.inputs[k];
    row = bytes.data();
    (k == 0 ? run.a_step : run.b_step) = 1;
  }
  if (result.tensor < 0) return std::nullopt;
  binary_bytes(b.graph(), op)(run);
  return result;
}

}  // namespace shoal
