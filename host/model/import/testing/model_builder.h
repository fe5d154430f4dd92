// Makes small .tflite models: for tests, random networks and demonstrations.
//
//   ModelBuilder b;
//   int x = b.input({1, 8, 8, 3}, {0.05f, -3});
//   int w = b.weights({4, 3, 3, 3}, values, {0.01f}, 0);
//   int y = b.conv(x, w, b.bias(biases), {0.1f, 5}, {.stride_h = 2});
//   b.output(b.softmax(b.reshape(y, {1, 64})));
//   std::vector<uint8_t> file = b.finish();
//
// Tensors are named by number. Output shapes follow from the operands;
// nothing is checked, that is the importer's work. Values and zero points are
// int8's throughout: a builder of type kUint8 writes the uint8 model that
// imports to the very same graph, one of type kFloat32 a model that computes
// with the real values of the constants (of biases: thousandths). raw() and
// data() let tests break things.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {

struct BuilderScale {
  float scale = 1;
  int zero = 0;
};
struct BuilderWindow {
  int stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  bool same = true;  // else VALID
  Activation activation = Activation::kNone;
};
struct BuilderSlices {
  std::vector<int> begin, end, stride;
  int begin_mask = 0, end_mask = 0, shrink_axis_mask = 0;
};

class ModelBuilder {
 public:
  using Scale = BuilderScale;
  using Window = BuilderWindow;
  using Slices = BuilderSlices;

  // The type is that of inputs, constants and weights; results have their first
  // operand's.
  explicit ModelBuilder(Type file_type = Type::kInt8);

  int input(const Shape&, Scale);
  int float_input(const Shape&);
  int constant(const Shape&, const std::vector<int8_t>&, Scale);
  // One scale, or one per element of `axis`.
  int weights(const Shape&, const std::vector<int8_t>&,
              const std::vector<float>& scales, int axis, int zero = 0);
  // The same with four bits each, -8 to 7.
  int int4_weights(const Shape&, const std::vector<int8_t>&,
                   const std::vector<float>& scales, int axis);
  int bias(const std::vector<int32_t>&);
  int numbers(const Shape&, const std::vector<int32_t>&);
  // A float32 constant turned into one of half precision (cut, not rounded)
  // with a DEQUANTIZE behind it, whose result this is.
  int halved(int constant);
  void output(int tensor) { raw_.outputs.push_back(tensor); }

  // Weights: OHWI, 1HWC, [out, in], OHWI; bias -1: none.
  int conv(int x, int weights, int bias, Scale, Window = {});
  int depthwise(int x, int weights, int bias, Scale, Window = {});
  int fully_connected(int x, int weights, int bias, Scale,
                      Activation = Activation::kNone,
                      bool keep_num_dims = false);
  int transpose_conv(int x, int weights, int bias, Scale, int height, int width,
                     Window = {});
  // kAveragePool2d, kMaxPool2d.
  int pool(OpKind, int x, int filter_h, int filter_w, Window = {});

  // kAdd, kSub, kMul; kMaximum, kMinimum have no activation.
  int binary(OpKind, int a, int b, Scale, Activation = Activation::kNone);
  int add(int a, int b, Scale scale, Activation act = Activation::kNone) {
    return binary(OpKind::kAdd, a, b, scale, act);
  }
  int mul(int a, int b, Scale scale, Activation act = Activation::kNone) {
    return binary(OpKind::kMul, a, b, scale, act);
  }
  // EQUAL, LESS ..., LOGICAL_AND, LOGICAL_OR: truth values.
  int truths(OpKind, int a, int b);
  int logical_not(int x);
  int select(int chosen, int a, int b);
  // kMean, kSum, kReduceMax, kReduceMin.
  int reduce(OpKind, int x, const std::vector<int>& axes, bool keep_dims,
             Scale);
  // kRelu, kRelu6, kLogistic, kTanh, kHardSwish, kAbs and so on. LOGISTIC and
  // TANH have only one output scale, which the others may not have.
  int unary(OpKind, int x, Scale);
  int logistic(int x) { return unary(OpKind::kLogistic, x, {1 / 256.f, -128}); }
  int tanh(int x) { return unary(OpKind::kTanh, x, {1 / 128.f, 0}); }
  // On the same shape, in 1/16 steps below 0.
  int log_softmax(int x) {
    return unary(OpKind::kLogSoftmax, x, {1 / 16.f, 127});
  }
  int l2_norm(int x) {
    return unary(OpKind::kL2Normalization, x, {1 / 128.f, 0});
  }
  int gelu(int x, bool approximate, Scale);
  int cumsum(int x, int axis, bool exclusive, bool reverse, Scale);
  // kArgMax, kArgMin; whole numbers of this type.
  int arg(OpKind, int x, int axis, Type);
  int cast(int x, Type);
  // UNIDIRECTIONAL_SEQUENCE_LSTM of a sequence of one batch; see LstmSpec.
  struct LstmSpec {
    int units = 1;
    // Four gates' for the input, then four gates' for the hidden state.
    std::vector<int8_t> weights;
    std::vector<int32_t> biases;  // 4 x units
    float weight_scale = 0.01f;
    Scale hidden;
    float cell_scale = 0x1p-11f, clip = 0;
    bool time_major = false;
  };
  int lstm(int x, const LstmSpec&);
  int batch_matmul(int a, int b, bool adj_x, bool adj_y, Scale);
  int leaky_relu(int x, float alpha, Scale);
  int prelu(int x, int alpha, Scale);
  int softmax(int x, float beta = 1);
  int quantize(int x, Scale, Type file_type = Type::kInt8);
  int dequantize(int x);
  // x times its LOGISTIC, in float32 between a DEQUANTIZE and a QUANTIZE.
  int swish_of_floats(int x, Scale);
  // Its SOFTMAX between the two.
  int softmax_of_floats(int x, Scale);

