// Resizing by weighted sums: cubic interpolation, averages, and linear
// interpolation between places that TensorFlow Lite has no words for.
#include <algorithm>
#include <cmath>
#include <map>

#include "host/model/onnx/resize.h"

namespace shoal::onnx_import {
namespace {

double weight_at(const Interpolation& way, double distance) {
  const double x = std::abs(distance), a = way.a;
  if (!way.cubic) return std::max(0.0, 1 - x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

struct Sum {
  std::map<int, double> weights;  // by element of the input
};

// The sum that gives an element whose place is `place`. Elements beyond an edge
// are those of the edge, unless only those inside count.
Sum sum_at(const Interpolation& way, double place, int size, double scale) {
  const double shrink = way.averages ? std::min(scale, 1.0) : 1;
  const double reach = (way.cubic ? 2 : 1) / shrink;
  Sum sum;
  double total = 0;
  const auto last = static_cast<int64_t>(std::floor(place + reach));
  for (auto p = static_cast<int64_t>(std::ceil(place - reach)); p <= last;
       ++p) {
    if (way.inside && (p < 0 || p >= size)) continue;
    const double weight =
        weight_at(way, (static_cast<double>(p) - place) * shrink);
    if (weight == 0) continue;
    total += weight;
    sum.weights[static_cast<int>(std::clamp<int64_t>(p, 0, size - 1))] +=
        weight;
  }
  if (way.averages || way.inside) {
    for (auto& [element, weight] : sum.weights) weight /= total;
  }
  return sum;
}

bool leaves_all(const std::vector<Sum>& sums, int size) {
  if (sums.size() != static_cast<size_t>(size)) return false;
  for (int i = 0; i < size; ++i) {
    const auto& weights = sums[static_cast<size_t>(i)].weights;
    const auto itself = weights.find(i);
    if (weights.size() != 1 || itself == weights.end() || itself->second != 1) {
      return false;
    }
  }
  return true;
}

// The sums along one axis of the file, rows (2) or columns (3).
Value summed(OnnxCall& call, const Value& x, const std::vector<Sum>& sums,
             size_t axis) {
  size_t most = 1;
  for (const Sum& s : sums) most = std::max(most, s.weights.size());
  const int terms = static_cast<int>(most);
  const int out = static_cast<int>(sums.size());
  const std::string part = axis == 2 ? ":rows" : ":columns";
  const int place = place_of(x.order, static_cast<int>(axis));
  GatherAttr chosen{place, 1, {}};
  std::vector<float> factors;
  for (const Sum& s : sums) {
    for (const auto& [element, weight] : s.weights) {
      chosen.indices.push_back(element);
      factors.push_back(static_cast<float>(weight));
    }
    // Shorter sums have terms that are zero.
    for (size_t i = s.weights.size(); i < most; ++i) {
      chosen.indices.push_back(s.weights.rbegin()->first);
      factors.push_back(0);
    }
  }
  Shape dims = x.dims;
  dims[axis] = out * terms;
  Value y = call.emit(OpKind::kGather, {x.tensor}, dims, x.order, chosen,
                      (part + " chosen").c_str());
  if (std::ranges::any_of(factors, [](float f) { return f != 1; })) {
    Shape along{1, 1, 1, 1};
    along[static_cast<size_t>(place)] = out * terms;
    const int constant =
        call.constant_tensor((part + " weights").c_str(), along, factors);
    y = call.emit_like(OpKind::kMul, {y.tensor, constant}, y, FusedAttr{},
                       (part + " weighted").c_str());
  }
  if (terms == 1) return y;
  // A convolution by ones adds them up and rounds once.
  dims[axis] = out;
  WindowAttr window;
  (axis == 2 ? window.kernel_h : window.kernel_w) = terms;
  (axis == 2 ? window.stride_h : window.stride_w) = terms;
  const Shape shape{1, window.kernel_h, window.kernel_w, dims[1]};
  const int ones = call.constant_tensor(
      (part + " ones").c_str(), shape,
      std::vector<float>(static_cast<size_t>(element_count(shape)), 1.F));
  return call.emit(OpKind::kDepthwiseConv2d, {y.tensor, ones, -1}, dims,
                   y.order, window, (part + " summed").c_str());
}

}  // namespace

Value weighted_sums(OnnxCall& call, const Coordinates& c,
                    const Interpolation& way, Value x, const ResizedTo& to) {
  const Value given = x;
  for (const size_t axis : {size_t{2}, size_t{3}}) {
    const int in = x.dims[axis], out = to.dims[axis];
    // As ONNX Runtime has it, whatever the scale is.
    if (way.averages && in == out) continue;
    std::vector<Sum> sums;
    sums.reserve(static_cast<size_t>(out));
    for (int i = 0; i < out; ++i) {
      const double place = source_place(c, out, in, to.scales[axis], i);
      sums.push_back(sum_at(way, place, in, to.scales[axis]));
      if (sums.back().weights.empty()) {
        call.unsupported(text("place ", place, " of an axis of ", in,
                              " elements, near which there is none"));
      }
    }
    if (!leaves_all(sums, in)) x = summed(call, x, sums, axis);
  }
  if (x.tensor != given.tensor) {
    call.graph().rename(x.tensor, call.output_name());
  }
  return x;
}

}  // namespace shoal::onnx_import
