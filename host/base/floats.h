// float32 values as bytes of files and tensors, and back.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace shoal {

// A rest of less than four bytes is left out.
inline std::vector<float> floats_of(std::span<const uint8_t> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) {
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  }
  return values;
}

inline std::vector<uint8_t> bytes_of(std::span<const float> values) {
  std::vector<uint8_t> bytes(values.size_bytes());
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Values below the floor become it.
inline void raise_to(float floor, std::span<float> values) {
  for (float& v : values) v = v < floor ? floor : v;
}

}  // namespace shoal
