// Writes what demo.sh shows until the project has a trained network of its
// own: a small hand-made one that tells in which direction a picture is
// striped, and pictures to try it on.
//   make_demo FOLDER
//
// The network is built like its trained relatives: a strided convolution
// (edge detectors of both signs in four directions), a depthwise layer, a
// pointwise one (which adds the two signs), a global average, a fully
// connected layer and a softmax.
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/import/model_builder.h"

namespace shoal {
namespace {

constexpr int kSize = 96;
constexpr int kDirections = 4;

// Derivatives across the stripes: horizontal, vertical, and the diagonals.
constexpr std::array<std::array<int, 9>, kDirections> kEdges = {{
    {1, 2, 1, 0, 0, 0, -1, -2, -1},
    {1, 0, -1, 2, 0, -2, 1, 0, -1},
    {2, 1, 0, 1, 0, -1, 0, -1, -2},
    {0, 1, 2, -1, 0, 1, -2, -1, 0},
}};

int edges(ModelBuilder& b, int picture) {
  constexpr int kUnit = 42;  // an edge weight of 1 on one of three colours
  std::vector<int8_t> weights;
  for (int o = 0; o < 2 * kDirections; ++o) {
    const int sign = o % 2 == 0 ? 1 : -1;
    for (const int w : kEdges[static_cast<size_t>(o / 2)]) {
      for (int c = 0; c < 3; ++c) {
        weights.push_back(static_cast<int8_t>(sign * w * kUnit));
      }
    }
  }
  const int w = b.weights({2 * kDirections, 3, 3, 3}, weights,
                          {1.f / (3 * 4 * kUnit)}, 0);
  ModelBuilder::Window window{.stride_h = 2, .stride_w = 2};
  window.activation = Activation::kRelu;
  return b.conv(picture, w, -1, {1.f / 255, -128}, window);
}

int smooth(ModelBuilder& b, int x) {
  const int channels = 2 * kDirections;
  const std::vector<int8_t> ones(static_cast<size_t>(9 * channels), 127);
  const int w = b.weights({1, 3, 3, channels}, ones, {1.f / (9 * 127)}, 3);
  const int bias = b.bias(std::vector<int32_t>(static_cast<size_t>(channels)));
  return b.depthwise(x, w, bias, {1.f / 255, -128},
                     {.stride_h = 2, .stride_w = 2});
}

int add_signs(ModelBuilder& b, int x) {
  std::vector<int8_t> weights(2 * kDirections * kDirections);
  for (size_t o = 0; o < kDirections; ++o) {
    weights[o * 2 * kDirections + 2 * o] = 127;
    weights[o * 2 * kDirections + 2 * o + 1] = 127;
  }
  const int w =
      b.weights({kDirections, 1, 1, 2 * kDirections}, weights, {1.f / 127}, 0);
  return b.conv(x, w, -1, {1.f / 255, -128});
}

// A direction scores what it has more than the others; a plain picture has
// nothing of any.
int classify(ModelBuilder& b, int energy) {
  std::vector<int8_t> weights;
  for (int o = 0; o < kDirections; ++o) {
    for (int i = 0; i < kDirections; ++i) {
      weights.push_back(static_cast<int8_t>(o == i ? 120 : -35));
    }
  }
  weights.insert(weights.end(), kDirections, -30);
  const float scale = 60.f / 127;
  const int w = b.weights({kDirections + 1, kDirections}, weights, {scale}, 0);
  std::vector<int32_t> bias(kDirections + 1, 0);
  bias[kDirections] = static_cast<int32_t>(std::lround(3.f / (scale / 255)));
  return b.fully_connected(energy, w, b.bias(bias), {0.1f, 0});
}

std::vector<uint8_t> make_model() {
  ModelBuilder b(Type::kUint8);
  const int picture = b.input({1, kSize, kSize, 3}, {1.f / 255, -128});
  const int energy =
      b.reduce(OpKind::kMean, add_signs(b, smooth(b, edges(b, picture))),
               {1, 2}, false, {1.f / 255, -128});
  b.output(b.softmax(classify(b, energy)));
  return b.finish();
}

using Shade = std::function<double(int x, int y)>;

void append(std::vector<uint8_t>& out, uint32_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<uint8_t>(v >> (8 * i)));
  }
}

// A 24-bit BMP of 192 x 144 pixels in two colours.
std::vector<uint8_t> make_bmp(const Shade& shade) {
  constexpr int kWidth = 192, kHeight = 144;
  constexpr uint32_t kHeader = 54, kPixels = kWidth * kHeight * 3;
  std::vector<uint8_t> out = {'B', 'M'};
  append(out, kHeader + kPixels, 4);
  append(out, 0, 4);
  append(out, kHeader, 4);
  append(out, 40, 4);
  append(out, kWidth, 4);
  append(out, kHeight, 4);
  append(out, 1, 2);
  append(out, 24, 2);
  append(out, 0, 4);
  append(out, kPixels, 4);
  for (int i = 0; i < 4; ++i) append(out, 0, 4);
  constexpr std::array<int, 3> kDark = {70, 40, 20}, kLight = {150, 220, 250};
  for (int y = kHeight - 1; y >= 0; --y) {
    for (int x = 0; x < kWidth; ++x) {
      const double t = shade(x, y);
      for (size_t c = 0; c < 3; ++c) {
        out.push_back(static_cast<uint8_t>(
            std::lround(kDark[c] + t * (kLight[c] - kDark[c]))));
      }
    }
  }
  return out;
}

double stripes(double phase) { return std::sin(phase * 0.26) > 0 ? 1 : 0; }

void write_all(const std::string& folder) {
  write_file(folder + "/stripes.tflite", make_model());
  write_file(folder + "/labels.txt",
             std::string("horizontal stripes\nvertical stripes\nstripes that "
                         "rise\nstripes that fall\nplain\n"));
  const std::pair<const char*, Shade> pictures[] = {
      {"horizontal", [](int, int y) { return stripes(y); }},
      {"vertical", [](int x, int) { return stripes(x); }},
      {"rising", [](int x, int y) { return stripes(x * 3 / 4 + y); }},
      {"falling", [](int x, int y) { return stripes(x * 3 / 4 - y); }},
      {"plain", [](int, int) { return 0.6; }},
  };
  for (const auto& [name, shade] : pictures) {
    write_file(folder + "/" + name + ".bmp", make_bmp(shade));
  }
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_demo FOLDER\n");
    return 2;
  }
  try {
    shoal::write_all(argv[1]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "make_demo: %s\n", e.what());
    return 1;
  }
  return 0;
}
