// UDP by lwIP's raw API. lwIP and its driver are the board's.
#include "device/transport/lwip_udp.h"
#include "shoal_network.h"
#include "shoal_port.h"
#include "shoal_program.h"

extern "C" {
// Brings lwIP up with the address of the cluster file; 0 if it has a link.
int board_network_start(void);
// Gives lwIP the packets that have come (netif->input) and the time
// (sys_check_timeouts). Does not wait.
void board_network_poll(void);
}

namespace shoal_app {
namespace {

shoal::LwipUdp udp;
const shoal_port* clock_port;

void poll(void*) { board_network_poll(); }
uint64_t now_us(void*) { return clock_us(*clock_port); }

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  if (board_network_start() != 0) {
    Line(port) << "refused: the network does not start";
    return nullptr;
  }
  if (!udp.open(SHOAL_LISTEN_PORT, {nullptr, poll, now_us})) {
    Line(port) << "refused: no socket";
    return nullptr;
  }
  Line(port) << "listening on port " << uint64_t{SHOAL_LISTEN_PORT};
  return &udp.transport();
}

void wait_network(const shoal_port&, uint64_t) { board_network_poll(); }

}  // namespace shoal_app
