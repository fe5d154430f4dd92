// Many nodes on slow lines, with and without lost datagrams: runs end with the
// frame, not with a node that seems to be silent.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/command.h"

namespace shoal {
namespace {

struct Lines {
  const char *nodes, *rate, *loss, *seed;
};

void expect_to_end(const Lines& lines) {
  Workshop shop;
  const std::string models = std::string(SHOAL_SOURCE_DIR) + "/models/";
  const Told told =
      shop.shoal({"simulate", models + "fashion_mobilenet_v2.tflite",
                  models + "samples/bag/0.png", "--board", "teensy41",
                  "--strategy", "spatial", "--nodes", lines.nodes, "--rate",
                  lines.rate, "--loss", lines.loss, "--seed", lines.seed});
  EXPECT_EQ(told.code, 0) << lines.nodes << " nodes, " << lines.rate
                          << ", seed " << lines.seed << ": " << told.err;
}

// A lost piece of a program is sent again within a round trip, and programs for
// many nodes leave the heartbeats room. The network is the bundled one: small
// programs do not fill the line.
TEST(CliSlowLines, ALossIsOvercome) {
  for (const char* seed : {"3", "4", "22"}) {
    expect_to_end({"16", "200K", "1%", seed});
  }
}

// Heartbeats, and questions about nodes that answer late, leave the rows room.
TEST(CliSlowLines, RowsGoBesideHeartbeats) {
  expect_to_end({"8", "50K", "0%", "1"});
  expect_to_end({"8", "50K", "1%", "1"});
  expect_to_end({"16", "100K", "1%", "2"});
}

}  // namespace
}  // namespace shoal
