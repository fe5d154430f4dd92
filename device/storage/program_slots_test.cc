#include "device/storage/program_slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "device/storage/testing/memory_storage.h"
#include "device/storage/testing/sample_program.h"

namespace shoal {
namespace {

constexpr uint32_t kSlotBlock = 4096, kSlotUnit = 256, kSlotBlocks = 13;

class SlotsTest : public testing::Test {
 protected:
  // Opens the slots as after a start.
  Status open(ProgramSlots& slots) {
    return slots.open({&flash_.face(), flash_size(), kSlotUnit, kSlotBlock});
  }
  static uint32_t flash_size() { return kSlotBlocks * kSlotBlock; }

  // In pieces that are no units, until the storage fails.
  static Status send(ProgramSlots& slots, const SampleProgram& p,
                     uint32_t* sent = nullptr) {
    uint32_t from = 0;
    const auto size = static_cast<uint32_t>(p.bytes.size());
    const Status begun = slots.begin(size, p.hash, from);
    if (begun != Status::kOk) return begun;
    if (sent) *sent = size - from;
    while (from < size) {
      const uint32_t some = std::min(1111u, size - from);
      const Status s = slots.write(from, p.bytes.data() + from, some);
      if (s != Status::kOk) return s;
      from += some;
    }
    return slots.end();
  }
  MemoryStorage flash_{kSlotBlocks, kSlotBlock, kSlotUnit};
  const SampleProgram a_ = sample_program(10000, 1),
                      b_ = sample_program(12288, 2);
};

// A request that comes late, when bytes of the program have come since.
TEST_F(SlotsTest, AskedOnceMoreItGoesOnWhereItIs) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  const auto size = static_cast<uint32_t>(a_.bytes.size());
  uint32_t from = 0;
  for (uint32_t at = 0; at < size; at += 1000) {
    ASSERT_EQ(slots.begin(size, a_.hash, from), Status::kOk);
    ASSERT_EQ(from, at);
    ASSERT_EQ(slots.write(at, &a_.bytes[at], std::min(1000u, size - at)),
              Status::kOk);
  }
  ASSERT_EQ(slots.begin(size, a_.hash, from), Status::kOk);
  EXPECT_EQ(from, size - 1);
  EXPECT_EQ(slots.write(size - 1, &a_.bytes[size - 1], 1), Status::kOk);
  EXPECT_EQ(slots.end(), Status::kOk);
  EXPECT_TRUE(is_there(slots, a_));
  EXPECT_TRUE(flash_.violations().empty());
}

TEST_F(SlotsTest, TheNewerOneOfTwoIsThereAfterAStart) {
  uint8_t hash[32];
  for (int i = 0; i < 5; ++i) {
    ProgramSlots slots;
    ASSERT_EQ(open(slots), Status::kOk);
    EXPECT_EQ(slots.program(hash) == 0, i == 0);
    const SampleProgram p =
        sample_program(3000 + 4096 * static_cast<uint32_t>(i), 9);
    ASSERT_EQ(send(slots, p), Status::kOk);
    ProgramSlots again;
    ASSERT_EQ(open(again), Status::kOk);
    EXPECT_TRUE(is_there(again, p)) << i;
  }
  EXPECT_TRUE(flash_.violations().empty());
}

TEST_F(SlotsTest, WhatIsThereIsNotWrittenAgain) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  ASSERT_EQ(send(slots, a_), Status::kOk);
  ASSERT_EQ(send(slots, b_), Status::kOk);
  const uint32_t changes = flash_.changes();
  for (const SampleProgram* p : {&a_, &b_, &b_, &a_}) {
    uint32_t sent = 1;
    ASSERT_EQ(send(slots, *p, &sent), Status::kOk);
    EXPECT_EQ(sent, 0u);
    EXPECT_TRUE(is_there(slots, *p));
  }
  EXPECT_EQ(flash_.changes(), changes);
}

