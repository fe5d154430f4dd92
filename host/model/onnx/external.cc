#include "host/model/onnx/external.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/model/onnx/text.h"

namespace shoal::onnx_import {
namespace {

namespace fs = std::filesystem;

// "initializer "w": its data are in "w.bin""
std::string places(const std::string& what, const std::string& location) {
  return text(what, ": its data are in ", quoted(location));
}

bool is_plain_name(const std::string& location) {
  return !location.empty() && location != "." && location != ".." &&
         location.find_first_of(std::string("/\\\0", 3)) == location.npos;
}

// Returns whether the file, links followed, lies in the folder itself.
bool lies_in(const fs::path& path, const fs::path& folder) {
  std::error_code failed;
  const fs::path real = fs::canonical(path, failed);
  if (failed) return true;  // reading it says what is wrong
  return real.parent_path() == fs::canonical(folder, failed) && !failed;
}

}  // namespace

const std::vector<uint8_t>& ExternalData::file(const std::string& location,
                                               const std::string& title) {
  const auto found = files_.find(location);
  if (found != files_.end()) return found->second;
  const std::string what = name_ + ": " + title;
  if (folder_.empty()) {
    throw Error(Exit::kUnsupported, what + ": its data are in another file",
                "save the model as one file (onnx.save with "
                "save_as_external_data=False)");
  }
  const fs::path path = fs::path(folder_) / location;
  if (!is_plain_name(location)) {
    throw Error(Exit::kUnsupported,
                places(what, location) + ", which is no file beside the model",
                "save model and data in one folder, or as one file");
  }
  if (!lies_in(path, folder_)) {
    throw Error(Exit::kUnsupported,
                places(what, location) +
                    ", a link that leads out of the model's folder",
                "replace the link by the file itself");
  }
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (!fs::exists(status)) {
    throw Error(
        Exit::kUsage,
        places(what, location) + ", and there is no such file beside the model",
        "copy it there");
  }
  if (!fs::is_regular_file(status)) {
    throw Error(Exit::kUsage,
                places(what, location) + ", which is " +
                    (fs::is_directory(status) ? "a directory" : "no file"),
                "put the file there that was saved with the model");
  }
  return files_[location] = read_file(path.string(), files::kModel);
}

std::span<const uint8_t> ExternalData::bytes(const ExternalPlace& place,
                                             const std::string& title) {
  const auto number = [&](const char* key, const std::string& value,
                          int64_t unsaid) {
    if (value.empty()) return unsaid;
    int64_t n = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, n);
    if (read.ec == std::errc() && read.ptr == end && n >= 0) return n;
    throw Error(Exit::kCorrupt, text(name_, ": ", title, ": the ", key,
                                     " of its data is ", quoted(value)));
  };
  const std::vector<uint8_t>& all = file(place.location, title);
  const auto size = static_cast<int64_t>(all.size());
  const int64_t offset = number("offset", place.offset, 0);
  const int64_t length = number("length", place.length, size - offset);
  if (offset > size || length > size - offset) {
    // As unsigned numbers, which cannot overflow.
    const auto end = uint64_t(offset) + uint64_t(std::max<int64_t>(length, 0));
    throw Error(
        Exit::kCorrupt,
        text(name_, ": ", title, ": its data are bytes ", offset, " to ", end,
             " of ", quoted(place.location), ", which has ", size),
        "copy the whole file");
  }
  return std::span(all).subspan(static_cast<size_t>(offset),
                                static_cast<size_t>(length));
}

}  // namespace shoal::onnx_import
