// Depthwise convolution, eight channels at a time. Their columns are spread
// into one line for each channel, in which a column's rows lie side by side:
// there the window of an output is one run of bytes, and its sum a dot product
// with a vector of weights, which wait in the same order. Four channels of an
// output become int8 at once.
#if defined(__ARM_FEATURE_MVE)
#pragma GCC optimize("omit-frame-pointer")  // a loop takes all registers
#endif

#include "device/kernels/mve_depthwise.h"

#include "device/kernels/mve.h"
#include "device/kernels/portable.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kVector = 16;  // bytes

// Input columns in lines, and weights with zeros behind them.
struct Lines {
  int8_t in[kMveLanes * kMveLineStep];
  int8_t weights[kMveLanes * kMveMostTaps];
  int8_t ones[kMveMostTaps];  // as many as taps; with zero_weight only
};

// The figures that all channels of a call have in common.
struct Call {
  int vectors;  // of a window
  int most;     // output columns at a time
  Places in_lines, weight_lines;
};

void put_weights(const ConvArgs& a, const int8_t* w, Places at, int8_t* to) {
  const int rows = a.kernel_h, columns = a.kernel_w, step = a.weight_stride;
  for (int ky = 0; ky < rows; ++ky) {
    for (int kx = 0; kx < columns; ++kx, w += step) {
      scatter_eight(w, at, to + kx * rows + ky);
    }
  }
}

// The data of four channels.
struct Four {
  const int8_t *in, *weights;
  const int32_t *bias, *multipliers;
  const int8_t* shifts;
  int8_t* out;
};

int32_t window_sum(int vectors, const int8_t* in, const int8_t* weights) {
  int32_t s = 0;
  for (; vectors > 0; --vectors, in += kVector, weights += kVector) {
    s = add_dot(s, load_bytes(in), load_bytes(weights));
  }
  return s;
}

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)

static_assert(kMveLineStep < 128 && kMveMostTaps < 128, "offsets of loads");

// Four channels without zero points of weights, within int8's limits. The loop
// is in assembler, because the compiler computes each address separately.
[[gnu::noinline]] void make_bytes(const ConvArgs& a, const Four& f, int vectors,
                                  int outs) {
  const struct {
    int32_t bias[4];
    int vectors, x_next, w_back, out_step;
  } turn = {{f.bias[0], f.bias[1], f.bias[2], f.bias[3]},
            vectors,
            a.stride_x * a.kernel_h - vectors * kVector,
            vectors * kVector,
            a.out_stride};
  const Words m = load_words(f.multipliers), shifts = load_four(f.shifts);
  const Words zero = all_words(a.zero_out);
  const int32_t less = *f.shifts != 0;  // products below zero, if shifted
  const int8_t *x0 = f.in, *x2 = x0 + 2 * kMveLineStep;
  const int8_t *w0 = f.weights, *w2 = w0 + 2 * kMveMostTaps;
  int8_t* out = f.out;
  int left = outs;
  int32_t s0, s1, s2, s3;
  __asm__ volatile(
      "dls lr, %[left]\n"
      "1:\n"
      "ldrd %[s0], %[s1], [%[turn]]\n"
      "ldrd %[s2], %[s3], [%[turn], #8]\n"
      "ldr %[left], [%[turn], #16]\n"
      "2:\n"
      "vldrb.8 q0, [%[x0], %[next_x]]\n"
      "vldrb.8 q1, [%[w0], %[next_w]]\n"
      "vmladava.s8 %[s1], q0, q1\n"
      "vldrb.8 q0, [%[x0]], #16\n"
      "vldrb.8 q1, [%[w0]], #16\n"
      "vmladava.s8 %[s0], q0, q1\n"
      "vldrb.8 q0, [%[x2], %[next_x]]\n"
      "vldrb.8 q1, [%[w2], %[next_w]]\n"
      "vmladava.s8 %[s3], q0, q1\n"
      "vldrb.8 q0, [%[x2]], #16\n"
      "vldrb.8 q1, [%[w2]], #16\n"
      "vmladava.s8 %[s2], q0, q1\n"
      "subs %[left], %[left], #1\n"
      "bne 2b\n"
      "vmov q0[2], q0[0], %[s0], %[s2]\n"
      "vmov q0[3], q0[1], %[s1], %[s3]\n"
      "ldrd %[s0], %[s2], [%[turn], #20]\n"
      "add %[x0], %[x0], %[s0]\n"
      "add %[x2], %[x2], %[s0]\n"
      "sub %[w0], %[w0], %[s2]\n"
      "sub %[w2], %[w2], %[s2]\n"
      "vqrdmulh.s32 q0, q0, %q[m]\n"
      "vqdmlah.s32 q0, q0, %[less]\n"
      "vrshl.s32 q0, q0, %q[shifts]\n"
      "vadd.i32 q0, q0, %q[zero]\n"
      "vqmovnb.s32 q0, q0\n"
      "vqmovnb.s16 q0, q0\n"
      "vstrb.32 q0, [%[out]]\n"
      "ldr %[s0], [%[turn], #28]\n"
      "add %[out], %[out], %[s0]\n"
      "le lr, 1b\n"
      : [x0] "+r"(x0), [x2] "+r"(x2), [w0] "+r"(w0), [w2] "+r"(w2),
        [out] "+l"(out), [left] "+r"(left), [s0] "=&Te"(s0), [s1] "=&Te"(s1),
        [s2] "=&Te"(s2), [s3] "=&Te"(s3)
      : [m] "w"(m), [shifts] "w"(shifts), [zero] "w"(zero), [turn] "r"(&turn),
        [less] "r"(less), [next_x] "i"(kMveLineStep), [next_w] "i"(kMveMostTaps)
      : "lr", "q0", "q1", "cc", "memory");
}
constexpr bool kBytesApart = true;

