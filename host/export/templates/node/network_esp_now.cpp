// Datagrams by ESP-NOW, unicast; sealed by the cluster's key and not by the
// radio's. The calls are ESP-IDF's, which Arduino's core for the ESP32 has too.
#include <string.h>

#include "device/transport/mac_frames.h"
#include "esp_event.h"
#include "esp_now.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include "shoal_network.h"
#include "shoal_port.h"

#ifndef SHOAL_ESP_NOW_CHANNEL
#define SHOAL_ESP_NOW_CHANNEL 1
#endif

namespace shoal_app {
namespace {

static_assert(shoal::kRadioPayload <= ESP_NOW_MAX_DATA_LEN);
static_assert(shoal::kRadioMacBytes == ESP_NOW_ETH_ALEN);

const shoal_port* clock_port;

// The radio knows that many receivers; a new one takes the place of the oldest.
uint8_t receivers[ESP_NOW_MAX_TOTAL_PEER_NUM][ESP_NOW_ETH_ALEN];
uint32_t added = 0;

bool add_receiver(const uint8_t* mac) {
  uint8_t* const place = receivers[added % ESP_NOW_MAX_TOTAL_PEER_NUM];
  if (added >= ESP_NOW_MAX_TOTAL_PEER_NUM) esp_now_del_peer(place);
  esp_now_peer_info_t peer = {};
  memcpy(peer.peer_addr, mac, ESP_NOW_ETH_ALEN);
  peer.ifidx = WIFI_IF_STA;
  if (esp_now_add_peer(&peer) != ESP_OK) return false;
  memcpy(place, mac, ESP_NOW_ETH_ALEN);
  ++added;
  return true;
}

bool send_frame(void*, const uint8_t* mac, const void* data, uint32_t bytes) {
  if (!esp_now_is_peer_exist(mac) && !add_receiver(mac)) return false;
  return esp_now_send(mac, static_cast<const uint8_t*>(data), bytes) == ESP_OK;
}

uint64_t now_us(void*) { return clock_us(*clock_port); }

shoal::MacFrames frames({nullptr, send_frame, now_us});

// In the radio's task.
void came(const esp_now_recv_info_t* info, const uint8_t* data, int bytes) {
  if (bytes > 0)
    frames.came(info->src_addr, data, static_cast<uint32_t>(bytes));
}

bool start_radio() {
  const wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
  if (nvs_flash_init() != ESP_OK) return false;
  // Arduino's core may have made one.
  esp_event_loop_create_default();
  return esp_wifi_init(&config) == ESP_OK &&
         esp_wifi_set_mode(WIFI_MODE_STA) == ESP_OK &&
         esp_wifi_start() == ESP_OK &&
         esp_wifi_set_ps(WIFI_PS_NONE) == ESP_OK &&
         esp_wifi_set_channel(SHOAL_ESP_NOW_CHANNEL, WIFI_SECOND_CHAN_NONE) ==
             ESP_OK &&
         esp_now_init() == ESP_OK && esp_now_register_recv_cb(came) == ESP_OK;
}

}  // namespace

const shoal_transport* open_network(const shoal_port& port, ReadConsole) {
  clock_port = &port;
  uint8_t mac[ESP_NOW_ETH_ALEN] = {};
  if (!start_radio() || esp_wifi_get_mac(WIFI_IF_STA, mac) != ESP_OK) {
    Line(port) << "refused: ESP-NOW does not start";
    return nullptr;
  }
  char text[3 * ESP_NOW_ETH_ALEN];
  for (int i = 0; i < ESP_NOW_ETH_ALEN; ++i) {
    const char* const digits = "0123456789abcdef";
    text[3 * i] = digits[mac[i] >> 4];
    text[3 * i + 1] = digits[mac[i] & 15];
    text[3 * i + 2] = i + 1 < ESP_NOW_ETH_ALEN ? ':' : '\0';
  }
  Line(port) << "listening at " << text << " on channel "
             << uint64_t{SHOAL_ESP_NOW_CHANNEL};
  return &frames.transport();
}

// A tick is a millisecond.
void wait_network(const shoal_port&, uint64_t) {
  if (!frames.has_some()) vTaskDelay(1);
}

}  // namespace shoal_app
