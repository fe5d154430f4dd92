#include "host/data/input/array_input.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"

namespace shoal {
namespace {

[[noreturn]] void refuse_value(const std::string& name, int64_t i,
                               const char* why) {
  throw Error(Exit::kUsage,
              printable(name) + ": value " + format_count(i) + " is " + why);
}

bool is_real(const Array& a) { return a.type == "f4" || a.type == "f8"; }

const Tensor& first_input(const Graph& graph) {
  return graph.tensors[static_cast<size_t>(graph.inputs[0])];
}

// Real values as the input's bytes; rounded half away from zero.
std::vector<uint8_t> quantized(const Tensor& t, const Array& a,
                               const std::string& name) {
  const int flip = t.file_type == Type::kUint8 ? 0x80 : 0;
  std::vector<uint8_t> out;
  for (int64_t i = 0; i < value_count(a); ++i) {
    const double real = value_at(a, i);
    if (!std::isfinite(real)) {
      refuse_value(name, i, "not a number");
    }
    const double q =
        std::round(real / static_cast<double>(t.scale())) + t.zero();
    if (is_int16(t)) {
      const int wide = static_cast<int>(std::clamp(q, -32768.0, 32767.0));
      out.push_back(static_cast<uint8_t>(wide & 0xFF));
      out.push_back(static_cast<uint8_t>(wide >> 8 & 0xFF));
      continue;
    }
    out.push_back(static_cast<uint8_t>(
        (static_cast<int>(std::clamp(q, -128.0, 127.0)) & 0xFF) ^ flip));
  }
  return out;
}

// Float64 values as float32.
std::vector<uint8_t> as_floats(const Array& a, const std::string& name) {
  std::vector<uint8_t> out(static_cast<size_t>(value_count(a)) * sizeof(float));
  for (int64_t i = 0; i < value_count(a); ++i) {
    const auto v = static_cast<float>(value_at(a, i));
    if (!std::isfinite(v)) refuse_value(name, i, "not a number in float32");
    std::memcpy(&out[static_cast<size_t>(i) * sizeof v], &v, sizeof v);
  }
  return out;
}

// The least and the largest value of an integer input without a scale.
std::optional<std::pair<double, double>> whole_range(const Tensor& t) {
  if (!t.quant.scale.empty()) return std::nullopt;
  const auto range = [](auto least, auto most) {
    return std::pair{static_cast<double>(least), static_cast<double>(most)};
  };
  using Int32 = std::numeric_limits<int32_t>;
  constexpr int64_t kExact = int64_t{1} << 53;  // of doubles
  switch (t.file_type) {
    case Type::kBool:
      return range(0, 1);
    case Type::kUint8:
      return range(0, 255);
    case Type::kInt8:
      return range(-128, 127);
    case Type::kInt16:
      return range(-32768, 32767);
    case Type::kInt32:
      return range(Int32::min(), Int32::max());
    case Type::kInt64:
      return range(-kExact, kExact);
    case Type::kFloat32:
    case Type::kInt4:  // of weights alone
      return std::nullopt;
  }
  return std::nullopt;
}

// Whole numbers as the integers of an input.
std::vector<uint8_t> as_integers(const Tensor& t, const Array& a,
                                 std::pair<double, double> range,
                                 const std::string& name) {
  const auto bytes = static_cast<size_t>(type_bytes(t.file_type));
  std::vector<uint8_t> out;
  for (int64_t i = 0; i < value_count(a); ++i) {
    const double v = value_at(a, i);
    if (!(v >= range.first && v <= range.second) || v != std::floor(v)) {
      refuse_value(name, i, "not an integer that the input takes");
    }
    const auto whole = static_cast<uint64_t>(static_cast<int64_t>(v));
    for (size_t k = 0; k < bytes; ++k) {
      out.push_back(static_cast<uint8_t>(whole >> 8 * k));
    }
  }
  return out;
}

// Returns whether the values are real and the only input is quantized.
bool is_to_quantize(const Graph& graph, const Array& a) {
  if (graph.inputs.size() != 1 || (a.type != "f4" && a.type != "f8")) {
    return false;
  }
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.inputs[0])];
  return (type_bytes(t.file_type) == 1 || is_int16(t)) &&
         !t.quant.scale.empty();
}

}  // namespace

std::string axes_text(std::span<const int64_t> shape) {
  std::string text;
  for (const int64_t n : shape) {
    text += (text.empty() ? "" : "x") + std::to_string(n);
  }
  return text.empty() ? "one value" : text;
}

std::string axes_text(const Shape& shape) {
  return axes_text(std::vector<int64_t>(shape.begin(), shape.end()));
}

std::vector<int64_t> axes_above_one(std::span<const int64_t> shape) {
  std::vector<int64_t> kept;
  std::ranges::copy_if(shape, std::back_inserter(kept),
                       [](int64_t n) { return n != 1; });
  return kept;
}

std::vector<int64_t> axes_above_one(const Shape& shape) {
  return axes_above_one(std::vector<int64_t>(shape.begin(), shape.end()));
}

