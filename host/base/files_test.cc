#include "host/base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>

#include "host/base/disk.h"
#include "host/base/error.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/expect_throws.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<uint8_t>;

class Files : public testing::Test {
 protected:
  std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  // The files that were there and have been written, and no temporary ones.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& e : fs::directory_iterator(folder_.path())) {
      all.push_back(e.path().filename().string());
    }
    std::ranges::sort(all);
    return all;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
  }
  template <class Act>
  static void refused(Exit code, const std::string& what, const Act& act) {
    expect_throws(act, code, what);
  }
  TemporaryFolder folder_;
};

// No file of this process grows beyond a number of bytes, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit low{bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &low);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

TEST_F(Files, WhatIsWrittenIsRead) {
  const Bytes bytes{1, 0, 255};
  write_file(path("a"), bytes);
  EXPECT_EQ(read_file(path("a")), bytes);
  write_file(path("a"), Bytes{});
  EXPECT_TRUE(read_file(path("a")).empty());
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

TEST_F(Files, TheSystemsOwnFilesHaveNoSizeAndAreRead) {
  EXPECT_FALSE(read_file("/proc/self/status").empty());
}

TEST_F(Files, WhatIsNoFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  const auto read = [&](const std::string& name) {
    return [name] { read_file(name, files::kInput); };
  };
  refused(Exit::kUsage, "fifo: is a pipe, not a file", read(path("fifo")));
  refused(Exit::kUsage, "is a device, not a file", read("/dev/zero"));
  refused(Exit::kUsage, "is a folder, not a file", read(path("")));
  refused(Exit::kUsage, "none: no such file", read(path("none")));
  refused(Exit::kUsage, "bad\\x1b: no such file", read(path("bad\x1b")));
  refused(Exit::kUsage, "is a device",
          [] { read_start("/dev/zero", files::kData, 4); });
}

TEST_F(Files, APipeOfTheShellIsReadWhereItsKindAllowsIt) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string name = "/dev/fd/" + std::to_string(ends[0]);
  refused(Exit::kUsage, "is a pipe", [&] { read_file(name, files::kModel); });
  std::jthread writer([&] {
    EXPECT_EQ(write(ends[1], "ab", 2), 2);
    EXPECT_EQ(write(ends[1], "c", 1), 1);
    close(ends[1]);
  });
  EXPECT_EQ(read_file(name, files::kLabels), (Bytes{'a', 'b', 'c'}));
  close(ends[0]);
}

TEST_F(Files, MoreThanItsKindCanHaveIsRefused) {
  constexpr FileKind kSmall{"a small thing", 10, true};
  write_file(path("a"), std::string(10, 'x'));
  EXPECT_EQ(read_file(path("a"), kSmall).size(), 10u);
  write_file(path("a"), std::string(11, 'x'));
  refused(Exit::kCorrupt, "has 11 bytes, a small thing has at most 10",
          [&] { read_file(path("a"), kSmall); });
  // A size that nobody has said is counted.
  constexpr FileKind kTiny{"a tiny thing", 100};
  refused(Exit::kCorrupt, "has more than 100 bytes",
          [&] { read_file("/proc/self/status", kTiny); });
  EXPECT_EQ(read_start(path("a"), kSmall, 4).size(), 4u);
  EXPECT_EQ(read_start(path("a"), kSmall, 40).size(), 11u);
}

