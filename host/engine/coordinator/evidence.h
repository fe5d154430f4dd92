// The evidence that a run makes progress. Nodes say that they work; one that is
// broken, or lies, says so for ever. So there is news only as often as a frame
// has room for it:
//
//   * bytes that the coordinator has seen itself, of the input (acknowledged)
//     and the output (arrived): a part of a frame at a time;
//   * frames that a node says it has done, of those that were submitted;
//   * changes of the stage that a node says it is in, as many as a frame has.
//
// A bound on the time from news to news therefore bounds a frame.
#pragma once

#include <cstdint>
#include <vector>

#include "device/agent/session_wire.h"

namespace shoal {

class Evidence {
 public:
  // The bytes of a frame are news in this many parts.
  static constexpr uint64_t kParts = 16;

  // `stages` has the stages of a frame for each node, 0: it has no part.
  Evidence(const std::vector<int>& stages, uint64_t frame_bytes);

  // All bytes so far, and frames that were submitted. Each is true for news.
  bool seen(uint64_t bytes);
  bool said(size_t node, const PingAnswer&, uint64_t submitted);

  // From here on nothing has been claimed.
  void begin_wait();
  // Returns the node that claims most work since, the first of equal ones.
  size_t busiest() const;

 private:
  struct Node {
    int stages = 0, changes_left = 0;
    uint16_t stage = 0;
    uint64_t frames = 0;  // that are believed
    uint32_t work = 0, work_before = 0;
  };
  std::vector<Node> nodes_;
  uint64_t part_bytes_, parts_ = 0;
};

}  // namespace shoal