std::optional<Picture> as_picture(const Array& a) {
  std::span<const int64_t> s = a.shape;
  if (s.size() == 4 && s[0] == 1) s = s.subspan(1);
  if (a.type != "u1" || s.size() != 3 || (s[2] != 3 && s[2] != 1)) {
    return std::nullopt;
  }
  if (s[0] < 1 || s[1] < 1 || s[0] > 65535 || s[1] > 65535) return std::nullopt;
  Picture picture{static_cast<int>(s[1]), static_cast<int>(s[0]), a.bytes};
  if (s[2] == 3) return picture;
  picture.rgb.clear();
  for (const uint8_t grey : a.bytes)
    picture.rgb.insert(picture.rgb.end(), 3, grey);
  return picture;
}

bool is_pixels(const Graph& graph, const Array& a) {
  if (a.type != "u1" || graph.inputs.size() != 1) return false;
  const Tensor& t = first_input(graph);
  if (axes_above_one(a.shape) != axes_above_one(t.shape))
    return as_picture(a).has_value();
  const bool is_map = t.shape.size() == 4 && t.shape[0] == 1 &&
                      (t.shape[3] == 1 || t.shape[3] == 3);
  return t.file_type != Type::kUint8 && t.file_type != Type::kBool && is_map;
}

void check_numbers(const Graph& graph, std::span<const uint8_t> file,
                   const std::string& name) {
  size_t at = 0;
  int64_t value = 0;
  for (const int input : graph.inputs) {
    const Tensor& t = graph.tensors[static_cast<size_t>(input)];
    const int64_t count = element_count(t.shape);
    const auto bytes = static_cast<size_t>(count * type_bytes(t.file_type));
    for (int64_t i = 0; t.file_type == Type::kFloat32 && i < count; ++i) {
      float v = 0;
      std::memcpy(&v, &file[at + 4 * static_cast<size_t>(i)], 4);
      if (std::isfinite(v)) continue;
      refuse_value(name, value + i, "not a number");
    }
    at += bytes;
    value += count;
  }
}

std::vector<uint8_t> array_input(const Graph& graph, const Array& given,
                                 const std::string& name,
                                 const PictureOptions& options) {
  if (graph.inputs.size() != 1) {
    throw Error(Exit::kUsage,
                printable(name) + ": has one array for " +
                    std::to_string(graph.inputs.size()) + " inputs",
                "name the file of each: NAME=FILE NAME=FILE, or give all "
                "inputs as a .npz file with an array of each name, or one "
                "after another as a .bin file");
  }
  const Tensor& t = first_input(graph);
  const bool same = axes_above_one(given.shape) == axes_above_one(t.shape);
  const std::string type = array_type(t.file_type);
  if (same && given.type == type) {
    check_numbers(graph, given.bytes, name);
    return given.bytes;
  }
  const bool bytes = type == "i1" || type == "u1" || type == "i2";
  if (same && is_real(given)) {
    if (bytes && !t.quant.scale.empty()) return quantized(t, given, name);
    if (t.file_type == Type::kFloat32) return as_floats(given, name);
    if (const auto range = whole_range(t)) {
      return as_integers(t, given, *range, name);
    }
  }
  Array a = given;
  if (same && is_pixels(graph, given)) {
    a.shape.assign(t.shape.begin(), t.shape.end());
  }
  if (const std::optional<Picture> picture = as_picture(a)) {
    return picture_input(graph, *picture, options);
  }
  throw Error(Exit::kUsage,
              printable(name) + ": " + axes_text(given.shape) +
                  " values of type " + given.type + ", input '" +
                  printable(t.name) + "' has " + axes_text(t.shape) + " of " +
                  type,
              (bytes ? "save that shape as " + type + ", or as f4 real values"
                     : std::string("save that shape and type")) +
                  "; several frames have their number as another axis in "
                  "front");
}

std::string doubt_about(const Graph& graph, const Array& a,
                        const std::string& name) {
  constexpr double kMostOutside = 0.05, kFewSteps = 4;
  const int64_t count = value_count(a);
  if (count == 0 || !is_to_quantize(graph, a)) return {};
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.inputs[0])];
  const auto scale = static_cast<double>(t.scale());
  const int lowest = is_int16(t) ? -32768 : -128, highest = -1 - lowest;
  const double low = (lowest - t.zero()) * scale;
  const double high = (highest - t.zero()) * scale;
  double least = value_at(a, 0), most = least;
  int64_t outside = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double v = value_at(a, i);
    least = std::min(least, v), most = std::max(most, v);
    outside += v < low - scale || v > high + scale ? 1 : 0;
  }
  const double share =
      static_cast<double>(outside) / static_cast<double>(count);
  char text[160];
  if (share > kMostOutside) {
    std::snprintf(text, sizeof text,
                  ": %.1f %% of the values lie outside of what the input holds "
                  "(%.4g to %.4g)",
                  100 * share, low, high);
  } else if (most > least && most - least < kFewSteps * scale) {
    std::snprintf(text, sizeof text,
                  ": all values (%.4g to %.4g) lie within %.0f of the input's "
                  "256 steps (%.4g to %.4g)",
                  least, most, kFewSteps, low, high);
  } else {
    return {};
  }
  return printable(name) + text + ": were they normalized as in training?";
}

}  // namespace shoal
