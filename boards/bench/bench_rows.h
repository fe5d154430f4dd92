// Helpers that measuring functions share: a layer as short as it fits the
// memory, its rows, and random numbers.
#pragma once

#include "boards/bench/measure.h"
#include "device/program/chunk.h"
#include "device/program/image.h"

namespace shoal {

// xorshift32; the same numbers everywhere.
class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed) {}
  uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  int8_t byte() { return static_cast<int8_t>(next() >> 24); }
  // Draws a multiplier from 2^30 to 2^31 - 1, as real ones are.
  int32_t multiplier() {
    return static_cast<int32_t>(next() >> 2 | 0x40000000);
  }
  void fill(int8_t* to, int count) {
    for (int8_t* end = to + count; to != end;) *to++ = byte();
  }

 private:
  uint32_t state_;
};

inline constexpr int8_t kBenchZero = -128;  // of input and output

struct Bench {
  const BenchLayer& layer;
  BenchFit fit;
  int in_row, out_row;  // bytes
  int8_t *in, *other, *out;
  uint8_t* chunk;
};

template <class F>
void count(const BenchClock& clock, BenchRows& rows, F call) {
  const uint64_t begin = clock.ticks(clock.user);
  call();
  const uint64_t spent = clock.ticks(clock.user) - begin;
  rows.ticks += spent > clock.empty ? spent - clock.empty : 0;
  ++rows.calls;
}

// Returns the input row of kernel row ky of output row oy, at that channel;
// null: padding.
const int8_t* window_row(const Bench&, int oy, int ky, int channel);
// Returns whether a kernel row is padding.
bool window_rows(const Bench&, int oy, int channel, const int8_t** rows);

// Sets the window and the columns of a layer in the arguments of a kernel.
template <class Args>
void set_window(const Bench& b, Args& a) {
  const BenchLayer& l = b.layer;
  a.kernel_h = a.kernel_w = l.kernel;
  a.in_w = l.in_w, a.in_stride = a.in_c = l.in_c;
  a.stride_x = l.stride, a.dilation_x = 1;
  a.pad_left = front_padding(l, l.in_w, out_width(l));
  a.x0 = 0, a.x1 = out_width(l);
  a.multiplier = 1;
  a.out_stride = l.out_c;
}

// Places weights, biases, multipliers and shifts of some channels in the chunk.
// Returns where they lie; multipliers spread results of int8 over their range.
ChunkLayout make_chunk(const Bench&, int channels, Random&);
// Returns the bytes from a tap's weights, or a channel's, to those of the next.
int weight_stride(const BenchLayer&, int channels);

// Layers with weights and elements of 16 bits: rows one by one, as the runtime
// makes them.
void measure_wide(const Bench&, const BenchClock&, Random&, BenchResult&);

// Layers without weights, each by the kernel of its kind.
void measure_plain(const Bench&, const BenchClock&, Random&, BenchResult&);

}  // namespace shoal