#else

void make_bytes(const ConvArgs&, const Four&, int, int) {}
constexpr bool kBytesApart = false;

#endif

[[gnu::noinline]] void make_four(const ConvArgs& a, const Four& f, int vectors,
                                 const int8_t* ones, int outs) {
  if (kBytesApart && !a.zero_weight && clamps_to_byte(a)) {
    return make_bytes(a, f, vectors, outs);
  }
  const Ending ending = {a.zero_out, all_words(a.act_min),
                         all_words(a.act_max)};
  for (int x = 0; x < outs; ++x) {
    int32_t s[4];
    const int8_t* in = f.in + x * a.stride_x * a.kernel_h;
    for (int i = 0; i < 4; ++i, in += kMveLineStep) {
      s[i] = window_sum(vectors, in, f.weights + i * kMveMostTaps);
      if (a.zero_weight) {
        s[i] = wrap_sub(s[i],
                        wrap_mul(a.zero_weight, window_sum(vectors, in, ones)));
      }
    }
    const Words sums = add(load_words(s), load_words(f.bias));
    const Words m = load_words(f.multipliers);
    const Words v = requantized(sums, m, load_four(f.shifts), *f.shifts != 0);
    store_four(ended(v, ending), f.out + x * a.out_stride);
  }
}

// Channels [o, o + kMveLanes) of all columns.
void eight_channels(const ConvArgs& a, const Call& c, int o, Lines& lines) {
  put_weights(a, a.weights + o, c.weight_lines, lines.weights);
  for (int x = a.x0; x < a.x1; x += c.most) {
    const int outs = a.x1 - x < c.most ? a.x1 - x : c.most;
    const int count = (outs - 1) * a.stride_x + a.kernel_w;
    const MveColumns columns =
        mve_columns(a, x * a.stride_x - a.pad_left, count);
    for (int ky = 0; ky < a.kernel_h; ++ky) {
      const int8_t* row = a.rows[ky] ? a.rows[ky] + o : nullptr;
      mve_put_row(a, columns, row, a.kernel_h, c.in_lines, lines.in + ky);
    }
    for (int i = 0; i < kMveLanes; i += 4) {
      make_four(a,
                {lines.in + i * kMveLineStep, lines.weights + i * kMveMostTaps,
                 a.bias + o + i, a.multipliers + o + i, a.shifts + o + i,
                 a.out + x * a.out_stride + o + i},
                c.vectors, lines.ones, outs);
    }
  }
}

