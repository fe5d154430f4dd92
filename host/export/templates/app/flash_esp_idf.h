// The partition "slots" of partitions.csv. ESP-IDF has the other core wait in
// RAM while flash is erased or written.
#pragma once

#include "esp_partition.h"
#include "shoal_flash.h"

static const esp_partition_t* slots;

static int read_flash(uint32_t offset, void* to, uint32_t bytes) {
  return esp_partition_read(slots, offset, to, bytes);
}
static int erase_flash(uint32_t offset, uint32_t bytes) {
  return esp_partition_erase_range(slots, offset, bytes);
}
static int write_flash(uint32_t offset, const void* from, uint32_t bytes) {
  return esp_partition_write(slots, offset, from, bytes);
}

// No flash, if the board has another partition table.
static void add_board_flash(shoal_port& port) {
  constexpr uint32_t kPage = 256, kSector = 4096;
  slots = esp_partition_find_first(
      ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_UNDEFINED, "slots");
  const void* at = nullptr;
  esp_partition_mmap_handle_t handle;
  if (!slots ||
      esp_partition_mmap(slots, 0, slots->size, ESP_PARTITION_MMAP_DATA, &at,
                         &handle) != ESP_OK) {
    return;
  }
  static shoal_app::Flash flash;
  flash = {read_flash, erase_flash, write_flash, kPage,
           kSector,    slots->size, at};
  shoal_app::add_flash(port, flash);
}
