#include "host/model/import/testing/sample_models.h"

#include <random>

#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

using Builder = ModelBuilder;

// Constants for a builder, from one generator.
class Sampler {
 public:
  Sampler(uint32_t seed, Type type) : rng_(seed), b(type) {}

  std::vector<int8_t> bytes(const Shape& shape) {
    std::vector<int8_t> out(static_cast<size_t>(element_count(shape)));
    for (int8_t& v : out) v = static_cast<int8_t>(between(-127, 127));
    return out;
  }
  int bias(int channels) {
    std::vector<int32_t> out;
    for (int i = 0; i < channels; ++i) out.push_back(between(-3000, 3000));
    return b.bias(out);
  }
  int weights(const Shape& shape, int axis, bool per_channel) {
    const int scales = per_channel ? shape[static_cast<size_t>(axis)] : 1;
    std::vector<float> scale;
    for (int i = 0; i < scales; ++i) {
      scale.push_back(0.001f * static_cast<float>(between(2, 9)));
    }
    return b.weights(shape, bytes(shape), scale, axis);
  }
  int constant(const Shape& shape, Builder::Scale scale) {
    return b.constant(shape, bytes(shape), scale);
  }

 private:
  int between(int low, int high) {
    return low +
           static_cast<int>(rng_() % static_cast<uint32_t>(high - low + 1));
  }

  std::mt19937 rng_;

 public:
  Builder b;
};

std::vector<uint8_t> convolutions(Sampler s) {
  Builder& b = s.b;
  const int in = b.input({1, 9, 8, 3}, {0.05f, -3});
  const int a =
      b.conv(in, s.weights({4, 3, 3, 3}, 0, true), s.bias(4), {0.2f, -128},
             {.stride_h = 2, .stride_w = 2, .activation = Activation::kRelu});
  const int d = b.depthwise(a, s.weights({1, 3, 3, 8}, 3, true), s.bias(8),
                            {0.3f, 4}, {.dilation_w = 2});
  const int p = b.pool(OpKind::kMaxPool2d, d, 2, 2, {.same = false});
  const int u =
      b.transpose_conv(p, s.weights({3, 3, 3, 8}, 0, false), -1, {0.4f, 0}, 8,
                       6, {.stride_h = 2, .stride_w = 2});
  const int v = b.pool(OpKind::kAveragePool2d, u, 3, 3, {.stride_h = 3});
  const int f = b.fully_connected(v, s.weights({5, 54}, 0, false), s.bias(5),
                                  {0.7f, 9}, Activation::kRelu6);
  b.output(b.softmax(f));
  return b.finish();
}

std::vector<uint8_t> arithmetic(Sampler s) {
  Builder& b = s.b;
  const Builder::Scale q{0.05f, 4};
  const int x = b.input({1, 4, 5, 2}, {0.04f, 7});
  const int y = b.input({1, 1, 1, 2}, {0.06f, -7});
  const int sum = b.add(x, y, q, Activation::kReluN1To1);
  const int difference = b.binary(OpKind::kSub, sum, x, q);
  const int product = b.mul(difference, y, q);
  const int low = b.binary(OpKind::kMinimum, product, sum, q);
  const int high = b.binary(OpKind::kMaximum, low, s.constant({2}, q), q);
  b.output(b.prelu(high, s.constant({1, 1, 2}, {0.01f, 3}), q));
  b.output(b.leaky_relu(high, 0.1f, q));
  b.output(b.unary(OpKind::kRelu, product, {0.03f, -128}));
  b.output(b.unary(OpKind::kRelu6, product, q));
  b.output(b.unary(OpKind::kHardSwish, product, q));
  const int gate = b.logistic(b.reduce(OpKind::kMean, x, {1, 2}, true, q));
  b.output(b.mul(x, gate, q));
  b.output(b.tanh(b.reduce(OpKind::kSum, x, {-1}, false, {0.2f, 0})));
  b.output(b.reduce(OpKind::kReduceMax, sum, {1}, false, q));
  return b.finish();
}

