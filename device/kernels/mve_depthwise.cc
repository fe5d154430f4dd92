// Depthwise convolution, eight channels at a time. Their columns are spread
// into one line for each channel, in which a column's rows lie side by side:
// there the window of an output is one run of bytes, and its sum a dot product
// with a vector of weights, which wait in the same order. Four channels of an
// output become int8 at once.
#if defined(__ARM_FEATURE_MVE)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/mve.h"
#include "device/kernels/mve_vectors.h"
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kLanes = 8;      // channels
constexpr int kVector = 16;    // bytes
constexpr int kMostTaps = 64;  // of a window
constexpr int kLine = 96;      // bytes of input of a channel, at most at once
constexpr int kLineStep = kLine + kVector;  // loads of whole vectors read them

// Input columns in lines, and weights with zeros behind them.
struct Lines {
  int8_t in[kLanes * kLineStep];
  int8_t weights[kLanes * kMostTaps];
  int8_t ones[kMostTaps];  // as many as taps; with zero_weight only
};

// What all channels of a call have in common.
struct Call {
  int vectors;  // of a window
  int most;     // output columns at a time
  int fast;     // bytes from a window to the next one, if they are vectors of
                // plain weights and outputs are limited by int8 only; or 0
  Places in_lines, weight_lines;
};

// Columns, some of which may be padding: `left` and `right` of them lie
// outside.
struct Columns {
  int left, inside, right;
  int first;  // that lies inside
};
Columns columns_of(const ConvArgs& a, int x, int count) {
  Columns c{};
  if (x < 0) c.left = -x < count ? -x : count;
  c.first = x + c.left;
  const int rest = count - c.left, room = a.in_w - c.first;
  c.inside = room < rest ? room > 0 ? room : 0 : rest;
  c.right = rest - c.inside;
  return c;
}

// A row of eight channels; `row` points at column 0, or is null.
void put_row(const ConvArgs& a, Columns c, const int8_t* row, Places at,
             int8_t* to) {
  const int rows = a.kernel_h, step = a.in_stride;
  const auto zero = static_cast<int8_t>(a.zero_in);
  if (!row) c.left += c.inside, c.inside = 0;
  for (int n = c.left; n > 0; --n, to += rows) scatter_byte(zero, at, to);
  if (c.inside > 0) {
    const int8_t* from = row + c.first * step;
    for (int n = c.inside; n > 0; --n, from += step, to += rows) {
      scatter_eight(from, at, to);
    }
  }
  for (int n = c.right; n > 0; --n, to += rows) scatter_byte(zero, at, to);
}

// Three rows, none of which is null; channels from o on.
void put_three_rows(const ConvArgs& a, const Columns& c, int o, Places at,
                    int8_t* to) {
  const Places at1 = behind(at, 1), at2 = behind(at, 2);
  const auto zero = static_cast<int8_t>(a.zero_in);
  const auto put_zeros = [&](int n) {
    for (; n > 0; --n, to += 3) {
      scatter_byte(zero, at, to);
      scatter_byte(zero, at1, to);
      scatter_byte(zero, at2, to);
    }
  };
  put_zeros(c.left);
  if (c.inside > 0) {
    const int step = a.in_stride, first = c.first * step + o;
    const int8_t *r0 = a.rows[0] + first, *r1 = a.rows[1] + first,
                 *r2 = a.rows[2] + first;
    for (int n = c.inside; n > 0; --n, to += 3) {
      scatter_eight(r0, at, to), r0 += step;
      scatter_eight(r1, at1, to), r1 += step;
      scatter_eight(r2, at2, to), r2 += step;
    }
  }
  put_zeros(c.right);
}

void put_rows(const ConvArgs& a, const Columns& c, int o, Places at,
              int8_t* to) {
  if (a.kernel_h == 3 && a.rows[0] && a.rows[1] && a.rows[2]) {
    return put_three_rows(a, c, o, at, to);
  }
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    const int8_t* row = a.rows[ky] ? a.rows[ky] + o : nullptr;
    put_row(a, c, row, at, to + ky);
  }
}

void put_weights(const ConvArgs& a, const int8_t* w, Places at, int8_t* to) {
  const int rows = a.kernel_h, columns = a.kernel_w, step = a.weight_stride;
  for (int ky = 0; ky < rows; ++ky) {
    for (int kx = 0; kx < columns; ++kx, w += step) {
      scatter_eight(w, at, to + kx * rows + ky);
    }
  }
}

// Of four channels.
struct Four {
  const int8_t *in, *weights;
  const int32_t *bias, *multipliers;
  const int8_t* shifts;
  int8_t* out;
};

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)

