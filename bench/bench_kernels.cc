// bench_kernels [--json] [--slices] [--ms N]: nanoseconds per multiply-add of
// the heavy row kernels, portable beside the fastest set of this machine, and
// the fast one's share of what multiply-add instructions on registers reach.
// --slices: the fast set by the number of output channels a call. --ms: time
// for each figure, of which the best run counts.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/bench_layer.h"
#include "bench/register_rate.h"

namespace shoal {
namespace {

struct Row {
  const char* name;
  LayerShape shape;
};

using Kind = LayerKind;
constexpr Row kRows[] = {
    {"1x1 112x112x32->16", {Kind::kPointwise, 112, 112, 32, 16, 1, 1}},
    {"1x1 56x56x24->144", {Kind::kPointwise, 56, 56, 24, 144, 1, 1}},
    {"1x1 14x14x96->576", {Kind::kPointwise, 14, 14, 96, 576, 1, 1}},
    {"1x1 14x14x576->96", {Kind::kPointwise, 14, 14, 576, 96, 1, 1}},
    {"1x1 7x7x96->576", {Kind::kPointwise, 7, 7, 96, 576, 1, 1}},
    {"1x1 7x7x320->1280", {Kind::kPointwise, 7, 7, 320, 1280, 1, 1}},
    {"1x1 14x14x96->72", {Kind::kPointwise, 14, 14, 96, 72, 1, 1}},
    {"1x1 7x7x960->40", {Kind::kPointwise, 7, 7, 960, 40, 1, 1}},
    {"3x3 224x224x3->32 s2", {Kind::kConv, 224, 224, 3, 32, 3, 2}},
    {"3x3 112x112x3->32 s2", {Kind::kConv, 112, 112, 3, 32, 3, 2}},
    {"3x3 14x14x64->64", {Kind::kConv, 14, 14, 64, 64, 3, 1}},
    {"dw 3x3 112x112x32", {Kind::kDepthwise, 112, 112, 32, 32, 3, 1}},
    {"dw 3x3 56x56x144", {Kind::kDepthwise, 56, 56, 144, 144, 3, 1}},
    {"dw 3x3 28x28x192 s2", {Kind::kDepthwise, 28, 28, 192, 192, 3, 2}},
    {"dw 3x3 14x14x576", {Kind::kDepthwise, 14, 14, 576, 576, 3, 1}},
    {"dw 3x3 7x7x960", {Kind::kDepthwise, 7, 7, 960, 960, 3, 1}},
    {"fc 1280->1000", {Kind::kFullyConnected, 1, 1, 1280, 1000, 1, 1}},
    {"fc 1280->256", {Kind::kFullyConnected, 1, 1, 1280, 256, 1, 1}},
};

// The share of the register rate that a kind is built to reach.
int goal_percent(LayerKind kind) {
  return kind == Kind::kDepthwise        ? 10
         : kind == Kind::kFullyConnected ? 30
                                         : 50;
}

struct Options {
  bool json = false, slices = false;
  double ms = 60;
};

struct Figures {
  double macs, portable, fast;  // nanoseconds
};

// False if the two sets differ in the output.
bool measure(const Row& row, const Options& options, Figures& f) {
  BenchLayer layer(row.shape);
  const int all = row.shape.channels;
  f.macs = layer.macs();
  f.portable = layer.best_ns(portable_kernels(), all, options.ms);
  const std::vector<int8_t> expected = layer.output();
  f.fast = layer.best_ns(best_kernels(), all, options.ms);
  if (layer.output() == expected) return true;
  std::fprintf(stderr, "%s: %s and %s differ\n", row.name,
               portable_kernels().name, best_kernels().name);
  return false;
}

void print_row(const Row& row, const Figures& f, double rate, bool first,
               const Options& options) {
  const double percent = rate > 0 ? 100 * f.macs / f.fast / rate : 0;
  const int goal = goal_percent(row.shape.kind);
  if (options.json) {
    std::printf(
        "%s{\"kernel\":\"%s\",\"macs\":%.0f,"
        "\"portable_ns_per_mac\":%.5f,\"fast_ns_per_mac\":%.5f,"
        "\"speedup\":%.2f,\"register_percent\":%.1f,"
        "\"goal_percent\":%d}",
        first ? "" : ",", row.name, f.macs, f.portable / f.macs,
        f.fast / f.macs, f.portable / f.fast, percent, goal);
  } else {
    std::printf("%-22s %9.0f %9.4f %9.4f %7.1fx %8.1f%% %5d%%%s\n", row.name,
                f.macs, f.portable / f.macs, f.fast / f.macs,
                f.portable / f.fast, percent, goal,
                rate > 0 && percent < goal ? "  missed" : "");
  }
}

int compare(const Options& options, double rate) {
  if (options.json) {
    std::printf(
        "{\"portable\":\"%s\",\"fast\":\"%s\","
        "\"register_macs_per_ns\":%.2f,\"kernels\":[",
        portable_kernels().name, best_kernels().name, rate);
  } else {
    std::printf(
        "fast set: %s; registers alone: %.1f MACs/ns\n\n"
        "%-22s %9s %9s %9s %8s %9s %6s\n",
        best_kernels().name, rate, "ns per MAC", "MACs", "portable", "fast",
        "faster", "registers", "goal");
  }
  bool equal = true;
  for (const Row& row : kRows) {
    Figures f;
    equal = measure(row, options, f) && equal;
    print_row(row, f, rate, &row == kRows, options);
    std::fflush(stdout);
  }
  if (options.json) std::printf("]}\n");
  return equal ? 0 : 1;
}

// Percent of the register rate by output channels a call.
int compare_slices(const Options& options, double rate) {
  constexpr int kSlices[] = {8, 16, 32, 64, 128, 256, 512, 1 << 20};
  if (rate <= 0) return 1;
  if (!options.json) {
    std::printf("%-22s", "channels a call");
    for (int slice : kSlices) {
      slice < 1 << 20 ? std::printf(" %6d", slice) : std::printf("    all\n");
    }
  }
  if (options.json) std::printf("[");
  for (const Row& row : kRows) {
    BenchLayer layer(row.shape);
    const bool first = &row == kRows;
    if (options.json) {
      std::printf("%s{\"kernel\":\"%s\",\"register_percent\":{",
                  first ? "" : ",", row.name);
    } else {
      std::printf("%-22s", row.name);
    }
    for (int slice : kSlices) {
      const int channels = row.shape.channels;
      const bool all = slice >= channels;
      const double ns =
          layer.best_ns(best_kernels(), all ? channels : slice, options.ms);
      const double percent = 100 * layer.macs() / ns / rate;
      if (options.json) {
        std::printf("\"%d\":%.1f%s", all ? channels : slice, percent,
                    all ? "}}" : ",");
      } else {
        std::printf(" %5.1f%%", percent);
      }
      if (all) break;
    }
    if (!options.json) std::printf("\n");
  }
  if (options.json) std::printf("]\n");
  return 0;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--json")) {
      options.json = true;
    } else if (!std::strcmp(argv[i], "--slices")) {
      options.slices = true;
    } else if (!std::strcmp(argv[i], "--ms") && i + 1 < argc) {
      options.ms = std::atof(argv[++i]);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  shoal::Options options;
  if (!shoal::parse(argc, argv, options)) {
    std::fprintf(stderr, "usage: bench_kernels [--json] [--slices] [--ms N]\n");
    return 2;
  }
  const double rate = shoal::register_rate(100);
  return options.slices ? shoal::compare_slices(options, rate)
                        : shoal::compare(options, rate);
}
