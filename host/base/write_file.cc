#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "host/base/descriptor.h"
#include "host/base/disk.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/text_bytes.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPermissions = 0777, kAnybody = 0666, kOwner = 0600;

[[noreturn]] void cannot_write(const std::string& path, int error) {
  if (error == EISDIR) {
    throw Error(Exit::kUsage,
                printable(path) + ": cannot be written: it is a folder",
                "give the name of a file in it");
  }
  throw Error(Exit::kInternal,
              printable(path) + ": cannot be written: " + error_text(error));
}

// 0, or the reason.
int write_all(Disk& disk, int file, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = disk.write(file, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return EIO;
    bytes = bytes.subspan(static_cast<size_t>(got));
  }
  return 0;
}

// Returns whether a signal that ends the process waits until somebody who holds
// it back is gone.
bool is_asked_to_end() {
  sigset_t pending;
  if (sigpending(&pending) != 0) return false;
  const auto waits = [&](int s) { return sigismember(&pending, s) == 1; };
  return waits(SIGINT) || waits(SIGTERM) || waits(SIGHUP) || waits(SIGQUIT);
}

// The same for what somebody reads, perhaps never.
int write_to_reader(int file, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    if (!await_reader(file)) return EINTR;
    const auto part = bytes.first(std::min(bytes.size(), kReaderTakes));
    if (const int error = write_all(system_disk(), file, part)) return error;
    bytes = bytes.subspan(part.size());
  }
  return 0;
}

// A FIFO without a reader cannot be opened yet.
Descriptor open_in_place(const std::string& path, bool is_fifo) {
  constexpr int kFlags = O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC;
  if (!is_fifo) return Descriptor(open(path.c_str(), kFlags));
  for (;;) {
    Descriptor file(open(path.c_str(), kFlags | O_NONBLOCK));
    if (file.is_open()) {
      static_cast<void>(fcntl(file.get(), F_SETFL, O_WRONLY));
      return file;
    }
    if (errno != ENXIO) return file;
    if (is_asked_to_end()) {
      errno = EINTR;
      return file;
    }
    static_cast<void>(poll(nullptr, 0, 20));
  }
}

// Writes a file that is not regular, or is only known by its descriptor.
void write_in_place(const std::string& path, const struct stat& info,
                    std::span<const uint8_t> bytes) {
  Descriptor file = open_in_place(path, S_ISFIFO(info.st_mode));
  if (!file.is_open()) cannot_write(path, errno);
  if (const int error = write_to_reader(file.get(), bytes)) {
    cannot_write(path, error);
  }
  if (!file.close()) cannot_write(path, errno);
}

// This process's own stdout or stderr, if `info` is that of the file behind
// it: what it says there shall stand before, not be overwritten or cut off.
std::optional<int> own_stream(const struct stat& info) {
  for (FILE* const stream : {stdout, stderr}) {
    const int file = fileno(stream);
    struct stat own {};
    if (fstat(file, &own) != 0 || own.st_dev != info.st_dev ||
        own.st_ino != info.st_ino) {
      continue;
    }
    if ((fcntl(file, F_GETFL) & O_ACCMODE) == O_RDONLY) continue;
    std::fflush(stream);
    return file;
  }
  return std::nullopt;
}

// Where links lead, so that they are kept. What cannot be followed is told by
// who opens it.
fs::path behind_links(fs::path path) {
  constexpr int kMostLinks = 40;  // as the system's limit
  std::error_code failed;
  for (int i = 0; i < kMostLinks; ++i) {
    const fs::path next = fs::read_symlink(path, failed);
    if (failed) return path;
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  return path;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

std::string fresh_name() {
  uint8_t bytes[8] = {};
  // Names need not be secret, only new: O_EXCL refuses one that is there.
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) bytes[0] = 1;
  char text[32];
  size_t at = 0;
  for (const uint8_t b : bytes) {
    at += static_cast<size_t>(
        std::snprintf(text + at, sizeof text - at, "%02x", b));
  }
  return std::string(".shoal-") + text;
}

// A new file beside `target`, which takes its place when it is complete, or
// leaves no trace.
class Replacement {
 public:
  Replacement(Disk& disk, const fs::path& target, mode_t mode)
      : disk_(disk),
        target_(target),
        path_(folder_of(target) / fresh_name()),
        file_(disk.open(path_.c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        mode)) {
    if (file_ < 0) cannot_write(target_.string(), errno);
  }
  ~Replacement() {
    if (file_ >= 0) disk_.close(file_);
    if (!done_) disk_.unlink(path_.c_str());
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  void look_like(const struct stat& old) {
    // Whose it is only root can keep; its group may do without.
    if (old.st_uid != geteuid() || old.st_gid != getegid()) {
      static_cast<void>(!fchown(file_, old.st_uid, old.st_gid));
    }
    struct stat fresh {};
    check(fstat(file_, &fresh) == 0);
    // Some file systems (FAT) have one mode for all files, and refuse others.
    if (((fresh.st_mode ^ old.st_mode) & kPermissions) == 0) return;
    check(fchmod(file_, old.st_mode & kPermissions) == 0);
  }
  void write(std::span<const uint8_t> bytes) {
    if (const int error = write_all(disk_, file_, bytes)) {
      cannot_write(target_.string(), error);
    }
  }
  void sync() { check(disk_.fsync(file_) == 0); }
  void close() { check(disk_.close(std::exchange(file_, -1)) == 0); }
  void finish() {
    close();
    check(disk_.rename(path_.c_str(), target_.c_str()) == 0);
    done_ = true;
  }
  // False if somebody was there before.
  bool finish_new() {
    close();
    // The link is for file systems that do not know the flag.
    done_ = renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(),
                      RENAME_NOREPLACE) == 0;
    if (done_) return true;
    if (errno == EINVAL && link(path_.c_str(), target_.c_str()) == 0) {
      return true;
    }
    if (errno == EEXIST) return false;
    cannot_write(target_.string(), errno);
  }

 private:
  void check(bool ok) const {
    if (!ok) cannot_write(target_.string(), errno);
  }

  Disk& disk_;
  const fs::path target_, path_;
  int file_;
  bool done_ = false;
};

}  // namespace

