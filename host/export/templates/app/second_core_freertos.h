// The second core of an ESP32-S3: a task of FreeRTOS that is pinned to the core
// that the first one does not run on. Both are woken by notifications, which
// wait for a task that does not wait yet. A task of a higher priority on the
// second core deletes the other one there, which cannot run meanwhile.
#pragma once

#include "device/shoal_cores.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

// Xtensa's register windows take more than SHOAL_SECOND_STACK_BYTES.
constexpr uint32_t kSecondStackBytes = 8192;
static StackType_t second_stack[kSecondStackBytes / sizeof(StackType_t)];
static StaticTask_t second_memory;
constexpr uint32_t kStopStackBytes = 2048;
static StackType_t stop_stack[kStopStackBytes / sizeof(StackType_t)];
static StaticTask_t stop_memory;
static TaskHandle_t first_task, second_task, stop_task;
static uint32_t stops;    // how often the second task was to end; the first's
static uint32_t stopped;  // the last of these after which it has; stop_task's

// A task must not return.
static void second_core_main(void* pair) {
  shoal_serve_pair(static_cast<shoal_pair*>(pair));
  for (;;) vTaskDelay(portMAX_DELAY);
}

static void stop_main(void*) {
  for (;;) {
    ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
    const uint32_t number = shoal_read_word(&stops);
    if (number == stopped) continue;
    if (second_task) vTaskDelete(second_task);
    second_task = nullptr;
    __atomic_store_n(&stopped, number, __ATOMIC_RELEASE);
  }
}

static TaskHandle_t start_task(void (*main)(void*), void* with, uint32_t bytes,
                               UBaseType_t above, StackType_t* stack,
                               StaticTask_t* memory) {
  return xTaskCreateStaticPinnedToCore(main, "shoal", bytes, with,
                                       uxTaskPriorityGet(nullptr) + above,
                                       stack, memory, 1 - xPortGetCoreID());
}

// A stop that comes late would end the new task.
static int start_second_core(void*, shoal_pair* pair) {
  if (shoal_read_word(&stopped) != stops || second_task) return -1;
  first_task = xTaskGetCurrentTaskHandle();
  if (!stop_task) {
    stop_task = start_task(stop_main, nullptr, kStopStackBytes, 1, stop_stack,
                           &stop_memory);
  }
  second_task = start_task(second_core_main, pair, kSecondStackBytes, 0,
                           second_stack, &second_memory);
  return stop_task && second_task ? 0 : -1;
}

// A core whose interrupts are off does not stop.
static int stop_second_core(void*) {
  constexpr int64_t kMostUs = 1000000;
  __atomic_store_n(&stops, stops + 1, __ATOMIC_RELEASE);
  xTaskNotifyGive(stop_task);
  const int64_t began = esp_timer_get_time();
  while (shoal_read_word(&stopped) != stops) {
    if (esp_timer_get_time() - began > kMostUs) return -1;
    vTaskDelay(1);
  }
  return 0;
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
    nullptr,          start_second_core,      ring_core,
    wait_for_core,    SHOAL_SECOND_CORE_US,   SHOAL_LEAST_PRODUCTS,
    stop_second_core, SHOAL_SECOND_CORE_SPEED};
