// The few system calls that change files, behind one face, so that a test can
// let each of them fail, cut it short or take the power away in the middle.
// Code that writes files which must not be lost takes a Disk&.
//
//   DiskFile file(disk, path + ".new", O_WRONLY | O_CREAT | O_TRUNC);
//   file.append(bytes);
//   file.sync();
//   file.close();
//   rename_file(disk, path + ".new", path);
//   sync_folder(disk, folder);
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace shoal {

// Each as the call of its name: -1 and errno.
class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  virtual int open(const char* path, int flags, mode_t mode);
  virtual int close(int file);
  virtual ssize_t write(int file, const void* bytes, size_t count);
  virtual ssize_t pwrite(int file, const void* bytes, size_t count, off_t at);
  virtual int ftruncate(int file, off_t bytes);
  // Does what fallocate(2) of the first `bytes` does: the file gets this
  // length.
  virtual int allocate(int file, off_t bytes);
  virtual int fsync(int file);
  virtual int rename(const char* from, const char* to);
  virtual int unlink(const char* path);
};

// Returns the system's; it has no state.
Disk& system_disk();

// Calls `move(done)`, which moves bytes behind those and says how many, as
// calls of the system do, until `bytes` have been. False: errno says why not.
template <class Move>
bool move_all(size_t bytes, Move&& move) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t moved = move(done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved == 0) errno = ENOSPC;
    if (moved <= 0) return false;
    done += static_cast<size_t>(moved);
  }
  return true;
}

// An open file that is written. All functions throw Error(kInternal) that
// names the file and the system's reason.
class DiskFile {
 public:
  // `flags` as of open(2); O_CLOEXEC is added.
  DiskFile(Disk&, const std::string& path, int flags, mode_t mode = 0644);
  ~DiskFile();
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;

  // At the file's position (with O_APPEND: its end); all bytes.
  void append(std::span<const uint8_t>);
  void append(const std::string&);
  // At byte `at`.
  void put(uint64_t at, std::span<const uint8_t>);
  void resize(uint64_t bytes);
  // Resizes an empty file so that later writes below `bytes` find room. Where
  // the file system cannot promise that, checks that as much is free now.
  // The Error of a full disk says how much is missing.
  void reserve(uint64_t bytes);
  void sync();
  // Closes the file. Errors that the system has held back until now are thrown
  // here.
  void close();
  int descriptor() const { return file_; }

 private:
  [[noreturn]] void fail() const;

  Disk& disk_;
  const std::string path_;
  int file_;
};

// These throw likewise.
void rename_file(Disk&, const std::string& from, const std::string& to);
// A file that is not there is removed already.
void remove_file(Disk&, const std::string& path);
// Makes all files that were made, renamed and removed in the folder survive a
// power cut from now on, as far as its file system can say so.
void sync_folder(Disk&, const std::string& folder);

}  // namespace shoal
