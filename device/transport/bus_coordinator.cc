#include "device/transport/bus_coordinator.h"

#include <cstring>

namespace shoal {
namespace {

// Between two turns of a station that has nothing to say, and of one that does
// not answer: it may compute, or be gone.
constexpr uint32_t kLeastIdleUs = 500, kMostIdleUs = 8'000;
constexpr uint32_t kLeastMissedUs = 1'000, kMostMissedUs = 32'000;
constexpr uint16_t kGoneMisses = 20;
constexpr uint32_t kGoneUs = 250'000;

uint32_t twice(uint32_t pause_us, uint32_t least, uint32_t most) {
  if (pause_us < least) return least;
  return pause_us < most / 2 ? 2 * pause_us : most;
}

}  // namespace

BusCoordinator::BusCoordinator(const BusPort& port, uint8_t* waiting,
                               uint32_t capacity, const BusTiming& timing)
    : port_(port),
      timing_(timing),
      queue_(waiting, capacity),
      transport_{this, kSerialPayload, send, receive, now_us} {
  // A coordinator that was here before may have given a turn.
  free_us_ = now_us(this) + longest_turn_us();
}

uint64_t BusCoordinator::longest_turn_us() const {
  return uint64_t{timing_.begin_us} + timing_.turn_us + timing_.guard_us;
}

uint64_t BusCoordinator::burst_us(uint32_t bytes) const {
  return (static_cast<uint64_t>(bytes) * timing_.byte_ns + 999) / 1000;
}

uint64_t BusCoordinator::now_us(void* self) {
  const auto& s = *static_cast<const BusCoordinator*>(self);
  return s.port_.now_us(s.port_.user);
}

int BusCoordinator::send(void* self, uint64_t to, const void* datagram,
                         uint32_t bytes) {
  auto& s = *static_cast<BusCoordinator*>(self);
  const uint64_t station = to - bus_address(0);
  if (station == 0 || station > kBusStations ||
      !s.queue_.add(static_cast<uint8_t>(to), 0, datagram, bytes)) {
    return 1;
  }
  s.stations_[station].is_known = true;
  s.hurry(static_cast<uint32_t>(station), now_us(self));
  return 0;
}

// A station that does not answer is not asked more often: each time costs the
// longest turn.
void BusCoordinator::hurry(uint32_t station, uint64_t now) {
  Station& s = stations_[station];
  if (!s.is_known || s.misses != 0) return;
  s.pause_us = 0;
  s.due_us = s.due_us < now ? s.due_us : now;
}

uint32_t BusCoordinator::receive(void* self, uint64_t* from, void* datagram,
                                 uint32_t capacity) {
  auto& s = *static_cast<BusCoordinator*>(self);
  if (!s.look()) return 0;
  const uint32_t bytes = s.bytes_ < capacity ? s.bytes_ : capacity;
  *from = bus_address(s.reader_.frame()[1]);
  std::memcpy(datagram, s.reader_.frame() + kBusHead, bytes);
  s.bytes_ = 0;
  return bytes;
}

bool BusCoordinator::look() {
  if (bytes_ == 0) {
    // Takes what was read before, then one more piece: noise cannot keep the
    // receiver here.
    for (int piece = 0; piece < 2 && bytes_ == 0 && reader_.fetch(); ++piece) {
      while (const uint32_t n = reader_.next()) {
        if (take(n)) break;
      }
    }
  }
  advance();
  return bytes_ != 0;
}

bool BusCoordinator::take(uint32_t bytes) {
  const uint8_t* const frame = reader_.frame();
  const uint64_t now = now_us(this);
  BusControl control;
  if (read_bus_control(frame, bytes, control)) {
    if (control.kind == BusControl::kEnd && phase_ == Phase::kPolled &&
        control.station == polled_ && control.turn == turn_) {
      end_turn(true, now);
    }
    return false;
  }
  if (bytes <= kBusHead || frame[0] > kBusStations || frame[1] == 0 ||
      frame[1] > kBusStations) {
    return false;  // a line that echoes gives this one its own, too
  }
  stations_[frame[1]].has_sent = true;
  if (frame[0] != 0) {
    hurry(frame[0], now);
    return false;
  }
  bytes_ = bytes - kBusHead;
  return true;
}

void BusCoordinator::end_turn(bool is_answered, uint64_t now) {
  Station& s = stations_[polled_];
  if (is_answered) {
    s.misses = 0;
    s.pause_us = s.has_sent ? 0 : twice(s.pause_us, kLeastIdleUs, kMostIdleUs);
  } else {
    ++unanswered_;
    if (s.misses < kGoneMisses) ++s.misses;
    s.pause_us = s.misses < kGoneMisses
                     ? twice(s.pause_us, kLeastMissedUs, kMostMissedUs)
                     : kGoneUs;
  }
  s.due_us = now + s.pause_us;
  phase_ = Phase::kFree;
  free_us_ = now + timing_.gap_us;
}

void BusCoordinator::advance() {
  if (phase_ == Phase::kWriting) go_on_writing();
  const uint64_t now = now_us(this);
  if (phase_ == Phase::kPolled && now > free_us_) end_turn(false, now);
  if (phase_ == Phase::kFree && now >= free_us_) begin_burst(now);
}

// Returns the station whose turn is due for the longest time; 0: none is known.
uint32_t BusCoordinator::due_station() const {
  uint32_t first = 0;
  for (uint32_t i = 1; i <= kBusStations; ++i) {
    const bool is_sooner =
        first == 0 || stations_[i].due_us < stations_[first].due_us;
    if (stations_[i].is_known && is_sooner) first = i;
  }
  return first;
}

void BusCoordinator::begin_burst(uint64_t now) {
  polled_ = due_station();
  if (polled_ != 0 && stations_[polled_].due_us > now) polled_ = 0;
  burst_bytes_ = queue_.take(burst_, kBusTurnBytes);
  if (polled_ != 0) {
    uint8_t poll[kBusControl];
    write_bus_control(
        {BusControl::kPoll, static_cast<uint8_t>(polled_), ++turn_}, poll);
    burst_bytes_ += hdlc_encode(poll, kBusControl, burst_ + burst_bytes_);
    stations_[polled_].has_sent = false;
    ++polls_;
  }
  if (burst_bytes_ == 0) return;
  written_ = 0;
  phase_ = Phase::kWriting;
  if (port_.drive) port_.drive(port_.user, true);
  go_on_writing();
}

void BusCoordinator::go_on_writing() {
  const uint32_t left = burst_bytes_ - written_;
  const uint32_t n = port_.write(port_.user, burst_ + written_, left);
  written_ += n < left ? n : left;
  if (written_ != burst_bytes_) return;
  if (port_.drive) port_.drive(port_.user, false);
  // Where bytes are only buffered, they leave later.
  const uint64_t left_us = now_us(this) + burst_us(burst_bytes_);
  phase_ = polled_ != 0 ? Phase::kPolled : Phase::kFree;
  free_us_ = polled_ != 0 ? left_us + longest_turn_us() : left_us;
}

uint64_t BusCoordinator::next_timer_us() const {
  if (bytes_ != 0) return 0;
  if (phase_ == Phase::kWriting)
    return now_us(const_cast<BusCoordinator*>(this)) + 100;
  if (phase_ == Phase::kPolled) return free_us_ + 1;
  if (!queue_.empty()) return free_us_;
  const uint32_t first = due_station();
  if (first == 0) return UINT64_MAX;
  const uint64_t due = stations_[first].due_us;
  return due > free_us_ ? due : free_us_;
}

}  // namespace shoal
