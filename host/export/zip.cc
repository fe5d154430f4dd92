#include "host/export/zip.h"

#include <zip.h>

#include <memory>

#include "host/base/error.h"

namespace shoal {
namespace {

// In the name of no time: the oldest that the format knows.
constexpr zip_uint16_t kTime = 0, kDate = 1 << 5 | 1;  // 1 January 1980

[[noreturn]] void fail(const std::string& why) {
  throw Error(Exit::kInternal, "cannot make a .zip: " + why);
}

}  // namespace

std::string zip_of(const Project& project) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const out = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (!out) fail(zip_error_strerror(&error));
  zip_source_keep(out);
  const std::unique_ptr<zip_source_t, void (*)(zip_source_t*)> kept(
      out, zip_source_free);
  zip_t* const archive = zip_open_from_source(out, ZIP_TRUNCATE, &error);
  if (!archive) fail(zip_error_strerror(&error));
  for (const auto& [path, bytes] : project.files()) {
    zip_source_t* const file =
        zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index =
        file ? zip_file_add(archive, path.c_str(), file, ZIP_FL_ENC_UTF_8) : -1;
    constexpr zip_uint32_t kReadable = 0100644u << 16;
    if (index < 0 ||
        zip_file_set_dostime(archive, static_cast<zip_uint64_t>(index), kTime,
                             kDate, 0) != 0 ||
        zip_file_set_external_attributes(archive,
                                         static_cast<zip_uint64_t>(index), 0,
                                         ZIP_OPSYS_UNIX, kReadable) != 0) {
      const std::string why = zip_strerror(archive);
      if (index < 0 && file) zip_source_free(file);
      zip_discard(archive);
      fail(why);
    }
  }
  if (zip_close(archive) != 0) {
    const std::string why = zip_strerror(archive);
    zip_discard(archive);
    fail(why);
  }
  zip_stat_t stat;
  if (zip_source_stat(out, &stat) != 0 || zip_source_open(out) != 0) {
    fail("its bytes are not there");
  }
  std::string bytes(stat.size, 0);
  const bool all = zip_source_read(out, bytes.data(), bytes.size()) ==
                   static_cast<zip_int64_t>(bytes.size());
  zip_source_close(out);
  if (!all) fail("its bytes are not there");
  return bytes;
}

}  // namespace shoal
