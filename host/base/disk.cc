#include "host/base/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "host/base/error.h"

namespace shoal {
namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw Error(Exit::kInternal,
              path + ": cannot be written: " + std::strerror(errno));
}

// Calls `move(bytes)`, which says how many it has written, until all are.
template <class Move>
bool move_all(std::span<const uint8_t> bytes, Move&& move) {
  while (!bytes.empty()) {
    const ssize_t moved = move(bytes);
    if (moved < 0 && errno == EINTR) continue;
    if (moved == 0) errno = ENOSPC;
    if (moved <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(moved));
  }
  return true;
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
  const bool done = move_all(bytes, [&](std::span<const uint8_t> left) {
    return disk_.write(file_, left.data(), left.size());
  });
  if (!done) fail();
}

void DiskFile::append(const std::string& text) {
  append({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

void DiskFile::put(uint64_t at, std::span<const uint8_t> bytes) {
  const uint8_t* const begin = bytes.data();
  const bool done = move_all(bytes, [&](std::span<const uint8_t> left) {
    const auto gone = static_cast<uint64_t>(left.data() - begin);
    return disk_.pwrite(file_, left.data(), left.size(),
                        static_cast<off_t>(at + gone));
  });
  if (!done) fail();
}

void DiskFile::resize(uint64_t bytes) {
  if (disk_.ftruncate(file_, static_cast<off_t>(bytes)) != 0) fail();
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
