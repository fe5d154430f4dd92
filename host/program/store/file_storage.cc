#include "host/program/store/file_storage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "host/base/error.h"
#include "host/base/size.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kLittle = 256 * 1024;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

FileStorage::FileStorage(const std::string& path, uint64_t base, uint32_t bytes,
                         std::optional<shoal_spill_area> spill,
                         Lifetime lifetime, Disk& disk)
    : disk_(disk),
      path_(path),
      base_(base),
      bytes_(bytes),
      spill_(spill),
      storage_{this, &read, &poll, spill ? &write : nullptr,
               spill ? &erase : nullptr} {
  // With O_DSYNC the order of operations is the order on the disk: the ledger
  // is ahead of the pages that it covers whenever the power fails.
  const int durable = lifetime == Lifetime::kKept ? O_DSYNC : 0;
  const int access = spill ? O_RDWR | durable : O_RDONLY;
  file_ = disk_.open(path.c_str(), access | O_CLOEXEC, 0);
  if (file_ < 0) {
    throw Error(Exit::kUsage, path + ": " + std::strerror(errno));
  }
  struct stat info {};
  if (fstat(file_, &info) != 0 || !S_ISREG(info.st_mode) ||
      static_cast<uint64_t>(info.st_size) < base + bytes) {
    disk_.close(file_);
    throw Error(Exit::kCorrupt,
                path + ": " + format_count(info.st_size) + " bytes, " +
                    format_count(static_cast<int64_t>(base + bytes)) +
                    " are needed");
  }
  // The owner of the folder is the only one, unless the file has more names.
  if (spill && flock(file_, LOCK_EX | LOCK_NB) != 0) {
    disk_.close(file_);
    throw Error(Exit::kBusy, path + ": another process writes it");
  }
  posix_fadvise(file_, static_cast<off_t>(base), bytes, POSIX_FADV_SEQUENTIAL);
  thread_ = std::thread([this] { work(); });
}

FileStorage::~FileStorage() {
  wait();
  state_ = kQuit;
  state_.notify_all();
  thread_.join();
  disk_.close(file_);
}

std::string FileStorage::failure() const {
  if (refused_ == 0) return {};
  return path_ + ": cannot be written: " + std::strerror(refused_);
}

bool FileStorage::busy() const { return state_ != kIdle; }

void FileStorage::wait() {
  if (state_ != kAsked) return;
  const Clock::time_point start = Clock::now();
  while (state_ == kAsked) state_.wait(kAsked);
  ++counters_.waits;
  counters_.wait_s += seconds_since(start);
}

int FileStorage::ask(const Operation& operation) {
  const uint64_t end = uint64_t{operation.offset} + operation.bytes;
  if (state_ != kIdle || end > bytes_ || operation.bytes == 0) return 1;
  if (refused_ != 0) return 1;
  operation_ = operation;
  if (operation.kind == Kind::kRead && read_at_once()) {
    state_ = kDone;
    return 0;
  }
  state_ = kAsked;
  state_.notify_all();
  return 0;
}

// Waking the thread takes longer than copying a little that is in the system's
// memory already.
bool FileStorage::read_at_once() {
  if (operation_.bytes > kLittle) return false;
  const Clock::time_point start = Clock::now();
  const iovec to{operation_.to, operation_.bytes};
  const ssize_t moved = preadv2(
      file_, &to, 1, static_cast<off_t>(base_ + operation_.offset), RWF_NOWAIT);
  operation_.seconds = seconds_since(start);
  return moved == static_cast<ssize_t>(operation_.bytes);
}

int FileStorage::read(void* self, uint32_t offset, uint32_t bytes, void* to) {
  if (!to) return 1;
  return static_cast<FileStorage*>(self)->ask(
      {Kind::kRead, offset, bytes, static_cast<uint8_t*>(to), nullptr, 0});
}

bool FileStorage::writable(uint32_t offset, uint32_t bytes,
                           uint32_t unit) const {
  return offset >= spill_->offset && offset % unit == 0 && bytes % unit == 0 &&
         uint64_t{offset} + bytes <= uint64_t{spill_->offset} + spill_->bytes;
}

int FileStorage::write(void* self, uint32_t offset, uint32_t bytes,
                       const void* from) {
  FileStorage& s = *static_cast<FileStorage*>(self);
  if (!from || !s.writable(offset, bytes, s.spill_->write_bytes)) return 1;
  return s.ask({Kind::kWrite, offset, bytes, nullptr,
                static_cast<const uint8_t*>(from), 0});
}

int FileStorage::erase(void* self, uint32_t offset, uint32_t bytes) {
  FileStorage& s = *static_cast<FileStorage*>(self);
  if (!s.writable(offset, bytes, s.spill_->erase_bytes)) return 1;
  return s.ask({Kind::kErase, offset, bytes, nullptr, nullptr, 0});
}

int FileStorage::poll(void* self) {
  FileStorage& s = *static_cast<FileStorage*>(self);
  const int state = s.state_;
  if (state == kAsked) return 0;
  if (state == kIdle) return -1;
  if (state == kDone) s.count();
  s.state_ = kIdle;
  return state == kDone ? 1 : -1;
}

void FileStorage::count() {
  const int64_t bytes = operation_.bytes;
  counters_.transfer_s += operation_.seconds;
  switch (operation_.kind) {
    case Kind::kRead:
      ++counters_.reads, counters_.read_bytes += bytes;
      break;
    case Kind::kWrite:
      ++counters_.writes, counters_.written_bytes += bytes;
      break;
    case Kind::kErase:
      ++counters_.erases, counters_.erased_bytes += bytes;
      break;
  }
}

void FileStorage::work() {
  for (;;) {
    const int state = state_;
    if (state == kQuit) return;
    if (state != kAsked) {
      state_.wait(state);
      continue;
    }
    const Clock::time_point start = Clock::now();
    const bool done = perform();
    operation_.seconds = seconds_since(start);
    state_ = done ? kDone : kFailed;
    state_.notify_all();
  }
}

bool FileStorage::perform() {
  const Operation& o = operation_;
  const auto at = [&](size_t done) {
    return static_cast<off_t>(base_ + o.offset + done);
  };
  if (o.kind == Kind::kRead) {
    return move_all(o.bytes, [&](size_t done) {
      return pread(file_, o.to + done, o.bytes - done, at(done));
    });
  }
  std::vector<uint8_t> blank;
  if (o.kind == Kind::kErase) blank.assign(o.bytes, 0xFF);
  const uint8_t* const from = blank.empty() ? o.from : blank.data();
  const bool written = move_all(o.bytes, [&](size_t done) {
    return disk_.pwrite(file_, from + done, o.bytes - done, at(done));
  });
  if (!written) refused_ = errno;
  return written;
}

}  // namespace shoal
