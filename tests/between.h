// Somebody between a coordinator and a board, with real UDP on both sides, who
// may change or swallow datagrams.
#pragma once

#include <unistd.h>

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "host/engine/workers/udp.h"

namespace shoal {

class Between {
 public:
  // Called from a thread of its own; false: it is swallowed.
  using Look = std::function<bool(std::span<uint8_t> datagram)>;

  Between(const std::string& board, Look to_board, Look to_coordinator)
      : board_(parse_udp_address(board, "")),
        to_board_(std::move(to_board)),
        to_coordinator_(std::move(to_coordinator)),
        thread_([this] { pass_on(); }) {}
  ~Between() {
    ends_ = true;
    thread_.join();
  }
  Between(const Between&) = delete;
  Between& operator=(const Between&) = delete;

  // Where the coordinator finds the board.
  std::string address() const { return udp_address_text(front_.address()); }

 private:
  void pass_on() {
    uint64_t coordinator = 0, board = 0;
    while (!ends_) {
      pass(front_, coordinator, to_board_, back_, board_);
      pass(back_, board, to_coordinator_, front_, coordinator);
      usleep(200);
    }
  }
  static void pass(const UdpTransport& from, uint64_t& who, const Look& look,
                   const UdpTransport& to, const uint64_t& whom) {
    const shoal_transport &in = from.transport(), &out = to.transport();
    std::vector<uint8_t> d(in.max_payload);
    const uint32_t n = in.receive(in.user, &who, d.data(), in.max_payload);
    if (n == 0 || !look(std::span(d).first(n))) return;
    out.send(out.user, whom, d.data(), n);
  }

  const uint64_t board_;
  const Look to_board_, to_coordinator_;
  const UdpTransport front_{udp_address(0x7F000001, 0)};
  const UdpTransport back_{udp_address(0x7F000001, 0)};
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

inline bool pass_on(std::span<uint8_t>) { return true; }

}  // namespace shoal
