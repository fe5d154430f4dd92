// Random networks that keep variables from frame to frame: rings of rows, sums
// that run, delays, variables that are swapped; and frames for them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "host/model/graph/graph.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {

class RandomStream {
 public:
  explicit RandomStream(uint32_t seed)
      : random_(seed),
        int8_(pick(0, 3) > 0),
        b_(int8_ ? Type::kInt8 : Type::kUint8) {
    const Shape in{1, pick(1, 6), pick(1, 4), pick(1, 6)};
    int x = b_.input(in, {0.02f * static_cast<float>(pick(1, 5)), pick(-9, 9)});
    for (int steps = pick(2, 6); steps > 0; --steps) x = step(x);
    b_.output(x);
    if (pick(0, 2) == 0 && !read_.empty()) b_.output(read_.back());
  }
  std::vector<uint8_t> file() const { return b_.finish(); }

 private:
  int pick(int low, int high) {
    return low +
           static_cast<int>(random_() % static_cast<uint32_t>(high - low + 1));
  }
  std::vector<int8_t> bytes(int64_t count) {
    std::vector<int8_t> all(static_cast<size_t>(count));
    for (int8_t& v : all) v = static_cast<int8_t>(pick(-128, 127));
    return all;
  }
  int variable(const Shape& shape, BuilderScale scale) {
    const bool set = pick(0, 1);
    const int v =
        b_.variable(shape, scale,
                    set ? bytes(element_count(shape)) : std::vector<int8_t>{});
    return v;
  }
  int read(int handle) {
    read_.push_back(b_.read_variable(handle));
    return read_.back();
  }

  int step(int x) {
    switch (pick(0, 7)) {
      case 0:
      case 1:
        return ring(x);
      case 2:
        return sum(x);
      case 3:
        return delay(x);
      case 4:
        return swap(x);
      case 5:
        return lstm(x);
      default:
        return conv(x);
    }
  }

  // Rows of the frames before, and this one's; the last of them are kept.
  int ring(int x) {
    const Shape s = b_.shape(x);
    if (pick(0, 2) == 0) return window(x);
    const int rows = pick(1, 9);
    const int v = variable({1, rows, s[2], s[3]}, b_.scale(x));
    const int all = b_.concatenation({read(v), x}, 1);
    const int last = b_.strided_slice(
        all, {{0, s[1], 0, 0}, {1, s[1] + rows, s[2], s[3]}, {1, 1, 1, 1}});
    b_.assign_variable(v, last);
    return all;
  }

  // All rows of the last frames; the oldest that it holds nobody reads.
  int window(int x) {
    const Shape s = b_.shape(x);
    const int rows = s[1] + pick(1, 9);
    const int v = variable({1, rows, s[2], s[3]}, b_.scale(x));
    const int last = b_.strided_slice(
        read(v), {{0, s[1], 0, 0}, {1, rows, s[2], s[3]}, {1, 1, 1, 1}});
    const int all = b_.concatenation({last, x}, 1);
    b_.assign_variable(v, all);
    return all;
  }

  int sum(int x) {
    const int v = variable(b_.shape(x), b_.scale(x));
    const int y = b_.add(read(v), x, b_.scale(x));
    b_.assign_variable(v, y);
    if (pick(0, 1)) return y;
    return b_.add(read(v), x, b_.scale(x));  // what was assigned
  }

  int delay(int x) {
    const int v = variable(b_.shape(x), b_.scale(x));
    const int before = read(v);
    b_.assign_variable(v, x);
    return pick(0, 1) ? before : b_.add(before, x, b_.scale(x));
  }

  // Swaps the values of two variables.
  int swap(int x) {
    const int v = variable(b_.shape(x), b_.scale(x));
    const int w = variable(b_.shape(x), b_.scale(x));
    const int first = read(v), second = read(w);
    b_.assign_variable(v, second);
    b_.assign_variable(w, pick(0, 1) ? first : x);
    return b_.add(first, x, b_.scale(x));
  }

  // Pixels are steps; a convolution may come before it and behind it. There is
  // no kernel for uint8.
  int lstm(int x) {
    if (!int8_) return conv(x);
    const Shape s = b_.shape(x);
    const int steps = s[1] * s[2];
    ModelBuilder::LstmSpec l;
    l.units = pick(1, 7);
    l.weights = bytes(int64_t{4} * l.units * (s[3] + l.units));
    for (int k = 0; k < 4 * l.units; ++k) l.biases.push_back(pick(-900, 900));
    l.weight_scale = 0.001f * static_cast<float>(pick(1, 20));
    l.hidden = {0.004f * static_cast<float>(pick(1, 3)), pick(-20, 20)};
    l.cell_scale = std::ldexp(1.f, -pick(8, 15));
    if (pick(0, 2) == 0) l.clip = 0.5f;
    l.time_major = pick(0, 1) == 1;
    const Shape in =
        l.time_major ? Shape{steps, 1, s[3]} : Shape{1, steps, s[3]};
    const int y = b_.lstm(b_.reshape(x, in), l);
    if (pick(0, 2) > 0) return b_.reshape(y, {1, s[1], s[2], l.units});
    std::vector<int> begin(3, 0);
    begin[l.time_major ? 0 : 1] = steps - 1;
    const int last = b_.strided_slice(y, {begin, b_.shape(y), {1, 1, 1}});
    return b_.reshape(last, {1, 1, 1, l.units});
  }

  int conv(int x) {
    const Shape s = b_.shape(x);
    const int kh = pick(1, std::min(s[1], 20)), kw = pick(1, s[2]);
    BuilderWindow w;
    w.same = pick(0, 2) == 0;
    if (pick(0, 2) == 0) w.stride_h = pick(1, 2);
    const float spread = 0.4f * b_.scale(x).scale *
                         std::sqrt(static_cast<float>(kh * kw * s[3]));
    const BuilderScale y{std::max(spread, 1e-5f), pick(-20, 20)};
    if (pick(0, 1)) {
      const Shape weights{1, kh, kw, s[3]};
      return b_.depthwise(
          x, b_.weights(weights, bytes(element_count(weights)), {0.006f}, 3),
          -1, y, w);
    }
    const Shape weights{pick(1, 7), kh, kw, s[3]};
    return b_.conv(
        x, b_.weights(weights, bytes(element_count(weights)), {0.006f}, 0), -1,
        y, w);
  }

  std::mt19937 random_;
  bool int8_;
  ModelBuilder b_;
  std::vector<int> read_;
};

inline std::vector<std::vector<uint8_t>> random_frames(const Graph& g,
                                                       int count_of_frames,
                                                       std::mt19937& random) {
  std::vector<std::vector<uint8_t>> frames;
  for (int f = 0; f < count_of_frames; ++f) {
    const auto count =
        element_count(g.tensors[static_cast<size_t>(g.inputs[0])].shape);
    std::vector<uint8_t>& frame =
        frames.emplace_back(static_cast<size_t>(count));
    for (uint8_t& b : frame) b = static_cast<uint8_t>(random());
  }
  return frames;
}

}  // namespace shoal
