// A net with channel groups (host/plan/draft/group_net.h) in all places where
// they may be, in a few ways: what searches for stages choose from beside the
// net as it is. Small rings against rows that are made twice.
#pragma once

#include <memory>
#include <vector>

#include "host/plan/draft/group_net.h"
#include "host/plan/search/all_candidates.h"

namespace shoal {

class GroupVariants {
 public:
  // For stages of at most so many ports. Net and task must outlive it. None for
  // a node that reads weights from storage: tapes know no loops.
  GroupVariants(const Net&, const std::vector<TensorUses>&, const NodeTask&,
                int max_ports);

  int count() const { return static_cast<int>(all_.size()); }
  // Those within the segment. Variants count from 1; 0 is the net as it is.
  std::vector<Group> groups(int variant, Segment) const;
  // Whether the segment begins or ends inside one.
  bool cuts(int variant, Segment) const;
  // Rows of a tensor's ring with as few rows a firing as may be.
  int slots(int variant, int tensor) const;

  // Stages from a layer of the given net on.
  void offer(int begin, StageBudget, Ends&) const;

 private:
  struct Variant {
    Variant(const Net&, std::vector<Group>, const NodeTask&, int max_ports);

    const std::vector<Group> groups;
    const GroupNet net;
    const std::vector<bool> streams;
    const NodeTask task;
    AllCandidates all;
    const StageSearch search;
    const StageOffers least, more;  // one row a firing; any number
  };
  const Variant& of(int variant) const { return *all_[size_t(variant - 1)]; }
  std::vector<std::unique_ptr<Variant>> all_;
};

}  // namespace shoal
