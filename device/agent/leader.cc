#include "device/agent/leader.h"

#include <cstring>
#include <new>

namespace shoal {
namespace {

constexpr uint64_t kPatienceUs = 10'000'000;

// From the arena, aligned.
class Room {
 public:
  Room(uint8_t* at, uint32_t bytes) : at_(at), left_(bytes) {}
  template <class T>
  bool take(T*& to, uint32_t count) {
    const uint64_t bytes = (uint64_t{count} * sizeof(T) + 7) / 8 * 8;
    if (bytes > left_) return false;
    to = reinterpret_cast<T*>(at_);
    at_ += bytes;
    left_ -= static_cast<uint32_t>(bytes);
    return true;
  }

 private:
  uint8_t* at_;
  uint32_t left_;
};

bool fits(const LeaderBox& b, uint32_t tensor) {
  const auto small = [](uint32_t v) { return v > 0 && v <= 0xFFFF; };
  if (!small(b.run) || !small(b.runs) || !small(b.rows)) return false;
  const uint64_t end = uint64_t{b.first} + uint64_t{b.rows - 1} * b.row_step +
                       uint64_t{b.runs - 1} * b.step + b.run;
  return end <= tensor && uint64_t{b.run} * b.runs * b.rows <= tensor;
}

}  // namespace

Status check_leader(const LeaderHeader& h, uint32_t bytes) {
  if (h.magic != kLeaderMagic) return Status::kBadMagic;
  if (h.version != kLeaderVersion) return Status::kBadVersion;
  if (h.arithmetic != kArithmetic) return Status::kBadArithmetic;
  const auto some = [](uint32_t v, uint32_t most) {
    return v > 0 && v <= most;
  };
  const bool good =
      some(h.peers, kMaxPeers) && some(h.targets, kMostLeaderEnds) &&
      some(h.streams, kMostLeaderEnds) && some(h.window, kMaxFlights) &&
      h.gaps <= kMaxGaps && some(h.picture_bytes, kMostLeaderTensor) &&
      some(h.output_bytes, kMostLeaderTensor) && h.classes <= h.output_bytes;
  constexpr uint32_t kMostBytes = 1 << 28;
  if (!good || h.bytes != bytes || bytes > kMostBytes)
    return Status::kBadRecord;
  const uint64_t needed = uint64_t{h.classes} * kLeaderName + h.picture_bytes;
  if (needed > bytes || leader_layout(h).bytes > bytes) {
    return Status::kTooShort;
  }
  return Status::kOk;
}

bool check_leader_tables(const LeaderHeader& h, const PeerEntry* peers,
                         const TargetRecord* targets,
                         const StreamRecord* streams, const LeaderBox* boxes) {
  for (uint32_t i = 0; i < h.peers; ++i) {
    if (peers[i].window != h.window || peers[i].node == kCoordinator) {
      return false;
    }
  }
  for (uint32_t i = 0; i < h.targets; ++i) {
    if (targets[i].peer >= h.peers || !fits(boxes[i], h.picture_bytes)) {
      return false;
    }
  }
  for (uint32_t i = 0; i < h.streams; ++i) {
    const bool good = streams[i].peer < h.peers && streams[i].number == i &&
                      streams[i].targets == 0 &&
                      fits(boxes[h.targets + i], h.output_bytes);
    if (!good) return false;
  }
  return true;
}

LeaderProgram* make_leader(uint8_t* arena, uint32_t arena_bytes) {
  static_assert(alignof(Leader) <= kAlign);
  return arena_bytes < sizeof(Leader) ? nullptr : new (arena) Leader;
}

bool Leader::get(uint32_t offset, void* to, uint32_t bytes) const {
  return c_.read(c_.user, offset, to, bytes);
}

Status Leader::open(const LeaderConfig& config) {
  c_ = config;
  if (c_.image_bytes < sizeof h_ || !get(0, &h_, sizeof h_)) {
    return Status::kStorage;
  }
  const Status status = check_leader(h_, c_.image_bytes);
  if (status != Status::kOk) return status;
  if (c_.peers != h_.peers) return Status::kBadArgument;
  at_ = leader_layout(h_);
  LinkCounts counts;
  counts.peers = h_.peers;
  counts.windows = uint32_t{h_.peers} * h_.window;
  counts.targets = counts.stage_targets = h_.targets;
  counts.stage_streams = h_.streams;
  counts.gaps = h_.gaps;
  constexpr auto kOwn = align_up(sizeof(Leader));
  Room room(c_.arena + kOwn, c_.arena_bytes - kOwn);
  uint64_t* tables = nullptr;
  const bool enough =
      c_.arena_bytes >= kOwn && room.take(peers_, h_.peers) &&
      room.take(heard_us_, h_.peers) && room.take(targets_, h_.targets) &&
      room.take(streams_, h_.streams) && room.take(boxes_, ends()) &&
      room.take(reached_, ends()) && room.take(output_, h_.output_bytes) &&
      uint64_t{h_.streams} * h_.gaps <= c_.arena_bytes &&
      room.take(tables, link_layout(counts).bytes / sizeof *tables);
  if (!enough) return Status::kArenaTooSmall;
  if (!read_tables()) return Status::kStorage;
  if (!check_leader_tables(h_, peers_, targets_, streams_, boxes_)) {
    return Status::kBadRecord;
  }
  std::memset(reached_, 0, ends() * sizeof *reached_);
  const Status opened = link_.open(*c_.link, *this, kCoordinator, peers_,
                                   counts, reinterpret_cast<uint8_t*>(tables));
  if (opened != Status::kOk) return opened;
  link_.begin_stage({streams_, targets_, h_.streams, h_.targets, 0, 0});
  for (uint16_t i = 0; i < h_.targets; ++i) link_.start_target(i, 0);
  for (uint16_t i = 0; i < h_.streams; ++i) link_.start_stream(i, 0);
  next_us_ = now_us();
  for (uint16_t i = 0; i < h_.peers; ++i) heard_us_[i] = next_us_;
  return Status::kOk;
}

bool Leader::read_tables() {
  return get(at_.peers, peers_, h_.peers * uint32_t{sizeof *peers_}) &&
         get(at_.targets, targets_, h_.targets * uint32_t{sizeof *targets_}) &&
         get(at_.streams, streams_, h_.streams * uint32_t{sizeof *streams_}) &&
         get(at_.boxes, boxes_, ends() * uint32_t{sizeof *boxes_});
}

uint64_t Leader::now_us() const {
  const shoal_transport& t = *c_.link->transport;
  return t.now_us(t.user);
}

Status Leader::step() {
  const uint64_t now = now_us();
  bool worked = false;
  if (begun_ == done_ && now >= next_us_) {
    ++begun_;
    for (uint16_t i = 0; i < h_.peers; ++i) heard_us_[i] = now;
    look_us_ = now + kPatienceUs;
    link_.wake();
    worked = true;
  }
  const auto sent = link_.counters().sent;
  link_.send(true);
  worked |= link_.counters().sent != sent;
  if (begun_ != done_ && news_ && end_under_way() == ends()) {
    tell(now);
    worked = true;
  }
  if (begun_ != done_ && now >= look_us_) look_for_silence(now);
  if (failed_) return Status::kStorage;
  return worked ? Status::kOk : Status::kWait;
}

void Leader::receive(uint64_t from, uint8_t* datagram, uint32_t bytes) {
  if (link_.receive(from, datagram, bytes) != Status::kOk) return;
  // The link has noted where the peer is.
  for (uint16_t i = 0; i < h_.peers; ++i) {
    if (c_.link->peers[i].address == from) heard_us_[i] = now_us();
  }
}

uint64_t Leader::next_timer_us() const {
  const uint64_t link = link_.next_timer_us();
  const uint64_t own = begun_ != done_ ? look_us_ : next_us_;
  return link < own ? link : own;
}

// The first one that the frame waits for.
uint32_t Leader::end_under_way() {
  news_ = false;
  uint32_t i = 0;
  while (i < ends() && at_end(i)) ++i;
  return i;
}

// The frame is whole.
void Leader::tell(uint64_t now) {
  LeaderSaid said;
  said.frame = done_++;
  const auto* const values = reinterpret_cast<const int8_t*>(output_);
  for (uint32_t i = 1; i < h_.output_bytes; ++i) {
    if (values[i] > values[said.best]) said.best = i;
  }
  said.value = values[said.best];
  if (said.best < h_.classes &&
      !get(at_.classes + said.best * kLeaderName, said.name, kLeaderName)) {
    failed_ = true;
  }
  said.name[kLeaderName - 1] = 0;
  next_us_ = h_.every_ms ? now + uint64_t{h_.every_ms} * 1000 : UINT64_MAX;
  link_.wake();
  c_.said(c_.said_user, said);
}

// Returns the node that has been silent for longest among those that lack bytes
// of the picture: the link asks each of them again and again, so that one that
// lives is heard. When all have theirs, it is one of those that owe a part of
// the result; they may be waiting for others without a word, so the time counts
// since any node was heard.
uint16_t Leader::awaited(uint64_t& since) const {
  uint16_t who = h_.peers;
  const auto choose = [&](uint32_t end, uint16_t peer) {
    if (at_end(end)) return;
    if (who == h_.peers || heard_us_[peer] < heard_us_[who]) who = peer;
  };
  for (uint32_t i = 0; i < h_.targets; ++i) choose(i, targets_[i].peer);
  if (who != h_.peers) {
    since = heard_us_[who];
    return who;
  }
  for (uint32_t i = 0; i < h_.streams; ++i) {
    choose(h_.targets + i, streams_[i].peer);
  }
  since = 0;
  for (uint16_t i = 0; i < h_.peers; ++i) {
    if (heard_us_[i] > since) since = heard_us_[i];
  }
  return who;
}

// Each silence is told once.
void Leader::look_for_silence(uint64_t now) {
  uint64_t since = 0;
  const uint16_t who = awaited(since);
  look_us_ = since + kPatienceUs;
  if (who == h_.peers || now < look_us_) return;
  look_us_ = now + kPatienceUs;
  if (who == complained_of_ && since < complained_us_) return;
  complained_of_ = who;
  complained_us_ = now;
  complain(who);
}

void Leader::complain(uint16_t peer) {
  LeaderSaid said;
  said.frame = done_;
  said.late = true;
  if (!get(at_.names + peer * kLeaderName, said.name, kLeaderName)) {
    failed_ = true;
  }
  said.name[kLeaderName - 1] = 0;
  c_.said(c_.said_user, said);
}

uint32_t Leader::ready(uint16_t target) const {
  return begun_ * bytes_of(target);
}

void Leader::read(uint16_t target, uint32_t offset, uint8_t* to,
                  uint32_t bytes) const {
  const LeaderBox& box = boxes_[target];
  uint32_t n = offset - done_ * box_bytes(box);
  while (bytes > 0) {
    uint32_t run = 0;
    const uint32_t place = box_place(box, n, run);
    if (run > bytes) run = bytes;
    if (!get(at_.picture + place, to, run)) failed_ = true;
    to += run, n += run, bytes -= run;
  }
}

void Leader::released(uint16_t target, uint32_t offset) {
  reached_[target] = offset;
  news_ = true;
}

uint32_t Leader::limit(uint16_t stream) const {
  return (done_ + 1) * bytes_of(uint32_t{h_.targets} + stream);
}

void Leader::place(uint16_t stream, uint32_t offset, const uint8_t* from,
                   uint32_t bytes) {
  const LeaderBox& box = boxes_[uint32_t{h_.targets} + stream];
  uint32_t n = offset - done_ * box_bytes(box);
  while (bytes > 0) {
    uint32_t run = 0;
    const uint32_t place = box_place(box, n, run);
    if (run > bytes) run = bytes;
    std::memcpy(output_ + place, from, run);
    from += run, n += run, bytes -= run;
  }
}

void Leader::arrived(uint16_t stream, uint32_t offset) {
  reached_[uint32_t{h_.targets} + stream] = offset;
  news_ = true;
}

}  // namespace shoal
