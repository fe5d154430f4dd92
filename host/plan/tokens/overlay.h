// Overlays: a stage's output may lie over an input that no later stage needs.
// Both are made and used up from the top, so the output's first bytes need only
// stay `lead` bytes ahead of the input's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "host/plan/tokens/tokens.h"
#include "host/plan/types/segment.h"

namespace shoal {

// An output that reuses the bytes of an input which is being consumed.
struct Overlay {
  int in = -1, out = -1;  // tensors
  // Bytes that `out` begins before `in`; none: not found yet.
  std::optional<int64_t> lead = {};
};

// Returns the pair of a whole input that dies in the segment and a whole output
// that is made in it whose overlay could save the most; none if there is no
// pair. The lead is not found yet.
std::optional<Overlay> overlay_pair(const Net&, const std::vector<TensorUses>&,
                                    Segment);

// Returns whether the tensor is made in the segment over one that dies in it,
// as NetTensor::over says.
bool is_kept_over(const Net&, const std::vector<TensorUses>&, int tensor,
                  Segment);
// Returns all such overlays with their leads. All columns of a row are there
// before the row is written, so that its place is free.
std::vector<Overlay> kept_overlays(const Net&, const std::vector<TensorUses>&,
                                   Segment);

// Returns the smallest lead, a multiple of 16, with which the stage completes:
// the output's rows are held back until nothing else can move.
int64_t smallest_lead(const Net&, const PlanStage&, const Overlay&);

// The same for stages side by side, each with at most one pair, by buffers.
struct OverlaidBuffers {
  int in = -1, out = -1;
  int64_t lead = 0;  // found
  bool both() const { return in >= 0 && out >= 0; }
};
void find_leads(const Net&, const PlanStage&, const std::vector<StreamTie>&,
                std::vector<OverlaidBuffers>&);

// Rounds up to a multiple of 16, also below 0.
int64_t round_up_lead(int64_t bytes);

// Returns ranks in which these processes are last, and all others are deepest
// first.
std::vector<int> ranks_with_late(const StageTokens&,
                                 const std::function<bool(int)>& is_late);

// Returns the bytes saved: the sizes of both less that of their union.
int64_t overlay_gain(const Net&, const Overlay&);
int64_t overlay_gain(int64_t in_bytes, int64_t out_bytes, int64_t lead);

}  // namespace shoal
