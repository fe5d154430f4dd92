// acc = bias + sum (x - zx)(w - zw) over the window's places inside the
// picture, mod 2^32, then requantized per output channel.
#include <algorithm>
#include <tuple>

#include "device/base/fixed_point.h"
#include "host/model/graph/quantize.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/window.h"

namespace shoal::oracle {
namespace {

uint32_t dot(const int8_t* x, const int8_t* w, int n, int zx, int zw) {
  uint32_t sum = 0;
  for (int i = 0; i < n; ++i) {
    // Differences fit 16 bits, of which compilers make one instruction.
    const auto dx = static_cast<int16_t>(x[i] - zx);
    const auto dw = static_cast<int16_t>(w[i] - zw);
    sum += static_cast<uint32_t>(dx * dw);
  }
  return sum;
}

// Bias, requantization and clamp of every output channel.
class Channels {
 public:
  Channels(const Call& call, int count, Activation activation,
           bool single_in_float)
      : zero_weight_(count), bias_(count), zero_out_(call.out().zero()) {
    const Tensor& weights = call.in(1);
    multipliers_ = channel_multipliers(call.in(0), weights, call.out(), count,
                                       single_in_float);
    const auto& zeros = weights.quant.zero;
    for (int c = 0; c < count; ++c) {
      zero_weight_[c] = zeros.size() > 1 ? zeros[c] : weights.zero();
    }
    if (call.has_input(2)) {
      const auto bias = call.copy_as<int32_t>(2);
      std::copy(bias.begin(), bias.end(), bias_.begin());
    }
    std::tie(low_, high_) =
        activation_range(activation, call.out().scale(), zero_out_);
  }

  int zero_weight(int c) const { return zero_weight_[c]; }
  uint32_t bias(int c) const { return bits(bias_[c]); }
  int8_t finish(uint32_t sum, int c) const {
    const Multiplier m = multipliers_[c];
    const int32_t scaled = requantize(wrap(sum), m.value, m.shift);
    return static_cast<int8_t>(clamp(wrap_add(scaled, zero_out_), low_, high_));
  }

 private:
  std::vector<Multiplier> multipliers_;
  std::vector<int> zero_weight_;
  std::vector<int32_t> bias_;
  int zero_out_;
  int low_, high_;
};

// Calls add(tap, pixel, sums) for every tap of every output pixel; `sums` are
// those of its channels.
template <class Add>
void sum_pixels(const Call& call, const Picture& p, const WindowAttr& a,
                const Channels& channels, Add add) {
  const int8_t* x = call.int8s(0).data();
  int8_t* y = call.result().data();
  std::vector<uint32_t> sums(p.out_c);
  for_each_pixel(p, [&](int b, int oy, int ox) {
    for (int c = 0; c < p.out_c; ++c) sums[c] = channels.bias(c);
    for_each_tap(p, a, oy, ox, [&](int tap, int iy, int ix) {
      add(tap, x + p.in(b, iy, ix), sums);
    });
    int8_t* out = y + p.out(b, oy, ox);
    for (int c = 0; c < p.out_c; ++c) out[c] = channels.finish(sums[c], c);
  });
}

}  // namespace

void conv2d(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const Channels channels(call, p.out_c, a.activation, false);
  const int8_t* w = call.int8s(1).data();
  const int taps = a.kernel_h * a.kernel_w, zx = call.in().zero();
  sum_pixels(call, p, a, channels, [&](int tap, const int8_t* x, auto& sums) {
    for (int c = 0; c < p.out_c; ++c) {
      const int8_t* filter = w + (int64_t{c} * taps + tap) * p.in_c;
      sums[c] += dot(x, filter, p.in_c, zx, channels.zero_weight(c));
    }
  });
}

void depthwise_conv2d(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const Channels channels(call, p.out_c, a.activation, false);
  const int8_t* w = call.int8s(1).data();
  const int zx = call.in().zero();
  sum_pixels(call, p, a, channels, [&](int tap, const int8_t* x, auto& sums) {
    const int8_t* filter = w + int64_t{tap} * p.out_c;
    int c = 0;
    for (int ic = 0; ic < p.in_c; ++ic) {
      for (int m = 0; m < a.depth_multiplier; ++m, ++c) {
        sums[c] += static_cast<uint32_t>((x[ic] - zx) *
                                         (filter[c] - channels.zero_weight(c)));
      }
    }
  });
}

// The one operator that scatters: each input pixel adds to the output places
// that its kernel covers.
void transpose_conv(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const Channels channels(call, p.out_c, a.activation, false);
  const int8_t* x = call.int8s(0).data();
  const int8_t* w = call.int8s(1).data();
  const int taps = a.kernel_h * a.kernel_w, zx = call.in().zero();
  const auto y = call.result();
  std::vector<uint32_t> sums(y.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    sums[i] = channels.bias(static_cast<int>(i % p.out_c));
  }
  for_each_scatter(p, a, [&](int tap, int64_t from, int64_t to) {
    for (int c = 0; c < p.out_c; ++c) {
      const int8_t* filter = w + (int64_t{c} * taps + tap) * p.in_c;
      sums[to + c] +=
          dot(x + from, filter, p.in_c, zx, channels.zero_weight(c));
    }
  });
  for (size_t i = 0; i < sums.size(); ++i) {
    y[i] = channels.finish(sums[i], static_cast<int>(i % p.out_c));
  }
}

void fully_connected(const Call& call) {
  const int out_c = call.in(1).shape[0], in_c = call.in(1).shape[1];
  const Channels channels(call, out_c, call.attr<FusedAttr>().activation, true);
  const auto x = call.int8s(0), w = call.int8s(1);
  const auto y = call.result();
  const int zx = call.in().zero();
  const int64_t rows = static_cast<int64_t>(x.size()) / in_c;
  for (int64_t r = 0; r < rows; ++r) {
    for (int c = 0; c < out_c; ++c) {
      const uint32_t sum =
          channels.bias(c) + dot(x.data() + r * in_c,
                                 w.data() + int64_t{c} * in_c, in_c, zx,
                                 channels.zero_weight(c));
      y[r * out_c + c] = channels.finish(sum, c);
    }
  }
}

}  // namespace shoal::oracle
