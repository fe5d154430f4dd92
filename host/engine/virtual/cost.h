// The time of a node's work, by its board's figures: multiply-accumulates by
// kernel, elements, firings, weight bytes from flash, datagrams and encryption.
// It is taken from the program image, so what is counted is what runs: shares,
// recomputed halos, groups, slices and loops.
//
// The figures are the planner's (host/plan/cost/time.h), slice by slice: the
// slices of a frame sum up to the planner's time of a node.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "device/program/actor.h"
#include "device/shoal.h"
#include "host/board/board.h"
#include "host/board/kernel_cost.h"
#include "host/world/events.h"

namespace shoal {

struct SliceCost {
  double compute_s = 0, firing_s = 0;
  double flash_s = 0;  // reading weights in flash and in slow banks
  double macs = 0, weight_bytes = 0;  // of flash
  Nanos nanos() const;
  SliceCost& operator+=(const SliceCost&);
};

class NodeCost {
 public:
  // The image must outlive this and be one that the loader accepts.
  NodeCost(std::span<const uint8_t> image, const Board&);
  SliceCost slice(const shoal_work&) const;

 private:
  struct ActorCost {
    KernelCost kernel;         // a byte of output in place of a MAC
    double element_scale = 1;  // bytes moved per byte of output
    double wide = 1;           // of 16 bits, over the cost of eight
    bool sums = false;         // partial ones, read and written
    bool cached = false;       // weights stay in the cache
    double weight_bytes = 0;   // of all chunks
  };
  struct Part;
  Part part_of(const StageView&, const ActorRecord&, const shoal_work&) const;
  ActorCost actor_cost(const StageView&, uint16_t actor) const;
  Halves halves_of(const StageView&, const ActorRecord&, const Part&) const;
  double weights_read(const StageView&, const ActorRecord&, const ActorCost&,
                      const shoal_work&) const;

  const Board& board_;
  std::vector<double> bank_rates_;  // by number, from 1
  std::vector<StageView> stages_;
  std::vector<std::vector<ActorCost>> actors_;  // by stage
};

}  // namespace shoal
