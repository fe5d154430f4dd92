#include "device/agent/meter.h"

#include "device/link/wire.h"
#include "device/program/image.h"

namespace shoal {
namespace {

// A clock that goes back has lost its time.
uint32_t between(uint64_t begin, uint64_t end) {
  return end > begin ? static_cast<uint32_t>(end - begin) : 0;
}

}  // namespace

void Meter::forget() {
  firings_ = us_ = receive_us_ = send_us_ = 0;
  largest_ = kBusy;
  woken_by_ = 0;
  cycles_ = 0;
}

void Meter::open(const shoal_transport& transport,
                 const CycleCounter& counter) {
  behind_ = &transport;
  counter_ = counter;
  wanted_ = on_ = false;
  forget();
  watched_.user = this;
  watched_.max_payload = transport.max_payload;
  watched_.send = [](void* self, uint64_t to, const void* d, uint32_t n) {
    const shoal_transport& t = *static_cast<Meter*>(self)->behind_;
    return t.send(t.user, to, d, n);
  };
  watched_.receive = [](void* self, uint64_t* from, void* d, uint32_t n) {
    const shoal_transport& t = *static_cast<Meter*>(self)->behind_;
    return t.receive(t.user, from, d, n);
  };
  watched_.now_us = [](void* self) {
    Meter& m = *static_cast<Meter*>(self);
    if (!m.looked_) m.look();
    return m.behind_->now_us(m.behind_->user);
  };
}

const shoal_transport* Meter::begin_run(const shoal_transport* transport) {
  on_ = wanted_;
  wanted_ = false;
  if (!on_) return transport;
  forget();
  looked_ = true;
  return &watched_;
}

void Meter::look() {
  looked_ = true;
  if (counter_.read) ended_ = counter_.read();
  ended_us_ = behind_->now_us(behind_->user);
}

void Meter::step_begins() {
  looked_ = false;
  began_us_ = behind_->now_us(behind_->user);
  if (counter_.read) began_ = counter_.read();
}

void Meter::receives() { began_us_ = behind_->now_us(behind_->user); }

// Here, so that the stack of the caller, who also shakes hands, does not grow.
void Meter::took_data(const uint8_t* packet, uint32_t bytes) {
  if (on_ && bytes >= kDataHeadBytes) took(get_head(packet).node, bytes);
}

void Meter::took(uint16_t from, uint32_t bytes) {
  if (largest_ == kBusy || bytes < largest_) return;
  largest_ = static_cast<uint16_t>(bytes + 1);
  largest_from_ = from;
}

void Meter::received() {
  receive_us_ += between(began_us_, behind_->now_us(behind_->user));
}

// A counter may wrap: the difference is right.
void Meter::step_ended(bool fired, bool worked) {
  if (!looked_) look();
  if (worked) {
    send_us_ += between(ended_us_, behind_->now_us(behind_->user));
  } else {
    largest_ = kNone;
  }
  if (!fired) return;
  if (largest_ > kNone) {
    woken_by_ = largest_from_ == kCoordinator
                    ? kCoordinator
                    : static_cast<uint16_t>(largest_from_ + 1);
  }
  largest_ = kBusy;
  ++firings_;
  cycles_ += (ended_ - began_) & counter_.mask;
  us_ += between(began_us_, ended_us_);
}

MeterTimes Meter::times() {
  const MeterTimes t{receive_us_, send_us_, 0,
                     woken_by_ != 0 ? woken_by_ : MeterTimes::kNobody};
  woken_by_ = 0;
  return t;
}

MeterAnswer Meter::answer() const {
  MeterAnswer a{};
  a.firings = firings_;
  a.counter_hz = counter_.hz;
  a.cycles = cycles_;
  a.us = us_;
  if (counter_.read) {
    for (uint32_t i = 0; i + 1 < sizeof a.counter && counter_.name[i]; ++i) {
      a.counter[i] = counter_.name[i];
    }
  }
  return a;
}

}  // namespace shoal
