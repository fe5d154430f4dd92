#include "host/engine/workers/identity_file.h"

#include <sys/stat.h>

#include "device/agent/diffie_hellman.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/hex.h"
#include "host/base/printable.h"
#include "host/engine/workers/key_file.h"

namespace shoal {
namespace {

constexpr const char* kFix = "`shoal keygen --identity -o FILE` makes one";

bool exists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

std::string_view line_of(const std::vector<uint8_t>& bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                        bytes.size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// Parses the digits that follow the prefix.
bool parse(std::string_view text, std::string_view prefix,
           std::span<uint8_t> out) {
  return text.starts_with(prefix) && from_hex(text.substr(prefix.size()), out);
}

}  // namespace

PublicKey make_identity_file(const std::string& path, bool force) {
  SecretKey secret;
  system_entropy(secret);
  if (!write_secret(path, kIdentityPrefix + to_hex(secret) + "\n",
                    force ? Existing::kReplaced : Existing::kStays)) {
    throw Error(
        Exit::kUsage,
        path +
            " exists; a host that knows its public key would not know a "
            "new one",
        "replace it with --force, or name another file with -o");
  }
  return public_key_of(secret);
}

SecretKey read_identity_file(const std::string& path) {
  if (!exists(path)) {
    throw Error(Exit::kUsage,
                printable(path) + ": the identity file does not exist", kFix);
  }
  SecretKey secret;
  if (!parse(line_of(read_secret(path)), kIdentityPrefix, secret)) {
    throw Error(Exit::kUsage,
                printable(path) + ": the file does not hold an identity", kFix);
  }
  return secret;
}

PublicKey public_key_of(const SecretKey& secret) {
  PublicKey out;
  if (x25519_mbedtls().public_key(secret.data(), out.data()) != 0) {
    throw Error(Exit::kInternal, "a public key cannot be computed");
  }
  return out;
}

std::string public_key_text(const PublicKey& key) {
  return kPublicPrefix + to_hex(key);
}

PublicKey parse_public_key(const std::string& text, const std::string& flag) {
  PublicKey key;
  if (parse(text, kPublicPrefix, key)) return key;
  if (!text.starts_with(kPublicPrefix) && exists(text) &&
      parse(line_of(read_file(text, files::kKey)), kPublicPrefix, key)) {
    return key;
  }
  throw Error(Exit::kUsage,
              flag + ": '" + printable(text) +
                  "' is neither a public key nor a file that holds one",
              "give x25519: and 64 hexadecimal digits, as `shoal keygen "
              "--public FILE` prints");
}

}  // namespace shoal
