// Tests run the server of a board that runs alone on a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "device/alone/server.h"
#include "host/engine/workers/transport.h"

namespace shoal {

inline uint64_t steady_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

// The clock of a board that counts silence goes five times as fast.
inline uint64_t fast_us(void*) { return 5 * steady_us(); }

class BoardThread {
 public:
  // `transport` is the line's, or a changed one. `board` has the networks; how
  // it sends and waits, and memory for that, is filled in.
  BoardThread(std::unique_ptr<HostTransport> line,
              const shoal_transport& transport, const AloneBoard& board)
      : line_(std::move(line)),
        transport_(transport),
        board_(board),
        packets_(2 * transport.max_payload),
        checks_(2 * kMostEnds) {
    board_.transport = &transport_;
    board_.user = this;
    board_.idle = [](void* self) { static_cast<BoardThread*>(self)->wait(); };
    board_.packets = packets_.data();
    board_.checks = checks_.data();
    thread_ = std::thread([this] {
      AloneServer server(board_);
      while (!ends_) {
        if (!server.poll()) wait();
      }
    });
  }
  ~BoardThread() {
    ends_ = true;
    thread_.join();
  }
  BoardThread(const BoardThread&) = delete;
  BoardThread& operator=(const BoardThread&) = delete;

 private:
  void wait() { line_->wait(steady_us() + 2000); }

  std::unique_ptr<HostTransport> line_;
  shoal_transport transport_;
  AloneBoard board_;
  std::vector<uint8_t> packets_;
  std::vector<uint32_t> checks_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace shoal
