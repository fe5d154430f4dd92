#include "host/base/printable.h"

#include <cstddef>
#include <cstdint>

#include "host/base/hex.h"

namespace shoal {
namespace {

struct Character {
  uint32_t code = 0;
  size_t bytes = 0;  // 0: no UTF-8
};

// Returns the first of `text`, which is not empty.
Character first_of(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  uint32_t code = lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  // Longer than it needs to be, half of a surrogate pair, past the last one.
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10FFFF) return {};
  if (code >= 0xD800 && code <= 0xDFFF) return {};
  return {code, bytes};
}

bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

bool turns_text(uint32_t code) {
  return code == 0x200E || code == 0x200F ||
         (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

std::string hex(uint8_t byte) { return to_hex({&byte, 1}); }

}  // namespace

std::string printable(std::string_view text, Newlines newlines) {
  std::string out;
  while (!text.empty()) {
    const Character c = first_of(text);
    const std::string_view bytes = text.substr(0, c.bytes > 0 ? c.bytes : 1);
    text.remove_prefix(bytes.size());
    if (c.bytes > 0 && c.code == '\n') {
      out += newlines == Newlines::kKept ? "\n" : "\\n";
    } else if (c.bytes > 0 && c.code == '\r') {
      out += "\\r";
    } else if (c.bytes > 0 && (c.code == '\t' ||
                               (!is_control(c.code) && !turns_text(c.code)))) {
      out += bytes;
    } else {
      for (const char b : bytes) out += "\\x" + hex(static_cast<uint8_t>(b));
    }
  }
  return out;
}

std::string printable_json(std::string_view json) {
  std::string out;
  while (!json.empty()) {
    const Character c = first_of(json);
    const std::string_view bytes = json.substr(0, c.bytes > 0 ? c.bytes : 1);
    json.remove_prefix(bytes.size());
    if (c.bytes > 0 && c.code >= 0x7F && is_control(c.code)) {
      out += "\\u00" + hex(static_cast<uint8_t>(c.code));
    } else {
      out += bytes;
    }
  }
  return out;
}

}  // namespace shoal
