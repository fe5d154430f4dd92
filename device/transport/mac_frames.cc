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
  const uint32_t at = load(came_);
  if (bytes == 0 || bytes > kRadioPayload) return;
  if (at - load(freed_) == kFrames) {
    // The one writer's own counter.
    store(dropped_, load(dropped_) + 1);
    return;
  }
  Frame& f = ring_[at % kFrames];
  f.from = mac_address(mac);
  f.bytes = bytes;
  std::memcpy(f.data, data, bytes);
  store(came_, at + 1);
}

uint32_t MacFrames::receive(void* self, uint64_t* from, void* datagram,
                            uint32_t capacity) {
  auto& s = *static_cast<MacFrames*>(self);
  if (!s.has_some()) return 0;
  const Frame& f = s.ring_[s.taken_ % kFrames];
  const uint32_t bytes = f.bytes < capacity ? f.bytes : capacity;
  *from = f.from;
  std::memcpy(datagram, f.data, bytes);
  store(s.freed_, ++s.taken_);
  return bytes;
}

}  // namespace shoal
