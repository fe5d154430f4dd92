// Pools over windows and reductions over whole axes.
#include <algorithm>

#include "device/base/fixed_point.h"
#include "host/model/graph/quantize.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/strides.h"

namespace shoal::oracle {
namespace {

// The sum, count and maximum of the places of one window that lie inside the
// picture.
struct Window {
  int sum = 0, count = 0, highest = -128;

  void add(int8_t v) {
    sum += v;
    ++count;
    highest = std::max<int>(highest, v);
  }
  int average() const {
    if (count == 0) return 0;
    return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
  }
};

}  // namespace

void pool(const Call& call) {
  const auto& a = call.attr<WindowAttr>();
  const Shape &in = call.in().shape, &out = call.out().shape;
  const auto x = call.int8s();
  const auto y = call.result();
  const Strides strides = strides_of(in);
  const auto [low, high] =
      activation_range(a.activation, call.out().scale(), call.out().zero());
  const bool average = call.op().kind == OpKind::kAveragePool2d;
  size_t o = 0;
  for_each_index(out, [&, low = low, high = high](const Index& at) {
    Window window;
    const int y0 = at[1] * a.stride_h - a.pad_top;
    const int x0 = at[2] * a.stride_w - a.pad_left;
    for (int iy = std::max(y0, 0); iy < std::min(y0 + a.kernel_h, in[1]);
         ++iy) {
      for (int ix = std::max(x0, 0); ix < std::min(x0 + a.kernel_w, in[2]);
           ++ix) {
        window.add(x[offset_of({at[0], iy, ix, at[3]}, strides)]);
      }
    }
    const int value = average ? window.average() : window.highest;
    y[o++] = static_cast<int8_t>(clamp(value, low, high));
  });
}

void rescaled_sum(const Call& call) {
  const auto& reduced = call.attr<ReduceAttr>().reduced;
  const Tensor &x = call.in(), &y = call.out();
  const int count = reduced_count(x.shape, reduced);
  const ReduceParams p = call.op().kind == OpKind::kMean
                             ? mean_params(x, y, count)
                             : sum_params(x, y, count);
  const auto in = call.int8s();
  const auto out = call.result();
  const Strides strides = reduced_strides(x.shape, reduced);
  std::vector<uint32_t> sums(out.size(), 0);
  size_t i = 0;
  for_each_index(x.shape, [&](const Index& index) {
    sums[offset_of(index, strides)] += bits(in[i++]);
  });
  const uint32_t zeros = bits(count) * bits(x.zero());
  for (size_t o = 0; o < out.size(); ++o) {
    const int32_t scaled =
        requantize(wrap(sums[o] - zeros), p.multiplier, p.shift);
    out[o] = static_cast<int8_t>(clamp(wrap_add(scaled, y.zero()), -128, 127));
  }
}

void extreme_byte(const Call& call) {
  const Shape& shape = call.in().shape;
  const auto in = call.int8s();
  const auto out = call.result();
  const Strides strides =
      reduced_strides(shape, call.attr<ReduceAttr>().reduced);
  const bool most = call.op().kind == OpKind::kReduceMax;
  std::fill(out.begin(), out.end(), most ? int8_t{-128} : int8_t{127});
  size_t i = 0;
  for_each_index(shape, [&](const Index& index) {
    int8_t& v = out[offset_of(index, strides)];
    v = most ? std::max(v, in[i]) : std::min(v, in[i]);
    ++i;
  });
}

}  // namespace shoal::oracle
