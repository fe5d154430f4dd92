// Parts of transformers beside fully connected layers and additions.
#include <algorithm>
#include <cmath>
#include <utility>

#include "host/model/zoo/random_bytes.h"
#include "host/model/zoo/zoo_builder.h"

namespace shoal::zoo {
namespace {

// The range of a SOFTMAX, as TensorFlow Lite wants it.
constexpr Range kProbabilities{1.f / 256, -128};

// The part of a tensor's variance that all tokens have in common.
constexpr double kCommon = 0.5;

// Returns by which part of itself the variance of `channels` values differs
// from token to token: sqrt(2 / channels) for normal values, and a little more.
double unlike_tokens(int channels) { return 1.3 * std::sqrt(2.0 / channels); }

// The range of values above 0. It begins at 0, as converters have it.
Range range_above_zero(const Spread& x) {
  return {short_scale((x.mean + 3.3 * x.deviation()) / 255), -128};
}

}  // namespace

// A result that has its operand's scale.
int ZooBuilder::add_like(const std::string& name, int x, const Shape& shape) {
  const Range range{tensor(x).scale(), tensor(x).zero()};
  return add_result(name, shape, range, spread(x));
}

int ZooBuilder::reshape(const std::string& name, int x, const Shape& shape) {
  const int y = add_like(name, x, shape);
  add_op(OpKind::kReshape, {x}, y, {});
  return y;
}

int ZooBuilder::transpose(const std::string& name, int x,
                          const std::vector<int>& perm) {
  Shape shape;
  for (const int axis : perm) {
    shape.push_back(tensor(x).shape[static_cast<size_t>(axis)]);
  }
  const int y = add_like(name, x, shape);
  add_op(OpKind::kTranspose, {x}, y, TransposeAttr{perm});
  return y;
}

int ZooBuilder::matmul(const std::string& name, int a, int b, bool adj_y) {
  Shape shape = tensor(a).shape;
  const int length = shape.back();
  const Shape& right = tensor(b).shape;
  shape.back() = right[right.size() - (adj_y ? 2 : 1)];
  const Spread &p = spread(a), &q = spread(b);
  // A sum over rows does not average out what they have in common.
  const double sum = length * p.mean, common = kCommon * q.variance;
  const Spread sums{
      sum * q.mean,
      sum * sum * common +
          length * (p.variance * q.variance + p.variance * q.mean * q.mean +
                    p.mean * p.mean * (q.variance - common))};
  const int y = add_result(name, shape, range_of(sums, kNone), sums);
  add_op(OpKind::kBatchMatmul, {a, b}, y, MatmulAttr{false, adj_y});
  return y;
}

// A constant of one element, which is 127 quanta.
int ZooBuilder::add_number(const std::string& name, double value) {
  Tensor t;
  t.name = name;
  t.constant = true;
  t.data = {127};
  t.quant = {{short_scale(value / 127)}, {0}, 0};
  graph_.tensors.push_back(std::move(t));
  spreads_.push_back({value, 0});
  return static_cast<int>(graph_.tensors.size()) - 1;
}

int ZooBuilder::add_binary(const std::string& name, OpKind kind, int a, int b,
                           const Shape& shape, const Spread& result) {
  const int y = add_result(name, shape, range_of(result, kNone), result);
  add_op(kind, {a, b}, y, FusedAttr{});
  return y;
}

int ZooBuilder::scaled(const std::string& name, int x, double factor) {
  const int by = add_number(name + "/factor", factor);
  const Spread& s = spread(x);
  return add_binary(name, OpKind::kMul, x, by, tensor(x).shape,
                    {s.mean * factor, s.variance * factor * factor});
}

// The exponential of a normal value of variance v has the mean square exp(v)
// over the square of its mean.
int ZooBuilder::softmax(const std::string& name, int x) {
  const double classes = channels(x);
  const double unlike = std::exp(std::min(spread(x).variance, 4.0)) - 1;
  const int y = add_result(name, tensor(x).shape, kProbabilities,
                           {1 / classes, unlike / (classes * classes)});
  add_op(OpKind::kSoftmax, {x}, y, AlphaAttr{1});
  return y;
}

int ZooBuilder::gelu(const std::string& name, int x) {
  // Its values are nearly those of a rectifier, and reach a little below.
  const Spread made = activated(spread(x), kRelu);
  const int y =
      add_result(name, tensor(x).shape,
                 range_of({made.mean, made.variance * 1.5}, kNone), made);
  add_op(OpKind::kGelu, {x}, y, GeluAttr{true});
  return y;
}

// The mean over the last axis.
int ZooBuilder::add_reduced(const std::string& name, int x,
                            const Spread& result) {
  Shape shape = tensor(x).shape;
  std::vector<bool> reduced(shape.size(), false);
  shape.back() = 1;
  reduced.back() = true;
  const Range range =
      result.mean > 0 ? range_above_zero(result) : range_of(result, kNone);
  const int y = add_result(name, shape, range, result);
  add_op(OpKind::kMean, {x}, y, ReduceAttr{reduced});
  return y;
}

int ZooBuilder::layer_norm(const std::string& name, int x) {
  const Shape wide = tensor(x).shape;
  const Spread in = spread(x);
  const double v = in.variance;
  const double unlike = unlike_tokens(wide.back());
  const int mean = add_reduced(name + "/mean", x, {0, v * 1.5 / wide.back()});
  const int centred =
      add_binary(name + "/centred", OpKind::kSub, x, mean, wide, {0, v});
  const int squares = add_binary(name + "/squares", OpKind::kSquaredDifference,
                                 x, mean, wide, {v, 4 * v * v});
  const int variance =
      add_reduced(name + "/variance", squares, {v, unlike * unlike * v * v});
  const Shape narrow = tensor(variance).shape;
  const int some = add_like(name + "/above_zero", variance, narrow);
  add_op(OpKind::kAdd, {variance, add_number(name + "/epsilon", v / 1000)},
         some, FusedAttr{});
  const Spread inverse{1 / std::sqrt(v), unlike * unlike / (4 * v)};
  const int deviation =
      add_result(name + "/inverse", narrow, range_above_zero(inverse), inverse);
  add_op(OpKind::kRsqrt, {some}, deviation, {});
  const int unit = add_binary(name + "/unit", OpKind::kMul, centred, deviation,
                              wide, {0, 1});
  const Shape each{wide.back()};
  const Spread gains{1, 0.04}, offsets{0, 0.04};
  const int gained =
      add_binary(name + "/gained", OpKind::kMul, unit,
                 parameter(name + "/gain", each, gains), wide, {0, 1.04});
  return add_binary(name, OpKind::kAdd, gained,
                    parameter(name + "/offset", each, offsets), wide,
                    {0, 1.08});
}

int ZooBuilder::parameter(const std::string& name, const Shape& shape,
                          const Spread& values) {
  Tensor t;
  t.name = name;
  t.shape = shape;
  t.constant = true;
  t.data.resize(static_cast<size_t>(element_count(shape)));
  Random random(next_seed());
  fill(t.data, random);
  const double widest = 127 * values.deviation() / kByteDeviation;
  const float scale = short_scale((std::abs(values.mean) + widest) / 127);
  for (uint8_t& byte : t.data) {
    const double value = values.mean + static_cast<int8_t>(byte) *
                                           values.deviation() / kByteDeviation;
    byte = static_cast<uint8_t>(static_cast<int8_t>(
        std::lround(std::clamp(value / scale, -127.0, 127.0))));
  }
  t.quant = {{scale}, {0}, 0};
  graph_.tensors.push_back(std::move(t));
  spreads_.push_back(values);
  return static_cast<int>(graph_.tensors.size()) - 1;
}

int ZooBuilder::position(const std::string& name, int x, int axis, int at) {
  Shape shape = tensor(x).shape;
  SliceAttr a;
  a.begin.assign(shape.size(), 0);
  a.stride.assign(shape.size(), 1);
  a.dropped.assign(shape.size(), false);
  a.begin[static_cast<size_t>(axis)] = at;
  a.dropped[static_cast<size_t>(axis)] = true;
  shape.erase(shape.begin() + axis);
  const int y = add_like(name, x, shape);
  add_op(OpKind::kStridedSlice, {x}, y, std::move(a));
  return y;
}

int ZooBuilder::mean_of_tokens(const std::string& name, int x) {
  const Spread made = averaged(spread(x));
  const int y = add_result(name, {1, channels(x)}, range_of(made, kNone), made);
  add_op(OpKind::kMean, {x}, y, ReduceAttr{{false, true, false}});
  return y;
}

}  // namespace shoal::zoo
