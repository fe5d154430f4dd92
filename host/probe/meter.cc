#include "host/probe/meter.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "device/agent/session_wire.h"

namespace shoal {
namespace {

constexpr uint64_t kMostUs = uint64_t{86'400} * 1'000'000;
constexpr uint64_t kMostTicks = uint64_t{1} << 50;

// Printable ASCII, zeros behind it.
template <size_t kBytes>
std::optional<std::string> name_of(const char (&text)[kBytes]) {
  const std::string_view all(text, kBytes);
  const std::string_view name = all.substr(0, all.find('\0'));
  const bool is_name =
      std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; });
  const bool is_filled = std::ranges::all_of(all.substr(name.size()),
                                             [](char c) { return c == 0; });
  if (!is_name || !is_filled) return std::nullopt;
  return std::string(name);
}

}  // namespace

double MeterReading::seconds() const {
  return counts() && counter_hz > 0 ? ticks / counter_hz : us * 1e-6;
}

std::optional<MeterReading> parse_meter(std::span<const uint8_t> answer) {
  MeterAnswer a;
  // The times behind it are of runs that go on.
  if (answer.size() != sizeof a &&
      answer.size() != sizeof a + sizeof(MeterTimes)) {
    return std::nullopt;
  }
  std::memcpy(&a, answer.data(), sizeof a);
  const auto counter = name_of(a.counter), kernels = name_of(a.kernels);
  if (!counter || !kernels || a.us > kMostUs || a.cycles > kMostTicks) {
    return std::nullopt;
  }
  if (counter->empty() && (a.cycles != 0 || a.counter_hz != 0)) {
    return std::nullopt;
  }
  return MeterReading{*counter,
                      *kernels,
                      static_cast<double>(a.counter_hz),
                      int64_t{a.firings},
                      static_cast<double>(a.cycles),
                      static_cast<double>(a.us)};
}

}  // namespace shoal