TEST_F(SlotsTest, TellsWhatIsThereAndWhatIsFree) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  const uint32_t room = slots.capacity();
  HeldPrograms h;
  const auto told = [&](uint32_t index, uint32_t programs,
                        const SampleProgram* p) {
    std::memset(&h, 0xFF, sizeof h);
    slots.tell(index, h);
    EXPECT_EQ(h.storage_bytes, 2 * room);
    EXPECT_EQ(h.free_bytes, (2 - programs) * room);
    EXPECT_EQ(h.programs, programs);
    ASSERT_EQ(h.program_bytes, p ? p->bytes.size() : 0u);
    if (!p) return;
    EXPECT_EQ(std::memcmp(h.program_hash, p->hash, 32), 0);
  };
  told(0, 0, nullptr);
  // A program that is on its way is not there yet.
  uint32_t from = 0;
  ASSERT_EQ(slots.begin(10000, a_.hash, from), Status::kOk);
  told(0, 0, nullptr);
  ASSERT_EQ(send(slots, a_), Status::kOk);
  told(0, 1, &a_);
  told(1, 1, nullptr);
  ASSERT_EQ(send(slots, b_), Status::kOk);
  told(0, 2, &a_);
  told(1, 2, &b_);
  told(2, 2, nullptr);
  // The place of one that is discarded is taken before the other's.
  slots.discard();
  told(0, 1, &a_);
  ASSERT_EQ(send(slots, sample_program(5000, 3)), Status::kOk);
  told(0, 2, &a_);
}

TEST_F(SlotsTest, BytesComeInOrderAndOnce) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  uint32_t from = 1;
  ASSERT_EQ(slots.begin(10000, a_.hash, from), Status::kOk);
  EXPECT_EQ(from, 0u);
  const uint8_t* const at = a_.bytes.data();
  EXPECT_EQ(slots.write(1000, at + 1000, 1000), Status::kWait);
  EXPECT_EQ(slots.end(), Status::kWait);
  EXPECT_EQ(slots.write(0, at, 1500), Status::kOk);
  EXPECT_EQ(slots.write(0, at, 1500), Status::kOk);
  EXPECT_EQ(slots.write(1000, at + 1000, 9000), Status::kOk);
  EXPECT_EQ(slots.write(10000, at, 1), Status::kBadArgument);
  EXPECT_EQ(slots.end(), Status::kOk);
  EXPECT_EQ(slots.end(), Status::kOk);
  EXPECT_TRUE(is_there(slots, a_));
}

TEST_F(SlotsTest, WhatIsNotAnnouncedIsRefusedAndTheOldOneStays) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  ASSERT_EQ(send(slots, a_), Status::kOk);
  SampleProgram wrong = b_;
  wrong.bytes[5000] ^= 1;
  EXPECT_EQ(send(slots, wrong), Status::kBadHash);
  // Asked again, because the answer was lost.
  EXPECT_EQ(slots.end(), Status::kBadHash);
  EXPECT_EQ(slots.write(0, b_.bytes.data(), 1), Status::kStorage);
  EXPECT_TRUE(is_there(slots, a_));
  uint32_t from = 0;
  EXPECT_EQ(slots.begin(slots.capacity() + 1, b_.hash, from),
            Status::kBadArgument);
  ASSERT_EQ(send(slots, b_), Status::kOk);
  slots.discard();
  uint8_t hash[32];
  EXPECT_EQ(slots.program(hash), 0u);
  ASSERT_EQ(send(slots, b_), Status::kOk);
  EXPECT_TRUE(is_there(slots, b_));
  EXPECT_TRUE(flash_.violations().empty());
}

// The program in the other slot is older, however often both were written.
TEST_F(SlotsTest, WhatFollowsADiscardedProgramIsTheNewest) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  for (unsigned seed = 1; seed <= 3; ++seed) {
    ASSERT_EQ(send(slots, sample_program(9000, seed)), Status::kOk);
  }
  slots.discard();
  const SampleProgram last = sample_program(9000, 4);
  ASSERT_EQ(send(slots, last), Status::kOk);
  EXPECT_TRUE(is_there(slots, last));
  ProgramSlots again;
  ASSERT_EQ(open(again), Status::kOk);
  EXPECT_TRUE(is_there(again, last));
  EXPECT_TRUE(flash_.violations().empty());
}

