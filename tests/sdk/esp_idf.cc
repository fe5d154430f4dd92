// ESP-IDF as far as an exported project calls it: FreeRTOS's tasks are threads,
// Wi-Fi is there at once, and sockets are this computer's.
#include <atomic>
#include <cstdlib>

#include "driver/uart.h"
#include "esp_event.h"
#include "esp_netif.h"
#include "esp_timer.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "host.h"
#include "nvs_flash.h"

struct tskTaskControlBlock {
  std::atomic<uint32_t> notes{0};
  void (*begin)(void*) = nullptr;
  void* argument = nullptr;
};
namespace {
tskTaskControlBlock tasks[3];  // the first one begins
int last_task = 0;
thread_local tskTaskControlBlock* current = tasks;
}  // namespace

const char* const WIFI_EVENT = "wifi";
struct esp_netif_obj {};

extern "C" {
esp_err_t uart_driver_install(uart_port_t, int, int, int, void*, int) {
  return ESP_OK;
}
int uart_write_bytes(uart_port_t, const void* data, size_t bytes) {
  host_write(data, static_cast<uint32_t>(bytes));
  return static_cast<int>(bytes);
}
int uart_read_bytes(uart_port_t, void*, uint32_t, uint32_t) { return 0; }
int64_t esp_timer_get_time() { return static_cast<int64_t>(host_now_us()); }

void vTaskDelay(TickType_t) { host_sleep_us(1000); }
void vTaskDelete(TaskHandle_t) { std::abort(); }  // threads cannot be stopped
TaskHandle_t xTaskGetCurrentTaskHandle() { return current; }
BaseType_t xPortGetCoreID() { return 0; }
UBaseType_t uxTaskPriorityGet(TaskHandle_t) { return 1; }
TaskHandle_t xTaskCreateStaticPinnedToCore(void (*begin)(void*), const char*,
                                           uint32_t, void* argument,
                                           UBaseType_t, StackType_t*,
                                           StaticTask_t*, BaseType_t) {
  tskTaskControlBlock& task = tasks[++last_task];
  task.begin = begin;
  task.argument = argument;
  host_start_core(
      [](void* self) {
        current = static_cast<tskTaskControlBlock*>(self);
        current->begin(current->argument);
      },
      &task);
  return &task;
}
BaseType_t xTaskNotifyGive(TaskHandle_t task) {
  ++task->notes;
  return pdTRUE;
}
uint32_t ulTaskNotifyTake(BaseType_t, TickType_t ticks) {
  for (TickType_t waited = 0; waited < ticks; ++waited) {
    if (const uint32_t notes = current->notes.exchange(0)) return notes;
    host_sleep_us(20);
  }
  return 0;
}

int nvs_flash_init() { return ESP_OK; }
int esp_netif_init() { return ESP_OK; }
esp_netif_t* esp_netif_create_default_wifi_sta() {
  static esp_netif_obj station;
  return &station;
}
esp_err_t esp_event_loop_create_default() { return ESP_OK; }
esp_err_t esp_event_handler_register(esp_event_base_t, int32_t,
                                     esp_event_handler_t, void*) {
  return ESP_OK;
}
int esp_wifi_init(const wifi_init_config_t*) { return ESP_OK; }
int esp_wifi_set_mode(wifi_mode_t) { return ESP_OK; }
int esp_wifi_set_config(wifi_interface_t, wifi_config_t*) { return ESP_OK; }
int esp_wifi_start() { return ESP_OK; }
int esp_wifi_connect() { return ESP_OK; }
int esp_wifi_set_ps(wifi_ps_type_t) { return ESP_OK; }

void app_main(void);
}

int main() { app_main(); }
