// Variants of a net with channel groups (host/plan/draft/group_net.h) in every
// possible place. The search for stages chooses between them and the plain net:
// groups trade rows that are computed twice for smaller rings.
#pragma once

#include <memory>
#include <vector>

#include "host/plan/draft/group_net.h"
#include "host/plan/search/all_candidates.h"

namespace shoal {

class GroupVariants {
 public:
  // Stages have at most `max_ports` ports. Net and task must outlive this
  // object. A node that reads weights from storage has no variants, because
  // tapes do not support loops.
  GroupVariants(const Net&, const std::vector<TensorUses>&, const NodeTask&,
                int max_ports);

  int count() const { return static_cast<int>(all_.size()); }
  // Returns the groups within the segment. Variants count from 1; 0 is the
  // plain net.
  std::vector<BlockChoice> groups(int variant, Segment) const;
  // Returns whether the segment begins or ends inside a group.
  bool cuts(int variant, Segment) const;
  // Returns the rows of a tensor's ring with the fewest rows per firing.
  int slots(int variant, int tensor) const;

  // Offers stages that begin with a layer of the given net.
  void offer(int begin, StageBudget, Ends&) const;

 private:
  struct Variant {
    Variant(const Net&, std::vector<BlockChoice>, const NodeTask&,
            int max_ports);

    const std::vector<BlockChoice> groups;
    const GroupNet net;
    const std::vector<bool> streams;
    const NodeTask task;
    AllCandidates all;
    const StageSearch search;
  };
  const Variant& of(int variant) const { return *all_[size_t(variant - 1)]; }
  std::vector<std::unique_ptr<Variant>> all_;
};

}  // namespace shoal
