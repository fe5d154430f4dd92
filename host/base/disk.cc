#include "host/base/disk.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/base/text_bytes.h"

namespace shoal {
namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw Error(Exit::kInternal,
              path + ": cannot be written: " + std::strerror(errno));
}

// Returns the bytes that this user may still write to the file's disk, if it
// says so.
std::optional<uint64_t> free_bytes(int file) {
  struct statvfs info {};
  if (fstatvfs(file, &info) != 0 || info.f_blocks == 0) return std::nullopt;
  return uint64_t{info.f_bavail} * info.f_frsize;
}

[[noreturn]] void refuse_full(const std::string& path, int why, uint64_t bytes,
                              const std::optional<uint64_t>& free) {
  std::string what = path + ": cannot be written: " + std::strerror(why) +
                     ": it takes " + format_bytes(static_cast<int64_t>(bytes));
  if (free && *free < bytes) {
    what += ", " + format_bytes(static_cast<int64_t>(*free)) + " are free, " +
            format_bytes(static_cast<int64_t>(bytes - *free)) + " are missing";
  }
  throw Error(Exit::kInternal, what,
              std::string("free as much on this disk") + kOrElse +
                  "choose a folder on another disk");
}

}  // namespace

int Disk::open(const char* path, int flags, mode_t mode) {
  return ::open(path, flags, mode);
}
int Disk::close(int file) { return ::close(file); }
ssize_t Disk::write(int file, const void* bytes, size_t count) {
  return ::write(file, bytes, count);
}
ssize_t Disk::pwrite(int file, const void* bytes, size_t count, off_t at) {
  return ::pwrite(file, bytes, count, at);
}
int Disk::ftruncate(int file, off_t bytes) { return ::ftruncate(file, bytes); }
int Disk::allocate(int file, off_t bytes) {
  return ::fallocate(file, 0, 0, bytes);
}
int Disk::fsync(int file) { return ::fsync(file); }
int Disk::rename(const char* from, const char* to) {
  return ::rename(from, to);
}
int Disk::unlink(const char* path) { return ::unlink(path); }

Disk& system_disk() {
  static Disk disk;
  return disk;
}

DiskFile::DiskFile(Disk& disk, const std::string& path, int flags, mode_t mode)
    : disk_(disk),
      path_(path),
      file_(disk.open(path.c_str(), flags | O_CLOEXEC, mode)) {
  if (file_ < 0) fail();
}

DiskFile::~DiskFile() {
  if (file_ >= 0) disk_.close(file_);
}

void DiskFile::fail() const { refuse(path_); }

void DiskFile::append(std::span<const uint8_t> bytes) {
  const bool written = move_all(bytes.size(), [&](size_t done) {
    return disk_.write(file_, bytes.data() + done, bytes.size() - done);
  });
  if (!written) fail();
}

void DiskFile::append(const std::string& text) { append(bytes_of(text)); }

void DiskFile::put(uint64_t at, std::span<const uint8_t> bytes) {
  const bool written = move_all(bytes.size(), [&](size_t done) {
    return disk_.pwrite(file_, bytes.data() + done, bytes.size() - done,
                        static_cast<off_t>(at + done));
  });
  if (!written) fail();
}

void DiskFile::resize(uint64_t bytes) {
  if (disk_.ftruncate(file_, static_cast<off_t>(bytes)) != 0) fail();
}

void DiskFile::reserve(uint64_t bytes) {
  // An allocation that fails may have taken a part of what is free.
  const std::optional<uint64_t> free = free_bytes(file_);
  int result;
  do {
    result = disk_.allocate(file_, static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return;
  if (errno == ENOSPC || errno == EDQUOT) {
    refuse_full(path_, errno, bytes, free);
  }
  if (errno != EOPNOTSUPP && errno != ENOSYS) fail();
  if (free && *free < bytes) refuse_full(path_, ENOSPC, bytes, free);
  resize(bytes);
}

void DiskFile::sync() {
  if (disk_.fsync(file_) != 0) fail();
}

void DiskFile::close() {
  const int file = file_;
  file_ = -1;
  if (disk_.close(file) != 0) fail();
}

void rename_file(Disk& disk, const std::string& from, const std::string& to) {
  if (disk.rename(from.c_str(), to.c_str()) != 0) refuse(to);
}

void remove_file(Disk& disk, const std::string& path) {
  if (disk.unlink(path.c_str()) == 0 || errno == ENOENT) return;
  throw Error(Exit::kInternal,
              path + ": cannot be removed: " + std::strerror(errno));
}

void sync_folder(Disk& disk, const std::string& folder) {
  const std::string path = folder.empty() ? "." : folder;
  DiskFile file(disk, path, O_RDONLY | O_DIRECTORY);
  // Some file systems cannot: then there is nothing better.
  if (disk.fsync(file.descriptor()) != 0 && errno != EINVAL) refuse(path);
}

}  // namespace shoal
