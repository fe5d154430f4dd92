// Gemm and MatMul by a constant matrix: FULLY_CONNECTED; other products:
// BATCH_MATMUL.
#include <algorithm>

#include "host/model/graph/shapes.h"
#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

// The matrix as [out, in], whatever way the file has it.
struct Matrix {
  std::vector<float> values;
  int out = 0, in = 0;
  Quantization quant;
  std::string name;
};

Matrix matrix_of(OnnxCall& call, bool out_first) {
  call.floats(1, "a matrix");
  const OnnxTensor& t = call.constant(1, "a matrix");
  const Shape dims = call.shape_of(t.dims);
  if (dims.size() != 2) {
    call.unsupported(text("a matrix of shape ", shape_text(t.dims),
                          "; only two axes are supported"));
  }
  Matrix m;
  m.out = dims[out_first ? 0 : 1];
  m.in = dims[out_first ? 1 : 0];
  m.values = out_first ? t.floats : Layouts::laid_out(t.floats, dims, {1, 0});
  m.quant = t.quant;
  m.name = t.name;
  if (m.quant.scale.size() > 1) {
    if (m.quant.axis != (out_first ? 0 : 1)) {
      call.unsupported("scales along the inputs of a matrix");
    }
    m.quant.axis = 0;
  }
  return m;
}

// Rows of the input as they lie. A waiting flattening of one row is not done:
// the columns of the matrix are permuted instead.
int rows_of(OnnxCall& call, const Value& x, Matrix& m) {
  const bool one_row = element_count(x.dims) == m.in;
  if (!one_row || !x.before || x.rank() != 2) {
    Axes order(x.rank());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    return call.layouts().ordered(x, order).tensor;
  }
  std::vector<float> places(static_cast<size_t>(m.in));
  for (size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<float>(i);
  }
  // Numbers up to 2^24 survive in floats; more columns have no place either.
  if (m.in > (1 << 24)) call.unsupported("a row of more than 2^24 elements");
  places = Layouts::laid_out(places, *x.before, x.order);
  const std::vector<float> old = m.values;
  for (size_t i = 0; i < old.size(); ++i) {
    const size_t row = i / places.size(), column = i % places.size();
    m.values[i] =
        old[row * places.size() + static_cast<size_t>(places[column])];
  }
  const Shape flat{1, m.in};
  if (call.graph().shape(x.tensor) == flat) return x.tensor;
  const QuantNote note = call.graph().note(x.tensor);
  const int made = call.graph().op(OpKind::kReshape, {x.tensor}, x.name, flat);
  call.graph().note(made) = note;
  return made;
}

