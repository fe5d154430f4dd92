#include "host/engine/recovery/asking_thread.h"

#include <chrono>

#include "host/engine/workers/drive.h"
#include "host/engine/workers/udp.h"

namespace shoal {
namespace {

constexpr uint64_t kLookForEndUs = 50'000;

uint64_t now_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

AskingThread::AskingThread(const CoordinatorConfig& config)
    : config_(asking_config(config)) {
  thread_ = std::thread([this] { look(); });
}

AskingThread::~AskingThread() {
  ends_ = true;
  changed_.notify_all();
  thread_.join();
}

void AskingThread::look_for(const std::vector<WorkerAddress>& wanted) {
  const std::lock_guard lock(mutex_);
  absent_.look_for(wanted);
  changed_.notify_all();
}

void AskingThread::lost(uint64_t address) {
  const std::lock_guard lock(mutex_);
  absent_.lost(address, now_us());
}

std::optional<uint64_t> AskingThread::found() const {
  const std::lock_guard lock(mutex_);
  return absent_.found();
}

std::optional<WorkerAddress> AskingThread::next_one() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::microseconds(AbsentNodes::kPauseUs),
                    [this] { return ends_.load(); });
  return absent_.next_one(now_us());
}

void AskingThread::look() {
  while (!ends_) {
    const std::optional<WorkerAddress> one = next_one();
    if (!one || !is_there(*one)) continue;
    const std::lock_guard lock(mutex_);
    absent_.is_there(one->address);
  }
}

// The node is held for the moment in which it answers, and given back.
bool AskingThread::is_there(const WorkerAddress& address) {
  try {
    const UdpTransport transport(parse_udp_address("0.0.0.0:0", ""));
    CoordinatorConfig config = config_;
    config.transport = &transport.transport();
    Coordinator coordinator(config);
    const StopAtEnd stop(coordinator, transport);
    coordinator.connect({address});
    drive(
        coordinator, transport, nullptr,
        [&] { return coordinator.connected() || ends_; }, kLookForEndUs);
    return coordinator.connected();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace shoal
