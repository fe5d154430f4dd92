#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/data/image/picture.h"

namespace shoal {
namespace {

const Tensor& only_input(const Graph& graph) {
  if (graph.inputs.size() == 1) {
    return graph.tensors[static_cast<size_t>(graph.inputs[0])];
  }
  throw Error(Exit::kUsage,
              "the model has " + std::to_string(graph.inputs.size()) +
                  " inputs, a picture is one",
              "name the file of each: NAME=FILE NAME=FILE, or give all inputs "
              "one after another as a .bin file");
}

struct InputLayout {
  int height = 0, width = 0, channels = 0;
  bool channels_first = false;
};

InputLayout picture_layout(const Tensor& t) {
  const auto is_colour = [](int c) { return c == 1 || c == 3; };
  const Shape& s = t.shape;
  if (s.size() == 4 && s[0] == 1 && is_colour(s[3])) {
    return {s[1], s[2], s[3], false};
  }
  if (s.size() == 4 && s[0] == 1 && is_colour(s[1])) {
    return {s[2], s[3], s[1], true};
  }
  throw Error(Exit::kUsage,
              "input '" + t.name + "' is not a picture of 1 or 3 channels",
              "give its values as a .bin or .npy file");
}

// Returns the quantization that turns real input values into the nodes' int8:
// the input's own, or that of the QUANTIZE which reads it.
const Tensor* quantized_input(const Graph& graph, int input) {
  const Tensor& t = graph.tensors[static_cast<size_t>(input)];
  if (t.type != Type::kFloat32) return &t;
  for (const Op& op : graph.ops) {
    if (op.kind == OpKind::kQuantize && op.inputs[0] == input) {
      return &graph.tensors[static_cast<size_t>(op.outputs[0])];
    }
  }
  return nullptr;
}

float pick(const std::vector<float>& values, int channel, float otherwise) {
  if (values.empty()) return otherwise;
  return values[std::min(static_cast<size_t>(channel), values.size() - 1)];
}

void check_values(const char* flag, const std::vector<float>& values,
                  int channels, float least) {
  const size_t count = values.size();
  if (count > 1 && count != static_cast<size_t>(channels)) {
    throw Error(Exit::kUsage,
                std::string(flag) + ": " + std::to_string(count) +
                    " values for " + std::to_string(channels) + " channels",
                "give one value, or one for each channel");
  }
  for (float v : values) {
    if (std::isfinite(v) && v >= least) continue;
    throw Error(Exit::kUsage,
                std::string(flag) + ": " + std::to_string(v) +
                    (least > 0 ? " is not a deviation" : " is not a number"),
                least > 0 ? "give a number above 0" : "give a number");
  }
}

// Returns the scale to the nine digits in which people write it down: reals
// that are made from these are the golden ones, to the last bit.
double printed(float scale) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(scale));
  return std::strtod(text, nullptr);
}

