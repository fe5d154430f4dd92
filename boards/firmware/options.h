// The words of a port's command line.
#pragma once

#include <cstdint>
#include <cstring>

namespace shoal {

// Returns whether `word` is one of the words of `command`.
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

// Reads the digits behind the word `name`, two for each byte. Returns false,
// and gives zeros, if there is no such word.
inline bool read_digits(const char* command, const char* name, uint8_t* bytes,
                        size_t count) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  std::memset(bytes, 0, count);
  const char* at = std::strstr(command, name);
  if (!at || (at != command && at[-1] != ' ')) return false;
  at += std::strlen(name);
  for (size_t i = 0; i < count; ++i) {
    const int high = digit(*at);
    const int low = high < 0 ? -1 : digit(at[1]);
    if (low < 0) return false;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
    at += 2;
  }
  return *at == 0 || *at == ' ';
}

// Reads "key=", the node's key.
inline bool read_key(const char* command, uint8_t (&key)[32]) {
  return read_digits(command, "key=", key, sizeof key);
}

// Reads "salt=", unpredictable bytes of this start, for a board without a
// source of its own.
inline bool read_salt(const char* command, uint8_t (&salt)[16]) {
  return read_digits(command, "salt=", salt, sizeof salt);
}

}  // namespace shoal
