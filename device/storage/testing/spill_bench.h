// A node's spill area on a MemoryStorage, driven frame by frame; and a cipher
// that remembers which nonces have sealed something, over all restarts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "device/link/cipher.h"
#include "device/storage/ledger.h"
#include "device/storage/spill_area.h"
#include "device/storage/testing/memory_storage.h"

namespace shoal {

// One at a time: a shoal_cipher has no place for more.
struct NonceSpy {
  NonceSpy() { current = this; }
  ~NonceSpy() { current = nullptr; }
  NonceSpy(const NonceSpy&) = delete;
  NonceSpy& operator=(const NonceSpy&) = delete;

  static int seal(const uint8_t* key, uint64_t packet, const void* head,
                  uint32_t head_bytes, void* data, uint32_t bytes) {
    if (!current->seen.insert(packet).second) ++current->again;
    return chacha20_poly1305().seal(key, packet, head, head_bytes, data, bytes);
  }

  std::set<uint64_t> seen;
  int again = 0;  // nonces that came twice
  const shoal_cipher cipher{16, seal, chacha20_poly1305().open};
  static inline NonceSpy* current = nullptr;
};

struct SpillShape {
  uint32_t ring = 7, pages = 3;  // blocks, pages a frame
  uint32_t erase_bytes = 1024, write_bytes = 256;
  uint32_t offset_blocks = 1;
};

class SpillBench {
 public:
  explicit SpillBench(const SpillShape& shape, const shoal_cipher* cipher)
      : shape_(shape),
        flash(shape.offset_blocks + kLedgerBlocks + shape.ring,
              shape.erase_bytes, shape.write_bytes),
        area_{shape.offset_blocks * shape.erase_bytes,
              (kLedgerBlocks + shape.ring) * shape.erase_bytes,
              shape.erase_bytes, shape.write_bytes},
        cipher_(cipher) {
    const LedgerEntry entry =
        first_entry(cipher ? kKey : nullptr, kGeneration, kId);
    std::memcpy(&flash.bytes()[area_.offset], &entry, sizeof entry);
  }

  SpillConfig config() {
    // A start finds anything in SRAM.
    state_.assign(spill_state_bytes(shape_.pages) / 8, 0xA5A5A5A5A5A5A5A5);
    SpillConfig c{};
    c.storage = &flash.face();
    c.area = &area_;
    c.cipher = cipher_;
    c.key = cipher_ ? kKey : nullptr;
    c.store_id = kId;
    c.salt = salt.data();
    c.generation = kGeneration;
    c.pages = shape_.pages;
    c.page_bytes = shape_.erase_bytes;
    c.state = state_.data();
    return c;
  }

  Status start() { return start(config()); }
  Status start(const SpillConfig& c) {
    area = SpillArea();
    const Status opened = area.open(c);
    return opened == Status::kWait ? finish() : opened;
  }

  // To the operation's end, or to that of the power.
  Status finish() {
    for (;;) {
      const Status s = area.poll(true);
      if (s != Status::kWait || flash.is_dead()) return s;
    }
  }

  std::vector<uint8_t> contents(uint32_t frame, uint32_t page) const {
    std::mt19937 random(frame * 1000 + page + 1);
    std::vector<uint8_t> bytes(page_payload(shape_.erase_bytes));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
    return bytes;
  }

  Status write(uint32_t frame, uint32_t page) {
    buffer_ = contents(frame, page);
    buffer_.resize(shape_.erase_bytes);
    const Status s = area.start_write_page(page, buffer_.data());
    return s == Status::kOk ? finish() : s;
  }

  // kBadArgument also for contents that are not those that were written.
  Status read(uint32_t frame, uint32_t page) {
    buffer_.assign(shape_.erase_bytes, 0x5A);
    const Status s = area.start_read_page(page, buffer_.data());
    const Status read = s == Status::kOk ? finish() : s;
    if (read != Status::kOk) return read;
    buffer_.resize(page_payload(shape_.erase_bytes));
    wrong += buffer_ != contents(frame, page);
    return read;
  }

  // All pages written, then all read, the last ones first.
  Status frame(uint32_t number) {
    area.begin_frame();
    for (uint32_t p = 0; p < shape_.pages; ++p) {
      const Status s = write(number, p);
      if (s != Status::kOk) return s;
    }
    for (uint32_t p = shape_.pages; p-- > 0;) {
      const Status s = read(number, p);
      if (s != Status::kOk) return s;
    }
    return Status::kOk;
  }

  uint32_t block_of(uint32_t area_block) const {
    return shape_.offset_blocks + area_block;
  }

  static constexpr uint8_t kKey[32] = {1, 2, 3, 4};
  static constexpr uint8_t kId[16] = {9, 8, 7};
  static constexpr uint32_t kGeneration = 5;

 private:
  SpillShape shape_;

 public:
  std::array<uint8_t, kStartSaltBytes> salt{77};
  MemoryStorage flash;
  SpillArea area;
  int wrong = 0;  // pages that were read and are not what was written

 private:
  shoal_spill_area area_;
  const shoal_cipher* cipher_;
  std::vector<uint64_t> state_;
  std::vector<uint8_t> buffer_;
};

}  // namespace shoal
