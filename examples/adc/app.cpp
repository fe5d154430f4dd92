// Samples of the converter of an RP2040 or RP2350, a second of them at a time:
//
//   shoal export model.tflite --as pico-sdk --board rp2040 -o proj
//   cp examples/adc/app.cpp proj/app/app.cpp
//
// and hardware_adc behind pico_stdlib in CMakeLists.txt. No board has run this;
// it was compiled against the SDK's declarations.
#include <hardware/adc.h>

#include "shoal_app.h"

namespace {

// Write here: the samples that the network takes, how many there are a second,
// and the pin.
constexpr uint32_t kSamples = 1000, kRate = 1000;
constexpr uint32_t kPin = 26, kInput = 0;
constexpr float kClock = 48e6f;  // of the converter

void start() {
  adc_init();
  adc_gpio_init(kPin);
  adc_select_input(kInput);
  adc_fifo_setup(true, false, 1, false, false);
  adc_set_clkdiv(kClock / kRate - 1);
}

// Waits for a whole input; `shoal send` waits as well.
void record(uint8_t* samples) {
  adc_fifo_drain();
  adc_run(true);
  // Keeps the upper 8 of 12 bits, about the middle.
  for (uint32_t i = 0; i < kSamples; ++i) {
    samples[i] = static_cast<uint8_t>((adc_fifo_get_blocking() >> 4) - 128);
  }
  adc_run(false);
}

uint8_t samples[kSamples];

bool fill(void*, uint32_t, uint32_t offset, uint8_t* to, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) to[i] = samples[offset + i];
  return true;
}

}  // namespace

void shoal_app_turn(const shoal_port& port) {
  static bool started = false;
  if (!started) start();
  started = true;
  record(samples);
  shoal::TopClasses<1> top;
  const shoal::FrameEnds ends = {&top, fill, shoal::TopClasses<1>::take,
                                 nullptr, nullptr};
  if (shoal_app_run(ends) != SHOAL_OK || top.count() == 0) return;
  shoal_app::say_label(port, top.index(0));
}
