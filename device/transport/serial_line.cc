#include "device/transport/serial_line.h"

#include <cstring>

namespace shoal {

SerialLine::SerialLine(const SerialPort& port, uint8_t* waiting,
                       uint32_t capacity)
    : port_(port),
      waiting_(waiting),
      capacity_(capacity),
      transport_{this, kSerialPayload, send, receive, now_us} {}

uint64_t SerialLine::now_us(void* self) {
  const auto& s = *static_cast<const SerialLine*>(self);
  return s.port_.now_us(s.port_.user);
}

void SerialLine::flush() {
  waiting_bytes_ =
      write_waiting(port_.write, port_.user, waiting_, waiting_bytes_);
}

int SerialLine::send(void* self, uint64_t, const void* datagram,
                     uint32_t bytes) {
  auto& s = *static_cast<SerialLine*>(self);
  s.flush();
  if (bytes > kSerialPayload ||
      hdlc_bound(bytes) > s.capacity_ - s.waiting_bytes_) {
    return 1;
  }
  s.waiting_bytes_ += hdlc_encode(static_cast<const uint8_t*>(datagram), bytes,
                                  s.waiting_ + s.waiting_bytes_);
  s.flush();
  return 0;
}

uint32_t SerialLine::receive(void* self, uint64_t* from, void* datagram,
                             uint32_t capacity) {
  auto& s = *static_cast<SerialLine*>(self);
  s.flush();
  // Takes what has come before, then one more piece: noise cannot keep the
  // receiver here.
  for (bool fetched = false;; fetched = true) {
    while (s.next_ < s.came_bytes_) {
      const uint32_t n = s.decoder_.push(s.came_[s.next_++]);
      if (n == 0) continue;
      *from = kSerialAddress;
      const uint32_t bytes = n < capacity ? n : capacity;
      std::memcpy(datagram, s.frame_, bytes);
      return bytes;
    }
    if (fetched) return 0;
    const uint32_t n = s.port_.read(s.port_.user, s.came_, sizeof s.came_);
    s.came_bytes_ =
        n < sizeof s.came_ ? n : static_cast<uint32_t>(sizeof s.came_);
    s.next_ = 0;
  }
}

}  // namespace shoal
