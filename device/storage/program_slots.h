// Programs in a storage that keeps them without power: two slots, one of which
// holds the program that is there while the other one is written.
// spec/stores.md has the bytes.
//
//   slot    one block of notes, then blocks of the program
//   notes   unit 0       what is to come: its bytes and hash
//           unit 1 ...   a mark for each piece that is there, in order
//           last unit    it is whole: a count that says which slot is newer
//
// Bytes are taken in order, so a block is erased when its first byte comes, and
// what a broken transfer has left goes on behind the last mark. A program
// counts when its last note is there, which is written after the whole of it
// was read back and has the hash: power may go at any time, and the old program
// is there or the new one.
//
// Every call waits for the storage: a node that takes a program does nothing
// else.
#pragma once

#include "device/storage/program_store.h"

namespace shoal {

inline constexpr uint32_t kMostProgramUnit = 512;

// Slots of a flash that programs run from, where they lie.
struct MappedSlots {
  uint32_t at;  // the first byte of the slots; a multiple of erase_bytes
  const uint8_t* flash;  // where offset 0 of the storage lies in memory
  // Asked when a program is whole, before it becomes the one that is there,
  // with where its first byte lies in the storage. False: it never does, which
  // end() says with kBadRecord.
  bool (*accepts)(void* user, uint32_t at);
  void (*waits)(void* user);  // called again and again while one is read back
  void* user;
};

struct ProgramSlotsConfig {
  const shoal_storage* storage;  // with write and erase
  uint32_t bytes;                // of it, from offset 0 or MappedSlots::at on
  uint32_t write_bytes, erase_bytes;
  // A write replaces what was there, as on a card: only notes are erased. One
  // that cannot be read is none: power went away in its write.
  bool replaces = false;
  // Null: programs are read into an arena. Else the program that was asked for
  // last is also the one after a start: that of the older slot is written to it
  // again, except what lies there. Lives as long as the slots.
  const MappedSlots* mapped = nullptr;
};

class ProgramSlots final : public ProgramStore {
 public:
  // kBadArgument: no such units, or no room; kStorage: it cannot be read.
  Status open(const ProgramSlotsConfig&);

  uint32_t capacity() const override;
  uint32_t program(uint8_t* hash) const override;
  void tell(uint32_t index, HeldPrograms&) const override;
  Status begin(uint32_t bytes, const uint8_t* hash, uint32_t& from) override;
  Status write(uint32_t offset, const uint8_t* data, uint32_t bytes) override;
  Status end() override;
  void discard() override;
  void settle() override;
  const shoal_storage& storage() const override { return face_; }
  bool read(uint32_t offset, void* to, uint32_t bytes) override;
  const uint8_t* mapped() const override;
  // Returns how many programs have become the one that is there, up to it; 0:
  // there is none.
  uint32_t count() const {
    return current_ == kNone ? 0 : slots_[current_].sequence;
  }
  // Returns whether a node's read is under way, which polls move on.
  bool is_reading() const { return busy_; }

 private:
  static constexpr uint32_t kSlots = 2, kNone = 2;
  struct Note {
    uint32_t magic, sequence, bytes, reserved;
    uint8_t hash[32];
    uint32_t crc;
  };
  struct Slot {
    Note announced;  // magic 0: nothing is
    uint32_t sequence;
    bool whole;
  };

  static int read_start(void*, uint32_t offset, uint32_t bytes, void* to);
  static int read_poll(void*);

  uint32_t slot_bytes() const;
  uint32_t first() const { return c_.mapped ? c_.mapped->at : 0; }
  uint32_t base(uint32_t slot) const { return first() + slot * slot_bytes(); }
  uint32_t data(uint32_t slot) const { return base(slot) + c_.erase_bytes; }
  uint32_t units() const { return c_.erase_bytes / c_.write_bytes; }
  uint32_t piece_bytes() const;
  uint32_t slot_of(uint32_t bytes, const uint8_t* hash) const;
  uint32_t next_slot() const;

  bool finish(int started);
  bool get(uint32_t offset, void* to, uint32_t bytes);
  bool put_unit(uint32_t offset);
  bool erase(uint32_t block);
  bool read_note(uint32_t offset, uint32_t magic, Note&);
  bool write_note(uint32_t offset, Note);
  bool load(uint32_t slot);
  bool prepare(uint32_t bytes, const uint8_t* hash);
  bool begin_again(uint32_t slot, uint32_t& from);
  bool mark(uint32_t piece);
  bool find_marks(uint32_t& from);
  bool flush();
  Status fail();
  Status check_hash();
  Status give_up(Status);

  ProgramSlotsConfig c_{};
  shoal_storage face_{};
  Slot slots_[kSlots] = {};
  uint32_t current_ = kNone;  // the program that is there
  uint32_t target_ = kNone;   // is written
  uint32_t done_ = 0;         // bytes of it that have come
  bool busy_ = false;         // a node's read is under way
  // The result of the last begin(), without a target: kOk, the program is
  // there.
  Status ended_ = Status::kStorage;
  alignas(8) uint8_t unit_[kMostProgramUnit];
};

}  // namespace shoal
