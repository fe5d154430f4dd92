// A text as the bytes of a file.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace shoal {

// Returns the bytes of a text, which are valid as long as the text lives.
inline std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace shoal
