#include "host/engine/workers/key_file.h"

#include <sys/stat.h>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/hex.h"
#include "host/engine/workers/identity_file.h"

namespace shoal {

void make_key_file(const std::string& path, bool force) {
  SharedKey key;
  system_entropy(key);
  if (write_secret(path, to_hex(key) + "\n",
                   force ? Existing::kReplaced : Existing::kStays)) {
    return;
  }
  throw Error(Exit::kUsage,
              path + " exists; nodes that use it would not know a new key",
              "replace it with --force, or name another file with -o");
}

SharedKey read_key_file(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    throw Error(Exit::kUsage, path + ": the key file does not exist",
                "make one with `shoal keygen`, name another with --key FILE, "
                "or do without with --insecure");
  }
  // The holder of the key owns every node.
  const std::vector<uint8_t> text = read_secret(path);
  std::string_view digits(reinterpret_cast<const char*>(text.data()),
                          text.size());
  if (digits.starts_with(kIdentityPrefix)) {
    throw Error(
        Exit::kUsage,
        path + ": the file holds an identity, not a key that all nodes share",
        "give it as --identity " + path);
  }
  if (digits.ends_with('\n')) digits.remove_suffix(1);
  SharedKey key;
  const bool good = from_hex(digits, key);
  if (!good) {
    throw Error(
        Exit::kUsage,
        path + ": the file does not hold a key of 64 hexadecimal digits",
        "make one with `shoal keygen -o FILE`");
  }
  return key;
}

}  // namespace shoal
