#include "host/engine/workers/serial.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/base/error.h"

namespace shoal {
namespace {

// What may wait for the line: more only makes everything late.
constexpr size_t kMostWaiting = 4096;
constexpr size_t kReadBytes = 4096;

}  // namespace

SerialTransport::SerialTransport(int line) : line_(line) {
  transport_ = {this, kSerialPayload, send, receive, now_us};
}

SerialTransport::SerialTransport(const std::string& device)
    : SerialTransport(
          open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
  termios settings{};
  if (line_ < 0 || tcgetattr(line_, &settings) != 0) {
    throw Error(Exit::kUsage, device + ": cannot be used as a serial line: " +
                                  std::strerror(errno));
  }
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  cfsetspeed(&settings, B1000000);
  tcsetattr(line_, TCSANOW, &settings);
}

SerialTransport::~SerialTransport() {
  if (line_ >= 0) close(line_);
}

void SerialTransport::flush() {
  while (!waiting_.empty()) {
    const ssize_t n = write(line_, waiting_.data(), waiting_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    waiting_.erase(waiting_.begin(), waiting_.begin() + n);
  }
}

int SerialTransport::send(void* self, uint64_t, const void* datagram,
                          uint32_t bytes) {
  auto& s = *static_cast<SerialTransport*>(self);
  s.flush();
  if (bytes > kSerialPayload || s.waiting_.size() > kMostWaiting) return 1;
  const size_t before = s.waiting_.size();
  s.waiting_.resize(before + hdlc_bound(bytes));
  s.waiting_.resize(before + hdlc_encode(static_cast<const uint8_t*>(datagram),
                                         bytes, s.waiting_.data() + before));
  s.flush();
  return 0;
}

uint32_t SerialTransport::receive(void* self, uint64_t* from, void* datagram,
                                  uint32_t capacity) {
  auto& s = *static_cast<SerialTransport*>(self);
  s.flush();
  // What has come before, then one more piece: noise cannot keep the receiver
  // here.
  for (bool fetched = false;; fetched = true) {
    while (s.next_ < s.came_.size()) {
      const uint32_t n = s.decoder_.push(s.came_[s.next_++]);
      if (n == 0) continue;
      *from = kSerialAddress;
      const uint32_t bytes = std::min(n, capacity);
      std::memcpy(datagram, s.frame_, bytes);
      return bytes;
    }
    if (fetched) return 0;
    s.came_.resize(kReadBytes);
    s.next_ = 0;
    const ssize_t n = read(s.line_, s.came_.data(), kReadBytes);
    s.came_.resize(n > 0 ? static_cast<size_t>(n) : 0);
  }
}

}  // namespace shoal
