#include "device/link/congestion.h"
#include "device/link/link.h"
#include "device/link/phase.h"
#include "device/link/wire.h"

namespace shoal {
namespace {

// A datagram's last few bytes are not worth the head of another fragment.
constexpr uint32_t kLeastPiece = 16;
// The transport could take no more.
constexpr uint32_t kFirstRetryUs = 64, kLastRetryUs = 16'384;
constexpr uint32_t kSlowRetryUs = 1000;

// Returns the time stamp of a flight; 0 stands for one that was lost.
uint32_t stamp(uint64_t now) {
  const uint32_t us = static_cast<uint32_t>(now);
  return us ? us : 1;
}

uint32_t behind(uint32_t offset, uint32_t end) {
  const uint32_t bytes = end - offset;
  return static_cast<int32_t>(bytes) > 0 ? bytes : 0;
}

}  // namespace

void Link::send(bool flush) {
  const bool news = awake_ || (flush && held_);
  if (!news && timer_us_ == kNever) return;
  const uint64_t now = now_us();
  const bool due = now >= timer_us_;
  if ((!news && !due) || now < retry_at_us_) return;
  if (due) run_timers(now);
  awake_ = held_ = false;
  survey(now);
  // An idle owner waits for rows: what it said of credit may be lost.
  for (uint16_t p = 0; p < counts_.peers; ++p) tell_again(p, flush, now);
  // One datagram to each in turn, from every node another one first: so nobody
  // is always the last.
  for (bool more = counts_.peers > 0; more;) {
    more = false;
    for (uint32_t i = 0, p = first_; i < counts_.peers; ++i, ++p) {
      if (p == counts_.peers) p = 0;
      more |= serve(static_cast<uint16_t>(p), flush, now);
      if (awake_) break;
    }
    more &= !awake_;
  }
  if (due) find_timers(now);
  if (awake_) lower_timer(retry_at_us_);
}

// The transport's queue goes on meanwhile. Numbers of datagrams that were
// refused are lost, and acknowledgements reach back over some only: so there
// are about as many attempts as datagrams, at any rate of the line.
void Link::note_refusal(uint16_t peer, uint64_t now) {
  retry_us_ *= 2;
  if (retry_us_ < kFirstRetryUs) retry_us_ = kFirstRetryUs;
  if (retry_us_ > kLastRetryUs) retry_us_ = kLastRetryUs;
  retry_at_us_ = now + retry_us_;
  // On a slow line nobody is always the last.
  if (retry_us_ > kSlowRetryUs) first_ = peer;
  awake_ = true;
}

// Fragments that may be on their way to a peer.
uint16_t Link::window(uint16_t peer) const {
  const uint16_t most = entries_[peer].window;
  const uint16_t now = allowed_flights(peers_[peer].pace);
  return now < most ? now : most;
}

uint32_t Link::sendable(uint16_t target) const {
  const TargetState& t = targets_[target];
  const uint32_t credit = behind(t.sent, limits_[stage_.first_target + target]);
  if (credit == 0) return 0;
  const uint32_t ready = behind(t.sent, owner_->ready(target));
  return ready < credit ? ready : credit;
}

// Finds the work that each peer needs.
void Link::survey(uint64_t now) {
  for (uint32_t p = 0; p < counts_.peers; ++p) {
    PeerState& s = peers_[p];
    s.waiting = 0;
    s.flags &= kOwed | kAnswer | kLate | kProbe | kRides | kGap | kTold |
               kMore | kUnheard;
    if (s.lost > 0) survey_lost(static_cast<uint16_t>(p));
  }
  for (uint16_t i = 0; i < stage_.target_count; ++i) {
    PeerState& s = peers_[stage_.targets[i].peer];
    const TargetState& t = targets_[i];
    s.waiting += sendable(i);
    if (t.sent != t.reached) s.flags |= kLost;
    // With bytes in flight their acknowledgements bring credit.
    if (t.sent == t.acknowledged &&
        t.sent == limits_[stage_.first_target + i] &&
        owner_->ready(i) != t.sent) {
      s.flags |= kBlocked;
    }
  }
  for (uint16_t i = 0; i < stage_.all_in_streams(); ++i) {
    const StreamState& in = streams_[i];
    PeerState& s = peers_[stage_.in_stream(i).peer];
    // Nobody waits yet for rows of the next stage.
    const bool now_wanted = i < stage_.in_streams;
    if (now_wanted && in.advertised != in.received) s.flags |= kWaits;
    const uint32_t fresh = behind(in.advertised, owner_->limit(i));
    if (fresh == 0) continue;
    s.flags |= kCredit;
    const uint32_t left = in.advertised - in.received;
    if (now_wanted && left == 0) s.flags |= kCreditDue;
    if (fresh >= left) owe(s, now);
  }
  for (uint16_t p = 0; p < counts_.peers; ++p) {
    PeerState& s = peers_[p];
    if (!(s.flags & kBlocked)) {
      s.flags &= static_cast<uint16_t>(~kProbe);
      s.blocked_us = 0;
    } else if (s.blocked_us == 0) {
      if (s.flags & kProbe) {
        note_silence(s);
        if (s.backoff < 16) ++s.backoff;
      }
      s.blocked_us = stamp(now);
      lower_timer(now + probe_us(p));
    }
  }
}

void Link::survey_lost(uint16_t peer) {
  PeerState& s = peers_[peer];
  const Flight* flights = flights_of(peer);
  for (uint32_t i = 0; i < entries_[peer].window; ++i) {
    if (is_lost(flights[i])) s.waiting += flights[i].bytes;
  }
  s.flags |= kLost;
}

void Link::tell_again(uint16_t peer, bool flush, uint64_t now) {
  PeerState& s = peers_[peer];
  if (!may_tell(s)) return;
  const uint32_t spent = static_cast<uint32_t>(now) - s.told_us;
  if (spent < tell_us(peer)) return;
  if (!flush) {
    held_ = true;
    return;
  }
  ++s.tells;
  repeat_credit(peer);
  s.flags |= kCredit | kCreditDue | kGap;
}

// Returns whether a datagram went, so that there may be another one.
bool Link::serve(uint16_t peer, bool flush, uint64_t now) {
  PeerState& s = peers_[peer];
  constexpr uint16_t kAny =
      kLost | kOwed | kAnswer | kLate | kProbe | kGap | kCreditDue;
  if (s.waiting == 0 && s.unacknowledged == 0 && !(s.flags & kAny)) {
    return false;
  }
  const uint32_t window = this->window(peer);
  // A sender with a small window waits for every answer, one that loses much
  // must not take late ones for lost, and rows here may wait for credit that
  // the peer gives once it has an answer.
  const bool is_slow = entries_[peer].window <= 2 || losses_ > 0;
  const uint32_t enough = is_slow || (s.flags & kBlocked) ? 1 : 2;
  if (s.flags & kLost) flush = true;
  const bool wanted =
      (s.flags & (kAnswer | kCreditDue)) || s.unacknowledged >= enough;
  const bool answer = (s.flags & (kLate | kProbe | kGap)) ||
                      ((flush || !(s.flags & kRides)) && wanted);
  const bool fragments =
      s.in_flight < window && s.waiting > 0 &&
      (flush || answer || s.in_flight == 0 || s.waiting >= capacity_);
  if (fragments || answer) {
    if (send_datagram(peer, fragments, now)) return true;
    note_refusal(peer, now);
  }
  const bool more = s.waiting > 0 && s.in_flight < window;
  if (more || (s.flags & kOwed)) held_ = true;
  return false;
}

bool Link::send_datagram(uint16_t peer, bool fragments, uint64_t now) {
  PeerState& s = peers_[peer];
  const shoal_cipher& cipher = *config_->cipher;
  uint8_t* datagram = config_->packet;
  uint8_t* items = datagram + kDataHeadBytes;
  ItemWriter writer(items, datagram + payload_ - cipher.tag_bytes);

  const uint64_t number = s.next_packet++;
  const uint32_t packet = static_cast<uint32_t>(number);
  shoal_peer& to = config_->peers[peer];
  uint8_t flags = send_phase(to, *config_, number, now);
  if (s.flags & kProbe) flags |= kFlagProbe;
  if (losses_ > kToldOfLosses) flags |= kFlagHaste;
  put_head(datagram, {flags, node_, config_->epoch, packet});
  if (s.unacknowledged > 0) write_acks(s, writer);
  uint32_t credits = 0;
  const bool all_credit =
      !(s.flags & kCredit) || write_credit(peer, packet, now, writer, credits);
  const uint32_t rows =
      fragments ? write_fragments(peer, packet, now, writer) : 0;

  const uint32_t bytes = static_cast<uint32_t>(writer.end() - items);
  const uint32_t size = kDataHeadBytes + bytes + cipher.tag_bytes;
  const bool astray = s.backoff > 1 && number % 2 == 0;
  const shoal_transport& transport = *config_->transport;
  if (cipher.seal(to.send_key, number, datagram, kDataHeadBytes, items,
                  bytes) != 0 ||
      transport.send(transport.user, astray ? to.home : to.address, datagram,
                     size) != 0) {
    take_back(peer, packet);
    return false;
  }
  retry_us_ /= 2;
  note_answer(s, rows > 0, now);
  note_credit(peer, credits);
  if (all_credit) {
    s.flags &= static_cast<uint16_t>(~(kCredit | kCreditDue | kMore));
  }
  ++counters_.sent;
  counters_.sent_bytes += size;
  if (rows > 0) {
    const uint32_t fill = size * 16 / payload_;
    ++counters_.fill[fill < 15 ? fill : 15];
    count_fragments(peer, packet);
    lower_timer(now + timeout_us(peer));
  }
  return true;
}

// Nothing is owed any more. Rows that go shortly after an answer could have
// taken it along; where it has waited in vain, the next one will not wait.
void Link::note_answer(PeerState& s, bool rows, uint64_t now) {
  const uint32_t time = static_cast<uint32_t>(now);
  if (!rows) {
    if (s.flags & kLate) s.flags &= static_cast<uint16_t>(~kRides);
    s.answered_us = time;
  } else if ((s.flags & kOwed) || time - s.answered_us < kAnswerDelayUs) {
    s.flags |= kRides;
  }
  s.flags &= static_cast<uint16_t>(~(kOwed | kAnswer | kLate | kProbe | kGap));
  s.unacknowledged = 0;
}

// One item reaches back over 32 numbers: enough, unless many datagrams came
// at once. The older ones come first, so that they are not taken for lost.
void Link::write_acks(const PeerState& s, ItemWriter& writer) const {
  const uint32_t largest = static_cast<uint32_t>(s.newest - 1);
  if (s.unacknowledged > 16 && s.kept >> 32 != 0) {
    writer.ack(largest - 32, static_cast<uint32_t>(s.kept >> 32));
  }
  writer.ack(largest, static_cast<uint32_t>(s.kept));
}

// Returns whether all of it had room. Credit that was told before and is not
// known to have come goes again with it, so the last datagram speaks for all;
// where one has no room for it, the next ones go on behind it, however long
// they have to wait: else those that are told last would never be told.
bool Link::write_credit(uint16_t peer, uint32_t packet, uint64_t now,
                        ItemWriter& writer, uint32_t& credits) {
  PeerState& s = peers_[peer];
  if ((s.flags & (kTold | kMore)) == kTold) repeat_credit(peer);
  s.flags |= kTold | kMore;
  s.credit = packet;
  s.told_us = static_cast<uint32_t>(now);
  lower_timer(now + tell_us(peer));
  for (uint16_t i = 0; i < stage_.all_in_streams(); ++i) {
    if (!has_news(peer, i)) continue;
    if (!writer.credit(stage_.in_stream(i).there, owner_->limit(i))) {
      return false;
    }
    ++credits;
  }
  return true;
}

// Returns whether the peer is to be told of credit for the in-stream.
bool Link::has_news(uint16_t peer, uint16_t stream) const {
  return stage_.in_stream(stream).peer == peer &&
         behind(streams_[stream].advertised, owner_->limit(stream)) > 0;
}

// The credit of the first `credits` streams with news has been told.
void Link::note_credit(uint16_t peer, uint32_t credits) {
  for (uint16_t i = 0; credits > 0 && i < stage_.all_in_streams(); ++i) {
    if (!has_news(peer, i)) continue;
    streams_[i].advertised = owner_->limit(i);
    --credits;
  }
}

// Bytes of rows that were written: lost ones first, and no others meanwhile.
uint32_t Link::write_fragments(uint16_t peer, uint32_t packet, uint64_t now,
                               ItemWriter& writer) {
  PeerState& s = peers_[peer];
  uint32_t rows = s.lost > 0 ? write_lost(peer, packet, now, writer) : 0;
  for (uint16_t i = 0; s.lost == 0 && i < stage_.target_count; ++i) {
    if (stage_.targets[i].peer != peer) continue;
    uint32_t bytes = sendable(i);
    if (bytes == 0) continue;
    const uint32_t least = bytes < kLeastPiece ? bytes : kLeastPiece;
    if (writer.room() < kFragmentHeadBytes + least) continue;
    const uint32_t room = writer.room() - kFragmentHeadBytes;
    if (bytes > room) bytes = room;
    if (s.in_flight >= window(peer)) break;
    Flight* flight = unused_flight(peer);
    if (!flight) break;
    TargetState& t = targets_[i];
    const uint16_t length = static_cast<uint16_t>(bytes);
    uint8_t* to = writer.fragment(stage_.targets[i].there, t.sent, length);
    owner_->read(i, t.sent, to, bytes);
    *flight = {packet, stamp(now), t.sent, i, length};
    ++s.in_flight;
    t.sent += bytes;
    s.waiting -= bytes;
    rows += bytes;
  }
  return rows;
}

// Each goes as it went before, with what follows it: for one of them an empty
// datagram has room.
uint32_t Link::write_lost(uint16_t peer, uint32_t packet, uint64_t now,
                          ItemWriter& writer) {
  PeerState& s = peers_[peer];
  uint32_t rows = 0;
  while (s.lost > 0 && s.in_flight < window(peer)) {
    Flight& f = *next_lost(peer);
    const uint32_t room = writer.room();
    if (room < kFragmentHeadBytes + uint32_t{f.bytes}) break;
    f.packet = packet;
    f.sent_us = stamp(now);
    --s.lost;
    ++s.in_flight;
    while (s.lost > 0) {
      Flight& more = *next_lost(peer);
      const uint32_t bytes = uint32_t{f.bytes} + more.bytes;
      if (more.target != f.target || more.offset != f.offset + f.bytes ||
          room < kFragmentHeadBytes + bytes) {
        break;
      }
      f.bytes = static_cast<uint16_t>(bytes);
      more.bytes = 0;
      --s.lost;
    }
    const uint16_t there = stage_.targets[f.target].there;
    owner_->read(f.target, f.offset, writer.fragment(there, f.offset, f.bytes),
                 f.bytes);
    s.waiting -= f.bytes;
    rows += f.bytes;
  }
  return rows;
}

// The first one of a stream: a receiver without a list of gaps takes no other.
Flight* Link::next_lost(uint16_t peer) {
  Flight* flights = flights_of(peer);
  Flight* next = nullptr;
  for (uint32_t i = 0; i < entries_[peer].window; ++i) {
    Flight& f = flights[i];
    if (!is_lost(f)) continue;
    if (!next || f.target < next->target ||
        (f.target == next->target && behind(f.offset, next->offset) > 0)) {
      next = &f;
    }
  }
  return next;
}

Flight* Link::unused_flight(uint16_t peer) {
  Flight* flights = flights_of(peer);
  for (uint32_t i = 0; i < entries_[peer].window; ++i) {
    if (flights[i].bytes == 0) return flights + i;
  }
  return nullptr;
}

void Link::count_fragments(uint16_t peer, uint32_t packet) {
  const Flight* flights = flights_of(peer);
  for (uint32_t i = 0; i < entries_[peer].window; ++i) {
    const Flight& f = flights[i];
    if (f.bytes == 0 || f.packet != packet) continue;
    TargetState& t = targets_[f.target];
    const uint32_t fresh = behind(t.reached, f.offset + f.bytes);
    counters_.row_bytes += fresh;
    counters_.resent_bytes += f.bytes - fresh;
    t.reached += fresh;
  }
}

// A datagram that the transport did not take; its number stays used.
void Link::take_back(uint16_t peer, uint32_t packet) {
  PeerState& s = peers_[peer];
  Flight* flights = flights_of(peer);
  for (uint32_t i = 0; s.in_flight && i < entries_[peer].window; ++i) {
    Flight& f = flights[i];
    if (!on_its_way(f) || f.packet != packet) continue;
    s.waiting += f.bytes;
    TargetState& t = targets_[f.target];
    if (f.offset + f.bytes != t.sent) {
      lose(peer, f);
      continue;
    }
    t.sent = f.offset;
    f.bytes = 0;
    --s.in_flight;
  }
}

// Whatever it was told, it is told again.
void Link::repeat_credit(uint16_t peer) {
  for (uint16_t i = 0; i < stage_.all_in_streams(); ++i) {
    if (stage_.in_stream(i).peer == peer) {
      streams_[i].advertised = streams_[i].received;
    }
  }
}

}  // namespace shoal
