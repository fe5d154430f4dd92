#include <algorithm>
#include <cmath>

#include "host/data/image/picture.h"

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

// Values are sums of up to 255 << kFractionBits, weights of a pixel together 1
// << kFractionBits except for their rounding: 32 bits are enough.
constexpr int32_t kHalf = 1 << (kFractionBits - 1);

uint8_t rounded(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

void resize_row(const uint8_t* in, uint8_t* out,
                const std::vector<Taps>& taps) {
  for (const Taps& t : taps) {
    const uint8_t* p = in + int64_t{t.first} * 3;
    int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (const int32_t w : t.weights) {
      red += w * p[0];
      green += w * p[1];
      blue += w * p[2];
      p += 3;
    }
    *out++ = rounded(red);
    *out++ = rounded(green);
    *out++ = rounded(blue);
  }
}

// One row out of several, each of sums.size() bytes.
void blend_rows(const uint8_t* in, uint8_t* out, const Taps& taps,
                std::vector<int32_t>& sums) {
  const size_t bytes = sums.size();
  const uint8_t* row = in + static_cast<size_t>(taps.first) * bytes;
  std::ranges::fill(sums, kHalf);
  for (const int32_t w : taps.weights) {
    for (size_t i = 0; i < bytes; ++i) sums[i] += w * row[i];
    row += bytes;
  }
  for (size_t i = 0; i < bytes; ++i) out[i] = rounded(sums[i]);
}

}  // namespace

Picture resize(const Picture& in, int width, int height) {
  const size_t in_bytes = static_cast<size_t>(in.width) * 3;
  const size_t bytes = static_cast<size_t>(width) * 3;
  std::vector<uint8_t> wide(bytes * static_cast<size_t>(in.height));
  const std::vector<Taps> columns = make_taps(in.width, width);
  for (size_t y = 0; y < static_cast<size_t>(in.height); ++y) {
    resize_row(&in.rgb[y * in_bytes], &wide[y * bytes], columns);
  }
  Picture out{width, height,
              std::vector<uint8_t>(bytes * static_cast<size_t>(height))};
  std::vector<int32_t> sums(bytes);
  uint8_t* row = out.rgb.data();
  for (const Taps& taps : make_taps(in.height, height)) {
    blend_rows(wide.data(), row, taps, sums);
    row += bytes;
  }
  return out;
}

}  // namespace shoal
