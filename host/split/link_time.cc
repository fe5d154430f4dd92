#include "host/split/link_time.h"

#include <algorithm>
#include <cmath>

namespace shoal {
namespace {

constexpr double kPicoseconds = 1e12;

int64_t picoseconds(double seconds) {
  return std::llround(seconds * kPicoseconds);
}

}  // namespace

LinkTime link_time(int64_t sent_bytes, int64_t received_bytes,
                   const Board& board, uint32_t max_payload) {
  const auto sent = static_cast<double>(sent_bytes);
  const auto received = static_cast<double>(received_bytes);
  const double datagrams = (sent + received) / max_payload;
  const double cpu =
      datagrams * board.datagram_us * 1e-6 +
      (sent + received) * board.aead_cycles_per_byte / board.clock_hz;
  LinkTime t;
  t.cpu_ps = picoseconds(cpu);
  if (board.link_bits_per_s <= 0) return t;
  const double most = std::max(sent, received);
  const double bytes = most + most / max_payload * board.framing_bytes;
  t.wire_ps = picoseconds(8 * bytes / board.link_bits_per_s);
  return t;
}

int64_t segment_latency_ps(const Board& board) {
  return picoseconds((2 * board.link_latency_us + 2 * board.datagram_us) *
                     1e-6);
}

}  // namespace shoal
