// The key of a cluster as a file: 32 bytes, written as 64 hexadecimal digits
// and a newline, readable by its owner alone. One that other users may read is
// refused.
#pragma once

#include <string>

#include "host/base/entropy.h"
#include "host/base/shared_key.h"
#include "host/engine/coordinator/coordinator.h"

namespace shoal {

inline constexpr const char* kKeyFile = "shoal.key";

// Throws Error(kUsage) if the file exists and `force` is not set.
void make_key_file(const std::string& path, bool force);
// Throws Error(kUsage) if there is no such file or it is no key.
SharedKey read_key_file(const std::string& path);

}  // namespace shoal
