// TensorFlow Lite's table of the logistic function, which 16-bit LOGISTIC and
// TANH and the gates of an LSTM interpolate.
#pragma once

#include <cmath>

namespace shoal {

// Entry k of 256 is sigmoid(k / 24) times 2^16, moved by half of the error that
// interpolation has in the middle of the step behind it. The last one is the
// limit.
inline int sigmoid_entry(int k) {
  const auto f = [](double at) {
    return 65536.0 / (1.0 + std::exp(-at / 24.0));
  };
  if (k == 255) return 65535;
  const double error = f(k + 0.5) - (f(k) + f(k + 1)) / 2;
  return static_cast<int>(std::floor(f(k) + error / 2 + 0.5));
}

}  // namespace shoal
