#include "host/board/figures.h"

#include <algorithm>
#include <string>

#include "host/base/error.h"

namespace shoal {
namespace {

// A slow base clock makes a kernel take a small part of a cycle.
constexpr double kLeastCycles = 1e-9;
constexpr double kMostCycles = 1e4, kMostUs = 1e6, kMostMbPerS = 1e6;
constexpr double kMostKb = 1e9, kMostBytes = 1e6;

constexpr FigureRange kRanges[] = {
    {"cores", 1, 256},
    {"clock_mhz", 1e-3, 1e6},
    {"bank.kb", 0, kMostKb},
    {"bank.fixed_kb", 0, kMostKb},
    {"bank.mb_per_s", 1e-3, kMostMbPerS, true},
    {"flash.kb", 0, kMostKb},
    {"flash.mb_per_s", 1e-3, kMostMbPerS, true},
    {"flash.cache_kb", 0, kMostKb},
    {"cycles.pointwise", kLeastCycles, kMostCycles},
    {"cycles.conv", kLeastCycles, kMostCycles},
    {"cycles.depthwise", kLeastCycles, kMostCycles},
    {"cycles.depthwise_5x5", 0, kMostCycles},
    {"cycles.fully_connected", kLeastCycles, kMostCycles},
    {"cycles.element", kLeastCycles, kMostCycles},
    {"cycles.sum", 0, kMostCycles},
    {"call_pixels.pointwise", 0, kMostCycles},
    {"call_pixels.conv", 0, kMostCycles},
    {"call_pixels.depthwise", 0, kMostCycles},
    {"group_channels.pointwise", 0, kMostCycles},
    {"group_channels.conv", 0, kMostCycles},
    {"group_channels.depthwise", 0, kMostCycles},
    {"cost.firing_us", 0, kMostUs},
    {"cost.row_us", 0, kMostUs},
    {"cost.datagram_us", 0, 1e5},
    {"cost.aead_cycles_per_byte", 0, kMostCycles},
    {"cost.check_cycles_per_byte", 0, kMostCycles},
    {"second_core.least_products", 1, 1e9},
    {"second_core.meeting_us", 0, kMostUs},
    {"second_core.contention", 1, 2},
    {"second_core.speed", 1.0 / 256, 4},
    {"link.mbit_per_s", 1e-3, 1e6},
    {"link.latency_us", 0, kMostUs},
    {"link.framing_bytes", 0, 1e4},
    {"energy.nj_per_mac", 0, 1e6},
    {"energy.active_mw", 0, 1e6},
    {"energy.sleep_mw", 0, 1e6},
    {"storage.read_mb_per_s", 1e-3, kMostMbPerS},
    {"storage.read_latency_us", 0, kMostUs},
    {"storage.write_mb_per_s", 1e-3, kMostMbPerS},
    {"storage.write_latency_us", 0, kMostUs},
    {"storage.write_bytes", 1, kMostBytes},
    {"storage.erase_kb", 0, kMostKb},
    {"storage.erase_us", 0, 10 * kMostUs},
    {"storage.capacity_mb", 0, kMostKb},
    {"storage.endurance_erases", 0, 1e12},
    {"storage.endurance_tb", 0, 1e6},
    {"storage.read_nj_per_byte", 0, 1e6},
    {"storage.write_nj_per_byte", 0, 1e6},
    {"storage.idle_mw", 0, 1e6},
    {"emulator.storage_at", 0, 4294967295},
    {"emulator.storage_kb", 0, kMostKb},
    {"emulator.memory_mb", 0, 4096},
    {"emulator.flashed_at", 0, 4294967295},
    {"emulator.icount_shift", 0, 10},
};

}  // namespace

std::span<const FigureRange> figure_ranges() { return kRanges; }

const FigureRange& figure_range(std::string_view key) {
  const auto at = std::ranges::find(kRanges, key, &FigureRange::key);
  if (at != std::end(kRanges)) return *at;
  throw Error(Exit::kInternal, "no range of " + std::string(key));
}

}  // namespace shoal
