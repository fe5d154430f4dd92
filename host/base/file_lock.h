// The owner of something that one process at a time may write (a store, a
// journal): a lock on a file of its own beside it, which the system drops with
// its process, however that ends. The file's text says who the owner is.
//
//   const FileLock lock("d/store.lock", LockMode::kExclusive, "d: the store",
//                       {.owner = "shoal run", .wait_s = 5});
//
// A lock file that is left by a process that was killed means nothing; one
// that was released is gone.
#pragma once

#include <functional>
#include <string>

namespace shoal {

enum class LockMode { kShared, kExclusive };

// The process that asks, and how long it waits for its turn.
struct LockRequest {
  std::string owner = "a program";
  double wait_s = 0;
  // Told once, before it waits.
  std::function<void(const std::string&)> waits = {};
  // Asked between tries: whether the wait shall end with Error(kInternal).
  std::function<bool()> stops = {};
  // The advice in the error if it is not free in time; empty: --wait.
  std::string fix = {};
};

class FileLock {
 public:
  // `thing`: what is owned, for messages. Throws Error(kBusy) naming the owner
  // if it is not free in time; Error(kInternal) if there can be no lock. A
  // shared lock where nothing can be written, and no process has locked, is
  // none: a card that is only read has no owner.
  FileLock(const std::string& path, LockMode, const std::string& thing,
           const LockRequest&);
  ~FileLock();
  FileLock(FileLock&&) noexcept;
  FileLock& operator=(FileLock&&) = delete;

 private:
  enum class Try { kDone, kBusy, kAgain };
  Try attempt(LockMode, const LockRequest&, std::string& holder);
  Try take(int file, LockMode, const LockRequest&, std::string& holder);
  bool is_current(int file) const;
  void sign(int file, const LockRequest&) const;

  std::string path_;
  int file_ = -1;
};

}  // namespace shoal
