#include "host/base/units.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "host/base/error.h"

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

}  // namespace shoal
