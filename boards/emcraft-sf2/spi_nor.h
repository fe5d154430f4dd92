// The SPI NOR flash behind the SmartFusion2's SPI controller 0, read only, as
// a shoal_storage: a read is started, every poll moves a few hundred bytes
// through the 32-byte FIFO.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint32_t kNorBytes = 16u << 20;
inline constexpr uint32_t kNorPollBytes = 512;
// The controller counts no more in one transaction; SRAM has no more.
inline constexpr uint32_t kMostNorRead = 65531;

class SpiNor {
 public:
  // Whether the chip answers with an identity.
  bool present();
  // 0 if the read was accepted; `destination` is written until poll() says 1.
  int start(uint32_t offset, uint32_t bytes, void* destination);
  // 1: all bytes are there, 0: under way, -1: nothing was started.
  int poll();

 private:
  void move(uint32_t bytes);

  uint8_t* to_ = nullptr;
  uint32_t left_ = 0;
  bool active_ = false;
};

}  // namespace shoal
