// Lower bounds of the time and the memory of segments. They need only the boxes
// that nodes make and read, so most segments are never drafted. Segments that
// end at one layer are bounded one after another: each has one layer more than
// the one before, at its front.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/draft/cut_net.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/search/share_costs.h"

namespace shoal {

class SegmentBounds {
 public:
  // `busy`: the nodes that have a share. All references must outlive this
  // object.
  SegmentBounds(const CutNet&, const Cluster&, const std::vector<int>& busy,
                uint32_t max_payload, SegmentTime, ShareCosts&, SegmentMemo&);

  // Begins with the empty segment that ends at `end`.
  void begin(int end);
  // Adds the layer before the segment. `made` has the boxes that nodes make of
  // it.
  void add(int layer, const MadeBoxes& made);

  // Returns a lower bound of the segment's time, without what it waits before
  // it begins.
  int64_t least_ps() const;
  // Returns a lower bound of the bytes of its fullest node. With `overlays`,
  // its output may lie over an input that it consumes.
  int64_t least_bytes(bool overlays) const;
  // Returns a lower bound of these bytes that only grows with each layer.
  int64_t made_bytes() const;

 private:
  struct Sums {
    int64_t ps = 0;                  // to make what the segment makes
    int64_t bytes = 0;               // that hold it
    int64_t largest_whole = 0;       // of a tensor for later segments
    int64_t sent = 0, received = 0;  // bytes of rows
  };
  size_t index(int of, int node) const {
    return size_t(of) * size_t(s_.nodes) + size_t(node);
  }
  std::vector<int> last_readers(int tensor, int writer) const;
  void find_held();
  void add_bytes(int layer, const std::vector<Box>& made);
  void add_reads(int layer, const std::vector<Box>& made);
  bool is_local(int tensor, int node, const Box& need) const;
  void exchange(int writer, int node, const Box& read, int sign);

  const CutNet& s_;
  const Cluster& cluster_;
  const std::vector<int>& busy_;
  const uint32_t max_payload_;
  const SegmentTime time_;
  ShareCosts& shares_;
  SegmentMemo& memo_;
  // Both are indexed by layer, then node: the bytes of tensors that lie whole
  // there when a segment begins with the layer, and the last layer for which
  // the node keeps its part of the layer's output.
  std::vector<int64_t> held_;
  std::vector<int> last_readers_;
  Segment segment_;         // so far
  std::vector<Sums> sums_;  // by node
  // The boxes that the segment reads and its nodes do not have before it, by
  // tensor, then node, and the tensors that have any.
  std::vector<Box> read_;
  std::vector<int> read_tensors_;
};

}  // namespace shoal
