// UDP by the sockets of ESP-IDF, on Wi-Fi as a station. Name and password of
// the network: `idf.py menuconfig`, Shoal.
#include <errno.h>
#include <string.h>

#include "device/transport/udp_sockets.h"
#include "esp_event.h"
#include "esp_netif.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include "sdkconfig.h"
#include "shoal_network.h"
#include "shoal_port.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

shoal::UdpSockets udp;
const shoal_port* clock_port;

uint64_t now_us(void*) { return clock_us(*clock_port); }

// Again whenever the connection is lost.
void connect(void*, esp_event_base_t, int32_t, void*) { esp_wifi_connect(); }

bool start_wifi() {
  wifi_config_t station = {};
  static_assert(sizeof CONFIG_SHOAL_WIFI_SSID - 1 <= sizeof station.sta.ssid);
  static_assert(sizeof CONFIG_SHOAL_WIFI_PASSWORD - 1 <=
                sizeof station.sta.password);
  memcpy(station.sta.ssid, CONFIG_SHOAL_WIFI_SSID,
         sizeof CONFIG_SHOAL_WIFI_SSID - 1);
  memcpy(station.sta.password, CONFIG_SHOAL_WIFI_PASSWORD,
         sizeof CONFIG_SHOAL_WIFI_PASSWORD - 1);
  const wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
  if (nvs_flash_init() != ESP_OK || esp_netif_init() != ESP_OK ||
      esp_event_loop_create_default() != ESP_OK ||
      !esp_netif_create_default_wifi_sta() ||
      esp_wifi_init(&config) != ESP_OK) {
    return false;
  }
  return esp_event_handler_register(WIFI_EVENT, WIFI_EVENT_STA_START, connect,
                                    nullptr) == ESP_OK &&
         esp_event_handler_register(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED,
                                    connect, nullptr) == ESP_OK &&
         esp_wifi_set_mode(WIFI_MODE_STA) == ESP_OK &&
         esp_wifi_set_config(WIFI_IF_STA, &station) == ESP_OK &&
         esp_wifi_start() == ESP_OK && esp_wifi_set_ps(WIFI_PS_NONE) == ESP_OK;
}

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  if (!start_wifi()) {
    Line(port) << "refused: Wi-Fi does not start";
    return nullptr;
  }
  if (!udp.open(shoal::udp_address(0, SHOAL_LISTEN_PORT), now_us)) {
    Line(port) << "refused: no socket: " << strerror(errno);
    return nullptr;
  }
  Line(port) << "listening on port " << uint64_t{SHOAL_LISTEN_PORT};
  return &udp.transport();
}

void wait_network(const shoal_port&, uint64_t) { vTaskDelay(1); }

}  // namespace shoal_app
