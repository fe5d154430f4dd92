// The Ethernet controller of the SmartFusion2, by its descriptor DMA. Names and
// layouts: the chip's user guide (UG0331, chapter "Ethernet MAC"). QEMU's takes
// packets at any address, drops the first frame that finds no descriptor and
// then holds frames back until it is told to go on.
#include <cstring>

#include "boards/net/nic.h"

namespace shoal::nic {
namespace {

volatile uint32_t& reg(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(0x40041000u + offset);
}

constexpr uint32_t kConfig = 0x00, kMostFrame = 0x10, kStation1 = 0x40,
                   kStation2 = 0x44, kFifoConfig = 0x48;
constexpr uint32_t kTxControl = 0x180, kTxDescriptor = 0x184, kTxStatus = 0x188;
constexpr uint32_t kRxControl = 0x18C, kRxDescriptor = 0x190, kRxStatus = 0x194;
constexpr uint32_t kIrqMask = 0x198;

constexpr uint32_t kReset = 1u << 31, kSend = 1, kReceive = 1u << 2;
constexpr uint32_t kFifosOn = 0x1F00;
constexpr uint32_t kEnable = 1;
constexpr uint32_t kOneTaken = 1, kOverflow = 1u << 2;  // of kRxStatus
constexpr uint32_t kSent = 3;
constexpr uint32_t kFrameCame = 0x50;  // or did not fit
constexpr uint32_t kLine = 12;

// A descriptor is the hardware's while kEmpty is set; `next` is an address.
struct Descriptor {
  uint32_t packet, size, next;
};
constexpr uint32_t kEmpty = 1u << 31, kSize = 0x7FF;

constexpr uint32_t kFrames = BOARD_NIC_FRAMES;
constexpr uint32_t kChecksum = 4;  // behind each frame

volatile Descriptor rx[kFrames], tx;
uint8_t* frames;
uint32_t most;         // bytes of a frame
uint32_t frame_bytes;  // of its room
uint32_t at;           // of the frame that is looked at next

uint32_t address(const volatile void* p) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(p));
}

// Its pointer stands at the first descriptor that was not empty.
void go_on() {
  const uint32_t control = reg(kRxControl);
  if (control & kEnable) return;
  for (uint32_t i = 0; i < kFrames; ++i) {
    const volatile Descriptor& d = rx[(at + i) % kFrames];
    if (!(d.size & kEmpty)) continue;
    reg(kRxStatus) = kOverflow;
    reg(kRxDescriptor) = address(&d);
    reg(kRxControl) = kEnable;
    return;
  }
}

// The frame that is looked at is the hardware's again.
void drop() {
  rx[at].size = kEmpty;
  reg(kRxStatus) = kOneTaken;
  at = (at + 1) % kFrames;
  go_on();
}

}  // namespace

uint32_t memory_bytes(uint32_t most_frame) {
  return kFrames * ((most_frame + kChecksum + 7) & ~7u);
}

bool open(const uint8_t (&mac)[6], uint32_t most_frame, uint8_t* memory) {
  frames = memory;
  most = most_frame;
  frame_bytes = memory_bytes(most_frame) / kFrames;
  reg(kConfig) = kReset;
  reg(kConfig) = 0;
  const auto byte = [&](int i) { return uint32_t{mac[i]}; };
  reg(kStation1) = byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
  reg(kStation2) = byte(4) << 24 | byte(5) << 16;
  reg(kFifoConfig) = kFifosOn;
  reg(kMostFrame) = most + kChecksum;
  for (uint32_t i = 0; i < kFrames; ++i) {
    rx[i].packet = address(frames + i * frame_bytes);
    rx[i].size = kEmpty;
    rx[i].next = address(&rx[(i + 1) % kFrames]);
  }
  tx.size = kEmpty;
  tx.next = address(&tx);
  at = 0;
  reg(kIrqMask) = kFrameCame;
  reg(kConfig) = kSend | kReceive;
  reg(kRxDescriptor) = address(rx);
  reg(kRxControl) = kEnable;
  const uint32_t config = reg(kConfig);
  return config == (kSend | kReceive);
}

uint32_t waiting() {
  for (;;) {
    const uint32_t size = rx[at].size;
    if (size & kEmpty) {
      go_on();
      return 0;
    }
    const uint32_t bytes = size & kSize;
    if (bytes > 0 && bytes <= most) return bytes;
    drop();
  }
}

void take(uint32_t* to) {
  std::memcpy(reinterpret_cast<uint8_t*>(to) + kPad, frames + at * frame_bytes,
              rx[at].size & kSize);
  drop();
}

void send(const uint32_t* from, uint32_t bytes) {
  tx.packet = address(from) + kPad;
  tx.size = bytes;
  reg(kTxDescriptor) = address(&tx);
  reg(kTxControl) = kEnable;
  while (!(tx.size & kEmpty)) continue;
  reg(kTxStatus) = kSent;
}

uint32_t interrupt() { return kLine; }

}  // namespace shoal::nic
