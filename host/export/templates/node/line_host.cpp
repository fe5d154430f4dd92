// The line is the device that SHOAL_LINE names; its adapter turns the driver on
// and off.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shoal_line.h"
#include "shoal_port.h"

namespace shoal_app {
namespace {

int line = -1;

}  // namespace

bool open_line(const shoal_port& port) {
  const char* const name = getenv("SHOAL_LINE");
  if (!name) {
    Line(port) << "refused: SHOAL_LINE does not name the line's device";
    return false;
  }
  line = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  termios settings;
  if (line < 0 || tcgetattr(line, &settings) != 0) {
    Line(port) << "refused: " << name << ": " << strerror(errno);
    return false;
  }
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  static_assert(kLineBaud == 1000000);
  cfsetspeed(&settings, B1000000);
  tcsetattr(line, TCSANOW, &settings);
  return true;
}

uint32_t write_line(void*, const void* data, uint32_t bytes) {
  const ssize_t some = write(line, data, bytes);
  return some > 0 ? static_cast<uint32_t>(some) : 0;
}

uint32_t read_line(void*, void* to, uint32_t capacity) {
  uint32_t count = 0;
  while (count < capacity) {
    const ssize_t some =
        read(line, static_cast<uint8_t*>(to) + count, capacity - count);
    if (some <= 0) break;
    count += static_cast<uint32_t>(some);
  }
  return count;
}

void drive_line(void*, bool) {}

void wait_line() {
  pollfd waiting = {line, POLLIN, 0};
  poll(&waiting, 1, 1);
}

}  // namespace shoal_app
