// The functions of 16 bits of an LSTM's step, for net_eval.cc.
#pragma once

#include "device/program/params.h"

namespace shoal {

// Between two entries of the table, of an argument in units of 1 / 12288.
inline int sigmoid_of(const LstmParams& p, int v, int bits) {
  const int size = v < 0 ? -v : v, k = size >> bits;
  const auto entry = [&p](int at) {
    return static_cast<int>(p.table[at / 2] >> at % 2 * 16 & 0xFFFF);
  };
  if (k >= 255) return (bits == 9 ? 0xFFFE : 0xFFFF) << bits;
  return (entry(k) << bits) + (size - (k << bits)) * (entry(k + 1) - entry(k));
}
inline int logistic_of(const LstmParams& p, int v) {
  const int s = sigmoid_of(p, v, 9);
  return (v >= 0 ? s + 512 : (1 << 25) - s + 511) >> 10;
}
inline int tanh_of(const LstmParams& p, int v) {
  const int s = sigmoid_of(p, v, 8) - (1 << 23);
  return (v >= 0 ? s + 128 : 127 - s) >> 8;
}

}  // namespace shoal
