#include "bench/bench_layer.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace shoal {
namespace {

std::vector<int8_t> random_bytes(std::mt19937& random, size_t count) {
  std::vector<int8_t> v(count);
  for (int8_t& b : v) b = static_cast<int8_t>(random() >> 24);
  return v;
}

}  // namespace

BenchLayer::BenchLayer(const LayerShape& shape) : shape_(shape) {
  const LayerShape& s = shape_;
  std::mt19937 random(1);
  const auto size = [](auto... n) { return (static_cast<size_t>(n) * ...); };
  out_h_ = (s.in_h + s.stride - 1) / s.stride;
  out_w_ = (s.in_w + s.stride - 1) / s.stride;
  pad_ = std::max(0, (out_w_ - 1) * s.stride + s.kernel - s.in_w) / 2;
  const int depth = s.kind == LayerKind::kDepthwise ? 1 : s.in_c;
  input_ = random_bytes(random, size(s.in_h, s.in_w, s.in_c));
  weights_ = random_bytes(random, size(s.kernel, s.kernel, depth, s.channels));
  output_.resize(size(out_h_, out_w_, s.channels));
  int log = 0;
  while ((1 << (2 * log)) < s.kernel * s.kernel * depth) ++log;
  for (int c = 0; c < s.channels; ++c) {
    bias_.push_back(static_cast<int32_t>(random() % 20000) - 10000);
    multipliers_.push_back(static_cast<int32_t>((1u << 30) + random() / 4));
    shifts_.push_back(static_cast<int8_t>(-6 - log));
  }
}

void BenchLayer::row(const KernelSet& set, int y, int first, int count) {
  const LayerShape& s = shape_;
  const bool depthwise = s.kind == LayerKind::kDepthwise;
  const int row_bytes = s.in_w * s.in_c;
  const int8_t* rows[16];
  for (int ky = 0; ky < s.kernel; ++ky) {
    const int in = y * s.stride - pad_ + ky;
    rows[ky] = in >= 0 && in < s.in_h
                   ? input_.data() + in * row_bytes + (depthwise ? first : 0)
                   : nullptr;
  }
  ConvArgs a{};
  a.rows = rows;
  a.kernel_h = a.kernel_w = s.kernel;
  a.in_w = s.in_w, a.in_stride = a.in_c = s.in_c;
  a.stride_x = s.stride, a.dilation_x = 1, a.pad_left = pad_;
  a.x0 = 0, a.x1 = out_w_;
  a.channels = count, a.multiplier = 1;
  a.weight_stride = depthwise ? s.channels : s.kernel * s.kernel * s.in_c;
  a.weights = weights_.data() + (depthwise ? first : first * a.weight_stride);
  a.bias = bias_.data() + first;
  a.multipliers = multipliers_.data() + first;
  a.shifts = shifts_.data() + first;
  a.zero_in = -128, a.zero_out = -5, a.act_min = -128, a.act_max = 127;
  a.out = output_.data() + y * out_w_ * s.channels + first;
  a.out_stride = s.channels;
  (depthwise ? set.depthwise : set.conv)(a);
}

void BenchLayer::run(const KernelSet& set, int slice) {
  for (int c = 0; c < shape_.channels; c += slice) {
    const int count = std::min(slice, shape_.channels - c);
    for (int y = 0; y < out_h_; ++y) row(set, y, c, count);
  }
}

double BenchLayer::best_ns(const KernelSet& set, int slice,
                           double milliseconds) {
  using Clock = std::chrono::steady_clock;
  double best = 1e18, spent = 0;
  for (int i = 0; i < 3 || spent < milliseconds * 1e6; ++i) {
    const auto start = Clock::now();
    run(set, slice);
    const double ns =
        std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    spent += ns;
    best = std::min(best, ns);
  }
  return best;
}

double BenchLayer::macs() const {
  const LayerShape& s = shape_;
  const double depth = s.kind == LayerKind::kDepthwise ? 1 : s.in_c;
  return static_cast<double>(output_.size()) * s.kernel * s.kernel * depth;
}

}  // namespace shoal
