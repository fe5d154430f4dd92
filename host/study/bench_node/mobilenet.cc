// A whole network from measured layers: MobileNetV2 1.0 at 224x224, each of
// whose layers is taken for the measured one of its class that comes next in
// the length of its sums.
#include <cstring>

#include "host/study/bench_node/bench_node.h"

namespace shoal {
namespace {

// Millions of multiply-accumulates (elements, of additions) of MobileNetV2 that
// a measured layer stands for.
struct WorkShare {
  const char* name;
  double millions;
};
constexpr WorkShare kShares[] = {
    {"3x3 224x224x3->32 s2", 10.84}, {"1x1 112x112x32->16", 40.15},
    {"1x1 56x56x24->144", 21.68},    {"1x1 14x14x96->576", 73.5},
    {"1x1 7x7x320->1280", 54.7},     {"1x1 14x14x576->96", 47.9},
    {"1x1 7x7x960->40", 30.1},       {"dw 112x112x32", 3.61},
    {"dw 56x56x144", 4.06},          {"dw 28x28x192 s2", 4.32},
    {"dw 14x14x576", 7.45},          {"dw 7x7x960", 1.27},
    {"fc 1280->1000", 1.28},         {"add 14x14x96", 0.216},
};

const BenchLine* line_of(const BenchTable& table, const char* name) {
  for (const BenchLine& line : table.lines) {
    if (std::strcmp(line.layer->name, name) == 0) return &line;
  }
  return nullptr;
}

}  // namespace

std::optional<BenchWhole> whole_network(const BenchTable& table) {
  BenchWhole whole;
  double macs = 0, quoted = 0, cycles = 0;
  bool all_quoted = true, all_timed = true;
  for (const WorkShare& share : kShares) {
    const BenchLine* line = line_of(table, share.name);
    if (!line) return std::nullopt;
    whole.per_mac += share.millions * line->all;
    quoted += share.millions * line->quoted.value_or(0);
    all_quoted &= line->quoted.has_value();
    cycles += share.millions * line->cycles.value_or(0);
    all_timed &= line->cycles.has_value();
    if (line->layer->kind != BenchKind::kAdd) macs += share.millions;
  }
  whole.per_mac /= macs;
  if (all_quoted) whole.quoted = quoted / macs;
  if (all_timed) whole.cycles = cycles / macs;
  return whole;
}

}  // namespace shoal
