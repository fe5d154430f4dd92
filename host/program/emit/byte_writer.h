// Appends plain values to a block of bytes, little-endian as the image wants
// them; the block owns its memory.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "device/program/image.h"

namespace shoal {

static_assert(std::endian::native == std::endian::little,
              "emit copies records as they lie in memory");

class ByteWriter {
 public:
  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    append(&value, sizeof value);
  }
  template <class T>
  void put_all(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    append(values.data(), values.size() * sizeof(T));
  }
  void pad(uint32_t to) { bytes_.resize(align_up(size(), to)); }
  uint32_t size() const { return static_cast<uint32_t>(bytes_.size()); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  void append(const void* data, size_t bytes) {
    const auto* first = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + bytes);
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace shoal
