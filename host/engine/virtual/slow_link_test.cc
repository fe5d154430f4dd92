// Small clusters on slow lines: they end, with the right bytes, without
// sending things again that were only slow.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/common/verify.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

struct Outcome {
  SimResult result;
  uint64_t rows = 0, again = 0;
  double wire_s = 0;  // one after another: all lines, up and down
};

Outcome run_slowly(const char* strategy, int nodes, double bits_per_s,
                   uint32_t payload) {
  const std::vector<uint8_t> input = noise_bytes(kSmallInput, 4);
  const Cluster cluster = uniform_cluster(nodes, find_board("teensy41"), {});
  const Prepared p = prepare(small_graph(), linked_nodes(cluster, strategy));
  SimOptions options;
  options.bits_per_s = bits_per_s;
  options.framing_bytes = 6;
  options.max_payload = payload;
  options.frames = 3;
  int outputs = 0;
  options.output = [&](int, const std::vector<uint8_t>& output) {
    EXPECT_EQ(output, model_output(p.graph, run_oracle(p.graph, input)));
    ++outputs;
  };
  Outcome o{simulate_cluster(p, cluster, input, options)};
  EXPECT_EQ(outputs, 3);
  const auto add = [&o](const EndpointReport& e) {
    o.rows += e.link.row_bytes;
    o.again += e.link.resent_bytes;
    const Nanos busy = e.traffic.up_busy + e.traffic.down_busy;
    o.wire_s += static_cast<double>(busy) * 1e-9;
  };
  for (const EndpointReport& n : o.result.nodes) add(n);
  add(o.result.coordinator);
  return o;
}

TEST(SlowLink, SerialLinesCarryEveryStrategy) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    for (const double rate : {1e6, 2e6}) {
      for (const int nodes : {2, 5}) {
        SCOPED_TRACE(std::string(strategy) + ", " + std::to_string(rate) +
                     " bit/s, " + std::to_string(nodes) + " nodes");
        const Outcome o = run_slowly(strategy, nodes, rate, 128);
        EXPECT_LE(o.again * 10, o.rows);
        const double time =
            static_cast<double>(o.result.ended - o.result.deployed) * 1e-9;
        EXPECT_LT(time, 1.5 * o.wire_s);
      }
    }
  }
}

// One datagram takes longer than a silent node is waited for elsewhere. What
// comes so late is sent again, which no board's line is slow enough for.
TEST(SlowLink, OneKilobitIsSlowAndNoMore) {
  EXPECT_GT(run_slowly("layer", 2, 1e3, 1472).wire_s, 10);
}

// Virtual nodes are not started again, and nobody can wait longer for them.
TEST(SlowLink, NothingArrivesIsNoMatterOfPatience) {
  const Cluster cluster = uniform_cluster(2, find_board("teensy41"), {});
  const Prepared p = prepare(small_graph(), linked_nodes(cluster));
  SimOptions options;
  options.network.loss = 1;
  try {
    simulate_cluster(p, cluster, noise_bytes(kSmallInput, 4), options);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kNode);
    EXPECT_EQ(e.fix().find("timeout"), std::string::npos) << e.fix();
    EXPECT_NE(e.fix().find("--rate"), std::string::npos) << e.fix();
  }
}

TEST(SlowLink, ManySendersToOneReceiver) {
  for (const double rate : {1e6, 1e7}) {
    const Outcome o = run_slowly("kernel", 8, rate, 1472);
    EXPECT_LE(o.again * 10, o.rows);
  }
}

}  // namespace
}  // namespace shoal
