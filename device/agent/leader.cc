#include "device/agent/leader.h"

#include <cstddef>
#include <cstring>
#include <new>

namespace shoal {
namespace {

constexpr uint64_t kPatienceUs = 10'000'000;
// In this time nodes are asked this many times whether they are there.
constexpr uint64_t kAskedUs = 2'000'000, kAsks = 5;
// The leader itself takes as much on every board.
constexpr uint32_t kLeaderBytes = 1024;
static_assert(sizeof(Leader) <= kLeaderBytes);

constexpr uint32_t room_for(uint64_t count, uint64_t bytes) {
  return static_cast<uint32_t>((count * bytes + 7) / 8 * 8);
}

// From the arena, aligned.
class Room {
 public:
  Room(uint8_t* at, uint32_t bytes) : at_(at), left_(bytes) {}
  template <class T>
  bool take(T*& to, uint32_t count) {
    const uint32_t bytes = room_for(count, sizeof(T));
    if (bytes > left_) return false;
    to = reinterpret_cast<T*>(at_);
    at_ += bytes;
    left_ -= bytes;
    return true;
  }

 private:
  uint8_t* at_;
  uint32_t left_;
};

}  // namespace

LeaderProgram* make_leader(uint8_t* arena, uint32_t arena_bytes) {
  static_assert(alignof(Leader) <= kAlign);
  return arena_bytes < sizeof(Leader) ? nullptr : new (arena) Leader;
}

bool Leader::get(uint32_t offset, void* to, uint32_t bytes) const {
  return c_.read(c_.user, offset, to, bytes);
}

uint32_t leader_arena_bytes(const LeaderHeader& h, const LeaderNeeds& n) {
  return kLeaderBytes + room_for(h.plans, sizeof(LeaderPlan)) +
         room_for(h.nodes, sizeof(NodeCall)) +
         room_for(n.peers, sizeof(PeerEntry)) +
         room_for(n.targets, sizeof(TargetRecord)) +
         room_for(n.streams, sizeof(StreamRecord)) +
         room_for(n.ends, sizeof(LeaderBox)) +
         room_for(n.ends, sizeof(uint32_t)) + room_for(h.output_bytes, 1) +
         n.link_bytes;
}

Status Leader::open(const LeaderConfig& config) {
  c_ = config;
  if (c_.image_bytes < sizeof h_ || !get(0, &h_, sizeof h_)) {
    return Status::kStorage;
  }
  const Status status = check_leader(h_, c_.image_bytes);
  if (status != Status::kOk) return status;
  at_ = leader_layout(h_);
  const Status plans = read_plans();
  if (plans != Status::kOk) return plans;
  if (c_.peers != p_.peers) return Status::kBadArgument;
  link_config_ = *c_.link;
  const uint64_t now = now_us();
  next_us_ = due_us_ = now;
  return open_link(now);
}

// Shares out the arena, and checks what lies in the image before the tables.
Status Leader::read_plans() {
  LeaderNeeds needs;
  for (uint32_t i = 0; i < h_.plans; ++i) {
    LeaderPlan p;
    if (!get(at_.plans + i * uint32_t{sizeof p}, &p, sizeof p)) {
      return Status::kStorage;
    }
    if (!check_leader_plan(h_, p, i == 0)) return Status::kBadRecord;
    add_needs(h_, p, needs);
  }
  if (needs.peers > c_.max_peers ||
      leader_arena_bytes(h_, needs) > c_.arena_bytes) {
    return Status::kArenaTooSmall;
  }
  Room room(c_.arena + kLeaderBytes, c_.arena_bytes - kLeaderBytes);
  NodeCall* calls = nullptr;
  const bool enough =
      room.take(plans_, h_.plans) && room.take(calls, h_.nodes) &&
      room.take(peers_, needs.peers) && room.take(targets_, needs.targets) &&
      room.take(streams_, needs.streams) && room.take(boxes_, needs.ends) &&
      room.take(reached_, needs.ends) && room.take(output_, h_.output_bytes) &&
      room.take(tables_, needs.link_bytes / uint32_t{sizeof *tables_});
  if (!enough) return Status::kArenaTooSmall;
  if (!get(at_.plans, plans_, h_.plans * uint32_t{sizeof *plans_})) {
    return Status::kStorage;
  }
  for (uint32_t i = h_.plans; i-- > 0;) {
    p_ = plans_[i];
    const Status status = check_plan();
    if (status != Status::kOk) return status;
  }
  calls_.open(c_.calls, *c_.link->transport, *c_.link->cipher, *this, calls,
              h_.nodes, h_.lease_ms);
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    LeaderNode n;
    if (!get(at_.nodes + i * uint32_t{sizeof n}, &n, sizeof n)) {
      return Status::kStorage;
    }
    if (!check_leader_node(h_, n)) return Status::kBadRecord;
    calls[i] = {};
    calls[i].address = n.address;
    calls[i].fallback = n.fallback;
  }
  return Status::kOk;
}

