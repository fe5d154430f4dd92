#include "device/link/congestion.h"
#include "device/link/gaps.h"
#include "device/link/link.h"
#include "device/link/phase.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

constexpr uint32_t kReplayWindow = 64;
// An answer to a datagram that was sent this many before the newest may be a
// repeated one.
constexpr uint32_t kFresh = 3;

int32_t ahead(uint32_t offset, uint32_t of) {
  return static_cast<int32_t>(offset - of);
}

// Returns whether an acknowledgement says that all of a datagram has arrived.
bool names(const Item& ack, uint32_t packet) {
  const uint32_t age = ack.value - packet;
  return age < 32 && (ack.mask >> age & 1);
}

bool is_replay(const PeerState& s, uint64_t number) {
  if (number >= s.newest) return false;
  const uint64_t age = s.newest - 1 - number;
  return age >= kReplayWindow || (s.seen >> age & 1);
}

// Notes a number that is no replay.
void mark_seen(PeerState& s, uint64_t number) {
  if (number >= s.newest) {
    const uint64_t shift = number + 1 - s.newest;
    s.seen = shift < kReplayWindow ? s.seen << shift : 0;
    s.kept = shift < kReplayWindow ? s.kept << shift : 0;
    s.newest = number + 1;
  }
  s.seen |= uint64_t{1} << (s.newest - 1 - number);
}

}  // namespace

Status Link::receive(uint64_t address, uint8_t* datagram, uint32_t bytes) {
  const shoal_cipher& cipher = *config_->cipher;
  uint16_t peer = 0;
  if (bytes < kDataHeadBytes + cipher.tag_bytes || datagram[0] != kDataKind) {
    ++counters_.forged;
    return Status::kBadTag;
  }
  const DataHead head = get_head(datagram);
  if (!find_peer(head.node, peer)) {
    ++counters_.forged;
    return Status::kBadTag;
  }
  PeerState& s = peers_[peer];
  const uint64_t number = whole_packet_number(s.newest, head.packet);
  if (head.epoch != config_->epoch || is_replay(s, number)) {
    ++counters_.stale;
    return Status::kStale;
  }
  shoal_peer& from = config_->peers[peer];
  uint8_t* items = datagram + kDataHeadBytes;
  const uint32_t size = bytes - kDataHeadBytes - cipher.tag_bytes;
  const Status opened =
      open_phase(from, cipher, head.flags, number, datagram, items, size);
  if (opened != Status::kOk) {
    ++(opened == Status::kStale ? counters_.stale : counters_.forged);
    return opened;
  }
  constexpr uint8_t kFlags = kFlagProbe | kFlagPhase | kFlagHaste;
  if ((head.flags & ~kFlags) != 0 || !legal(peer, items, size)) {
    ++counters_.malformed;
    return Status::kBadRecord;
  }

  // An old datagram may still come from where the peer was before.
  if (number >= s.newest) from.address = address;
  mark_seen(s, number);
  s.flags &= static_cast<uint16_t>(~kUnheard);
  ++counters_.received;
  counters_.received_bytes += bytes;
  const uint64_t now = now_us();
  if ((head.flags & kFlagHaste) && losses_ < kToldOfLosses) {
    losses_ = kToldOfLosses;
  }
  const Taken taken = take_items(peer, items, size, now);
  if (taken.all) {
    s.kept |= uint64_t{1} << (s.newest - 1 - number);
  } else {
    ++counters_.early;
  }
  const bool probe = head.flags & kFlagProbe;
  if (probe) {
    s.flags |= kAnswer;
    repeat_credit(peer);
  }
  if (probe || taken.fragments) {
    if (s.unacknowledged < 0xFFFF) ++s.unacknowledged;
  } else if (taken.credit && s.unacknowledged == 0 && losses_ > 0) {
    s.unacknowledged = 1;
  }
  if (s.unacknowledged > 0) owe(s, now);
  awake_ = true;
  return Status::kOk;
}

bool Link::find_peer(uint16_t node, uint16_t& peer) {
  for (uint32_t i = 0; i < counts_.peers; ++i) {
    if (entries_[recent_].node == node) {
      peer = recent_;
      return true;
    }
    if (++recent_ == counts_.peers) recent_ = 0;
  }
  return false;
}

// Nothing is taken of a datagram that is not wholly legal.
bool Link::legal(uint16_t peer, const uint8_t* items, uint32_t bytes) const {
  ItemReader reader(items, bytes);
  Item item;
  while (reader.next(item)) {
    if (!legal_item(peer, item)) return false;
  }
  return reader.ok();
}

