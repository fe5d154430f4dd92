#include "host/program/store/file_storage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/expect_throws.h"

namespace shoal {
namespace {

constexpr uint32_t kBase = 48, kBytes = 8192;
constexpr shoal_spill_area kSpill{4096, 4096, 1024, 256};

class FileStorageTest : public ::testing::Test {
 protected:
  FileStorageTest() : bytes_(kBase + kBytes) {
    std::mt19937 random(1);
    for (uint8_t& b : bytes_) b = static_cast<uint8_t>(random());
    path_ = (folder_ / "a.store").string();
    write_file(path_, bytes_);
  }

  // Waits for a started operation and returns its result.
  static int finish(FileStorage& s) {
    EXPECT_TRUE(s.busy());
    s.wait();
    return s.storage().poll(s.storage().user);
  }
  int read(FileStorage& s, uint32_t offset, std::vector<uint8_t>& to) {
    const shoal_storage& o = s.storage();
    const auto bytes = static_cast<uint32_t>(to.size());
    if (o.read(o.user, offset, bytes, to.data()) != 0) return -2;
    return finish(s);
  }
  std::vector<uint8_t> in_file(uint32_t offset, size_t bytes) const {
    const auto at = bytes_.begin() + kBase + offset;
    return {at, at + static_cast<int64_t>(bytes)};
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  std::string path_;
  std::vector<uint8_t> bytes_;
};

TEST_F(FileStorageTest, ReadsFromItsBase) {
  FileStorage s(path_, kBase, kBytes);
  std::mt19937 random(2);
  int64_t total = 0;
  for (int i = 0; i < 200; ++i) {
    const uint32_t offset = random() % kBytes;
    std::vector<uint8_t> to(1 + random() % (kBytes - offset));
    ASSERT_EQ(read(s, offset, to), 1);
    ASSERT_EQ(to, in_file(offset, to.size()));
    total += static_cast<int64_t>(to.size());
  }
  EXPECT_EQ(s.counters().reads, 200);
  EXPECT_EQ(s.counters().read_bytes, total);
  EXPECT_FALSE(s.busy());
}

// Too much to copy at once: the thread reads.
TEST_F(FileStorageTest, ReadsMuchBesideTheNode) {
  constexpr uint32_t kMuch = 3 << 20;
  bytes_.resize(kBase + kMuch);
  for (size_t i = 0; i < bytes_.size(); i += 97) bytes_[i] ^= 0x5A;
  write_file(path_, bytes_);
  FileStorage s(path_, kBase, kMuch);
  std::vector<uint8_t> to(kMuch - 5);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(read(s, 5, to), 1);
    ASSERT_EQ(to, in_file(5, to.size()));
    to.assign(to.size(), 0);
  }
  EXPECT_EQ(s.counters().read_bytes, 3 * (int64_t{kMuch} - 5));
}

TEST_F(FileStorageTest, RefusesWhatIsOutsideOrASecondOperation) {
  FileStorage s(path_, kBase, kBytes);
  const shoal_storage& o = s.storage();
  std::vector<uint8_t> to(64);
  EXPECT_NE(o.read(o.user, kBytes - 63, 64, to.data()), 0);
  EXPECT_NE(o.read(o.user, 0xFFFFFFF0, 64, to.data()), 0);
  EXPECT_NE(o.read(o.user, 0, 0, to.data()), 0);
  EXPECT_NE(o.read(o.user, 0, 64, nullptr), 0);
  EXPECT_EQ(o.poll(o.user), -1);
  EXPECT_EQ(o.write, nullptr);
  ASSERT_EQ(o.read(o.user, kBytes - 64, 64, to.data()), 0);
  EXPECT_NE(o.read(o.user, 0, 64, to.data()), 0);
  EXPECT_EQ(finish(s), 1);
}

TEST_F(FileStorageTest, WritesWholeUnitsOfTheSpillAreaAlone) {
  FileStorage s(path_, kBase, kBytes, kSpill);
  const shoal_storage& o = s.storage();
  const std::vector<uint8_t> from(512, 0x5A);
  EXPECT_NE(o.write(o.user, 4096 - 256, 512, from.data()), 0);
  EXPECT_NE(o.write(o.user, 4096 + 128, 512, from.data()), 0);
  EXPECT_NE(o.write(o.user, 4096, 100, from.data()), 0);
  EXPECT_NE(o.write(o.user, 8192 - 256, 512, from.data()), 0);
  EXPECT_NE(o.erase(o.user, 4096, 512), 0);
  EXPECT_NE(o.erase(o.user, 0, 1024), 0);
  ASSERT_EQ(o.erase(o.user, 5120, 1024), 0);
  EXPECT_EQ(finish(s), 1);
  ASSERT_EQ(o.write(o.user, 5120 + 256, 512, from.data()), 0);
  EXPECT_EQ(finish(s), 1);
  std::vector<uint8_t> expected = bytes_;
  std::fill_n(expected.begin() + kBase + 5120, 1024, 0xFF);
  std::fill_n(expected.begin() + kBase + 5120 + 256, 512, 0x5A);
  EXPECT_EQ(read_file(path_), expected);
  EXPECT_EQ(s.counters().writes, 1);
  EXPECT_EQ(s.counters().erased_bytes, 1024);
}

// Returns the flags of the descriptor that has the file open.
int open_flags(const std::string& path) {
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) == path) {
      return fcntl(std::stoi(entry.path().filename()), F_GETFL);
    }
  }
  return -1;
}

TEST_F(FileStorageTest, WhatAKeptStoreHasWrittenIsOnTheDisk) {
  {
    FileStorage s(path_, kBase, kBytes, kSpill);
    EXPECT_EQ(open_flags(path_) & (O_ACCMODE | O_DSYNC), O_RDWR | O_DSYNC);
  }
  {
    FileStorage s(path_, kBase, kBytes, kSpill, Lifetime::kTemporary);
    EXPECT_EQ(open_flags(path_) & (O_ACCMODE | O_DSYNC), O_RDWR);
  }
  FileStorage s(path_, kBase, kBytes);
  EXPECT_EQ(open_flags(path_) & O_ACCMODE, O_RDONLY);
}

TEST_F(FileStorageTest, AFileThatIsShortIsNamed) {
  expect_throws([&] { FileStorage(path_, kBase, kBytes + 1); }, Exit::kCorrupt,
                "8,240 bytes, 8,241");
  EXPECT_THROW(FileStorage(folder_.string(), 0, 0), Error);
  EXPECT_THROW(FileStorage((folder_ / "b").string(), 0, 0), Error);
}

TEST_F(FileStorageTest, AFileThatShrinksFailsTheRead) {
  FileStorage s(path_, kBase, kBytes);
  std::filesystem::resize_file(path_, kBase + 100);
  std::vector<uint8_t> to(64);
  EXPECT_EQ(read(s, 0, to), 1);
  EXPECT_EQ(read(s, 80, to), -1);
  EXPECT_EQ(read(s, 0, to), 1);
}

}  // namespace
}  // namespace shoal
