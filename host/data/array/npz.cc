#include "host/data/array/npz.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"

namespace shoal {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr zip_int64_t kMostEntries = 256;
constexpr zip_uint64_t kMostBytes = zip_uint64_t{1} << 30;
// Bytes that deflate can make of one, at most, and of next to nothing.
constexpr zip_uint64_t kMostInflation = 1032, kLeastBytes = 1024;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

class NpzReader {
 public:
  NpzReader(std::span<const uint8_t> file, const std::string& name)
      : file_(file), name_(printable(name)) {}

  std::vector<NpzArray> read();

 private:
  [[noreturn]] void corrupt(const std::string& why) const {
    throw Error(Exit::kCorrupt, name_ + ": " + why);
  }
  void open();
  std::vector<uint8_t> inflate(zip_uint64_t index, const std::string& entry);

  const std::span<const uint8_t> file_;
  const std::string name_;
  Archive archive_;
  zip_uint64_t left_ = kMostBytes;
};

void NpzReader::open() {
  zip_source_t* const source =
      zip_source_buffer_create(file_.data(), file_.size(), 0, nullptr);
  if (!source) throw std::bad_alloc();
  archive_.reset(zip_open_from_source(source, ZIP_RDONLY, nullptr));
  if (archive_) return;
  zip_source_free(source);
  corrupt("a broken .npz archive");
}

std::vector<uint8_t> NpzReader::inflate(zip_uint64_t index,
                                        const std::string& entry) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kSizes = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 ||
      (stat.valid & kSizes) != kSizes) {
    corrupt("array " + entry + " has no size");
  }
  const zip_uint64_t packed =
      std::min<zip_uint64_t>(stat.comp_size, file_.size());
  if (stat.size > packed * kMostInflation + kLeastBytes) {
    corrupt("array " + entry + ": " +
            format_count(static_cast<int64_t>(stat.size)) +
            " bytes cannot come out of " +
            format_count(static_cast<int64_t>(packed)));
  }
  if (stat.size > left_) {
    throw Error(Exit::kCorrupt,
                name_ + ": arrays of more than " +
                    format_count(static_cast<int64_t>(kMostBytes)) + " bytes",
                "save fewer frames in one file");
  }
  left_ -= stat.size;
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
      zip_fopen_index(archive_.get(), index, 0), zip_fclose);
  if (!file) corrupt("array " + entry + ": " + zip_strerror(archive_.get()));
  std::vector<uint8_t> bytes(stat.size);
  const zip_int64_t got = zip_fread(file.get(), bytes.data(), bytes.size());
  // Another byte is asked for, so that the checksum is looked at.
  uint8_t more = 0;
  if (got != static_cast<zip_int64_t>(bytes.size()) ||
      zip_fread(file.get(), &more, 1) != 0) {
    corrupt("array " + entry + " is broken or not of its size");
  }
  return bytes;
}

std::vector<NpzArray> NpzReader::read() {
  open();
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  if (count > kMostEntries) {
    corrupt(format_count(count) + " entries, " + format_count(kMostEntries) +
            " at most");
  }
  std::vector<NpzArray> arrays;
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* const found = zip_get_name(archive_.get(), index, 0);
    if (!found || !std::string_view(found).ends_with(kSuffix)) continue;
    std::string array(found);
    array.resize(array.size() - kSuffix.size());
    const std::vector<uint8_t> bytes = inflate(index, printable(array));
    arrays.push_back(
        {array, parse_npy(bytes, name_ + ": array " + printable(array))});
  }
  if (arrays.empty()) corrupt("an archive without arrays (.npy)");
  return arrays;
}

}  // namespace

bool is_npz(std::span<const uint8_t> file) {
  constexpr std::string_view kMagic = "PK\x03\x04";
  return file.size() >= kMagic.size() &&
         std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
}

std::vector<NpzArray> parse_npz(std::span<const uint8_t> file,
                                const std::string& name) {
  return NpzReader(file, name).read();
}

}  // namespace shoal
