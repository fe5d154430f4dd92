// @NAME@ for @BOARD_TITLE@: the built-in test, then inputs from the serial
// line (115200 baud).
#include <Arduino.h>
#include <shoal.h>

#include "shoal_app.h"
#include "shoal_program.h"
#ifdef SHOAL_SECOND_CORE_US
#include "second_core.h"
#endif

static void write_console(void*, const void* data, uint32_t bytes) {
  Serial.write(static_cast<const uint8_t*>(data), bytes);
}

static uint32_t read_console(void*, void* to, uint32_t capacity) {
  uint8_t* const bytes = static_cast<uint8_t*>(to);
  uint32_t count = 0;
  while (count < capacity && Serial.available() > 0) {
    bytes[count++] = static_cast<uint8_t>(Serial.read());
  }
  return count;
}

// micros() begins again after 71 minutes.
static uint64_t read_ticks(void*) {
  static uint32_t last = 0, turns = 0;
  const uint32_t now = micros();
  if (now < last) ++turns;
  last = now;
  return static_cast<uint64_t>(turns) << 32 | now;
}

static void idle(void*) { yield(); }

static shoal_port port;
static int code;

void setup() {
  Serial.begin(115200);
  while (!Serial && millis() < 10000) yield();
  port = shoal_app::port_of(write_console, read_ticks, 1000000);
  port.wait_for_interrupt = idle;
#ifdef SHOAL_SECOND_CORE_US
  port.second_core = &second_core;
#endif
  code = shoal_app::self_test(port);
}

void loop() {
  if (code == shoal_app::kGood) shoal_app::serve(port, read_console);
  delay(1000);
}
