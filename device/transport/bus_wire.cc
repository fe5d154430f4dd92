#include "device/transport/bus_wire.h"

#include <cstring>

#include "device/base/crc32c.h"

namespace shoal {

namespace {

constexpr uint8_t kFlagByte = 0x7E;

void put_word(uint8_t* out, uint32_t word) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(word >> 8 * i);
}

}  // namespace

void write_bus_control(const BusControl& control, uint8_t* out) {
  out[0] = control.kind;
  out[1] = control.station;
  out[2] = static_cast<uint8_t>(control.turn);
  out[3] = static_cast<uint8_t>(control.turn >> 8);
  put_word(out + 4, crc32c(0, out, 4));
}

bool read_bus_control(const uint8_t* frame, uint32_t bytes,
                      BusControl& control) {
  if (bytes != kBusControl) return false;
  const bool is_known =
      frame[0] == BusControl::kPoll || frame[0] == BusControl::kEnd;
  uint8_t sum[4];
  put_word(sum, crc32c(0, frame, 4));
  if (!is_known || std::memcmp(sum, frame + 4, sizeof sum) != 0) return false;
  control.kind = static_cast<BusControl::Kind>(frame[0]);
  control.station = frame[1];
  control.turn = static_cast<uint16_t>(frame[2] | frame[3] << 8);
  return true;
}

bool BusQueue::add(uint8_t to, uint8_t from, const void* datagram,
                   uint32_t bytes) {
  if (bytes > kSerialPayload ||
      hdlc_bound(kBusHead + bytes) > capacity_ - bytes_) {
    return false;
  }
  uint8_t frame[kBusHead + kSerialPayload] = {to, from};
  std::memcpy(frame + kBusHead, datagram, bytes);
  bytes_ += hdlc_encode(frame, kBusHead + bytes, waiting_ + bytes_);
  return true;
}

uint32_t BusQueue::take(uint8_t* out, uint32_t most) {
  // A frame has a flag at both ends and none inside.
  uint32_t taken = 0;
  while (taken < bytes_) {
    uint32_t end = taken + 1;
    while (waiting_[end] != kFlagByte) ++end;
    if (++end > most) break;
    taken = end;
  }
  std::memcpy(out, waiting_, taken);
  bytes_ -= taken;
  std::memmove(waiting_, waiting_ + taken, bytes_);
  return taken;
}

bool BusReader::fetch() {
  if (next_ != came_bytes_) return true;
  const uint64_t now = port_.now_us(port_.user);
  const uint32_t n = port_.read(port_.user, came_, sizeof came_);
  came_bytes_ = n < sizeof came_ ? n : static_cast<uint32_t>(sizeof came_);
  next_ = 0;
  came_after_us_ = drained_us_;
  if (n < sizeof came_) drained_us_ = now;
  return came_bytes_ != 0;
}

uint32_t BusReader::next() {
  while (next_ < came_bytes_) {
    const uint32_t n = decoder_.push(came_[next_++]);
    if (n != 0) return n;
  }
  return 0;
}

}  // namespace shoal
