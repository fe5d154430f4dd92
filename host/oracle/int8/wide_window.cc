// Windows over int16 activations with weights of int8. Sums are taken in 64
// bits; where TensorFlow Lite has 32, their lower half counts.
#include <algorithm>
#include <tuple>

#include "device/base/fixed_point.h"
#include "host/model/graph/wide.h"
#include "host/oracle/int8/wide.h"
#include "host/oracle/int8/window.h"

namespace shoal::oracle {
namespace {

// Bias, requantization and clamp of every output channel.
class WideChannels {
 public:
  WideChannels(const Call& call, int count, Activation activation, bool single)
      : bias_(wide_bias(call.graph(), call.op(), count)),
        multipliers_(channel_multipliers(call.in(0), call.in(1), call.out(),
                                         count, single)),
        long_(sums_are_long(call.graph(), call.op())) {
    std::tie(low_, high_) =
        wide_activation_range(activation, call.out().scale());
  }

  int64_t bias(int c) const { return bias_[static_cast<size_t>(c)]; }
  int16_t finish(int64_t sum, int c) const {
    const Multiplier& m = multipliers_[static_cast<size_t>(c)];
    const int32_t v =
        long_ ? requantize_once(sum, shortened_multiplier(m.value), m.shift)
              : requantize(wrap(static_cast<uint32_t>(sum)), m.value, m.shift);
    return static_cast<int16_t>(clamp(v, low_, high_));
  }

 private:
  std::vector<int64_t> bias_;
  std::vector<Multiplier> multipliers_;
  bool long_;
  int low_, high_;
};

int64_t dot(const int16_t* x, const int8_t* w, int n) {
  int64_t sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i] * w[i];
  return sum;
}

// Calls add(tap, pixel, sums) for every tap of every output pixel.
template <class Add>
void sum_pixels(const Call& call, Add add) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const WideChannels channels(call, p.out_c, a.activation, false);
  const auto x = call.copy_as<int16_t>(0);
  std::vector<int16_t> y(static_cast<size_t>(element_count(call.out().shape)));
  std::vector<int64_t> sums(static_cast<size_t>(p.out_c));
  for_each_pixel(p, [&](int b, int oy, int ox) {
    for (int c = 0; c < p.out_c; ++c) {
      sums[static_cast<size_t>(c)] = channels.bias(c);
    }
    for_each_tap(p, a, oy, ox, [&](int tap, int iy, int ix) {
      add(tap, x.data() + p.in(b, iy, ix), sums);
    });
    int16_t* out = y.data() + p.out(b, oy, ox);
    for (int c = 0; c < p.out_c; ++c) {
      out[c] = channels.finish(sums[static_cast<size_t>(c)], c);
    }
  });
  call.put(y);
}

}  // namespace

void wide_conv2d(const Call& call) {
  const auto& a = call.attr<WindowAttr>();
  const int taps = a.kernel_h * a.kernel_w, in_c = call.in().shape[3];
  const int8_t* w = call.int8s(1).data();
  sum_pixels(call, [&](int tap, const int16_t* x, auto& sums) {
    for (size_t c = 0; c < sums.size(); ++c) {
      const int64_t filter = (static_cast<int64_t>(c) * taps + tap) * in_c;
      sums[c] += dot(x, w + filter, in_c);
    }
  });
}

void wide_depthwise_conv2d(const Call& call) {
  const int multiplier = call.attr<WindowAttr>().depth_multiplier;
  const int8_t* w = call.int8s(1).data();
  sum_pixels(call, [&](int tap, const int16_t* x, auto& sums) {
    const int8_t* filter = w + static_cast<size_t>(tap) * sums.size();
    for (size_t c = 0; c < sums.size(); ++c) {
      sums[c] += x[c / static_cast<size_t>(multiplier)] * filter[c];
    }
  });
}

void wide_transpose_conv(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const WideChannels channels(call, p.out_c, a.activation, false);
  const auto x = call.copy_as<int16_t>(0);
  const int8_t* w = call.int8s(1).data();
  const int taps = a.kernel_h * a.kernel_w;
  std::vector<int64_t> sums(
      static_cast<size_t>(element_count(call.out().shape)));
  for (size_t i = 0; i < sums.size(); ++i) {
    sums[i] = channels.bias(static_cast<int>(i % static_cast<size_t>(p.out_c)));
  }
  for_each_scatter(p, a, [&](int tap, int64_t from, int64_t to) {
    for (int c = 0; c < p.out_c; ++c) {
      const int8_t* filter = w + (int64_t{c} * taps + tap) * p.in_c;
      sums[static_cast<size_t>(to + c)] += dot(x.data() + from, filter, p.in_c);
    }
  });
  std::vector<int16_t> y;
  for (size_t i = 0; i < sums.size(); ++i) {
    const int c = static_cast<int>(i % static_cast<size_t>(p.out_c));
    y.push_back(channels.finish(sums[i], c));
  }
  call.put(y);
}

void wide_fully_connected(const Call& call) {
  const int out_c = call.in(1).shape[0], in_c = call.in(1).shape[1];
  const WideChannels channels(call, out_c, call.attr<FusedAttr>().activation,
                              true);
  const auto x = call.copy_as<int16_t>(0);
  const int8_t* w = call.int8s(1).data();
  std::vector<int16_t> y;
  for (size_t row = 0; row < x.size(); row += static_cast<size_t>(in_c)) {
    for (int c = 0; c < out_c; ++c) {
      const int64_t sum = dot(x.data() + row, w + int64_t{c} * in_c, in_c);
      y.push_back(channels.finish(channels.bias(c) + sum, c));
    }
  }
  call.put(y);
}

void wide_pool(const Call& call) {
  const Picture p(call);
  const auto& a = call.attr<WindowAttr>();
  const bool average = call.op().kind == OpKind::kAveragePool2d;
  const auto [low, high] =
      wide_activation_range(a.activation, call.out().scale());
  const auto x = call.copy_as<int16_t>(0);
  std::vector<int16_t> y;
  for_each_pixel(p, [&, low = low, high = high](int b, int oy, int ox) {
    for (int c = 0; c < p.out_c; ++c) {
      int32_t sum = 0, count = 0, most = -32768;
      for_each_tap(p, a, oy, ox, [&](int, int iy, int ix) {
        const int v = x[static_cast<size_t>(p.in(b, iy, ix) + c)];
        sum += v;
        ++count;
        most = std::max(most, v);
      });
      const int half = sum > 0 ? count / 2 : -(count / 2);
      const int mean = count == 0 ? 0 : (sum + half) / count;
      y.push_back(
          static_cast<int16_t>(clamp(average ? mean : most, low, high)));
    }
  });
  call.put(y);
}

}  // namespace shoal::oracle
