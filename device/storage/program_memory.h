// Programs in memory that is mapped, where they are used in place: as many as
// there is room for, each as one piece. A new one takes what is free; where
// that does not do, those that were wanted longest ago go. A start knows of
// none, whatever the memory has kept.
#pragma once

#include "device/storage/program_store.h"

namespace shoal {

class ProgramMemory final : public ProgramStore {
 public:
  static constexpr uint32_t kMostPrograms = 8;

  // `memory`: 16-byte aligned; must outlive this.
  void open(uint8_t* memory, uint32_t bytes);

  uint32_t capacity() const override { return bytes_; }
  uint32_t program(uint8_t* hash) const override;
  void tell(uint32_t index, HeldPrograms&) const override;
  const uint8_t* mapped() const override;
  Status begin(uint32_t bytes, const uint8_t* hash, uint32_t& from) override;
  Status write(uint32_t offset, const uint8_t* data, uint32_t bytes) override;
  Status end() override;
  void discard() override;
  void settle() override { read_.to = nullptr; }
  const shoal_storage& storage() const override { return face_; }
  bool read(uint32_t offset, void* to, uint32_t bytes) override;
  // Returns whether a node's read is under way, which polls move on.
  bool is_reading() const { return read_.to != nullptr; }

 private:
  static constexpr uint32_t kNone = kMostPrograms;
  struct Place {
    uint32_t at, bytes;  // 0 bytes: none
    uint32_t wanted;     // when; the later the larger
    uint8_t hash[32];
  };

  static int read_start(void*, uint32_t offset, uint32_t bytes, void* to);
  static int read_poll(void*);
  uint32_t gap_for(uint32_t bytes) const;
  uint32_t oldest() const;
  uint32_t free_place() const;
  void forget(uint32_t place);

  uint8_t* memory_ = nullptr;
  uint32_t bytes_ = 0;
  shoal_storage face_{};
  Place places_[kMostPrograms] = {};
  uint32_t clock_ = 0;
  uint32_t current_ = kNone;         // the program that is there
  uint32_t target_ = kNone;          // comes
  Status ended_ = Status::kStorage;  // without a target: of the last one
  struct {
    uint32_t offset, bytes;
    void* to;
  } read_{};
};

}  // namespace shoal
