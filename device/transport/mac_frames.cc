#include "device/transport/mac_frames.h"

#include <cstring>

namespace shoal {

MacFrames::MacFrames(const MacPort& port)
    : port_(port), transport_{this, kRadioPayload, send, receive, now_us} {}

uint64_t MacFrames::now_us(void* self) {
  const auto& s = *static_cast<const MacFrames*>(self);
  return s.port_.now_us(s.port_.user);
}

int MacFrames::send(void* self, uint64_t to, const void* datagram,
                    uint32_t bytes) {
  const auto& s = *static_cast<const MacFrames*>(self);
  uint8_t mac[kRadioMacBytes];
  write_mac(to, mac);
  // The lowest bit of the first byte is that of groups: there is one receiver.
  if (bytes == 0 || bytes > kRadioPayload || (mac[0] & 1) != 0) return 1;
  return s.port_.send(s.port_.user, mac, datagram, bytes) ? 0 : 1;
}

void MacFrames::came(const uint8_t* mac, const uint8_t* data, uint32_t bytes) {
  const uint32_t at = came_.load(std::memory_order_relaxed);
  if (bytes == 0 || bytes > kRadioPayload) return;
  if (at - freed_.load(std::memory_order_acquire) == kFrames) {
    // The one writer's own counter.
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1,
                   std::memory_order_relaxed);
    return;
  }
  Frame& f = ring_[at % kFrames];
  f.from = mac_address(mac);
  f.bytes = bytes;
  std::memcpy(f.data, data, bytes);
  came_.store(at + 1, std::memory_order_release);
}

uint32_t MacFrames::receive(void* self, uint64_t* from, void* datagram,
                            uint32_t capacity) {
  auto& s = *static_cast<MacFrames*>(self);
  if (!s.has_some()) return 0;
  const Frame& f = s.ring_[s.taken_ % kFrames];
  const uint32_t bytes = f.bytes < capacity ? f.bytes : capacity;
  *from = f.from;
  std::memcpy(datagram, f.data, bytes);
  s.freed_.store(++s.taken_, std::memory_order_release);
  return bytes;
}

}  // namespace shoal
