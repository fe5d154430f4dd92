#include "host/engine/virtual/network_flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "host/base/error.h"

namespace shoal {
namespace {

[[noreturn]] void refuse(const std::string& flag, const std::string& text,
                         const char* wanted) {
  throw Error(Exit::kUsage, flag + ": '" + text + "' is not " + wanted);
}

// The number in front and what stands behind it.
std::pair<double, std::string> split(const std::string& text,
                                     const std::string& flag,
                                     const char* wanted) {
  double v = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] =
      std::from_chars(text.data(), end, v, std::chars_format::fixed);
  if (error != std::errc() || !(v >= 0)) refuse(flag, text, wanted);
  return {v, std::string(rest, end)};
}

uint32_t within(int value, int low, int high, const std::string& flag) {
  if (value < low || value > high) {
    throw Error(Exit::kUsage, flag + ": " + std::to_string(value) + " bytes",
                "from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<uint32_t>(value);
}

// "1@5ms".
void set_lost_node(const std::string& text, SimOptions& options) {
  int node = -1;
  const size_t at = std::min(text.find('@'), text.size());
  const char* const end = text.data() + at;
  const auto [rest, error] = std::from_chars(text.data(), end, node);
  if (error != std::errc() || rest != end || node < 0 || at == text.size()) {
    refuse("--lose", text, "NODE@TIME, such as 1@5ms; nodes count from 0");
  }
  options.lost_node = node;
  options.lost_after = parse_duration(text.substr(at + 1), "--lose");
}

}  // namespace

double parse_probability(const std::string& text, const std::string& flag) {
  constexpr char kWanted[] = "a share below 100%, such as 10% or 0.1";
  auto [v, unit] = split(text, flag, kWanted);
  if (unit == "%") v /= 100;
  if ((unit != "%" && !unit.empty()) || v >= 1) refuse(flag, text, kWanted);
  return v;
}

Nanos parse_duration(const std::string& text, const std::string& flag) {
  constexpr char kWanted[] = "a time up to 60s, such as 60us, 1.5ms or 1s";
  const auto [v, unit] = split(text, flag, kWanted);
  const Nanos scale = unit == "us"   ? kMicrosecond
                      : unit == "ms" ? kMillisecond
                      : unit == "s"  ? kSecond
                                     : 0;
  const double nanos = v * static_cast<double>(scale);
  if (scale == 0 || nanos > 60.0 * kSecond) refuse(flag, text, kWanted);
  return std::llround(nanos);
}

double parse_rate(const std::string& text, const std::string& flag) {
  constexpr char kWanted[] = "bits a second from 1K to 1000G, such as 100M";
  const auto [v, unit] = split(text, flag, kWanted);
  const double scale = unit == "K"   ? 1e3
                       : unit == "M" ? 1e6
                       : unit == "G" ? 1e9
                                     : 0;
  const double rate = v * scale;
  if (rate < 1e3 || rate > 1e12) refuse(flag, text, kWanted);
  return rate;
}

void apply(const NetworkFlags& flags, SimOptions& options) {
  NetworkOptions& n = options.network;
  if (flags.seed) n.seed = *flags.seed;
  if (!flags.loss.empty()) n.loss = parse_probability(flags.loss, "--loss");
  if (!flags.duplicate.empty()) {
    n.duplicate = parse_probability(flags.duplicate, "--duplicate");
  }
  if (!flags.reorder.empty()) {
    n.reorder = parse_probability(flags.reorder, "--reorder");
  }
  if (!flags.jitter.empty()) {
    n.jitter = parse_duration(flags.jitter, "--jitter");
  }
  if (!flags.latency.empty()) {
    options.latency = parse_duration(flags.latency, "--latency");
  }
  if (!flags.rate.empty()) {
    options.bits_per_s = parse_rate(flags.rate, "--rate");
  }
  if (!flags.lose.empty()) set_lost_node(flags.lose, options);
  if (flags.framing) {
    options.framing_bytes = within(*flags.framing, 0, 1000, "--framing");
  }
  if (flags.network == "radio") {
    n.medium = Medium::kRadio;
  } else if (!flags.network.empty() && flags.network != "switch") {
    throw Error(Exit::kUsage, "--network: '" + flags.network + "' is unknown",
                "one of: switch, radio");
  }
}

}  // namespace shoal
