// An SD card in SPI mode as a shoal_storage. Names: SD Physical Layer
// Simplified Specification, chapter 7.
//
// A card has sectors of 512 bytes and no erasure that says what is there
// afterwards: a write replaces, and erase() writes 0xFF. A write has ended when
// the card is not busy any more and says that it went well, so writes are on
// the card in the order in which they were made. After a loss of power in a
// write, the sector's content is undefined.
//
// A poll moves one sector at most. After a failure (the card was pulled, say)
// the next operation starts the card again.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint32_t kCardSector = 512;

// The board's bus.
struct SpiBus {
  void* user;
  // Bytes out (null: all 0xFF) and in (null: not wanted) at once.
  void (*exchange)(void* user, const uint8_t* out, uint8_t* in, uint32_t bytes);
  void (*select)(void* user, bool on);
  // 400 kHz at most, or 25 MHz at most.
  void (*set_fast)(void* user, bool fast);
};

class SdCard {
 public:
  // Returns false if no card answers, or none of a known kind.
  bool open(const SpiBus&);
  // Returns the bytes of the card; 0: there is none.
  uint64_t bytes() const { return bytes_; }

  // Begin an operation and return 0 if it was accepted: one at a time, below 4
  // GB. `destination` is written and `source` read until poll() does not say 0.
  int read(uint32_t offset, uint32_t bytes, void* destination);
  int write(uint32_t offset, uint32_t bytes, const void* source);  // sectors
  int erase(uint32_t offset, uint32_t bytes);                      // sectors
  // Returns 1 if the operation has ended, 0 while it is under way, -1 if it
  // failed or none was started.
  int poll();

 private:
  enum class Step : uint8_t { kIdle, kRead, kWrite, kErase };
  enum class Wait : uint8_t { kNone, kToken, kBusy };

  uint8_t next();
  void skip(uint32_t bytes);
  void release();
  uint8_t command(uint8_t index, uint32_t argument);
  uint8_t application_command(uint8_t index, uint32_t argument);
  bool start();
  bool wake_up(bool& knows_blocks);
  bool read_size();
  Wait look(uint32_t& patience, bool busy);
  bool is_ready_soon();

  int begin(Step, uint32_t offset, uint32_t bytes, uint32_t unit);
  int fail();
  int end();
  uint32_t address() const;
  int poll_read();
  int poll_write();
  bool start_read();
  bool take_sector();
  bool send_sector();

  SpiBus bus_{};
  uint64_t bytes_ = 0;
  bool is_open_ = false;
  bool counts_sectors_ = false;  // addresses are those of sectors
  Step step_ = Step::kIdle;
  Wait wait_ = Wait::kNone;
  bool streams_ = false;  // the card sends one sector after the other
  uint32_t patience_ = 0;
  uint32_t offset_ = 0, left_ = 0;
  uint8_t* to_ = nullptr;
  const uint8_t* from_ = nullptr;
  // The last sector of which only a part was wanted: reading one chunk after
  // the other comes back to it.
  static constexpr uint32_t kNoSector = ~0u;
  uint32_t cached_ = kNoSector;
  uint8_t sector_[kCardSector] = {};
};

}  // namespace shoal
