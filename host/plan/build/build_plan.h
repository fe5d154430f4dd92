// From a draft to a complete plan: sizes of rings by simulation of all nodes at
// once, then node by node what lies where. The rings of a node alone have their
// sizes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/arena/pack_memo.h"
#include "host/plan/cost/feed.h"
#include "host/plan/cost/stage_memo.h"
#include "host/plan/draft/draft.h"
#include "host/plan/tokens/ring_memo.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

inline constexpr int kWindow = 8;  // segments in flight to a peer
// Ranges of bytes behind gaps of an in-stream: the coordinator has twice as
// many segments on their way, and every second of them may be missing.
inline constexpr int kGaps = 8;

// Rows more than needed for rings that links touch: a number, or as many as
// take a number of bytes.
struct Slack {
  int rows = 0;
  int64_t bytes = 0;
  int rows_of(int64_t row_bytes) const {
    const int64_t more = (bytes + row_bytes - 1) / row_bytes;
    return static_cast<int>(std::clamp<int64_t>(more, rows, kMostRows));
  }

  static constexpr int kMostRows = 1 << 24;
};

struct BuildOptions {
  int pack_tries = 60;
  int64_t most = INT64_MAX;  // of a node: this many bytes or more are of no use
  int64_t enough = 0;        // and this many need not become less
  int last_tries = 0;        // see PackLimits
  // By node: what is left of it is spent on what saves time: larger slots, sets
  // that stay, ranges behind gaps, so that a lost or overtaken datagram holds
  // up only the actors that wait for its bytes. Empty: all is as small as can
  // be.
  std::vector<int64_t> budgets = {};
  // No node is built after one that is larger than its budget, because a plan
  // that does not fit is not wanted.
  bool must_fit = false;
  std::vector<bool> keeps = {};  // by node with links: sets may stay
  std::vector<std::vector<Bank>> banks = {};  // in these besides, by node
  Slack slack = {};
  std::vector<Slack> slacks = {};  // by node; empty: `slack` of each
  // By node and stage; empty: those of nodes.
  std::vector<std::vector<Slack>> stage_slacks = {};
  const Slack& slack_of(int node, int stage) const {
    const auto n = static_cast<size_t>(node);
    if (!stage_slacks.empty()) {
      return stage_slacks[n][static_cast<size_t>(stage)];
    }
    return slacks.empty() ? slack : slacks[n];
  }
  int tighten_tries = 0;      // simulations a segment
  RingMemo* rings = nullptr;  // of plans of the same net; null: none
  PackMemo* packs = nullptr;  // of whatever plans; null: none
  // The memo of a node alone, of the same net and supply; null: none.
  StageMemo* stages = nullptr;
};

// Node `n` of a draft whose rings have their sizes: its weights cut into
// chunks, lifetimes, addresses, the exact size. `ends`: as for make_layout().
void build_node(const Net&, const Supply&, const LinkCounts&,
                const std::vector<StageEnds>* ends, const BuildOptions&,
                size_t n, PlanDraft&);
inline constexpr int64_t kMostChunk = 256 * 1024;
// Spends what the arena of a placed node of `bytes` bytes has left, up to
// `room`, on storage: more and larger slots, and sets of weights that stay in
// SRAM, for their stage or for good; whatever saves the most simulated time.
// Returns the bytes of the sets that stay, which lie before all else; nothing
// moves.
uint32_t fill_arena(const Net&, const Supply&, int64_t room, int64_t bytes,
                    PlanNode&);
// Gives the sets that stay their places, from offset 0 on in each bank, in the
// order of the records. Returns the bytes of those in the arena.
uint32_t place_kept(const Net&, PlanNode&);
// For a linked node whose weights all lie in mapped flash, which reads them at
// flash's pace whenever a firing asks: makes copies of the sets that save most
// time a byte, in at most `room` bytes of the arena and in the node's other
// banks, before the first frame. Returns the arena's bytes, as fill_arena()
// does.
uint32_t keep_mapped(const Net&, const Supply&, int64_t room, PlanNode&);
// Cuts firings into slices after which a node looks at its link, and says how
// long the longest one keeps it away. Of a plan that is cut already: the same.
void set_slices(const Net&, const Cluster&, Plan&);

// Returns why no program makes `rows` rows of the layer in a frame: it would
// fire more often than a program counts, however many rows a firing makes;
// none: one does.
std::optional<Misfit> too_many_firings(const Layer&, int rows);
// Returns why a plan cannot be run whose actors fire more often, or whose
// stages fire in more runs, than a program counts; none: it can.
std::optional<Misfit> too_many_firings(const Net&, const Plan&);

// `supplies`: of each node.
Plan build_plan(const Net&, PlanDraft, const std::vector<Supply>& supplies,
                const BuildOptions&);

}  // namespace shoal