  int concatenation(const std::vector<int>& xs, int axis);
  int pad(int x, const std::vector<int>& before, const std::vector<int>& after);
  int padv2(int x, const std::vector<int>& before,
            const std::vector<int>& after, int8_t value);
  int mirror_pad(int x, const std::vector<int>& before,
                 const std::vector<int>& after, bool symmetric = false);
  int pack(const std::vector<int>& xs, int axis);
  std::vector<int> unpack(int x, int axis);
  int reshape(int x, const Shape&);
  int squeeze(int x, const std::vector<int>& axes = {});
  int expand_dims(int x, int axis);
  int transpose(int x, const std::vector<int>& perm);
  int slice(int x, const std::vector<int>& begin, const std::vector<int>& size);
  int strided_slice(int x, const Slices&);
  std::vector<int> split(int x, int axis, int parts);
  int resize(int x, int height, int width, bool align_corners = false,
             bool half_pixel_centers = false);
  int resize_bilinear(int x, int height, int width, bool align_corners = false,
                      bool half_pixel_centers = false);
  std::vector<int> split_v(int x, int axis, const std::vector<int>& sizes);
  // One index: a scalar, the axis goes.
  int gather(int x, int axis, const std::vector<int>& indices);
  int gather_nd(int x, const Shape& shape, const std::vector<int>& indices);
  // Amounts: paddings or crops of rows and columns.
  int space_to_batch(int x, const std::vector<int>& block,
                     const std::vector<int>& amounts);
  int batch_to_space(int x, const std::vector<int>& block,
                     const std::vector<int>& amounts);
  int space_to_depth(int x, int block);
  int depth_to_space(int x, int block);

  // A variable's handle; before the first frame it holds `initial`, nothing:
  // its zero point. What reads it, and what is assigned to it, has its shape
  // and scale.
  int variable(const Shape&, Scale, const std::vector<int8_t>& initial = {});
  int read_variable(int handle);
  void assign_variable(int handle, int tensor);

  const Shape& shape(int tensor) const;
  Scale scale(int tensor) const;
  void rename(int tensor, const std::string& name);

  RawModel& raw() { return raw_; }
  const RawModel& raw() const { return raw_; }
  std::vector<uint8_t>& data(int tensor);
  std::vector<uint8_t> finish() const;

 private:
  int add_tensor(const Shape&, Type, const std::vector<float>& scales,
                 int zero);
  int add_constant(const Shape&, Type, const std::vector<int8_t>&,
                   const std::vector<float>& scales, int axis, int zero);
  int add_op(OpKind, const std::vector<int>& inputs, const Shape& shape, Scale,
             const RawOptions& = {});
  int add_raw_op(OpKind, const std::vector<int>& inputs, int output,
                 RawOptions);
  Type type(int tensor) const;

  struct Variable {
    Shape shape;
    Scale scale;
    std::string name;
  };

  Type file_type_;
  std::map<int, Variable> variables_;  // by handle
  RawModel raw_;
  std::vector<std::vector<uint8_t>> buffers_;
};

}  // namespace shoal
