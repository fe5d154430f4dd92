#include "host/engine/coordinator/evidence.h"

#include <algorithm>
#include <utility>

namespace shoal {

Evidence::Evidence(const std::vector<int>& stages, uint64_t frame_bytes)
    : part_bytes_(std::max<uint64_t>((frame_bytes + kParts - 1) / kParts, 1)) {
  for (const int count : stages) nodes_.push_back({count, count});
}

bool Evidence::seen(uint64_t bytes) {
  const uint64_t parts = bytes / part_bytes_;
  return std::exchange(parts_, parts) != parts;
}

bool Evidence::said(size_t node, const PingAnswer& p, uint64_t submitted) {
  Node& n = nodes_.at(node);
  n.work = p.work;
  // A late report of a frame before is no news: it would be a jump that no node
  // can make.
  const uint32_t more = p.frames - static_cast<uint32_t>(n.frames);
  const bool done =
      more != 0 && more <= submitted - std::min(n.frames, submitted);
  if (done) {
    n.frames += more;
    n.changes_left = n.stages;
  }
  const bool moved =
      std::exchange(n.stage, p.stage) != p.stage && n.changes_left > 0;
  if (moved) --n.changes_left;
  return done || moved;
}

void Evidence::begin_wait() {
  for (Node& n : nodes_) n.work_before = n.work;
}

size_t Evidence::busiest() const {
  const auto claimed = [](const Node& n) { return n.work - n.work_before; };
  return static_cast<size_t>(std::ranges::max_element(nodes_, {}, claimed) -
                             nodes_.begin());
}

}  // namespace shoal
