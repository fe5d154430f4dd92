#include "host/data/input/input.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/data/array/npy.h"
#include "host/data/image/webp.h"

namespace shoal {
namespace {

// "1x96x96x3"
std::string shape_text(std::span<const int64_t> shape) {
  std::string text;
  for (const int64_t n : shape) {
    text += (text.empty() ? "" : "x") + std::to_string(n);
  }
  return text.empty() ? "one value" : text;
}

// Returns the shape without the axes of size 1 in front.
std::vector<int64_t> core(std::span<const int64_t> shape) {
  const auto first =
      std::ranges::find_if(shape, [](int64_t n) { return n != 1; });
  return {first, shape.end()};
}

// A picture that was saved as an array: rows x columns x 3, or x 1, perhaps of
// a batch of one.
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

// No NaN, no infinity among the values of float32 inputs.
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
      throw Error(Exit::kUsage, printable(name) + ": value " +
                                    format_count(value + i) +
                                    " is not a number");
    }
    at += bytes;
    value += count;
  }
}

// Real values as the input's bytes; rounded half away from zero.
std::vector<uint8_t> quantized(const Tensor& t, const Array& a,
                               const std::string& name) {
  const int flip = t.file_type == Type::kUint8 ? 0x80 : 0;
  std::vector<uint8_t> out;
  for (int64_t i = 0; i < value_count(a); ++i) {
    const double real = value_at(a, i);
    if (!std::isfinite(real)) {
      throw Error(Exit::kUsage, printable(name) + ": value " + format_count(i) +
                                    " is not a number");
    }
    const double q =
        std::round(real / static_cast<double>(t.scale())) + t.zero();
    out.push_back(static_cast<uint8_t>(
        (static_cast<int>(std::clamp(q, -128.0, 127.0)) & 0xFF) ^ flip));
  }
  return out;
}

std::vector<uint8_t> array_input(const Graph& graph, const Array& a,
                                 const std::string& name,
                                 const PictureOptions& options) {
  if (graph.inputs.size() != 1) {
    throw Error(Exit::kUsage,
                printable(name) + ": one array for " +
                    std::to_string(graph.inputs.size()) + " inputs",
                "name the file of each: NAME=FILE NAME=FILE, or give all "
                "inputs one after another as a .bin file");
  }
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.inputs[0])];
  const std::vector<int64_t> wanted(t.shape.begin(), t.shape.end());
  const bool same = core(a.shape) == core(wanted);
  const std::string type = array_type(t.file_type);
  if (same && a.type == type) {
    check_numbers(graph, a.bytes, name);
    return a.bytes;
  }
  const bool real = a.type == "f4" || a.type == "f8";
  const bool bytes = type == "i1" || type == "u1";
  if (same && real && bytes && !t.quant.scale.empty()) {
    return quantized(t, a, name);
  }
  if (const std::optional<Picture> picture = as_picture(a)) {
    return picture_input(graph, *picture, options);
  }
  throw Error(Exit::kUsage,
              printable(name) + ": " + shape_text(a.shape) +
                  " values of type " + a.type + ", input '" + t.name +
                  "' has " + shape_text(wanted) + " of " + type,
              bytes ? "save that shape as " + type + ", or as f4 real values"
                    : "save that shape and type");
}

// Returns whether the values are real and the only input is quantized.
bool is_to_quantize(const Graph& graph, const Array& a) {
  if (graph.inputs.size() != 1 || (a.type != "f4" && a.type != "f8")) {
    return false;
  }
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.inputs[0])];
  return type_bytes(t.file_type) == 1 && !t.quant.scale.empty();
}

std::string doubt_about(const Graph& graph, const Array& a,
                        const std::string& name) {
  constexpr double kMostOutside = 0.05, kFewSteps = 4;
  const int64_t count = value_count(a);
  if (count == 0 || !is_to_quantize(graph, a)) return {};
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.inputs[0])];
  const auto scale = static_cast<double>(t.scale());
  const double low = (-128 - t.zero()) * scale, high = (127 - t.zero()) * scale;
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

std::string extension_of(const std::string& name) {
  return std::filesystem::path(name).extension().string();
}

}  // namespace

int64_t input_file_bytes(const Graph& graph) {
  int64_t bytes = 0;
  for (const int input : graph.inputs) {
    const Tensor& t = graph.tensors[static_cast<size_t>(input)];
    bytes += element_count(t.shape) * type_bytes(t.type);
  }
  return bytes;
}

Graph with_one_input(const Graph& graph, int input) {
  Graph one;
  one.name = graph.name;
  one.tensors.push_back(graph.tensors[static_cast<size_t>(input)]);
  one.inputs = {0};
  if (graph.inputs.size() == 1) one.pixels = graph.pixels;
  for (const Op& op : graph.ops) {
    if (op.kind != OpKind::kQuantize || op.inputs[0] != input) continue;
    one.tensors.push_back(graph.tensors[static_cast<size_t>(op.outputs[0])]);
    one.ops.push_back({OpKind::kQuantize, {0}, {1}, {}});
    break;
  }
  return one;
}

bool has_values(const std::string& name) {
  const std::string e = extension_of(name);
  return e == ".bin" || e == ".npy";
}

std::vector<uint8_t> file_input(const Graph& graph, const std::string& name,
                                std::span<const uint8_t> file,
                                const PictureOptions& options,
                                std::string* doubt) {
  if (doubt != nullptr) doubt->clear();
  if (extension_of(name) == ".npy") {
    const Array a = parse_npy(file, printable(name));
    if (doubt != nullptr) *doubt = doubt_about(graph, a, name);
    return array_input(graph, a, name, options);
  }
  if (extension_of(name) != ".bin") {
    if (is_riff(file, "WAVE")) {
      throw Error(Exit::kUsage,
                  printable(name) + ": sound, which shoal makes no features of",
                  "give what the model's front end makes of it (a spectrogram, "
                  "MFCC) as .bin or .npy");
    }
    return picture_input(graph, decode_picture(file, name), options);
  }
  const int64_t wanted = input_file_bytes(graph);
  if (static_cast<int64_t>(file.size()) != wanted) {
    throw Error(Exit::kUsage,
                printable(name) + ": " +
                    format_count(static_cast<int64_t>(file.size())) +
                    " bytes, the model's input has " + format_count(wanted));
  }
  check_numbers(graph, file, name);
  return {file.begin(), file.end()};
}

}  // namespace shoal
