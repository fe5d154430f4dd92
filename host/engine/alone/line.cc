#include "host/engine/alone/line.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/udp.h"

namespace shoal {
namespace {

bool is_socket(const std::string& path) {
  struct stat what {};
  return stat(path.c_str(), &what) == 0 && S_ISSOCK(what.st_mode);
}

int connect_to(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path) {
    throw Error(Exit::kUsage, printable(path) + ": the path of a socket has " +
                                  std::to_string(sizeof to.sun_path - 1) +
                                  " characters at most");
  }
  std::memcpy(to.sun_path, path.c_str(), path.size());
  const int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (line < 0 ||
      connect(line, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    const std::string why = std::strerror(errno);
    if (line >= 0) close(line);
    throw Error(Exit::kUsage, printable(path) + ": cannot be reached: " + why,
                "start the board again (`make serve`)");
  }
  fcntl(line, F_SETFL, fcntl(line, F_GETFL) | O_NONBLOCK);
  return line;
}

}  // namespace

AloneLine open_alone_line(const std::string& where, int baud) {
  constexpr const char* kSerial = "serial:";
  const bool serial = where.starts_with(kSerial);
  const std::string path = serial ? where.substr(strlen(kSerial)) : where;
  if (is_socket(path)) {
    return {std::make_unique<SerialTransport>(connect_to(path)),
            kSerialAddress};
  }
  if (!serial && path.find('/') == path.npos && path.find(':') != path.npos) {
    const uint64_t address = parse_udp_address(path, "DEVICE");
    return {std::make_unique<UdpTransport>(0), address};
  }
  const int line = open_serial(path, baud);
  if (flock(line, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(line);
    throw Error(Exit::kBusy, printable(path) + ": another program uses it",
                "try again when that one has ended");
  }
  return {std::make_unique<SerialTransport>(line), kSerialAddress};
}

}  // namespace shoal
