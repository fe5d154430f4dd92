#include "boards/emcraft-sf2/spi_nor.h"

namespace shoal {
namespace {

volatile uint32_t& reg(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(0x40001000u + offset);
}

constexpr uint32_t kControl = 0x00, kFrameSize = 0x04, kReceive = 0x10,
                   kTransmit = 0x14, kSelect = 0x1C;
constexpr uint32_t kMaster = 2;
// Enabled, master, keeps the chip selected for all frames, deep FIFO.
constexpr uint32_t kRun = 0x24000003;
constexpr uint32_t kFifo = 32;
constexpr uint32_t kMostFrames = 0xFFFF;
constexpr uint32_t kCommandBytes = 4;
static_assert(kMostNorRead + kCommandBytes == kMostFrames);

constexpr uint8_t kReadData = 0x03, kReadIdentity = 0x9F;

void select(uint32_t frames) {
  reg(kControl) = kMaster;
  reg(kFrameSize) = 8;
  reg(kSelect) = 1;
  reg(kControl) = kRun | frames << 8;
}

uint8_t exchange(uint8_t byte) {
  reg(kTransmit) = byte;
  const uint32_t got = reg(kReceive);
  return static_cast<uint8_t>(got);
}

uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

}  // namespace

bool SpiNor::present() {
  select(4);
  exchange(kReadIdentity);
  const uint8_t maker = exchange(0);
  exchange(0);
  exchange(0);
  return maker != 0 && maker != 0xFF;
}

int SpiNor::start(uint32_t offset, uint32_t bytes, void* destination) {
  if (active_ || offset > kNorBytes || bytes > kNorBytes - offset ||
      bytes > kMostNorRead) {
    return -1;
  }
  to_ = static_cast<uint8_t*>(destination);
  left_ = bytes;
  active_ = true;
  select(bytes + kCommandBytes);
  exchange(kReadData);
  exchange(static_cast<uint8_t>(offset >> 16));
  exchange(static_cast<uint8_t>(offset >> 8));
  exchange(static_cast<uint8_t>(offset));
  return 0;
}

void SpiNor::move(uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) reg(kTransmit) = 0;
  for (uint32_t i = 0; i < bytes; ++i) {
    const uint32_t got = reg(kReceive);
    to_[i] = static_cast<uint8_t>(got);
  }
  to_ += bytes;
}

int SpiNor::poll() {
  if (!active_) return -1;
  uint32_t budget = least(kNorPollBytes, left_);
  left_ -= budget;
  for (; budget > 0; budget -= least(kFifo, budget)) {
    move(least(kFifo, budget));
  }
  if (left_ > 0) return 0;
  active_ = false;
  return 1;
}

}  // namespace shoal
