// Where to cut the layers into stages. A table has, for a few numbers of
// passes (how often each layer fires a frame), the bytes that every tensor
// takes as a ring and the time that every layer takes; so the memory and the
// time of any segment at any number of passes are sums, and the best cuts are
// found by going once over all pairs of cut positions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/board/board.h"
#include "host/plan/cost/supply.h"
#include "host/plan/search/stage_ends.h"

namespace shoal {

struct PassTable {
  int passes = 1;
  Work work;
  std::vector<int> slots;           // by tensor
  std::vector<int64_t> ring_bytes;  // by tensor
  std::vector<int64_t> sums_bytes;  // by layer
  std::vector<int64_t> time_ps;     // by layer
  // By layer, if it is on the tape: bytes of a slot and the time to fill it.
  // Empty: there is no tape.
  std::vector<int64_t> slot_bytes, slot_ps;
  // Weights of streamed layers up to so many bytes are kept in SRAM for the
  // stage; `sums_bytes` has them.
  int64_t sram_limit = 0;
  uint32_t chunk_limit = 0;  // of its tape
  // One row a firing, no sets: of those that no smaller stage has.
  bool least = false;
};
// Fewest passes first; the last one is one row a firing everywhere.
std::vector<PassTable> pass_tables(const Net&, const std::vector<TensorUses>&,
                                   const Board&);
// The same for a net of which some layers stream, in chunks of several limits
// and with more or fewer sets in SRAM. The last one has the smallest limit, the
// least work and no sets. `sets`: also with sets. Without, there is every table
// for every limit.
std::vector<PassTable> stream_tables(const Net&, const std::vector<PassTable>&,
                                     const Supply&,
                                     const std::vector<bool>& streamed,
                                     std::vector<uint32_t> chunk_limits,
                                     bool sets);

// What is known of a segment before its stage is built.
struct SegmentBytes {
  int64_t fixed = 0;  // of the arena, besides buffers; negative: no stage
  uint32_t chunk_limit = 0;  // of its tape; 0: as tables have it
};

// What stages may take: `hard` with one row a firing, `soft` with more, which
// leaves room for packing.
struct StageBudget {
  int64_t hard = 0, soft = 0;
};

class TurnedTables;  // host/plan/search/sweep.h

struct StageSearch {
  const Net& net;
  const std::vector<TensorUses>& uses;
  const std::vector<PassTable>& tables;
  // No overlay saves more; negative: the segment can be no stage.
  std::function<int64_t(Segment)> most_gain;
  // Asked only of segments that could be of use if they took nothing besides
  // their buffers, since a record takes long to find.
  std::function<SegmentBytes(Segment)> segment_bytes;
  // Bytes that an overlay saves with one row a firing. Asked only where the
  // answer matters: if it is less than the second number, how much less does
  // not.
  std::function<int64_t(Segment, int64_t)> overlay_gain;
  // By first layer: where the longest segment ends that may be a stage. None:
  // at the net's end.
  std::vector<int> ends = {};
  // Offers other ways to go on from a position.
  std::function<void(int, StageBudget, Ends&)> others = {};
  // Of these tables, shared by searches; null: each makes its own.
  std::shared_ptr<TurnedTables> turned = {};
};
std::shared_ptr<TurnedTables> turned_tables(const StageSearch&);

// Offers all stages that begin with a layer of a search, within a budget, to
// the ends of another search: positions of the first lie at these of the
// other's; null: where they are. The number is the variant that they are.
using StageOffers =
    std::function<void(int, StageBudget, const std::vector<int>*, int, Ends&)>;
// The search must outlive them. `least`: only tables of one row a firing.
StageOffers stage_offers(const StageSearch&, bool least);

// Least time with every stage within the budget, and then the smallest
// largest stage; none if there is none.
std::optional<Partition> fastest_cuts(const StageSearch&, StageBudget);
// The smallest budget, at most `below`, for which there are cuts. All of what
// stages take is the same number modulo kAlign.
std::optional<int64_t> smallest_budget(const StageSearch&, int64_t below);

}  // namespace shoal
