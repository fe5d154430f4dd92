// The LM3S6965 evaluation board: UART 0 as the console, its SD card as storage,
// semihosting for options and the end, as it runs in QEMU. Registers: data
// sheet of the LM3S6965 (Stellaris), chapters 5 (system control), 8 (GPIO) and
// 12 (UART).
#include "boards/lm3s6965evb/ssi.h"
#include "boards/startup/emulated.h"
#include "boards/startup/semihosting.h"

namespace shoal {
namespace {

volatile uint32_t& reg(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

constexpr uint32_t kSystem = 0x400FE000, kPortA = 0x40004000,
                   kPortF = 0x40025000, kUart = 0x4000C000;
constexpr uint32_t kInterrupts = kSystem + 0x50, kClock = kSystem + 0x60,
                   kPeripherals = kSystem + 0x104, kPorts = kSystem + 0x108;
constexpr uint32_t kAlternate = 0x420, kDigital = 0x51C;
constexpr uint32_t kData = 0x00, kFlags = 0x18, kBaud = 0x24,
                   kBaudFraction = 0x28, kLine = 0x2C, kUartControl = 0x30;
constexpr uint32_t kFull = 1u << 5, kEmpty = 1u << 4;  // to send, received

// Bits of the clock: the crystal's frequency, what it feeds, and the divider.
constexpr uint32_t kCrystal8 = 14u << 6, kDivideBy4 = 3u << 23,
                   kUseDivider = 1u << 22, kPllOff = 1u << 13,
                   kBypass = 1u << 11, kOtherOscillatorOff = 1u << 1;
constexpr uint32_t kPllLocked = 1u << 6;
constexpr uint32_t kHertz = 50000000;

// Blocks are for notes and for who the board is; a card has none of its own.
constexpr uint32_t kStorageBytes = 16u << 20;
constexpr uint32_t kBlockBytes = 64u << 10;

SdCard card;
char command[160];  // with a key in hexadecimal digits

// 200 MHz of the PLL by four, as fast as the chip may be.
void start_clock() {
  constexpr uint32_t kUse = kCrystal8 | kDivideBy4 | kOtherOscillatorOff;
  reg(kClock) = kUse | kBypass | kPllOff;
  reg(kClock) = kUse | kBypass | kUseDivider;
  for (;;) {
    const uint32_t state = reg(kInterrupts);
    if (state & kPllLocked) break;
  }
  reg(kClock) = kUse | kUseDivider;
}

// UART 0 and SSI 0, ports A, D and F, Ethernet with what drives its line.
void start_peripherals() {
  reg(kPeripherals) = 1u << 4 | 1;
  reg(kPorts) = 1u << 30 | 1u << 28 | 1u << 5 | 1u << 3 | 1;
  const uint32_t on = reg(kPorts);  // they take some clocks
  static_cast<void>(on);
  reg(kPortA + kAlternate) = 0x37;  // UART: 0, 1; SSI: 2, 4, 5
  reg(kPortA + kDigital) = 0x37;
  reg(kPortF + kAlternate) = 0x0C;  // lights of the Ethernet socket
  reg(kPortF + kDigital) = 0x0C;
  reg(kUart + kBaud) = 27;  // 115,200 a second
  reg(kUart + kBaudFraction) = 8;
  reg(kUart + kLine) = 0x70;  // 8 bits, with the FIFOs
  reg(kUart + kUartControl) = 0x301;
}

void console(void*, const void* data, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  for (uint32_t i = 0; i < bytes; ++i) {
    while (reg(kUart + kFlags) & kFull) continue;
    reg(kUart + kData) = at[i];
  }
}

int start_read(void*, uint32_t offset, uint32_t bytes, void* destination) {
  return card.read(offset, bytes, destination);
}
int start_write(void*, uint32_t offset, uint32_t bytes, const void* source) {
  return card.write(offset, bytes, source);
}
int start_erase(void*, uint32_t offset, uint32_t bytes) {
  return card.erase(offset, bytes);
}
int poll_storage(void*) { return card.poll(); }

// Only the beginning of a larger card is used; a smaller one is not used.
shoal_port make_port() {
  shoal_port p = core_port(console, kHertz);
  p.command = command;
  p.storage = {nullptr, start_read, poll_storage, start_write, start_erase};
  const uint64_t there = card.open(ssi::bus()) ? card.bytes() : 0;
  p.storage_there =
      static_cast<uint32_t>(there < kStorageBytes ? there : kStorageBytes);
  p.storage_bytes = kStorageBytes;
  p.storage_poll_bytes = kCardSector;
  p.storage_write_bytes = kCardSector;
  p.storage_erase_bytes = kBlockBytes;
  p.storage_replaces = 1;
  return p;
}

}  // namespace

uint32_t read_console(void*, void* to, uint32_t capacity) {
  auto* const bytes = static_cast<uint8_t*>(to);
  uint32_t count = 0;
  while (count < capacity && !(reg(kUart + kFlags) & kEmpty)) {
    bytes[count++] = static_cast<uint8_t>(reg(kUart + kData));
  }
  return count;
}

void leave(int code) { semihosting_exit(code); }

}  // namespace shoal

void board_main() {
  using namespace shoal;
  start_clock();
  start_peripherals();
  if (!semihosting_command(command, sizeof command)) command[0] = 0;
  run_and_exit(make_port());
}

void board_fault(const shoal::ConsoleFault& fault) {
  shoal::exit_with_fault(shoal::console, fault);
}
