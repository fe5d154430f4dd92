// A board between a computer's serial line and ESP-NOW: the coordinator on the
// computer reaches nodes at "espnow:DEVICE#MAC" through it. It needs no key,
// since datagrams are sealed. For Arduino's core for the ESP32, 3.x, with the
// library of `shoal export --as library`, or with the files of
// device/transport that it includes beside it.
#include <Arduino.h>
#include <esp_event.h>
#include <esp_now.h>
#include <esp_wifi.h>
#include <nvs_flash.h>
#include <string.h>

#include "device/transport/mac_bridge.h"

constexpr int kChannel = 1;  // of all nodes

static uint8_t receivers[ESP_NOW_MAX_TOTAL_PEER_NUM][ESP_NOW_ETH_ALEN];
static uint32_t added = 0;

static bool send_frame(void*, const uint8_t* mac, const void* data,
                       uint32_t bytes) {
  if (!esp_now_is_peer_exist(mac)) {
    uint8_t* const place = receivers[added % ESP_NOW_MAX_TOTAL_PEER_NUM];
    if (added >= ESP_NOW_MAX_TOTAL_PEER_NUM) esp_now_del_peer(place);
    esp_now_peer_info_t peer = {};
    memcpy(peer.peer_addr, mac, ESP_NOW_ETH_ALEN);
    peer.ifidx = WIFI_IF_STA;
    if (esp_now_add_peer(&peer) != ESP_OK) return false;
    memcpy(place, mac, ESP_NOW_ETH_ALEN);
    ++added;
  }
  return esp_now_send(mac, static_cast<const uint8_t*>(data), bytes) == ESP_OK;
}
static uint64_t now_us(void*) { return micros(); }

static uint32_t write_line(void*, const void* data, uint32_t bytes) {
  const int room = Serial.availableForWrite();
  const uint32_t some = room <= 0 ? 0
                        : static_cast<uint32_t>(room) < bytes
                            ? static_cast<uint32_t>(room)
                            : bytes;
  return some == 0 ? 0
                   : static_cast<uint32_t>(Serial.write(
                         static_cast<const uint8_t*>(data), some));
}
static uint32_t read_line(void*, void* to, uint32_t capacity) {
  uint32_t count = 0;
  while (count < capacity && Serial.available() > 0) {
    static_cast<uint8_t*>(to)[count++] = static_cast<uint8_t>(Serial.read());
  }
  return count;
}

static shoal::MacFrames radio({nullptr, send_frame, now_us});
static shoal::BridgeLine line({nullptr, write_line, read_line});

static void came(const esp_now_recv_info_t* info, const uint8_t* data,
                 int bytes) {
  if (bytes > 0) radio.came(info->src_addr, data, static_cast<uint32_t>(bytes));
}

void setup() {
  Serial.setRxBufferSize(4096);
  Serial.begin(1000000);
  const wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
  nvs_flash_init();
  esp_event_loop_create_default();
  esp_wifi_init(&config);
  esp_wifi_set_mode(WIFI_MODE_STA);
  esp_wifi_start();
  esp_wifi_set_ps(WIFI_PS_NONE);
  esp_wifi_set_channel(kChannel, WIFI_SECOND_CHAN_NONE);
  esp_now_init();
  esp_now_register_recv_cb(came);
}

void loop() {
  if (!shoal::pass_on(line, radio.transport())) yield();
}
