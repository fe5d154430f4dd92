// How many fragments may be on their way to a peer. The window that the program
// gives is an upper bound; what the network between the two takes is found
// out: slow start, additive increase, halving once a round trip (RFC 5681,
// RFC 9002 section 7, with windows of a few fragments). Pure functions over
// Pace (device/program/link_layout.h), which the link keeps for each peer.
//
// Datagrams whose time-out passed may have been only slow. One of them is kept
// in mind: if it is acknowledged later, its round trip is known after all, and
// the next time-out will be long enough.
#pragma once

#include <cstdint>

#include "device/program/link_layout.h"

namespace shoal {

// `most`: the program's window.
void start_pace(Pace&, uint16_t most);

// Fragments that may be on their way now; at least one.
inline uint16_t allowed_flights(const Pace& p) {
  return static_cast<uint16_t>(p.window / Pace::kFragment);
}

// Called when `fragments` fragments were acknowledged; `in_flight` were on
// their way before. A window that is not used up does not grow.
void pace_acknowledged(Pace&, uint16_t fragments, uint16_t in_flight,
                       uint16_t most);

// A round trip was measured.
void pace_measured(Pace&, uint32_t sample_us);

// Returns whether datagrams wait in queues on their way, when a round trip
// takes so long now (0: not known) though the peer is away for `away_us` at
// most. Where they do not wait, a loss is bad luck, and going slower would not
// help.
bool pace_crowded(const Pace&, uint32_t rtt_us, uint32_t away_us);

// A datagram was lost in a crowd; `next` is the number of the next one to be
// sent. Losses of what was sent before the last cut belong to it.
void pace_lost(Pace&, uint32_t packet, uint32_t next);

// Nothing was heard for a time-out and not before either. What was sent goes
// on in slow start.
void pace_silent(Pace&);

// This one's time-out has passed.
void pace_watch(Pace&, uint32_t packet, uint32_t sent_us, uint32_t next);

// The verdict of an acknowledgement (spec/datagrams.md, "Datagrams") on the
// datagram that was kept in mind: it came after all, or not though one came
// that was sent `overtaken` later. It is forgotten then. `sent_us` is when it
// was sent, or 0 if the acknowledgement names later datagrams too: then it may
// come in place of another that was lost, and tells nothing of the round trip.
enum class Watched : uint8_t { kOpen, kCame, kLost };
Watched pace_watched(Pace&, uint32_t largest, uint32_t mask, uint32_t overtaken,
                     uint32_t& sent_us);

}  // namespace shoal
