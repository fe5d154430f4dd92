#include "device/agent/leader_image.h"

#include "device/agent/session_wire.h"

namespace shoal {
namespace {

constexpr uint32_t kMostBytes = 1 << 28;
constexpr uint32_t kMostLinks = uint32_t{kMaxPeers} * kMaxPeers;

bool is_within(uint32_t v, uint32_t most) { return v > 0 && v <= most; }

bool fits(const LeaderBox& b, uint32_t tensor) {
  if (!is_within(b.run, 0xFFFF) || !is_within(b.runs, 0xFFFF) ||
      !is_within(b.rows, 0xFFFF)) {
    return false;
  }
  const uint64_t end = uint64_t{b.first} + uint64_t{b.rows - 1} * b.row_step +
                       uint64_t{b.runs - 1} * b.step + b.run;
  return end <= tensor && uint64_t{b.run} * b.runs * b.rows <= tensor;
}

}  // namespace

Status check_leader(const LeaderHeader& h, uint32_t bytes) {
  if (h.magic != kLeaderMagic) return Status::kBadMagic;
  if (h.version != kLeaderVersion) return Status::kBadVersion;
  if (h.arithmetic != kArithmetic) return Status::kBadArithmetic;
  const bool good = is_within(h.nodes, kMaxPeers) &&
                    is_within(h.plans, h.nodes + 1u) &&
                    is_within(h.window, kMaxFlights) && h.gaps <= kMaxGaps &&
                    is_within(h.picture_bytes, kMostLeaderTensor) &&
                    is_within(h.output_bytes, kMostLeaderTensor) &&
                    h.classes <= h.output_bytes;
  if (!good || h.bytes != bytes || bytes > kMostBytes) {
    return Status::kBadRecord;
  }
  if (uint64_t{h.classes} * kLeaderName + h.picture_bytes > bytes) {
    return Status::kTooShort;
  }
  const LeaderLayout at = leader_layout(h);
  return at.tables > at.picture ? Status::kTooShort : Status::kOk;
}

bool check_leader_plan(const LeaderHeader& h, const LeaderPlan& p,
                       bool is_first) {
  const uint32_t nodes = is_first ? h.nodes : h.nodes - 1u;
  const bool good = is_within(p.peers, kMaxPeers) && p.peers <= nodes &&
                    is_within(p.targets, kMostLeaderEnds) &&
                    is_within(p.streams, kMostLeaderEnds) &&
                    (p.roles == nodes || (is_first && p.roles == 0)) &&
                    (p.roles == 0 || h.lease_ms >= kLeastLeaseMs) &&
                    p.links <= kMostLinks;
  if (!good) return false;
  const LeaderLayout at = leader_layout(h);
  return p.at >= at.tables &&
         uint64_t{p.at} + leader_tables(p).bytes <= at.picture;
}

bool check_leader_node(const LeaderHeader& h, const LeaderNode& n) {
  return n.fallback < h.plans;
}

bool check_leader_tables(const LeaderHeader& h, const LeaderPlan& p,
                         const PeerEntry* peers, const TargetRecord* targets,
                         const StreamRecord* streams, const LeaderBox* boxes) {
  for (uint32_t i = 0; i < p.peers; ++i) {
    if (peers[i].window != h.window || peers[i].node >= h.nodes) return false;
    if (p.roles != 0 && peers[i].node >= p.roles) return false;
  }
  for (uint32_t i = 0; i < p.targets; ++i) {
    if (targets[i].peer >= p.peers || !fits(boxes[i], h.picture_bytes)) {
      return false;
    }
  }
  for (uint32_t i = 0; i < p.streams; ++i) {
    const bool good = streams[i].peer < p.peers && streams[i].number == i &&
                      streams[i].targets == 0 &&
                      fits(boxes[p.targets + i], h.output_bytes);
    if (!good) return false;
  }
  return true;
}

bool check_leader_role(const LeaderPlan& p, const LeaderRole& r) {
  return uint64_t{r.first_link} + r.links <= p.links;
}

LinkCounts leader_counts(const LeaderHeader& h, const LeaderPlan& p) {
  LinkCounts n;
  n.peers = p.peers;
  n.windows = uint32_t{p.peers} * h.window;
  n.targets = n.stage_targets = p.targets;
  n.stage_streams = p.streams;
  n.gaps = h.gaps;
  return n;
}

void add_needs(const LeaderHeader& h, const LeaderPlan& p, LeaderNeeds& n) {
  const auto raise = [](uint32_t& to, uint32_t v) {
    if (v > to) to = v;
  };
  raise(n.peers, p.peers);
  raise(n.targets, p.targets);
  raise(n.streams, p.streams);
  raise(n.ends, uint32_t{p.targets} + p.streams);
  raise(n.link_bytes, link_layout(leader_counts(h, p)).bytes);
}

}  // namespace shoal
