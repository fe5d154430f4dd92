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
constexpr uint32_t kClock = 48000000;  // of the converter
static_assert(kRate > 0 && kClock / kRate >= 1 && kClock / kRate - 1 <= 0xFFFF,
              "the divider of the clock has 16 bits: kRate is too small");

void start() {
  adc_init();
  adc_gpio_init(kPin);
  adc_select_input(kInput);
  adc_fifo_setup(true, false, 1, false, false);
  adc_set_clkdiv(static_cast<float>(kClock) / kRate - 1);
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

// A network that takes more than kSamples, or a second input, is refused.
bool fill(void*, uint32_t input, uint32_t offset, uint8_t* to, uint32_t bytes) {
  if (input != 0 || offset > kSamples || bytes > kSamples - offset)
    return false;
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