std::vector<uint8_t> layouts(Sampler s) {
  Builder& b = s.b;
  const int x = b.input({1, 4, 6, 4}, {0.05f, 4});
  const int padded = b.pad(x, {0, 1, 0, 0}, {0, 1, 2, 0});
  const int valued = b.padv2(x, {0, 1, 1, 0}, {0, 1, 1, 0}, -9);
  b.output(b.concatenation({padded, valued}, 3));
  const int turned = b.transpose(x, {0, 3, 1, 2});
  b.output(b.strided_slice(turned, {.begin = {0, -1, 0, 1},
                                    .end = {0, 0, 9, -1},
                                    .stride = {1, -2, 1, 2},
                                    .begin_mask = 1,
                                    .end_mask = 2,
                                    .shrink_axis_mask = 1}));
  const std::vector<int> halves = b.split(x, 2, 2);
  const int deep =
      b.space_to_depth(b.slice(halves[0], {0, 0, 1, 0}, {1, -1, 2, 4}), 2);
  b.output(b.depth_to_space(deep, 2));
  b.output(b.resize(halves[1], 7, 5, false, true));
  const int flat = b.reshape(halves[1], {1, 1, 12, 4});
  b.output(b.expand_dims(b.squeeze(flat, {1}), -1));
  const int mirrored = b.mirror_pad(x, {0, 3, 1, 0}, {0, 2, 2, 1});
  const std::vector<int> planes =
      b.unpack(b.mirror_pad(mirrored, {0, 0, 9, 2}, {0, 9, 0, 0}, true), -1);
  b.output(b.pack({planes[5], planes[0], planes[2]}, 1));
  return b.finish();
}

// Later operators: of a picture and of a matrix.
std::vector<uint8_t> functions(Sampler s) {
  Builder& b = s.b;
  const Builder::Scale q{0.05f, 4};
  const int x = b.input({1, 4, 6, 3}, {0.04f, -7});
  const int up = b.resize_bilinear(x, 7, 9, false, true);
  b.output(b.log_softmax(up));
  b.output(b.l2_norm(up));
  const int square = b.unary(OpKind::kSquare, x, {0.1f, -128});
  const int root = b.unary(OpKind::kRsqrt, square, {0.06f, -128});
  b.output(b.binary(OpKind::kSquaredDifference, x, root, q));
  const int least = b.reduce(OpKind::kReduceMin, x, {1}, true, {0.04f, -7});
  const int most =
      b.binary(OpKind::kMaximum, least, b.constant({1}, {99}, q), q);
  b.output(b.binary(OpKind::kDiv, x, most, q, Activation::kRelu6));
  const int positive = b.unary(OpKind::kAbs, x, {0.04f, -128});
  b.output(b.unary(OpKind::kLog, b.unary(OpKind::kSqrt, positive, q), q));
  b.output(b.unary(OpKind::kExp, b.unary(OpKind::kNeg, x, q), {0.9f, -128}));
  b.output(b.gelu(b.gelu(x, true, q), false, q));
  b.output(b.cumsum(x, 2, true, false, {0.2f, 0}));
  b.output(b.arg(OpKind::kArgMax, x, 3, Type::kInt64));
  b.output(b.expand_dims(b.arg(OpKind::kArgMin, x, 1, Type::kInt32), 1));
  return b.finish();
}

// Functions of float32 between bytes and bytes, which become tables.
std::vector<uint8_t> float_functions(Sampler s) {
  Builder& b = s.b;
  const Builder::Scale q{0.05f, 4};
  const int x = b.input({1, 4, 6, 3}, {0.04f, -7});
  b.output(b.unary(OpKind::kElu, x, q));
  const auto real = [&](int t) {
    RawTensor& made = b.raw().tensors[static_cast<size_t>(t)];
    made.type = kCodeFloat32;
    made.scale.clear();
    made.zero.clear();
    return t;
  };
  b.output(b.unary(OpKind::kSin, x, {1.f / 128, 0}));
  const int power = real(b.unary(OpKind::kExp, b.dequantize(x), {}));
  const int root = real(b.unary(OpKind::kSqrt, power, {}));
  b.output(b.quantize(root, q));
  return b.finish();
}

