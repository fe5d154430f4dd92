// @NAME@ on this computer: standard input and output are the serial line.
// "serve" as an argument goes on with inputs that come there.
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "shoal_app.h"

namespace {

void write_console(void*, const void* data, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  while (bytes > 0) {
    const ssize_t some = write(STDOUT_FILENO, at, bytes);
    if (some <= 0) _exit(1);
    at += some;
    bytes -= static_cast<uint32_t>(some);
  }
}

void idle(void*) {
  constexpr int kPatienceMs = 50;
  pollfd waiting = {STDIN_FILENO, POLLIN, 0};
  poll(&waiting, 1, kPatienceMs);
}

uint32_t read_console(void*, void* to, uint32_t capacity) {
  pollfd waiting = {STDIN_FILENO, POLLIN, 0};
  if (poll(&waiting, 1, 0) == 0) return 0;
  const ssize_t some = read(STDIN_FILENO, to, capacity);
  if (some <= 0) _exit(0);  // nobody is there any more
  return static_cast<uint32_t>(some);
}

uint64_t read_ticks(void*) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

int main(int count, char** arguments) {
  shoal_port port = shoal_app::port_of(write_console, read_ticks, 1000000000);
  port.wait_for_interrupt = idle;
  const bool serves = count > 1 && std::strcmp(arguments[1], "serve") == 0;
  return serves ? shoal_app::run(port, read_console)
                : shoal_app::self_test(port);
}
