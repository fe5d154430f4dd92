#include "host/engine/faults/asking_endpoint.h"

#include "host/base/error.h"

namespace shoal {

AskingEndpoint::AskingEndpoint(World& world, Port& port,
                               const CoordinatorConfig& config)
    : world_(world), port_(port), config_(asking_config(config)) {
  config_.transport = &port_.transport();
  world_.attach(port_, *this);
}

uint64_t AskingEndpoint::now_us() const {
  return static_cast<uint64_t>(world_.now() / kMicrosecond);
}

void AskingEndpoint::look_for(const std::vector<WorkerAddress>& wanted) {
  absent_.look_for(wanted);
  looks_ = !wanted.empty();
  next_us_ = now_us() + AbsentNodes::kPauseUs;
  world_.attach(port_, *this);
}

void AskingEndpoint::lost(uint64_t address) { absent_.lost(address, now_us()); }

void AskingEndpoint::ask(const WorkerAddress& node) {
  asked_ = node;
  is_there_ = stops_ = false;
  coordinator_ = std::make_unique<Coordinator>(config_);
  coordinator_->connect({node});
}

// The node is held for the moment in which it answers, and given back.
void AskingEndpoint::talk() {
  try {
    coordinator_->poll();
    if (!stops_ && coordinator_->connected()) {
      is_there_ = true;
      give_back();
    }
  } catch (const Error&) {
    give_back();
  }
  if (!coordinator_->stopped()) return;
  coordinator_.reset();
  if (is_there_) absent_.is_there(asked_.address);
  next_us_ = now_us() + AbsentNodes::kPauseUs;
}

void AskingEndpoint::give_back() {
  if (stops_) return;
  stops_ = true;
  coordinator_->stop();
}

bool AskingEndpoint::step() {
  if (coordinator_) {
    talk();
    return false;
  }
  std::vector<uint8_t> late(port_.transport().max_payload);
  uint64_t from = 0;
  const shoal_transport& t = port_.transport();
  while (t.receive(t.user, &from, late.data(), t.max_payload) != 0) {
  }
  if (!looks_ || now_us() < next_us_) return false;
  next_us_ = now_us() + AbsentNodes::kPauseUs;
  const auto one = absent_.next_one(now_us());
  if (one) ask(*one);
  return one.has_value();
}

uint64_t AskingEndpoint::next_timer_us() const {
  if (coordinator_) return coordinator_->next_timer_us();
  return looks_ && !absent_.found() ? next_us_ : UINT64_MAX;
}

}  // namespace shoal
