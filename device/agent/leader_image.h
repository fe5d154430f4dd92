// The image that a node that starts frames gets in place of a program: the
// nodes of its cluster, the plans that they run (the first one while all are
// there, others for the loss of one of them), names, a picture.
// spec/stores.md has the same bytes in prose;
// host/engine/workers/leader_image.cc writes them.
//
//   LeaderHeader, LeaderPlan[plans], LeaderNode[nodes], names of the classes
//   (kLeaderName bytes each, zeros behind them), the tables of each plan where
//   its record says, picture
//
// The tables of a plan:
//
//   PeerEntry[peers], TargetRecord[targets], StreamRecord[streams],
//   LeaderBox[targets + streams], LeaderRole[roles], u16[links]
//
// All numbers are little-endian.
#pragma once

#include "device/base/status.h"
#include "device/program/image.h"
#include "device/program/link_layout.h"

namespace shoal {

inline constexpr uint32_t kLeaderMagic = 0x4C4C4853;  // "SHLL"
inline constexpr uint16_t kLeaderVersion = 2;
inline constexpr uint32_t kLeaderName = 32;
inline constexpr uint32_t kMostLeaderEnds = 1024;       // targets, or streams
inline constexpr uint32_t kMostLeaderTensor = 1 << 24;  // bytes of one

struct LeaderHeader {
  uint32_t magic;
  uint16_t version;
  uint16_t nodes;
  uint16_t plans;
  uint16_t window, gaps;  // of the link, for each peer and stream
  uint16_t lease_ms;      // of the nodes; and the most that one may be silent
  uint32_t arithmetic;
  uint32_t bytes;  // of the image
  uint32_t picture_bytes, output_bytes;
  uint32_t classes;
  uint32_t every_ms;  // between two frames; 0: there is one
};
static_assert(sizeof(LeaderHeader) == 40);

// One plan: the leader's own ends of its streams, and what its nodes run.
struct LeaderPlan {
  uint32_t at;     // offset of its tables
  uint16_t peers;  // nodes that get boxes of the picture or give some back
  uint16_t targets, streams;
  // Nodes of the plan; 0: the leader cannot start them. A plan for a loss has
  // one less than there are, in their order without the lost one.
  uint16_t roles;
  uint32_t links;  // peers of all roles
};
static_assert(sizeof(LeaderPlan) == 16);

struct LeaderNode {
  uint64_t address;
  char name[kLeaderName];
  uint16_t fallback;  // the plan without this node; 0: there is none
  uint16_t reserved[3];
};
static_assert(sizeof(LeaderNode) == 48);

// The program of one node of a plan.
struct LeaderRole {
  uint8_t hash[32];        // of its program
  uint64_t generation;     // of a sealed one, else 0
  uint32_t program_bytes;  // 0: it has no part in the plan
  uint32_t poll_gap_us;    // its longest time away from the link
  uint32_t first_link;     // its peers, in the order of its program
  uint16_t links;
  uint16_t reserved;
};
static_assert(sizeof(LeaderRole) == 56);

// Runs of bytes of a tensor, one after another: what a box is in row order.
struct LeaderBox {
  uint32_t first;  // byte of the tensor
  uint32_t run;    // bytes in one piece
  uint32_t runs;   // of a row
  uint32_t step;   // from one to the next
  uint32_t rows;
  uint32_t row_step;
};
static_assert(sizeof(LeaderBox) == 24);
constexpr uint32_t box_bytes(const LeaderBox& b) {
  return b.run * b.runs * b.rows;
}
// Returns where byte n of the box lies, and how many behind it lie there in one
// piece.
constexpr uint32_t box_place(const LeaderBox& b, uint32_t n, uint32_t& run) {
  const uint32_t inside = n % b.run, number = n / b.run;
  run = b.run - inside;
  return b.first + number / b.runs * b.row_step + number % b.runs * b.step +
         inside;
}

struct LeaderLayout {
  uint32_t plans, nodes, classes, tables, picture;
};
constexpr LeaderLayout leader_layout(const LeaderHeader& h) {
  LeaderLayout l{};
  l.plans = sizeof(LeaderHeader);
  l.nodes = l.plans + h.plans * uint32_t{sizeof(LeaderPlan)};
  l.classes = l.nodes + h.nodes * uint32_t{sizeof(LeaderNode)};
  l.tables = l.classes + h.classes * kLeaderName;
  l.picture = h.bytes - h.picture_bytes;
  return l;
}

// Offsets from the beginning of the plan's tables.
struct LeaderTables {
  uint32_t targets, streams, boxes, roles, links, bytes;
};
constexpr LeaderTables leader_tables(const LeaderPlan& p) {
  const uint32_t ends = uint32_t{p.targets} + p.streams;
  LeaderTables t{};
  t.targets = p.peers * uint32_t{sizeof(PeerEntry)};
  t.streams = t.targets + p.targets * uint32_t{sizeof(TargetRecord)};
  t.boxes = t.streams + p.streams * uint32_t{sizeof(StreamRecord)};
  t.roles = t.boxes + ends * uint32_t{sizeof(LeaderBox)};
  t.links = t.roles + p.roles * uint32_t{sizeof(LeaderRole)};
  t.bytes = t.links + p.links * uint32_t{sizeof(uint16_t)};
  return t;
}

// The largest counts and bytes of any plan; the arena has room for these.
struct LeaderNeeds {
  uint32_t peers = 0, targets = 0, streams = 0, ends = 0, link_bytes = 0;
};
void add_needs(const LeaderHeader&, const LeaderPlan&, LeaderNeeds&);
LinkCounts leader_counts(const LeaderHeader&, const LeaderPlan&);

// Checks the header against the `bytes` that are there. Returns kBadMagic,
// kBadVersion, kBadArithmetic, kTooShort or kBadRecord.
Status check_leader(const LeaderHeader&, uint32_t bytes);
// These check what lies behind a header that was checked, as it is there.
bool check_leader_plan(const LeaderHeader&, const LeaderPlan&, bool is_first);
bool check_leader_node(const LeaderHeader&, const LeaderNode&);
bool check_leader_tables(const LeaderHeader&, const LeaderPlan&,
                         const PeerEntry*, const TargetRecord*,
                         const StreamRecord*, const LeaderBox*);
bool check_leader_role(const LeaderPlan&, const LeaderRole&);

}  // namespace shoal
