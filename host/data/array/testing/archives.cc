#include "host/data/array/testing/archives.h"

#include <zip.h>

namespace shoal {

std::vector<uint8_t> make_zip(
    const std::vector<std::pair<std::string, std::vector<uint8_t>>>& entries) {
  zip_source_t* const out = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(out);
  zip_t* const archive = zip_open_from_source(out, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : entries) {
    zip_source_t* const source =
        zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index =
        zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                             ZIP_CM_DEFLATE, 0);
    // The same bytes make the same archive at any time.
    zip_file_set_mtime(archive, static_cast<zip_uint64_t>(index), 0, 0);
  }
  zip_close(archive);
  zip_source_open(out);
  zip_source_seek(out, 0, SEEK_END);
  std::vector<uint8_t> bytes(static_cast<size_t>(zip_source_tell(out)));
  zip_source_seek(out, 0, SEEK_SET);
  zip_source_read(out, bytes.data(), bytes.size());
  zip_source_close(out);
  zip_source_free(out);
  return bytes;
}

}  // namespace shoal
