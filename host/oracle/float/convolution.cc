// result = activation(sum over the window's places inside the picture of
// x * w + bias).
#include <algorithm>

#include "host/model/graph/real_functions.h"
#include "host/oracle/float/call.h"
#include "host/oracle/int8/window.h"

namespace shoal::float_oracle {
namespace {

using oracle::Picture;

// Bias and fused activation of every output channel.
class Channels {
 public:
  Channels(const Call& call, int count, Activation activation)
      : bias_(count), limits_(activation) {
    if (call.has_input(2)) std::ranges::copy(call.operand(2), bias_.begin());
  }
  void finish(const float* sums, float* y) const {
    for (size_t c = 0; c < bias_.size(); ++c)
      y[c] = limits_(sums[c] + bias_[c]);
  }

 private:
  std::vector<float> bias_;
  Limits<float> limits_;
};

}  // namespace

Filter make_filter(const Graph& graph, const Op& op,
                   const FloatValues& values) {
  if (op.kind != OpKind::kConv2d && op.kind != OpKind::kTransposeConv &&
      op.kind != OpKind::kFullyConnected) {
    return {};
  }
  const int weights = op.inputs[1];
  const Shape& shape = graph.tensors[weights].shape;
  const int taps = shape.size() == 4 ? shape[1] * shape[2] : 1;
  return Filter(values[weights], shape[0], taps, shape.back());
}

void conv2d(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const Channels channels(call, p.out_c, a.activation);
  const float* const x = call.operand().data();
  float* const y = call.result().data();
  std::vector<float> sums(call.filter().room());
  for_each_pixel(p, [&](int b, int oy, int ox) {
    std::ranges::fill(sums, 0.f);
    for_each_tap(p, a, oy, ox, [&](int tap, int iy, int ix) {
      call.filter().add(tap, x + p.in(b, iy, ix), sums.data());
    });
    channels.finish(sums.data(), y + p.out(b, oy, ox));
  });
}

void depthwise_conv2d(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const Channels channels(call, p.out_c, a.activation);
  const float* const x = call.operand(0).data();
  const float* const w = call.operand(1).data();
  float* const y = call.result().data();
  std::vector<float> sums(p.out_c);
  const int each = a.depth_multiplier;
  for_each_pixel(p, [&](int b, int oy, int ox) {
    std::ranges::fill(sums, 0.f);
    for_each_tap(p, a, oy, ox, [&](int tap, int iy, int ix) {
      const float* const pixel = x + p.in(b, iy, ix);
      const float* const filter = w + int64_t{tap} * p.out_c;
      if (each == 1) {
        for (int c = 0; c < p.out_c; ++c) sums[c] += pixel[c] * filter[c];
      } else {
        for (int c = 0; c < p.out_c; ++c)
          sums[c] += pixel[c / each] * filter[c];
      }
    });
    channels.finish(sums.data(), y + p.out(b, oy, ox));
  });
}

void transpose_conv(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const Channels channels(call, p.out_c, a.activation);
  const float* const x = call.operand().data();
  const auto y = call.result();
  const int64_t pixels = static_cast<int64_t>(y.size()) / p.out_c;
  const size_t room = call.filter().room();
  std::vector<float> sums(pixels * room);
  for_each_scatter(p, a, [&](int tap, int64_t from, int64_t to) {
    call.filter().add(tap, x + from, &sums[to / p.out_c * room]);
  });
  for (int64_t i = 0; i < pixels; ++i) {
    channels.finish(&sums[i * room], &y[i * p.out_c]);
  }
}

void fully_connected(const Call& call) {
  const int out_c = call.in(1).shape[0], in_c = call.in(1).shape[1];
  const Channels channels(call, out_c, call.attr<FusedAttr>().activation);
  const auto x = call.operand();
  const auto y = call.result();
  std::vector<float> sums(call.filter().room());
  const size_t rows = x.size() / in_c;
  for (size_t r = 0; r < rows; ++r) {
    std::ranges::fill(sums, 0.f);
    call.filter().add(0, &x[r * in_c], sums.data());
    channels.finish(sums.data(), &y[r * out_c]);
  }
}

}  // namespace shoal::float_oracle
