// Turns a draft into a complete plan: finds the sizes of rings that have none
// by simulating all nodes at once, then places everything, node by node.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "device/program/link_layout.h"
#include "host/plan/arena/pack.h"
#include "host/plan/cost/feed.h"
#include "host/plan/cost/stage_memo.h"
#include "host/plan/draft/draft.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

inline constexpr int kWindow = 8;  // segments in flight to a peer
// Ranges of bytes behind gaps that an in-stream may have: the coordinator has
// twice as many segments under way, every second of which may be missing.
inline constexpr int kGaps = 8;

// Rows beyond those that a ring needs, for rings that links touch: a number of
// rows, or as many as take a number of bytes.
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
  int64_t most = INT64_MAX;  // of a node: from this many bytes on useless
  int64_t enough = 0;        // down to this many bytes good enough
  int last_tries = 0;        // see PackLimits
  // By node: the budget. What is left of it is spent on what saves time: larger
  // slots, sets that stay, and ranges behind gaps, so that a lost or overtaken
  // datagram only stops actors that wait for its bytes. Empty: everything is as
  // small as possible.
  std::vector<int64_t> budgets = {};
  // True if a plan that does not fit is useless: then no node is built after
  // one that exceeds its budget.
  bool must_fit = false;
  std::vector<bool> keeps = {};  // by node with links: sets may stay
  std::vector<std::vector<Bank>> banks = {};  // banks for them, by node
  // By node and stage; null: none.
  std::function<Slack(size_t node, size_t stage)> slack = {};
  bool tighten = false;       // see tighten()
  RingMemo* rings = nullptr;  // of plans of the same net; null: none
  PackMemo* packs = nullptr;  // for any plans; null: none
  // The memo of a node alone, of the same net and supply; null: none.
  StageMemo* stages = nullptr;
};

// Completes node `n` of a draft whose rings have their sizes: cuts its weights
// into chunks and finds lifetimes, addresses and exact sizes. `ends`: as for
// make_layout().
void build_node(const Net&, const Supply&, const LinkCounts&,
                const std::vector<StageEnds>* ends, const BuildOptions&,
                size_t n, PlanDraft&);
// Spends what is left in the arena of a placed node, whose `bytes` bytes may
// become `room`, on storage: more and larger slots, and sets of weights that
// stay in SRAM, for their stage or for good. It chooses what saves the most
// simulated time. Returns the bytes of the sets that stay, which lie before all
// else; nothing else moves. `ends`: as for make_layout().
uint32_t fill_arena(const Net&, const Supply&,
                    const std::vector<StageEnds>* ends, int64_t room,
                    int64_t bytes, PlanNode&);
// Places the sets that stay, from offset 0 on in each bank, in the order of the
// records. Returns the bytes of those in the arena.
uint32_t place_kept(const Net&, PlanNode&);
// A linked node whose weights are all in mapped flash reads them at the speed
// of flash in each firing. This lets it copy the sets that save most time per
// byte before the first frame, to at most `room` bytes of the arena and to its
// other banks. Returns the bytes in the arena, as fill_arena() does.
uint32_t keep_mapped(const Net&, const Supply&, int64_t room, PlanNode&);
// Cuts firings into slices, after each of which a node looks at its link, and
// sets the time of the longest one. A plan that is cut already stays the same.
void set_slices(const Net&, const Cluster&, Plan&);

// Returns why no program makes `rows` rows of the layer in a frame: it would
// fire more often than a program counts, however many rows a firing makes.
// None: a program can.
std::optional<Misfit> too_many_firings(const Layer&, int rows);
// Returns why a plan cannot run: an actor fires more often, or a stage has more
// runs of firings, than a program counts. None: it can.
std::optional<Misfit> too_many_firings(const Net&, const Plan&);

// `supplies`: one per node.
Plan build_plan(const Net&, PlanDraft, const std::vector<Supply>& supplies,
                const BuildOptions&);

}  // namespace shoal
