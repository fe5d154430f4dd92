// Datagrams on a line that several nodes share. The node speaks only when the
// coordinator has given it a turn; what it says in words goes to the console,
// which is another UART.
#include "device/transport/bus_station.h"
#include "shoal_line.h"
#include "shoal_network.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

const shoal_port* clock_port;

uint64_t now_us(void*) { return clock_us(*clock_port); }

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  if (!open_line(port)) return nullptr;
  static uint8_t waiting[4 * shoal::kBusFrameBytes];
  static shoal::BusStation station(
      {nullptr, write_line, read_line, drive_line, now_us}, SHOAL_STATION,
      waiting, sizeof waiting);
  return &station.transport();
}

void wait_network(const shoal_port&, uint64_t) { wait_line(); }

}  // namespace shoal_app
