#include "host/engine/board/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/base/error.h"

namespace shoal {

MemoryFile::MemoryFile(std::span<const uint8_t> first, int64_t bytes)
    : file_(memfd_create("storage", 0)) {
  const auto count = static_cast<size_t>(bytes);
  void* to = MAP_FAILED;
  if (file_ >= 0 && first.size() <= count && ftruncate(file_, bytes) == 0) {
    to = mmap(nullptr, count, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  }
  if (to != MAP_FAILED) {
    std::memset(to, 0xFF, count);
    std::memcpy(to, first.data(), first.size());
    munmap(to, count);
    return;
  }
  const std::string why = strerror(errno);
  close(file_);
  throw Error(Exit::kInternal, "no memory for the storage: " + why);
}

MemoryFile::~MemoryFile() { close(file_); }

}  // namespace shoal
