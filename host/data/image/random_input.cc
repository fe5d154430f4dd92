#include "host/data/image/random_input.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/data/image/picture.h"

namespace shoal {
namespace {

constexpr char kPrefix[] = "random:";

uint64_t mix(uint64_t z) {  // splitmix64
  z += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// Random values -128..127 at the corners of squares of `cell` pixels, and
// what lies between them.
struct Patches {
  uint64_t seed;
  int cell;

  int corner(int y, int x) const {
    const uint64_t place =
        static_cast<uint64_t>(y) << 32 | static_cast<uint32_t>(x);
    return static_cast<int>(mix(seed ^ mix(place)) & 0xFF) - 128;
  }
  int at(int y, int x) const {
    const int row = y / cell, column = x / cell;
    const int down = y % cell, right = x % cell;
    const int top =
        corner(row, column) * (cell - right) + corner(row, column + 1) * right;
    const int bottom = corner(row + 1, column) * (cell - right) +
                       corner(row + 1, column + 1) * right;
    return (top * (cell - down) + bottom * down) / (cell * cell);
  }
};

Picture random_picture(int width, int height, uint64_t seed) {
  Picture picture{width, height, {}};
  picture.rgb.reserve(static_cast<size_t>(width) * height * 3);
  const int large = std::max(4, std::min(width, height) / 4);
  const int small = std::max(2, large / 6);
  const Patches light{mix(seed), large}, texture{mix(seed + 1), small};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int grey = light.at(y, x) + texture.at(y, x) / 2;
      for (uint64_t c = 0; c < 3; ++c) {
        const Patches colour{mix(seed + 2 + c), large};
        const Patches noise{mix(seed + 5 + c), 1};
        const int value =
            128 + grey + colour.at(y, x) / 2 + noise.at(y, x) / 16;
        picture.rgb.push_back(static_cast<uint8_t>(std::clamp(value, 0, 255)));
      }
    }
  }
  return picture;
}

bool is_picture(const Graph& graph) {
  if (graph.inputs.size() != 1) return false;
  const Shape& s = graph.tensors[static_cast<size_t>(graph.inputs[0])].shape;
  return s.size() == 4 && s[0] == 1 &&
         (s[3] == 3 || s[3] == 1 || s[1] == 3 || s[1] == 1);
}

void append_values(const Tensor& t, uint64_t seed, std::vector<uint8_t>& out) {
  const auto count = static_cast<uint64_t>(element_count(t.shape));
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t random = mix(seed + i);
    if (t.type == Type::kFloat32) {
      const float v =
          static_cast<float>(static_cast<int>(random & 0xFFFF) - 0x8000) /
          0x8000;
      uint8_t raw[sizeof v];
      std::memcpy(raw, &v, sizeof v);
      out.insert(out.end(), raw, raw + sizeof v);
    } else {
      for (int k = 0; k < type_bytes(t.type); ++k) {
        out.push_back(static_cast<uint8_t>(random >> (8 * k)));
      }
    }
  }
}

}  // namespace

bool is_random_input(const std::string& input) {
  return input.starts_with(kPrefix);
}

uint64_t random_seed_of(const std::string& input) {
  uint64_t seed = 0;
  const char* const end = input.data() + input.size();
  const auto [stop, error] =
      std::from_chars(input.data() + sizeof kPrefix - 1, end, seed);
  if (error == std::errc() && stop == end) return seed;
  throw Error(Exit::kUsage, input + ": the seed is not a number",
              "give a number, as in random:1");
}

std::vector<uint8_t> random_input(const Graph& graph, uint64_t seed) {
  int64_t bytes = 0, values = 0;
  for (const int t : graph.inputs) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
    const int64_t count = element_count(tensor.shape);
    values = saturated_sum(values, count);
    bytes =
        saturated_sum(bytes, saturated_product(count, type_bytes(tensor.type)));
  }
  if (is_picture(graph)) {
    // A pixel has three colours; the values have one of them or all three.
    const Shape& s = graph.tensors[static_cast<size_t>(graph.inputs[0])].shape;
    const bool grey = s[3] == 1 || (s[3] != 3 && s[1] == 1);
    bytes = saturated_sum(bytes, saturated_product(values, grey ? 3 : 1));
  }
  require_memory(bytes, "a random input of " + graph.name);
  if (is_picture(graph)) {
    const Shape& s = graph.tensors[static_cast<size_t>(graph.inputs[0])].shape;
    const bool last = s[3] == 3 || s[3] == 1;
    return picture_input(
        graph, random_picture(s[last ? 2 : 3], s[last ? 1 : 2], seed), {});
  }
  std::vector<uint8_t> out;
  for (const int t : graph.inputs) {
    append_values(graph.tensors[static_cast<size_t>(t)], mix(seed++), out);
  }
  return out;
}

}  // namespace shoal
