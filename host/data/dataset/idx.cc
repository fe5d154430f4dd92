#include "host/data/dataset/idx.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/data/dataset/gunzip.h"

namespace shoal {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 31;
constexpr uint8_t kUnsignedBytes = 8;
constexpr size_t kMostDimensions = 4;

using Read = std::function<size_t(std::span<uint8_t>)>;

[[noreturn]] void refuse(const std::string& name, const std::string& why,
                         const std::string& fix = "get the file once more") {
  throw Error(Exit::kCorrupt, name + ": " + why, fix);
}

void read_all(const Read& read, std::span<uint8_t> out, const std::string& name,
              const char* what) {
  const size_t got = read(out);
  if (got == out.size()) return;
  refuse(name, std::string("cut off: ") +
                   format_count(static_cast<int64_t>(got)) + " of the " +
                   format_count(static_cast<int64_t>(out.size())) +
                   " bytes of its " + what + " are there");
}

std::vector<int64_t> read_dimensions(const Read& read,
                                     const std::string& name) {
  uint8_t magic[4];
  read_all(read, magic, name, "beginning");
  if (magic[0] != 0 || magic[1] != 0) {
    refuse(name, "it is not an IDX file", "give files in the format of MNIST");
  }
  if (magic[2] != kUnsignedBytes) {
    refuse(name,
           "IDX values of type " + std::to_string(magic[2]) +
               " instead of 8, unsigned bytes",
           "write unsigned bytes");
  }
  if (magic[3] == 0 || magic[3] > kMostDimensions) {
    refuse(name,
           "it is an IDX file of " + std::to_string(magic[3]) + " dimensions",
           "give 1 dimension for labels, 3 or 4 for pictures");
  }
  std::vector<uint8_t> raw(size_t{magic[3]} * 4);
  read_all(read, raw, name, "dimensions");
  std::vector<int64_t> dims;
  for (size_t i = 0; i < raw.size(); i += 4) {
    dims.push_back(int64_t{raw[i]} << 24 | raw[i + 1] << 16 | raw[i + 2] << 8 |
                   raw[i + 3]);
  }
  return dims;
}

// Returns how many bytes they make, if memory can be had for them.
int64_t checked_count(const std::vector<int64_t>& dims, int64_t most,
                      const std::string& name) {
  int64_t count = 1;
  std::string text;
  for (const int64_t d : dims) {
    text += (text.empty() ? "" : " x ") + std::to_string(d);
    // Saturates: 2^31 * 2^32 is the most that it can be.
    if (count <= kMostBytes) count *= d;
  }
  if (count <= 0) refuse(name, "it is empty: " + text + " values");
  if (count > kMostBytes) {
    refuse(name, text + " values are more than 2 GB", "split the file");
  }
  if (count > most) {
    refuse(name, "it is cut off: too short for " + text + " values");
  }
  return count;
}

Idx read_idx(const Read& read, int64_t most, const std::string& name) {
  Idx idx;
  idx.dims = read_dimensions(read, name);
  const int64_t count = checked_count(idx.dims, most, name);
  idx.values.resize(static_cast<size_t>(count));
  read_all(read, idx.values, name, "values");
  uint8_t more;
  if (read({&more, 1}) != 0)
    refuse(name, "it is longer than its dimensions say");
  return idx;
}

}  // namespace

Idx parse_idx(std::span<const uint8_t> file, const std::string& name) {
  const auto size = static_cast<int64_t>(file.size());
  if (is_gzip(file)) {
    Gunzip gzip(file, name);
    return read_idx([&](std::span<uint8_t> out) { return gzip.read(out); },
                    size * kMostInflation, name);
  }
  const Read read = [&](std::span<uint8_t> out) {
    const size_t count = std::min(out.size(), file.size());
    if (count > 0) std::memcpy(out.data(), file.data(), count);
    file = file.subspan(count);
    return count;
  };
  return read_idx(read, size, name);
}

bool looks_like_idx(std::span<const uint8_t> file) {
  return is_gzip(file) || (file.size() >= 4 && file[0] == 0 && file[1] == 0 &&
                           file[3] > 0 && file[3] <= kMostDimensions);
}

}  // namespace shoal
