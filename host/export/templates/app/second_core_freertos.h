// The second core of an ESP32-S3: a task of FreeRTOS that is pinned to the core
// that the first one does not run on. Both are woken by notifications, which
// wait for a task that does not wait yet.
#pragma once

#include "device/shoal_cores.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

// Xtensa's register windows take more than SHOAL_SECOND_STACK_BYTES.
constexpr uint32_t kSecondStackBytes = 8192;
static StackType_t second_stack[kSecondStackBytes / sizeof(StackType_t)];
static StaticTask_t second_memory;
static TaskHandle_t first_task, second_task;

// A task must not return.
static void second_core_main(void* pair) {
  shoal_serve_pair(static_cast<shoal_pair*>(pair));
  for (;;) vTaskDelay(portMAX_DELAY);
}

// A task that does not answer cannot be stopped safely from another core.
static int start_second_core(void*, shoal_pair* pair) {
  if (second_task) return -1;
  first_task = xTaskGetCurrentTaskHandle();
  second_task = xTaskCreateStaticPinnedToCore(
      second_core_main, "shoal", kSecondStackBytes, pair,
      uxTaskPriorityGet(nullptr), second_stack, &second_memory,
      1 - xPortGetCoreID());
  return second_task ? 0 : -1;
}

static void ring_core(void*) {
  const bool is_first = xTaskGetCurrentTaskHandle() == first_task;
  xTaskNotifyGive(is_first ? second_task : first_task);
}

static int wait_for_core(void*, const uint32_t* word, uint32_t value,
                         uint32_t timeout_us) {
  const int64_t began = esp_timer_get_time();
  while (shoal_read_word(word) != value) {
    if (timeout_us > 0 && esp_timer_get_time() - began > timeout_us) return -1;
    ulTaskNotifyTake(pdTRUE, timeout_us > 0 ? 1 : portMAX_DELAY);
  }
  return 0;
}

static const shoal_second_core second_core = {
    nullptr,       start_second_core,      ring_core,
    wait_for_core, SHOAL_SECOND_CORE_US,   SHOAL_LEAST_PRODUCTS,
    nullptr,       SHOAL_SECOND_CORE_SPEED};
