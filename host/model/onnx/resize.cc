// Resize between elements and by nearest ones: for these both formats' index
// tables are computed and compared, their words for coordinates are not.
#include "host/model/onnx/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "host/model/graph/quantize.h"

namespace shoal::onnx_import {

double source_place(const Coordinates& c, int out_size, int in_size,
                    double scale, int i) {
  if (c.mode == "align_corners") {
    return out_size == 1 ? 0 : double(i) * (in_size - 1) / (out_size - 1);
  }
  if (c.mode == "asymmetric") return i / scale;
  if (c.mode == "tf_half_pixel_for_nn") return (i + 0.5) / scale;
  if (c.mode == "pytorch_half_pixel" && out_size == 1) return 0;
  double first = -0.5;
  if (c.mode == "half_pixel_symmetric") {  // the middles lie on each other
    first += in_size / 2.0 * (1 - out_size / (scale * in_size));
  }
  return (i + 0.5) / scale + first;
}

namespace {

// The input index of each output index, as ONNX says.
std::vector<uint16_t> onnx_indices(const Coordinates& c, int in, int out,
                                   double scale) {
  std::vector<uint16_t> index(static_cast<size_t>(out));
  for (int i = 0; i < out; ++i) {
    const double place = source_place(c, out, in, scale, i);
    double at = std::floor(place);
    if (c.nearest == "ceil") at = std::ceil(place);
    if (c.nearest == "round_prefer_floor") at = std::ceil(place - 0.5);
    if (c.nearest == "round_prefer_ceil") at = std::floor(place + 0.5);
    index[static_cast<size_t>(i)] =
        static_cast<uint16_t>(std::clamp(at, 0.0, double(in - 1)));
  }
  return index;
}

// Upsample and the first Resize have only scales, and no regions of interest.
bool is_old(const OnnxCall& call) {
  return call.type() == "Upsample" || call.before(11);
}

std::vector<double> given_scales(const OnnxCall& call) {
  if (call.type() == "Upsample" && call.before(9)) {
    const auto* a = call.find("scales");
    call.require(a != nullptr && a->kind == AttributeKind::kList,
                 "has no scales");
    return {a->reals.begin(), a->reals.end()};
  }
  const size_t operand = is_old(call) ? 1 : 2;
  if (!call.has(operand)) return {};
  const std::vector<float>& scales = call.floats(operand, "scales");
  return {scales.begin(), scales.end()};
}

std::vector<int> named_axes(const OnnxCall& call, const Value& x) {
  std::vector<int> axes(x.rank());
  std::iota(axes.begin(), axes.end(), 0);
  if (!call.has_attribute("axes")) return axes;
  axes.clear();
  for (const int64_t a : call.integers("axes")) {
    axes.push_back(call.axis(a, x.rank()));
  }
  return axes;
}

// One scale for all axes that have a size, so that none is larger, or none
// smaller, than was asked for.
void keep_aspect_ratio(OnnxCall& call, const Value& x,
                       const std::vector<int>& axes, ResizedTo& to) {
  const std::string policy = call.word("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch" || axes.empty()) return;
  call.require(policy == "not_larger" || policy == "not_smaller",
               "keep_aspect_ratio_policy " + quoted(policy));
  double scale = to.scales[static_cast<size_t>(axes[0])];
  for (const int a : axes) {
    const double own = to.scales[static_cast<size_t>(a)];
    scale =
        policy == "not_larger" ? std::min(scale, own) : std::max(scale, own);
  }
  for (const int a : axes) {
    const auto i = static_cast<size_t>(a);
    const double size = std::floor(x.dims[i] * scale + 0.5);
    call.require(size >= 1, text("size ", size, " of an axis"));
    call.require_at_most(65535, "an axis", static_cast<int64_t>(size));
    to.scales[i] = scale;
    to.dims[i] = static_cast<int>(size);
  }
}

// From the scales or from the sizes, whichever the node gives.
ResizedTo resized(OnnxCall& call, const Value& x) {
  ResizedTo out{x.dims, std::vector<double>(x.rank(), 1)};
  const std::vector<double> scales = given_scales(call);
  const bool scaled = !scales.empty();
  if (!scaled && !call.has(3)) call.corrupt("has neither scales nor sizes");
  const std::vector<int> axes = named_axes(call, x);
  const size_t given = scaled ? scales.size() : call.numbers(3, "sizes").size();
  call.require(given == axes.size(),
               text(given, " sizes or scales for ", axes.size(), " axes"));
  for (size_t k = 0; k < axes.size(); ++k) {
    const auto i = static_cast<size_t>(axes[k]);
    double size = 0;
    if (scaled) {
      out.scales[i] = scales[k];
      size = std::floor(x.dims[i] * out.scales[i]);
    } else {
      size = static_cast<double>(call.numbers(3, "sizes")[k]);
      out.scales[i] = size / x.dims[i];
    }
    call.require(size >= 1, text("size ", size, " of an axis"));
    call.require_at_most(65535, "an axis",
                         static_cast<int64_t>(std::min(size, 1e18)));
    out.dims[i] = static_cast<int>(size);
  }
  if (!is_old(call)) {
    keep_aspect_ratio(call, x, scaled ? std::vector<int>{} : axes, out);
  }
  return out;
}

Coordinates coordinates_of(const OnnxCall& call) {
  if (is_old(call)) return {"asymmetric", "floor"};
  call.ignore({"extrapolation_value"});  // of regions
  const std::string mode =
      call.word("coordinate_transformation_mode", "half_pixel");
  constexpr const char* kModes[] = {
      "align_corners",        "asymmetric",         "half_pixel",
      "half_pixel_symmetric", "pytorch_half_pixel", "tf_crop_and_resize",
      "tf_half_pixel_for_nn"};
  if (std::ranges::find(kModes, mode) == std::end(kModes)) {
    call.unsupported("coordinates " + quoted(mode) + "; use half_pixel");
  }
  return {mode, call.word("nearest_mode", "round_prefer_floor")};
}

// Returns whether the scales are those of the sizes. Where they are not,
// corners are aligned by the scaled length, which ONNX and its runtimes round
// differently.
bool is_exact(const Value& x, const ResizedTo& to) {
  return std::ranges::all_of(std::array{size_t{2}, size_t{3}}, [&](size_t i) {
    const double exact = double(to.dims[i]) / x.dims[i];
    return std::abs(to.scales[i] / exact - 1) <= 1e-6;
  });
}

// TensorFlow Lite's words that give the same tables, in order of simplicity.
bool find_attr(const Coordinates& c, const Value& x, const ResizedTo& to,
               ResizeAttr& attr) {
  if (c.mode == "align_corners" && !is_exact(x, to)) return false;
  for (const ResizeAttr candidate :
       {ResizeAttr{false, false}, ResizeAttr{false, true},
        ResizeAttr{true, false}}) {
    bool same = true;
    for (const size_t axis : {size_t{2}, size_t{3}}) {
      same = same &&
             onnx_indices(c, x.dims[axis], to.dims[axis], to.scales[axis]) ==
                 nearest_indices(x.dims[axis], to.dims[axis], candidate);
    }
    if (same) {
      attr = candidate;
      return true;
    }
  }
  return false;
}

// Where TensorFlow Lite's places are ONNX's.
bool linear_attr(const Coordinates& c, const Value& x, const ResizedTo& to,
                 ResizeAttr& attr) {
  if (!is_exact(x, to)) return false;
  for (const size_t axis : {size_t{2}, size_t{3}}) {
    if (c.mode == "pytorch_half_pixel" && to.dims[axis] == 1) return false;
  }
  attr.align_corners = c.mode == "align_corners";
  attr.half_pixel_centers = c.mode == "half_pixel" ||
                            c.mode == "pytorch_half_pixel" ||
                            c.mode == "half_pixel_symmetric";
  return attr.align_corners || attr.half_pixel_centers ||
         c.mode == "asymmetric";
}

// Elements of rows and columns that no words of TensorFlow Lite's take.
Value chosen_elements(OnnxCall& call, const Coordinates& c, Value x,
                      const ResizedTo& to) {
  const QuantNote note = call.graph().note(x.tensor);
  for (const size_t axis : {size_t{2}, size_t{3}}) {
    const std::vector<uint16_t> index =
        onnx_indices(c, x.dims[axis], to.dims[axis], to.scales[axis]);
    GatherAttr attr{place_of(x.order, static_cast<int>(axis)), 1, {}};
    attr.indices.assign(index.begin(), index.end());
    std::vector<int> all(static_cast<size_t>(x.dims[axis]));
    std::iota(all.begin(), all.end(), 0);
    if (axis == 2 && attr.indices == all) continue;
    Shape dims = x.dims;
    dims[axis] = to.dims[axis];
    x = call.emit(OpKind::kGather, {x.tensor}, dims, x.order, attr,
                  axis == 2 ? ":rows" : "");
    call.graph().note(x.tensor) = note;
  }
  return x;
}

Interpolation interpolation_of(OnnxCall& call, const std::string& mode) {
  Interpolation way;
  way.cubic = mode == "cubic";
  way.a = call.real("cubic_coeff_a", way.a);
  way.averages = call.integer("antialias", 0) != 0;
  way.inside = call.integer("exclude_outside", 0) != 0 && way.cubic;
  return way;
}

void resize(OnnxCall& call) {
  call.expect_inputs(1, is_old(call) ? 2 : 4);
  const Value given = call.data(0);
  const std::string mode = call.word("mode", "nearest");
  const bool nearest = mode == "nearest";
  if (!nearest && mode != "linear" && mode != "cubic") {
    call.unsupported("mode " + quoted(mode) + "; use linear, cubic or nearest");
  }
  if (given.rank() != 3 && given.rank() != 4) {
    call.unsupported(
        text("an input of ", given.rank(), " axes; 3 or 4 are supported"));
  }
  const Coordinates c = coordinates_of(call);
  if (c.mode == "tf_crop_and_resize") {
    call.unsupported("regions; use Slice and Resize");
  }
  ResizedTo to = resized(call, given);
  if (to.dims[0] != given.dims[0] || to.dims[1] != given.dims[1]) {
    call.unsupported("other axes than height and width");
  }
  const Interpolation way = interpolation_of(call, mode);
  if (to.dims == given.dims) return call.set_output(0, given);
  if (given.rank() == 3) {  // one row
    to.dims.insert(to.dims.begin() + 2, 1);
    to.scales.insert(to.scales.begin() + 2, 1);
  }
  const Value x = windowed(call, given);
  ResizeAttr attr;
  const bool averages =
      way.averages && (to.dims[2] < x.dims[2] || to.dims[3] < x.dims[3]);
  if (!nearest && !way.cubic && !averages && linear_attr(c, x, to, attr)) {
    return set_windowed(call, call.emit(OpKind::kResizeBilinear, {x.tensor},
                                        to.dims, x.order, attr));
  }
  if (!nearest) {
    if (c.mode == "align_corners" && !is_exact(x, to)) {
      call.unsupported(text("coordinates ", quoted(c.mode), " from ",
                            shape_text(x.dims), " to ", shape_text(to.dims),
                            "; give sizes, half_pixel"));
    }
    return set_windowed(call, weighted_sums(call, c, way, x, to));
  }
  if (!find_attr(c, x, to, attr)) {
    return set_windowed(call, chosen_elements(call, c, x, to));
  }
  set_windowed(call, call.emit(OpKind::kResizeNearestNeighbor, {x.tensor},
                               to.dims, x.order, attr));
}

}  // namespace

bool convert_resize(OnnxCall& call) {
  if (call.type() != "Resize" && call.type() != "Upsample") return false;
  resize(call);
  return true;
}

}  // namespace shoal::onnx_import
