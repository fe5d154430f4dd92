#include "host/world/world.h"

#include <algorithm>
#include <cstring>

#include "host/base/rounded.h"

namespace shoal {

Port::Port(World& world, uint32_t number, const PortCosts& costs,
           uint32_t max_payload)
    : world_(world), number_(number), costs_(costs) {
  transport_ = {this, max_payload, &Port::send, &Port::receive, &Port::now_us};
}

Nanos Port::cost(uint32_t bytes) const {
  const Nanos time = costs_.datagram + rounded(bytes * costs_.nanos_per_byte);
  return slowness_ == 1 ? time : rounded(slowness_ * static_cast<double>(time));
}

void Port::spend(Nanos time, const Activity& what) {
  const Nanos begin = now_;
  // The time of a datagram was made longer by cost() already.
  const bool is_own =
      what.doing != Doing::kSend && what.doing != Doing::kReceive;
  if (slowness_ != 1 && is_own) {
    time = rounded(slowness_ * static_cast<double>(time));
  }
  now_ += time;
  switch (what.doing) {
    case Doing::kSlice:
      times_.slices += time;
      break;
    case Doing::kReceive:
      times_.receiving += time;
      break;
    case Doing::kSend:
      times_.sending += time;
      break;
    case Doing::kCheck:
    case Doing::kOther:
      times_.other += time;
      break;
  }
  if (!world_.recorder_) return;
  Activity a = what;
  a.begin = begin;
  a.end = now_;
  world_.recorder_->did(number_, a);
}

int Port::send(void* user, uint64_t to, const void* datagram, uint32_t bytes) {
  Port& self = *static_cast<Port*>(user);
  World& world = self.world_;
  if (bytes > self.transport_.max_payload) return -1;
  world.places_[self.number_].endpoint->settle();
  const Nanos done = self.now_ + self.cost(bytes);
  const uint64_t serial = world.network_.serial();
  if (!world.network_.send(self.number_, to,
                           static_cast<const uint8_t*>(datagram), bytes,
                           done)) {
    return 1;
  }
  if (world.recorder_ && world.network_.serial() != serial) {
    world.recorder_->sent(serial, {.from = self.number_,
                                   .to = static_cast<uint32_t>(to - 1),
                                   .bytes = bytes,
                                   .asked = done,
                                   .left = done});
  }
  self.spend(done - self.now_, {.doing = Doing::kSend, .serial = serial});
  return 0;
}

uint32_t Port::receive(void* user, uint64_t* from, void* to,
                       uint32_t capacity) {
  Port& self = *static_cast<Port*>(user);
  World& world = self.world_;
  const Datagram* const d = world.network_.take(self.number_);
  if (!d) return 0;
  const auto bytes = std::min(static_cast<uint32_t>(d->bytes.size()), capacity);
  std::memcpy(to, d->bytes.data(), bytes);
  *from = Network::address(d->from);
  if (world.recorder_) {
    world.recorder_->arrived(d->serial, d->left, d->arrived);
  }
  self.spend(self.cost(bytes), {.doing = Doing::kReceive, .serial = d->serial});
  world.network_.release(d);
  return bytes;
}

uint64_t Port::now_us(void* user) {
  return static_cast<uint64_t>(static_cast<Port*>(user)->now_ / kMicrosecond);
}

World::World(const NetworkOptions& options, uint32_t max_payload)
    : network_(options, events_), max_payload_(max_payload) {}

Port& World::add(const LinkModel& link, const PortCosts& costs) {
  const uint32_t number = network_.add(link);
  Place& place = places_.emplace_back();
  place.port = std::make_unique<Port>(*this, number, costs, max_payload_);
  return *place.port;
}

void World::attach(Port& port, Endpoint& endpoint) {
  places_[port.number()].endpoint = &endpoint;
  port.now_ = std::max(port.now_, now_);
  wake(port.number(), port.now_);
}

void World::sleep(Port& port, Endpoint& endpoint, Nanos until) {
  places_[port.number()].endpoint = &endpoint;
  port.now_ = std::max(port.now_, now_);
  if (until != kNever) wake(port.number(), until);
}

void World::record(Recorder* recorder) {
  recorder_ = recorder;
  if (recorder) recorder->restart(network_.serial());
}

// The earliest wake counts; numbers of others are out of date.
void World::wake(uint32_t endpoint, Nanos at) {
  Place& place = places_[endpoint];
  at = std::max(at, place.port->now_);
  if (!place.endpoint || place.held || place.wake_at <= at) return;
  place.wake_at = at;
  events_.push(at, EventKind::kWake, endpoint, ++place.wake);
}

bool World::advance() {
  if (events_.empty()) return false;
  const Event e = events_.pop();
  now_ = e.at;
  if (e.kind == EventKind::kWake) {
    if (e.what == places_[e.endpoint].wake) step(e.endpoint);
    return true;
  }
  const uint32_t woken = network_.handle(e);
  if (woken != Network::kNobody) wake(woken, now_);
  return true;
}

void World::step(uint32_t number) {
  Place& place = places_[number];
  if (!place.endpoint) return;
  Port& port = *place.port;
  const Nanos start = port.now_ = now_;
  place.wake_at = kNever;
  bool more = true;
  for (int i = 0; more && i < port.costs_.burst; ++i) {
    const Nanos before = port.now_;
    more = place.endpoint->step();
    place.endpoint->settle();
    if (more && port.now_ == before) {
      port.spend(port.costs_.step, {.doing = Doing::kOther});
    }
  }
  if (more || network_.waiting(number)) {
    // A datagram that an endpoint leaves in its queue must not stop the clock.
    wake(number, std::max(port.now_, start + 1));
    return;
  }
  // A time that has passed already must not stop the clock.
  Nanos at = place.endpoint->ready_at();
  if (at != kNever) at = std::max(at, port.now_ + 1);
  const uint64_t timer = place.endpoint->next_timer_us();
  constexpr auto kLast = static_cast<uint64_t>(kNever / kMicrosecond);
  if (timer < kLast) {
    at = std::min(at, std::max(static_cast<Nanos>(timer) * kMicrosecond,
                               port.now_ + kMicrosecond));
  }
  if (at != kNever) wake(number, at);
}

void World::switch_off(uint32_t endpoint) {
  network_.switch_off(endpoint);
  Place& place = places_[endpoint];
  place.endpoint = nullptr;
  place.held = false;
  place.wake_at = kNever;
  ++place.wake;
}

void World::switch_on(uint32_t endpoint) {
  network_.switch_on(endpoint);
  places_[endpoint].port->now_ = now_;
}

void World::hold(uint32_t endpoint) {
  Place& place = places_[endpoint];
  place.held = true;
  place.wake_at = kNever;
  ++place.wake;
}

void World::go_on(uint32_t endpoint) {
  places_[endpoint].held = false;
  wake(endpoint, now_);
}

}  // namespace shoal
