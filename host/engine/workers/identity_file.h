// Identities as files: `shoal-identity:` and the 64 hexadecimal digits of a
// secret key, for its owner alone; and public keys as texts, `x25519:` and 64
// digits. Neither can be taken for the other, or for a cluster's key.
#pragma once

#include <string>

#include "host/engine/coordinator/coordinator.h"

namespace shoal {

inline constexpr const char* kIdentityPrefix = "shoal-identity:";
inline constexpr const char* kPublicPrefix = "x25519:";
inline constexpr const char* kIdentityFile = "identity.key";

// Throws Error(kUsage) if the file exists and `force` is not set. The public
// key is returned.
PublicKey make_identity_file(const std::string& path, bool force);
// Throws Error(kUsage) if there is no such file, others may use it or it is
// none.
SecretKey read_identity_file(const std::string& path);

PublicKey public_key_of(const SecretKey&);
std::string public_key_text(const PublicKey&);
// Returns a public key as a text, or the name of a file that holds one. `flag`
// names the source of the text. Throws Error(kUsage).
PublicKey parse_public_key(const std::string& text, const std::string& flag);

}  // namespace shoal
