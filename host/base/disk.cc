#include "host/base/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "host/base/error.h"
#include "host/base/text_bytes.h"

namespace shoal {
namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw Error(Exit::kInternal,
              path + ": cannot be written: " + std::strerror(errno));
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
