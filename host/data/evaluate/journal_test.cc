#include "host/data/evaluate/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/faulty_disk.h"
#include "host/data/evaluate/testing/small_task.h"

namespace shoal {
namespace {

const JournalLimits kLimits{"abc", 100, 7};
constexpr int64_t kContent = 77;
const Answers kAnswers{
    {7, {0, 1, 2, 3, 4}}, {0, {6, 5, 4, 3, 2}}, {99, {3, 6, 0, 1, 2}}};

std::string text_of(const std::string& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

class JournalTest : public testing::Test {
 protected:
  JournalTest() : path_((folder_.path() / "j").string()) {}
  void write() {
    Journal journal(path_, kLimits);
    for (const auto& [frame, answer] : kAnswers)
      journal.add(frame, kContent, answer);
  }
  static void refused(const std::string& text, Exit code,
                      const std::string& what) {
    try {
      parse_journal(text, kLimits, "j");
      FAIL() << "wanted: " << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code);
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos)
          << e.what();
    }
  }
  TemporaryFolder folder_;
  const std::string path_;
};

TEST_F(JournalTest, KnowsWhatWasAdded) {
  write();
  const std::string text = text_of(path_);
  EXPECT_TRUE(text.starts_with("shoal evaluate 2 abc\n0 77 6 5 4 3 2 "));
  EXPECT_EQ(Journal(path_, kLimits).known(), kAnswers);
  EXPECT_EQ(text_of(path_), text);
}

// Whatever is left of it by a run that was killed: what it knows is true, and
// what is added then is found.
TEST_F(JournalTest, GoesOnFromEveryByte) {
  write();
  const std::string whole = text_of(path_);
  for (size_t count = 0; count <= whole.size(); ++count) {
    write_file(path_, whole.substr(0, count));
    size_t known = 0;
    {
      Journal journal(path_, kLimits);
      known = journal.known().size();
      for (const auto& [frame, answer] : journal.known()) {
        EXPECT_EQ(answer, kAnswers.at(frame));
      }
      for (const auto& [frame, answer] : kAnswers) {
        if (!journal.known().contains(frame))
          journal.add(frame, kContent, answer);
      }
    }
    const auto lines = std::count(
        whole.begin(), whole.begin() + static_cast<ptrdiff_t>(count), '\n');
    EXPECT_EQ(static_cast<int64_t>(known), std::max<int64_t>(lines - 1, 0));
    EXPECT_EQ(Journal(path_, kLimits).known(), kAnswers) << count;
  }
}

TEST_F(JournalTest, FlippedBitsAreRefused) {
  write();
  const std::string whole = text_of(path_);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string text = whole;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    if (bit / 8 == whole.size() - 1) {  // as if the last line were cut off
      EXPECT_EQ(parse_journal(text, kLimits, "j").answers.size(), 2u);
      continue;
    }
    EXPECT_THROW(parse_journal(text, kLimits, "j"), Error) << bit;
  }
}

TEST_F(JournalTest, AnotherRunsIsRefusedAndLeftAsItIs) {
  write();
  const std::string text = text_of(path_);
  JournalLimits other = kLimits;
  other.key = "abd";
  EXPECT_THROW(Journal(path_, other), Error);
  EXPECT_EQ(text_of(path_), text);
  other.key = "abcd";
  EXPECT_THROW(Journal(path_, other), Error);
  refused("shoal evaluate 2 model:other\n", Exit::kUsage,
          "the journal of another model");
  refused("#!/bin/sh\n", Exit::kUsage, "not a journal");
  refused(std::string(512, '\0'), Exit::kUsage, "not a journal");
  const std::string lost = "shoal eval" + std::string(11, '\0');
  EXPECT_EQ(parse_journal(lost, kLimits, "j").bytes, 0u);
  EXPECT_THROW(Journal(folder_.path().string(), kLimits), Error);
  EXPECT_THROW(Journal("/dev/null", kLimits), Error);
}

TEST_F(JournalTest, ImpossibleAnswersAreRefused) {
  const auto with = [&](const JournalLimits& limits, int64_t frame,
                        const BestClasses& answer) {
    Journal(path_, limits).add(frame, kContent, answer);
    const std::string text = text_of(path_);
    std::filesystem::remove(path_);
    return text;
  };
  refused(with(kLimits, 100, {0, 1, 2, 3, 4}), Exit::kCorrupt,
          "line 2: there is no frame 100");
  refused(with(kLimits, -1, {0, 1, 2, 3, 4}), Exit::kCorrupt, "no frame -1");
  refused(with(kLimits, 1, {0, 1, 2, 3, 7}), Exit::kCorrupt, "no such classes");
  refused(with(kLimits, 1, {0, 1, 2, 3, 3}), Exit::kCorrupt, "no such classes");
  refused(with(kLimits, 1, {0, 1, 2, 3, -1}), Exit::kCorrupt,
          "no such classes");
  std::string twice = with(kLimits, 1, {0, 1, 2, 3, 4});
  twice += twice.substr(twice.find('\n') + 1);
  refused(twice, Exit::kCorrupt, "line 3: frame 1 has an answer already");
  refused("shoal evaluate 2 abc\n\n", Exit::kCorrupt,
          "line 2: it is no answer");
  const JournalLimits few{"abc", 100, 2};
  const std::string pairs = with(few, 1, {1, 0, -1, -1, -1});
  EXPECT_EQ(parse_journal(pairs, few, "j").answers.size(), 1u);
}

