// Decides whom complaints blame. They are heeded when all nodes answer the
// coordinator and nothing moves; a node complains, or the coordinator's own
// link, that nothing comes from a peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace shoal {

struct Complaint {
  static constexpr size_t kFromCoordinator = SIZE_MAX;
  size_t from = 0, about = 0;  // nodes
};

struct Blame {
  size_t node = 0;  // the others may go on without it
  // Set if the link between the two carries nothing, as far as is known.
  std::optional<size_t> other;
};

// A node of which several complain, or the coordinator, and that complains of
// none stands still itself. Else a link is cut: of its two ends the one of
// which more nodes complain is left out, of equal ones the one behind. There
// must be a complaint.
Blame blame_for(const std::vector<Complaint>&);

}  // namespace shoal
