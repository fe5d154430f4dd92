// The Ethernet controller of the LM3S6965, by programmed input and output.
// Names and layouts: data sheet, chapter "Ethernet Controller". The chip has 2
// KB for frames that have come, so one of full size; QEMU's has room for 31 and
// then holds others back.
#include "boards/net/nic.h"

namespace shoal::nic {
namespace {

volatile uint32_t& reg(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(0x40048000u + offset);
}

constexpr uint32_t kInterrupts = 0x00, kMask = 0x04, kReceive = 0x08,
                   kTransmit = 0x0C, kData = 0x10, kAddress0 = 0x14,
                   kAddress1 = 0x18, kFrames = 0x34, kRequest = 0x38;
constexpr uint32_t kAll = 0x7F, kCame = 1;  // of interrupts
constexpr uint32_t kReceiveOn = 1, kDropBad = 1u << 3, kClear = 1u << 4;
constexpr uint32_t kTransmitOn = 0x0F;  // pads, checksum, full duplex
constexpr uint32_t kGo = 1;
constexpr uint32_t kHead = 14;   // not counted when it sends
constexpr uint32_t kAround = 6;  // length and checksum
constexpr uint32_t kTries = 1000000;
constexpr uint32_t kLine = 42;

// The frame's first word, if it was read; 0: it was not.
uint32_t first;
uint32_t most;  // bytes of a frame

uint32_t words(uint32_t bytes) { return (bytes + 3) / 4; }

void drop_rest(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t gone = reg(kData);
    static_cast<void>(gone);
  }
}

uint32_t frames() {
  const uint32_t count = reg(kFrames);
  return count & 0x3F;
}

}  // namespace

uint32_t memory_bytes(uint32_t) { return 0; }

bool open(const uint8_t (&mac)[6], uint32_t most_frame, uint8_t*) {
  most = most_frame;
  const auto byte = [&](int i) { return uint32_t{mac[i]}; };
  first = 0;
  reg(kMask) = 0;
  reg(kInterrupts) = kAll;
  reg(kAddress0) = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
  reg(kAddress1) = byte(4) | byte(5) << 8;
  reg(kReceive) = kClear;
  reg(kTransmit) = kTransmitOn;
  reg(kReceive) = kReceiveOn | kDropBad;
  reg(kMask) = kCame;
  const uint32_t low = reg(kAddress0);
  return low == (byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
}

// The length and the first two bytes come in one word, which the pad of a frame
// has room for.
uint32_t waiting() {
  for (;;) {
    if (first == 0) {
      if (frames() == 0) {
        reg(kInterrupts) = kCame;
        if (frames() == 0) return 0;  // none came between
      }
      first = reg(kData);
    }
    const uint32_t all = first & 0xFFFF;
    if (all < kAround) {  // that is no length: nothing behind it can be found
      reg(kReceive) = kReceiveOn | kDropBad | kClear;
      reg(kReceive) = kReceiveOn | kDropBad;
      first = 0;
      continue;
    }
    const uint32_t bytes = all - kAround;
    if (bytes >= kHead && bytes <= most) return bytes;
    drop_rest(words(all) - 1);
    first = 0;
  }
}

void take(uint32_t* to) {
  const uint32_t all = words(first & 0xFFFF);
  const uint32_t wanted = words((first & 0xFFFF) - kAround + kPad);
  to[0] = first;
  for (uint32_t i = 1; i < wanted; ++i) to[i] = reg(kData);
  drop_rest(all - wanted);
  first = 0;
}

void send(const uint32_t* from, uint32_t bytes) {
  uint32_t tries = kTries;
  while (tries > 0 && (reg(kRequest) & kGo)) --tries;
  if (tries == 0) return;  // the one before is still under way; lost
  reg(kData) = (bytes - kHead) | (from[0] & 0xFFFF0000);
  const uint32_t count = words(bytes + kPad);
  for (uint32_t i = 1; i < count; ++i) reg(kData) = from[i];
  reg(kRequest) = kGo;
}

uint32_t interrupt() { return kLine; }

}  // namespace shoal::nic