std::vector<uint8_t> choices(Sampler s) {
  Builder& b = s.b;
  const int x = b.input({1, 4, 6, 4}, {0.05f, 4});
  const std::vector<int> parts = b.split_v(x, 3, {1, 3});
  b.output(b.gather(parts[1], 3, {2, 0, 1, 1}));
  b.output(b.gather_nd(parts[0], {2, 3}, {0, 3, 1, 0, 0, 5}));
  const int apart = b.space_to_batch(x, {2, 2}, {2, 2, 2, 2});
  const int y = b.conv(apart, s.weights({2, 3, 3, 4}, 0, true), s.bias(2),
                       {0.2f, 1}, {.same = false});
  b.output(b.batch_to_space(y, {2, 2}, {0, 0, 0, 0}));
  b.output(b.space_to_batch(x, {1, 3}, {0, 0, 0, 0}));
  const int rows = b.reshape(x, {24, 4});
  const int scores = b.batch_matmul(rows, rows, false, true, {0.2f, 0});
  b.output(b.batch_matmul(b.softmax(scores), rows, false, false, {0.1f, 0}));
  b.output(b.batch_matmul(rows, b.constant({4, 2}, s.bytes({4, 2}), {0.01f, 0}),
                          false, false, {0.1f, 0}));
  return b.finish();
}

std::vector<uint8_t> truths(Sampler s) {
  Builder& b = s.b;
  const Builder::Scale q{0.05f, 4}, p{0.04f, -7};
  const int x = b.input({1, 4, 6, 3}, q);
  const int y = b.input({1, 4, 1, 3}, p);
  const int low = b.truths(OpKind::kLess, x, y);
  const int high = b.truths(OpKind::kGreaterEqual, x, b.constant({}, {9}, p));
  const int same = b.truths(OpKind::kEqual, x, s.constant({3}, q));
  const int either = b.truths(OpKind::kLogicalOr, low, high);
  b.output(b.truths(OpKind::kLogicalAnd, either, b.logical_not(same)));
  b.output(b.select(b.truths(OpKind::kNotEqual, x, y), x, s.constant({}, q)));
  b.output(b.select(b.truths(OpKind::kGreater, x, y), x,
                    b.unary(OpKind::kElu, x, q)));
  b.output(b.select(b.truths(OpKind::kLessEqual, y, x),
                    b.unary(OpKind::kFloor, x, q),
                    b.unary(OpKind::kSin, x, q)));
  return b.finish();
}

std::vector<uint8_t> float_ends(Sampler s) {
  Builder& b = s.b;
  const int in = b.float_input({1, 6, 6, 2});
  const int x = b.quantize(in, {0.05f, 1});
  const int y = b.conv(x, s.weights({3, 1, 1, 2}, 0, true), -1, {0.1f, 3});
  const int z = b.quantize(y, {0.1f, 3}, Type::kUint8);
  b.output(b.dequantize(y));
  b.output(b.cast(b.cast(y, Type::kInt32), Type::kFloat32));
  const int island = b.unary(OpKind::kExp, b.dequantize(y), {});
  b.output(b.quantize(island, {0.2f, -128}));
  b.output(b.cast(b.arg(OpKind::kArgMax, y, -1, Type::kInt64), Type::kInt8));
  b.output(z);
  return b.finish();
}

std::vector<uint8_t> halves(Sampler s) {
  Builder& b = s.b;
  const int x = b.input({1, 5, 4, 2}, {});
  const int w = b.halved(s.weights({3, 3, 3, 2}, 0, true));
  const int y = b.conv(x, w, b.halved(s.bias(3)), {});
  b.output(b.mul(y, b.halved(s.constant({3}, {0.1f, 0})), {}));
  return b.finish();
}

}  // namespace

std::vector<SampleModel> sample_models(uint32_t seed, Type file_type) {
  const Sampler sampler(seed, file_type);
  std::vector<SampleModel> out;
  out.push_back({"convolutions", convolutions(sampler)});
  out.push_back({"arithmetic", arithmetic(sampler)});
  out.push_back({"layouts", layouts(sampler)});
  out.push_back({"functions", functions(sampler)});
  out.push_back({"choices", choices(sampler)});
  out.push_back({"truths", truths(sampler)});
  if (file_type == Type::kFloat32) {
    out.push_back({"halves", halves(sampler)});
  } else {
    out.push_back({"float_ends", float_ends(sampler)});
    out.push_back({"float_functions", float_functions(sampler)});
  }
  return out;
}

}  // namespace shoal