TEST_F(JournalTest, OneRunWritesIt) {
  const Journal first(path_, kLimits, {"shoal evaluate"});
  try {
    const Journal second(path_, kLimits);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kBusy);
    EXPECT_NE(std::string(e.what()).find("busy: shoal evaluate, process "),
              std::string::npos)
        << e.what();
  }
  const std::string other = path_ + "2";
  std::filesystem::create_symlink(path_, other);
  EXPECT_THROW(Journal(other, kLimits), Error);
}

// Every call, and every byte of every write: an error, a full disk, a power
// cut. What the journal knows then is true, nothing that was synced is lost,
// and it goes on. SHOAL_FAULTS: every n-th position.
TEST_F(JournalTest, OnADiskThatFails) {
  constexpr int64_t kFrames = 90;  // one of its syncs is in the middle
  const JournalLimits limits{"abc", kFrames, 7};
  const auto answer = [](int64_t frame) {
    const int first = static_cast<int>(frame % 3);
    return BestClasses{first, first + 1, first + 2, first + 3, first + 4};
  };
  const auto work = [&](Disk& disk, int64_t& added) {
    Journal journal(path_, limits, {}, disk);
    for (int64_t frame = 0; frame < kFrames; ++frame) {
      if (journal.known().contains(frame)) continue;
      journal.add(frame, kContent, answer(frame));
      ++added;
    }
  };
  int64_t added = 0;
  FaultyDisk counted(folder_.path());
  work(counted, added);
  const char* const asked = std::getenv("SHOAL_FAULTS");
  const uint64_t step = asked ? std::strtoull(asked, nullptr, 10) : 29;
  int tried = 0;
  for (const DiskFault fault :
       {DiskFault::kError, DiskFault::kFull, DiskFault::kPowerCut}) {
    for (uint64_t at = 0; at < counted.positions() && !HasFailure();
         at += step) {
      SCOPED_TRACE("position " + std::to_string(at) + ", fault " +
                   std::to_string(static_cast<int>(fault)));
      std::filesystem::remove(path_);
      FaultyDisk disk(folder_.path());
      disk.fail_at(at, fault);
      added = 0;
      try {
        work(disk, added);
      } catch (const Error&) {
      }
      const bool cut = fault == DiskFault::kPowerCut;
      if (cut) disk.power_on(static_cast<unsigned>(tried));
      {
        const Journal journal(path_, limits);
        for (const auto& [frame, known] : journal.known()) {
          EXPECT_EQ(known, answer(frame));
        }
        const int64_t synced =
            cut ? added / Journal::kUnsynced * Journal::kUnsynced : added;
        EXPECT_GE(static_cast<int64_t>(journal.known().size()), synced);
      }
      work(system_disk(), added);
      EXPECT_EQ(Journal(path_, limits).known().size(), size_t{kFrames});
      ++tried;
    }
  }
  std::printf("%d positions of a journal: 0 lost, 0 wrong\n", tried);
}

// Each change is named; what was written before contents were kept is refused.
TEST_F(JournalTest, SaysWhatHasChanged) {
  const ListedData data({{1}, {2}}, {0, 1}), moved({{1}, {2}}, {1, 0});
  JournalLimits limits = kLimits;
  limits.key = journal_key("m", data, {}, "t");
  { Journal(path_, limits).add(0, content_of(data, 0), {0, 1, 2, 3, 4}); }
  const auto refused = [&](const std::string& key, const char* what) {
    JournalLimits other = limits;
    other.key = key;
    try {
      Journal(path_, other);
      ADD_FAILURE() << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos)
          << e.what();
    }
  };
  refused(journal_key("n", data, {}, "t"), "of another model");
  refused(journal_key("m", moved, {}, "t"), "other files or labels");
  refused(journal_key("m", data, {Normalization{{1}, {}}}, "t"),
          "how pictures become inputs");
  refused(journal_key("m", data, {}, "u"), "another truth");
  std::string version = limits.key;
  version.back() = '?';
  refused(version, "another version of shoal");
  const Journal journal(path_, limits);
  EXPECT_NO_THROW(journal.expect_unchanged(data, 0));
  EXPECT_THROW(journal.expect_unchanged(ListedData({{9}, {2}}, {0, 1}), 0),
               Error);
  write_file(path_ + "1", std::string("shoal evaluate 1 abc\n"));
  EXPECT_THROW(Journal(path_ + "1", limits), Error);
}

TEST(JournalKey, KnowsModelDataAndInputs) {
  const ListedData data({{}, {}}, {0, 1});
  const std::string key = journal_key("m", data, {});
  EXPECT_EQ(key, journal_key("m", data, {}));
  EXPECT_NE(key, journal_key("n", data, {}));
  EXPECT_NE(key, journal_key("m", ListedData({{}, {}}, {0, 2}), {}));
  EXPECT_NE(key, journal_key("m", ListedData({{}}, {0}), {}));
  EXPECT_NE(key, journal_key("m", data, {Normalization{{127.5f}, {}}}));
  EXPECT_NE(journal_key("m", data, {Normalization{{1, 2}, {}}}),
            journal_key("m", data, {Normalization{{1}, {2}}}));
}

}  // namespace
}  // namespace shoal
