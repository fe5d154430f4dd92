// RESIZE_BILINEAR in 1024ths of a place, as TensorFlow Lite's integer kernel
// has it: the four bytes around, times parts of 1024^2. Its rounding can lie
// behind the last row or column, where the reference reads what follows the
// picture; there the last one is taken.
#include <algorithm>

#include "host/model/graph/quantize.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/strides.h"

namespace shoal::oracle {
namespace {

struct Place {
  int lo, hi;
  int64_t part;  // of hi, in 1024ths
};

Place place(int size, BilinearLine line, int at) {
  const int p = at * line.scale + line.base;
  Place out{std::max(p / 1024, 0), std::min((p + 1023) / 1024, size - 1), 0};
  out.lo = std::min(out.lo, size - 1);
  out.part = p - 1024 * out.lo;
  return out;
}

}  // namespace

void bilinear(const Call& call) {
  const auto& a = call.attr<ResizeAttr>();
  const Shape &in = call.in().shape, &out = call.out().shape;
  const BilinearLine rows = bilinear_line(in[1], out[1], a);
  const BilinearLine columns = bilinear_line(in[2], out[2], a);
  const auto x = call.int8s();
  const auto y = call.result();
  const Strides strides = strides_of(in);
  size_t o = 0;
  for_each_index(out, [&](const Index& at) {
    const Place v = place(in[1], rows, at[1]);
    const Place h = place(in[2], columns, at[2]);
    const auto byte = [&](int row, int column) {
      return int64_t{x[static_cast<size_t>(
          offset_of({at[0], row, column, at[3]}, strides))]};
    };
    const int64_t sum = byte(v.lo, h.lo) * (1024 - v.part) * (1024 - h.part) +
                        byte(v.lo, h.hi) * (1024 - v.part) * h.part +
                        byte(v.hi, h.lo) * v.part * (1024 - h.part) +
                        byte(v.hi, h.hi) * v.part * h.part;
    const int64_t half = int64_t{1} << 19;
    y[o++] = static_cast<int8_t>((sum + (sum > 0 ? half : -half)) / (2 * half));
  });
}

}  // namespace shoal::oracle
