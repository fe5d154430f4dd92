#include "host/lower/table.h"

#include "device/kernels/kernels.h"
#include "host/base/error.h"

namespace shoal {
namespace {

void run_kernel(OpCode op, const BinaryArgs& args) {
  switch (op) {
    case OpCode::kAdd:
      return add_row(args);
    case OpCode::kMul:
      return mul_row(args);
    case OpCode::kDivide:
      return divide_row(args);
    case OpCode::kSquaredDifference:
      return squared_difference_row(args);
    case OpCode::kMaximum:
      return maximum_row(args);
    case OpCode::kMinimum:
      return minimum_row(args);
    case OpCode::kPrelu:
      return prelu_row(args);
    default:
      throw Error(Exit::kInternal, "not a binary operator");
  }
}

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
  l.out = b.new_tensor(b.tensor(y).name, chunk_of(v.view.box));
  b.set(y, {l.out, v.shape, v.order});
  b.add(std::move(l));
}

std::optional<TableOf> binary_table(const Builder& b, const Layer& l) {
  const Op& op = b.op();
  const int64_t elements = element_count(b.tensor(op.outputs[0]).shape);
  const ByteTable bytes = all_bytes();
  BinaryArgs args{};
  int x = -1;
  for (int k = 0; k < 2; ++k) {
    const Tensor& t = b.tensor(op.inputs[k]);
    const int8_t*& row = k == 0 ? args.a : args.b;
    if (t.constant && t.data.size() == 1) {
      row = reinterpret_cast<const int8_t*>(t.data.data());
      continue;
    }
    const bool is_other = x >= 0 && x != op.inputs[k];
    if (is_other || element_count(t.shape) != elements) return std::nullopt;
    x = op.inputs[k];
    row = bytes.data();
    (k == 0 ? args.a_step : args.b_step) = 1;
  }
  if (x < 0) return std::nullopt;
  args.x1 = 1;
  args.channels = 256;
  args.zero_in = l.zero_in;
  args.zero_out = l.zero_out;
  args.act_min = l.act_min;
  args.act_max = l.act_max;
  args.params = l.params.data();
  TableOf result{x, {}};
  args.out = result.table.data();
  run_kernel(l.op, args);
  return result;
}

}  // namespace shoal
