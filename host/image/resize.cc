#include <algorithm>
#include <cmath>

#include "host/image/picture.h"

namespace shoal {
namespace {

constexpr int kFractionBits = 22;

struct Taps {
  int first = 0;
  std::vector<int32_t> weights;
};

std::vector<Taps> make_taps(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double support = std::max(scale, 1.0);
  std::vector<Taps> taps(static_cast<size_t>(out));
  for (int x = 0; x < out; ++x) {
    const double centre = (x + 0.5) * scale;
    const int lo = std::max(0, static_cast<int>(centre - support + 0.5));
    const int hi = std::min(in, static_cast<int>(centre + support + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int i = lo; i < hi; ++i) {
      const double distance = std::abs((i - centre + 0.5) / support);
      weights.push_back(std::max(0.0, 1.0 - distance));
      sum += weights.back();
    }
    Taps& t = taps[static_cast<size_t>(x)];
    t.first = lo;
    for (const double w : weights) {
      t.weights.push_back(static_cast<int32_t>(
          std::floor(w / sum * (1 << kFractionBits) + 0.5)));
    }
  }
  return taps;
}

// Resizes along one axis of `lines` lines; element i of line l and channel c
// is at l * line_step + i * step + c.
void resize_axis(const uint8_t* in, uint8_t* out, int lines, int in_line_step,
                 int out_line_step, int step, int out_step, int channels,
                 const std::vector<Taps>& taps) {
  for (int line = 0; line < lines; ++line) {
    const uint8_t* const source = in + int64_t{line} * in_line_step;
    uint8_t* target = out + int64_t{line} * out_line_step;
    for (const Taps& t : taps) {
      for (int c = 0; c < channels; ++c) {
        int64_t sum = int64_t{1} << (kFractionBits - 1);
        const uint8_t* p = source + int64_t{t.first} * step + c;
        for (const int32_t w : t.weights) {
          sum += int64_t{w} * *p;
          p += step;
        }
        target[c] = static_cast<uint8_t>(
            std::clamp<int64_t>(sum >> kFractionBits, 0, 255));
      }
      target += out_step;
    }
  }
}

}  // namespace

Picture resize(const Picture& in, int width, int height) {
  const auto bytes = [](int w, int h) {
    return static_cast<size_t>(w) * static_cast<size_t>(h) * 3;
  };
  Picture wide{width, in.height, std::vector<uint8_t>(bytes(width, in.height))};
  resize_axis(in.rgb.data(), wide.rgb.data(), in.height, in.width * 3,
              width * 3, 3, 3, 3, make_taps(in.width, width));
  Picture out{width, height, std::vector<uint8_t>(bytes(width, height))};
  // Columns as lines: a line is one pixel column.
  resize_axis(wide.rgb.data(), out.rgb.data(), width, 3, 3, width * 3,
              width * 3, 3, make_taps(in.height, height));
  return out;
}

}  // namespace shoal
