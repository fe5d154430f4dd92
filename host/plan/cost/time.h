// The time model: what a layer, a stage and a node cost on a board.
//
//   compute  MACs * cycles per MAC of the kernel and what its calls cost, or
//            bytes * cycles per element for the operators without MACs; partial
//            sums that are read and written
//   firings  each costs the runtime a constant, and another one for each row
//            after its first
//   flash    every firing of a layer reads the layer's weights, unless they
//            stay in the cache from one firing to the next
//
// What storage adds is in feed.h. Sums are kept in whole picoseconds, so that
// equal plans compare equal.
#pragma once

#include <cstdint>

#include "device/program/image.h"
#include "host/board/board.h"
#include "host/plan/types/loop.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

inline constexpr double kPicoseconds = 1e12;  // of a second
inline constexpr int64_t kPicosPerNano = 1000;
int64_t picoseconds(double seconds);

// The percentages of the time of mapped flash that count, for estimates before
// it is known which weights stay in SRAM: for the first read of each weight,
// and for all others.
struct FlashPercent {
  int once = 100, again = 100;
  bool operator==(const FlashPercent&) const = default;
};

struct LayerTime {
  int64_t compute_ps = 0, flash_ps = 0, firing_ps = 0;
  int64_t once_ps = 0;  // part of flash_ps: one read of all weights
  int64_t weight_read_bytes = 0, firings = 0;
  int64_t total_ps() const { return compute_ps + flash_ps + firing_ps; }
  int64_t total_ps(const FlashPercent& p) const {
    return compute_ps + firing_ps + once_ps * p.once / 100 +
           (flash_ps - once_ps) * p.again / 100;
  }
};

// Returns whether the work of a kind is counted in multiply-accumulates; that
// of others is counted in elements. Virtual time (host/engine/virtual/cost.h)
// uses this, too.
constexpr bool counts_macs(OpCode op) {
  return op == OpCode::kConv || op == OpCode::kDepthwise ||
         op == OpCode::kTransposeConv || op == OpCode::kMatmul ||
         op == OpCode::kLstm || op == OpCode::kCell;
}
// Returns the bytes of weights, bias, multipliers and shifts in the image.
int64_t weight_bytes(const Layer&);
// Returns the bytes that `weights` of the layer's weights take in an image.
uint32_t stored_weights(const Layer&, int64_t weights);
LayerTime layer_time(const Net&, int layer, LayerWork, const Board&);
// Returns the MACs of an actor: its share of the layer, or a copy. Rows that
// the bands of a loop make twice count twice.
int64_t actor_macs(const Net&, const PlanStage&, const PlanActor&);
// Returns the times of all actors of a stage.
std::vector<LayerTime> actor_times(const Net&, const PlanStage&, const Board&);
LayerTime actor_time(const Net&, const PlanStage&, const PlanActor&,
                     const Board&);
// Returns the times of a loop's actors.
std::vector<LayerTime> loop_times(const Net&, const PlanStage&, const PlanLoop&,
                                  const Board&);
// Returns the time of reading the weights where they lie: in mapped flash, or
// in a bank of SRAM that is slower than the arena's; 0 for other places, whose
// time is counted elsewhere.
int64_t reading_ps(const PlanWeights&, const LayerTime&, const Board&);
// A box of a layer's output, computed from some of the input channels.
struct LayerShare {
  Box out;
  int in_channels = 0;
  int slices = 1;     // of a firing, each a call
  int groups = 1;     // of output channels, each a call
  bool sums = false;  // adds to or leaves sums of other shares
};
LayerTime share_time(const Layer&, const LayerShare&, LayerWork, const Board&);
// Returns the time of layers that fire as one, `band` rows at a time.
LayerTime loop_time(const LoopLayers&, int groups, int band, const Board&);
int64_t share_macs(const Layer&, const LayerShare&);
LayerShare whole_share(const Layer&);
// Returns the part of compute_ps that `rows` rows of a share take in `firings`
// firings, to be divided by the parts of all rows in all firings.
int64_t row_parts(const Layer&, const LayerShare&, const Costs&, int64_t rows,
                  int64_t firings);
// Returns ps * part / whole, computed in 64 bits.
int64_t part_of(int64_t ps, int64_t part, int64_t whole);
// Returns the time of `firings` firings with `rows` rows altogether.
int64_t firings_ps(const Costs&, int64_t firings, int64_t rows);
// Returns the share of an actor that computes a layer (no copy).
LayerShare share_of(const Net&, const PlanStage&, const PlanActor&);
LayerTime copy_time(const Box&, int band, const Board&);

}  // namespace shoal