// Channels [o, o + count).
void plain(ConvArgs a, int o, int count) {
  const int8_t* rows[kMveMostTaps];
  for (int ky = 0; ky < a.kernel_h; ++ky) {
    rows[ky] = a.rows[ky] ? a.rows[ky] + o : nullptr;
  }
  a.rows = rows;
  a.channels = count;
  a.weights += o, a.bias += o, a.multipliers += o, a.shifts += o, a.out += o;
  portable_depthwise(a);
}

// Eights that round alike. Returns false if there are others.
[[gnu::noinline]] bool eights(const ConvArgs& a) {
  const int taps = a.kernel_h * a.kernel_w;
  const Call call = {(taps + kVector - 1) / kVector,
                     (kMveLine / a.kernel_h - a.kernel_w) / a.stride_x + 1,
                     places(kMveLineStep), places(kMveMostTaps)};
  Lines lines;
  std::memset(lines.weights, 0, sizeof lines.weights);
  if (a.zero_weight) {
    std::memset(lines.ones, 0, sizeof lines.ones);
    std::memset(lines.ones, 1, static_cast<size_t>(taps));
  }
  bool all = true;
  for (int i = 0; i < a.channels; i += kMveLanes) {
    const int o = mve_eight_at(a, i);
    if (mve_rounds_alike(a.shifts + o)) {
      eight_channels(a, call, o, lines);
    } else {
      all = false;
    }
  }
  return all;
}

// After those, not beside them: the stack has one of both at a time.
[[gnu::noinline]] void other_eights(const ConvArgs& a) {
  for (int i = 0; i < a.channels; i += kMveLanes) {
    const int o = mve_eight_at(a, i);
    if (!mve_rounds_alike(a.shifts + o)) plain(a, o, kMveLanes);
  }
}

void each_row(ConvArgs a, void (*make)(const ConvArgs&)) {
  const int more = a.more_rows;
  a.more_rows = 0;
  for (int y = 0; y <= more; ++y) {
    make(a);
    a.rows += a.kernel_h, a.out += a.out_row;
  }
}

}  // namespace

void mve_put_row(const ConvArgs& a, MveColumns c, const int8_t* row, int apart,
                 Places at, int8_t* to) {
  const int step = a.in_stride;
  const auto zero = static_cast<int8_t>(a.zero_in);
  if (!row) c.left += c.inside, c.inside = 0;
  for (int n = c.left; n > 0; --n, to += apart) scatter_byte(zero, at, to);
  if (c.inside > 0) {
    const int8_t* from = row + c.first * step;
    for (int n = c.inside; n > 0; --n, from += step, to += apart) {
      scatter_eight(from, at, to);
    }
  }
  for (int n = c.right; n > 0; --n, to += apart) scatter_byte(zero, at, to);
}

void mve_depthwise(const ConvArgs& a) {
  if (mve_depthwise_takes(a)) {
    if (!mve_depthwise_3x3(a)) each_row(a, other_eights);
    return;
  }
  if (a.more_rows) return each_row(a, mve_depthwise);
  const bool fits = a.multiplier == 1 && a.dilation_x == 1 &&
                    a.kernel_h * a.kernel_w <= kMveMostTaps &&
                    kMveLine / a.kernel_h >= a.kernel_w &&
                    a.channels >= kMveLanes && !a.partial_in && !a.partial_out;
  if (!fits) return portable_depthwise(a);
  if (!eights(a)) other_eights(a);
}

}  // namespace shoal
