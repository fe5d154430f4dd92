#include "host/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "host/base/descriptor.h"
#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/base/printable.h"
#include "host/base/size.h"

namespace shoal {
namespace {

[[noreturn]] void cannot_read(const std::string& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  throw Error(
      Exit::kUsage,
      printable(path) + (missing ? ": no such file"
                                 : ": cannot be read: " + error_text(error)));
}

void check_kind(const std::string& path, mode_t mode, const FileKind& kind) {
  if (S_ISREG(mode)) return;
  if (S_ISDIR(mode)) {
    throw Error(Exit::kUsage, printable(path) + ": is a folder, not a file");
  }
  const char* const is = S_ISFIFO(mode)   ? "a pipe"
                         : S_ISSOCK(mode) ? "a socket"
                                          : "a device";
  if (S_ISFIFO(mode) && kind.pipes && names_own_descriptor(path)) return;
  throw Error(Exit::kUsage, printable(path) + ": is " + is + ", not a file",
              std::string("what comes out of it, in a file: ") + kind.what +
                  " is read from one");
}

// A FIFO must not hold the process up, nor a device be touched: what it is is
// looked at before it is opened, and again in case that it was exchanged.
Descriptor open_to_read(const std::string& path, const FileKind& kind,
                        struct stat& info) {
  if (stat(path.c_str(), &info) != 0) cannot_read(path, errno);
  check_kind(path, info.st_mode, kind);
  Descriptor file(
      open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.is_open() || fstat(file.get(), &info) != 0) {
    cannot_read(path, errno);
  }
  check_kind(path, info.st_mode, kind);
  if (S_ISFIFO(info.st_mode)) fcntl(file.get(), F_SETFL, 0);  // wait for it
  return file;
}

size_t read_some(int file, const std::string& name, std::span<uint8_t> to) {
  for (;;) {
    const ssize_t got = read(file, to.data(), to.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) cannot_read(name, errno);
  }
}

[[noreturn]] void too_large(const std::string& name, const FileKind& kind,
                            const std::string& bytes) {
  throw Error(Exit::kCorrupt, printable(name) + ": has " + bytes + " bytes, " +
                                  kind.what + " has at most " +
                                  format_count(kind.most_bytes));
}

// `expected` is a hint; what it really has is counted.
std::vector<uint8_t> read_all(int file, const std::string& name,
                              const FileKind& kind, int64_t expected) {
  constexpr size_t kStep = 1 << 16;
  const size_t most = static_cast<size_t>(kind.most_bytes) + 1;
  if (expected > kind.most_bytes) {
    too_large(name, kind, format_count(expected));
  }
  require_memory(expected, name);
  std::vector<uint8_t> bytes(static_cast<size_t>(expected) + 1);
  for (size_t have = 0;;) {
    if (have == bytes.size()) {
      bytes.resize(std::min(have + std::max(have, kStep), most));
    }
    const size_t got = read_some(file, name, std::span(bytes).subspan(have));
    have += got;
    if (static_cast<int64_t>(have) > kind.most_bytes) {
      too_large(name, kind, "more than " + format_count(kind.most_bytes));
    }
    if (got > 0) continue;
    bytes.resize(have);
    return bytes;
  }
}

}  // namespace

bool names_own_descriptor(const std::string& path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") ||
         path.starts_with("/proc/self/fd/");
}

std::string error_text(int error) {
  return std::generic_category().message(error);
}

std::vector<uint8_t> read_file(const std::string& path, const FileKind& kind) {
  struct stat info {};
  const Descriptor file = open_to_read(path, kind, info);
  return read_all(file.get(), path, kind,
                  S_ISREG(info.st_mode) ? int64_t{info.st_size} : 0);
}

std::vector<uint8_t> read_start(const std::string& path, const FileKind& kind,
                                size_t bytes) {
  struct stat info {};
  const Descriptor file = open_to_read(path, kind, info);
  std::vector<uint8_t> start(bytes);
  size_t have = 0, got = 1;
  while (have < bytes && got > 0) {
    got = read_some(file.get(), path, std::span(start).subspan(have));
    have += got;
  }
  start.resize(have);
  return start;
}

std::vector<uint8_t> read_secret(const std::string& path) {
  struct stat info {};
  const Descriptor file = open_to_read(path, files::kKey, info);
  const auto refuse = [&](const char* why, const std::string& fix) {
    throw Error(Exit::kUsage, printable(path) + ": " + why, fix);
  };
  if ((info.st_mode & S_IRWXO) != 0) {
    refuse("every user of this machine can use this key",
           "if it is the key file, chmod 600 " + path);
  }
  if ((info.st_mode & S_IRWXG) != 0) {
    refuse("its group can use this key",
           "if it is the key file, chmod 600 " + path);
  }
  return read_all(file.get(), path, files::kKey, info.st_size);
}

std::vector<uint8_t> read_stdin(const FileKind& kind) {
  return read_all(STDIN_FILENO, "stdin", kind, 0);
}

}  // namespace shoal
