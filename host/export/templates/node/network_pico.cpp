// UDP by lwIP's raw API on the Pico's Wi-Fi, as a station. Name and password of
// the network: cmake -DWIFI_SSID=... -DWIFI_PASSWORD=...
#include "device/transport/lwip_udp.h"
#include "pico/cyw43_arch.h"
#include "pico/time.h"
#include "shoal_network.h"
#include "shoal_port.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

constexpr uint32_t kConnectMs = 30000;

shoal::LwipUdp udp;
const shoal_port* clock_port;

void poll(void*) { cyw43_arch_poll(); }
uint64_t now_us(void*) { return clock_us(*clock_port); }

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  if (cyw43_arch_init() != 0) {
    Line(port) << "refused: the Wi-Fi chip does not start";
    return nullptr;
  }
  cyw43_arch_enable_sta_mode();
  while (cyw43_arch_wifi_connect_timeout_ms(WIFI_SSID, WIFI_PASSWORD,
                                            CYW43_AUTH_WPA2_AES_PSK,
                                            kConnectMs) != 0) {
    Line(port) << "no Wi-Fi network " << WIFI_SSID << " yet";
  }
  if (!udp.open(SHOAL_LISTEN_PORT, {nullptr, poll, now_us})) {
    Line(port) << "refused: no socket";
    return nullptr;
  }
  Line(port) << "listening on port " << uint64_t{SHOAL_LISTEN_PORT};
  return &udp.transport();
}

void wait_network(const shoal_port& port, uint64_t until_us) {
  const uint64_t now = clock_us(port);
  if (until_us <= now) return;
  const uint64_t us = until_us - now < 100000 ? until_us - now : 100000;
  cyw43_arch_wait_for_work_until(make_timeout_time_us(us));
}

}  // namespace shoal_app
