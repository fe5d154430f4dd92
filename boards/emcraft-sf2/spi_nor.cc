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
constexpr uint32_t kMostFrames = 0xFFFF;  // of one transaction
constexpr uint32_t kCommandBytes = 4;
static_assert(kNorPollBytes + kCommandBytes <= kMostFrames);
static_assert(kNorPageBytes % kFifo == 0);

constexpr uint8_t kProgram = 0x02, kReadData = 0x03, kReadStatus = 0x05,
                  kWriteEnable = 0x06, kReadIdentity = 0x9F,
                  kEraseSector = 0xD8;
constexpr uint8_t kBusy = 1;  // of the status

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

// With a frame count for it and what follows.
void command(uint8_t what, uint32_t offset, uint32_t more) {
  select(kCommandBytes + more);
  exchange(what);
  exchange(static_cast<uint8_t>(offset >> 16));
  exchange(static_cast<uint8_t>(offset >> 8));
  exchange(static_cast<uint8_t>(offset));
}

void enable_writes() {
  select(1);
  exchange(kWriteEnable);
}

bool chip_is_busy() {
  select(2);
  exchange(kReadStatus);
  return exchange(0) & kBusy;
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

int SpiNor::begin(Step step, uint32_t offset, uint32_t bytes, uint32_t unit) {
  if (step_ != Step::kIdle || offset > kNorBytes ||
      bytes > kNorBytes - offset || offset % unit || bytes % unit) {
    return -1;
  }
  step_ = step;
  offset_ = offset;
  left_ = bytes;
  waiting_ = false;
  return 0;
}

int SpiNor::read(uint32_t offset, uint32_t bytes, void* destination) {
  if (begin(Step::kRead, offset, bytes, 1) != 0) return -1;
  to_ = static_cast<uint8_t*>(destination);
  return 0;
}

int SpiNor::write(uint32_t offset, uint32_t bytes, const void* source) {
  if (begin(Step::kWrite, offset, bytes, kNorPageBytes) != 0) return -1;
  from_ = static_cast<const uint8_t*>(source);
  return 0;
}

int SpiNor::erase(uint32_t offset, uint32_t bytes) {
  return begin(Step::kErase, offset, bytes, kNorSectorBytes);
}

void SpiNor::read_piece() {
  const uint32_t piece = least(kNorPollBytes, left_);
  command(kReadData, offset_, piece);
  for (uint32_t done = 0; done < piece;) {
    const uint32_t some = least(kFifo, piece - done);
    for (uint32_t i = 0; i < some; ++i) reg(kTransmit) = 0;
    for (uint32_t i = 0; i < some; ++i) {
      const uint32_t got = reg(kReceive);
      to_[i] = static_cast<uint8_t>(got);
    }
    to_ += some;
    done += some;
  }
  offset_ += piece;
  left_ -= piece;
}

void SpiNor::program_page() {
  enable_writes();
  command(kProgram, offset_, kNorPageBytes);
  for (uint32_t done = 0; done < kNorPageBytes; done += kFifo) {
    for (uint32_t i = 0; i < kFifo; ++i) reg(kTransmit) = *from_++;
    for (uint32_t i = 0; i < kFifo; ++i) {
      const uint32_t got = reg(kReceive);
      static_cast<void>(got);
    }
  }
  offset_ += kNorPageBytes;
  left_ -= kNorPageBytes;
}

void SpiNor::erase_sector() {
  enable_writes();
  command(kEraseSector, offset_, 0);
  offset_ += kNorSectorBytes;
  left_ -= kNorSectorBytes;
}

int SpiNor::poll() {
  if (step_ == Step::kIdle) return -1;
  if (waiting_ && chip_is_busy()) return 0;
  waiting_ = false;
  if (left_ > 0) {
    if (step_ == Step::kRead) read_piece();
    if (step_ == Step::kWrite) program_page();
    if (step_ == Step::kErase) erase_sector();
    waiting_ = step_ != Step::kRead;
    if (left_ > 0 || waiting_) return 0;
  }
  step_ = Step::kIdle;
  return 1;
}

}  // namespace shoal
