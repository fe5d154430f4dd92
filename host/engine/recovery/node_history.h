// Keeps what has become of the nodes of a cluster since it was first connected:
// which are lost, how often each was taken in, and the last events for people.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/engine/frame_source.h"

namespace shoal {

class NodeHistory {
 public:
  // The node at this address takes part, with this name.
  void joined(uint64_t address, const std::string& name);
  // It has not answered. `said` is for people.
  void lost(uint64_t address, const std::string& said);
  void returned() { ++returns_; }
  void note(const std::string& event);

  bool is_lost(uint64_t address) const { return lost_.contains(address); }
  const std::string& name(uint64_t address) { return names_[address]; }
  // In the words of lost(); the first thousand.
  const std::vector<std::string>& losses() const { return losses_; }

  // Name, and how often it was taken in.
  void describe(uint64_t address, NodeStatus&) const;
  // Losses, returns and events.
  void describe(ClusterStatus&) const;

 private:
  std::set<uint64_t> lost_;
  std::map<uint64_t, std::string> names_;
  std::map<uint64_t, int64_t> incarnations_;
  std::vector<std::string> losses_;
  int64_t loss_count_ = 0, returns_ = 0;
  std::deque<std::string> events_;
};

}  // namespace shoal
