#include "host/engine/recovery/sequence_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/engine/frame_source.h"
#include "host/engine/recovery/sequence_record.h"

namespace shoal {
namespace {

constexpr FileKind kKind{"a sequence", int64_t{4} << 30};
// The number of the next frame must have room, too.
constexpr int64_t kMostFrames = INT64_MAX / 2;
// Returns whether the file ends in the middle of the record at `at`, or a power
// cut has kept its length and not all of its sectors.
bool is_cut_off(std::span<const uint8_t> bytes, size_t at, uint64_t record) {
  for (size_t next = at + 1; next < bytes.size(); ++next) {
    if (sequence_head_at(bytes, next)) return false;
  }
  constexpr size_t kSector = 512;
  if (record > bytes.size() - at) return true;
  for (size_t part = at; part < bytes.size();) {
    const size_t end = std::min((part / kSector + 1) * kSector, bytes.size());
    const auto all = bytes.subspan(part, end - part);
    if (std::ranges::all_of(all, [](uint8_t b) { return b == 0; })) return true;
    part = end;
  }
  return false;
}

}  // namespace

SequenceFile::SequenceFile(const std::string& path, const std::string& key,
                           const LockRequest& request, Disk& disk)
    : disk_(disk),
      path_(path),
      key_(key),
      lock_(path + ".lock", LockMode::kExclusive, path + ": the sequence",
            request) {
  check_writable(path);
  was_there_ = std::filesystem::exists(path);
  if (!was_there_) return;
  const std::vector<uint8_t> bytes = read_file(path, kKind);
  const size_t whole = parse(bytes);
  file_ = std::make_unique<DiskFile>(disk_, path_, O_WRONLY | O_APPEND);
  if (whole == bytes.size()) return;
  file_->resize(whole);
  file_->sync();
}

// Returns the bytes of all records that are whole.
size_t SequenceFile::parse(std::span<const uint8_t> bytes) {
  const auto refuse = [this](const std::string& why) {
    throw Error(Exit::kCorrupt, printable(path_) + ": " + why,
                "take the file away to begin the sequence again from frame 0");
  };
  size_t at = 0;
  while (at < bytes.size()) {
    const std::optional<SequenceRecordHead> head = sequence_head_at(bytes, at);
    const uint64_t left = bytes.size() - at;
    const bool has_length =
        head && head->text_bytes <= left && head->bytes <= left;
    const uint64_t size = !head ? sizeof(SequenceRecordHead)
                          : has_length
                              ? sizeof *head + head->text_bytes + head->bytes
                              : left + 1;
    const auto body = bytes.subspan(at).subspan(
        std::min<size_t>(sizeof(SequenceRecordHead), left));
    if (!head || size > left ||
        sequence_check(body.first(size - sizeof *head)) != head->body_check) {
      if (at > 0 && is_cut_off(bytes, at, size)) return at;
      refuse(at == 0 ? "it is no sequence of shoal's, or damaged"
                     : "it is damaged behind frame " + format_count(end_ - 1));
    }
    const std::string text(body.begin(), body.begin() + head->text_bytes);
    const auto data =
        body.subspan(head->text_bytes, static_cast<size_t>(head->bytes));
    if (head->kind != (at == 0 ? kSequenceCopy : kSequenceFrame) ||
        head->frame < 0 || head->frame > kMostFrames ||
        (at > 0 && head->frame != end_)) {
      refuse("its frames are not in their order");
    }
    if (at > 0) {
      known_.since.push_back({text, {data.begin(), data.end()}});
      files_.push_back(text);
      ++end_;
    } else {
      if (text != key_) {
        const auto name_of = [](const std::string& key) {
          return printable(key.substr(key.find(' ') + 1));
        };
        throw Error(Exit::kUsage,
                    printable(path_) + ": it is the sequence of another model" +
                        (name_of(text) == name_of(key_)
                             ? " of the name " + name_of(key_)
                             : ", " + name_of(text)),
                    "give --state another file");
      }
      end_ = known_.frames = head->frame;
      known_.values.assign(data.begin(), data.end());
    }
    at += size;
  }
  if (at == 0) refuse("it is empty");
  return at;
}

void SequenceFile::add(const SequenceFrame& frame) {
  if (!file_) throw Error(Exit::kInternal, path_ + ": cannot be written");
  // A frame that is written behind one that was cut off would be lost.
  std::unique_ptr<DiskFile> file = std::move(file_);
  file->append(sequence_record(kSequenceFrame, end_, frame.file, frame.input));
  file->sync();
  file_ = std::move(file);
  files_.push_back(frame.file);
  ++end_;
}

void SequenceFile::renew(std::span<const uint8_t> values) {
  while (!files_.empty() && !is_kept(files_.front())) files_.pop_front();
  if (!files_.empty()) return;
  static_cast<void>(
      write_secret(path_, sequence_record(kSequenceCopy, end_, key_, values),
                   Existing::kReplaced, disk_));
  file_ = std::make_unique<DiskFile>(disk_, path_, O_WRONLY | O_APPEND);
}

}  // namespace shoal
