// Depthwise convolution of 3x3, the common one: a window is one load, and up to
// three output rows of a call have their five input rows side by side. The
// window of one is then 15 bytes, with zeros among the weights for the two rows
// that are others', and begins one or two bytes behind that of the row above:
// input rows are spread once and not up to three times, weights once a call.
#if defined(__ARM_FEATURE_MVE)
#pragma GCC optimize("omit-frame-pointer")  // loops take all registers
#endif

#include "device/kernels/mve_depthwise.h"
#include "device/kernels/window.h"

namespace shoal {
namespace {

constexpr int kShared = 5;    // input rows side by side, at most
constexpr int kMostRows = 5;  // output rows at a time
constexpr int kVector = 16;   // bytes

// Puts rows that are no padding, with channels from o on, side by side.
using PutTogether = void (*)(const ConvArgs&, const MveColumns&,
                             const int8_t* const* rows, int o, int apart,
                             Places, int8_t*);

// Output rows that have their input rows side by side.
struct RowGroup {
  int count;         // of output rows
  int apart;         // input rows from one window to the next one's
  int rows, lo, hi;  // input rows; those of [lo, hi) are put together
  PutTogether put;   // null: none are
  const int8_t* row[kShared];
  int8_t* out;  // first row
};

struct Work {
  int8_t in[kMveLanes * kMveLineStep];
  int8_t weights[kMveLanes * kVector];
  RowGroup groups[kMostRows];
};

// How far below the window of one output row the next one's begins, if they
// have a row in common, or 0.
int rows_apart(const int8_t* const* rows) {
  if (rows[3] == rows[1] && rows[4] == rows[2]) return 1;
  return rows[3] == rows[2] ? 2 : 0;
}

template <int kRows>
[[gnu::noinline]] void put_together(const ConvArgs& a, const MveColumns& c,
                                    const int8_t* const* rows, int o, int apart,
                                    Places at, int8_t* to) {
  Places places[kRows];
#pragma GCC unroll 5
  for (int i = 0; i < kRows; ++i) places[i] = behind(at, i);
  const auto zero = static_cast<int8_t>(a.zero_in);
  const auto put_zeros = [&](int n) {
    for (; n > 0; --n, to += apart) {
#pragma GCC unroll 5
      for (int i = 0; i < kRows; ++i) scatter_byte(zero, places[i], to);
    }
  };
  put_zeros(c.left);
  if (c.inside > 0) {
    const int step = a.in_stride, first = c.first * step + o;
    const int8_t* from[kRows];
#pragma GCC unroll 5
    for (int i = 0; i < kRows; ++i) from[i] = rows[i] + first;
    for (int n = c.inside; n > 0; --n, to += apart) {
#pragma GCC unroll 5
      for (int i = 0; i < kRows; ++i) {
        scatter_eight(from[i], places[i], to), from[i] += step;
      }
    }
  }
  put_zeros(c.right);
}

void find_padding(RowGroup& g) {
  static constexpr PutTogether kPut[] = {nullptr,         nullptr,
                                         put_together<2>, put_together<3>,
                                         put_together<4>, put_together<5>};
  g.lo = 0, g.hi = g.rows;
  while (g.lo < g.hi && !g.row[g.lo]) ++g.lo;
  while (g.hi > g.lo && !g.row[g.hi - 1]) --g.hi;
  bool plain = g.hi - g.lo >= 2;
  for (int i = g.lo; i < g.hi; ++i) plain &= g.row[i] != nullptr;
  if (!plain) g.hi = g.lo;
  g.put = kPut[g.hi - g.lo];
}

// Output rows [y, end); how many groups they are.
int make_groups(const ConvArgs& a, int y, int end, RowGroup* g) {
  int n = 0;
  for (; y < end; y += g[n++].count) {
    RowGroup& to = g[n];
    const int8_t* const* rows = a.rows + y * 3;
    to.out = a.out + y * a.out_row;
    to.count = 1, to.apart = 0, to.rows = 3;
    for (int i = 0; i < 3; ++i) to.row[i] = rows[i];
    if (y + 1 < end) to.apart = rows_apart(rows);
    for (; to.apart && y + to.count < end; ++to.count, rows += 3) {
      if (to.rows + to.apart > kShared || rows_apart(rows) != to.apart) break;
      for (int i = 3 - to.apart; i < 3; ++i) to.row[to.rows++] = rows[3 + i];
    }
    find_padding(to);
  }
  return n;
}

void put_one(const ConvArgs& a, const MveColumns& c, const int8_t* row, int o,
             int apart, Places at, int8_t* to) {
  mve_put_row(a, c, row ? row + o : nullptr, apart, at, to);
}

void put_group(const ConvArgs& a, const MveColumns& c, const RowGroup& g, int o,
               int apart, Places at, int8_t* to) {
  if (g.put) g.put(a, c, g.row + g.lo, o, apart, at, to + g.lo);
  for (int i = 0; i < g.lo; ++i) put_one(a, c, g.row[i], o, apart, at, to + i);
  for (int i = g.hi; i < g.rows; ++i) {
    put_one(a, c, g.row[i], o, apart, at, to + i);
  }
}

void put_weights(const int8_t* w, int step, int apart, Places at, int8_t* to) {
#pragma GCC unroll 9
  for (int i = 0; i < 9; ++i, w += step) {
    scatter_eight(w, at, to + i % 3 * apart + i / 3);
  }
}

// The part that is made at once: `outs` columns of each row of a group.
struct Piece {
  const Work* work;
  const RowGroup* group;
  int o, x, outs;
};

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)

static_assert(kMveLineStep < 128, "is an offset of a load");

// Four channels whose windows lie kStep bytes apart. In assembler, as the
// compiler computes each of the four addresses separately: 22 instructions for
// four channels of an output, where it takes 31.
template <int kStep>
void make_four(const ConvArgs& a, const Piece& p, int lane) {
  const RowGroup& g = *p.group;
  const int o = p.o + lane;
  const int8_t* in = p.work->in + lane * kMveLineStep;
  const int8_t* w = p.work->weights + lane * kVector;
  const Bytes w0 = load_bytes(w), w1 = load_bytes(w + kVector),
              w2 = load_bytes(w + 2 * kVector),
              w3 = load_bytes(w + 3 * kVector);
  const Words bias = load_words(a.bias + o), m = load_words(a.multipliers + o);
  const Words shifts = load_four(a.shifts + o);
  const int32_t less = a.shifts[o] != 0;  // products below zero, if shifted
  int8_t* row = g.out + p.x * a.out_stride + o;
  for (int n = g.count; n > 0; --n, in += g.apart, row += a.out_row) {
    const int8_t *x0 = in, *x2 = in + 2 * kMveLineStep;
    int8_t* out = row;
    int32_t s0 = p.outs, s1, s2, s3;
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
        "vqdmlah.s32 q0, q0, %[less]\n"
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
          [bias] "w"(bias), [m] "w"(m), [shifts] "r"(&shifts),
          [zero] "r"(a.zero_out), [out_step] "r"(a.out_stride),
          [less] "r"(less), [next] "i"(kMveLineStep), [step] "i"(kStep)
        : "lr", "q0", "q1", "memory");
  }
}

