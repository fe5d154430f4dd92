#include "host/serve/frame_pipe.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "host/base/error.h"
#include "host/base/temporary_folder.h"
#include "host/serve/wakeup.h"

namespace shoal {
namespace {

class FramePipeTest : public testing::Test {
 protected:
  std::string file(const std::string& bytes) const {
    const std::string path = (folder_.path() / "frames").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // The frames up to the end, and the error at it.
  std::string read(FramePipe pipe) {
    frames_.clear();
    try {
      while (auto frame = pipe.next(stop_.descriptor())) {
        frames_.emplace_back(frame->begin(), frame->end());
      }
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  Wakeup stop_;
  std::vector<std::string> frames_;
};

TEST_F(FramePipeTest, CutAtEveryByte) {
  const std::string prefixed("\2\0\0\0ab\0\0\0\0\3\0\0\0cde", 17);
  for (size_t bytes = 0; bytes <= prefixed.size(); ++bytes) {
    const std::string said =
        read(FramePipe(file(prefixed.substr(0, bytes)), {}, 100));
    const bool whole = bytes == 0 || bytes == 6 || bytes == 10 || bytes == 17;
    EXPECT_EQ(said.empty(), whole) << bytes << said;
    EXPECT_EQ(frames_.size(),
              size_t{bytes >= 6} + size_t{bytes >= 10} + size_t{bytes >= 17});
  }
  EXPECT_EQ(frames_, (std::vector<std::string>{"ab", "", "cde"}));
  for (size_t bytes = 0; bytes <= 12; ++bytes) {
    const std::string said =
        read(FramePipe(file(std::string(bytes, 'x')), 4, 100));
    EXPECT_EQ(said.empty(), bytes % 4 == 0) << bytes;
    EXPECT_EQ(frames_.size(), bytes / 4);
  }
}

// A length that is claimed takes no memory.
TEST_F(FramePipeTest, LengthsThatAreTooLarge) {
  EXPECT_NE(read(FramePipe(file("\x65"), {}, 100)), "");
  const std::string over("\x65\0\0\0", 4), most("\x64\0\0\0", 4);
  EXPECT_NE(read(FramePipe(file(over + std::string(101, 'x')), {}, 100))
                .find("101 bytes is announced"),
            std::string::npos);
  EXPECT_EQ(read(FramePipe(file(most + std::string(100, 'x')), {}, 100)), "");
  EXPECT_NE(read(FramePipe(file("\xff\xff\xff\xff"), {}, int64_t{1} << 32))
                .find("0 of"),
            std::string::npos);
}

TEST_F(FramePipeTest, StopsWhereItWaits) {
  const std::string path = (folder_.path() / "fifo").string();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  FramePipe pipe(path, 4, 100);
  stop_.set();
  EXPECT_FALSE(pipe.next(stop_.descriptor()));
  EXPECT_TRUE(pipe.goes_on());
}

TEST_F(FramePipeTest, WhatCannotBeRead) {
  EXPECT_THROW(FramePipe((folder_.path() / "none").string(), 4, 100), Error);
  EXPECT_THROW(FramePipe(folder_.path().string(), 4, 100), Error);
}

}  // namespace
}  // namespace shoal
