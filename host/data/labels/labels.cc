#include "host/data/labels/labels.h"

#include <zip.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <sstream>

#include "host/base/error.h"
#include "host/base/printable.h"

namespace shoal {
namespace {

constexpr size_t kMostLabels = 1'000'000;
constexpr zip_uint64_t kMostBytes = 1 << 20, kMostFiles = 64;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

Archive open_archive(std::span<const uint8_t> bytes) {
  zip_source_t* const source =
      zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr);
  if (!source) return nullptr;
  Archive archive(zip_open_from_source(source, ZIP_RDONLY, nullptr));
  if (!archive) zip_source_free(source);
  return archive;
}

// The entry that has labels, or -1.
zip_int64_t find_labels(zip_t* archive) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count < 0 || count > static_cast<zip_int64_t>(kMostFiles)) return -1;
  zip_int64_t only = -1, named = -1;
  int texts = 0, names = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* const found =
        zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
    if (!found || !std::string(found).ends_with(".txt")) continue;
    only = i, ++texts;
    if (std::string(found).find("label") == std::string::npos) continue;
    named = i, ++names;
  }
  return texts == 1 ? only : names == 1 ? named : -1;
}

std::vector<uint8_t> read_entry(zip_t* archive, zip_uint64_t index) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive, index, 0, &stat) != 0) return {};
  if (!(stat.valid & ZIP_STAT_SIZE) || stat.size > kMostBytes) return {};
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
      zip_fopen_index(archive, index, 0), zip_fclose);
  if (!file) return {};
  std::vector<uint8_t> bytes(stat.size);
  const zip_int64_t got = zip_fread(file.get(), bytes.data(), bytes.size());
  if (got != static_cast<zip_int64_t>(bytes.size())) return {};
  return bytes;
}

}  // namespace

std::vector<std::string> parse_labels(std::span<const uint8_t> bytes,
                                      const std::string& name) {
  const auto begins = [&](std::initializer_list<uint8_t> mark) {
    return bytes.size() >= mark.size() &&
           std::equal(mark.begin(), mark.end(), bytes.begin());
  };
  // UTF-16 without its mark has zeros, as no text in UTF-8 has: all at even
  // places or all at odd ones.
  bool zeros_at[2] = {};
  for (size_t i = 0; i < bytes.size(); ++i) zeros_at[i % 2] |= bytes[i] == 0;
  const bool zeros = zeros_at[0] || zeros_at[1];
  const bool wide = bytes.size() % 2 == 0 && zeros_at[0] != zeros_at[1];
  if (begins({0xFF, 0xFE}) || begins({0xFE, 0xFF}) || wide) {
    throw Error(Exit::kCorrupt, printable(name) + ": the labels are in UTF-16",
                "save them as UTF-8");
  }
  if (zeros) {
    throw Error(Exit::kCorrupt, printable(name) + ": is not text",
                "write one label a line, in UTF-8");
  }
  // Behind the mark with which some editors begin a file in UTF-8.
  const int skipped = begins({0xEF, 0xBB, 0xBF}) ? 3 : 0;
  std::istringstream lines(std::string(bytes.begin() + skipped, bytes.end()));
  std::vector<std::string> labels;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (labels.size() == kMostLabels) {
      throw Error(Exit::kCorrupt,
                  printable(name) + ": has more than a million lines");
    }
    labels.push_back(printable(line));
  }
  return labels;
}

LabelsInside labels_inside(std::span<const uint8_t> model) {
  const Archive archive = open_archive(model);
  if (!archive) return {};
  const zip_int64_t index = find_labels(archive.get());
  if (index < 0) return {};
  const auto entry = static_cast<zip_uint64_t>(index);
  const std::string name = printable(zip_get_name(archive.get(), entry, 0));
  try {
    std::vector<std::string> labels =
        parse_labels(read_entry(archive.get(), entry), name);
    if (labels.empty()) return {};
    return {name, std::move(labels)};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace shoal
