// A sequence on disk, so that it outlives the process that coordinates it: the
// last copy of its variables and, behind it, the input of each frame that has
// had an answer since. Another process runs these frames again from the copy,
// and then knows what the nodes held.
//
//   SequenceFile file("words.sequence", key, lock);
//   ... go on with file.take_known()
//   file.add(frame);              // before its answer is given
//   file.renew(frames, values);   // a copy of all frames so far
//
// spec/files.md has the format. What add() and renew() have written is on the
// disk when they return. A last frame that was cut off had no answer and is
// forgotten; anything else that is not as it should be is refused, and the file
// is left as it is.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/base/disk.h"
#include "host/base/file_lock.h"

namespace shoal {

struct SequenceFrame {
  std::string file;  // the kept_file() (frame_source.h) of it, if it has one
  std::vector<uint8_t> input;
};

struct KnownSequence {
  int64_t frames = 0;           // that the copy covers
  std::vector<uint8_t> values;  // of all variables behind them
  std::deque<SequenceFrame> since;
};

class SequenceFile {
 public:
  // Reads what is there. `key`: what the values belong to, and behind a space
  // its name for messages. Throws Error(kCorrupt) for a file that is damaged,
  // Error(kUsage) for that of another model, Error(kBusy) if another process
  // writes it.
  SequenceFile(const std::string& path, const std::string& key,
               const LockRequest& = {}, Disk& = system_disk());

  const std::string& path() const { return path_; }
  // Returns whether there was a sequence, which the first call of take_known()
  // returns.
  bool was_there() const { return was_there_; }
  KnownSequence take_known() { return std::exchange(known_, {}); }

  // Frames of the sequence that the file covers.
  int64_t end() const { return end_; }
  // The frame after those has got its answer. Throws Error(kInternal) if it
  // cannot be written, and from then on. The first call of all is renew().
  void add(const SequenceFrame&);
  // Replaces everything by a copy that covers end() frames, unless a sender has
  // still the file of one of them, and may give it again.
  void renew(std::span<const uint8_t> values);

 private:
  size_t parse(std::span<const uint8_t> bytes);

  Disk& disk_;
  const std::string path_, key_;
  const FileLock lock_;
  KnownSequence known_;
  bool was_there_ = false;
  int64_t end_ = 0;
  std::deque<std::string> files_;  // of frames behind the copy; may be gone
  std::unique_ptr<DiskFile> file_;
};

}  // namespace shoal
