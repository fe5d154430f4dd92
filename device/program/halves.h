// How two cores share a slice of a firing. Pure functions that the runtime and
// the model of time share.
//
// The first core makes [0, at) of one axis of the slice's output box, the
// second core the rest: as much less as it is slower. Rows cost nothing twice.
// Columns make depthwise kernels arrange the weights twice, channels
// convolutions the input. Small slices stay whole, because a meeting takes both
// cores' time.
#pragma once

#include <cstdint>

#include "device/program/kinds.h"

namespace shoal {

enum class Axis : uint8_t { kNone, kRows, kColumns, kChannels };

struct Halves {
  Axis axis = Axis::kNone;  // kNone: one core makes all
  int at = 0;
  // The time of the half that takes longer, in parts of the whole's on the
  // first core.
  int parts = kWholeParts;
  static constexpr int kWholeParts = 256;
};

// The box of a slice, and what each element of it takes.
struct SliceBox {
  int rows = 1, columns = 1, channels = 1;
  uint32_t products = 1;  // see products_of()
};

// Returns whether each output channel has its own weights, and its own input or
// all of it, so that some can be made without the others.
constexpr bool channels_apart(OpCode op, int multiplier, bool over_channels) {
  if (op == OpCode::kDepthwise) return multiplier == 1;
  if (is_reduction(op)) return !over_channels;
  return has_window(op) || op == OpCode::kRequantize;
}

// Returns the products of an output element, or what counts as that.
constexpr uint32_t products_of(OpCode op, int taps, int in_channels) {
  constexpr uint32_t kElement = 8;
  if (!has_window(op)) return kElement;
  const bool conv = op == OpCode::kConv || op == OpCode::kTransposeConv;
  return static_cast<uint32_t>(conv ? taps * in_channels : taps);
}

// The speed of a second core that is like the first one, in parts of whose
// speed it is given.
inline constexpr int kLikeSpeed = 256;

// Returns the best cut, which is none below `least` products. `channels`:
// output channels depend on nothing of each other, as in convolutions and
// pools. `speed`: of the second core, from 1 to 4 * kLikeSpeed.
inline Halves halves_of(OpCode op, bool channels, const SliceBox& box,
                        uint32_t least, int speed = kLikeSpeed) {
  const uint64_t work =
      uint64_t{box.products} * static_cast<uint32_t>(box.rows) *
      static_cast<uint32_t>(box.columns) * static_cast<uint32_t>(box.channels);
  Halves best;
  if (work < least || keeps_state(op)) return best;
  const auto attempt = [&](Axis axis, int count, int step, int twice) {
    const int both = kLikeSpeed + speed;
    const int share = static_cast<int>(int64_t{2} * kLikeSpeed * count / both);
    const int at = (share + step) / 2 / step * step;
    if (at <= 0 || at >= count) return;
    // The first core would make this much in the second one's time.
    const auto other = static_cast<int>(
        (int64_t{count - at} * kLikeSpeed + speed - 1) / speed);
    const int most = at > other ? at : other;
    const int parts =
        static_cast<int>((int64_t{most} * Halves::kWholeParts + count - 1) /
                         count) +
        twice;
    if (parts < best.parts) best = {axis, at, parts};
  };
  constexpr int kLanes = 4;  // channels and pixels that kernels make at once
  const bool conv = op == OpCode::kConv || op == OpCode::kTransposeConv;
  attempt(Axis::kRows, box.rows, 1, 0);
  if (channels) {
    attempt(Axis::kChannels, box.channels, kLanes,
            conv ? Halves::kWholeParts / 2 / box.channels : 0);
  }
  if (!runs_whole(op)) {
    attempt(Axis::kColumns, box.columns, conv ? kLanes : 1,
            op == OpCode::kDepthwise ? Halves::kWholeParts / 16 : 1);
  }
  return best;
}

}  // namespace shoal
