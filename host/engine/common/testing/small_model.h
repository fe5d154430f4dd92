// For tests of running: a small model with a skip, and inputs for it.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {

inline std::vector<uint8_t> noise_bytes(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> out(count);
  for (uint8_t& v : out) v = static_cast<uint8_t>(random());
  return out;
}

// Operators: 0 CONV_2D "first", 1 CONV_2D "second", 2 ADD "sum", 3 RESHAPE.
inline Graph small_graph() {
  const auto values = [](size_t count, unsigned seed) {
    const std::vector<uint8_t> bytes = noise_bytes(count, seed);
    return std::vector<int8_t>(bytes.begin(), bytes.end());
  };
  ModelBuilder b;
  const int x = b.input({1, 9, 7, 2}, {0.05f, -3});
  const int w0 = b.weights({4, 3, 3, 2}, values(72, 1), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  b.rename(y, "first");
  const int w1 = b.weights({4, 3, 3, 4}, values(144, 2), {0.004f}, 0);
  const int z = b.conv(y, w1, -1, {0.06f, 1});
  b.rename(z, "second");
  const int sum = b.add(y, z, {0.1f, 0});
  b.rename(sum, "sum");
  b.output(b.reshape(sum, {1, 252}));
  return import_tflite(b.finish(), "small.tflite");
}

inline constexpr size_t kSummingInput = 4 * 3 * 2;

// A running sum of all frames, in one variable.
inline Graph summing_graph() {
  ModelBuilder b;
  const BuilderScale scale{0.05f, -3};
  const int x = b.input({1, 4, 3, 2}, scale);
  const int sum = b.variable({1, 4, 3, 2}, scale);
  const int y = b.add(b.read_variable(sum), x, scale);
  b.assign_variable(sum, y);
  b.output(y);
  return import_tflite(b.finish(), "sum");
}

// A picture of side x side that is seen whole, by a mean, before each of its
// rows is used: what does not fit goes to storage.
inline Graph squeezed_graph(int side) {
  const auto values = [](size_t count, unsigned seed) {
    const std::vector<uint8_t> bytes = noise_bytes(count, seed);
    return std::vector<int8_t>(bytes.begin(), bytes.end());
  };
  ModelBuilder b;
  const int x = b.input({1, side, side, 4}, {0.05f, -3});
  const int w0 = b.weights({16, 3, 3, 4}, values(16 * 36, 1), {0.004f}, 0);
  const int y = b.conv(x, w0, -1, {0.05f, 2});
  const int mean = b.reduce(OpKind::kMean, y, {1, 2}, true, {0.02f, 2});
  const int z = b.mul(y, mean, {0.05f, 2});
  const int w1 = b.weights({4, 1, 1, 16}, values(64, 2), {0.01f}, 0);
  b.output(b.conv(z, w1, -1, {0.05f, 2}));
  return import_tflite(b.finish(), "squeezed.tflite");
}

inline Prepared small_prepared() {
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  return prepare(small_graph(), request);
}

constexpr size_t kSmallInput = 9 * 7 * 2;

}  // namespace shoal
