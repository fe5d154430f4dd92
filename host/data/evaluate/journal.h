// The answers of a run as they come, in a file, so that a run that was ended
// in the middle goes on where it was. A text:
//
//   shoal evaluate 2 KEY
//   FRAME CONTENT NUMBER ... CHECK
//
// in any order of frames. CONTENT is content_of() of the frame, so that an
// answer does not outlive the picture that it was given for. The numbers are
// those of a FrameAnswer, of a classifier its five best classes. CHECK is the
// CRC-32 of the line before it. A last line without its end was cut off and is
// forgotten, and so is everything from a hole on (zeros to the end of a sector,
// where a power cut has kept the file's length and not its bytes); anything
// else that is not as it should be is refused, and the file is left as it is. A
// power cut costs the last kUnsynced answers at most, which are computed again.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/disk.h"
#include "host/base/file_lock.h"
#include "host/data/evaluate/evaluate.h"

namespace shoal {

// Returns what answers depend on, as words PART:HASH: the model (the checksum
// of its file), the list of items and labels, how pictures become inputs, how
// outputs are interpreted, and the version of shoal. The plan is not part of
// it, since it changes no byte.
std::string journal_key(const std::string& model, const Dataset&,
                        const InputOptions&, const std::string& task = "");

// The answers that a run may find in its journal: those of `frames` items of a
// model with `classes` classes, or those that `possible` takes.
struct JournalLimits {
  std::string key;
  int64_t frames = 0;
  int classes = 0;
  std::function<bool(int64_t frame, const FrameAnswer&)> possible = {};
};

// Returns a hash of the item's bytes, not negative.
int64_t content_of(const Dataset&, int64_t item);

struct JournalText {
  Answers answers;
  std::map<int64_t, int64_t> contents;  // by frame, as the answers
  size_t bytes = 0;                     // up to the last complete line
};
// Throws Error(kUsage) for what is no journal, or another run's;
// Error(kCorrupt) naming the line. `name` is for messages.
JournalText parse_journal(std::string_view text, const JournalLimits&,
                          const std::string& name);

// A journal on disk, of one run at a time.
class Journal {
 public:
  static constexpr int kUnsynced = 64;

  // Reads what is there, or begins a new one. Throws as parse_journal(),
  // Error(kBusy) if another run writes it, Error(kUsage) if it cannot be had.
  Journal(const std::string& path, const JournalLimits&,
          const LockRequest& = {}, Disk& = system_disk());
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Returns the answers that were there at the beginning.
  const Answers& known() const { return known_; }
  // Throws Error(kUsage) if the item of a known answer has changed since.
  void expect_unchanged(const Dataset&, int64_t item) const;
  // Throws Error(kInternal) if it cannot be written, and from then on.
  void add(int64_t frame, int64_t content, const FrameAnswer&);

 private:
  void append(const std::string& text);
  [[noreturn]] void fail();

  void sync();

  Disk& disk_;
  std::string path_;
  std::optional<FileLock> lock_;
  int file_ = -1;
  int unsynced_ = 0;
  bool failed_ = false;
  Answers known_;
  std::map<int64_t, int64_t> contents_;
};

}  // namespace shoal
