// Decides where to cut the layers into stages. For a few numbers of passes (how
// often each layer fires per frame) a table has the bytes that every tensor
// takes as a ring and the time of every layer. The memory and the time of any
// segment are sums of these, so one pass over all pairs of cut positions finds
// the best cuts.
#pragma once

#include <cstdint>
#include <functional>
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
  // By layer on the tape: bytes of a slot and the time to fill it. Empty: there
  // is no tape.
  std::vector<int64_t> slot_bytes, slot_ps;
  // Weights of streamed layers up to this many bytes are kept in SRAM during
  // the stage; `sums_bytes` includes them.
  int64_t sram_limit = 0;
  uint32_t chunk_limit = 0;  // of the stage's tape
  // True for the tables of the smallest stages: one row per firing and no
  // weights kept in SRAM.
  bool least = false;
};
// Returns tables by ascending passes; the last one has one row per firing
// everywhere.
std::vector<PassTable> pass_tables(const Net&, const std::vector<TensorUses>&,
                                   const Board&);
// Returns tables for a net with layers that stream from storage, in chunks of
// several limits and, with `sets`, with more or fewer weights kept in SRAM.
// Without `sets` there is every table for every limit. The last table has the
// smallest limit, the least work and no kept weights.
std::vector<PassTable> stream_tables(const Net&, const std::vector<PassTable>&,
                                     const Supply&,
                                     const std::vector<bool>& streamed,
                                     std::vector<uint32_t> chunk_limits,
                                     bool sets);

// Facts about a segment before its stage is built.
struct SegmentBytes {
  int64_t fixed = 0;         // bytes besides buffers; negative: no stage
  uint32_t chunk_limit = 0;  // of its tape; 0: that of the table
};

// Limits for the bytes of stages: `hard` with one row per firing, `soft` with
// more, which leaves room for packing.
struct StageBudget {
  int64_t hard = 0, soft = 0;
};

class SharedSums;  // host/plan/search/sweep.h

struct StageSearch {
  const Net& net;
  SharedSums& sums;  // of its tables
  // Upper bound of what an overlay saves; negative: the segment cannot be a
  // stage.
  std::function<int64_t(Segment)> most_gain;
  // Called only for segments that could be of use if they took nothing besides
  // their buffers, since a record is expensive to compute.
  std::function<SegmentBytes(Segment)> segment_bytes;
  // Returns the bytes that an overlay saves with one row per firing.
  std::function<int64_t(Segment)> overlay_gain;
  // By first layer, the end of the longest segment that may be a stage. Empty:
  // the net's end.
  std::vector<int> ends = {};
  // Offers other stages that begin at a position; may be empty.
  std::function<void(int, StageBudget, Ends&)> others = {};
};

// Offers the stages of a search that begin with a layer and fit a budget to the
// ends of another search. `places` maps positions of the first search to those
// of the other; null: they are equal. `variant` is the number of the stages'
// variant there.
void offer_stages(const StageSearch&, int begin, StageBudget,
                  const std::vector<int>* places, int variant, Ends&);

// Returns the fastest partition with every stage within the budget, and among
// those the one with the smallest largest stage; none if nothing fits.
std::optional<Partition> fastest_cuts(const StageSearch&, StageBudget);
// Returns the smallest budget up to `below` for which there are cuts. The bytes
// of all stages must be equal modulo kAlign.
std::optional<int64_t> smallest_budget(const StageSearch&, int64_t below);

}  // namespace shoal
