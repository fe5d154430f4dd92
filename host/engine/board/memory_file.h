// Bytes as a file without a name, for an emulator that inherits it: nothing is
// left behind, however this process ends, and no other process can read it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace shoal {

class MemoryFile {
 public:
  // `first`, then 0xFF, as erased storage is, `bytes` in all. Throws
  // Error(kInternal) if there is no memory.
  MemoryFile(std::span<const uint8_t> first, int64_t bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // Returns a path that is valid in this process and those that it starts.
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

}  // namespace shoal
