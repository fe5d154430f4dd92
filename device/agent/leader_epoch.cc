// How a leader goes on without a node, and with it again.
#include <cstring>

#include "device/agent/leader.h"
#include "device/base/wipe.h"

namespace shoal {
namespace {

// Nodes that were there a moment ago are given at least this time to answer.
constexpr uint64_t kAnswerUs = 1'000'000;
// A node that was lost is asked at this interval whether it is back, twice as
// long for each loss: one that comes and goes must not stop the others.
constexpr uint64_t kCallLostUs = 1'000'000;
constexpr int kMostDoublings = 6;
// As many questions without an answer make a silence.
constexpr uint8_t kFewTries = 2;

}  // namespace

// A leader that did not run has not heard anybody: that is not their silence.
void Leader::excuse_own_absence(uint64_t now) {
  const uint64_t least = silence_of(0, 0, 0).limit_us;
  if (now <= due_us_ || now - due_us_ < least / 4) return;
  const uint64_t late = now - due_us_;
  due_us_ = now;
  const auto excuse = [=](uint64_t& at) {
    at = at + late < now ? at + late : now;
  };
  excuse(began_us_);
  excuse(moved_us_);
  for (uint16_t i = 0; i < h_.nodes; ++i) excuse(calls_[i].heard_us);
}

// Between two frames nobody is asked: nodes may sleep.
void Leader::step_calls(uint64_t now) {
  if (phase_ == Phase::kFrames && !is_under_way()) return;
  calls_.poll(now);
  switch (phase_) {
    case Phase::kFrames:
      return watch(now);
    case Phase::kCalling:
      return step_calling(now);
    case Phase::kStarting:
      return step_starting(now);
  }
}

uint64_t Leader::calls_timer_us() const {
  if (phase_ == Phase::kFrames && !is_under_way()) return UINT64_MAX;
  uint64_t at = calls_.next_timer_us();
  const auto lower = [&at](uint64_t to) {
    if (to < at) at = to;
  };
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    const NodeCall& call = calls_[i];
    if (call.lost) {
      if (!call.back) lower(lost_call_us(call));
    } else if (phase_ == Phase::kFrames && call.step == CallStep::kNone) {
      lower(call.heard_us + calls_.silence(i).heartbeat_us);
    }
  }
  return at;
}

uint64_t Leader::lost_call_us(const NodeCall& call) {
  if (call.unprepared) return UINT64_MAX;
  const int doublings =
      call.losses > kMostDoublings ? kMostDoublings : call.losses - 1;
  return call.sent_us + (kCallLostUs << doublings);
}

// Whatever answers, rows of the frame or heartbeats, is there.
void Leader::watch(uint64_t now) {
  bool changed = false;
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    NodeCall& call = calls_[i];
    if (call.lost) {
      call_lost(i, now);
      continue;
    }
    changed |= call.restarted;
    const SilenceLimits s = calls_.silence(i);
    const uint64_t silent = now - call.heard_us;
    if (call.step != CallStep::kNone && call.tries > kFewTries &&
        silent >= s.limit_us) {
      lose(i);
      changed = true;
    } else if (call.step == CallStep::kNone && silent >= s.heartbeat_us) {
      calls_.ask(i, CallStep::kHello, now);
    }
  }
  if (changed) begin_calls(now);
}

void Leader::call_lost(uint16_t node, uint64_t now) {
  NodeCall& call = calls_[node];
  if (!call.back && now >= lost_call_us(call)) {
    calls_.ask(node, CallStep::kHello, now);
  }
}

void Leader::lose(uint16_t node) {
  NodeCall& call = calls_[node];
  call.lost = true;
  call.back = false;
  call.step = CallStep::kNone;
  if (call.losses <= kMostDoublings) ++call.losses;
}

// All nodes answer, and nothing moves: the program of one stands, or two do not
// reach each other. Which ones, the leader does not know, so it leaves out one
// after another, each for twice as long. One whose absence helps is asked much
// later whether it is back.
void Leader::leave_out_another(uint64_t now) {
  moved_us_ = now;
  const bool is_second = left_out_ != kNone;
  if (!is_second) suspect_ = kNone;
  if (is_second && left_out_ != suspect_) return;  // that one is lost
  uint16_t node =
      is_second ? static_cast<uint16_t>(suspect_ + 1) : lacks_picture();
  if (node == kNone) node = awaited();
  for (uint16_t tries = 0; tries < h_.nodes; ++tries, ++node) {
    if (node >= h_.nodes) node = 0;
    if (node == suspect_ || calls_[node].fallback == 0) continue;
    if (is_second) {
      calls_[suspect_].back = true;
      calls_[suspect_].losses = suspect_losses_;
    }
    suspect_ = node;
    suspect_losses_ = calls_[node].losses;
    if (stand_doublings_ < kMostDoublings) ++stand_doublings_;
    lose(node);
    calls_[node].losses = kMostDoublings + 1;
    calls_[node].sent_us = now;
    return begin_calls(now);
  }
}

