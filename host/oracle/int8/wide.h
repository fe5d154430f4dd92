// The evaluations of operators with int16 activations, by kind and class.
// Internal to host/oracle/int8.
#pragma once

#include "host/oracle/int8/call.h"

namespace shoal::oracle {

// wide_window.cc
void wide_conv2d(const Call&);
void wide_depthwise_conv2d(const Call&);
void wide_transpose_conv(const Call&);
void wide_fully_connected(const Call&);
void wide_pool(const Call&);

// wide_elements.cc
void wide_binary(const Call&);
void wide_unary(const Call&);  // QUANTIZE from float32 too
void wide_dequantize(const Call&);
void wide_softmax(const Call&);
void wide_sum(const Call&);  // MEAN and SUM
void wide_matmul(const Call&);

// lstm.cc
void wide_lstm(const Call&);

}  // namespace shoal::oracle
