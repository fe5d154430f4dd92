#include "host/plan/cost/link_time.h"

#include <algorithm>

#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// About every second datagram is answered; most answers ride with rows.
constexpr double kWithAnswers = 1.25;
// Rows of a busy node wait until others fill the datagram; one in this many
// pieces is sent alone.
constexpr int64_t kAlone = 4;

// The longest chain of nodes each of which waits for the one before it.
class Chains {
 public:
  Chains(const std::vector<int64_t>& node_ps,
         const std::set<std::pair<int, int>>& sends)
      : node_ps_(node_ps), before_(node_ps.size()), chain_(node_ps.size(), -1) {
    for (const auto& [from, to] : sends) {
      if (!sends.contains({to, from})) before_[to].push_back(from);
    }
  }
  int64_t longest() {
    int64_t most = 0;
    for (size_t n = 0; n < chain_.size(); ++n) {
      most = std::max(most, chain(static_cast<int>(n)));
    }
    return most;
  }

 private:
  int64_t chain(int n) {
    if (chain_[n] >= 0) return chain_[n];
    chain_[n] = node_ps_[n];  // ends a ring of nodes
    int64_t before = 0;
    for (int m : before_[n]) before = std::max(before, chain(m));
    return chain_[n] = before + node_ps_[n];
  }

  const std::vector<int64_t>& node_ps_;
  std::vector<std::vector<int>> before_;
  std::vector<int64_t> chain_;
};

}  // namespace

int64_t segment_ps(const std::vector<int64_t>& node_ps,
                   const std::set<std::pair<int, int>>& sends, int64_t bands,
                   int64_t windows) {
  int64_t most = 0;
  for (int64_t ps : node_ps) most = std::max(most, ps);
  if (sends.empty()) return most;
  const int64_t chain = Chains(node_ps, sends).longest();
  const int64_t waits = std::min(bands, 1 + windows);
  return most + std::max<int64_t>(0, chain - most) / bands * waits;
}

int64_t datagrams_of(int64_t bytes, int64_t pieces, uint32_t payload) {
  const auto filled = [](int64_t some, int64_t size) {
    return (some + size - 1) / size;
  };
  const int64_t full = filled(bytes, payload);
  if (pieces == 1) return full;
  const int64_t apart = pieces * filled(filled(bytes, pieces), payload);
  return full + (apart - full) / kAlone;
}

LinkTime link_time(int64_t sent_bytes, int64_t received_bytes,
                   int64_t datagrams, const Board& board) {
  const auto sent = static_cast<double>(sent_bytes);
  const auto received = static_cast<double>(received_bytes);
  const double all = static_cast<double>(datagrams) * kWithAnswers;
  const double cpu =
      all * board.datagram_us * 1e-6 +
      (sent + received) * board.aead_cycles_per_byte / board.clock_hz;
  LinkTime t;
  t.cpu_ps = picoseconds(cpu);
  if (board.link_bits_per_s <= 0) return t;
  const double most = std::max(sent, received);
  const double part = sent + received > 0 ? most / (sent + received) : 0;
  const double bytes = most + all * part * board.framing_bytes;
  t.wire_ps = picoseconds(8 * bytes / board.link_bits_per_s);
  return t;
}

int64_t segment_latency_ps(const Cluster& cluster, std::span<const int> nodes) {
  double most_us = 0;
  for (const int n : nodes) {
    const Board& board = cluster.nodes[static_cast<size_t>(n)].board;
    most_us =
        std::max(most_us, 2 * board.link_latency_us + 2 * board.datagram_us);
  }
  return picoseconds(most_us * 1e-6);
}

int64_t in_flight_bytes(const Cluster& cluster, std::span<const int> nodes,
                        uint32_t max_payload) {
  double most = 0;
  for (const int n : nodes) {
    const Board& board = cluster.nodes[static_cast<size_t>(n)].board;
    most = std::max(most,
                    board.link_bits_per_s / 8 * 2e-6 * board.link_latency_us);
  }
  constexpr double kWithin = 1e9;  // larger than any ring
  return int64_t{2} * max_payload +
         static_cast<int64_t>(std::min(most, kWithin));
}

}  // namespace shoal
