#include "host/engine/virtual/links.h"

#include "host/world/board_port.h"

namespace shoal {

LinkModel link_of(const Board& board, const SimOptions& options) {
  LinkModel link;
  if (options.costs) {
    link = board_link(board);
  } else {
    link.latency = 10 * kMicrosecond;
    link.send_queue = link.receive_queue = 64;
  }
  if (options.bits_per_s) link.bits_per_s = *options.bits_per_s;
  if (options.latency) link.latency = *options.latency;
  if (options.framing_bytes) link.framing_bytes = *options.framing_bytes;
  if (options.receive_queue) link.receive_queue = *options.receive_queue;
  return link;
}

PortCosts costs_of(const Board& board, const SimOptions& options) {
  if (options.costs) return board_port(board, !options.insecure);
  PortCosts costs;
  costs.burst = 32;
  return costs;
}

}  // namespace shoal
