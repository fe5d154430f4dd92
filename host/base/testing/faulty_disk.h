// A disk that fails on purpose, over a real folder: at any call, and inside of
// a write at any byte; or its power goes there, and what was not synced may be
// lost, kept or torn.
//
//   FaultyDisk disk(folder);
//   disk.fail_at(position, DiskFault::kPowerCut);
//   ... work on disk, which ends in an Error
//   disk.power_on(seed);             // the folder as it may be found then
//
// Positions count from 0: a call takes one, and a write one more for each of
// its bytes. What the folder holds at the beginning is on the disk for good.
// The code under test opens files for writing by this disk alone. What a write
// or an erasure of a file that was opened with O_DSYNC has written is synced.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "host/base/disk.h"
#include "host/base/files.h"

namespace shoal {

enum class DiskFault {
  kNone,
  kError,     // EIO, once
  kFull,      // ENOSPC, from then on
  kPowerCut,  // nothing more happens
};

// A file's bytes up to its last hole, which is zeros.
struct FileBytes {
  std::vector<uint8_t> bytes;
  uint64_t size = 0;
};
using FolderBytes = std::map<std::string, FileBytes>;

inline FolderBytes read_folder(const std::filesystem::path& folder) {
  FolderBytes all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    FileBytes& f = all[entry.path().filename().string()];
    f.size = entry.file_size();
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    off_t end = 0;
    for (off_t at = 0; (at = lseek(file, at, SEEK_DATA)) >= 0;) {
      end = at = lseek(file, at, SEEK_HOLE);
    }
    f.bytes.resize(static_cast<size_t>(end));
    if (pread(file, f.bytes.data(), f.bytes.size(), 0) != end) abort();
    ::close(file);
  }
  return all;
}

// Nothing else is left in it.
inline void write_folder(const std::filesystem::path& folder,
                         const FolderBytes& all) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  for (const auto& [name, f] : all) {
    const std::string path = (folder / name).string();
    write_file(path, f.bytes);
    std::filesystem::resize_file(path, f.size);
  }
}

class FaultyDisk final : public Disk {
 public:
  explicit FaultyDisk(std::filesystem::path folder)
      : folder_(std::move(folder)) {
    for (auto& [name, bytes] : read_folder(folder_)) {
      names_[name] = std::make_shared<Inode>();
      names_[name]->synced = std::move(bytes);
    }
    synced_names_ = names_;
  }

  void fail_at(uint64_t position, DiskFault fault) {
    at_ = position;
    fault_ = fault;
  }
  uint64_t positions() const { return passed_; }
  bool has_failed() const { return failed_; }

  int open(const char* path, int flags, mode_t mode) override {
    const std::string name = name_of(path);
    const bool makes = flags & O_CREAT && !names_.contains(name);
    if (!may_pass(makes)) return -1;
    const int file = Disk::open(path, flags & ~O_DSYNC, mode);
    if (file < 0 || flags & O_DIRECTORY) return keep(file, nullptr, false);
    if (makes) {
      names_[name] = std::make_shared<Inode>();
      changes_.push_back(
          [name, inode = names_[name]](Names& names) { names[name] = inode; });
    }
    const std::shared_ptr<Inode>& inode = names_[name];
    if (!makes && flags & O_TRUNC) inode->pending.push_back({true, 0, {}});
    return keep(file, inode, flags & O_DSYNC);
  }

  int close(int file) override {
    files_.erase(file);
    return Disk::close(file);
  }

