#include "host/base/size.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "host/base/error.h"

namespace shoal {
namespace {

constexpr double kKilo = 1024;
constexpr double kMostBytes = 1e15;  // a double holds each byte up to here

// Returns the bytes of a suffix: K, KB, KiB and so on, in letters of any
// case; 0 for what is no suffix.
double unit_of(std::string_view suffix) {
  if (suffix.empty() || suffix == "B" || suffix == "b") return 1;
  double unit = 0;
  switch (suffix.front()) {
    case 'K':
    case 'k':
      unit = kKilo;
      break;
    case 'M':
    case 'm':
      unit = kKilo * kKilo;
      break;
    case 'G':
    case 'g':
      unit = kKilo * kKilo * kKilo;
      break;
    default:
      return 0;
  }
  suffix.remove_prefix(1);
  if (suffix.starts_with('i')) {
    if (suffix.size() != 2) return 0;  // "Ki" alone is no size
    suffix.remove_prefix(1);
  }
  return suffix.empty() || suffix == "B" || suffix == "b" ? unit : 0;
}

// Returns the bytes of "0x8000"; -1 for what is no hexadecimal number.
double hex_bytes(std::string_view digits) {
  uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, 16);
  if (error != std::errc() || rest != end) return -1;
  return static_cast<double>(value);
}

// Returns the bytes of "8.5K"; -1 for what is no size.
double decimal_bytes(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] =
      std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc()) return -1;
  const double unit =
      unit_of(std::string_view(rest, static_cast<size_t>(end - rest)));
  return unit > 0 ? value * unit : -1;
}

}  // namespace

int64_t parse_size(const std::string& text, const std::string& flag) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const double bytes = is_hex ? hex_bytes(std::string_view(text).substr(2))
                              : decimal_bytes(text);
  if (!(bytes >= 0) || bytes > kMostBytes) {
    throw Error(Exit::kUsage, flag + ": '" + text + "' is not a size",
                "give bytes, or a number with K, M or G, such as 32K");
  }
  // A whole number in decimal may be a double just below it.
  return static_cast<int64_t>(std::floor(std::nextafter(bytes, HUGE_VAL)));
}

std::string format_count(int64_t value) {
  const std::string digits = std::to_string(value < 0 ? -value : value);
  std::string text = value < 0 ? "-" : "";
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string format_bytes(int64_t bytes) {
  char kilo[40];
  std::snprintf(kilo, sizeof kilo, " B (%.1f KB)",
                static_cast<double>(bytes) / kKilo);
  return format_count(bytes) + kilo;
}

}  // namespace shoal
