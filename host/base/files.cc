#include "host/base/files.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/base/error.h"

namespace shoal {

std::vector<uint8_t> read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw Error(Exit::kUsage, path + ": is a folder, not a file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(Exit::kUsage, path + ": no such file");
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) throw Error(Exit::kUsage, path + ": cannot be read");
  return bytes;
}

void write_file(const std::string& path, std::span<const uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw Error(Exit::kInternal, path + ": cannot be written");
}

void write_file(const std::string& path, const std::string& text) {
  write_file(path,
             {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace shoal
