// Operators of ModelBuilder that came later.
#include "host/model/import/testing/model_builder.h"
#include "host/model/import/testing/result_shapes.h"

namespace shoal {

int ModelBuilder::gelu(int x, bool approximate, Scale y) {
  RawOptions options;
  options.approximate = approximate;
  return add_op(OpKind::kGelu, {x}, shape(x), y, options);
}

int ModelBuilder::truths(OpKind kind, int a, int b) {
  const int y = add_tensor(broadcast(shape(a), shape(b)), Type::kBool, {}, 0);
  return add_raw_op(kind, {a, b}, y, {});
}

int ModelBuilder::logical_not(int x) {
  const int y = add_tensor(shape(x), Type::kBool, {}, 0);
  return add_raw_op(OpKind::kLogicalNot, {x}, y, {});
}

int ModelBuilder::select(int chosen, int a, int b) {
  const Shape s = broadcast(shape(chosen), broadcast(shape(a), shape(b)));
  const int y = add_tensor(s, type(a), {scale(a).scale}, scale(a).zero);
  return add_raw_op(OpKind::kSelectV2, {chosen, a, b}, y, {});
}

int ModelBuilder::cumsum(int x, int axis, bool exclusive, bool reverse,
                         Scale y) {
  RawOptions options;
  options.exclusive = exclusive;
  options.reverse = reverse;
  const Shape result = shape(x);
  return add_op(OpKind::kCumsum, {x, numbers({}, {axis})}, result, y, options);
}

int ModelBuilder::lstm(int x, const LstmSpec& s) {
  const Shape in = shape(x);
  const int inputs = in.back();
  std::vector<int> operands{x};
  size_t at = 0;
  for (const int length : {inputs, s.units}) {
    for (int gate = 0; gate < 4; ++gate) {
      const auto count = static_cast<size_t>(length) * s.units;
      const auto first = s.weights.begin() + static_cast<ptrdiff_t>(at);
      operands.push_back(weights({s.units, length},
                                 {first, first + static_cast<ptrdiff_t>(count)},
                                 {s.weight_scale}, 0));
      at += count;
    }
  }
  operands.insert(operands.end(), 3, -1);
  for (int gate = 0; gate < 4; ++gate) {
    const auto first = s.biases.begin() + gate * s.units;
    operands.push_back(bias({first, first + s.units}));
  }
  operands.insert(operands.end(), 2, -1);
  const auto state = [&](int code, Scale scale) {
    const int t =
        add_tensor({1, s.units}, Type::kInt8, {scale.scale}, scale.zero);
    raw_.tensors.back().type = code;
    raw_.tensors.back().variable = true;
    operands.push_back(t);
  };
  state(kCodeInt8, s.hidden);
  state(kCodeInt16, {s.cell_scale, 0});
  operands.insert(operands.end(), 4, -1);
  Shape out = in;
  out.back() = s.units;
  RawOptions options;
  options.activation = 4;
  options.clip = s.clip;
  options.time_major = s.time_major;
  const int y = add_tensor(out, type(x), {s.hidden.scale}, s.hidden.zero);
  return add_raw_op(OpKind::kLstm, operands, y, options);
}

int ModelBuilder::arg(OpKind kind, int x, int axis, Type file_type) {
  RawOptions options;
  options.out_type = type_code(file_type);
  Shape result = shape(x);
  const size_t along = axis_of(axis, result);
  result.erase(result.begin() + static_cast<std::ptrdiff_t>(along));
  const int y = add_tensor(result, file_type, {}, 0);
  return add_raw_op(kind, {x, numbers({}, {axis})}, y, options);
}

int ModelBuilder::cast(int x, Type file_type) {
  RawOptions options;
  options.in_type = type_code(type(x));
  options.out_type = type_code(file_type);
  const int y = add_tensor(shape(x), file_type, {}, 0);
  return add_raw_op(OpKind::kCast, {x}, y, options);
}

int ModelBuilder::batch_matmul(int a, int b, bool adj_x, bool adj_y, Scale y) {
  RawOptions options;
  options.adj_x = adj_x;
  options.adj_y = adj_y;
  const Shape p = shape(a), q = shape(b);
  Shape result =
      broadcast(Shape(p.begin(), p.end() - 2), Shape(q.begin(), q.end() - 2));
  result.push_back(p[p.size() - (adj_x ? 1 : 2)]);
  result.push_back(q[q.size() - (adj_y ? 2 : 1)]);
  return add_op(OpKind::kBatchMatmul, {a, b}, result, y, options);
}

int ModelBuilder::resize_bilinear(int x, int height, int width,
                                  bool align_corners, bool half_pixel_centers) {
  RawOptions options;
  options.align_corners = align_corners;
  options.half_pixel_centers = half_pixel_centers;
  const Shape s = shape(x);
  return add_op(OpKind::kResizeBilinear, {x, numbers({2}, {height, width})},
                {s[0], height, width, s[3]}, scale(x), options);
}

std::vector<int> ModelBuilder::split_v(int x, int axis,
                                       const std::vector<int>& sizes) {
  RawOptions options;
  options.num_splits = static_cast<int>(sizes.size());
  Shape result = shape(x);
  int& along = result[axis_of(axis, result)];
  along = sizes[0];
  const int by = numbers({options.num_splits}, sizes);
  std::vector<int> out = {add_op(OpKind::kSplitV, {x, by, numbers({}, {axis})},
                                 result, scale(x), options)};
  const Scale s = scale(x);
  while (out.size() < sizes.size()) {
    along = sizes[out.size()];
    out.push_back(add_tensor(result, type(x), {s.scale}, s.zero));
  }
  raw_.ops.back().outputs = out;
  return out;
}

int ModelBuilder::gather(int x, int axis, const std::vector<int>& indices) {
  RawOptions options;
  options.axis = axis;
  Shape result = shape(x);
  const size_t along = axis_of(axis, result);
  const int count = static_cast<int>(indices.size());
  const Shape size = count == 1 ? Shape{} : Shape{count};
  result[along] = count;
  if (count == 1) {
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(along));
  }
  return add_op(OpKind::kGather, {x, numbers(size, indices)}, result, scale(x),
                options);
}

