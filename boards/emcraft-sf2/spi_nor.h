// The SPI NOR flash behind the SmartFusion2's SPI controller 0 as a
// shoal_storage. A read moves a few hundred bytes through the 32-byte FIFO at
// every poll; a write programs a page and an erasure a sector at a time, and a
// poll asks the chip whether it has ended.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint32_t kNorBytes = 16u << 20;
inline constexpr uint32_t kNorPageBytes = 256;          // programmed at once
inline constexpr uint32_t kNorSectorBytes = 64u << 10;  // erased at once
inline constexpr uint32_t kNorPollBytes = 512;

class SpiNor {
 public:
  // Returns whether the chip answers with an identity.
  bool present();
  // Begin an operation and return 0 if it was accepted: one at a time.
  // `destination` is written and `source` read until poll() says 1.
  int read(uint32_t offset, uint32_t bytes, void* destination);
  int write(uint32_t offset, uint32_t bytes, const void* source);  // pages
  int erase(uint32_t offset, uint32_t bytes);                      // sectors
  // Returns 1 if the operation has ended, 0 while it is under way, -1 if none
  // was started.
  int poll();

 private:
  enum class Step : uint8_t { kIdle, kRead, kWrite, kErase };
  int begin(Step, uint32_t offset, uint32_t bytes, uint32_t unit);
  void read_piece();
  void program_page();
  void erase_sector();

  Step step_ = Step::kIdle;
  bool waiting_ = false;  // for the chip to end a page or a sector
  uint32_t offset_ = 0, left_ = 0;
  uint8_t* to_ = nullptr;
  const uint8_t* from_ = nullptr;
};

}  // namespace shoal
