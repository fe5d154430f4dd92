// Whole files, with errors that name them. Nothing on the host is read or
// written another way, except for what is used piece by piece (a node's store,
// a journal, a serial line).
//
// Reading: a regular file, or a pipe where its kind allows one, and no more
// bytes than the kind can have, counted while it is read. A FIFO, a device or
// a folder is an Error(kUsage), too many bytes are an Error(kCorrupt).
//
// Writing: beside the file under another name, and renamed when every byte
// has been taken; a full disk leaves what was there. What is no regular file
// (a device, a FIFO, this process's own stdout) is written as it is.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

class Disk;
Disk& system_disk();

struct FileKind {
  const char* what;
  int64_t most_bytes;
  bool pipes = false;  // /dev/stdin and /dev/fd/N may be pipes
};

// The largest that each can be; why is said in spec/files.md, "Limits of
// files".
namespace files {
inline constexpr FileKind kModel{"a model", (int64_t{1} << 31) - 1};
inline constexpr FileKind kInput{"an input", int64_t{1} << 30, true};
inline constexpr FileKind kLabels{"a list of labels", 16 << 20, true};
inline constexpr FileKind kKey{"a key", 4096};
inline constexpr FileKind kToml{"a TOML file", 4 << 20, true};
inline constexpr FileKind kData{"a data set's file", int64_t{4} << 30};
inline constexpr FileKind kGolden{"a golden result", int64_t{1} << 30};
inline constexpr FileKind kStoreInfo{"a store's description", 64 << 20};
inline constexpr FileKind kPlan{"a plan", 256 << 20};
inline constexpr FileKind kPoints{"a list of a study's points", 256 << 20};
inline constexpr FileKind kProgram{"an executable", int64_t{1} << 30};
inline constexpr FileKind kOwn{"a file of shoal's", int64_t{4} << 30};
}  // namespace files

std::vector<uint8_t> read_file(const std::string& path,
                               const FileKind& kind = files::kOwn);
// Returns the first bytes, fewer if it has no more.
std::vector<uint8_t> read_start(const std::string& path, const FileKind& kind,
                                size_t bytes);
// Reads a key: a regular file that only its owner may use, so that the reader
// is its owner or root.
std::vector<uint8_t> read_secret(const std::string& path);
// Reads stdin, whatever comes there, to its end.
std::vector<uint8_t> read_stdin(const FileKind& kind);

// Throws Error(kUsage) for a folder, Error(kInternal) with the reason if it
// cannot be written. A file that is there keeps its mode.
void write_file(const std::string& path, std::span<const uint8_t> bytes,
                Disk& disk = system_disk());
void write_file(const std::string& path, const std::string& text,
                Disk& disk = system_disk());
// Waits until a reader takes more of what may be a pipe: kReaderTakes bytes at
// once. Returns false if none has for two seconds in which a signal that ends
// the process was held back (StopSignals): it shall end all the same.
bool await_reader(int file);
inline constexpr size_t kReaderTakes = 4096;  // PIPE_BUF
// A new file for its owner alone, on the disk when this returns; a link is
// replaced, not followed. False if there is something and it shall stay.
enum class Existing { kStays, kReplaced };
[[nodiscard]] bool write_secret(const std::string& path,
                                const std::string& text, Existing,
                                Disk& disk = system_disk());
// At its end; what did not fit is taken away again.
void append_file(const std::string& path, const std::string& text);

// Throws Error(kUsage) if write_file() would, as far as that can be seen:
// before the work that would be lost.
void check_writable(const std::string& path);
// Returns whether the path is one of this process's own descriptors, as
// `<(command)` of a shell is.
bool names_own_descriptor(const std::string& path);
// With those above it. Throws Error(kInternal).
void make_folder(const std::string& path);

}  // namespace shoal