// Only a computer can give it what it lacks.
void Leader::lack(uint16_t node) {
  lose(node);
  calls_[node].unprepared = true;
  tell_of(LeaderEvent::kLacks, node);
}

bool Leader::has_returned() const {
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    if (calls_[i].back) return true;
  }
  return false;
}

// All nodes that answer get new sessions; what they ran is over.
void Leader::begin_calls(uint64_t now) {
  phase_ = Phase::kCalling;
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    NodeCall& call = calls_[i];
    call.done = call.restarted = false;
    if (!takes_part(i)) continue;
    call.heard_us = now;
    calls_.ask(i, CallStep::kHello, now);
  }
}

void Leader::step_calling(uint64_t now) {
  bool all = true, returned = false;
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    NodeCall& call = calls_[i];
    if (!takes_part(i)) {
      call_lost(i, now);
      continue;
    }
    uint64_t most = calls_.silence(i).limit_us;
    if (most < kAnswerUs) most = kAnswerUs;
    if (!call.done && now - call.heard_us >= most) lose(i);
    all &= call.done || call.lost;
    // It came back while the frame waited for it.
    returned |= call.back && call.step == CallStep::kNone && !call.done;
  }
  if (returned) return begin_calls(now);
  if (all && choose_plan()) begin_start(now);
}

// Chooses the plan for the nodes that are there. Without one the frame waits.
bool Leader::choose_plan() {
  uint16_t lost = 0, first = kNone;
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    if (takes_part(i)) continue;
    if (lost++ == 0) first = i;
  }
  const uint16_t plan = lost == 0 ? uint16_t{0} : calls_[first].fallback;
  if (lost == 0 || (lost == 1 && plan != 0)) {
    plan_ = plan;
    without_ = first;
    return true;
  }
  for (uint16_t i = 0; !told_ && i < h_.nodes; ++i) {
    if (!takes_part(i)) tell_of(LeaderEvent::kWaits, i);
  }
  told_ = true;
  return false;
}

void Leader::begin_start(uint64_t now) {
  phase_ = Phase::kStarting;
  p_ = plans_[plan_];
  if (++link_config_.epoch == 0) ++link_config_.epoch;
  calls_.draw(master_, sizeof master_, now);
  for (uint16_t r = 0; r < p_.roles; ++r) {
    NodeCall& call = calls_[node_of(r)];
    LeaderRole role;
    if (read_role(r, role) != Status::kOk) {
      failed_ = true;
      return;
    }
    call.granted = 0;
    call.done = role.program_bytes == 0;
    call.heard_us = now;
    if (!call.done) calls_.ask(node_of(r), CallStep::kBegin, now);
  }
}

// A node may look through a whole program before it answers.
void Leader::step_starting(uint64_t now) {
  bool all = true, lost = false;
  for (uint16_t r = 0; r < p_.roles; ++r) {
    const uint16_t i = node_of(r);
    const NodeCall& call = calls_[i];
    if (!call.done && now - call.heard_us >= 1000u * h_.lease_ms) lose(i);
    lost |= call.lost && !call.back;
    all &= call.done;
  }
  if (lost) return begin_calls(now);
  if (all) begin_epoch(now);
}

void Leader::begin_epoch(uint64_t now) {
  if (check_plan() != Status::kOk) {
    failed_ = true;
    return;
  }
  for (uint16_t i = 0; i < p_.peers; ++i) {
    shoal_peer& peer = link_config_.peers[i];
    const uint16_t role = peers_[i].node;
    uint8_t secret[kKeyBytes];
    pair_secret(kCoordinator, role, secret);
    peer = {};
    peer.address = call_of(i).address;
    data_key(secret, link_config_.epoch, kCoordinator, role, peer.send_key);
    data_key(secret, link_config_.epoch, role, kCoordinator, peer.receive_key);
    wipe(secret, sizeof secret);
  }
  wipe(master_, sizeof master_);
  if (open_link(now) != Status::kOk) failed_ = true;
  for (uint16_t i = 0; i < h_.nodes; ++i) {
    NodeCall& call = calls_[i];
    if (call.back) tell_of(LeaderEvent::kWith, i);
    if (takes_part(i)) call.lost = call.back = false;
  }
  if (without_ != kNone && without_ != left_out_) {
    tell_of(LeaderEvent::kWithout, without_);
  }
  left_out_ = without_;
  told_ = false;
}

