// Convolution of 16-bit elements with two products an instruction: sums of a
// piece of the windows are those of int8 (dsp_gather.h), as long as they stay
// within 32 bits.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/dsp.h"
#include "device/kernels/dsp_gather.h"
#include "device/kernels/wide_sums.h"

namespace shoal {
namespace {

constexpr int kOuts = 8;  // whose sums wait while pieces change
static_assert(kDspGathered <= kWideProducts);

using Window = DspWindow<WideConvArgs>;

void fill(const Window& window, const DspBlock& b, int pixels,
          GatheredWindow& gathered) {
  window.fill(b.x, pixels, b.k, b.k + b.count, gathered);
}

// How sums of 32 bits of a channel become elements, as nearly all do.
struct WideEnding {
  int32_t multiplier = 0;
  int right = 0;
  bool is_long, is_quick = false;

  WideEnding(const WideConvArgs& a, int o) : is_long(a.wide.long_sums) {
    if (a.partial_out) return;
    if (is_long) {
      multiplier = upper_multiplier(a.multipliers[o], a.shifts[o]);
      is_quick = multiplier != 0;
    } else {
      multiplier = a.multipliers[o], right = -2 - a.shifts[o];
      is_quick = right >= 0;
    }
  }
  // Sums of 64 bits of which only 32 count are short.
  bool fits(int64_t sum) const {
    return !is_long || sum == static_cast<int32_t>(sum);
  }
};

// Elements of channel o from column x on.
template <int kN>
inline void put_elements(const WideConvArgs& a, const WideEnding& e, int o,
                         int x, const uint32_t (&s)[kN]) {
  int32_t v[kN];
  if (e.is_long) {
#pragma GCC unroll 4
    for (int p = 0; p < kN; ++p) v[p] = high_product(wrap(s[p]), e.multiplier);
  } else {
#pragma GCC unroll 4
    for (int p = 0; p < kN; ++p) {
      v[p] = (scale_doubled(wrap(s[p]), e.multiplier, e.right) + 1) >> 1;
    }
  }
  const int32_t low = a.wide.low, high = a.wide.high;
  int16_t* out = a.out + x * a.out_stride + o;
#pragma GCC unroll 4
  for (int p = 0; p < kN; ++p, out += a.out_stride) {
    *out = static_cast<int16_t>(clamp(v[p], low, high));
  }
}

// All of the windows where they are gathered at once.
template <int kN>
[[gnu::noinline]] void make_outs(const WideConvArgs& a, const DspBlock& b,
                                 const GatheredWindow& gathered) {
  const int8_t* w = a.weights + b.o * a.weight_stride;
  for (int o = b.o; o < b.o + b.outs; ++o, w += a.weight_stride) {
    const WideEnding e(a, o);
    const bool is_quick =
        e.is_quick && !a.partial_in &&
        (!e.is_long || stays_short(a, o, kMostWeight * b.count));
    uint32_t s[kN];
#pragma GCC unroll 4
    for (uint32_t& sum : s) sum = is_quick ? bits(a.bias[o]) : 0;
    add_dot(w, gathered.words, b.count, s);
    if (is_quick) {
      put_elements(a, e, o, b.x, s);
      continue;
    }
    for (int p = 0; p < kN; ++p) {
      const int64_t first = first_wide_sum(a, o, b.x + p);
      finish_wide_sum(a, o, b.x + p, first + wrap(s[p]));
    }
  }
}

// Sums of a block's channels and pixels, as add_gathered() has them: those of
// 32 bits are added to those of 64 before they could wrap.
class WaitingSums {
 public:
  void start(const WideConvArgs& a, const DspBlock& b, int pixels) {
    count_ = b.outs * pixels, held_ = 0;
    int i = 0;
    for (int o = b.o; o < b.o + b.outs; ++o) {
      for (int p = 0; p < pixels; ++p, ++i) {
        low_[i] = 0;
        all_[i] = first_wide_sum(a, o, b.x + p);
      }
    }
  }
  // Returns the sums of 32 bits, to which `products` may be added.
  uint32_t* room_for(int products) {
    if (held_ + products > kWideProducts) flush();
    held_ += products;
    return low_;
  }
  void finish_all(const WideConvArgs& a, const DspBlock& b, int pixels) {
    flush();
    const int64_t* sum = all_;
    for (int o = b.o; o < b.o + b.outs; ++o) {
      const WideEnding e(a, o);
      for (int p = 0; p < pixels; ++p, ++sum) {
        if (e.is_quick && e.fits(*sum)) {
          const uint32_t s[1] = {static_cast<uint32_t>(*sum)};
          put_elements(a, e, o, b.x + p, s);
        } else {
          finish_wide_sum(a, o, b.x + p, *sum);
        }
      }
    }
  }

 private:
  void flush() {
    for (int i = 0; i < count_; ++i) all_[i] += wrap(low_[i]), low_[i] = 0;
    held_ = 0;
  }

  uint32_t low_[kOuts * kDspPixels];
  int64_t all_[kOuts * kDspPixels];
  int count_, held_;
};

void conv_block(const WideConvArgs& a, const Window& window,
                const DspBlock& block, int pixels) {
  DspBlock b = block;
  GatheredWindow gathered;
  const int length = b.count, most = gathered_length(a, pixels);
  if (length <= most) {
    fill(window, b, pixels, gathered);
    if (pixels == 4) return make_outs<4>(a, b, gathered);
    if (pixels == 3) return make_outs<3>(a, b, gathered);
    if (pixels == 2) return make_outs<2>(a, b, gathered);
  }
  WaitingSums sums;
  for (const int end = b.o + b.outs; b.o < end; b.o += kOuts) {
    b.outs = end - b.o < kOuts ? end - b.o : kOuts;
    sums.start(a, b, pixels);
    for (b.k = 0; b.k < length; b.k += most) {
      b.count = length - b.k < most ? length - b.k : most;
      if (length > most) fill(window, b, pixels, gathered);
      add_gathered(a, b, pixels, gathered, sums.room_for(b.count));
    }
    sums.finish_all(a, b, pixels);
  }
}

}  // namespace

void dsp_wide_conv(const WideConvArgs& a) {
  each_block(a, kOuts,
             [&](const Window& window, const DspBlock& b, int pixels) {
               conv_block(a, window, b, pixels);
             });
}

}  // namespace shoal
