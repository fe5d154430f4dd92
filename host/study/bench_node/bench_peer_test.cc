// The peer's figures: the file, and files that are wrong.
#include <gtest/gtest.h>

#include "boards/bench/layers.h"
#include "host/base/error.h"
#include "host/study/bench_node/peer.h"

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
    parse_peer(toml);
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kInternal);
    return e.what();
  }
}

TEST(Peer, Reads) {
  const Peer peer = parse_peer(kGood);
  EXPECT_EQ(peer.library, "L");
  EXPECT_EQ(peer.flags, "-O3");
  EXPECT_EQ(peer.layers.at("a").macs, 12);
  EXPECT_EQ(peer.per_mac("a", "Cortex-M3"), 2.5);
  EXPECT_EQ(peer.per_mac("a", "Cortex-M0+"), std::nullopt);
  EXPECT_EQ(peer.per_mac("b", "Cortex-M3"), std::nullopt);
}

TEST(Peer, SaysWhatIsWrong) {
  EXPECT_EQ(complaint(with("commit = \"c\"", "")),
            "peer figures: commit is missing or of the wrong kind");
  EXPECT_EQ(complaint(with("\"-O3\"", "3")),
            "peer figures: flags is missing or of the wrong kind");
  EXPECT_EQ(complaint(with("[cores]", "[core]")),
            "peer figures: cores is missing or of the wrong kind");
  EXPECT_EQ(complaint(with("= \"m3\"", "= 3")),
            "peer figures: cores.Cortex-M3 is missing or of the wrong kind");
  EXPECT_EQ(complaint(with("macs = 12, ", "")),
            "peer figures: a.macs is missing or of the wrong kind");
  EXPECT_EQ(complaint(with(", m3 = 2.5", "")),
            "peer figures: a.m3 is missing or of the wrong kind");
  EXPECT_EQ(complaint(with("2.5", "0.0")),
            "peer figures: a.m3 must be above 0");
  EXPECT_EQ(complaint(with("{macs = 12, m3 = 2.5}", "2")),
            "peer figures: a is of the wrong kind");
  EXPECT_NE(complaint(with("[cores]", "[cores")), "");
}

// Every layer has figures, under its name and with its work.
TEST(Peer, FileHasEveryLayer) {
  const Peer peer = parse_peer(peer_file());
  EXPECT_EQ(peer.layers.size(), static_cast<size_t>(kBenchLayerCount));
  for (const BenchLayer& l : kBenchLayers) {
    ASSERT_TRUE(peer.layers.count(l.name)) << l.name;
    EXPECT_EQ(peer.layers.at(l.name).macs, macs_per_row(l) * out_height(l))
        << l.name;
    for (const char* core : {"Cortex-M3", "Cortex-M4", "Cortex-M7"}) {
      EXPECT_TRUE(peer.per_mac(l.name, core)) << l.name << " on " << core;
    }
  }
}

}  // namespace
}  // namespace shoal