  ssize_t write(int file, const void* bytes, size_t count) override {
    return put(file, bytes, count, lseek(file, 0, SEEK_END), false);
  }
  ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) override {
    return put(file, bytes, count, at, true);
  }

  int ftruncate(int file, off_t bytes) override {
    if (!may_pass(true)) return -1;
    files_.at(file).inode->pending.push_back(
        {true, static_cast<uint64_t>(bytes), {}});
    return Disk::ftruncate(file, bytes);
  }

  int allocate(int file, off_t bytes) override {
    return ftruncate(file, bytes);
  }

  int fsync(int file) override {
    if (!may_pass(true)) return -1;
    const std::shared_ptr<Inode>& inode = files_.at(file).inode;
    if (inode) {
      for (const Change& c : inode->pending) apply(c, inode->synced);
      inode->pending.clear();
    } else {
      synced_names_ = names_;
      changes_.clear();
    }
    return 0;
  }

  int rename(const char* from, const char* to) override {
    if (!may_pass(false)) return -1;
    const auto move = [a = name_of(from), b = name_of(to)](Names& names) {
      names[b] = names.at(a);
      names.erase(a);
    };
    move(names_);
    changes_.push_back(move);
    return Disk::rename(from, to);
  }

  int unlink(const char* path) override {
    if (!may_pass(false)) return -1;
    const std::string name = name_of(path);
    names_.erase(name);
    changes_.push_back([name](Names& names) { names.erase(name); });
    return Disk::unlink(path);
  }

  // Names change in their order. Of a file each sector of 512 bytes is found as
  // it was after some of the writes, and so is its length. Seeds 0 and 1
  // (mod 4): none and all of it.
  void power_on(unsigned seed) {
    std::mt19937 random(seed);
    const auto pick = [&](size_t count) -> size_t {
      if (seed % 4 == 0) return 0;
      return seed % 4 == 1 ? count : random() % (count + 1);
    };
    Names names = synced_names_;
    for (size_t n = pick(changes_.size()), i = 0; i < n; ++i) {
      changes_[i](names);
    }
    FolderBytes found;
    for (const auto& [name, inode] : names) {
      found[name] = after_a_cut(*inode, pick);
    }
    write_folder(folder_, found);
  }

 private:
  struct Change {
    bool truncates;
    uint64_t at;  // or the new size
    std::vector<uint8_t> bytes;
  };
  struct Inode {
    FileBytes synced;
    std::vector<Change> pending;
  };
  struct File {
    std::shared_ptr<Inode> inode;  // null: the folder
    bool synced;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  static std::string name_of(const std::string& path) {
    return std::filesystem::path(path).filename().string();
  }

  static void apply(const Change& c, FileBytes& file) {
    if (c.truncates) {
      file.size = c.at;
      if (file.bytes.size() > c.at) file.bytes.resize(c.at);
      return;
    }
    const uint64_t end = c.at + c.bytes.size();
    file.size = std::max(file.size, end);
    file.bytes.resize(std::max<size_t>(file.bytes.size(), end));
    std::copy(c.bytes.begin(), c.bytes.end(),
              file.bytes.begin() + static_cast<ptrdiff_t>(c.at));
  }

  template <class Pick>
  static FileBytes after_a_cut(const Inode& inode, const Pick& pick) {
    constexpr size_t kSector = 512;
    const size_t count = inode.pending.size();
    if (count == 0) return inode.synced;
    FileBytes now = inode.synced, found;
    const size_t length_of = pick(count);
    std::vector<size_t> version;  // of each sector
    for (size_t n = 0;; ++n) {
      while (version.size() * kSector < now.bytes.size()) {
        version.push_back(pick(count));
      }
      found.bytes.resize(std::max(found.bytes.size(), now.bytes.size()));
      for (size_t s = 0; s < version.size(); ++s) {
        if (version[s] < n || s * kSector >= now.bytes.size()) continue;
        const auto from = static_cast<ptrdiff_t>(s * kSector);
        const auto to = static_cast<ptrdiff_t>(
            std::min((s + 1) * kSector, now.bytes.size()));
        std::copy(now.bytes.begin() + from, now.bytes.begin() + to,
                  found.bytes.begin() + from);
      }
      if (n == length_of) found.size = now.size;
      if (n == count) break;
      apply(inode.pending[n], now);
    }
    if (found.bytes.size() > found.size) found.bytes.resize(found.size);
    return found;
  }

  int keep(int file, std::shared_ptr<Inode> inode, bool synced) {
    if (file >= 0) files_[file] = {std::move(inode), synced};
    return file;
  }

  // Returns whether the call may pass; it takes `more` bytes, of which `done`
  // do.
  bool may_pass(bool grows) {
    size_t done = 0;
    return may_pass(grows, 0, done);
  }
  bool may_pass(bool grows, size_t more, size_t& done) {
    const uint64_t begin = passed_;
    passed_ += 1 + more;
    done = more;
    if (dead_) return refuse(EIO);
    if (failed_ && fault_ == DiskFault::kFull && grows) return refuse(ENOSPC);
    if (std::exchange(next_fails_, false)) return refuse(EIO);
    if (failed_ || fault_ == DiskFault::kNone) return true;
    if (at_ < begin || at_ >= begin + 1 + more) return true;
    failed_ = true;
    done = static_cast<size_t>(at_ - begin);
    switch (fault_) {
      case DiskFault::kPowerCut:
        dead_ = true;
        return refuse(EIO);
      case DiskFault::kFull:
        return done > 0 || !grows || refuse(ENOSPC);
      default:
        next_fails_ = done > 0;
        return done > 0 || refuse(EIO);
    }
  }
  static bool refuse(int why) {
    errno = why;
    return false;
  }

  ssize_t put(int file, const void* from, size_t count, off_t at, bool placed) {
    const File& f = files_.at(file);
    size_t done = 0;
    const bool was_dead = dead_;
    const bool passes = may_pass(true, count, done);
    if (!passes && (was_dead || !dead_ || done == 0)) return -1;
    const auto* const bytes = static_cast<const uint8_t*>(from);
    const Change change{
        false, static_cast<uint64_t>(at), {bytes, bytes + done}};
    if (f.synced && passes) {
      apply(change, f.inode->synced);
    } else {
      f.inode->pending.push_back(change);
    }
    if (!passes) return refuse(EIO), -1;
    return placed ? Disk::pwrite(file, from, done, at)
                  : Disk::write(file, from, done);
  }

  const std::filesystem::path folder_;
  Names names_, synced_names_;
  std::vector<std::function<void(Names&)>> changes_;  // since the last sync
  std::map<int, File> files_;
  uint64_t passed_ = 0, at_ = 0;
  DiskFault fault_ = DiskFault::kNone;
  bool failed_ = false, dead_ = false, next_fails_ = false;
};

}  // namespace shoal
