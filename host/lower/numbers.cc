// Places along an axis, and numbers under another type.
#include "host/lower/moves.h"
#include "host/lower/param_list.h"
#include "host/model/graph/operators.h"

namespace shoal {

void lower_arg(Builder& b) {
  const Op& op = b.op();
  const int x = op.inputs[0], y = op.outputs[0];
  const int axis = std::get<AxisAttr>(op.attr).axis;
  b.set_places(y);
  Layer l = b.layer(OpCode::kArgMax, y);
  l.zero_out = 0;
  l.params = param_list(ArgParams{op.kind == OpKind::kArgMax ? 1 : -1});
  std::vector<int> order;
  Extent c;
  l.in[0] = b.rows_along(x, axis, order, c);
  c.channels = 2;
  std::vector<int> left;  // axes of the result, that of the two bytes last
  for (const int k : order) {
    if (k != axis) left.push_back(k > axis ? k - 1 : k);
  }
  left.push_back(static_cast<int>(left.size()));
  l.out = b.result(y, c, squeezed_order(left, b.lies(y)));
  b.add(std::move(l));
}

// A byte of a place is its lower one: what is above it is lost, as in the
// reference. All else is the caller's, who knows the types.
void lower_cast(Builder& b) {
  const int x = b.op().inputs[0], y = b.op().outputs[0];
  if (const int digits = b.tensor(x).quant.digits; digits > 0) {
    b.set_places(y, digits);
    return b.set(y, b.in_axes(b.raw(x), b.lies(y)));
  }
  if (!b.has_places(x)) return b.set(y, b.raw(x));
  if (b.tensor(y).type != Type::kInt8) {
    b.set_places(y, b.parts(x));
    return b.set(y, b.raw(x));
  }
  const Shape shape = b.lies(x);
  std::vector<AxisMap> maps;
  for (const int size : shape) maps.push_back({size, size});
  maps.back().out = 1;
  b.set(y, sliced(b, y, b.value(x), shape, maps, 0));
}

}  // namespace shoal
