#include "host/serve/frame_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"

namespace shoal {
namespace {

// Memory grows with what has come, not with what a length claims.
constexpr size_t kStepBytes = 1 << 20;
constexpr size_t kLengthBytes = 4;

}  // namespace

FramePipe::FramePipe(std::string path, std::optional<int64_t> fixed,
                     int64_t most)
    : path_(std::move(path)),
      name_(path_ == "-" ? "stdin" : printable(path_)),
      fixed_(fixed),
      most_(most) {
  if (path_ != "-") open_again();
}

void FramePipe::open_again() {
  own_.reset();
  own_.emplace(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat s {};
  if (!own_->is_open() || fstat(own_->get(), &s) != 0) {
    throw Error(Exit::kUsage, name_ + ": " + error_text(errno),
                "a FIFO (mkfifo), a file, or - for stdin");
  }
  if (S_ISDIR(s.st_mode)) {
    throw Error(Exit::kUsage, name_ + ": a folder is no stream of frames",
                "--watch-folder for its files");
  }
  is_fifo_ = S_ISFIFO(s.st_mode);
  descriptor_ = own_->get();
}

FramePipe::Read FramePipe::fill(std::vector<uint8_t>& to, size_t bytes,
                                int stop) {
  to.clear();
  while (to.size() < bytes) {
    pollfd p[] = {{descriptor_, POLLIN, 0}, {stop, POLLIN, 0}};
    if (poll(p, 2, -1) < 0 && errno != EINTR) {
      throw Error(Exit::kInternal, name_ + ": " + error_text(errno));
    }
    if (p[1].revents != 0) return Read::kStopped;
    if (p[0].revents == 0) continue;
    const size_t had = to.size();
    to.resize(had + std::min(bytes - had, kStepBytes));
    const ssize_t got = read(descriptor_, to.data() + had, to.size() - had);
    to.resize(had + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      throw Error(Exit::kInternal, name_ + ": " + error_text(errno));
    }
    if (got == 0) return to.empty() ? Read::kNothing : Read::kPart;
  }
  return Read::kAll;
}

std::optional<std::vector<uint8_t>> FramePipe::next(int stop) {
  const auto breaks_off = [&](size_t had, int64_t wanted) {
    if (is_fifo_ && own_) open_again();
    return Error(Exit::kCorrupt,
                 name_ + ": the last frame has " +
                     format_count(static_cast<int64_t>(had)) + " of " +
                     format_count(wanted) + " bytes",
                 "whole frames");
  };
  std::vector<uint8_t> bytes;
  for (;;) {
    const auto first = fixed_ ? static_cast<size_t>(*fixed_) : kLengthBytes;
    const Read read = fill(bytes, first, stop);
    if (read == Read::kStopped) return std::nullopt;
    if (read == Read::kPart) {
      throw breaks_off(bytes.size(), static_cast<int64_t>(first));
    }
    if (read == Read::kAll) break;
    if (!is_fifo_ || !own_) return std::nullopt;
    open_again();
  }
  if (fixed_) return bytes;
  uint32_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    length |= uint32_t{bytes[i]} << 8 * i;
  if (length > most_) {
    if (is_fifo_ && own_) open_again();
    throw Error(Exit::kCorrupt,
                name_ + ": a frame of " + format_count(length) +
                    " bytes is announced, and " + format_count(most_) +
                    " are allowed",
                "frames behind their length (uint32, little-endian), or a "
                "larger --max-body");
  }
  const Read read = fill(bytes, length, stop);
  if (read == Read::kStopped) return std::nullopt;
  if (read != Read::kAll) throw breaks_off(bytes.size(), length);
  return bytes;
}

}  // namespace shoal
