// A node's arena on this computer, fenced: the first byte behind it lies on a
// page that faults, the bytes before it are watched. A node that writes
// outside its arena does not go unnoticed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

class Arena {
 public:
  // 16-byte aligned, filled with a pattern (a program must not rely on
  // zeros). Throws Error(kInternal) or std::bad_alloc
  // if memory is short.
  explicit Arena(uint32_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  uint8_t* data() { return data_; }
  uint32_t bytes() const { return bytes_; }
  // Returns whether the bytes around the arena are untouched.
  bool intact() const;

 private:
  uint8_t* map_;
  size_t map_bytes_;
  size_t usable_;  // bytes before the fence page
  uint8_t* data_;
  uint32_t bytes_;
};

}  // namespace shoal
