// The SMSC LAN9118 of the MPS2 and MPS3 boards, by programmed input and output.
// Names and layouts: the chip's data sheet (LAN9118, SMSC), chapters 3 and 5.
// QEMU's has room for seven frames of full size and drops what comes then.
#include "boards/net/nic.h"

#ifdef BOARD_NIC

namespace shoal::nic {
namespace {

volatile uint32_t& reg(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(BOARD_NIC + offset);
}

constexpr uint32_t kRxData = 0x00, kTxData = 0x20;
constexpr uint32_t kRxStatus = 0x40, kRxStatusPeek = 0x44, kTxStatus = 0x48;
constexpr uint32_t kIrqConfig = 0x54, kIntStatus = 0x58, kIntEnable = 0x5C;
constexpr uint32_t kByteTest = 0x64, kFifoInt = 0x68, kRxConfig = 0x6C;
constexpr uint32_t kTxConfig = 0x70, kHwConfig = 0x74, kRxFifo = 0x7C;
constexpr uint32_t kTxFifo = 0x80, kMacCommand = 0xA4, kMacData = 0xA8;

constexpr uint32_t kByteOrder = 0x87654321;
constexpr uint32_t kSoftReset = 1;
constexpr uint32_t kStore = 0x00150000;   // 5 KB to send, store and forward
constexpr uint32_t kTxOn = 2;             // of TX_CFG
constexpr uint32_t kLineOn = 0x111;       // push-pull, high, enabled
constexpr uint32_t kFrameCame = 1u << 3;  // RSFL: the status FIFO has one
constexpr uint32_t kMacBusy = 1u << 31;
constexpr uint32_t kMacControl = 1, kMacHigh = 2, kMacLow = 3;
constexpr uint32_t kDuplex = 1u << 20, kSend = 1u << 3, kReceive = 1u << 2;
constexpr uint32_t kFirst = 1u << 13, kLast = 1u << 12;
constexpr uint32_t kChecksum = 4;
constexpr uint32_t kTries = 1000000;

bool write_mac(uint32_t index, uint32_t value) {
  reg(kMacData) = value;
  reg(kMacCommand) = kMacBusy | index;
  for (uint32_t i = 0; i < kTries; ++i) {
    const uint32_t command = reg(kMacCommand);
    if (!(command & kMacBusy)) return true;
  }
  return false;
}

bool reset() {
  reg(kHwConfig) = kSoftReset;
  for (uint32_t i = 0; i < kTries; ++i) {
    const uint32_t config = reg(kHwConfig);
    if (!(config & kSoftReset)) return true;
  }
  return false;
}

uint32_t most;  // bytes of a frame

uint32_t words(uint32_t frame_bytes) { return (frame_bytes + kPad + 3) / 4; }

// Returns the bytes of the frame at the head of the FIFO, from its status.
uint32_t frame_bytes(uint32_t status) {
  const uint32_t with_checksum = status >> 16 & 0x3FFF;
  return with_checksum > kChecksum ? with_checksum - kChecksum : 0;
}

// The data FIFO has the checksum, too.
void discard(uint32_t status) {
  const uint32_t count = words(status >> 16 & 0x3FFF);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t gone = reg(kRxData);
    static_cast<void>(gone);
  }
}

}  // namespace

uint32_t memory_bytes(uint32_t) { return 0; }

bool open(const uint8_t (&mac)[6], uint32_t most_frame, uint8_t*) {
  most = most_frame;
  const uint32_t order = reg(kByteTest);
  if (order != kByteOrder || !reset()) return false;
  reg(kHwConfig) = kStore;
  reg(kRxConfig) = kPad << 8;
  reg(kTxConfig) = kTxOn;
  reg(kFifoInt) = 0;
  reg(kIrqConfig) = kLineOn;
  reg(kIntEnable) = kFrameCame;
  const uint32_t low =
      static_cast<uint32_t>(mac[0]) | static_cast<uint32_t>(mac[1]) << 8 |
      static_cast<uint32_t>(mac[2]) << 16 | static_cast<uint32_t>(mac[3]) << 24;
  const uint32_t high =
      static_cast<uint32_t>(mac[4]) | static_cast<uint32_t>(mac[5]) << 8;
  return write_mac(kMacHigh, high) && write_mac(kMacLow, low) &&
         write_mac(kMacControl, kDuplex | kSend | kReceive);
}

uint32_t waiting() {
  for (;;) {
    const uint32_t fifo = reg(kRxFifo);
    if ((fifo >> 16 & 0xFF) == 0) {
      reg(kIntStatus) = kFrameCame;
      const uint32_t again = reg(kRxFifo);  // one came between
      if ((again >> 16 & 0xFF) == 0) return 0;
    }
    const uint32_t bytes = frame_bytes(reg(kRxStatusPeek));
    if (bytes > 0 && bytes <= most) return bytes;
    discard(reg(kRxStatus));
  }
}

void take(uint32_t* to) {
  const uint32_t status = reg(kRxStatus);
  const uint32_t wanted = words(frame_bytes(status));
  const uint32_t all = words(status >> 16 & 0x3FFF);
  for (uint32_t i = 0; i < wanted; ++i) to[i] = reg(kRxData);
  for (uint32_t i = wanted; i < all; ++i) {
    const uint32_t checksum = reg(kRxData);
    static_cast<void>(checksum);
  }
}

void send(const uint32_t* from, uint32_t bytes) {
  reg(kTxData) = kPad << 16 | kFirst | kLast | bytes;
  reg(kTxData) = bytes;
  const uint32_t count = words(bytes);
  for (uint32_t i = 0; i < count; ++i) reg(kTxData) = from[i];
  for (;;) {  // nobody asks how it went
    const uint32_t fifo = reg(kTxFifo);
    if ((fifo >> 16 & 0xFF) == 0) break;
    const uint32_t gone = reg(kTxStatus);
    static_cast<void>(gone);
  }
}

uint32_t interrupt() { return BOARD_NIC_LINE; }

}  // namespace shoal::nic

#endif
