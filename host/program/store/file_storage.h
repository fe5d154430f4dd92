// A store's file as an asynchronous storage: one thread reads (and, for
// spills, writes and erases) while the node computes; small reads that need no
// disk are done when they start. Bytes go from the file straight to where the
// node wants them.
//
// Only the spill area can be written. An operation outside of the file, or of
// half a block, is refused; one that the file cannot serve fails at its poll.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "host/base/disk.h"
#include "host/program/store/host_storage.h"

namespace shoal {

struct FileCounters {
  int64_t reads = 0, read_bytes = 0;
  int64_t writes = 0, written_bytes = 0;
  int64_t erases = 0, erased_bytes = 0;
  int64_t waits = 0;      // times that the node had to sleep
  double wait_s = 0;      // in these
  double transfer_s = 0;  // operations, from start to end
};

enum class Lifetime : uint8_t {
  kKept,       // a write or an erasure that has ended survives a power cut
  kTemporary,  // the file goes when the process does
};

class FileStorage final : public HostStorage {
 public:
  // Offset 0 is byte `base` of the file, `bytes` follow it. `spill`: what may
  // be written, offsets as of reads. Throws Error(kCorrupt) for a file that
  // is too short, Error(kUsage) if it cannot be opened, Error(kBusy) if it is
  // to be written and another process does.
  FileStorage(const std::string& path, uint64_t base, uint32_t bytes,
              std::optional<shoal_spill_area> spill = {},
              Lifetime = Lifetime::kKept, Disk& = system_disk());
  ~FileStorage() override;

  const shoal_storage& storage() const override { return storage_; }
  uint32_t bytes() const override { return bytes_; }
  bool busy() const override;
  // A write that the system refuses (a full disk, say) is no worn block: it is
  // the last operation that is tried.
  std::string failure() const override;
  void wait() override;
  // Operations count when a poll has seen their end.
  const FileCounters& counters() const { return counters_; }

 private:
  enum class Kind { kRead, kWrite, kErase };
  enum State : int { kIdle, kAsked, kDone, kFailed, kQuit };
  struct Operation {
    Kind kind = Kind::kRead;
    uint32_t offset = 0, bytes = 0;
    uint8_t* to = nullptr;
    const uint8_t* from = nullptr;
    double seconds = 0;  // that it took
  };

  static int read(void* self, uint32_t offset, uint32_t bytes, void* to);
  static int poll(void* self);
  static int write(void* self, uint32_t offset, uint32_t bytes,
                   const void* from);
  static int erase(void* self, uint32_t offset, uint32_t bytes);
  int ask(const Operation&);
  bool read_at_once();
  bool writable(uint32_t offset, uint32_t bytes, uint32_t unit) const;
  void work();
  bool perform();
  void count();

  Disk& disk_;
  const std::string path_;
  int file_ = -1;
  const uint64_t base_;
  const uint32_t bytes_;
  const std::optional<shoal_spill_area> spill_;
  shoal_storage storage_;
  Operation operation_;
  FileCounters counters_;
  std::atomic<int> state_{kIdle};
  std::atomic<int> refused_{0};  // errno of a write
  std::thread thread_;
};

}  // namespace shoal
