#include "host/engine/recovery/node_history.h"

namespace shoal {
namespace {

constexpr size_t kMostEventsKept = 20, kMostLossesKept = 1000;

}  // namespace

void NodeHistory::joined(uint64_t address, const std::string& name) {
  names_[address] = name;
  if (lost_.erase(address) > 0 || incarnations_[address] == 0) {
    ++incarnations_[address];
  }
}

void NodeHistory::lost(uint64_t address, const std::string& said) {
  lost_.insert(address);
  ++loss_count_;
  if (losses_.size() < kMostLossesKept) losses_.push_back(said);
}

void NodeHistory::note(const std::string& event) {
  events_.push_back(event);
  if (events_.size() > kMostEventsKept) events_.pop_front();
}

void NodeHistory::describe(uint64_t address, NodeStatus& node) const {
  const auto name = names_.find(address);
  if (name != names_.end()) node.name = name->second;
  const auto times = incarnations_.find(address);
  if (times != incarnations_.end()) node.incarnation = times->second;
  if (is_lost(address)) node.state = NodePresence::kLost;
}

void NodeHistory::describe(ClusterStatus& status) const {
  status.losses = loss_count_;
  status.returns = returns_;
  status.events.assign(events_.begin(), events_.end());
}

}  // namespace shoal