int ModelBuilder::gather_nd(int x, const Shape& shape_of_indices,
                            const std::vector<int>& indices) {
  const Shape in = shape(x);
  Shape result(shape_of_indices.begin(), shape_of_indices.end() - 1);
  result.insert(result.end(), in.begin() + shape_of_indices.back(), in.end());
  return add_op(OpKind::kGatherNd, {x, numbers(shape_of_indices, indices)},
                result, scale(x));
}

int ModelBuilder::space_to_batch(int x, const std::vector<int>& block,
                                 const std::vector<int>& amounts) {
  Shape result = shape(x);
  for (size_t i = 0; i < block.size(); ++i) {
    result[0] *= block[i];
    result[i + 1] += amounts[2 * i] + amounts[2 * i + 1];
    result[i + 1] /= block[i];
  }
  const int count = static_cast<int>(block.size());
  return add_op(OpKind::kSpaceToBatchNd,
                {x, numbers({count}, block), numbers({count, 2}, amounts)},
                result, scale(x));
}

int ModelBuilder::batch_to_space(int x, const std::vector<int>& block,
                                 const std::vector<int>& amounts) {
  Shape result = shape(x);
  for (size_t i = 0; i < block.size(); ++i) {
    result[0] /= block[i];
    result[i + 1] *= block[i];
    result[i + 1] -= amounts[2 * i] + amounts[2 * i + 1];
  }
  const int count = static_cast<int>(block.size());
  return add_op(OpKind::kBatchToSpaceNd,
                {x, numbers({count}, block), numbers({count, 2}, amounts)},
                result, scale(x));
}

}  // namespace shoal