bool await_reader(int file) {
  constexpr int kLookMs = 50, kMostLooks = 40;
  pollfd room{file, POLLOUT, 0};
  for (int looks = 0; poll(&room, 1, kLookMs) <= 0;) {
    if (is_asked_to_end() && ++looks == kMostLooks) return false;
  }
  return true;
}

void write_file(const std::string& path, std::span<const uint8_t> bytes,
                Disk& disk) {
  struct stat old {};
  const bool exists = stat(path.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) cannot_write(path, errno);
  if (exists) {
    if (S_ISDIR(old.st_mode)) cannot_write(path, EISDIR);
    if (const std::optional<int> own = own_stream(old)) {
      const int error = write_to_reader(*own, bytes);
      return error ? cannot_write(path, error) : void();
    }
    if (!S_ISREG(old.st_mode) || names_own_descriptor(path)) {
      return write_in_place(path, old, bytes);
    }
    // To rename over it would need no leave of its own.
    if (faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
      cannot_write(path, errno);
    }
  }
  Replacement fresh(disk, behind_links(path), kAnybody);
  if (exists) fresh.look_like(old);
  fresh.write(bytes);
  fresh.finish();
}

void write_file(const std::string& path, const std::string& text, Disk& disk) {
  write_file(path, bytes_of(text), disk);
}

bool write_secret(const std::string& path, const std::string& text,
                  Existing existing, Disk& disk) {
  struct stat old {};
  if (lstat(path.c_str(), &old) == 0) {
    if (existing == Existing::kStays) return false;
    if (S_ISDIR(old.st_mode)) cannot_write(path, EISDIR);
    if (!S_ISREG(old.st_mode) && !S_ISLNK(old.st_mode)) {
      throw Error(Exit::kUsage, printable(path) + ": is not a file",
                  "give another name");
    }
  }
  const fs::path target = path;
  Replacement fresh(disk, target, kOwner);
  fresh.write(bytes_of(text));
  fresh.sync();
  if (existing == Existing::kReplaced) {
    fresh.finish();
  } else if (!fresh.finish_new()) {
    return false;
  }
  sync_folder(disk, folder_of(target).string());
  return true;
}

void append_file(const std::string& path, const std::string& text) {
  Descriptor file(open(path.c_str(),
                       O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC,
                       kAnybody));
  struct stat before {};
  if (!file.is_open() || fstat(file.get(), &before) != 0) {
    cannot_write(path, errno);
  }
  if (const int error = write_all(system_disk(), file.get(), bytes_of(text))) {
    static_cast<void>(!ftruncate(file.get(), before.st_size));
    cannot_write(path, error);
  }
  if (!file.close()) cannot_write(path, errno);
}

void check_writable(const std::string& path) {
  struct stat info {};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) cannot_write(path, EISDIR);
  if (exists && (!S_ISREG(info.st_mode) || own_stream(info))) return;
  const auto may_write = [&](const std::string& what) {
    if (faccessat(AT_FDCWD, what.c_str(), W_OK, AT_EACCESS) != 0) {
      cannot_write(path, errno);
    }
  };
  if (exists) may_write(path);
  may_write(folder_of(behind_links(path)).string());
}

void make_folder(const std::string& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (!failed && fs::is_directory(path, failed)) return;
  if (!failed) failed = std::make_error_code(std::errc::not_a_directory);
  throw Error(Exit::kInternal,
              printable(path) + ": no folder can be made: " + failed.message());
}

}  // namespace shoal