Status Leader::check_plan() {
  if (!read_tables()) return Status::kStorage;
  if (!check_leader_tables(h_, p_, peers_, targets_, streams_, boxes_)) {
    return Status::kBadRecord;
  }
  for (uint16_t r = 0; r < p_.roles; ++r) {
    LeaderRole role;
    Status status = read_role(r, role);
    for (uint16_t i = 0; status == Status::kOk && i < role.links; ++i) {
      uint16_t to = 0;
      status = read_link(role, i, to);
    }
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

// The frame under way begins again, from its first row.
Status Leader::open_link(uint64_t now) {
  for (uint16_t r = 0; r < p_.roles; ++r) {
    LeaderRole role;
    const Status status = read_role(r, role);
    if (status != Status::kOk) return status;
    NodeCall& call = calls_[node_of(r)];
    if (role.poll_gap_us > call.longest_us) call.longest_us = role.poll_gap_us;
  }
  std::memset(reached_, 0, ends() * sizeof *reached_);
  base_ = done_;
  news_ = false;
  link_ = {};
  const Status opened =
      link_.open(link_config_, *this, kCoordinator, peers_,
                 leader_counts(h_, p_), reinterpret_cast<uint8_t*>(tables_));
  if (opened != Status::kOk) return opened;
  link_.begin_stage({streams_, targets_, p_.streams, p_.targets, 0, 0});
  for (uint16_t i = 0; i < p_.targets; ++i) link_.start_target(i, 0);
  for (uint16_t i = 0; i < p_.streams; ++i) link_.start_stream(i, 0);
  link_.wake();
  begin_watch(now);
  phase_ = Phase::kFrames;
  return Status::kOk;
}

bool Leader::read_tables() {
  const LeaderTables t = leader_tables(p_);
  const auto read = [&](uint32_t at, auto* to, uint32_t count) {
    return get(p_.at + at, to, count * uint32_t{sizeof *to});
  };
  return read(0, peers_, p_.peers) && read(t.targets, targets_, p_.targets) &&
         read(t.streams, streams_, p_.streams) && read(t.boxes, boxes_, ends());
}

uint64_t Leader::now_us() const {
  const shoal_transport& t = *c_.link->transport;
  return t.now_us(t.user);
}

Status Leader::step() {
  const uint64_t now = now_us();
  bool worked = false;
  if (recovers()) {
    excuse_own_absence(now);
    step_calls(now);
    if (taken_) return Status::kStale;
  }
  if (phase_ == Phase::kFrames) worked = step_frame(now);
  if (failed_) return Status::kStorage;
  due_us_ = worked ? now : next_timer_us();
  return worked ? Status::kOk : Status::kWait;
}

bool Leader::step_frame(uint64_t now) {
  bool worked = false;
  if (!is_under_way() && now >= next_us_) {
    if (recovers() && has_returned()) {
      begin_calls(now);
      return true;
    }
    ++begun_;
    begin_watch(now);
    link_.wake();
    worked = true;
  }
  const auto sent = link_.counters().sent;
  link_.send(true);
  worked |= link_.counters().sent != sent;
  if (news_) moved_us_ = now;
  if (is_under_way() && news_ && end_under_way() == ends()) {
    tell(now);
    worked = true;
  }
  if (is_under_way() && now >= look_us_) look_for_silence(now);
  if (now >= stands_us()) leave_out_another(now);
  return worked;
}

// Nodes are watched while a frame is under way.
void Leader::begin_watch(uint64_t now) {
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    calls_[i].heard_us = calls_[i].rows_us = now;
    if (!calls_[i].lost) calls_[i].step = CallStep::kNone;
  }
  began_us_ = moved_us_ = now;
  look_us_ = now + kPatienceUs;
}

// A frame may compute for long without a word: how long is known once one has
// ended, and one on fewer nodes takes little more than twice that.
uint64_t Leader::stands_us() const {
  if (!recovers() || !is_under_way() || longest_us_ == 0) return UINT64_MAX;
  constexpr uint64_t kFrames = 4;
  const uint64_t frames_us = kFrames * longest_us_;
  const uint64_t most = frames_us > kPatienceUs ? frames_us : kPatienceUs;
  return moved_us_ + (most << stand_doublings_);
}

bool Leader::receive(uint64_t from, uint8_t* datagram, uint32_t bytes) {
  if (bytes == 0) return false;
  const uint64_t now = now_us();
  if (datagram[0] != kDataKind) {
    return recovers() && calls_.receive(datagram, bytes, now);
  }
  if (phase_ != Phase::kFrames ||
      link_.receive(from, datagram, bytes) != Status::kOk) {
    return true;
  }
  // The link has noted where the peer is.
  for (uint16_t i = 0; i < p_.peers; ++i) {
    if (link_config_.peers[i].address != from) continue;
    call_of(i).heard_us = call_of(i).rows_us = now;
  }
  return true;
}

uint64_t Leader::next_timer_us() const {
  uint64_t at = recovers() ? calls_timer_us() : UINT64_MAX;
  if (phase_ != Phase::kFrames) return at;
  const auto lower = [&at](uint64_t to) {
    if (to < at) at = to;
  };
  lower(link_.next_timer_us());
  lower(is_under_way() ? look_us_ : next_us_);
  lower(stands_us());
  return at;
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
  if (now - began_us_ > longest_us_) longest_us_ = now - began_us_;
  stand_doublings_ = 0;
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
  said.output = output_;
  said.output_bytes = h_.output_bytes;
  next_us_ = h_.every_ms ? now + uint64_t{h_.every_ms} * 1000 : UINT64_MAX;
  link_.wake();
  c_.said(c_.said_user, said);
}

// Returns the node that has been silent for longest among those that lack bytes
// of the picture: the link asks each of them again and again, so that one that
// lives is heard.
uint16_t Leader::lacks_picture() const {
  uint16_t who = kNone;
  for (uint32_t i = 0; i < p_.targets; ++i) {
    if (!at_end(i)) who = longer_silent(who, targets_[i].peer);
  }
  return who;
}

// Returns the node that has been silent for longest since all were asked, or if
// all have answered among those that owe a part of the result.
uint16_t Leader::awaited() const {
  uint16_t who = kNone;
  for (uint16_t i = 0; i < p_.peers; ++i) {
    if (call_of(i).rows_us < asked_us_) who = longer_silent(who, i);
  }
  if (who != kNone) return who;
  for (uint32_t i = 0; i < p_.streams; ++i) {
    if (!at_end(p_.targets + i)) who = longer_silent(who, streams_[i].peer);
  }
  return who;
}

// Returns the node of `peer` if that has been silent for longer than `than`.
uint16_t Leader::longer_silent(uint16_t than, uint16_t peer) const {
  const uint16_t node = node_of(peers_[peer].node);
  const bool longer =
      than == kNone || calls_[node].rows_us < calls_[than].rows_us;
  return longer ? node : than;
}

// Each silence is told once.
void Leader::look_for_silence(uint64_t now) {
  uint16_t who = lacks_picture();
  const uint64_t since = who == kNone ? moved_us_ : calls_[who].rows_us;
  look_us_ = since + kPatienceUs;
  if (now < look_us_) return;
  if (who == kNone) {
    if (is_asking(since, now)) return;
    who = awaited();
    asked_us_ = 0;
  }
  look_us_ = now + kPatienceUs;
  if (who == kNone || (who == complained_of_ && since < complained_us_)) return;
  complained_of_ = who;
  complained_us_ = now;
  tell_of(LeaderEvent::kWaits, who);
}

// A node that has its part of the picture computes, or waits for rows of
// another one, without a word. So all are asked, more than once because
// datagrams get lost, and given a moment to answer.
bool Leader::is_asking(uint64_t since, uint64_t now) {
  if (asked_us_ <= since) asked_us_ = now;
  if (now - asked_us_ >= kAskedUs) return false;
  for (uint16_t i = 0; i < p_.peers; ++i) link_.probe(i, now);
  look_us_ = now + kAskedUs / kAsks;
  return true;
}

void Leader::tell_of(LeaderEvent event, uint16_t node) {
  LeaderSaid said;
  said.frame = done_;
  said.event = event;
  const uint32_t at = at_.nodes + node * uint32_t{sizeof(LeaderNode)} +
                      uint32_t{offsetof(LeaderNode, name)};
  if (!get(at, said.name, kLeaderName)) failed_ = true;
  said.name[kLeaderName - 1] = 0;
  c_.said(c_.said_user, said);
}

uint32_t Leader::ready(uint16_t target) const {
  return (begun_ - base_) * bytes_of(target);
}

void Leader::read(uint16_t target, uint32_t offset, uint8_t* to,
                  uint32_t bytes) const {
  const LeaderBox& box = boxes_[target];
  uint32_t n = offset - earlier() * box_bytes(box);
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
  return (earlier() + 1) * bytes_of(uint32_t{p_.targets} + stream);
}

void Leader::place(uint16_t stream, uint32_t offset, const uint8_t* from,
                   uint32_t bytes) {
  const LeaderBox& box = boxes_[uint32_t{p_.targets} + stream];
  uint32_t n = offset - earlier() * box_bytes(box);
  while (bytes > 0) {
    uint32_t run = 0;
    const uint32_t place = box_place(box, n, run);
    if (run > bytes) run = bytes;
    std::memcpy(output_ + place, from, run);
    from += run, n += run, bytes -= run;
  }
}

void Leader::arrived(uint16_t stream, uint32_t offset) {
  reached_[uint32_t{p_.targets} + stream] = offset;
  news_ = true;
}

}  // namespace shoal