TEST_F(Files, AFullDiskLeavesWhatWasThere) {
  write_file(path("a"), std::string("old"));
  for (const rlim_t room : {0, 1, 4095, 99'999}) {
    const FullDisk full(room);
    refused(Exit::kInternal, "a: cannot be written: File too large",
            [&] { write_file(path("a"), std::string(100'000, 'x')); });
    refused(Exit::kInternal, "b: cannot be written: File too large",
            [&] { write_file(path("b"), std::string(100'000, 'x')); });
  }
  EXPECT_EQ(read_file(path("a")), (Bytes{'o', 'l', 'd'}));
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
  refused(Exit::kInternal, "/dev/full: cannot be written: No space left",
          [] { write_file("/dev/full", std::string("x")); });
}

// Fails the n-th call that changes anything.
class FailingDisk : public Disk {
 public:
  explicit FailingDisk(int at) : left_(at) {}
  bool failed() const { return left_ < 0; }

  int open(const char* path, int flags, mode_t mode) override {
    return fails() ? -1 : Disk::open(path, flags, mode);
  }
  int close(int file) override {
    const bool now = fails();
    const int closed = Disk::close(file);
    if (now) errno = ENOSPC;
    return now ? -1 : closed;
  }
  ssize_t write(int file, const void* bytes, size_t count) override {
    if (fails()) return -1;
    return Disk::write(file, bytes, (count + 1) / 2);  // in parts, too
  }
  int fsync(int file) override { return fails() ? -1 : Disk::fsync(file); }
  int rename(const char* from, const char* to) override {
    return fails() ? -1 : Disk::rename(from, to);
  }

 private:
  bool fails() {
    const bool now = left_-- == 0;
    if (now) errno = ENOSPC;
    return now;
  }
  int left_;
};

TEST_F(Files, WhateverCallFailsTheOldIsThereOrTheNew) {
  const std::string fresh(1000, 'x');
  for (const bool secret : {false, true}) {
    int calls = 0;
    for (bool failed = true; failed; ++calls) {
      ASSERT_LT(calls, 100);
      write_file(path("a"), std::string("old"));
      FailingDisk disk(calls);
      bool done = false;
      try {
        if (secret) {
          EXPECT_TRUE(
              write_secret(path("a"), fresh, Existing::kReplaced, disk));
        } else {
          write_file(path("a"), fresh, disk);
        }
        done = true;
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Exit::kInternal);
        EXPECT_NE(std::string(e.what()).find(": cannot be written: No space"),
                  std::string::npos)
            << e.what();
      }
      failed = disk.failed();
      const Bytes bytes = read_file(path("a"));
      const std::string is(bytes.begin(), bytes.end());
      EXPECT_TRUE(is == "old" || is == fresh) << is;
      EXPECT_TRUE(!done || is == fresh);
      EXPECT_EQ(names(), std::vector<std::string>{"a"});
    }
    EXPECT_GT(calls, 10);
  }
}

TEST_F(Files, AnAppendedLineIsThereOrNot) {
  append_file(path("a"), "one\n");
  {
    const FullDisk full(6);
    refused(Exit::kInternal, "a: cannot be written",
            [&] { append_file(path("a"), "three\n"); });
  }
  append_file(path("a"), "two\n");
  const Bytes bytes = read_file(path("a"));
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "one\ntwo\n");
}

TEST_F(Files, AFileKeepsItsModeAndANewOneHasTheUmasks) {
  const mode_t mask = umask(027);
  write_file(path("new"), std::string("x"));
  umask(mask);
  EXPECT_EQ(mode_of(path("new")), 0640u);
  chmod(path("new").c_str(), 0604);
  write_file(path("new"), std::string("y"));
  EXPECT_EQ(mode_of(path("new")), 0604u);
}

TEST_F(Files, LinksAreFollowed) {
  fs::create_directory(folder_.path() / "sub");
  fs::create_symlink("sub/real", path("link"));
  write_file(path("link"), std::string("1"));  // leads to nothing yet
  write_file(path("link"), std::string("2"));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read_file(path("sub/real")), Bytes{'2'});
  fs::create_symlink("loop", path("loop"));
  refused(Exit::kInternal, "loop: cannot be written",
          [&] { write_file(path("loop"), std::string("x")); });
}

TEST_F(Files, DevicesAndPipesAreWrittenAsTheyAre) {
  write_file("/dev/null", std::string("x"));
  struct stat info {};
  ASSERT_EQ(stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  Bytes got(2);
  std::jthread reader([&] {
    const int file = open(path("fifo").c_str(), O_RDONLY);
    EXPECT_EQ(read(file, got.data(), 2), 2);
    close(file);
  });
  write_file(path("fifo"), std::string("ab"));
  reader.join();
  EXPECT_EQ(got, (Bytes{'a', 'b'}));
  EXPECT_EQ(names(), std::vector<std::string>{"fifo"});
}

TEST_F(Files, APipeTakesMoreThanItHolds) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  size_t got = 0;
  std::jthread reader([&] {
    const int file = open(path("fifo").c_str(), O_RDONLY);
    char part[1000];
    for (ssize_t n = 1; n > 0;) {
      n = read(file, part, sizeof part);
      if (n > 0) got += static_cast<size_t>(n);
    }
    close(file);
  });
  write_file(path("fifo"), std::string(300'000, 'a'));
  reader.join();
  EXPECT_EQ(got, 300'000u);
}

// While nodes are given back, signals are held back: they still end a wait for
// a reader.
TEST_F(Files, AReaderIsAwaitedUntilASignalComes) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &held, &before), 0);
  ASSERT_EQ(raise(SIGTERM), 0);
  EXPECT_THROW(write_file(path("fifo"), std::string("x")), Error);
  const int idle = open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_THROW(write_file(path("fifo"), std::string(300'000, 'a')), Error);
  close(idle);
  int taken = 0;
  EXPECT_EQ(sigwait(&held, &taken), 0);
  EXPECT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
}

TEST_F(Files, WhatMayNotBeWrittenIsSaidBefore) {
  check_writable(path("new"));
  check_writable("/dev/null");
  refused(Exit::kUsage, "it is a folder", [&] { check_writable(path("")); });
  refused(Exit::kInternal, "none/a: cannot be written",
          [&] { check_writable(path("none/a")); });
  write_file(path("a"), std::string("x"));
  refused(Exit::kInternal, "a: no folder can be made",
          [&] { make_folder(path("a")); });
  refused(Exit::kInternal, "b: no folder can be made",
          [&] { make_folder(path("a/b")); });
  make_folder(path("c/d"));
  make_folder(path("c/d"));
}

TEST_F(Files, ASecretIsItsOwnersAlone) {
  const mode_t mask = umask(0);
  EXPECT_TRUE(write_secret(path("s"), "1", Existing::kStays));
  umask(mask);
  EXPECT_EQ(mode_of(path("s")), 0600u);
  EXPECT_EQ(read_secret(path("s")), Bytes{'1'});
  EXPECT_FALSE(write_secret(path("s"), "2", Existing::kStays));
  EXPECT_EQ(read_secret(path("s")), Bytes{'1'});
  // Neither the mode nor the target of what was there.
  write_file(path("other"), std::string("x"));
  fs::remove(path("s"));
  fs::create_symlink("other", path("s"));
  EXPECT_FALSE(write_secret(path("s"), "2", Existing::kStays));
  EXPECT_TRUE(write_secret(path("s"), "3", Existing::kReplaced));
  EXPECT_EQ(read_file(path("other")), Bytes{'x'});
  EXPECT_EQ(read_secret(path("s")), Bytes{'3'});
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  refused(Exit::kUsage, "is not a file", [&] {
    static_cast<void>(write_secret(path("fifo"), "4", Existing::kReplaced));
  });
  const FullDisk full(0);
  refused(Exit::kInternal, "s: cannot be written", [&] {
    static_cast<void>(write_secret(path("s"), "5", Existing::kReplaced));
  });
  EXPECT_EQ(read_secret(path("s")), Bytes{'3'});
}

// Many at once: one of them has made it, and it is whole.
TEST_F(Files, OfManyWhoMakeASecretOneDoes) {
  std::atomic<int> made = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        if (write_secret(path("s"),
                         std::string(1000, static_cast<char>('a' + i)),
                         Existing::kStays)) {
          ++made;
        }
      });
    }
  }
  EXPECT_EQ(made, 1);
  const Bytes bytes = read_secret(path("s"));
  EXPECT_EQ(bytes, Bytes(1000, bytes.at(0)));
  EXPECT_EQ(names(), std::vector<std::string>{"s"});
}

}  // namespace
}  // namespace shoal
