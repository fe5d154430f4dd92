// A board without hardware, for tests of the firmware that all boards share:
// memory of this computer as arena and storage, a clock that counts calls,
// a console whose frames a Listener takes in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/port/port.h"
#include "host/board/board.h"
#include "host/engine/board/listener.h"
#include "host/engine/common/fenced_arena.h"

namespace shoal {

class PlayedBoard {
 public:
  // `storage` is what lies there; it must outlive the board.
  PlayedBoard(const Board&, std::span<const uint8_t> storage,
              uint32_t arena_bytes, FiringObserver = {});

  // The read with this number (from 0) fails, and so do those that repeat it.
  void fail_read(int number) { failing_read_ = number; }

  // Runs the firmware to its end; its exit code.
  int run(const std::string& command = "");
  const Listener& said() const { return listener_; }
  int reads() const { return reads_; }
  bool arena_intact() const { return arena_.intact(); }

 private:
  static int read(void*, uint32_t offset, uint32_t bytes, void* to);
  static int poll(void*);
  static void console(void*, const void* data, uint32_t bytes);
  static uint64_t ticks(void*);
  static void memory(void*, shoal_memory*);

  std::string id_;
  std::span<const uint8_t> storage_;
  Arena arena_;
  Listener listener_;
  uint64_t ticks_ = 0;
  int reads_ = 0, failing_read_ = -1, polls_left_ = 0;
  bool failing_ = false;
  uint32_t offset_ = 0, bytes_ = 0;
  void* to_ = nullptr;
};

}  // namespace shoal
