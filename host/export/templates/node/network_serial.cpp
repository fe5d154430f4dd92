// Datagrams on the serial line of the console: what the node has said before
// in words is no frame, and dropped at the other end.
#include "device/transport/serial_line.h"
#include "shoal_network.h"

namespace shoal_app {
namespace {

struct Console {
  const shoal_port* port;
  ReadConsole read;
} console;

uint32_t write_line(void*, const void* data, uint32_t bytes) {
  console.port->write_console(console.port->user, data, bytes);
  return bytes;
}
uint32_t read_line(void*, void* to, uint32_t capacity) {
  return console.read(console.port->user, to, capacity);
}
uint64_t now_us(void*) { return clock_us(*console.port); }

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole read) {
  static uint8_t waiting[shoal::hdlc_bound(shoal::kSerialPayload)];
  console = {&port, read};
  static shoal::SerialLine line({nullptr, write_line, read_line, now_us},
                                waiting, sizeof waiting);
  return &line.transport();
}

void wait_network(const shoal_port& port, uint64_t) {
  if (port.wait_for_interrupt) port.wait_for_interrupt(port.user);
}

}  // namespace shoal_app