static_assert(kLineStep < 128, "is an offset of a load");

// `outs` > 0 outputs whose windows are at most a vector each and lie kStep
// apart, within int8. In assembler, as the compiler forms each of the four
// addresses anew: 22 instructions for four channels, where it takes 31.
template <int kStep>
void make_bytes(const ConvArgs& a, const Four& f, int outs) {
  const int8_t *x0 = f.in, *x2 = x0 + 2 * kLineStep;
  const int8_t* w = f.weights;
  const Bytes w0 = load_bytes(w), w1 = load_bytes(w + kMostTaps),
              w2 = load_bytes(w + 2 * kMostTaps),
              w3 = load_bytes(w + 3 * kMostTaps);
  const Words shifts = load_four(f.shifts);
  int8_t* out = f.out;
  int32_t s0 = outs, s1, s2, s3;
  __asm__ volatile(
      "dls lr, %[s0]\n"
      "1:\n"
      "vldrb.8 q1, [%[x0], %[next]]\n"
      "vmladav.s8 %[s1], q1, %q[w1]\n"
      "vldrb.8 q0, [%[x0]], %[step]\n"
      "vmladav.s8 %[s0], q0, %q[w0]\n"
      "vldrb.8 q1, [%[x2], %[next]]\n"
      "vmladav.s8 %[s3], q1, %q[w3]\n"
      "vldrb.8 q0, [%[x2]], %[step]\n"
      "vmladav.s8 %[s2], q0, %q[w2]\n"
      "vmov q0[2], q0[0], %[s0], %[s2]\n"
      "vmov q0[3], q0[1], %[s1], %[s3]\n"
      "vadd.i32 q0, q0, %q[bias]\n"
      "vqrdmulh.s32 q0, q0, %q[m]\n"
      "vshr.s32 q1, q0, #31\n"
      "vadd.i32 q0, q0, q1\n"
      "vldrw.32 q1, [%[shifts]]\n"
      "vrshl.s32 q0, q0, q1\n"
      "vadd.i32 q0, q0, %[zero]\n"
      "vqmovnb.s32 q0, q0\n"
      "vqmovnb.s16 q0, q0\n"
      "vstrb.32 q0, [%[out]]\n"
      "add %[out], %[out], %[out_step]\n"
      "le lr, 1b\n"
      : [x0] "+r"(x0), [x2] "+r"(x2), [out] "+l"(out), [s0] "+Te"(s0),
        [s1] "=&Te"(s1), [s2] "=&Te"(s2), [s3] "=&Te"(s3)
      : [w0] "w"(w0), [w1] "w"(w1), [w2] "w"(w2), [w3] "w"(w3),
        [bias] "w"(load_words(f.bias)), [m] "w"(load_words(f.multipliers)),
        [shifts] "r"(&shifts), [zero] "r"(a.zero_out),
        [out_step] "r"(a.out_stride), [next] "i"(kLineStep), [step] "i"(kStep)
      : "lr", "q0", "q1", "memory");
}

#else

template <int kStep>
void make_bytes(const ConvArgs& a, const Four& f, int outs) {
  const int8_t *in = f.in, *w = f.weights;
  for (int x = 0; x < outs; ++x, in += kStep) {
    int32_t s[4];
    for (int i = 0; i < 4; ++i) {
      s[i] = dot(load_bytes(in + i * kLineStep), load_bytes(w + i * kMostTaps));
    }
    const Words v = requantized(add(load_words(s), load_words(f.bias)),
                                load_words(f.multipliers), load_four(f.shifts));
    store_four(to_int8(add(v, a.zero_out)), f.out + x * a.out_stride);
  }
}

#endif

int32_t window_sum(int vectors, const int8_t* in, const int8_t* weights) {
  int32_t s = 0;
  for (; vectors > 0; --vectors, in += kVector, weights += kVector) {
    s = add_dot(s, load_bytes(in), load_bytes(weights));
  }
  return s;
}

// Windows of any size, and weights with a zero point.
[[gnu::noinline]] void make_any(const ConvArgs& a, const Four& f, int vectors,
                                const int8_t* ones, int outs) {
  const Ending ending = {a.zero_out, all_words(a.act_min),
                         all_words(a.act_max)};
  for (int x = 0; x < outs; ++x) {
    int32_t s[4];
    const int8_t* in = f.in + x * a.stride_x * a.kernel_h;
    for (int i = 0; i < 4; ++i, in += kLineStep) {
      s[i] = window_sum(vectors, in, f.weights + i * kMostTaps);
      if (a.zero_weight) {
        s[i] = wrap_sub(s[i],
                        wrap_mul(a.zero_weight, window_sum(vectors, in, ones)));
      }
    }
    const Words sums = add(load_words(s), load_words(f.bias));
    store_four(
        ended(requantized(sums, load_words(f.multipliers), load_four(f.shifts)),
              ending),
        f.out + x * a.out_stride);
  }
}