Value emit_rows(OnnxCall& call, const Value& x, Matrix m,
                const std::vector<float>* bias, const OnnxTensor* bias_of,
                const char* part = "") {
  call.require(!x.dims.empty() && x.dims.back() == m.in,
               text("an input of shape ", shape_text(x.dims),
                    " for a matrix of ", m.in, " rows"));
  const int tensor = rows_of(call, x, m);
  const int w = call.graph().constant(m.name, {m.out, m.in}, m.values);
  call.graph().note(w).quant = m.quant;
  int b = -1;
  if (bias != nullptr) {
    b = call.graph().constant(bias_of->name, {m.out}, *bias);
    if (!bias_of->quant.scale.empty()) {
      QuantNote& note = call.graph().note(b);
      note.quant = bias_of->quant;
      note.ints.assign(bias_of->ints.begin(), bias_of->ints.end());
    }
  }
  Shape dims = x.dims;
  dims.back() = m.out;
  Axes order(dims.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  return call.emit(OpKind::kFullyConnected, {tensor, w, b}, dims, order,
                   FusedAttr{}, part);
}

// The product and a sum behind it.
void add_computed(OnnxCall& call, const Value& product, float beta) {
  Value c = call.data(2);
  if (beta != 1) {
    const int factor = call.constant_tensor(":beta", {1}, {beta});
    c = call.emit_like(OpKind::kMul, {c.tensor, factor}, c, FusedAttr{},
                       ":scaled");
  }
  c = call.layouts().settled(call.layouts().padded(c, product.rank()));
  c = call.layouts().ordered(c, product.order);
  const Shape dims = result_dims(call, product.dims, c.dims);
  call.require(dims == product.dims,
               text("a bias of shape ", shape_text(c.dims), " for ",
                    shape_text(product.dims)));
  call.set_output(0, call.emit(OpKind::kAdd, {product.tensor, c.tensor}, dims,
                               product.order, FusedAttr{}));
}

void gemm(OnnxCall& call) {
  call.expect_inputs(2, 3);
  Value x = call.data(0);
  call.require(x.rank() == 2, text("an input of ", x.rank(), " axes"));
  if (call.before(7)) call.ignore({"broadcast"});
  if (call.integer("transA", 0) != 0) {
    x = call.layouts().transposed(x, {1, 0});
  }
  Matrix m = matrix_of(call, call.integer("transB", 0) != 0);
  const float alpha = call.real("alpha", 1), beta = call.real("beta", 1);
  for (float& v : m.values) v *= alpha;
  if (!call.has(2)) {
    return call.set_output(0, emit_rows(call, x, m, nullptr, nullptr));
  }
  if (!call.in(2).is_constant()) {
    const Value product = emit_rows(call, x, m, nullptr, nullptr, ":product");
    return add_computed(call, product, beta);
  }
  const std::vector<float>& c = call.floats(2, "a bias");
  const auto out = static_cast<size_t>(m.out);
  const auto rows = static_cast<size_t>(x.dims[0]);
  const bool is_single = c.size() == 1;
  const bool per_row = call.constant(2, "a bias").dims.size() == 2 &&
                       call.constant(2, "a bias").dims[0] != 1;
  if (rows > 1 && per_row && !is_single) {
    const Value product = emit_rows(call, x, m, nullptr, nullptr, ":product");
    OnnxTensor each = call.constant(2, "a bias");
    for (float& v : each.floats) v *= beta;
    each.name.clear();
    const int added = call.constant_beside(each, product.order);
    result_dims(call, product.dims, call.shape_of(each.dims));
    return call.set_output(
        0, call.emit(OpKind::kAdd, {product.tensor, added}, product.dims,
                     product.order, FusedAttr{}));
  }
  call.require(c.size() == 1 || c.size() == out,
               text("a bias of ", c.size(), " elements, expected ", m.out));
  std::vector<float> bias(out, c[0]);
  if (c.size() == out) bias = c;
  for (float& v : bias) v *= beta;
  const OnnxTensor& given = call.constant(2, "a bias");
  call.set_output(0, emit_rows(call, x, m, &bias, &given));
}

// A side as it lies, its axes in the file's order.
int side(OnnxCall& call, size_t i, Shape& dims) {
  const Value& v = call.in(i);
  if (v.is_constant()) {
    const std::vector<float>& values = call.floats(i, "a matrix");
    dims = call.shape_of(v.constant->dims);
    const int made = call.graph().constant(v.constant->name, dims, values);
    call.graph().note(made).quant = v.constant->quant;
    return made;
  }
  dims = v.dims;
  Axes order(v.rank());
  for (size_t k = 0; k < order.size(); ++k) order[k] = static_cast<int>(k);
  return call.layouts().ordered(v, order).tensor;
}

void product(OnnxCall& call) {
  Shape a, b;
  const int left = side(call, 0, a), right = side(call, 1, b);
  if (a.size() < 2 || b.size() < 2) call.unsupported("a product with a vector");
  call.require(a.back() == b[b.size() - 2],
               text("shapes ", shape_text(a), " and ", shape_text(b),
                    " have no product"));
  const auto batch = broadcast_shape(Shape(a.begin(), a.end() - 2),
                                     Shape(b.begin(), b.end() - 2));
  call.require(batch.has_value(), text("shapes ", shape_text(a), " and ",
                                       shape_text(b), kNoBroadcast));
  Shape dims = *batch;
  dims.insert(dims.end(), {a[a.size() - 2], b.back()});
  Axes order(dims.size());
  for (size_t k = 0; k < order.size(); ++k) order[k] = static_cast<int>(k);
  call.set_output(0, call.emit(OpKind::kBatchMatmul, {left, right}, dims, order,
                               MatmulAttr{}));
}

void matmul(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const Value& by = call.in(1);
  if (!by.is_constant() || by.constant->dims.size() != 2) return product(call);
  const Value x = call.data(0);
  const Matrix m = matrix_of(call, false);
  call.set_output(0, emit_rows(call, x, m, nullptr, nullptr));
}

}  // namespace

bool convert_matrix(OnnxCall& call) {
  if (call.type() == "Gemm") {
    gemm(call);
  } else if (call.type() == "MatMul") {
    matmul(call);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
