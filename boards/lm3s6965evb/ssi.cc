#include "boards/lm3s6965evb/ssi.h"

namespace shoal::ssi {
namespace {

volatile uint32_t& reg(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

constexpr uint32_t kSsi = 0x40008000, kPortD = 0x40007000;
constexpr uint32_t kFormat = kSsi + 0x00, kControl = kSsi + 0x04,
                   kData = kSsi + 0x08, kStatus = kSsi + 0x0C,
                   kPrescale = kSsi + 0x10;
constexpr uint32_t kDirection = kPortD + 0x400, kDigital = kPortD + 0x51C;
constexpr uint32_t kCardPin = 1;
constexpr uint32_t kCardLine = kPortD + (kCardPin << 2);  // this pin alone

constexpr uint32_t kEnable = 2;  // as master
constexpr uint32_t kEightBits = 7;
constexpr uint32_t kReceived = 1u << 2;  // of the status
constexpr uint32_t kFifo = 8;

// Dividers of 50 MHz: 12.5 MHz, 390 kHz.
constexpr uint32_t kFast = 4, kSlow = 128;

void set_fast(void*, bool fast) {
  reg(kControl) = 0;
  reg(kPrescale) = fast ? kFast : kSlow;
  reg(kFormat) = kEightBits;
  reg(kControl) = kEnable;
  reg(kDirection) = kCardPin;
  reg(kDigital) = kCardPin;
}

void select(void*, bool on) { reg(kCardLine) = on ? 0 : kCardPin; }

uint8_t receive() {
  for (;;) {
    const uint32_t status = reg(kStatus);
    if (status & kReceived) break;
  }
  const uint32_t got = reg(kData);
  return static_cast<uint8_t>(got);
}

// Moves as many at once as the FIFO holds.
void exchange(void*, const uint8_t* out, uint8_t* in, uint32_t bytes) {
  while (bytes > 0) {
    const uint32_t some = bytes < kFifo ? bytes : kFifo;
    for (uint32_t i = 0; i < some; ++i) reg(kData) = out ? *out++ : 0xFF;
    for (uint32_t i = 0; i < some; ++i) {
      const uint8_t byte = receive();
      if (in) *in++ = byte;
    }
    bytes -= some;
  }
}

}  // namespace

SpiBus bus() { return {nullptr, exchange, select, set_fast}; }

}  // namespace shoal::ssi
