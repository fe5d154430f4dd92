// Frames one after another from stdin, a pipe, a FIFO or a file: of a fixed
// size, or each behind its length (uint32, little-endian).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/descriptor.h"

namespace shoal {

class FramePipe {
 public:
  // `path`: "-" is stdin. `fixed`: bytes of a frame; none: a length stands
  // before each, which is at most `most`. Throws Error(kUsage) for a path that
  // cannot be read.
  FramePipe(std::string path, std::optional<int64_t> fixed, int64_t most);

  // Returns the next frame; none at the end of the input, or when `stop`, a
  // descriptor, is readable. A FIFO has no end: the next writer goes on. Throws
  // Error(kCorrupt) for a frame that ends early, after which a FIFO goes on
  // with its next writer, and for a length that is too large.
  std::optional<std::vector<uint8_t>> next(int stop);
  // Returns whether frames may come after an error.
  bool goes_on() const { return is_fifo_; }

 private:
  enum class Read { kAll, kNothing, kPart, kStopped };
  Read fill(std::vector<uint8_t>& to, size_t bytes, int stop);
  void open_again();

  const std::string path_, name_;
  const std::optional<int64_t> fixed_;
  const int64_t most_;
  std::optional<Descriptor> own_;
  int descriptor_ = 0;
  bool is_fifo_ = false;
};

}  // namespace shoal
