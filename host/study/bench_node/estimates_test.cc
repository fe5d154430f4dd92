// The estimated cycles: the file, and files that are wrong.
#include "host/study/bench_node/estimates.h"

#include <gtest/gtest.h>

#include "boards/bench/layers.h"
#include "host/base/error.h"
#include "host/study/bench_node/bench_node.h"

namespace shoal {
namespace {

std::string estimates_complaint(const std::string& toml) {
  try {
    parse_estimates(toml);
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what();
  }
}

TEST(CycleEstimates, SaysWhatIsWrong) {
  const std::string sources = "[sources]\n\"A\" = \"m\"\n";
  EXPECT_EQ(estimates_complaint("[layers]\n"),
            "estimated_cycles.toml:1: sources is missing");
  EXPECT_EQ(estimates_complaint("[sources]\n\"A\" = 1\n[layers]\n"),
            "estimated_cycles.toml:2: sources: A must be a text");
  EXPECT_EQ(estimates_complaint(sources + "[layers]\nl = 3\n"),
            "estimated_cycles.toml:4: l must be a table");
  EXPECT_EQ(estimates_complaint(sources + "[layers]\nl = {}\n"),
            "estimated_cycles.toml:4: l: A is missing");
}

// Every layer on every core that bench-node counts, but RISC-V.
TEST(CycleEstimates, FileHasEveryLayer) {
  const CycleEstimates found = parse_estimates(estimates_file());
  EXPECT_EQ(found.layers.size(), static_cast<size_t>(kBenchLayerCount));
  for (const BenchLayer& l : kBenchLayers) {
    for (const char* core : {"Cortex-M0+", "Cortex-M3", "Cortex-M4",
                             "Cortex-M7", "Cortex-M33", "Cortex-M55"}) {
      const auto ratio = found.of(l.name, core);
      ASSERT_TRUE(ratio) << l.name << " " << core;
      EXPECT_GT(*ratio, 0.5);  // at most two instructions a cycle
      EXPECT_LT(*ratio, 3.0);
    }
    EXPECT_EQ(found.of(l.name, "RV32"), std::nullopt);
  }
}

TEST(CycleEstimates, AreOfAllRows) {
  CycleEstimates estimates;
  estimates.sources["A"] = "manual";
  estimates.layers[kBenchLayers[0].name]["A"] = 1.5;
  BenchTable table;
  table.lines.resize(1);
  table.lines[0].layer = &kBenchLayers[0];
  table.lines[0].all = 2;
  estimate_cycles(estimates, "B", table);
  EXPECT_EQ(table.lines[0].cycles, std::nullopt);
  EXPECT_EQ(table.timed, "");
  estimate_cycles(estimates, "A", table);
  EXPECT_EQ(table.lines[0].cycles, 3.0);
  EXPECT_EQ(table.timings, "manual");
}

}  // namespace
}  // namespace shoal
