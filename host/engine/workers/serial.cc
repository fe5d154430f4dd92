#include "host/engine/workers/serial.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/base/error.h"

namespace shoal {

namespace {

bool is_socket(int line) {
  struct stat what {};
  return fstat(line, &what) == 0 && S_ISSOCK(what.st_mode);
}

bool says_the_end(int error) {
  return error == EPIPE || error == ECONNRESET || error == EIO;
}

}  // namespace

SerialTransport::SerialTransport(int line)
    : device_(line),
      is_socket_(is_socket(line)),
      line_({this, write_some, read_some, now_us}, waiting_, sizeof waiting_) {
  transport_ = line_.transport();
}

namespace {

struct Speed {
  int baud;
  speed_t code;
};
constexpr Speed kSpeeds[] = {
    {9600, B9600},       {19200, B19200},     {38400, B38400},
    {57600, B57600},     {115200, B115200},   {230400, B230400},
    {460800, B460800},   {500000, B500000},   {921600, B921600},
    {1000000, B1000000}, {1500000, B1500000}, {2000000, B2000000},
    {3000000, B3000000}, {4000000, B4000000},
};

speed_t speed_of(int baud) {
  std::string known;
  for (const Speed& s : kSpeeds) {
    if (s.baud == baud) return s.code;
    known += (known.empty() ? "" : ", ") + std::to_string(s.baud);
  }
  throw Error(Exit::kUsage,
              std::to_string(baud) + " is no speed of a serial line",
              "use one of " + known);
}

[[noreturn]] void refuse_line(int line, const std::string& device) {
  const int why = errno;
  if (line >= 0) close(line);
  throw Error(
      Exit::kUsage,
      device + ": cannot be used as a serial line: " + std::strerror(why),
      why == ENOENT   ? "connect the board, or start it (`make serve`); "
                        "`ls /dev/tty*` lists the lines"
      : why == EACCES ? "join the group of the device, mostly dialout"
                      : "give the board's serial device");
}

}  // namespace

int open_serial(const std::string& device, int baud) {
  const speed_t speed = speed_of(baud);
  const int line =
      open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  termios settings{};
  if (line < 0 || tcgetattr(line, &settings) != 0) refuse_line(line, device);
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  cfsetspeed(&settings, speed);
  tcsetattr(line, TCSANOW, &settings);
  return line;
}

SerialTransport::SerialTransport(const std::string& device)
    : SerialTransport(open_serial(device, kClusterBaud)) {}

SerialTransport::~SerialTransport() {
  if (device_ >= 0) close(device_);
}

uint32_t SerialTransport::write_some(void* self, const void* data,
                                     uint32_t bytes) {
  auto& line = *static_cast<SerialTransport*>(self);
  ssize_t n = -1;
  do {
    // A write to a socket that the other side has closed would end the process.
    n = line.is_socket_ ? ::send(line.device_, data, bytes, MSG_NOSIGNAL)
                        : write(line.device_, data, bytes);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && says_the_end(errno)) line.ended_ = true;
  return n > 0 ? static_cast<uint32_t>(n) : 0;
}

uint32_t SerialTransport::read_some(void* self, void* to, uint32_t capacity) {
  auto& line = *static_cast<SerialTransport*>(self);
  const ssize_t n = read(line.device_, to, capacity);
  if (n == 0 || (n < 0 && says_the_end(errno))) line.ended_ = true;
  return n > 0 ? static_cast<uint32_t>(n) : 0;
}

}  // namespace shoal
