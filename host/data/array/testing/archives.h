// .npz files as bytes, for tests and seeds of fuzzing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shoal {

// Makes a ZIP archive of these entries (name, content), deflated; nothing is
// checked.
std::vector<uint8_t> make_zip(
    const std::vector<std::pair<std::string, std::vector<uint8_t>>>& entries);

}  // namespace shoal
