// The line is Serial1; SHOAL_DRIVE_PIN turns the transceiver's driver on.
#include <Arduino.h>

#include "shoal_line.h"

#ifndef SHOAL_DRIVE_PIN
#define SHOAL_DRIVE_PIN 2
#endif

namespace shoal_app {

bool open_line(const shoal_port&) {
  pinMode(SHOAL_DRIVE_PIN, OUTPUT);
  digitalWrite(SHOAL_DRIVE_PIN, LOW);
  Serial1.begin(kLineBaud);
  return true;
}

uint32_t write_line(void*, const void* data, uint32_t bytes) {
  return static_cast<uint32_t>(
      Serial1.write(static_cast<const uint8_t*>(data), bytes));
}

uint32_t read_line(void*, void* to, uint32_t capacity) {
  uint32_t count = 0;
  while (count < capacity && Serial1.available() > 0) {
    static_cast<uint8_t*>(to)[count++] = static_cast<uint8_t>(Serial1.read());
  }
  return count;
}

void drive_line(void*, bool on) {
  if (!on) Serial1.flush();
  digitalWrite(SHOAL_DRIVE_PIN, on ? HIGH : LOW);
}

void wait_line() { yield(); }

}  // namespace shoal_app
