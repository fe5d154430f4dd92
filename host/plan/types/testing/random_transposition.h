// Transpositions for tests: two to four digits in any order, in any rows,
// columns and channels.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "device/program/params.h"
#include "host/lower/net.h"

namespace shoal {

inline Layer random_transposition(std::mt19937& random) {
  const auto pick = [&](int low, int high) {
    return low +
           static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
  };
  // Rows, columns and channels are the products of neighbouring digits.
  const auto box = [&](const std::array<int, 4>& sizes) {
    std::array<int, 3> extents{1, 1, 1};
    size_t axis = 0;
    for (const int size : sizes) {
      extents[axis] *= size;
      if (axis < 2) axis += static_cast<size_t>(pick(0, 1));
    }
    const int y = pick(0, 3), x = pick(0, 3), c = pick(0, 3);
    return Box{y, y + extents[0], x, x + extents[1], c, c + extents[2]};
  };
  std::array<int, 4> sizes{}, order{0, 1, 2, 3}, moved{};
  for (int& size : sizes) size = pick(1, 5);
  std::ranges::shuffle(order, random);
  TransposeParams p{};
  for (size_t k = 0; k < sizes.size(); ++k) {
    const auto from = static_cast<size_t>(order[k]);
    p.size[k] = moved[k] = sizes[from];
    p.stride[k] = 1;
    for (size_t i = from + 1; i < sizes.size(); ++i) p.stride[k] *= sizes[i];
  }
  Layer l;
  l.op = OpCode::kTranspose;
  l.name = "transposition";
  l.in[0] = {0, box(sizes)};
  l.out = {1, box(moved)};
  l.params.resize(sizeof p / sizeof(int32_t));
  std::memcpy(l.params.data(), &p, sizeof p);
  return l;
}

}  // namespace shoal
