// One side of a window, rows or columns: how many results it gives with the
// paddings that TensorFlow names.
#pragma once

#include <algorithm>
#include <cstdint>

namespace shoal {

struct WindowSide {
  int kernel = 1, stride = 1, dilation = 1;
  int pad = 0;  // in front
  int64_t extent() const { return (int64_t{kernel} - 1) * dilation + 1; }
};

// The number of results with SAME padding, and the padding on both ends
// together.
inline int64_t same_out(int64_t in, const WindowSide& s) {
  return (in + s.stride - 1) / s.stride;
}
inline int64_t same_total(int64_t in, const WindowSide& s) {
  return std::max<int64_t>(0,
                           (same_out(in, s) - 1) * s.stride + s.extent() - in);
}
// The number of results with VALID, which needs no padding.
inline int64_t valid_out(int64_t in, const WindowSide& s) {
  return in < s.extent() ? 0 : (in - s.extent()) / s.stride + 1;
}

inline bool is_same(int64_t in, int64_t out, const WindowSide& s) {
  return out == same_out(in, s) && s.pad == same_total(in, s) / 2;
}
inline bool is_valid(int64_t in, int64_t out, const WindowSide& s) {
  return s.pad == 0 && in >= s.extent() && out == valid_out(in, s);
}

}  // namespace shoal
