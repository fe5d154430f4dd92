// The estimated cost of a segment's links, without queues and credit, for the
// search, which compares tens of thousands of drafts. rehearsal.h has the time
// that a plan really takes.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "host/plan/types/cluster.h"

namespace shoal {

struct LinkTime {
  int64_t cpu_ps = 0;   // sealing, opening, sending, receiving
  int64_t wire_ps = 0;  // of the busier direction
};

// Returns the datagrams for bytes that are made in `pieces` pieces, one after
// another.
int64_t datagrams_of(int64_t bytes, int64_t pieces, uint32_t payload);

// `datagrams`: number of those with rows, in both directions.
LinkTime link_time(int64_t sent_bytes, int64_t received_bytes,
                   int64_t datagrams, const Board&);
// Returns the latency from the end of a segment to the first rows of the next
// one: credit goes one way, then rows come the other way, over the slowest link
// of these nodes.
int64_t segment_latency_ps(const Cluster&, std::span<const int> nodes);

// Returns the bytes that the fastest link with the highest latency can have
// under way before their arrival is acknowledged, and two datagrams. A node
// with less room waits for credit.
int64_t in_flight_bytes(const Cluster&, std::span<const int> nodes,
                        uint32_t max_payload);

// Returns the time of a segment. Nodes that send to each other both ways work
// at the same time. A node that only receives begins when the first of the
// `bands` reaches it; each of the `windows` windows on the way needs one band
// more.
int64_t segment_ps(const std::vector<int64_t>& node_ps,
                   const std::set<std::pair<int, int>>& sends, int64_t bands,
                   int64_t windows);

}  // namespace shoal
