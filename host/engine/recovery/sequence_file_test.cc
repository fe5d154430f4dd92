#include "host/engine/recovery/sequence_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <functional>

#include "device/base/crc32c.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/faulty_disk.h"
#include "host/engine/frame_source.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr char kKey[] = "abc words";

// No byte is zero: a power cut leaves zeros.
Bytes input_of(int64_t frame, size_t bytes = 40) {
  Bytes input(bytes);
  for (size_t i = 0; i < bytes; ++i) {
    input[i] = static_cast<uint8_t>(1 + (i * 7 + frame * 13) % 255);
  }
  return input;
}

class SequenceFileTest : public testing::Test {
 protected:
  SequenceFileTest() : path_((folder_.path() / "s").string()) {}
  // A copy of no frame, and three frames.
  void write() {
    SequenceFile file(path_, kKey);
    file.renew(input_of(9, 30));
    for (int64_t f = 0; f < 3; ++f) file.add({"", input_of(f)});
  }
  Bytes bytes() const { return read_file(path_); }
  void expect_refused(Exit code, const std::string& what,
                      const std::string& key = kKey) {
    const Bytes before = bytes();
    try {
      const SequenceFile file(path_, key);
      FAIL() << "wanted: " << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos)
          << e.what();
    }
    EXPECT_EQ(bytes(), before);
  }
  // Returns how many it has.
  static int64_t expect_frames(const KnownSequence& known) {
    for (size_t i = 0; i < known.since.size(); ++i) {
      EXPECT_EQ(known.since[i].input,
                input_of(known.frames + static_cast<int64_t>(i)));
    }
    return known.frames + std::ssize(known.since);
  }

  TemporaryFolder folder_;
  const std::string path_;
};

TEST_F(SequenceFileTest, KnowsWhatWasAdded) {
  EXPECT_FALSE(SequenceFile(path_, kKey).was_there());
  write();
  {
    SequenceFile file(path_, kKey);
    EXPECT_TRUE(file.was_there());
    EXPECT_EQ(file.end(), 3);
    const KnownSequence known = file.take_known();
    EXPECT_EQ(known.frames, 0);
    EXPECT_EQ(known.values, input_of(9, 30));
    EXPECT_EQ(expect_frames(known), 3);
    file.add({"", input_of(3)});
    file.renew(input_of(8, 30));
    file.add({"", input_of(4)});
  }
  SequenceFile file(path_, kKey);
  const KnownSequence known = file.take_known();
  EXPECT_EQ(known.frames, 4);
  EXPECT_EQ(known.values, input_of(8, 30));
  EXPECT_EQ(expect_frames(known), 5);
}

// A sender that has the frame's file still may give it again, and then the
// answer is needed once more.
TEST_F(SequenceFileTest, AFrameStaysWhileItsFileDoes) {
  const std::string waiting = (folder_.path() / "w").string();
  write_file(waiting, std::string("x"));
  {
    SequenceFile file(path_, kKey);
    file.renew(input_of(9, 30));
    file.add({"", input_of(0)});
    file.add({kept_file(waiting), input_of(1)});
    file.renew(input_of(8, 30));
  }
  {
    SequenceFile file(path_, kKey);
    const KnownSequence known = file.take_known();
    EXPECT_EQ(known.frames, 0);
    ASSERT_EQ(expect_frames(known), 2);
    EXPECT_TRUE(is_kept(known.since[1].file));
    // Another file at the same path is another frame.
    std::filesystem::remove(waiting);
    write_file(waiting, std::string("y"));
    EXPECT_FALSE(is_kept(known.since[1].file));
    file.renew(input_of(8, 30));
  }
  EXPECT_EQ(SequenceFile(path_, kKey).take_known().frames, 2);
}

TEST_F(SequenceFileTest, CutAtEveryByte) {
  write();
  const Bytes whole = bytes();
  int64_t most = -1;
  for (size_t count = 0; count < whole.size(); ++count) {
    write_file(path_, std::span(whole).first(count));
    int64_t frames = 0;
    try {
      SequenceFile file(path_, kKey);
      frames = expect_frames(file.take_known());
      EXPECT_EQ(file.end(), frames);
      file.add({"", input_of(frames)});
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt) << e.what();
      EXPECT_EQ(most, -1) << count;  // of the copy
      EXPECT_EQ(bytes().size(), count);
      continue;
    }
    most = frames;
    EXPECT_EQ(expect_frames(SequenceFile(path_, kKey).take_known()),
              frames + 1);
  }
  EXPECT_EQ(most, 2);
}

