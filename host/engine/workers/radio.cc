#include "host/engine/workers/radio.h"

#include <unistd.h>

#include <cerrno>

#include "host/engine/workers/serial.h"

namespace shoal {

RadioTransport::RadioTransport(int line)
    : device_(line), line_({this, write_some, read_some}) {
  transport_ = {this, kRadioPayload, send, receive, now_us};
}

RadioTransport::RadioTransport(const std::string& device)
    : RadioTransport(open_serial(device, kClusterBaud)) {}

RadioTransport::~RadioTransport() {
  if (device_ >= 0) close(device_);
}

uint32_t RadioTransport::write_some(void* self, const void* data,
                                    uint32_t bytes) {
  auto& t = *static_cast<RadioTransport*>(self);
  const ssize_t n = write(t.device_, data, bytes);
  if (n < 0 && errno == EIO) t.ended_ = true;
  return n > 0 ? static_cast<uint32_t>(n) : 0;
}

uint32_t RadioTransport::read_some(void* self, void* to, uint32_t capacity) {
  auto& t = *static_cast<RadioTransport*>(self);
  const ssize_t n = read(t.device_, to, capacity);
  if (n == 0 || (n < 0 && errno == EIO)) t.ended_ = true;
  return n > 0 ? static_cast<uint32_t>(n) : 0;
}

int RadioTransport::send(void* self, uint64_t to, const void* datagram,
                         uint32_t bytes) {
  auto& t = *static_cast<RadioTransport*>(self);
  return t.line_.send(to, datagram, bytes) ? 0 : 1;
}

uint32_t RadioTransport::receive(void* self, uint64_t* from, void* datagram,
                                 uint32_t capacity) {
  auto& t = *static_cast<RadioTransport*>(self);
  return t.line_.receive(from, datagram, capacity);
}

}  // namespace shoal
