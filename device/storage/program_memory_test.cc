#include "device/storage/program_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "device/program/sha256.h"
#include "device/storage/testing/sample_program.h"

namespace shoal {
namespace {

class ProgramMemoryTest : public testing::Test {
 protected:
  static constexpr uint32_t kBytes = 1000;  // no multiple of 16
  ProgramMemoryTest() : memory_(kBytes + 64, 0xAA) {
    programs_.open(memory_.data(), kBytes);
  }
  ~ProgramMemoryTest() override {
    for (uint32_t i = kBytes; i < memory_.size(); ++i) {
      EXPECT_EQ(memory_[i], 0xAA) << "behind its memory";
    }
  }

  // Returns whether it had to be sent.
  bool send(const SampleProgram& i) {
    uint32_t from = 0;
    const uint32_t size = i.size();
    EXPECT_EQ(programs_.begin(size, i.hash, from), Status::kOk);
    if (from == size) return false;
    EXPECT_EQ(from, 0u);
    // In any order, and twice.
    const uint32_t half = size / 2;
    for (int twice = 0; twice < 2; ++twice) {
      EXPECT_EQ(programs_.write(half, &i.bytes[half], size - half),
                Status::kOk);
      EXPECT_EQ(programs_.write(0, i.bytes.data(), half), Status::kOk);
    }
    EXPECT_EQ(programs_.end(), Status::kOk);
    EXPECT_EQ(programs_.end(), Status::kOk);
    return true;
  }
  bool is_there(const SampleProgram& p) {
    if (!shoal::is_there(programs_, p)) return false;
    const auto at = reinterpret_cast<uintptr_t>(programs_.mapped());
    EXPECT_EQ((at - reinterpret_cast<uintptr_t>(memory_.data())) % 16, 0u);
    return std::memcmp(programs_.mapped(), p.bytes.data(), p.size()) == 0;
  }
  HeldPrograms told(uint32_t index = 0) {
    HeldPrograms h;
    programs_.tell(index, h);
    EXPECT_EQ(h.storage_bytes, kBytes);
    return h;
  }

