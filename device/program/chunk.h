// The layout of a chunk, as one function that emit, loader and runtime share.
//
//   weights   int8, canonical layout (below), padded to a multiple of 4; or
//             int4, in the same order (see int4_bytes())
//   bias      int32[out_n]  (zero point folded in for kConv and kDepthwise)
//   multiplier int32[out_n]
//   shift     int8[out_n], padded to a multiple of 4
//
// Canonical layout, for output channels o of the chunk:
//   kConv, kTransposeConv  [o][ky][kx][input channel]
//   kDepthwise             [ky][kx][o]
//   kLut                   [256], indexed by the byte + 128; no bias etc.
//   kConstant              rows [out0, out0 + out_n), of one or two bytes an
//                          element; no bias etc.
//   kRequantize            none; bias, multiplier, shift
//   kLstm                  [o], lstm_unit_bytes() each: folded biases, int32
//                          [gate][input, recurrent] (of 16 bits: biases, int64
//                          [gate]), then the input's weights
//                          [gate][input channel] and the recurrent ones
//                          [gate][o]; no bias etc. behind them
//   kCell                  [o], cell_unit_bytes() each: for each kDot of the
//                          phase folded bias, multiplier and shift, int32, at
//                          as many places as any phase needs, then the weights
//                          of each, zeros up to the end; long sums of 16 bits
//                          have the bias in two places, as below
// Folded bias: bias - zero_in * sum over all taps of (w - zero_weight), mod
// 2^32, so that acc = folded + sum x * (w - zero_weight) over all taps, where
// a tap on padding has x = zero_in. kTransposeConv keeps its bias as it is.
// Long sums (WideParams) begin with a bias of 48 bits: the chunk's bias is its
// lower part, and the upper half of a channel's multiplier the upper one. The
// lower half is the multiplier less 16 bits, rounded, at most 2^15 - 1.
#pragma once

#include "device/program/kinds.h"

namespace shoal {

// The least bytes of memory into which weights of four bits are unpacked.
inline constexpr uint32_t kLeastInt4Room = 128;

// Returns the bytes of weights of four bits: weight k lies in byte
// k / 8 * 4 + k % 4, in the low nibble if k % 8 < 4, so that the weights of a
// word come out four at a time.
constexpr uint64_t int4_bytes(uint64_t weights) {
  return (weights + 7) / 8 * 4;
}
constexpr uint64_t stored_bytes(uint64_t weights, bool int4) {
  return int4 ? int4_bytes(weights) : weights;
}

// Returns the bytes of one unit of kLstm's weights.
inline constexpr uint32_t kLstmBiasBytes = 32;
constexpr uint64_t lstm_unit_bytes(int inputs, int units) {
  return kLstmBiasBytes + 4 * (uint64_t{static_cast<uint32_t>(inputs)} +
                               static_cast<uint32_t>(units));
}

// Returns the bytes of one unit of kCell's weights.
inline constexpr uint32_t kCellDotBytes = 12;
constexpr uint64_t cell_unit_bytes(const CellParams& p, int inputs, int units) {
  const auto dots = static_cast<uint32_t>(p.input_dots),
             more = static_cast<uint32_t>(p.state_dots);
  const uint64_t weights = uint64_t{dots} * static_cast<uint32_t>(inputs) +
                           uint64_t{more} * static_cast<uint32_t>(units);
  return kCellDotBytes * uint64_t{dots + more} + (weights + 3) / 4 * 4;
}

struct ChunkLayout {
  uint32_t weight_bytes;             // padded
  uint32_t bias, multiplier, shift;  // offsets; 0 if the operator has none
  uint32_t bytes;
};

// Returns the bytes of bias, multipliers and shifts.
constexpr uint32_t quantized_bytes(uint32_t channels) {
  return 8 * channels + align_up(channels, 4);
}

// `weight_bytes` unpadded, `channels` = out_n, `quantized` whether bias,
// multiplier and shift follow. Does not overflow for weight_bytes < 2^31.
constexpr ChunkLayout chunk_layout(uint32_t weight_bytes, uint32_t channels,
                                   bool quantized) {
  ChunkLayout l{};
  l.weight_bytes = align_up(weight_bytes, 4);
  l.bytes = l.weight_bytes;
  if (!quantized) return l;
  l.bias = l.weight_bytes;
  l.multiplier = l.bias + 4 * channels;
  l.shift = l.multiplier + 4 * channels;
  l.bytes = l.bias + quantized_bytes(channels);
  return l;
}

}  // namespace shoal