uint8_t luminance(const uint8_t* rgb) {
  return static_cast<uint8_t>(
      (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

void append_float(std::vector<uint8_t>& out, float v) {
  uint8_t raw[sizeof v];
  std::memcpy(raw, &v, sizeof v);
  out.insert(out.end(), raw, raw + sizeof v);
}

// Returns the bytes of the input's values for pixel values 0..255 of a channel.
std::vector<uint8_t> codes_of(const Tensor& input, const Tensor* quantized,
                              const std::optional<Normalization>& norm,
                              int channel) {
  const float mean = norm ? pick(norm->mean, channel, 0) : 0;
  const float deviation = norm ? pick(norm->deviation, channel, 1) : 1;
  const double scale = quantized ? printed(quantized->scale()) : 1;
  const int flip = input.file_type == Type::kUint8 ? 0x80 : 0;
  std::vector<uint8_t> out;
  for (int p = 0; p < 256; ++p) {
    const float real = (static_cast<float>(p) - mean) / deviation;
    if (input.type == Type::kFloat32) {
      if (norm) {
        append_float(out, real);
      } else if (quantized) {
        append_float(out,
                     static_cast<float>((p - 128 - quantized->zero()) * scale));
      } else {
        append_float(out, static_cast<float>(p) / 255.f);
      }
      continue;
    }
    if (is_int16(input)) {
      // Without a normalization 0 to 255 are 0 to 1.
      const float value = norm ? real : static_cast<float>(p) / 255.f;
      const float rounded = std::round(value / input.scale());
      const int q = static_cast<int>(std::clamp(rounded, -32768.f, 32767.f));
      out.push_back(static_cast<uint8_t>(q & 0xFF));
      out.push_back(static_cast<uint8_t>(q >> 8 & 0xFF));
      continue;
    }
    int q = p - 128;
    if (norm) {
      const float rounded = std::round(real / input.scale());
      q = static_cast<int>(std::clamp(rounded, -1000.f, 1000.f)) + input.zero();
      q = std::clamp(q, -128, 127);
    }
    out.push_back(static_cast<uint8_t>((q & 0xFF) ^ flip));
  }
  return out;
}

bool one_for_all(const std::vector<float>& values) {
  return std::ranges::all_of(values, [&](float v) { return v == values[0]; });
}

}  // namespace

bool has_plain_pixels(const Normalization& n) {
  return one_for_all(n.mean) && one_for_all(n.deviation) &&
         (n.mean.empty() || (n.mean[0] >= 0 && n.mean[0] <= 255));
}

std::optional<Normalization> normalization_of(const Graph& graph,
                                              const PictureOptions& options) {
  if (options.normalization || !graph.pixels) return options.normalization;
  const Tensor& input = only_input(graph);
  // For a quantized input such a normalization is its scale and zero point.
  if (input.type == Type::kFloat32 || is_int16(input) ||
      !has_plain_pixels(*graph.pixels)) {
    return graph.pixels;
  }
  return std::nullopt;
}

PictureSize picture_size(const Graph& graph) {
  const InputLayout layout = picture_layout(only_input(graph));
  return {layout.width, layout.height};
}

std::vector<uint8_t> picture_input(const Graph& graph, const Picture& picture,
                                   const PictureOptions& options) {
  const Tensor& input = only_input(graph);
  const InputLayout layout = picture_layout(input);
  const std::optional<Normalization> norm = normalization_of(graph, options);
  if (norm) {
    constexpr float kTiny = std::numeric_limits<float>::min();
    check_values("--mean", norm->mean, layout.channels,
                 std::numeric_limits<float>::lowest());
    check_values("--std", norm->deviation, layout.channels, kTiny);
  }
  const Tensor* const quantized = quantized_input(graph, graph.inputs[0]);
  // Three colours of each pixel, and the values.
  const int64_t pixel_bytes = 3 + layout.channels * type_bytes(input.type);
  require_memory(
      saturated_product(int64_t{layout.width} * layout.height, pixel_bytes),
      "a picture of " + std::to_string(layout.width) + " x " +
          std::to_string(layout.height) + ", the input of " + graph.name);
  const Picture small = fit(picture, layout.width, layout.height, options.fit);
  std::vector<std::vector<uint8_t>> codes;
  for (int c = 0; c < layout.channels; ++c) {
    codes.push_back(codes_of(input, quantized, norm, c));
  }

  const size_t bytes = codes[0].size() / 256;
  const size_t pixels = small.rgb.size() / 3;
  std::vector<uint8_t> out(pixels * codes.size() * bytes);
  uint8_t* to = out.data();
  const auto put = [&](size_t channel, size_t p) {
    const uint8_t* const from = &codes[channel][p * bytes];
    if (bytes == 1) {
      *to++ = *from;
    } else {
      std::memcpy(to, from, bytes);
      to += bytes;
    }
  };
  const size_t planes = layout.channels_first ? codes.size() : 1;
  for (size_t plane = 0; plane < planes; ++plane) {
    for (size_t i = 0; i < small.rgb.size(); i += 3) {
      const uint8_t* const rgb = &small.rgb[i];
      if (layout.channels == 1) {
        put(0, luminance(rgb));
      } else if (layout.channels_first) {
        put(plane, rgb[plane]);
      } else {
        for (size_t c = 0; c < 3; ++c) put(c, rgb[c]);
      }
    }
  }
  return out;
}

}  // namespace shoal
