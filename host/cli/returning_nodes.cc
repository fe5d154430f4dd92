#include "host/cli/returning_nodes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "host/engine/workers/drive.h"
#include "host/engine/workers/udp.h"

namespace shoal {
namespace {

constexpr auto kPause = std::chrono::milliseconds(200);
constexpr int kMostDoublings = 6;  // of a second, for a node that flaps
constexpr uint64_t kAskUs = 1'000'000;
constexpr uint64_t kLookUs = 50'000;

}  // namespace

ReturningNodes::ReturningNodes(CoordinatorConfig config)
    : config_(std::move(config)) {
  config_.hint = nullptr;
  config_.log = nullptr;  // a node that is not there is not worth a word
  config_.take_over = false;
  config_.timeout_us = std::min(config_.timeout_us, kAskUs);
  thread_ = std::thread([this] { look(); });
}

ReturningNodes::~ReturningNodes() {
  ends_ = true;
  changed_.notify_all();
  thread_.join();
}

void ReturningNodes::look_for(const std::vector<WorkerAddress>& wanted) {
  const std::lock_guard lock(mutex_);
  wanted_ = wanted;
  found_.reset();
  changed_.notify_all();
}

void ReturningNodes::lost(uint64_t address) {
  const std::lock_guard lock(mutex_);
  const int before = losses_[address]++;
  if (before == 0) return;  // it may come back at once
  const int doublings = std::min(before, kMostDoublings);
  not_before_[address] = Clock::now() + std::chrono::seconds(1 << doublings);
}

std::optional<uint64_t> ReturningNodes::found() const {
  const std::lock_guard lock(mutex_);
  return found_;
}

std::optional<WorkerAddress> ReturningNodes::next_one() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPause, [this] { return ends_.load(); });
  if (found_ || wanted_.empty()) return std::nullopt;
  const WorkerAddress one = wanted_[next_++ % wanted_.size()];
  const auto wait = not_before_.find(one.address);
  if (wait != not_before_.end() && Clock::now() < wait->second) {
    return std::nullopt;
  }
  return one;
}

void ReturningNodes::look() {
  while (!ends_) {
    const std::optional<WorkerAddress> one = next_one();
    if (!one || !is_there(*one)) continue;
    const std::lock_guard lock(mutex_);
    const bool wanted =
        std::ranges::count(wanted_, one->address, &WorkerAddress::address) > 0;
    if (wanted) found_ = one->address;
  }
}

// The node is held for the moment in which it answers, and given back.
bool ReturningNodes::is_there(const WorkerAddress& address) {
  try {
    const UdpTransport transport(parse_udp_address("0.0.0.0:0", ""));
    CoordinatorConfig config = config_;
    config.transport = &transport.transport();
    Coordinator coordinator(config);
    const StopAtEnd stop(coordinator, transport);
    coordinator.connect({address});
    drive(
        coordinator, transport, nullptr,
        [&] { return coordinator.connected() || ends_; }, kLookUs);
    return coordinator.connected();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace shoal
