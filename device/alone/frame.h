/// @file
/// One frame through a node whose rows come from and go to functions, in place:
/// no row is copied on its way.
#pragma once

#include <cstdint>

#include "device/shoal.h"

namespace shoal {

/// The most inputs and outputs of a program that runs alone.
inline constexpr uint32_t kMostEnds = 48;

/// Where the bytes of a frame come from and go to. `offset` counts bytes of the
/// input or output; those of one come in ascending order.
struct FrameEnds {
  /// First argument of all functions.
  void* user;
  /// Fills in `bytes` bytes of an input. False: gives the frame up.
  bool (*fill)(void* user, uint32_t input, uint32_t offset, uint8_t* to,
               uint32_t bytes);
  /// Takes `bytes` bytes of an output. False: gives the frame up.
  bool (*take)(void* user, uint32_t output, uint32_t offset,
               const uint8_t* from, uint32_t bytes);
  /// Called between two slices of work; false gives the frame up. May be null.
  bool (*between)(void* user);
  /// Called when the node waits. May be null.
  void (*idle)(void* user);
  /// Called instead of shoal_step(), which it calls, to measure it. May be
  /// null.
  shoal_status (*step)(void* user, shoal_node& node) = nullptr;
};

/// Runs one frame.
/// @return SHOAL_OK; SHOAL_WAIT if it was given up: the next frame begins with
/// its first row, and variables are as before this one unless all of it had
/// been computed; an error of shoal_step(); SHOAL_BAD_ARGUMENT if the program
/// has more than kMostEnds inputs or outputs
shoal_status run_frame(shoal_node& node, const FrameEnds& ends);

}  // namespace shoal
