// A stage's output may lie over an input that dies in the stage: both are
// made and used up top-down, so the output's first bytes need only stay
// `lead` bytes ahead of the input's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/tokens/tokens.h"
#include "host/plan/types/segment.h"

namespace shoal {

// An output that reuses the bytes of an input which is being consumed.
struct Overlay {
  int in = -1, out = -1;  // tensors
  int64_t lead = 0;       // bytes that `out` begins before `in`
};

// Returns the pair of a whole input that dies in the segment and a whole output
// that is made in it whose overlay could save the most; none if there is no
// pair. The lead is not known yet.
std::optional<Overlay> overlay_pair(const Net&, const std::vector<TensorUses>&,
                                    Segment);

// Returns whether the tensor is made in the segment over one that dies in it,
// as NetTensor::over says.
bool is_kept_over(const Net&, const std::vector<TensorUses>&, int tensor,
                  Segment);
// Returns all of them, with their leads: before a row is written all columns of
// it are there, so that its place is free.
std::vector<Overlay> kept_overlays(const Net&, const std::vector<TensorUses>&,
                                   Segment);

// Returns the smallest lead, a multiple of 16, with which the stage completes:
// the output's rows are held back until nothing else can move.
int64_t smallest_lead(const Net&, const PlanStage&, const Overlay&);

// The same of stages side by side, each with one pair at most, by buffers.
struct OverlaidBuffers {
  int in = -1, out = -1;
  int64_t lead = 0;  // found
};
void find_leads(const Net&, const PlanStage&, const std::vector<StreamTie>&,
                std::vector<OverlaidBuffers>&);

struct Saved {
  int64_t bytes = 0;
  bool exact = false;
  bool operator==(const Saved&) const = default;
};
// Returns the bytes that the overlay of the pair saves, if they are at least
// `least`, and its lead; else no more than `bytes` can be saved, and the search
// has ended early.
Saved overlay_saves(const Net&, const PlanStage&, Overlay&, int64_t least);

// Rounds up to a multiple of 16; 0 or more stays so.
int64_t round_up_lead(int64_t bytes);

// Writers of the buffer last, everything else deepest first.
std::vector<int> ranks_with_late(const StageTokens&, int buffer);

// Returns the bytes saved: sizes of both less that of their union.
int64_t overlay_gain(const Net&, const Overlay&);
int64_t overlay_gain(int64_t in_bytes, int64_t out_bytes, int64_t lead);

// Returns the stage's buffer of a tensor, or -1.
int buffer_of(const PlanStage&, int tensor);

}  // namespace shoal
