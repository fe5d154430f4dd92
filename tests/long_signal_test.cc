// Signals of more than 65,535 samples, with strides, dilations and pools whose
// numbers need 16 bits: exact on one node and on several, and refused where a
// number is too large.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/verify.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "tests/signal_model.h"

namespace shoal {
namespace {

std::string judge(const Graph& g, Engine& engine) {
  std::mt19937 random(7);
  Bytes frame(static_cast<size_t>(
      element_count(g.tensors[static_cast<size_t>(g.inputs[0])].shape)));
  for (uint8_t& b : frame) b = static_cast<uint8_t>(random());
  std::string fault = "no answer";
  bool is_given = false;
  const auto next = [&]() -> std::optional<Bytes> {
    if (std::exchange(is_given, true)) return std::nullopt;
    return frame;
  };
  engine.stream(next, [&](const Answer& a) {
    const Verification v = judge_frame(g, a.output, a.values(),
                                       run_oracle(g, frame), std::nullopt);
    fault = v.wrong ? describe(*v.wrong) : "";
  });
  return fault;
}

void expect_exact(const Signal& signal) {
  SCOPED_TRACE(testing::Message()
               << signal.samples << " samples, stride " << signal.stride
               << ", dilation " << signal.dilation
               << (signal.rows ? ", rows" : ", columns"));
  const Graph g = import_tflite(SignalModel(signal).file(), "signal");
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  auto alone = std::make_shared<const Prepared>(prepare(g, request));
  EXPECT_EQ(judge(g, *node_engine(alone, {}, true)), "");
  for (const int nodes : {2, 4}) {
    const Cluster cluster = uniform_cluster(nodes, find_board("host"), {});
    SimOptions options;
    options.costs = options.first_alone = false;
    VirtualEngine engine(std::make_shared<Prepared>(
                             prepare(g, linked_nodes(cluster, "spatial"))),
                         cluster, options, true);
    EXPECT_EQ(judge(g, engine), "") << nodes << " nodes";
  }
}

TEST(LongSignal, StridesPoolsAndDilations) {
  expect_exact({.stride = 256, .taps = 5, .pool = 300});
  expect_exact({.rows = true, .stride = 257, .dilation = 256, .pool = 20});
  expect_exact({.stride = 40, .dilation = 65535});
}

TEST(LongSignal, LimitsAreNamed) {
  // With a strategy it is planned on two nodes.
  const auto refused = [](const Signal& signal,
                          const std::string& strategy = "") -> std::string {
    const Cluster two = uniform_cluster(2, find_board("host"), {});
    try {
      prepare(import_tflite(SignalModel(signal).file(), "signal"),
              strategy.empty() ? one_node(find_board("host"))
                               : linked_nodes(two, strategy));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUnsupported);
      return e.what();
    }
    return "";
  };
  EXPECT_NE(refused({.stride = 65536})
                .find("stride of 65536, the limit is "
                      "65535"),
            std::string::npos);
  EXPECT_NE(refused({.dilation = 65536})
                .find("dilation of 65536, the limit is "
                      "65535"),
            std::string::npos);
  // A window of more than 16 rows is cut into parts, one a firing.
  const Signal wide{.samples = 60000, .taps = 33, .pool = 2};
  EXPECT_NE(refused(wide).find("180000 times a frame, the limit is 65534"),
            std::string::npos);
  EXPECT_NE(refused(wide, "kernel").find("180000 times a frame"),
            std::string::npos);
  EXPECT_NE(refused(wide, "spatial").find("times a frame, the limit is 65534"),
            std::string::npos);
  const std::string rows =
      refused({.samples = (1 << 24) + 1, .stride = 60000, .pool = 2});
  EXPECT_NE(rows.find("16777217"), std::string::npos) << rows;
}

}  // namespace
}  // namespace shoal