bool Link::legal_item(uint16_t peer, const Item& item) const {
  switch (item.kind) {
    case ItemKind::kAck: {
      const uint64_t next = peers_[peer].next_packet;
      const uint32_t age = static_cast<uint32_t>(next) - 1 - item.value;
      return age < next && age < 0x80000000u;
    }
    case ItemKind::kCredit: {
      if (item.number >= counts_.targets) return false;
      const uint32_t i = uint32_t{item.number} - stage_.first_target;
      return i >= stage_.target_count || stage_.targets[i].peer == peer;
    }
    case ItemKind::kFragment: {
      const uint32_t i = uint32_t{item.number} - stage_.first_stream;
      return i >= stage_.all_in_streams() || stage_.in_stream(i).peer == peer;
    }
  }
  return false;
}

Link::Taken Link::take_items(uint16_t peer, const uint8_t* items,
                             uint32_t bytes, uint64_t now) {
  Taken taken;
  ItemReader reader(items, bytes);
  Item item;
  while (reader.next(item)) {
    switch (item.kind) {
      case ItemKind::kAck:
        take_ack(peer, item, now);
        break;
      case ItemKind::kCredit:
        taken.credit = true;
        take_credit(peer, item);
        break;
      case ItemKind::kFragment:
        taken.fragments = true;
        taken.all &= place_fragment(peer, item, now);
        break;
    }
  }
  return taken;
}

// Returns whether the fragment's bytes are here now, or were before.
//
// A stream of another stage than this one and, if rows may come early, the next
// has no state here; its fragments can only be old ones. A sender goes as far
// as its credit, credit is given within the stream's stage or the one before it
// and never beyond its frame (Streams::limit), and a stage is left only when
// its in-streams have all bytes of the frame: so all that was ever credited has
// been placed. Streams that never had their stage have had no credit; a
// fragment that claims to be theirs is not acknowledged.
bool Link::place_fragment(uint16_t peer, const Item& item, uint64_t now) {
  PeerState& s = peers_[peer];
  const uint32_t i = uint32_t{item.number} - stage_.first_stream;
  if (i >= stage_.all_in_streams()) {
    s.flags |= kAnswer;
    return item.number < entered_;
  }
  const uint16_t stream = static_cast<uint16_t>(i);
  StreamState& in = streams_[i];
  const uint32_t end = item.value + item.length;
  if (ahead(end, in.received) <= 0) {
    s.flags |= kAnswer;  // the last one was lost, and what it said of credit
    repeat_credit(peer);
    return true;
  }
  if (ahead(end, owner_->limit(stream)) > 0) return false;
  const bool gap = ahead(item.value, in.received) > 0;
  const uint32_t begin = gap ? item.value : in.received;
  Range* ranges = ranges_of(i);
  if (gap) {
    s.flags |= kGap;
    if (!range_fits(ranges, counts_.gaps, begin, end)) return false;
  }
  place_new(stream, item, begin);
  s.told_us = static_cast<uint32_t>(now);
  s.tells = 0;
  if (gap) {
    add_range(ranges, counts_.gaps, begin, end);
    return true;
  }
  in.received = take_ranges(ranges, counts_.gaps, end);
  owner_->arrived(stream, in.received);
  if (in.received == in.advertised) s.flags |= kAnswer;
  return true;
}

// Bytes that lie there already stay: no datagram can change them any more.
void Link::place_new(uint16_t stream, const Item& item, uint32_t begin) {
  const uint32_t last = item.value + item.length;
  uint32_t end = last;
  while (find_hole(ranges_of(stream), counts_.gaps, begin, end)) {
    owner_->place(stream, begin, item.bytes + (begin - item.value),
                  end - begin);
    counters_.placed_bytes += end - begin;
    begin = end;
    end = last;
  }
}

void Link::take_credit(uint16_t peer, const Item& item) {
  uint32_t& limit = limits_[item.number];
  if (ahead(item.value, limit) <= 0) return;
  limit = item.value;
  peers_[peer].backoff = 0;
}

