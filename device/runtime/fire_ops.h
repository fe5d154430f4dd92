// Slices by operator; the table of modules.h names those that are linked.
#pragma once

#include "device/runtime/fire.h"

namespace shoal {

// fire_window.cc
void fire_conv(const Slice&);
void fire_depthwise(const Slice&);
void fire_plain_conv(const PlainSlice&);
void fire_plain_depthwise(const PlainSlice&);
void fire_transpose_conv(const Slice&);
void fire_average_pool(const Slice&);
void fire_max_pool(const Slice&);
void fire_reduce_sum(const Slice&);
void fire_reduce_max(const Slice&);

// fire_elements.cc
void fire_add(const Slice&);
void fire_mul(const Slice&);
void fire_divide(const Slice&);
void fire_squared_difference(const Slice&);
void fire_maximum(const Slice&);
void fire_minimum(const Slice&);
void fire_prelu(const Slice&);
void fire_lut(const Slice&);
void fire_softmax(const Slice&);
void fire_log_softmax(const Slice&);
void fire_l2_norm(const Slice&);
void fire_probability(const Slice&);
void fire_arg_max(const Slice&);
void fire_running_sum(const Slice&);
void fire_matmul(const Slice&);
void fire_requantize(const Slice&);

// fire_lstm.cc
void fire_lstm(const Slice&);
void fire_wide_lstm(const Slice&);

// fire_cell.cc
void fire_cell(const Slice&);
void fire_wide_cell(const Slice&);

// fire_move.cc
void fire_move(const Slice&);
void fire_bilinear(const Slice&);
void fire_resize(const Slice&);
void fire_space_to_depth(const Slice&);
void fire_depth_to_space(const Slice&);
void fire_transpose(const Slice&);
// The same of elements of some bytes, of a slice with a channel for each byte.
void transpose_elements(const Slice&, int bytes);
void fire_reshape(const Slice&);
void fire_constant(const Slice&);

// fire_wide.cc: elements of 16 bits
void fire_wide_conv(const Slice&);
void fire_wide_depthwise(const Slice&);
void fire_wide_transpose_conv(const Slice&);
void fire_wide_average_pool(const Slice&);
void fire_wide_max_pool(const Slice&);
void fire_wide_reduce_sum(const Slice&);
void fire_wide_add(const Slice&);
void fire_wide_mul(const Slice&);
void fire_wide_maximum(const Slice&);
void fire_wide_minimum(const Slice&);
void fire_wide_prelu(const Slice&);
void fire_wide_squared_difference(const Slice&);
void fire_wide_matmul(const Slice&);
void fire_wide_move(const Slice&);
void fire_wide_resize(const Slice&);
void fire_wide_transpose(const Slice&);
void fire_wide_reshape(const Slice&);
void fire_wide_constant(const Slice&);
void fire_rescale(const Slice&);
void fire_sigmoid(const Slice&);
void fire_wide_softmax(const Slice&);

}  // namespace shoal
