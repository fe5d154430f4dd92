#include "host/model/zoo/zoo_builder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "host/base/error.h"
#include "host/model/zoo/random_bytes.h"

namespace shoal::zoo {
namespace {

constexpr double kBiasPart = 0.25;  // of the deviation of the sums

constexpr double weighted_variance(double deviation) {
  return deviation * deviation * (1 + kBiasPart * kBiasPart);
}
constexpr double kWeightedVariance = weighted_variance(kDeviation);

// Bytes of a picture less 128, as reals between -1 and 1.
constexpr Range kInputRange{1.f / 128, 0};
constexpr Spread kInputSpread{0, 0.2};

uint64_t seed_of(const std::string& name) {
  uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  }
  return hash;
}

// Result and padding of one side of a window.
std::pair<int, int> side_of(int in, int kernel, int stride, bool same) {
  if (!same) return {in < kernel ? 0 : (in - kernel) / stride + 1, 0};
  const int out = (in + stride - 1) / stride;
  return {out, std::max(0, (out - 1) * stride + kernel - in) / 2};
}

}  // namespace

ZooBuilder::ZooBuilder(const std::string& name) : seed_(seed_of(name)) {
  graph_.name = name;
}

int ZooBuilder::add_result(const std::string& name, const Shape& shape,
                           const Range& range, const Spread& spread) {
  Tensor t;
  t.name = name;
  t.shape = shape;
  t.quant = {{range.scale}, {range.zero}, 0};
  graph_.tensors.push_back(std::move(t));
  spreads_.push_back(spread);
  return static_cast<int>(graph_.tensors.size()) - 1;
}

int ZooBuilder::input(const std::string& name, const Shape& shape) {
  const int t = add_result(name, shape, kInputRange, kInputSpread);
  graph_.inputs.push_back(t);
  return t;
}

// `spread_of_sum` is the deviation of an output's sum of products, were all
// weights 1: the scales bring it to `deviation`.
int ZooBuilder::add_weights(const std::string& name, const Shape& shape,
                            int axis, double spread_of_sum, double deviation) {
  Tensor t;
  t.name = name + "/weights";
  t.shape = shape;
  t.constant = true;
  t.data.resize(static_cast<size_t>(element_count(shape)));
  Random random(next_seed());
  fill(t.data, random);
  const auto channels = static_cast<size_t>(shape[static_cast<size_t>(axis)]);
  const double scale = deviation / (spread_of_sum * kByteDeviation);
  for (size_t c = 0; c < channels; ++c) {
    t.quant.scale.push_back(short_scale(scale * (0.75 + random.unit() / 2)));
  }
  t.quant.zero.assign(channels, 0);
  t.quant.axis = axis;
  graph_.tensors.push_back(std::move(t));
  spreads_.emplace_back();
  return static_cast<int>(graph_.tensors.size()) - 1;
}

int ZooBuilder::add_bias(const std::string& name, int x, int weights,
                         double deviation) {
  Tensor t;
  t.name = name + "/bias";
  t.type = t.file_type = Type::kInt32;
  t.constant = true;
  t.quant.axis = 0;
  Random random(next_seed());
  const double widest = deviation * kBiasPart * std::sqrt(3.0);
  const std::vector<float>& scales = tensor(weights).quant.scale;
  t.shape = {static_cast<int>(scales.size())};
  t.data.resize(scales.size() * sizeof(int32_t));
  for (size_t c = 0; c < scales.size(); ++c) {
    const float unit = tensor(x).scale() * scales[c];
    const double real = (2 * random.unit() - 1) * widest;
    const auto value = static_cast<int32_t>(std::lround(real / unit));
    std::memcpy(&t.data[c * sizeof value], &value, sizeof value);
    t.quant.scale.push_back(unit);
    t.quant.zero.push_back(0);
  }
  graph_.tensors.push_back(std::move(t));
  spreads_.emplace_back();
  return static_cast<int>(graph_.tensors.size()) - 1;
}

void ZooBuilder::add_op(OpKind kind, std::vector<int> inputs, int output,
                        Attr attr) {
  graph_.ops.push_back({kind, std::move(inputs), {output}, std::move(attr)});
}

Shape ZooBuilder::window_shape(const std::string& name, int x, int channels,
                               WindowAttr& a, bool same) const {
  const Shape& in = tensor(x).shape;
  const auto [rows, top] = side_of(in[1], a.kernel_h, a.stride_h, same);
  const auto [columns, left] = side_of(in[2], a.kernel_w, a.stride_w, same);
  if (rows < 1 || columns < 1) {
    throw Error(Exit::kUsage,
                graph_.name + ": layer " + name + " has a picture of " +
                    std::to_string(in[1]) + " x " + std::to_string(in[2]) +
                    " left for a window of " + std::to_string(a.kernel_h),
                "give the network a larger picture");
  }
  a.pad_top = top;
  a.pad_left = left;
  return {1, rows, columns, channels};
}