#else

template <int kStep>
void make_four(const ConvArgs& a, const Piece& p, int lane) {
  const RowGroup& g = *p.group;
  const int o = p.o + lane;
  const int8_t* w = p.work->weights + lane * kVector;
  const Words bias = load_words(a.bias + o), m = load_words(a.multipliers + o);
  const Words shifts = load_four(a.shifts + o);
  for (int y = 0; y < g.count; ++y) {
    const int8_t* in = p.work->in + lane * kMveLineStep + y * g.apart;
    int8_t* out = g.out + y * a.out_row + p.x * a.out_stride + o;
    for (int x = 0; x < p.outs; ++x, in += kStep, out += a.out_stride) {
      int32_t s[4];
      for (int i = 0; i < 4; ++i) {
        s[i] = dot(load_bytes(in + i * kMveLineStep), load_bytes(w + i * 16));
      }
      const Words sums = add(load_words(s), bias);
      const Words v = requantized(sums, m, shifts, a.shifts[o] != 0);
      store_four(to_int8(add(v, a.zero_out)), out);
    }
  }
}

#endif

template <int kStep>
[[gnu::noinline]] void make_eight(const ConvArgs& a, const Piece& p) {
  make_four<kStep>(a, p, 0);
  make_four<kStep>(a, p, 4);
}

// Output rows [y, end). kRows input rows lie side by side.
template <int kRows>
[[gnu::noinline]] bool make_rows(const ConvArgs& a, int y, int end) {
  Work work;
  std::memset(work.weights, 0, sizeof work.weights);
  const int count = make_groups(a, y, end, work.groups);
  const int most = (kMveLine / kRows - 3) / a.stride_x + 1;
  const Places in_lines = places(kMveLineStep), weight_lines = places(kVector);
  bool all = true;
  for (int i = 0; i < a.channels; i += kMveLanes) {
    const int o = mve_eight_at(a, i);
    if (!mve_rounds_alike(a.shifts + o)) {
      all = false;
      continue;
    }
    put_weights(a.weights + o, a.weight_stride, kRows, weight_lines,
                work.weights);
    for (int x = a.x0; x < a.x1; x += most) {
      const int outs = a.x1 - x < most ? a.x1 - x : most;
      const MveColumns c =
          mve_columns(a, x * a.stride_x - a.pad_left, outs * a.stride_x + 2);
      for (const RowGroup* g = work.groups; g < work.groups + count; ++g) {
        put_group(a, c, *g, o, kRows, in_lines, work.in);
        const Piece piece = {&work, g, o, x, outs};
        if (a.stride_x == 1) {
          make_eight<kRows>(a, piece);
        } else {
          make_eight<2 * kRows>(a, piece);
        }
      }
    }
  }
  return all;
}

}  // namespace

bool mve_depthwise_takes(const ConvArgs& a) {
  return a.kernel_h == 3 && a.kernel_w == 3 && a.stride_x <= 2 &&
         a.dilation_x == 1 && a.multiplier == 1 && a.channels >= kMveLanes &&
         !a.partial_in && !a.partial_out && !a.zero_weight && clamps_to_byte(a);
}

bool mve_depthwise_3x3(const ConvArgs& a) {
  if (!a.more_rows) return make_rows<3>(a, 0, 1);
  bool all = true;
  for (int y = 0; y <= a.more_rows; y += kMostRows) {
    const int rest = a.more_rows + 1 - y;
    all &= make_rows<kShared>(a, y, y + (rest < kMostRows ? rest : kMostRows));
  }
  return all;
}

}  // namespace shoal
