// The link's tables in the arena: what a node keeps for each peer, stream and
// target. One layout that the planner counts, emit writes into the header and
// the loader checks.
//
//   limits    uint32 per target of the program: how far it may go (credit)
//   targets   TargetState per target of the largest stage
//   streams   StreamState per in-stream of the largest stage (early.h)
//   ranges    Range, `gaps` per in-stream of the largest stage, one in-stream
//             after the other
//   peers     PeerState per peer
//   flights   Flight, `window` per peer, peer after peer
#pragma once

#include "device/program/record.h"

namespace shoal {

// Absolute offsets; see StreamRecord.
struct TargetState {
  uint32_t sent, acknowledged;
  uint32_t reached;  // the furthest that `sent` has been
};
static_assert(sizeof(TargetState) == 12);

struct StreamState {
  uint32_t received;    // all bytes before this are in their slots
  uint32_t advertised;  // the limit that the sender was told last
};
static_assert(sizeof(StreamState) == 8);

// Bytes behind a gap that are in their slots: see device/link/gaps.h.
struct Range {
  uint32_t begin, end;  // equal: the entry is free
};
static_assert(sizeof(Range) == 8);

// A fragment that was sent and not yet acknowledged.
struct Flight {
  uint32_t packet;   // low bits of its packet number
  uint32_t sent_us;  // 0: it was lost and waits to go again
  uint32_t offset;
  uint16_t target;  // of the stage
  uint16_t bytes;   // 0: the entry is free
};
static_assert(sizeof(Flight) == 16);
constexpr bool on_its_way(const Flight& f) { return f.bytes && f.sent_us; }
constexpr bool is_lost(const Flight& f) { return f.bytes && !f.sent_us; }

// How much may be on its way to a peer: see device/link/congestion.h.
struct Pace {
  static constexpr uint16_t kFragment = 64;  // one, in `window`, `threshold`
  uint16_t window, threshold;  // may be on their way; slow start ends
  uint32_t recover;            // losses of packets before this one are counted
  // A packet that timed out, and the next one that was sent after that; when
  // it was sent, 0: there is none.
  uint32_t watched, watched_end, watched_us;
  uint32_t least_us;  // round trip without queues, 0: not measured yet
};
static_assert(sizeof(Pace) == 24);

struct PeerState {
  uint64_t next_packet;  // number of the next datagram to it
  uint64_t newest;       // largest number that came from it, plus one
  uint64_t seen;         // bit i: number newest - 1 - i has come
  uint64_t kept;         // bit i: and all of it was placed
  uint32_t blocked_us;   // since when a target waits for credit alone, or
                         // asked for it last; 0: not
  uint32_t credit;       // packet that told all credit last
  uint32_t rtt_us, rtt_deviation_us;  // 0: not measured yet
  uint32_t first_flight;              // in the table
  uint16_t in_flight, lost;  // entries on their way; waiting to go again
  uint32_t told_us;          // when it was told credit, or sent rows since
  uint32_t waiting;          // bytes that could be sent now
  uint16_t unacknowledged;   // datagrams that came since the last answer
  uint16_t overtaken;        // datagrams overtake each other by less
  uint32_t owed_us;          // since when something is owed to it
  uint8_t backoff;           // time-outs in a row
  uint8_t tells;             // how often credit was told again in vain
  uint16_t flags;            // what is owed to it: see device/link/link.h
  uint32_t answered_us;      // when it last got an answer without rows
  Pace pace;
};
static_assert(sizeof(PeerState) == 104);

struct LinkCounts {
  uint32_t peers = 0, windows = 0;  // the sum of all peers' windows
  uint32_t targets = 0;             // of the program
  uint32_t stage_targets = 0, stage_streams = 0;
  uint32_t gaps = 0;  // ranges of an in-stream
};

// Offsets from the region's first byte, which is 16-byte aligned.
struct LinkLayout {
  uint32_t limits, targets, streams, ranges, peers, flights, bytes;
};

constexpr LinkLayout link_layout(const LinkCounts& n) {
  const auto after = [](uint32_t start, uint32_t count, size_t size) {
    return align_up(start + count * static_cast<uint32_t>(size), 8);
  };
  LinkLayout l{};
  l.limits = 0;
  l.targets = after(l.limits, n.targets, sizeof(uint32_t));
  l.streams = after(l.targets, n.stage_targets, sizeof(TargetState));
  l.ranges = after(l.streams, n.stage_streams, sizeof(StreamState));
  l.peers = after(l.ranges, n.stage_streams * n.gaps, sizeof(Range));
  l.flights = after(l.peers, n.peers, sizeof(PeerState));
  l.bytes = n.peers ? align_up(after(l.flights, n.windows, sizeof(Flight))) : 0;
  return l;
}

// Returns the counts of a program whose head has been read.
inline LinkCounts link_counts(const HeadView& head) {
  const Header& h = *head.header;
  LinkCounts n{h.peers, 0, h.targets, h.stage_targets, h.stage_streams, h.gaps};
  for (uint32_t i = 0; i < h.peers; ++i) n.windows += head.peers[i].window;
  return n;
}

}  // namespace shoal
