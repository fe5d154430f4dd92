#include "host/world/board_port.h"

#include <algorithm>
#include <cmath>

namespace shoal {

LinkModel board_link(const Board& board) {
  LinkModel link;
  link.bits_per_s = board.link_bits_per_s;
  link.latency = static_cast<Nanos>(board.link_latency_us * kMicrosecond);
  link.framing_bytes = static_cast<uint32_t>(board.framing_bytes);
  return link;
}

PortCosts board_port(const Board& board, bool encrypted) {
  PortCosts costs;
  costs.datagram = std::llround(board.datagram_us * kMicrosecond);
  if (encrypted) {
    costs.nanos_per_byte = board.aead_cycles_per_byte / board.clock_hz * 1e9;
  }
  costs.step = std::max<Nanos>(
      static_cast<Nanos>(board.costs.firing_us * kMicrosecond), 1);
  return costs;
}

LinkModel coordinator_link(const std::vector<LinkModel>& nodes) {
  constexpr uint32_t kQueue = 16384;
  LinkModel link = nodes.empty() ? LinkModel{} : nodes.front();
  for (const LinkModel& other : nodes) {
    if (other.bits_per_s == 0 || link.bits_per_s == 0) {
      link.bits_per_s = 0;  // unlimited
    } else {
      link.bits_per_s = std::max(link.bits_per_s, other.bits_per_s);
    }
    link.latency = std::min(link.latency, other.latency);
    link.framing_bytes = std::min(link.framing_bytes, other.framing_bytes);
  }
  link.send_queue = link.receive_queue = kQueue;
  return link;
}

}  // namespace shoal
