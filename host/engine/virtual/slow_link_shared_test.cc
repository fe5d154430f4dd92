// A real network on slow lines: what the small one of slow_link_test is too
// short for. Without windows that follow the network most of it goes twice.
#include <gtest/gtest.h>

#include "host/engine/common/testing/small_model.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/import/import.h"
#include "tests/shared.h"

namespace shoal {
namespace {

// Bytes of rows that were sent again, of those that were sent, in percent.
double percent_again(const char* strategy, int nodes, double bits_per_s,
                     uint32_t payload) {
  const auto path = shared_dir() / "models" / "vww_96_int8.tflite";
  const Cluster cluster = uniform_cluster(nodes, find_board("teensy41"), {});
  PlanRequest request = linked_nodes(cluster, strategy);
  request.max_payload = payload;
  const Prepared p = prepare(load_model(path.string()), request);
  SimOptions options;
  options.bits_per_s = bits_per_s;
  options.max_payload = payload;
  options.max_events = 4'000'000;
  options.timeout_us = 600'000;  // full queues keep heartbeats for about that
  const SimResult r =
      simulate_cluster(p, cluster, noise_bytes(96 * 96 * 3, 4), options);
  double rows = 0, again = 0;
  for (const EndpointReport& n : r.nodes) {
    rows += static_cast<double>(n.link.row_bytes);
    again += static_cast<double>(n.link.resent_bytes);
  }
  return 100 * again / rows;
}

TEST(SlowLinkShared, EveryNodeSendsToEveryOther) {
  EXPECT_LT(percent_again("kernel", 8, 1e7, 1472), 10);
}

TEST(SlowLinkShared, ASerialLine) {
  EXPECT_LT(percent_again("kernel", 8, 1e6, 128), 10);
  EXPECT_LT(percent_again("spatial", 8, 1e6, 128), 10);
}

TEST(SlowLinkShared, LongDatagramsOnASlowLine) {
  EXPECT_LT(percent_again("spatial", 4, 1e6, 1472), 10);
}

}  // namespace
}  // namespace shoal