Status Leader::read_role(uint16_t role, LeaderRole& r) const {
  const uint32_t at =
      p_.at + leader_tables(p_).roles + role * uint32_t{sizeof r};
  if (!get(at, &r, sizeof r)) return Status::kStorage;
  return check_leader_role(p_, r) ? Status::kOk : Status::kBadRecord;
}

Status Leader::read_link(const LeaderRole& role, uint16_t link,
                         uint16_t& to) const {
  const uint32_t at = p_.at + leader_tables(p_).links +
                      (role.first_link + link) * uint32_t{sizeof to};
  if (!get(at, &to, sizeof to)) return Status::kStorage;
  return to == kCoordinator || to < p_.roles ? Status::kOk : Status::kBadRecord;
}

// Both ends of a pair are given the same secret.
void Leader::pair_secret(uint16_t a, uint16_t b, uint8_t out[kKeyBytes]) const {
  const uint16_t pair[2] = {a < b ? a : b, a < b ? b : a};
  static_assert(kHmacBytes == kKeyBytes);
  hmac_sha256(master_, sizeof master_, reinterpret_cast<const uint8_t*>(pair),
              sizeof pair, out);
}

uint32_t Leader::request_data(uint16_t node, uint8_t* to) {
  const NodeCall& call = calls_[node];
  const auto put = [&to](const auto& value) {
    std::memcpy(to, &value, sizeof value);
    to += sizeof value;
    return static_cast<uint32_t>(sizeof value);
  };
  if (call.step == CallStep::kNames) return 0;
  const uint16_t own = role_of(node);
  LeaderRole role;
  if (read_role(own, role) != Status::kOk) {
    failed_ = true;
    return 0;
  }
  if (call.step == CallStep::kBegin) {
    BeginRequest r{role.program_bytes, {}};
    std::memcpy(r.hash, role.hash, sizeof r.hash);
    return put(r);
  }
  if (call.step == CallStep::kStart) {
    uint32_t bytes = put(StartRequest{link_config_.epoch, own, role.links});
    if (role.generation != 0) bytes += put(role.generation);
    return bytes;
  }
  PeerGrant g{};
  if (read_link(role, call.granted, g.node) != Status::kOk) {
    failed_ = true;
    return 0;
  }
  // A node knows where the one is that asks it.
  if (g.node != kCoordinator) g.address = calls_[node_of(g.node)].address;
  pair_secret(own, g.node, g.secret);
  const uint32_t bytes =
      put(PeersRequest{link_config_.epoch, own, call.granted, 1, 0}) + put(g);
  wipe(g.secret, sizeof g.secret);
  return bytes;
}

void Leader::verdict(uint16_t node, CallStep step, Verdict verdict,
                     const HelloBody& body) {
  NodeCall& call = calls_[node];
  const uint64_t now = call.heard_us;
  if (step == CallStep::kTake) return calls_.ask(node, CallStep::kNames, now);
  if (step == CallStep::kHello) {
    // It speaks another version.
    if (verdict != Verdict::kChallenge) return lack(node);
    return calls_.ask(node, CallStep::kProbe, now);
  }
  const bool gone = verdict == Verdict::kGone;
  const bool held = verdict == Verdict::kBusy || verdict == Verdict::kClaimed;
  call.restarted = gone && body.holder[0] == 0;
  if ((held || gone) && !call.restarted && body.value != c_.calls.number) {
    taken_ = true;
    return tell_of(LeaderEvent::kTaken, node);
  }
  if (call.lost && !call.back) {
    call.back = true;
  } else if (phase_ == Phase::kCalling) {
    calls_.ask(node, CallStep::kTake, now);
  }
}

void Leader::reply(uint16_t node, CallStep step, Reply reply,
                   const uint8_t* data, uint32_t bytes) {
  NodeCall& call = calls_[node];
  const uint64_t now = call.heard_us;
  if (step == CallStep::kNames) {
    call.done = true;
    return;
  }
  HeldAnswer held{};
  const bool holds =
      step != CallStep::kBegin || (take(data, bytes, held) && held.held == 1);
  if (reply != Reply::kOk || !holds) return lack(node);
  LeaderRole role;
  if (read_role(role_of(node), role) != Status::kOk) {
    failed_ = true;
    return;
  }
  if (step == CallStep::kStart) {
    call.done = true;
    wipe(call.to_node, sizeof call.to_node);
    wipe(call.to_leader, sizeof call.to_leader);
    return;
  }
  if (step == CallStep::kPeers) ++call.granted;
  calls_.ask(node,
             call.granted < role.links ? CallStep::kPeers : CallStep::kStart,
             now);
}

}  // namespace shoal
