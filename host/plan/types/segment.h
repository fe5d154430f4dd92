// A segment is a run of layers that becomes one stage. Tensors that live
// inside it are rings; those that cross its ends are held whole.
#pragma once

#include <vector>

#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Longer stages are not tried, since searches would take time with the cube of
// the layers. (With 256, chains of 400 and 800 convolutions have the same plans
// in twice the time, and branches seven deep are 0.8 % faster.)
inline constexpr int kMaxStageLayers = 128;

struct Segment {
  int begin = 0, end = 0;  // positions of layers, half open
  bool holds(int position) const { return position >= begin && position < end; }
  bool operator==(const Segment&) const = default;
};

inline bool lives_inside(const TensorUses& t, Segment s) {
  return t.first >= s.begin && t.last < s.end;
}
inline bool lives_during(const TensorUses& t, Segment s) {
  return t.first >= 0 && t.first < s.end && t.last >= s.begin;
}
// Returns whether a layer of the segment reads or writes the tensor.
inline bool is_touched(const TensorUses& t, Segment s) {
  for (const auto* list : {&t.writers, &t.readers}) {
    for (const Use& u : *list) {
      if (s.holds(u.position)) return true;
    }
  }
  return false;
}

// The tensors of a net, by the positions at which they live.
class LiveTensors {
 public:
  LiveTensors() = default;
  explicit LiveTensors(const std::vector<TensorUses>&);

  // Returns, by number, the tensors that live during a segment, and those of
  // variables that its layers touch. `uses` must be those given to the
  // constructor.
  std::vector<int> during(const std::vector<TensorUses>& uses, Segment) const;

 private:
  // By position: begun_ has the tensors that live from there on, and kept_
  // those that lived before and still do.
  std::vector<std::vector<int>> begun_, kept_;
  std::vector<int> variables_;
};

// Returns all layers of the net; one position even if there are no layers.
Segment whole_net(const Net&);
// Returns the end of the segment's layers: a net without layers has none.
int end_of_layers(const Net&, Segment);

// Returns the bytes of page buffers that the tensor's spills need in the
// segment.
int64_t page_buffers(const TensorUses&, Segment);

// Returns whether a segment can be a stage. Rows of a buffer are ready when all
// its writers of this stage have passed them, and at once if all wrote in
// earlier stages; a mixture is not possible. Nor can a stage read back what it
// spills.
bool can_be_stage(const std::vector<TensorUses>&, Segment);

}  // namespace shoal
