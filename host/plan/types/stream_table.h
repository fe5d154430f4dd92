// The streams of a linked plan: senders, receivers and numbers. The programs
// that emit writes and the coordinator, which has its ends of the inputs and
// outputs, use the same numbering.
//
// A box that goes to several nodes is one edge for each of them. As image.h
// says, targets and in-streams are counted over all stages of a node; those of
// the coordinator over the inputs and outputs of the net.
#pragma once

#include <cstdint>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/types/plan.h"

namespace shoal {

inline constexpr int kCoordinatorNode = -1;  // as a node of an edge
// Datagrams with fragments that may be under way from the coordinator to each
// node: as many as an acknowledgement can name.
inline constexpr uint16_t kCoordinatorWindow = 16;
// The longest time for which a coordinator does not look at its links, as its
// peers' retransmission timers assume. It computes nothing; a PC's scheduler
// may take this long.
inline constexpr uint32_t kCoordinatorPollGapUs = 2000;

struct StreamEnd {
  int node = kCoordinatorNode;
  int stage = -1, port = -1;  // -1: at the coordinator
  uint16_t number = 0;        // the sender's of the target, the receiver's of
                              // the in-stream
};

struct StreamEdge {
  Owner kind = Owner::kStream;  // kInput, kOutput: to or from the coordinator
  int index = 0;  // of the plan's streams, or of the net's inputs or outputs
  int tensor = -1;
  Box box;
  int element_bytes = 1;
  StreamEnd from, to;
  int64_t bytes() const { return box.elements() * element_bytes; }  // a frame
};

// Returns the edges of a linked plan in the order of the senders' numbers, then
// the targets', the coordinator's first. Throws Error(kInternal) if an end is
// not a port of the plan, or a node has more ends than numbers.
std::vector<StreamEdge> stream_edges(const Plan&);

// A node's tables of one stage; the peer numbers index PlanNode::peers.
struct StageLinks {
  std::vector<StreamRecord> streams;  // in-streams, then out-streams
  std::vector<TargetRecord> targets;
  std::vector<int> entry;  // by port of the stage: entry of streams, or -1
  uint16_t in_streams = 0;
};
// Returns one table per stage of the node.
std::vector<StageLinks> node_links(const std::vector<StreamEdge>&, const Plan&,
                                   int node);

// The coordinator's tables, as those of a node with a single stage: its
// in-streams are outputs, its targets inputs. Out-streams have no entry.
struct CoordinatorLinks {
  std::vector<PeerEntry> peers;       // ascending
  std::vector<StreamRecord> streams;  // port: kNone
  std::vector<TargetRecord> targets;
};
CoordinatorLinks coordinator_links(const std::vector<StreamEdge>&, const Plan&,
                                   uint16_t window);

// Returns whether a port of the node's stage receives rows of a peer while the
// stage before still runs (device/program/early.h): its buffer exists by then.
bool port_comes_early(const PlanNode&, int stage, const PlanPort&);
// Returns the in-streams for which the link's tables have room: the most of any
// stage, with those of the next stage if its rows may come early.
uint32_t most_in_streams(const PlanNode&);

// Returns a node's peers in the order of the plan.
std::vector<PeerEntry> peer_entries(const Plan&, const PlanNode&);
// Returns the counts that the links need, by node.
std::vector<LinkCounts> count_links(const Plan&);
// The ends of streams of a stage.
struct StageEnds {
  uint16_t streams = 0, targets = 0;
};
// Returns the counts of a stage's record.
StageCounts count_tables(const Net&, const PlanStage&, StageEnds = {});
// Returns the ends by node and stage.
std::vector<std::vector<StageEnds>> stage_ends(const Plan&);
// Returns the ends of a node that exchanges rows only with the coordinator.
StageEnds coordinator_ends(const PlanStage&);

// Returns the sizes of the coordinator's link tables, which are those of a node
// with a single stage. Both the coordinator and the rehearsal use them, and the
// number of frames that the coordinator lets be under way.
inline LinkCounts coordinator_counts(const CoordinatorLinks& links) {
  constexpr uint32_t kGaps = 16;
  LinkCounts counts;
  counts.peers = static_cast<uint32_t>(links.peers.size());
  counts.windows = counts.peers * kCoordinatorWindow;
  counts.targets = counts.stage_targets =
      static_cast<uint32_t>(links.targets.size());
  counts.stage_streams = static_cast<uint32_t>(links.streams.size());
  counts.gaps = kGaps;
  return counts;
}

// Returns one more than the number of nodes whose layers do not overlap in the
// file's order (except for one layer that two share), because those may work on
// different frames. It is less where offsets of 32 bits have no room for that
// many, but at least two.
uint32_t frames_under_way(const Plan&, const std::vector<StreamEdge>&);

}  // namespace shoal
