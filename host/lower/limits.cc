#include "host/lower/limits.h"

#include <algorithm>
#include <string>

#include "device/program/geometry.h"
#include "host/base/error.h"

namespace shoal {
namespace {

void limit(const Layer& l, const std::string& what, int64_t value,
           int64_t most) {
  if (value <= most) return;
  throw Error(Exit::kUnsupported,
              l.name + ": " + what + " of " + std::to_string(value) +
                  ", the limit is " + std::to_string(most),
              "cut the input into shorter frames");
}

void limit_window(const Net& net, const Layer& l) {
  limit(l, "a window", std::max(l.kernel_h, l.kernel_w), kMaxStep);
  limit(l, "a stride", std::max(l.stride_y, l.stride_x), kMaxStep);
  limit(l, "a dilation", std::max(l.dilation_y, l.dilation_x), kMaxStep);
  constexpr int kMaxPad = (1 << 27) - 1;
  limit(l, "a padding", std::max(l.pad_top, l.pad_left), kMaxPad);
  const Box& out = l.out.box;
  const int pixel = net.tensors[static_cast<size_t>(l.in[0].tensor)].channels;
  if (window_fits(out.rows(), l.stride_y, l.kernel_h, l.dilation_y, l.pad_top,
                  1) &&
      window_fits(out.columns(), l.stride_x, l.kernel_w, l.dilation_x,
                  l.pad_left, pixel)) {
    return;
  }
  throw Error(Exit::kUnsupported,
              l.name + ": windows that reach over 2 GB of a row",
              "use a smaller dilation");
}

}  // namespace

void check_limits(const Net& net, const Layer& l) {
  constexpr int kMapped = 0xFFFF;             // entries of 16 bits
  constexpr int kBetween = (1 << 27) / 1024;  // places count in 1/1024
  const Box &in = l.in[0].box, &out = l.out.box;
  if (has_window(l.op)) limit_window(net, l);
  if (l.op == OpCode::kResize) {
    limit(l, "a resize to rows and columns", out.rows() + out.columns(),
          kMapped);
    limit(l, "a resize from a side", std::max(in.rows(), in.columns()),
          kMapped);
  }
  if (l.op == OpCode::kBilinear) {
    limit(l, "a linear resize from a side", std::max(in.rows(), in.columns()),
          kBetween);
    limit(l, "a linear resize to a side", std::max(out.rows(), out.columns()),
          kMaxRows);
  }
  if (keeps_state(l.op))
    limit(l, "a sequence of steps", in.rows(), kMaxFirings - 2);
  if (l.op == OpCode::kConstant) {
    limit(l, "a constant of rows", out.rows(), kMapped);
  }
}

}  // namespace shoal
