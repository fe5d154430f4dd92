#include "host/engine/workers/serial.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/base/error.h"

namespace shoal {

SerialTransport::SerialTransport(int line)
    : device_(line),
      line_({this, write_some, read_some, now_us}, waiting_, sizeof waiting_) {
  transport_ = line_.transport();
}

SerialTransport::SerialTransport(const std::string& device)
    : SerialTransport(
          open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
  termios settings{};
  if (device_ < 0 || tcgetattr(device_, &settings) != 0) {
    throw Error(Exit::kUsage, device + ": cannot be used as a serial line: " +
                                  std::strerror(errno));
  }
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  cfsetspeed(&settings, B1000000);
  tcsetattr(device_, TCSANOW, &settings);
}

SerialTransport::~SerialTransport() {
  if (device_ >= 0) close(device_);
}

uint32_t SerialTransport::write_some(void* self, const void* data,
                                     uint32_t bytes) {
  const int device = static_cast<const SerialTransport*>(self)->device_;
  ssize_t n = -1;
  do {
    n = write(device, data, bytes);
  } while (n < 0 && errno == EINTR);
  return n > 0 ? static_cast<uint32_t>(n) : 0;
}

uint32_t SerialTransport::read_some(void* self, void* to, uint32_t capacity) {
  const int device = static_cast<const SerialTransport*>(self)->device_;
  const ssize_t n = read(device, to, capacity);
  return n > 0 ? static_cast<uint32_t>(n) : 0;
}

}  // namespace shoal
