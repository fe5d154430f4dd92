// UDP by lwIP's raw API, as CubeMX sets it up: MX_LWIP_Init() is called in
// main() before shoal_main(). Without FreeRTOS.
#include "device/transport/lwip_udp.h"
#include "shoal_network.h"
#include "shoal_port.h"
#include "shoal_program.h"

extern "C" void MX_LWIP_Process(void);

namespace shoal_app {
namespace {

shoal::LwipUdp udp;
const shoal_port* clock_port;

void poll(void*) { MX_LWIP_Process(); }
uint64_t now_us(void*) { return clock_us(*clock_port); }

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  if (!udp.open(SHOAL_LISTEN_PORT, {nullptr, poll, now_us})) {
    Line(port) << "refused: no socket";
    return nullptr;
  }
  Line(port) << "listening on port " << uint64_t{SHOAL_LISTEN_PORT};
  return &udp.transport();
}

void wait_network(const shoal_port&, uint64_t) { MX_LWIP_Process(); }

}  // namespace shoal_app