// At every write and erasure, before it, in the middle and behind it.
TEST_F(SlotsTest, APowerCutLeavesTheOldOneOrTheNewOne) {
  bool ended = false;
  int resumed = 0;
  for (uint32_t n = 0; !ended; ++n) {
    for (const uint32_t share : {0u, 400u, 1000u}) {
      SCOPED_TRACE(std::to_string(n) + " " + std::to_string(share));
      MemoryStorage flash(kSlotBlocks, kSlotBlock, kSlotUnit);
      // Nobody waits for a storage without power.
      shoal_storage face = flash.face();
      face.user = &flash;
      face.poll = [](void* user) {
        auto& of = *static_cast<MemoryStorage*>(user);
        return of.is_dead() ? -1 : of.face().poll(of.face().user);
      };
      const ProgramSlotsConfig config{&face, flash_size(), kSlotUnit,
                                      kSlotBlock};
      ProgramSlots first;
      ASSERT_EQ(first.open(config), Status::kOk);
      ASSERT_EQ(send(first, a_), Status::kOk);
      flash.cut_at(n, share);
      static_cast<void>(send(first, b_));
      ended = !flash.is_dead();
      flash.power_on();
      ProgramSlots second;
      ASSERT_EQ(second.open(config), Status::kOk);
      const bool old = is_there(second, a_);
      EXPECT_TRUE(old || is_there(second, b_));
      uint32_t sent = 0;
      ASSERT_EQ(send(second, b_, &sent), Status::kOk);
      resumed += sent > 0 && sent < b_.bytes.size();
      EXPECT_TRUE(is_there(second, b_));
      EXPECT_TRUE(flash.violations().empty());
    }
  }
  EXPECT_GT(resumed, 50);
}

// Bytes that came are kept and not sent again, if only reading them back
// failed.
TEST_F(SlotsTest, AReadThatFailsIsNoWrongHash) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  uint32_t from = 0, sent = 0;
  const auto size = static_cast<uint32_t>(b_.bytes.size());
  ASSERT_EQ(slots.begin(size, b_.hash, from), Status::kOk);
  ASSERT_EQ(slots.write(0, b_.bytes.data(), size), Status::kOk);
  flash_.fail_at(5);
  EXPECT_EQ(slots.end(), Status::kStorage);
  ASSERT_EQ(send(slots, b_, &sent), Status::kOk);
  EXPECT_EQ(sent, kSlotBlock);  // behind the last mark
  EXPECT_TRUE(is_there(slots, b_));
}

TEST_F(SlotsTest, AStorageThatFailsIsSaid) {
  ProgramSlots slots;
  ASSERT_EQ(open(slots), Status::kOk);
  ASSERT_EQ(send(slots, a_), Status::kOk);
  const uint32_t all = flash_.operations();
  for (uint32_t n = 0; n < all; n += 7) {
    flash_.fail_at(n);
    const Status s = send(slots, b_);
    EXPECT_TRUE(s == Status::kOk || s == Status::kStorage);
    // Asked again, because the answer was lost.
    EXPECT_EQ(slots.end(), s) << n;
    flash_.fail_at(0, 0);
    if (s == Status::kOk) break;
    EXPECT_TRUE(is_there(slots, a_)) << n;
  }
  ProgramSlots small;
  EXPECT_EQ(small.open({&flash_.face(), 3 * kSlotBlock, kSlotUnit, kSlotBlock}),
            Status::kBadArgument);
  EXPECT_EQ(small.open({&flash_.face(), flash_size(), 1024, kSlotBlock}),
            Status::kBadArgument);
}

}  // namespace
}  // namespace shoal
