// @NAME@ on this computer. "serve PATH" goes on with inputs that come on a Unix
// socket of that name, which is the serial line; "serve" with those that come
// at the address of the export or, without one, on standard input and output.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "shoal_app.h"
#if SHOAL_SLOT_BYTES
#include "flash.h"
#endif

namespace {

int listener = -1;  // of "serve PATH"
int line_in = STDIN_FILENO, line_out = STDOUT_FILENO;

// A computer that is gone makes room for the next one.
void hang_up() {
  if (listener < 0) _exit(0);
  if (line_in >= 0) close(line_in);
  line_in = line_out = -1;
}

void write_console(void*, const void* data, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  while (bytes > 0 && line_out >= 0) {
    const ssize_t some = listener < 0 ? write(line_out, at, bytes)
                                      : send(line_out, at, bytes, MSG_NOSIGNAL);
    if (some <= 0) return hang_up();
    at += some;
    bytes -= static_cast<uint32_t>(some);
  }
}

void idle(void*) {
  constexpr int kPatienceMs = 50;
  pollfd waiting = {line_in >= 0 ? line_in : listener, POLLIN, 0};
  poll(&waiting, 1, kPatienceMs);
}

uint32_t read_console(void*, void* to, uint32_t capacity) {
  pollfd waiting = {line_in >= 0 ? line_in : listener, POLLIN, 0};
  if (poll(&waiting, 1, 0) == 0) return 0;
  if (line_in < 0) {
    line_in = line_out = accept(listener, nullptr, nullptr);
    return 0;
  }
  const ssize_t some = read(line_in, to, capacity);
  if (some > 0) return static_cast<uint32_t>(some);
  hang_up();
  return 0;
}

bool listen_at(const char* path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof at.sun_path) return false;
  std::strcpy(at.sun_path, path);
  unlink(path);
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  return listener >= 0 &&
         bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) ==
             0 &&
         listen(listener, 1) == 0;
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
#if SHOAL_SLOT_BYTES
  add_board_flash(port);
#endif
  const bool serves = count > 1 && std::strcmp(arguments[1], "serve") == 0;
  if (!serves) return shoal_app::self_test(port);
  const int code = shoal_app::self_test(port);
  if (code != shoal_app::kGood) return code;
  if (count > 2) {
    if (!listen_at(arguments[2])) return 1;
    line_in = line_out = -1;
  }
  shoal_app::serve(port, read_console);
  return shoal_app::kFailed;
}
