// Convolution of int8 with two products an instruction.
#if defined(__ARM_FEATURE_DSP)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/dsp.h"
#include "device/kernels/dsp_gather.h"

namespace shoal {
namespace {

constexpr int kOuts = 16;  // whose sums wait while pieces change
constexpr uint32_t kOnes = 0x00010001;

using Window = DspWindow<ConvArgs>;

void add_inputs(int pixels, int count, GatheredWindow& gathered) {
  for (int p = 0; p < pixels; ++p) {
    uint32_t sum = 0;
    const uint32_t* at = gathered.words + 2 * p;
    for (int q = (count + 3) / 4; q > 0; --q, at += 2 * pixels) {
      sum = add_products(at[0], kOnes, add_products(at[1], kOnes, sum));
    }
    gathered.input_sums[p] = sum;
  }
}

void fill(const ConvArgs& a, const Window& window, const DspBlock& b,
          int pixels, GatheredWindow& gathered) {
  window.fill(b.x, pixels, b.k, b.k + b.count, gathered);
  if (a.zero_weight) add_inputs(pixels, b.count, gathered);
}

// Int8 of channel o: of kN pixels, `step` apart.
template <int kN>
inline void put_bytes(const uint32_t (&s)[kN], int32_t multiplier, int right,
                      int nudge, int step, int8_t* out) {
#pragma GCC unroll 4
  for (int p = 0; p < kN; ++p, out += step) {
    *out = static_cast<int8_t>(
        half_to_int8(scale_doubled(wrap(s[p]), multiplier, right) + nudge));
  }
}
// The same of results that are rounded once.
template <int kN>
inline void put_bytes_once(const uint32_t (&s)[kN], int32_t multiplier,
                           int nudge, int step, int8_t* out) {
#pragma GCC unroll 4
  for (int p = 0; p < kN; ++p, out += step) {
    const int32_t v = high_product(wrap(s[p]), 2 * multiplier);
    *out = static_cast<int8_t>(half_to_int8(2 * v + nudge));
  }
}

// The same for a channel of is_plain(), whichever way it rounds.
template <int kN>
inline void put_plain(const uint32_t (&s)[kN], int32_t multiplier, int right,
                      int nudge, int step, int8_t* out) {
  if (right >= 0) {
    put_bytes(s, multiplier, right, nudge, step, out);
  } else {
    put_bytes_once(s, multiplier, nudge, step, out);
  }
}

// All of the windows, from the bias to int8, where all round alike and the
// window is gathered at once.
template <int kN>
[[gnu::noinline]] void make_outs(const ConvArgs& a, const DspBlock& b,
                                 const GatheredWindow& gathered) {
  const int nudge = 2 * a.zero_out + 1, step = a.out_stride;
  const int w_step = a.weight_stride, count = b.count;
  const int8_t* w = a.weights + b.o * w_step;
  const int32_t *bias = a.bias + b.o, *multiplier = a.multipliers + b.o;
  const int8_t* shift = a.shifts + b.o;
  int8_t* out = a.out + b.x * step + b.o;
  for (const int8_t* end = out + b.outs; out != end; ++out, w += w_step) {
    uint32_t s[kN];
#pragma GCC unroll 4
    for (uint32_t& sum : s) sum = bits(*bias);
    ++bias;
    add_dot(w, gathered.words, count, s);
    put_plain(s, *multiplier++, -2 - *shift++, nudge, step, out);
  }
}

void add_piece(const ConvArgs& a, const DspBlock& b, int pixels,
               const GatheredWindow& gathered, uint32_t* sums) {
  add_gathered(a, b, pixels, gathered, sums);
  for (int i = 0; a.zero_weight && i < b.outs; ++i) {
    for (int p = 0; p < pixels; ++p) {
      *sums++ -= bits(a.zero_weight) * gathered.input_sums[p];
    }
  }
}

void start_sums(const ConvArgs& a, const DspBlock& b, int pixels,
                uint32_t* sums) {
  for (int p = 0; p < pixels; ++p) {
    const uint32_t* from = first_sums(a, b.o, b.x + p);
    for (int i = 0; i < b.outs; ++i) sums[i * pixels + p] = from[i];
  }
}

// Sums of all pieces become int8 where is_plain().
void finish_plain(const ConvArgs& a, const DspBlock& b, int pixels,
                  const uint32_t* sums) {
  const int nudge = 2 * a.zero_out + 1, step = a.out_stride;
  const int32_t* multiplier = a.multipliers + b.o;
  const int8_t* shift = a.shifts + b.o;
  int8_t* out = a.out + b.x * step + b.o;
  for (const int8_t* end = out + b.outs; out != end; ++out, sums += pixels) {
    const int right = -2 - *shift++;
    const int32_t m = *multiplier++;
    if (pixels == 4) {
      put_plain<4>({sums[0], sums[1], sums[2], sums[3]}, m, right, nudge, step,
                   out);
    } else {
      for (int p = 0; p < pixels; ++p) {
        put_plain<1>({sums[p]}, m, right, nudge, 0, out + p * step);
      }
    }
  }
}

void finish(const ConvArgs& a, const DspBlock& b, int pixels, bool plain,
            const uint32_t* sums) {
  if (pixels == 1) return finish_sums(a, b.o, b.outs, b.x, sums);
  if (plain) return finish_plain(a, b, pixels, sums);
  for (int o = b.o; o < b.o + b.outs; ++o) {
    for (int p = 0; p < pixels; ++p) finish_sums(a, o, 1, b.x + p, sums++);
  }
}

// Returns whether all channels of the block end in int8 within its limits, and
// their sums are either shifted to the right, or rounded once by the upper half
// of one product.
bool is_plain(const ConvArgs& a, const DspBlock& b) {
  if (a.partial_in || a.partial_out || a.zero_weight || !clamps_to_byte(a)) {
    return false;
  }
  int any = 0;
  if (a.shifts[b.o] == 0) {
    for (int o = b.o; o < b.o + b.outs; ++o) {
      any |= a.shifts[o] | a.multipliers[o] >> 30;
    }
    return any == 0;
  }
  for (int o = b.o; o < b.o + b.outs; ++o) any |= -2 - a.shifts[o];
  return any >= 0;
}

void conv_block(const ConvArgs& a, const Window& window, const DspBlock& block,
                int pixels, bool plain) {
  DspBlock b = block;
  GatheredWindow gathered;
  uint32_t sums[kOuts * kDspPixels];
  const int length = b.count, most = gathered_length(a, pixels);
  if (length <= most) {
    fill(a, window, b, pixels, gathered);
    if (plain && pixels == 4) return make_outs<4>(a, b, gathered);
    if (plain && pixels == 3) return make_outs<3>(a, b, gathered);
    if (plain && pixels == 2) return make_outs<2>(a, b, gathered);
  }
  for (const int end = b.o + b.outs; b.o < end; b.o += kOuts) {
    b.outs = end - b.o < kOuts ? end - b.o : kOuts;
    start_sums(a, b, pixels, sums);
    for (b.k = 0; b.k < length; b.k += most) {
      b.count = length - b.k < most ? length - b.k : most;
      if (length > most) fill(a, window, b, pixels, gathered);
      add_piece(a, b, pixels, gathered, sums);
    }
    finish(a, b, pixels, plain, sums);
  }
}

}  // namespace

void dsp_conv(const ConvArgs& a) {
  bool plain = false;
  each_block(a, kOuts,
             [&](const Window& window, const DspBlock& b, int pixels) {
               if (b.x == a.x0) plain = is_plain(a, b);
               conv_block(a, window, b, pixels, plain);
             });
}

}  // namespace shoal