int ZooBuilder::conv(const std::string& name, int x, const Conv& conv) {
  const int columns = conv.columns > 0 ? conv.columns : conv.kernel;
  WindowAttr a{.kernel_h = conv.kernel,
               .kernel_w = columns,
               .stride_h = conv.stride,
               .stride_w = conv.stride,
               .activation = conv.activation};
  const Shape shape = window_shape(name, x, conv.channels, a, conv.same);
  const int taps = conv.kernel * columns * channels(x);
  const Spread in = spreads_[static_cast<size_t>(x)];
  // The parts of a picture under one window resemble each other: centred
  // filters would see nothing.
  const bool first = graph_.ops.empty();
  const double variance = in.variance + (first ? in.mean * in.mean : 0);
  const int w =
      add_weights(name, {conv.channels, conv.kernel, columns, channels(x)}, 0,
                  std::sqrt(taps * variance));
  if (!first) {
    const std::span<uint8_t> all = graph_.tensors[static_cast<size_t>(w)].data;
    const auto bytes = static_cast<size_t>(taps);
    for (size_t i = 0; i < all.size(); i += bytes) {
      centre(all.subspan(i, bytes));
    }
  }
  const int b = add_bias(name, x, w);
  const Spread sums{0, kWeightedVariance};
  const int y = add_result(name, shape, range_of(sums, conv.activation),
                           activated(sums, conv.activation));
  add_op(OpKind::kConv2d, {x, w, b}, y, a);
  return y;
}

int ZooBuilder::depthwise(const std::string& name, int x, int kernel,
                          int stride, Activation activation) {
  WindowAttr a{.kernel_h = kernel,
               .kernel_w = kernel,
               .stride_h = stride,
               .stride_w = stride,
               .activation = activation};
  const Shape shape = window_shape(name, x, channels(x), a, true);
  const Spread in = spreads_[static_cast<size_t>(x)];
  const double square = in.variance + in.mean * in.mean;
  const int w = add_weights(name, {1, kernel, kernel, channels(x)}, 3,
                            std::sqrt(kernel * kernel * square));
  const int b = add_bias(name, x, w);
  const Spread sums{0, kWeightedVariance};
  const int y = add_result(name, shape, range_of(sums, activation),
                           activated(sums, activation));
  add_op(OpKind::kDepthwiseConv2d, {x, w, b}, y, a);
  return y;
}

int ZooBuilder::dense(const std::string& name, int x, int outputs,
                      Activation activation, double deviation) {
  const int in = channels(x);
  const double variance = spreads_[static_cast<size_t>(x)].variance;
  const int w =
      add_weights(name, {outputs, in}, 0, std::sqrt(in * variance), deviation);
  const std::span<uint8_t> all = graph_.tensors[static_cast<size_t>(w)].data;
  for (size_t i = 0; i < all.size(); i += static_cast<size_t>(in)) {
    centre(all.subspan(i, static_cast<size_t>(in)));
  }
  const int b = add_bias(name, x, w, deviation);
  const Spread sums{0, weighted_variance(deviation)};
  Shape shape = tensor(x).shape;  // of vectors, or of tokens
  shape.back() = outputs;
  const int y = add_result(name, shape, range_of(sums, activation),
                           activated(sums, activation));
  add_op(OpKind::kFullyConnected, {x, w, b}, y, FusedAttr{activation});
  return y;
}

int ZooBuilder::concatenation(const std::string& name,
                              const std::vector<int>& parts, int axis) {
  const Tensor& first = tensor(parts[0]);
  Shape shape = first.shape;
  int& size = shape[static_cast<size_t>(axis)];
  size = 0;
  for (const int part : parts) {
    size += tensor(part).shape[static_cast<size_t>(axis)];
  }
  const Range range{first.scale(), first.zero()};
  const Spread spread = spreads_[static_cast<size_t>(parts[0])];
  const int y = add_result(name, shape, range, spread);
  add_op(OpKind::kConcatenation, parts, y, AxisAttr{axis});
  return y;
}

int ZooBuilder::add(const std::string& name, int a, int b,
                    Activation activation) {
  const Spread left = spreads_[static_cast<size_t>(a)];
  const Spread right = spreads_[static_cast<size_t>(b)];
  const Spread sums{left.mean + right.mean, left.variance + right.variance};
  const int y = add_result(name, tensor(a).shape, range_of(sums, activation),
                           activated(sums, activation));
  add_op(OpKind::kAdd, {a, b}, y, FusedAttr{activation});
  return y;
}

int ZooBuilder::max_pool(const std::string& name, int x, const Pool& pool) {
  WindowAttr a{.kernel_h = pool.kernel,
               .kernel_w = pool.kernel,
               .stride_h = pool.stride,
               .stride_w = pool.stride};
  const int in = tensor(x).shape[1];
  const bool whole = in >= pool.kernel && (in - pool.kernel) % pool.stride == 0;
  const Shape shape = window_shape(name, x, channels(x), a, !whole);
  const Range range{tensor(x).scale(), tensor(x).zero()};
  const int y = add_result(
      name, shape, range,
      largest_of(pool.kernel * pool.kernel, spreads_[static_cast<size_t>(x)]));
  add_op(OpKind::kMaxPool2d, {x}, y, a);
  return y;
}

int ZooBuilder::average(const std::string& name, int x) {
  const Spread spread = averaged(spreads_[static_cast<size_t>(x)]);
  const int y = add_result(name, {1, channels(x)},
                           range_of(spread, Activation::kNone), spread);
  add_op(OpKind::kMean, {x}, y, ReduceAttr{{false, true, true, false}});
  return y;
}

int ZooBuilder::flatten(const std::string& name, int x) {
  const auto elements = static_cast<int>(element_count(tensor(x).shape));
  const Range range{tensor(x).scale(), tensor(x).zero()};
  const int y =
      add_result(name, {1, elements}, range, spreads_[static_cast<size_t>(x)]);
  add_op(OpKind::kReshape, {x}, y, {});
  return y;
}

Graph ZooBuilder::finish(int output) {
  graph_.outputs = {output};
  return std::move(graph_);
}

}  // namespace shoal::zoo
