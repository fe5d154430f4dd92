#include "host/base/units.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"

namespace shoal {
namespace {

[[noreturn]] void refuse_unit(const std::string& flag, const std::string& text,
                              const char* wanted) {
  throw Error(Exit::kUsage, flag + ": '" + text + "' is not " + wanted);
}

// Returns the number in front and what stands behind it.
std::pair<double, std::string> split_unit(const std::string& text,
                                          const std::string& flag,
                                          const char* wanted) {
  double v = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] =
      std::from_chars(text.data(), end, v, std::chars_format::fixed);
  if (error != std::errc() || !(v >= 0)) refuse_unit(flag, text, wanted);
  return {v, std::string(rest, end)};
}

}  // namespace

uint32_t bytes_within(int value, uint32_t least, uint32_t most,
                      const std::string& flag) {
  if (value >= 0 && static_cast<uint32_t>(value) >= least &&
      static_cast<uint32_t>(value) <= most) {
    return static_cast<uint32_t>(value);
  }
  throw Error(Exit::kUsage, flag + ": " + std::to_string(value) + " bytes",
              "from " + std::to_string(least) + " to " + std::to_string(most));
}

double parse_probability(const std::string& text, const std::string& flag) {
  constexpr char kWanted[] = "a fraction below 100%, such as 10% or 0.1";
  auto [v, unit] = split_unit(text, flag, kWanted);
  if (unit == "%") v /= 100;
  if ((unit != "%" && !unit.empty()) || v >= 1) {
    refuse_unit(flag, text, kWanted);
  }
  return v;
}

int64_t parse_duration(const std::string& text, const std::string& flag) {
  constexpr char kWanted[] = "a time up to 60s, such as 60us, 1.5ms or 1s";
  const auto [v, unit] = split_unit(text, flag, kWanted);
  const double scale = unit == "us"   ? 1e3
                       : unit == "ms" ? 1e6
                       : unit == "s"  ? 1e9
                                      : 0;
  const double nanos = v * scale;
  if (scale == 0 || nanos > 60e9) refuse_unit(flag, text, kWanted);
  return std::llround(nanos);
}

double parse_rate(const std::string& text, const std::string& flag) {
  constexpr char kWanted[] = "bits a second from 1K to 1000G, such as 100M";
  const auto [v, unit] = split_unit(text, flag, kWanted);
  const double scale = unit == "K"   ? 1e3
                       : unit == "M" ? 1e6
                       : unit == "G" ? 1e9
                                     : 0;
  const double rate = v * scale;
  if (rate < 1e3 || rate > 1e12) refuse_unit(flag, text, kWanted);
  return rate;
}

std::string format_three_digits(double value) {
  if (!std::isfinite(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.2e", value);
  const char* const exponent = text + std::string(text).find('e') + 1;
  const int digits = value == 0 ? 2 : 2 - std::atoi(exponent);
  if (std::atoi(exponent) >= 3) {
    return format_count(std::llround(std::strtod(text, nullptr)));
  }
  std::snprintf(text, sizeof text, "%.*f", digits < 0 ? 0 : digits, value);
  return text;
}

std::string format_time(double seconds) {
  struct Unit {
    const char* name;
    double seconds, below;  // used for less than this
  };
  constexpr double kMinute = 60, kHour = 3600, kDay = 86400, kYear = 31557600;
  // Times that would round to 1000 of a unit are 1.00 of the next one.
  constexpr Unit kUnits[] = {
      {"ns", 1e-9, 0.9995e-6},     {"us", 1e-6, 0.9995e-3},
      {"ms", 1e-3, 0.9995},        {"s", 1, 2 * kMinute},
      {"min", kMinute, 2 * kHour}, {"h", kHour, 2 * kDay},
      {"days", kDay, 2 * kYear}};
  if (seconds == 0) return "0 s";
  for (const Unit& unit : kUnits) {
    if (std::abs(seconds) >= unit.below) continue;
    return format_three_digits(seconds / unit.seconds) + " " + unit.name;
  }
  return format_three_digits(seconds / kYear) + " years";
}

std::string format_data(double bytes) {
  constexpr double kKilo = 1024, kRounded = 1023.5;
  if (bytes < kRounded) return format_count(std::llround(bytes)) + " B";
  const char* const units[] = {"KB", "MB", "GB", "TB"};
  size_t unit = 0;
  bytes /= kKilo;
  while (bytes >= kRounded && unit + 1 < std::size(units)) {
    bytes /= kKilo;
    ++unit;
  }
  return format_three_digits(bytes) + " " + units[unit];
}

}  // namespace shoal
