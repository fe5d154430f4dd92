// Convolutions by weights of four bits. A few output channels at a time are
// unpacked into memory of the caller's, where the kernels for int8 read them,
// so every family of kernels computes what it would with weights of eight bits.
#pragma once

#include "device/kernels/kernels.h"

namespace shoal {

// `first` is the number of the call's first weight among those of the chunk,
// which lie as device/program/chunk.h says. `room`, a multiple of 16 bytes,
// holds at least kLeastInt4Room.
struct Int4Weights {
  const uint8_t* bytes;  // a multiple of 4
  int first;
  int8_t* room;
  int room_bytes;
};

using WindowKernel = void (*)(const ConvArgs&);

// Computes what `kernel` computes, by these weights instead of a.weights.
// `depthwise`: it is a depthwise kernel. Where the room holds too few channels
// of the whole window, the window is summed piece by piece, a few columns at a
// time, and the sums lie on the stack.
void run_int4(const ConvArgs& a, const Int4Weights&, WindowKernel kernel,
              bool depthwise);

// The fastest set's kernels, by a.int4.
void int4_conv_row(const ConvArgs&);
void int4_depthwise_row(const ConvArgs&);

}  // namespace shoal
