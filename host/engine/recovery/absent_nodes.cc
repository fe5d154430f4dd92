#include "host/engine/recovery/absent_nodes.h"

#include <algorithm>

namespace shoal {
namespace {

constexpr int kMostDoublings = 6;  // of a second, for a node that flaps
constexpr uint64_t kAskUs = 1'000'000;

}  // namespace

void AbsentNodes::look_for(const std::vector<WorkerAddress>& wanted) {
  wanted_ = wanted;
  found_.reset();
}

void AbsentNodes::lost(uint64_t address, uint64_t now_us) {
  const int before = losses_[address]++;
  if (before == 0) return;  // it may come back at once
  const int doublings = std::min(before, kMostDoublings);
  not_before_us_[address] = now_us + (uint64_t{1'000'000} << doublings);
}

std::optional<WorkerAddress> AbsentNodes::next_one(uint64_t now_us) {
  if (found_ || wanted_.empty()) return std::nullopt;
  const WorkerAddress one = wanted_[next_++ % wanted_.size()];
  const auto wait = not_before_us_.find(one.address);
  if (wait != not_before_us_.end() && now_us < wait->second) {
    return std::nullopt;
  }
  return one;
}

void AbsentNodes::is_there(uint64_t address) {
  if (std::ranges::count(wanted_, address, &WorkerAddress::address) > 0) {
    found_ = address;
  }
}

CoordinatorConfig asking_config(CoordinatorConfig config) {
  config.hint = nullptr;
  config.log = nullptr;
  config.take_over = false;
  config.timeout_us = std::min(config.timeout_us, kAskUs);
  return config;
}

}  // namespace shoal
