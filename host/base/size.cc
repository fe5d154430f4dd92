#include "host/base/size.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "host/base/error.h"

namespace shoal {

int64_t parse_size(const std::string& text, const std::string& flag,
                   int64_t mega) {
  const char* const end = text.data() + text.size();
  double value = 0;
  const auto [rest, error] =
      std::from_chars(text.data(), end, value, std::chars_format::fixed);
  double unit = 0;
  if (rest == end) {
    unit = 1;
  } else if (rest + 1 == end) {
    if (*rest == 'K' || *rest == 'k') unit = 1024;
    if (*rest == 'M' || *rest == 'm') unit = static_cast<double>(mega);
  }
  const double bytes = value * unit;
  if (error != std::errc() || unit == 0 || !(bytes >= 0) || bytes > 1e15) {
    throw Error(Exit::kUsage, flag + ": '" + text + "' is not a size",
                "give bytes, or a number with K or M, such as 8.5K");
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
                static_cast<double>(bytes) / 1024);
  return format_count(bytes) + kilo;
}

}  // namespace shoal