void Link::take_ack(uint16_t peer, const Item& ack, uint64_t now) {
  PeerState& s = peers_[peer];
  const uint32_t ago = static_cast<uint32_t>(s.next_packet) - ack.value;
  confirm_phase(config_->peers[peer], s.next_packet - ago);
  take_watched(peer, ack, now);
  if ((s.flags & kTold) && names(ack, s.credit)) {
    s.flags &= static_cast<uint16_t>(~kTold);
    s.tells = 0;
  }
  const uint16_t in_flight = s.in_flight;
  if (in_flight + s.lost == 0) return;
  Flight* flights = flights_of(peer);
  uint32_t nearest = ~uint32_t{0}, sent_us = 0;
  for (uint32_t i = 0; i < entries_[peer].window; ++i) {
    Flight& f = flights[i];
    if (f.bytes == 0 || !names(ack, f.packet)) continue;
    const uint32_t age = ack.value - f.packet;
    if (is_lost(f)) {  // it was not, only overtaken
      s.backoff = 0;
      --s.lost;
      if (s.overtaken <= age) s.overtaken = static_cast<uint16_t>(age + 1);
    } else {
      --s.in_flight;
      if (losses_ > 0) --losses_;
      if (age < nearest) nearest = age, sent_us = f.sent_us;
    }
    f.bytes = 0;
    if (f.offset == targets_[f.target].acknowledged) {
      acknowledge(peer, f.target);
    }
  }
  if (nearest != ~uint32_t{0}) {
    s.backoff = 0;
    pace_acknowledged(s.pace, static_cast<uint16_t>(in_flight - s.in_flight),
                      in_flight, entries_[peer].window);
    lower_timer(now + timeout_us(peer));
    // The answer to an older one may have been lost.
    if (nearest < kFresh) measure(peer, static_cast<uint32_t>(now) - sent_us);
  }
  find_losses(peer, ack.value);
}

// Learns from the last time-out: was it too early, or with reason?
void Link::take_watched(uint16_t peer, const Item& ack, uint64_t now) {
  PeerState& s = peers_[peer];
  uint32_t sent_us = 0;
  switch (pace_watched(s.pace, ack.value, ack.mask, s.overtaken, sent_us)) {
    case Watched::kOpen:
      break;
    case Watched::kCame:
      s.backoff = 0;
      losses_ /= 2;
      if (sent_us) measure(peer, static_cast<uint32_t>(now) - sent_us);
      break;
    case Watched::kLost:
      note_loss();
      break;
  }
}

// Up to the first byte that is not acknowledged.
void Link::acknowledge(uint16_t peer, uint16_t target) {
  TargetState& t = targets_[target];
  const Flight* flights = flights_of(peer);
  t.acknowledged = t.sent;
  for (uint32_t i = 0; i < entries_[peer].window; ++i) {
    const Flight& f = flights[i];
    if (f.bytes && f.target == target && ahead(f.offset, t.acknowledged) < 0) {
      t.acknowledged = f.offset;
    }
  }
  owner_->released(target, t.acknowledged);
}

void Link::note_loss() {
  constexpr uint16_t kEach = 16, kMost = 1024;
  losses_ =
      static_cast<uint16_t>(losses_ < kMost - kEach ? losses_ + kEach : kMost);
}

void Link::find_losses(uint16_t peer, uint32_t largest) {
  PeerState& s = peers_[peer];
  Flight* flights = flights_of(peer);
  for (uint32_t i = 0; s.in_flight && i < entries_[peer].window; ++i) {
    Flight& f = flights[i];
    if (!on_its_way(f)) continue;
    // The newest has come and was not placed: it was behind a gap, and so is
    // what follows it.
    const bool dropped = largest == f.packet;
    if (!dropped && ahead(largest, f.packet) < s.overtaken) continue;
    const uint32_t packet = f.packet;
    if (!dropped) note_loss();
    if (crowded(peer)) {
      pace_lost(s.pace, packet, static_cast<uint32_t>(s.next_packet));
    }
    if (dropped) {
      lose_all(peer, f.target);
    } else {
      lose(peer, f);
    }
  }
}

// RFC 6298, section 2. Where much is lost a late answer may be a repeated one.
void Link::measure(uint16_t peer, uint32_t sample_us) {
  PeerState& s = peers_[peer];
  const uint32_t most =
      s.rtt_us && losses_ > 0 ? trip_us(peer, false) : sample_us;
  if (sample_us > most) sample_us = most;
  if (sample_us == 0) sample_us = 1;
  pace_measured(s.pace, sample_us);
  if (s.rtt_us == 0) {
    s.rtt_us = sample_us;
    s.rtt_deviation_us = sample_us / 2;
    return;
  }
  const uint32_t off =
      s.rtt_us > sample_us ? s.rtt_us - sample_us : sample_us - s.rtt_us;
  s.rtt_deviation_us += off / 4 - s.rtt_deviation_us / 4;
  s.rtt_us += sample_us / 8 - s.rtt_us / 8;
  if (s.rtt_us == 0) s.rtt_us = 1;
}

}  // namespace shoal
