// The words of a port's command line.
#pragma once

#include <cstring>

namespace shoal {

// Whether `word` is one of the words of `command`.
inline bool has_option(const char* command, const char* word) {
  const size_t length = std::strlen(word);
  for (const char* at = command; *at;) {
    const size_t end = std::strcspn(at, " ");
    if (end == length && std::memcmp(at, word, length) == 0) return true;
    at += end;
    at += std::strspn(at, " ");
  }
  return false;
}

}  // namespace shoal
