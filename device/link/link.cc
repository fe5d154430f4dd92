#include "device/link/link.h"

#include <cstring>

#include "device/link/congestion.h"
#include "device/link/phase.h"
#include "device/link/wire.h"
#include "device/port/payload.h"

namespace shoal {
namespace {

// A datagram counts as lost when one has come that was sent this many later.
constexpr uint16_t kFirstOvertaken = 3;
constexpr uint32_t kFirstTimeoutUs = 20'000;  // nothing measured yet
constexpr uint32_t kLongestUs = 200'000;      // of what is doubled
constexpr uint32_t kSlowestUs = 1'000'000;    // on slow lines
constexpr uint32_t kLeastDeviationUs = 500;
// In haste the pause doubles at every fourth time-out: single losses do not
// slow it down, and a peer that is gone is not stormed.
constexpr uint8_t kHastyBackoff = 24;
constexpr uint32_t kHasteUs = 300;  // what an answer may take to be written
// Slow receivers have their senders wait for credit row by row; probing at
// that pace would only make traffic.
// Away besides its slices: it answers late, hears others, sends.
constexpr uint32_t kAwayUs = 2000;
// A datagram that goes in a burst may wait behind the bursts of others.
constexpr uint32_t kQueueUs = 300;
constexpr uint32_t kFirstTellUs = 3000;  // to who was never sent rows
constexpr uint32_t kFirstProbeUs = 10'000;

uint32_t doubled(uint32_t us, uint16_t times) {
  uint32_t longest = us < kLongestUs / 8 ? kLongestUs : 8 * us;
  if (longest > kSlowestUs) longest = kSlowestUs;
  while (times-- > 0 && us < longest) us *= 2;
  return us;
}

template <typename T>
T* table(uint8_t* tables, uint32_t offset) {
  return reinterpret_cast<T*>(tables + offset);
}

}  // namespace

Status Link::open(const shoal_link& config, Streams& owner, uint16_t node,
                  const PeerEntry* peers, const LinkCounts& counts,
                  uint8_t* tables) {
  *this = Link();
  const uint32_t payload = config.transport->max_payload;
  if (payload < kLeastPayload) return Status::kBadArgument;
  payload_ = static_cast<uint16_t>(payload < 0xFFFF ? payload : 0xFFFF);
  capacity_ =
      static_cast<uint16_t>(payload_ - kDataHeadBytes - kFragmentHeadBytes -
                            config.cipher->tag_bytes);
  config_ = &config;
  owner_ = &owner;
  entries_ = peers;
  counts_ = counts;
  node_ = node;
  const LinkLayout l = link_layout(counts);
  std::memset(tables, 0, l.bytes);
  limits_ = table<uint32_t>(tables, l.limits);
  targets_ = table<TargetState>(tables, l.targets);
  streams_ = table<StreamState>(tables, l.streams);
  ranges_ = table<Range>(tables, l.ranges);
  peers_ = table<PeerState>(tables, l.peers);
  flights_ = table<Flight>(tables, l.flights);
  uint32_t flight = 0;
  for (uint32_t p = counts.peers; p-- > 0;) {
    if (peers[p].node > node && peers[p].node != kCoordinator) {
      first_ = static_cast<uint16_t>(p);
    }
  }
  for (uint32_t p = 0; p < counts.peers; ++p) {
    config.peers[p].home = config.peers[p].address;
    begin_phases(config.peers[p], now_us());
    peers_[p].first_flight = flight;
    peers_[p].overtaken = kFirstOvertaken;
    start_pace(peers_[p].pace, peers[p].window);
    flight += peers[p].window;
  }
  return Status::kOk;
}

// Carries over what the next stage's in-streams were told, and what has come of
// them.
void Link::carry_streams(const LinkStage& stage) {
  const uint32_t from = stage_.in_streams;
  const bool follows = stage.first_stream == stage_.first_stream + from &&
                       stage.in_streams == stage_.next_in_streams;
  carried_ = follows ? stage_.next_in_streams : uint16_t{0};
  for (uint32_t i = 0; i < carried_; ++i) {
    streams_[i] = streams_[from + i];
    for (uint32_t r = 0; r < counts_.gaps; ++r) {
      ranges_of(i)[r] = ranges_of(from + i)[r];
    }
  }
}

void Link::begin_stage(const LinkStage& stage) {
  carry_streams(stage);
  stage_ = stage;
  const uint32_t all = stage.all_in_streams();
  const uint32_t streams = uint32_t{stage.first_stream} + all;
  if (all && streams > entered_) {
    entered_ = static_cast<uint16_t>(streams);
  }
  std::memset(flights_, 0, counts_.windows * sizeof(Flight));
  for (uint32_t p = 0; p < counts_.peers; ++p) {
    PeerState& s = peers_[p];
    s.in_flight = s.lost = 0;
    s.blocked_us = 0;
    s.backoff = s.tells = 0;
    s.flags &= static_cast<uint16_t>(~kMore);
    if (carried_ == 0) s.flags &= static_cast<uint16_t>(~kTold);
  }
  awake_ = true;
}

void Link::start_target(uint16_t target, uint32_t offset) {
  targets_[target] = {offset, offset, offset};
  // Credit that came early is ahead of the frame's first byte.
  uint32_t& limit = limits_[stage_.first_target + target];
  if (static_cast<int32_t>(limit - offset) < 0) limit = offset;
}

void Link::start_stream(uint16_t stream, uint32_t offset) {
  if (stream < carried_) return;
  streams_[stream] = {offset, offset};
  for (uint32_t i = 0; i < counts_.gaps; ++i) ranges_of(stream)[i] = {0, 0};
}

uint64_t Link::now_us() const {
  const shoal_transport& t = *config_->transport;
  return t.now_us(t.user);
}

// RFC 6298: what an answer takes at most, from a peer that is at its link;
// in haste twice the deviation must do. Of one that has not answered yet as
// much as of the slowest of the others.
uint32_t Link::trip_us(uint16_t peer, bool haste) const {
  const PeerState& s = peers_[peer];
  if (s.rtt_us == 0) {
    uint32_t most = 0;
    for (uint16_t p = 0; p < counts_.peers; ++p) {
      const uint32_t us = peers_[p].rtt_us ? trip_us(p, haste) : 0;
      if (us > most) most = us;
    }
    return most ? most : kFirstTimeoutUs + kAnswerDelayUs;
  }
  uint32_t spread = (haste ? 2 : 4) * s.rtt_deviation_us;
  if (!haste && spread < kLeastDeviationUs) spread = kLeastDeviationUs;
  // Datagrams wait for slow lines, so one more makes a difference. A burst that
  // has waited says little of what goes alone.
  if (spread < s.rtt_us / 4) spread = s.rtt_us / 4;
  const uint32_t most = s.rtt_us > kLongestUs ? s.rtt_us : kLongestUs;
  if (spread > most) spread = most;
  return s.rtt_us + spread + (haste ? kHasteUs : kAnswerDelayUs);
}

bool Link::crowded(uint16_t peer) const {
  const PeerState& s = peers_[peer];
  return pace_crowded(s.pace, s.rtt_us, entries_[peer].poll_gap_us + kAwayUs);
}

// Returns whether unanswered datagrams are probably lost, and sending them
// again soon does no harm.
bool Link::hasty(uint16_t peer) const {
  return losses_ > 0 && (peers_[peer].rtt_us == 0 || !crowded(peer));
}

// Returns when to tell something again that was told `times` times without an
// answer. With patience `more_us` are added: a single loss, even of what is
// sent again, is not a sign of a full network.
uint32_t Link::again_us(uint16_t peer, uint16_t times, uint32_t more_us) const {
  if (hasty(peer)) return doubled(trip_us(peer, true), times / 4);
  return doubled(trip_us(peer, false) + entries_[peer].poll_gap_us + more_us,
                 times > 1 ? times - 1 : 0);
}

uint32_t Link::timeout_us(uint16_t peer) const {
  const PeerState& s = peers_[peer];
  return again_us(peer, s.backoff, s.in_flight * kQueueUs);
}

uint32_t Link::tell_us(uint16_t peer) const {
  const PeerState& s = peers_[peer];
  if (s.rtt_us || losses_ > 0) return again_us(peer, s.tells, 0);
  return doubled(kFirstTellUs + entries_[peer].poll_gap_us, s.tells);
}

bool Link::may_tell(const PeerState& s) const {
  const uint16_t both = kTold | kWaits;
  return (s.flags & both) == both &&
         s.tells < (losses_ > 0 ? 2 * kMostTells : kMostTells);
}

uint32_t Link::probe_us(uint16_t peer) const {
  const PeerState& s = peers_[peer];
  const uint32_t us = s.rtt_us + entries_[peer].poll_gap_us;
  return doubled(us > kFirstProbeUs ? us : kFirstProbeUs,
                 hasty(peer) ? 0 : s.backoff);
}

void Link::owe(PeerState& s, uint64_t now) {
  if (s.flags & kOwed) return;
  s.flags |= kOwed;
  s.owed_us = static_cast<uint32_t>(now);
  lower_timer(now + kAnswerDelayUs);
}

void Link::run_timers(uint64_t now) {
  for (uint16_t p = 0; p < counts_.peers; ++p) {
    PeerState& s = peers_[p];
    const uint32_t time = static_cast<uint32_t>(now);
    if (s.blocked_us && time - s.blocked_us >= probe_us(p)) {
      s.flags |= kProbe;
      s.blocked_us = 0;
    }
    if ((s.flags & kOwed) && time - s.owed_us >= kAnswerDelayUs) {
      s.flags |= kLate;
    }
    if (time_out(p, time)) {
      note_silence(s);
      if (s.backoff < (hasty(p) ? kHastyBackoff : 16)) ++s.backoff;
    }
  }
}

// Datagrams that went not much later than one that times out are lost with it:
// their time-out would only come after this one's.
bool Link::time_out(uint16_t peer, uint32_t time) {
  PeerState& s = peers_[peer];
  if (s.in_flight == 0) return false;
  Flight* flights = flights_of(peer);
  const uint32_t timeout = timeout_us(peer), window = entries_[peer].window;
  uint32_t longest = 0;
  const Flight* late = nullptr;
  for (uint32_t i = 0; i < window; ++i) {
    if (!on_its_way(flights[i])) continue;
    const uint32_t spent = time - flights[i].sent_us;
    if (spent < timeout || spent < longest) continue;
    longest = spent;
    late = flights + i;
  }
  if (!late) return false;
  const uint32_t next = static_cast<uint32_t>(s.next_packet);
  pace_watch(s.pace, late->packet, late->sent_us, next);
  if (crowded(peer)) pace_lost(s.pace, late->packet, next);
  if (s.backoff > (hasty(peer) ? 3 : 0)) pace_silent(s.pace);
  for (uint32_t i = 0; i < window; ++i) {
    if (on_its_way(flights[i]) && time - flights[i].sent_us >= timeout / 2) {
      lose(peer, flights[i]);
    }
  }
  return true;
}

// After run_timers() and what it has made send() send.
void Link::find_timers(uint64_t now) {
  const uint32_t time = static_cast<uint32_t>(now);
  timer_us_ = kNever;
  for (uint16_t p = 0; p < counts_.peers; ++p) {
    const PeerState& s = peers_[p];
    if (s.blocked_us) {
      const uint32_t spent = time - s.blocked_us, most = probe_us(p);
      lower_timer(now + (spent < most ? most - spent : 0));
    }
    if (s.flags & kOwed) {
      const uint32_t spent = time - s.owed_us;
      lower_timer(now + (spent < kAnswerDelayUs ? kAnswerDelayUs - spent : 0));
    }
    if (may_tell(s)) {
      const uint32_t spent = time - s.told_us, most = tell_us(p);
      lower_timer(now + (spent < most ? most - spent : kAnswerDelayUs));
    }
    if (s.in_flight == 0) continue;
    const uint32_t timeout = timeout_us(p);
    const Flight* flights = flights_of(p);
    for (uint32_t i = 0; i < entries_[p].window; ++i) {
      if (!on_its_way(flights[i])) continue;
      const uint32_t spent = time - flights[i].sent_us;
      lower_timer(now + (spent < timeout ? timeout - spent : 0));
    }
  }
}

void Link::note_silence(PeerState& s) {
  if ((s.flags & kUnheard) == kUnheard) return;
  s.flags = static_cast<uint16_t>(s.flags + kUnheardOnce);
}

uint8_t Link::silent_peer(uint16_t& node) const {
  uint8_t most = 0;
  for (uint16_t p = 0; p < counts_.peers; ++p) {
    if (unheard(p) <= most) continue;
    most = unheard(p);
    node = entries_[p].node;
  }
  return most;
}

// It goes again as soon as there is room in the window.
void Link::lose(uint16_t peer, Flight& f) {
  f.sent_us = 0;
  --peers_[peer].in_flight;
  ++peers_[peer].lost;
}

void Link::lose_all(uint16_t peer, uint16_t target) {
  Flight* flights = flights_of(peer);
  for (uint32_t i = 0; i < entries_[peer].window; ++i) {
    Flight& f = flights[i];
    if (on_its_way(f) && f.target == target) lose(peer, f);
  }
}

}  // namespace shoal
