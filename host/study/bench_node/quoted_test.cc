// The quoted figures: the file, and files that are wrong.
#include "host/study/bench_node/quoted.h"

#include <gtest/gtest.h>

#include "boards/bench/layers.h"
#include "host/base/error.h"

namespace shoal {
namespace {

const char kGood[] = R"(library = "L"
commit = "c"
compiler = "g"
flags = "-O3"
emulator = "q"
[cores]
"Cortex-M3" = "m3"
[layers]
"a" = {macs = 12, m3 = 2.5}
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string complaint(const std::string& toml) {
  try {
    parse_quoted(toml);
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what();
  }
}

TEST(QuotedKernels, Reads) {
  const QuotedKernels quoted = parse_quoted(kGood);
  EXPECT_EQ(quoted.library, "L");
  EXPECT_EQ(quoted.flags, "-O3");
  EXPECT_EQ(quoted.layers.at("a").macs, 12);
  EXPECT_EQ(quoted.per_mac("a", "Cortex-M3"), 2.5);
  EXPECT_EQ(quoted.per_mac("a", "Cortex-M0+"), std::nullopt);
  EXPECT_EQ(quoted.per_mac("b", "Cortex-M3"), std::nullopt);
}

TEST(QuotedKernels, SaysWhatIsWrong) {
  EXPECT_EQ(complaint(with("commit = \"c\"", "")),
            "quoted_kernels.toml:1: commit is missing");
  EXPECT_EQ(complaint(with("\"-O3\"", "3")),
            "quoted_kernels.toml:4: flags must be a text");
  EXPECT_EQ(complaint(with("[cores]", "[core]")),
            "quoted_kernels.toml:1: cores is missing");
  EXPECT_EQ(complaint(with("= \"m3\"", "= 3")),
            "quoted_kernels.toml:7: cores: Cortex-M3 must be a text");
  EXPECT_EQ(complaint(with("macs = 12, ", "")),
            "quoted_kernels.toml:9: a: macs is missing");
  EXPECT_EQ(complaint(with(", m3 = 2.5", "")),
            "quoted_kernels.toml:9: a: m3 is missing");
  EXPECT_EQ(complaint(with("2.5", "0.0")),
            "quoted_kernels.toml:9: a: m3 must be from 1e-06 to 1000000");
  EXPECT_EQ(complaint(with("{macs = 12, m3 = 2.5}", "2")),
            "quoted_kernels.toml:9: a must be a table");
  EXPECT_NE(complaint(with("[cores]", "[cores")), "");
}

// The layers up to the additions have figures, under their names and with their
// work, but depthwise ones of 5x5.
TEST(QuotedKernels, FileHasEveryLayer) {
  const QuotedKernels quoted = parse_quoted(quoted_file());
  size_t known = 0;
  for (const BenchLayer& l : kBenchLayers) {
    if (l.kernel == 5) continue;
    if (&l > kBenchLayers + 25) break;
    ++known;
    ASSERT_TRUE(quoted.layers.count(l.name)) << l.name;
    EXPECT_EQ(quoted.layers.at(l.name).macs, macs_per_row(l) * out_height(l))
        << l.name;
    for (const char* core : {"Cortex-M3", "Cortex-M4", "Cortex-M7"}) {
      EXPECT_TRUE(quoted.per_mac(l.name, core)) << l.name << " on " << core;
    }
  }
  EXPECT_EQ(quoted.layers.size(), known);
}

}  // namespace
}  // namespace shoal