TEST_F(SequenceFileTest, AFlippedBitIsRefused) {
  write();
  const Bytes whole = bytes();
  for (size_t at = 0; at < whole.size() && !HasFailure(); ++at) {
    Bytes wrong = whole;
    wrong[at] ^= static_cast<uint8_t>(1 << at % 8);
    write_file(path_, wrong);
    expect_refused(Exit::kCorrupt, "s: it is ");
  }
  // Zeros of whole sectors are only forgiven behind all frames.
  {
    SequenceFile file(path_ + "2", kKey);
    file.renew(input_of(9, 30));
    for (int64_t f = 0; f < 3; ++f) file.add({"", input_of(f, 2000)});
  }
  Bytes wrong = read_file(path_ + "2");
  std::fill(wrong.begin() + 1024, wrong.begin() + 1536, uint8_t{0});
  write_file(path_, wrong);
  expect_refused(Exit::kCorrupt, "s: it is damaged behind frame -1");
}

// The checks have no key: anybody can make a head that has its own.
TEST_F(SequenceFileTest, NumbersThatNoFrameReachesAreRefused) {
  constexpr size_t kFrameAt = 16, kHeadCheckAt = 28;
  write();
  const Bytes whole = bytes();
  for (const int64_t frames : {INT64_MAX, INT64_MIN, int64_t{-1}}) {
    Bytes wrong = whole;
    std::memcpy(wrong.data() + kFrameAt, &frames, sizeof frames);
    const uint32_t check = crc32c(0, wrong.data(), kHeadCheckAt);
    std::memcpy(wrong.data() + kHeadCheckAt, &check, sizeof check);
    write_file(path_, wrong);
    expect_refused(Exit::kCorrupt, "s: its frames are not in their order");
  }
}

TEST_F(SequenceFileTest, WhatIsNotItsOwnIsRefusedByName) {
  write();
  expect_refused(Exit::kUsage, "the sequence of another model, words", "d x");
  expect_refused(Exit::kUsage, "another model of the name words", "d words");
  write_file(path_, std::string("not a sequence, but long enough to have one"));
  expect_refused(Exit::kCorrupt, "no sequence of shoal's");
  write_file(path_, std::string());
  expect_refused(Exit::kCorrupt, "it is empty");
}

TEST_F(SequenceFileTest, HasOneOwner) {
  const SequenceFile file(path_, kKey);
  try {
    const SequenceFile other(path_, kKey);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kBusy) << e.what();
  }
}

// Whatever call fails: what was written is known, and nothing else.
TEST_F(SequenceFileTest, OnADiskThatFails) {
  constexpr int64_t kFrames = 9, kEvery = 4;
  const auto work = [&](Disk& disk, int64_t& written) {
    SequenceFile file(path_, kKey, {}, disk);
    written = std::max(written, expect_frames(file.take_known()));
    if (!file.was_there()) file.renew(input_of(0, 600));
    while (file.end() < kFrames) {
      const int64_t frame = file.end();
      file.add({"", input_of(frame)});
      written = frame + 1;
      if (written % kEvery == 0) file.renew(input_of(written, 600));
    }
  };
  int64_t written = 0;
  FaultyDisk counted(folder_.path());
  work(counted, written);
  int tried = 0;
  for (const DiskFault fault :
       {DiskFault::kError, DiskFault::kFull, DiskFault::kPowerCut}) {
    for (uint64_t at = 0; at < counted.positions() && !HasFailure(); at += 53) {
      SCOPED_TRACE("position " + std::to_string(at) + ", fault " +
                   std::to_string(static_cast<int>(fault)));
      write_folder(folder_.path(), {});
      FaultyDisk disk(folder_.path());
      disk.fail_at(at, fault);
      written = 0;
      try {
        work(disk, written);
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Exit::kInternal) << e.what();
      }
      if (fault == DiskFault::kPowerCut) {
        disk.power_on(static_cast<unsigned>(tried));
      }
      {
        SequenceFile file(path_, kKey);
        const KnownSequence known = file.take_known();
        EXPECT_GE(expect_frames(known), written);
        if (file.was_there()) {
          EXPECT_EQ(known.values, input_of(known.frames, 600));
        }
      }
      work(system_disk(), written);
      EXPECT_EQ(expect_frames(SequenceFile(path_, kKey).take_known()), kFrames);
      ++tried;
    }
  }
  EXPECT_GT(tried, 100);
}

}  // namespace
}  // namespace shoal
