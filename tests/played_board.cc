#include "tests/played_board.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "boards/firmware/firmware.h"

namespace shoal {
namespace {

constexpr int kTries = 3;  // of a node to read a piece of its program
constexpr uint64_t kMostTicks = 20000000;
constexpr uint8_t kErased = 0xFF, kNoise = 0x5A;

PlayedBoard& self(void* user) { return *static_cast<PlayedBoard*>(user); }

}  // namespace

PlayedBoard::PlayedBoard(const Board& board, std::span<const uint8_t> storage,
                         uint32_t arena_bytes, FiringObserver observer)
    : id_(board.name),
      storage_(storage),
      arena_(arena_bytes),
      listener_(board, 1e-6, observer) {}

int PlayedBoard::run(const std::string& command) {
  shoal_port port{};
  port.user = this;
  port.board = id_.c_str();
  port.command = command.c_str();
  port.arena = arena_.data();
  port.arena_bytes = arena_.bytes();
  port.measure_memory = &PlayedBoard::memory;
  port.read_ticks = &PlayedBoard::ticks;
  port.ticks_per_second = 1000000;
  port.write_console = &PlayedBoard::console;
  port.storage = {this, &PlayedBoard::read, &PlayedBoard::poll, nullptr,
                  nullptr};
  port.storage_bytes = port.storage_there = 1u << 24;
  return run_firmware(port);
}

int PlayedBoard::read(void* user, uint32_t offset, uint32_t bytes, void* to) {
  PlayedBoard& b = self(user);
  if (b.to_) return -1;
  const int since = b.reads_++ - b.failing_read_;
  b.failing_ = b.failing_read_ >= 0 && since >= 0 && since < kTries;
  b.offset_ = offset, b.bytes_ = bytes, b.to_ = to;
  b.polls_left_ = b.reads_ % 3;
  return 0;
}

// Until the read has ended its destination holds noise.
int PlayedBoard::poll(void* user) {
  PlayedBoard& b = self(user);
  if (!b.to_) return -1;
  std::memset(b.to_, kNoise, b.bytes_);
  if (b.polls_left_-- > 0) return 0;
  auto* to = static_cast<uint8_t*>(b.to_);
  b.to_ = nullptr;
  if (b.failing_) return -1;
  for (uint32_t i = 0; i < b.bytes_; ++i) {
    const size_t at = size_t{b.offset_} + i;
    to[i] = at < b.storage_.size() ? b.storage_[at] : kErased;
  }
  return 1;
}

void PlayedBoard::console(void* user, const void* data, uint32_t bytes) {
  self(user).listener_.feed({static_cast<const uint8_t*>(data), bytes});
}

// The firmware looks at the clock all the time: one that goes on for ever is
// ended here.
uint64_t PlayedBoard::ticks(void* user) {
  if (++self(user).ticks_ > kMostTicks) {
    std::fprintf(stderr, "the firmware does not end\n");
    std::abort();
  }
  return self(user).ticks_;
}

void PlayedBoard::memory(void*, shoal_memory* out) { *out = {}; }

}  // namespace shoal