// Channels of which lines and weights are: [o, o + kLanes), columns from x on.
struct Eight {
  const Lines* lines;
  int o, x, outs;

  Four four(const ConvArgs& a, int i) const {
    return {lines->in + i * kLineStep,
            lines->weights + i * kMostTaps,
            a.bias + o + i,
            a.multipliers + o + i,
            a.shifts + o + i,
            a.out + x * a.out_stride + o + i};
  }
};

template <int kStep>
[[gnu::noinline]] void make_fast(const ConvArgs& a, Eight e) {
  for (int i = 0; i < kLanes; i += 4)
    make_bytes<kStep>(a, e.four(a, i), e.outs);
}

void make_eight(const ConvArgs& a, const Call& c, Eight e) {
  if (c.fast == 3) return make_fast<3>(a, e);
  if (c.fast == 6) return make_fast<6>(a, e);
  for (int i = 0; i < kLanes; i += 4) {
    make_any(a, e.four(a, i), c.vectors, e.lines->ones, e.outs);
  }
}

// Channels [o, o + kLanes) of all columns.
void eight_channels(const ConvArgs& a, const Call& c, int o, Lines& lines) {
  put_weights(a, a.weights + o, c.weight_lines, lines.weights);
  for (int x = a.x0; x < a.x1; x += c.most) {
    const int outs = a.x1 - x < c.most ? a.x1 - x : c.most;
    const int count = (outs - 1) * a.stride_x + a.kernel_w;
    const Columns columns = columns_of(a, x * a.stride_x - a.pad_left, count);
    put_rows(a, columns, o, c.in_lines, lines.in);
    make_eight(a, c, {&lines, o, x, outs});
  }
}

// Channels [o, o + count).
void plain(ConvArgs a, int o, int count) {
  const int8_t* rows[kMostTaps];
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    rows[ky] = a.rows[ky] ? a.rows[ky] + o : nullptr;
  }
  a.rows = rows;
  a.channels = count;
  a.weights += o, a.bias += o, a.multipliers += o, a.shifts += o, a.out += o;
  portable_depthwise(a);
}

bool all_shift_right(const int8_t* shifts) {
  uint32_t some[2];
  std::memcpy(some, shifts, sizeof some);
  return (some[0] & some[1] & 0x80808080) == 0x80808080;
}
static_assert(kLanes == 8);

// The first of the eight channels at o, or of the last eight, rather than
// fewer.
int eight_at(const ConvArgs& a, int o) {
  return o > a.channels - kLanes ? a.channels - kLanes : o;
}

// Eights whose shifts go right, all of them; false: there are others.
[[gnu::noinline]] bool eights(const ConvArgs& a, const Call& c, int taps) {
  Lines lines;
  std::memset(lines.weights, 0, sizeof lines.weights);
  if (a.zero_weight) {
    std::memset(lines.ones, 0, sizeof lines.ones);
    std::memset(lines.ones, 1, static_cast<size_t>(taps));
  }
  bool all = true;
  for (int i = 0; i < a.channels; i += kLanes) {
    const int o = eight_at(a, i);
    if (all_shift_right(a.shifts + o)) {
      eight_channels(a, c, o, lines);
    } else {
      all = false;
    }
  }
  return all;
}

// After the others, not beside them: the stack has one of both at a time.
[[gnu::noinline]] void other_eights(const ConvArgs& a) {
  for (int i = 0; i < a.channels; i += kLanes) {
    const int o = eight_at(a, i);
    if (!all_shift_right(a.shifts + o)) plain(a, o, kLanes);
  }
}

}  // namespace

void mve_depthwise(const ConvArgs& a) {
  const int taps = a.kernel_h * a.kernel_w;
  const int columns = kLine / a.kernel_h;
  const bool fits = a.multiplier == 1 && a.dilation_x == 1 &&
                    taps <= kMostTaps && columns >= a.kernel_w &&
                    a.channels >= kLanes && !a.partial_in && !a.partial_out;
  if (!fits) return portable_depthwise(a);
  const bool fast = taps <= kVector && !a.zero_weight && clamps_to_byte(a);
  const Call call = {
      (taps + kVector - 1) / kVector, (columns - a.kernel_w) / a.stride_x + 1,
      fast ? a.kernel_h * a.stride_x : 0, places(kLineStep), places(kMostTaps)};
  if (!eights(a, call, taps)) other_eights(a);
}

}  // namespace shoal
