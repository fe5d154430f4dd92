// Bounds on the bytes that an overlay or shared rings can save, without a
// simulation. While a layer has fired k times, rings with a given number of
// slots let no layer before it get further than that, so no tensor loses more
// rows; and its operands must have been made. So at some moments it is known
// how far an output that is made as late as possible must stay ahead of the
// input that it lies over, and which rings hold rows together. This finds most
// segments that save nothing.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "host/plan/tokens/overlay.h"
#include "host/plan/types/segment.h"

namespace shoal {

class GainBounds {
 public:
  // All must outlive it.
  GainBounds(const Net&, const std::vector<TensorUses>&, const Work&,
             const std::vector<int>& slots);

  // Returns an upper bound of the bytes that an overlay of the pair, which is
  // the segment's, can save.
  int64_t overlay(Segment, Overlay);
  // Returns an upper bound of the bytes that rings of the segment can save by
  // sharing, in any order.
  int64_t share(Segment);

 private:
  // The moment just before a layer fires.
  struct Moment {
    int64_t written = 0;       // bytes of its output, with this firing
    std::vector<int> firings;  // by layer: the most so far; -1: not known
    struct Held {
      int tensor;
      int64_t bytes;
    };
    std::vector<Held> held;  // rings that hold rows
  };
  const std::vector<Moment>& moments(int end, int layer);
  Moment moment(int end, const Use& writer, int firing) const;
  int same_end(int end, int layer) const;
  void find_held(int layer, int firing, Moment&) const;
  // Returns the most rows that readers within the segment can have released;
  // all rows if that is not known.
  int most_released(int tensor, int begin, const Moment&) const;
  int most_firings(int layer, int end, const Moment&) const;

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const Work& work_;
  const std::vector<int>& slots_;
  std::vector<int64_t> ring_bytes_;  // by tensor; 0: it shares none
  // By layer: the ends of tensors that exist before it, ascending.
  std::vector<std::vector<int>> ends_;
  // By same_end() and layer.
  std::map<std::pair<int, int>, std::vector<Moment>> known_;
};

}  // namespace shoal
