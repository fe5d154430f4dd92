// Makes a stage without addresses, on a node alone or on one of several: add
// buffers, then actors with the places that they read and write, then the ports
// of callers, streams and spills.
#pragma once

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/segment.h"
#include "host/plan/types/uses.h"

namespace shoal {

class StageMaker {
 public:
  // A box of a buffer of the stage; buffer -1: no place.
  struct Place {
    int buffer = -1;
    Box box;
  };

  // Makes room for this many layers.
  StageMaker(const Net&, const std::vector<TensorUses>&, int layers);

  // Adds a buffer for a box of a tensor and returns its number. It is held
  // whole if it has a home or is a variable's, else it is a ring of `slots`
  // rows; 0: they are not known yet.
  int add_buffer(int tensor, const Box&, int element_bytes, int home,
                 int slots = 0);
  // Adds a port and returns its number, which take() changes.
  int add_port(const PlanPort&);
  // Adds a port with which the next actor reads.
  int add_read(const Place& from) {
    return add_port({from.buffer, from.box, true, Owner::kActor, next_actor()});
  }
  // Returns the next actor, which makes part of a layer from these operands.
  PlanActor start_actor(int layer, const std::array<Place, 2>& in);
  // Adds the next actor with the place that it writes.
  void add_actor(PlanActor, const Place& out);
  // Adds the actors of a loop except the last one, which it returns, and the
  // buffers between them, which hold what one turn makes. `made` has the boxes
  // of its layers.
  PlanActor add_loop(const BlockChoice&, const std::vector<Box>& made,
                     const Place& in);
  int next_actor() const { return static_cast<int>(stage_.actors.size()); }

  PlanStage& stage() { return stage_; }
  const std::vector<int>& homes() const { return homes_; }  // by buffer
  // Returns the stage with its ports sorted by buffer, writers first.
  PlanStage take() {
    sort_ports();
    return std::move(stage_);
  }

 private:
  void sort_ports();

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  PlanStage stage_;
  std::vector<int> homes_;
};

// Returns the weights of a share of a layer, in one chunk.
PlanWeights share_weights(const Layer&, const Box& out);
// Sets what an actor does in a firing, and the bytes of its sums.
void set_work(const Layer&, LayerWork, const Box& out, PlanActor&);

// The net from which another one was made that has one layer in place of each
// loop (Layer::loop).
struct GivenNet {
  const Net& net;
  // By layer of the other net, including the end: its first layer here.
  const std::vector<int>& positions;
  // Returns the layer of the other net that has this one.
  int other(int layer) const {
    const auto behind = std::ranges::upper_bound(positions, layer);
    return static_cast<int>(behind - positions.begin()) - 1;
  }
};

// Returns the stage of a node alone. `slots`: rows of each tensor that lives
// inside; the others are held whole. Empty: all are. `given`: makes the stage
// for that net, with its loops; null: for the net itself.
PlanStage make_stage(const Net&, const std::vector<TensorUses>&, Segment,
                     const Work&, const std::vector<int>& slots,
                     const GivenNet* given = nullptr);
// Returns the same for some of its layers, with what callers push and take
// there.
PlanStage make_stage(const Net&, const std::vector<TensorUses>&, Segment,
                     const std::vector<int>& layers, const Work&,
                     const std::vector<int>& slots,
                     const GivenNet* given = nullptr);

}  // namespace shoal
