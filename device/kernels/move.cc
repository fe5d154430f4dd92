// Kernels that move bytes and compute nothing, or lie between the two.
#include <cstring>

#include "device/kernels/kernels.h"
#include "device/program/geometry.h"

namespace shoal {
namespace {

void copy(int8_t* out, const int8_t* in, int count) {
  std::memcpy(out, in, static_cast<size_t>(count));
}

void fill(int8_t* out, int value, int count) {
  std::memset(out, value, static_cast<size_t>(count));
}

void move_pixel(const MoveArgs& a, const int8_t* in, int8_t* out) {
  if (a.stride_c == 1 && a.base_c >= 0 && a.base_c + a.channels <= a.in_c) {
    return copy(out, in + a.base_c, a.channels);
  }
  int ic = a.base_c;
  for (int c = 0; c < a.channels; ++c, ic += a.stride_c) {
    out[c] = ic >= 0 && ic < a.in_c ? in[ic] : static_cast<int8_t>(a.fill);
  }
}

// Returns whether pixels lie without gaps on both sides.
bool contiguous(const MoveArgs& a) {
  return a.stride_x == 1 && a.stride_c == 1 && a.base_c == 0 &&
         a.channels == a.in_stride && a.channels == a.out_stride &&
         a.channels == a.in_c;
}

}  // namespace

void move_row(const MoveArgs& a) {
  const int first = a.x0 * a.stride_x + a.base_x;
  if (a.row && contiguous(a) && first >= 0 && a.x1 + a.base_x <= a.in_w) {
    return copy(a.out + a.x0 * a.out_stride, a.row + first * a.in_stride,
                (a.x1 - a.x0) * a.channels);
  }
  int ix = first;
  for (int x = a.x0; x < a.x1; ++x, ix += a.stride_x) {
    int8_t* out = a.out + x * a.out_stride;
    if (a.row && ix >= 0 && ix < a.in_w) {
      move_pixel(a, a.row + ix * a.in_stride, out);
    } else {
      fill(out, a.fill, a.channels);
    }
  }
}

void resize_row(const ResizeArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    copy(a.out + x * a.out_stride, a.row + a.columns[x] * a.in_stride,
         a.channels);
  }
}

// TensorFlow Lite's sum of four products, exact; so columns may come first. No
// sum leaves 2^28: where a part is below 0 or above 1024 both places are one.
void bilinear_row(const BilinearArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    const int position = x * a.scale + a.base;
    const BilinearPlace at = bilinear_place(position, a.in_w);
    const int right = at.lo == at.hi ? 0 : position - 1024 * at.lo;
    const int left = 1024 - right;
    const int8_t* ul = a.upper + at.lo * a.in_stride;
    const int8_t* ur = a.upper + at.hi * a.in_stride;
    const int8_t* ll = a.lower + at.lo * a.in_stride;
    const int8_t* lr = a.lower + at.hi * a.in_stride;
    int8_t* out = a.out + x * a.out_stride;
    for (int c = 0; c < a.channels; ++c) {
      const int sum = (ul[c] * left + ur[c] * right) * (1024 - a.part) +
                      (ll[c] * left + lr[c] * right) * a.part;
      const int half = sum < 0 ? -(1 << 19) : 1 << 19;
      out[c] = static_cast<int8_t>((sum + half) / (1 << 20));
    }
  }
}

void space_to_depth_row(const SpaceToDepthArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    int8_t* out = a.out + x * a.out_stride;
    for (int dy = 0; dy < a.block; ++dy) {
      const int8_t* in = a.rows[dy] + x * a.block * a.in_stride;
      for (int dx = 0; dx < a.block; ++dx, in += a.in_stride) {
        copy(out, in, a.channels);
        out += a.channels;
      }
    }
  }
}

void depth_to_space_row(const DepthToSpaceArgs& a) {
  for (int x = a.x0; x < a.x1; ++x) {
    const int from = (a.phase * a.block + x % a.block) * a.channels;
    copy(a.out + x * a.out_stride, a.row + x / a.block * a.in_stride + from,
         a.channels);
  }
}

}  // namespace shoal
