#include "host/engine/common/fenced_arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "host/base/memory.h"

namespace shoal {
namespace {

constexpr uint8_t kFence = 0xC5;
constexpr uint8_t kFill = 0xA7;

size_t round_up(size_t v, size_t to) { return (v + to - 1) / to * to; }

}  // namespace

Arena::Arena(uint32_t bytes) : bytes_(bytes) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t room = round_up(bytes, 16);
  usable_ = round_up(room + 64, page);
  map_bytes_ = usable_ + page;
  require_memory(static_cast<int64_t>(map_bytes_), "a node's arena");
  void* const map = mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) throw OutOfMemory(map_bytes_);
  map_ = static_cast<uint8_t*>(map);
  if (mprotect(map_ + usable_, page, PROT_NONE) != 0) {
    munmap(map_, map_bytes_);
    throw OutOfMemory(map_bytes_);
  }
  std::memset(map_, kFence, usable_);
  data_ = map_ + usable_ - room;
  std::memset(data_, kFill, bytes_);
}

Arena::~Arena() { munmap(map_, map_bytes_); }

bool Arena::intact() const {
  const auto fenced = [](const uint8_t* from, const uint8_t* to) {
    return std::all_of(from, to, [](uint8_t b) { return b == kFence; });
  };
  return fenced(map_, data_) && fenced(data_ + bytes_, map_ + usable_);
}

}  // namespace shoal
