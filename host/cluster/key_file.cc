#include "host/cluster/key_file.h"

#include <sys/stat.h>

#include "host/base/error.h"
#include "host/base/files.h"

namespace shoal {

void make_key_file(const std::string& path, bool force) {
  ClusterKey key;
  system_entropy(key);
  std::string text;
  for (const uint8_t b : key) {
    text += "0123456789abcdef"[b >> 4];
    text += "0123456789abcdef"[b & 15];
  }
  text += '\n';
  if (write_secret(path, text,
                   force ? Existing::kReplaced : Existing::kStays)) {
    return;
  }
  throw Error(Exit::kUsage,
              path + " exists; nodes that use it would not know a new key",
              "--force, or another file by -o");
}

ClusterKey read_key_file(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    throw Error(Exit::kUsage, path + ": there is no key file",
                "`shoal keygen` makes one, --key FILE names another, "
                "--insecure does without");
  }
  // Whoever knows the key owns every node.
  const std::vector<uint8_t> text = read_secret(path);
  const auto digit = [](uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  size_t length = text.size();
  if (length > 0 && text[length - 1] == '\n') --length;
  ClusterKey key;
  bool good = length == 2 * key.size();
  for (size_t i = 0; good && i < key.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    good = high >= 0 && low >= 0;
    key[i] = static_cast<uint8_t>(high * 16 + low);
  }
  if (!good) {
    throw Error(Exit::kUsage,
                path + ": not a key: 64 hexadecimal digits are expected",
                "`shoal keygen -o FILE` makes one");
  }
  return key;
}

}  // namespace shoal
