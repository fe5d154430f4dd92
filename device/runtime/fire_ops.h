// The families of slices; fire() chooses.
#pragma once

#include "device/runtime/fire.h"

namespace shoal {

// fire_window.cc
void fire_conv(const Slice&);    // kConv, kDepthwise, kTransposeConv
void fire_pool(const Slice&);    // kAveragePool, kMaxPool
void fire_reduce(const Slice&);  // kReduceSum, kReduceMax

// fire_elements.cc
void fire_binary(const Slice&);
void fire_lut(const Slice&);
void fire_softmax(const Slice&);
void fire_pixels(const Slice&);  // kLogSoftmax, kArgMax, kRunningSum
void fire_matmul(const Slice&);
void fire_requantize(const Slice&);

// fire_move.cc
void fire_move(const Slice&);
void fire_bilinear(const Slice&);
void fire_resize(const Slice&);
void fire_space_to_depth(const Slice&);
void fire_depth_to_space(const Slice&);
void fire_transpose(const Slice&);
void fire_reshape(const Slice&);
void fire_constant(const Slice&);

}  // namespace shoal