  std::vector<uint8_t> memory_;
  ProgramMemory programs_;
};

TEST_F(ProgramMemoryTest, SeveralAreThereAndNoneIsSentAgain) {
  const SampleProgram a = sample_program(300, 1), b = sample_program(301, 2),
                      c = sample_program(200, 3);
  EXPECT_EQ(told().free_bytes, kBytes);
  for (const SampleProgram* i : {&a, &b, &c}) EXPECT_TRUE(send(*i));
  EXPECT_EQ(told().programs, 3u);
  EXPECT_EQ(told().free_bytes, kBytes - 304 - 304 - 208);
  EXPECT_EQ(told(1).program_bytes, 301u);
  EXPECT_EQ(std::memcmp(told(2).program_hash, c.hash, 32), 0);
  EXPECT_EQ(told(3).program_bytes, 0u);
  for (const SampleProgram* i : {&b, &a, &c, &a}) {
    EXPECT_FALSE(send(*i));
    EXPECT_TRUE(is_there(*i));
  }
}

TEST_F(ProgramMemoryTest, WhatWasWantedLongestAgoGoesFirst) {
  const SampleProgram a = sample_program(300, 1), b = sample_program(300, 2),
                      c = sample_program(300, 3);
  for (const SampleProgram* i : {&a, &b, &c}) EXPECT_TRUE(send(*i));
  EXPECT_FALSE(send(a));
  const SampleProgram d = sample_program(250, 4);
  EXPECT_TRUE(send(d));
  EXPECT_TRUE(is_there(d));
  EXPECT_FALSE(send(a));
  EXPECT_FALSE(send(c));
  EXPECT_TRUE(send(b));  // in the place of d, the oldest by then
  // One of all the memory has it alone.
  const SampleProgram all = sample_program(kBytes, 5);
  EXPECT_TRUE(send(all));
  EXPECT_TRUE(is_there(all));
  EXPECT_EQ(told().programs, 1u);
  EXPECT_EQ(told().free_bytes, 0u);
}

// With as many as there are places, one goes for a new one.
TEST_F(ProgramMemoryTest, WithoutAPlaceNothingIsFree) {
  for (uint32_t i = 0; i < ProgramMemory::kMostPrograms; ++i) {
    EXPECT_EQ(told().free_bytes, kBytes - i * 16);
    EXPECT_TRUE(send(sample_program(10, static_cast<uint8_t>(i))));
  }
  EXPECT_EQ(told().free_bytes, 0u);
  EXPECT_TRUE(send(sample_program(10, 100)));
  EXPECT_EQ(told().programs, ProgramMemory::kMostPrograms);
  EXPECT_TRUE(send(sample_program(10, 0)));
}

// A request that comes late, when bytes of the program have come since.
TEST_F(ProgramMemoryTest, AskedOnceMoreNothingIsLost) {
  const SampleProgram a = sample_program(700, 1), b = sample_program(600, 2);
  EXPECT_TRUE(send(a));
  uint32_t from = 0;
  for (uint32_t at = 0; at < 600; at += 100) {
    ASSERT_EQ(programs_.begin(600, b.hash, from), Status::kOk);
    ASSERT_EQ(programs_.write(at, &b.bytes[at], 100), Status::kOk);
  }
  EXPECT_EQ(programs_.end(), Status::kOk);
  EXPECT_TRUE(is_there(b));
}

TEST_F(ProgramMemoryTest, WhatIsNotWholeIsNotThere) {
  const SampleProgram a = sample_program(300, 1), b = sample_program(300, 2);
  EXPECT_TRUE(send(a));
  uint32_t from = 1;
  ASSERT_EQ(programs_.begin(300, b.hash, from), Status::kOk);
  EXPECT_EQ(from, 0u);
  ASSERT_EQ(programs_.write(0, b.bytes.data(), 300), Status::kOk);
  EXPECT_EQ(told().programs, 1u);
  EXPECT_TRUE(is_there(a));
  // It breaks off; then with a wrong byte.
  EXPECT_FALSE(send(a));
  ASSERT_EQ(programs_.begin(300, b.hash, from), Status::kOk);
  ASSERT_EQ(programs_.write(0, a.bytes.data(), 1), Status::kOk);
  EXPECT_EQ(programs_.end(), Status::kBadHash);
  EXPECT_EQ(programs_.end(), Status::kBadHash);
  EXPECT_EQ(programs_.write(0, b.bytes.data(), 1), Status::kBadHash);
  EXPECT_TRUE(is_there(a));
  EXPECT_TRUE(send(b));
  programs_.discard();
  uint8_t hash[32];
  EXPECT_EQ(programs_.program(hash), 0u);
  EXPECT_EQ(programs_.mapped(), nullptr);
  uint8_t byte;
  EXPECT_FALSE(programs_.read(0, &byte, 1));
  EXPECT_FALSE(send(a));
  EXPECT_TRUE(send(b));
}

TEST_F(ProgramMemoryTest, BoundsAreKept) {
  const SampleProgram a = sample_program(300, 1);
  uint32_t from = 0;
  EXPECT_EQ(programs_.begin(0, a.hash, from), Status::kBadArgument);
  EXPECT_EQ(programs_.begin(kBytes + 1, a.hash, from), Status::kBadArgument);
  EXPECT_EQ(programs_.write(0, a.bytes.data(), 1), Status::kStorage);
  ASSERT_EQ(programs_.begin(300, a.hash, from), Status::kOk);
  EXPECT_EQ(programs_.write(300, a.bytes.data(), 1), Status::kBadArgument);
  EXPECT_EQ(programs_.write(0xFFFFFFFF, a.bytes.data(), 2),
            Status::kBadArgument);
  EXPECT_TRUE(send(a));
  const shoal_storage& s = programs_.storage();
  uint8_t back[300];
  EXPECT_NE(s.read(s.user, 299, 2, back), 0);
  ASSERT_EQ(s.read(s.user, 1, 299, back), 0);
  EXPECT_TRUE(programs_.is_reading());
  EXPECT_NE(s.read(s.user, 0, 1, back), 0);
  EXPECT_EQ(s.poll(s.user), 1);
  EXPECT_EQ(std::memcmp(back, &a.bytes[1], 299), 0);
  EXPECT_LT(s.poll(s.user), 0);
}

// Whatever comes in which order: what is told is there, whole, and no two
// overlap.
TEST_F(ProgramMemoryTest, WhateverComes) {
  std::mt19937 random(7);
  std::vector<SampleProgram> images;
  for (uint8_t i = 0; i < 14; ++i) {
    images.push_back(sample_program(1 + random() % (i % 4 ? 200 : 900), i));
  }
  for (int n = 0; n < 2000; ++n) {
    const SampleProgram& one = images[random() % images.size()];
    send(one);
    ASSERT_TRUE(is_there(one));
    const uint32_t count = told().programs;
    ASSERT_LE(count, ProgramMemory::kMostPrograms);
    for (uint32_t i = 0; i < count; ++i) {
      const HeldPrograms h = told(i);
      uint32_t from = 0;
      ASSERT_EQ(programs_.begin(h.program_bytes, h.program_hash, from),
                Status::kOk);
      ASSERT_EQ(from, h.program_bytes);
      Sha256 sha;
      uint8_t hash[32];
      sha.add(programs_.mapped(), h.program_bytes);
      ASSERT_TRUE(sha.finish(hash));
      ASSERT_EQ(std::memcmp(hash, h.program_hash, 32), 0);
    }
  }
}

}  // namespace
}  // namespace shoal
