// Slices of operators that only move bytes.
#include <cstring>

#include "device/kernels/kernels.h"
#include "device/program/params.h"
#include "device/runtime/fire_ops.h"

namespace shoal {
namespace {

template <class P>
const P& params_as(const Slice& s) {
  return *reinterpret_cast<const P*>(s.params);
}

int8_t* out_row(const Slice& s, int oy) {
  return reinterpret_cast<int8_t*>(s.out.at(oy));
}

// Element `column` of row y of a box, counted over pixels and channels.
const int8_t* element(const Rows& in, uint32_t y, uint32_t column) {
  const uint32_t channels = static_cast<uint32_t>(in.channels);
  const uint32_t stride = static_cast<uint32_t>(in.stride);
  const uint32_t offset = in.stride == in.channels
                              ? column
                              : column / channels * stride + column % channels;
  return in.bytes(static_cast<int>(y)) + offset;
}

uint32_t row_elements(const Rows& r) {
  return static_cast<uint32_t>(r.columns * r.channels);
}

// Returns the elements that lie side by side in memory.
uint32_t run_elements(const Rows& r) {
  return r.stride == r.channels ? row_elements(r)
                                : static_cast<uint32_t>(r.channels);
}

}  // namespace

void fire_move(const Slice& s) {
  const auto& p = params_as<MoveParams>(s);
  MoveArgs m;
  m.in_w = s.in[0].columns, m.in_c = s.in[0].channels;
  m.in_stride = s.in[0].stride;
  m.stride_x = p.stride_x, m.base_x = p.base_x;
  m.stride_c = p.stride_c, m.base_c = p.base_c;
  m.fill = p.fill;
  m.x0 = s.x0, m.x1 = s.x1, m.channels = s.out.channels;
  m.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    const int iy = oy * p.stride_y + p.base_y;
    m.row = iy >= 0 && iy < s.in[0].rows ? s.in[0].bytes(iy) : nullptr;
    m.out = out_row(s, oy);
    move_row(m);
  }
}

void fire_resize(const Slice& s) {
  ResizeArgs r;
  r.in_stride = s.in[0].stride;
  r.columns = s.maps + s.out.rows;
  r.x0 = s.x0, r.x1 = s.x1, r.channels = s.out.channels;
  r.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    r.row = s.in[0].bytes(s.maps[oy]);
    r.out = out_row(s, oy);
    resize_row(r);
  }
}

void fire_bilinear(const Slice& s) {
  const auto& p = params_as<BilinearParams>(s);
  BilinearArgs b;
  b.in_w = s.in[0].columns, b.in_stride = s.in[0].stride;
  b.scale = p.scale_x, b.base = p.base_x;
  b.x0 = s.x0, b.x1 = s.x1, b.channels = s.out.channels;
  b.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    const int position = oy * p.scale_y + p.base_y;
    const BilinearPlace at = bilinear_place(position, s.in[0].rows);
    b.upper = s.in[0].bytes(at.lo);
    b.lower = s.in[0].bytes(at.hi);
    b.part = at.lo == at.hi ? 0 : position - 1024 * at.lo;
    b.out = out_row(s, oy);
    bilinear_row(b);
  }
}

void fire_space_to_depth(const Slice& s) {
  const int block = params_as<BlockParams>(s).block;
  const int8_t* rows[kMaxWindowRows];
  SpaceToDepthArgs a;
  a.rows = rows;
  a.in_stride = s.in[0].stride, a.block = block;
  a.x0 = s.x0, a.x1 = s.x1, a.channels = s.in[0].channels;
  a.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    for (int i = 0; i < block; ++i) rows[i] = s.in[0].bytes(oy * block + i);
    a.out = out_row(s, oy);
    space_to_depth_row(a);
  }
}

void fire_depth_to_space(const Slice& s) {
  DepthToSpaceArgs a;
  a.in_stride = s.in[0].stride, a.block = params_as<BlockParams>(s).block;
  a.x0 = s.x0, a.x1 = s.x1, a.channels = s.out.channels;
  a.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    a.row = s.in[0].bytes(oy / a.block);
    a.phase = oy % a.block;
    a.out = out_row(s, oy);
    depth_to_space_row(a);
  }
}

void transpose_elements(const Slice& s, int bytes) {
  const auto& p = params_as<TransposeParams>(s);
  const auto width = static_cast<uint32_t>(bytes);
  const uint32_t in_row = row_elements(s.in[0]);
  for (int oy = s.lo; oy < s.hi; ++oy) {
    int8_t* out = out_row(s, oy);
    uint32_t number = static_cast<uint32_t>(oy) * row_elements(s.out) / width;
    for (int x = 0; x < s.out.columns; ++x, out += s.out.stride) {
      for (int c = 0; c < s.out.channels; c += bytes, ++number) {
        uint32_t rest = number, from = 0;
        for (int i = 3; i >= 0; --i) {
          const uint32_t size = static_cast<uint32_t>(p.size[i]);
          from += rest % size * static_cast<uint32_t>(p.stride[i]);
          rest /= size;
        }
        from *= width;
        const int8_t* in = element(s.in[0], from / in_row, from % in_row);
        for (int b = 0; b < bytes; ++b) out[c + b] = in[b];
      }
    }
  }
}

void fire_transpose(const Slice& s) { transpose_elements(s, 1); }

void fire_reshape(const Slice& s) {
  const uint32_t in_row = row_elements(s.in[0]);
  const uint32_t in_run = run_elements(s.in[0]);
  const uint32_t out_run = run_elements(s.out);
  for (int oy = s.lo; oy < s.hi; ++oy) {
    uint32_t number = static_cast<uint32_t>(oy) * row_elements(s.out);
    int8_t* out = out_row(s, oy);
    const uint32_t runs = row_elements(s.out) / out_run;
    for (uint32_t r = 0; r < runs; ++r) {
      for (uint32_t done = 0; done < out_run;) {
        uint32_t n = in_run - number % in_run;
        if (n > out_run - done) n = out_run - done;
        std::memcpy(out + done,
                    element(s.in[0], number / in_row, number % in_row), n);
        done += n, number += n;
      }
      out += s.out.stride;
    }
  }
}

void fire_constant(const Slice& s) {
  const uint32_t run = run_elements(s.out);
  const uint32_t runs = row_elements(s.out) / run;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    const int8_t* from =
        s.weights + static_cast<uint32_t>(oy - s.out0) * row_elements(s.out);
    int8_t* out = out_row(s, oy);
    for (uint32_t r = 0; r < runs; ++r, from += run, out += s.out.stride) {
      std::memcpy(out, from, run);
    }
  }
}

}  // namespace shoal
