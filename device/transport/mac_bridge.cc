#include "device/transport/mac_bridge.h"

#include <cstring>

namespace shoal {

void BridgeLine::flush() {
  waiting_bytes_ =
      write_waiting(port_.write, port_.user, waiting_, waiting_bytes_);
}

bool BridgeLine::send(uint64_t address, const void* datagram, uint32_t bytes) {
  flush();
  if (bytes == 0 || bytes > kRadioPayload ||
      hdlc_bound(kRadioMacBytes + bytes) > sizeof waiting_ - waiting_bytes_) {
    return false;
  }
  uint8_t frame[kBridgeFrame];
  write_mac(address, frame);
  std::memcpy(frame + kRadioMacBytes, datagram, bytes);
  waiting_bytes_ +=
      hdlc_encode(frame, kRadioMacBytes + bytes, waiting_ + waiting_bytes_);
  flush();
  return true;
}

uint32_t BridgeLine::receive(uint64_t* address, void* datagram,
                             uint32_t capacity) {
  flush();
  // Takes what has come before, then one more piece: noise cannot keep the
  // receiver here.
  for (bool fetched = false;; fetched = true) {
    while (next_ < came_bytes_) {
      const uint32_t n = decoder_.push(came_[next_++]);
      if (n <= kRadioMacBytes) continue;
      const uint32_t bytes =
          n - kRadioMacBytes < capacity ? n - kRadioMacBytes : capacity;
      *address = mac_address(frame_);
      std::memcpy(datagram, frame_ + kRadioMacBytes, bytes);
      return bytes;
    }
    if (fetched) return 0;
    const uint32_t n = port_.read(port_.user, came_, sizeof came_);
    came_bytes_ = n < sizeof came_ ? n : static_cast<uint32_t>(sizeof came_);
    next_ = 0;
  }
}

bool pass_on(BridgeLine& line, const shoal_transport& radio) {
  constexpr int kAtOnce = 8;
  uint8_t datagram[kRadioPayload];
  uint64_t address = 0;
  bool some = false;
  for (int i = 0; i < kAtOnce; ++i) {
    const uint32_t n = line.receive(&address, datagram, sizeof datagram);
    if (n == 0) break;
    // The radio may not take it: a lost datagram, which links are used to.
    static_cast<void>(radio.send(radio.user, address, datagram, n));
    some = true;
  }
  for (int i = 0; i < kAtOnce; ++i) {
    const uint32_t n =
        radio.receive(radio.user, &address, datagram, sizeof datagram);
    if (n == 0) break;
    static_cast<void>(line.send(address, datagram, n));
    some = true;
  }
  return some;
}

}  // namespace shoal
