#include "host/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>
#include <utility>

#include "host/base/error.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kBetweenTries = std::chrono::milliseconds(10);
// The last reader that leaves has the file for itself for a moment; a process
// that comes then is not refused for that.
constexpr auto kLeaving = std::chrono::milliseconds(250);
constexpr size_t kLongestText = 256;

// "shoal run, process 12 on HOST, since 2026-01-02 03:04:05 UTC"
std::string signature(const std::string& owner) {
  char host[128] = "this computer";
  static_cast<void>(gethostname(host, sizeof host - 1));
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char since[64] = "";
  std::strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", &utc);
  return owner + ", process " + std::to_string(getpid()) + " on " + host +
         ", since " + since + "\n";
}

// Anybody may have written it.
std::string read_signature(int file) {
  char bytes[kLongestText];
  const ssize_t count = pread(file, bytes, sizeof bytes, 0);
  std::string text(bytes, count > 0 ? static_cast<size_t>(count) : 0);
  text.resize(std::min(text.find('\n'), text.size()));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text.empty() ? "another process" : text;
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(Exit::kInternal, path + ": cannot be locked: " + why);
}

}  // namespace

FileLock::FileLock(const std::string& path, LockMode mode,
                   const std::string& thing, const LockRequest& request)
    : path_(path) {
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration<double>(request.wait_s);
  const auto leaving = begin + kLeaving;
  std::string holder;
  for (bool told = false;;) {
    const Try result = attempt(mode, request, holder);
    if (result == Try::kDone) return;
    if (result == Try::kAgain) continue;
    if (request.stops && request.stops()) {
      throw Error(Exit::kInternal, thing + ": interrupted");
    }
    const auto now = Clock::now();
    if (now >= end && now >= leaving) break;
    if (!told && now < end && request.waits) {
      request.waits(thing + " waits for " + holder);
    }
    told = true;
    std::this_thread::sleep_for(kBetweenTries);
  }
  throw Error(Exit::kBusy, thing + " is busy: " + holder + " has it",
              !request.fix.empty() ? request.fix
              : request.wait_s > 0 ? "give a longer --wait"
                                   : "add --wait SECONDS");
}

FileLock::FileLock(FileLock&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

// The last one removes the file, so its name means somebody. A process that
// opened it before sees that it is gone (is_current) and makes a new one.
FileLock::~FileLock() {
  if (file_ < 0) return;
  if (flock(file_, LOCK_EX | LOCK_NB) == 0 && is_current(file_)) {
    unlink(path_.c_str());
  }
  close(file_);
}

FileLock::Try FileLock::attempt(LockMode mode, const LockRequest& request,
                                std::string& holder) {
  constexpr int kFlags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;
  int file = open(path_.c_str(), kFlags | O_RDWR | O_CREAT, 0644);
  if (file < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
    const int why = errno;
    file = open(path_.c_str(), kFlags | O_RDONLY);
    if (file < 0 && errno == ENOENT) {
      if (mode == LockMode::kShared) return Try::kDone;
      refuse(path_, std::strerror(why));
    }
  }
  if (file < 0) refuse(path_, std::strerror(errno));
  try {
    const Try result = take(file, mode, request, holder);
    if (result == Try::kDone) {
      file_ = file;
    } else {
      close(file);
    }
    return result;
  } catch (...) {
    close(file);
    throw;
  }
}

FileLock::Try FileLock::take(int file, LockMode mode,
                             const LockRequest& request, std::string& holder) {
  struct stat status {};
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    refuse(path_, "it is not a file");
  }
  const int kind = mode == LockMode::kShared ? LOCK_SH : LOCK_EX;
  if (flock(file, kind | LOCK_NB) != 0) {
    if (errno == EINTR) return Try::kAgain;
    if (errno != EWOULDBLOCK) refuse(path_, std::strerror(errno));
    holder = read_signature(file);
    return Try::kBusy;
  }
  if (!is_current(file)) return Try::kAgain;
  sign(file, request);
  return Try::kDone;
}

bool FileLock::is_current(int file) const {
  struct stat mine {
  }, named{};
  return fstat(file, &mine) == 0 && lstat(path_.c_str(), &named) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

// For a person: a full disk, or a file of somebody else's, keeps it from
// nothing.
void FileLock::sign(int file, const LockRequest& request) const {
  const std::string text = signature(request.owner);
  if (ftruncate(file, 0) != 0) return;
  static_cast<void>(!pwrite(file, text.data(), text.size(), 0));
}

}  // namespace shoal
