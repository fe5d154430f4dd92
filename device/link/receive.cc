#include "device/link/congestion.h"
#include "device/link/link.h"
#include "device/link/phase.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

constexpr uint32_t kReplayWindow = 64;
// A datagram counts as lost when one that was sent so many later has come:
// datagrams overtake each other by less.
constexpr int32_t kReordering = 3;

int32_t ahead(uint32_t offset, uint32_t of) {
  return static_cast<int32_t>(offset - of);
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
  if ((head.flags & ~(kFlagProbe | kFlagPhase)) != 0 ||
      !legal(peer, items, size)) {
    ++counters_.malformed;
    return Status::kBadRecord;
  }

  // An old datagram may still come from where the peer was before.
  if (number >= s.newest) from.address = address;
  mark_seen(s, number);
  ++counters_.received;
  counters_.received_bytes += bytes;
  const uint64_t now = now_us();
  bool segments = false;
  if (take_items(peer, items, size, now, segments)) {
    s.kept |= uint64_t{1} << (s.newest - 1 - number);
  } else {
    ++counters_.early;
  }
  const bool probe = head.flags & kFlagProbe;
  if (probe) {
    s.flags |= kAnswer;
    repeat_credit(peer);
  }
  if (probe || segments) {
    ++s.unacknowledged;
    owe(s, now);
  }
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
    case ItemKind::kSegment: {
      const uint32_t i = uint32_t{item.number} - stage_.first_stream;
      return i >= stage_.in_streams || stage_.streams[i].peer == peer;
    }
  }
  return false;
}

// Whether the datagram is to be acknowledged.
bool Link::take_items(uint16_t peer, const uint8_t* items, uint32_t bytes,
                      uint64_t now, bool& segments) {
  bool all = true;
  ItemReader reader(items, bytes);
  Item item;
  while (reader.next(item)) {
    switch (item.kind) {
      case ItemKind::kAck:
        take_ack(peer, item, now);
        break;
      case ItemKind::kCredit:
        take_credit(peer, item);
        break;
      case ItemKind::kSegment:
        segments = true;
        all &= place_segment(peer, item, now);
        break;
    }
  }
  return all;
}

// Whether the segment's bytes are here now, or were before.
//
// A stream of another stage has no state here; its segments can only be old
// ones. A sender goes as far as its credit, credit is given within a stage and
// never beyond its frame (Streams::limit), and a stage is left only when its
// in-streams have all bytes of the frame: so all that was ever credited has
// been placed. Streams that never had their stage have had no credit; what
// claims to be theirs is not acknowledged.
bool Link::place_segment(uint16_t peer, const Item& item, uint64_t now) {
  PeerState& s = peers_[peer];
  const uint32_t i = uint32_t{item.number} - stage_.first_stream;
  if (i >= stage_.in_streams) {
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
  if (ahead(item.value, in.received) > 0) {
    s.flags |= kGap;
    return false;
  }
  if (ahead(end, owner_->limit(stream)) > 0) return false;
  const uint32_t known = in.received - item.value;
  const uint32_t fresh = item.length - known;
  owner_->place(stream, in.received, item.bytes + known, fresh);
  in.received = end;
  s.told_us = static_cast<uint32_t>(now);
  s.tells = 0;
  counters_.placed_bytes += fresh;
  if (in.received == in.advertised) s.flags |= kAnswer;
  return true;
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
  uint32_t late_us = 0;
  if (pace_came_late(s.pace, ack.value, ack.mask, late_us)) {
    measure(s, static_cast<uint32_t>(now) - late_us);
  }
  if (s.in_flight == 0) return;
  const uint16_t in_flight = s.in_flight;
  const uint32_t window = entries_[peer].window;
  Flight* flights = flights_of(peer);
  uint32_t nearest = ~uint32_t{0}, sent_us = 0;
  for (uint32_t i = 0; i < window; ++i) {
    Flight& f = flights[i];
    const uint32_t age = ack.value - f.packet;
    if (f.bytes == 0 || age >= 32 || !(ack.mask >> age & 1)) continue;
    TargetState& t = targets_[f.target];
    const uint32_t end = f.offset + f.bytes;
    if (ahead(end, t.acknowledged) > 0) {
      t.acknowledged = end;
      owner_->released(f.target, end);
    }
    if (age < nearest) {
      nearest = age;
      sent_us = f.sent_us;
    }
    free_flight(s, f);
  }
  if (nearest != ~uint32_t{0}) {
    s.backoff = 0;
    pace_acknowledged(s.pace, static_cast<uint16_t>(in_flight - s.in_flight),
                      in_flight, entries_[peer].window);
    lower_timer(now + timeout_us(peer));
    // Of older ones the answer may have been lost.
    if (nearest < kReordering) measure(s, static_cast<uint32_t>(now) - sent_us);
  }
  for (uint32_t i = 0; i < window; ++i) {
    Flight& f = flights[i];
    if (f.bytes == 0) continue;
    if (ahead(f.offset + f.bytes, targets_[f.target].acknowledged) <= 0) {
      free_flight(s, f);
    } else if (ack.value == f.packet ||
               ahead(ack.value, f.packet) >= kReordering) {
      // The newest has come and was not placed: it was behind a gap.
      if (crowded(peer)) {
        pace_lost(s.pace, f.packet, static_cast<uint32_t>(s.next_packet));
      }
      lose(peer, f.target);
    }
  }
}

// RFC 6298, section 2.
void Link::measure(PeerState& s, uint32_t sample_us) {
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
