// The line to a board that runs alone: a serial device, a socket of an
// emulator's serial line, or UDP.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/engine/workers/transport.h"

namespace shoal {

struct AloneLine {
  std::unique_ptr<HostTransport> transport;
  uint64_t address = 0;  // of the board
};

// `where`: /dev/ttyACM0, serial:/dev/ttyACM0, the path of a Unix socket, or
// HOST:PORT. Throws Error: kUsage if it is none of them or cannot be opened,
// kBusy if another program uses the device.
AloneLine open_alone_line(const std::string& where, int baud);

}  // namespace shoal
