#include "host/data/evaluate/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/base/text_bytes.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

const std::string kKind = "shoal evaluate 2 ";

std::string header_of(const std::string& key) { return kKind + key + "\n"; }

std::string line_of(int64_t frame, int64_t content, const FrameAnswer& answer) {
  std::string line = std::to_string(frame) + " " + std::to_string(content);
  for (const int c : answer) line += " " + std::to_string(c);
  return line + " " + crc32_hex(bytes_of(line)) + "\n";
}

// A number and the space behind it.
bool take(std::string_view& text, int64_t& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop == end || *stop != ' ') return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()) + 1);
  return true;
}

// Returns whether the answer is one that best_classes_of() may give.
bool possible(const BestClasses& answer, int classes) {
  if (answer.size() != kBest) return false;
  for (size_t i = 0; i < answer.size(); ++i) {
    if (static_cast<int64_t>(i) >= classes) {
      if (answer[i] != -1) return false;
      continue;
    }
    if (answer[i] < 0 || answer[i] >= classes) return false;
    const auto here = answer.begin() + static_cast<ptrdiff_t>(i);
    if (std::find(answer.begin(), here, answer[i]) != here) return false;
  }
  return true;
}

// Empty: the line was added.
std::string add_line(std::string_view line, const JournalLimits& limits,
                     JournalText& parsed) {
  std::string_view rest = line;
  int64_t frame = 0, content = 0;
  FrameAnswer answer;
  if (!take(rest, frame) || !take(rest, content) || content < 0)
    return "it is no answer";
  while (rest.find(' ') != std::string_view::npos) {
    int64_t value = 0;
    if (!take(rest, value) || value != static_cast<int>(value)) {
      return "it is no answer";
    }
    answer.push_back(static_cast<int>(value));
  }
  if (line_of(frame, content, answer) != std::string(line) + "\n") {
    return "its checksum is wrong";
  }
  if (frame < 0 || frame >= limits.frames) {
    return "there is no frame " + std::to_string(frame);
  }
  if (limits.possible) {
    if (!limits.possible(frame, answer)) return "no frame has such an answer";
  } else if (!possible(answer, limits.classes)) {
    return "there are no such classes";
  }
  if (!parsed.answers.emplace(frame, answer).second) {
    return "frame " + std::to_string(frame) + " has an answer already";
  }
  parsed.contents[frame] = content;
  return "";
}

// Returns whether a power cut has lost bytes of the line at `at`: zeros to the
// end of a sector.
bool has_hole(std::string_view text, size_t at, size_t end) {
  constexpr size_t kSector = 512;
  const size_t zero = text.substr(0, end).find('\0', at);
  if (zero == std::string_view::npos) return false;
  const size_t sector_end = (zero / kSector + 1) * kSector;
  const std::string_view zeros = text.substr(zero, sector_end - zero);
  return zeros.find_first_not_of('\0') == std::string_view::npos;
}

struct KeyPart {
  std::string_view word;  // as the key has it
  const char* text;
};
constexpr KeyPart kParts[] = {
    {"model", "another model"},
    {"items", "other files or labels in the data set"},
    {"pictures", "other flags of how pictures become inputs"},
    {"task", "another truth, or other flags of what is made of outputs"},
    {"shoal", "another version of shoal"},
};

// Says what a text is that does not begin with the header of the key.
std::string other_journal(std::string_view text, std::string_view key) {
  if (text.starts_with("shoal evaluate 1 ")) {
    return "a journal of an earlier version, which does not say of which "
           "pictures its answers are";
  }
  if (!text.starts_with(kKind)) return "not a journal of `shoal evaluate`";
  const std::string_view had =
      text.substr(kKind.size(), text.find('\n') - kKind.size());
  const auto part_of = [](std::string_view of, const std::string& word) {
    const size_t at = of.find(word + ":");
    return at == of.npos ? of : of.substr(at, of.find(' ', at) - at);
  };
  for (const KeyPart& part : kParts) {
    const std::string word(part.word);
    if (part_of(had, word) != part_of(key, word)) {
      return std::string("the journal of ") + part.text;
    }
  }
  return "the journal of another run";
}

std::string read_all(int file, const std::string& path) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(file, buffer, sizeof buffer);
    if (count < 0) throw Error(Exit::kUsage, path + ": cannot be read");
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace

std::string journal_key(const std::string& model, const Dataset& data,
                        const InputOptions& options, const std::string& task) {
  std::string items = std::to_string(data.size());
  for (const int64_t dim : data.dims()) items += " x " + std::to_string(dim);
  items += "\n";
  for (int64_t i = 0; i < data.size(); ++i) {
    items += data.name(i) + " " + std::to_string(data.label(i)) + "\n";
  }
  std::string pictures = "fit " + std::to_string(static_cast<int>(options.fit));
  const auto add = [&](const char* what, const std::vector<float>& values) {
    pictures += what;
    for (const float v : values) {
      char number[32];
      std::snprintf(number, sizeof number, " %.9g", static_cast<double>(v));
      pictures += number;
    }
  };
  if (options.normalization) {
    add(" mean", options.normalization->mean);
    add(" std", options.normalization->deviation);
  }
  if (options.real_bins) pictures += " bin float32";
  std::string key;
  const std::string* const parts[] = {&model, &items, &pictures, &task};
  for (size_t i = 0; i < std::size(parts); ++i) {
    constexpr size_t kDigits = 16;
    key += std::string(kParts[i].word) + ":" +
           sha256_hex(bytes_of(*parts[i])).substr(0, kDigits) + " ";
  }
  return key + "shoal:" SHOAL_VERSION;
}

int64_t content_of(const Dataset& data, int64_t item) {
  const std::string hash = sha256_hex(data.bytes(item));
  uint64_t value = 0;
  std::from_chars(hash.data(), hash.data() + 16, value, 16);
  return static_cast<int64_t>(value >> 1);
}

JournalText parse_journal(std::string_view text, const JournalLimits& limits,
                          const std::string& name) {
  const std::string header = header_of(limits.key);
  JournalText parsed;
  // A power cut may have kept the length and none of the bytes.
  const std::string_view begin =
      text.substr(0, std::min(text.find('\0'), text.size()));
  if (text.size() <= header.size() && begin.size() < header.size() &&
      header.starts_with(begin) &&
      text.find_first_not_of('\0', begin.size()) == std::string_view::npos) {
    return parsed;
  }
  if (!text.starts_with(header)) {
    throw Error(Exit::kUsage, name + ": " + other_journal(text, limits.key),
                "give --resume another file");
  }
  parsed.bytes = header.size();
  int64_t number = 2;
  for (;; ++number) {
    const size_t end = text.find('\n', parsed.bytes);
    if (end == std::string_view::npos) return parsed;
    const std::string_view line = text.substr(parsed.bytes, end - parsed.bytes);
    const std::string why = add_line(line, limits, parsed);
    if (!why.empty() && has_hole(text, parsed.bytes, end)) return parsed;
    if (!why.empty()) {
      throw Error(Exit::kCorrupt,
                  name + ": line " + format_count(number) + ": " + why,
                  "remove that line and what follows it");
    }
    parsed.bytes = end + 1;
  }
}

Journal::Journal(const std::string& path, const JournalLimits& limits,
                 const LockRequest& request, Disk& disk)
    : disk_(disk), path_(path) {
  file_ =
      disk_.open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  struct stat status {};
  if (file_ < 0 || fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) {
    if (file_ >= 0) disk_.close(file_);
    throw Error(Exit::kUsage, path + ": cannot be opened for writing");
  }
  try {
    lock_.emplace(path + ".lock", LockMode::kExclusive, path + ": the journal",
                  request);
    // A file may have more names than this one.
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(Exit::kBusy, path + ": another run writes it");
    }
    JournalText text = parse_journal(read_all(file_, path), limits, path);
    known_ = std::move(text.answers);
    contents_ = std::move(text.contents);
    if (disk_.ftruncate(file_, static_cast<off_t>(text.bytes)) != 0) fail();
    if (text.bytes == 0) append(header_of(limits.key));
    sync();
    sync_folder(disk_, std::filesystem::path(path).parent_path().string());
  } catch (...) {
    disk_.close(file_);
    throw;
  }
}

Journal::~Journal() {
  if (unsynced_ > 0 && !failed_) disk_.fsync(file_);
  disk_.close(file_);
}

void Journal::fail() {
  failed_ = true;
  throw Error(Exit::kInternal, path_ + ": cannot be written");
}

// A line that is cut off in the middle is the end: nothing may come behind it.
void Journal::append(const std::string& text) {
  if (failed_) fail();
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t count = disk_.write(file_, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail();
    left.remove_prefix(static_cast<size_t>(count));
  }
}

void Journal::sync() {
  if (disk_.fsync(file_) != 0) fail();
  unsynced_ = 0;
}

void Journal::expect_unchanged(const Dataset& data, int64_t item) const {
  if (content_of(data, item) == contents_.at(item)) return;
  throw Error(
      Exit::kUsage,
      data.name(item) + " has changed since its answer was written to " + path_,
      "give --resume another file");
}

void Journal::add(int64_t frame, int64_t content, const FrameAnswer& answer) {
  append(line_of(frame, content, answer));
  if (++unsynced_ == kUnsynced) sync();
}

}  // namespace shoal
