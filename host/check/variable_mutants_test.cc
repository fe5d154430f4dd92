// Plans of a net that keeps variables, spoiled in every systematic way, and
// what the checker says of the ways to lose what is kept.
#include <gtest/gtest.h>

#include <iostream>

#include "host/board/board.h"
#include "host/check/testing/mutant_judge.h"
#include "host/lower/reorder.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/plan/planner/planner.h"

namespace shoal {
namespace {

// A ring of rows in front of a convolution, and a running sum behind it.
Net streaming_net() {
  ModelBuilder b;
  const BuilderScale scale{0.05f, -3};
  const int x = b.input({1, 2, 3, 4}, scale);
  const int ring = b.variable({1, 3, 3, 4}, scale);
  const int rows = b.concatenation({b.read_variable(ring), x}, 1);
  b.assign_variable(
      ring, b.strided_slice(rows, {{0, 2, 0, 0}, {1, 5, 3, 4}, {1, 1, 1, 1}}));
  std::vector<int8_t> weights(4 * 5 * 3 * 4);
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<int8_t>(i * 37 % 255 - 127);
  }
  const int y = b.conv(rows, b.weights({4, 5, 3, 4}, weights, {0.01f}, 0), -1,
                       {0.2f, 4}, {.same = false});
  const int sum = b.variable({1, 1, 1, 4}, {0.2f, 4}, {1, -2, 3, 100});
  const int all = b.add(b.read_variable(sum), y, {0.2f, 4});
  b.assign_variable(sum, all);
  b.output(all);
  return lower(import_tflite(b.finish(), "streaming"));
}

TEST(VariableMutantsTest, AreAllRefused) {
  const Net net = streaming_net();
  ASSERT_EQ(net.variables.size(), 2u);
  Tally tally;
  PlanRequest request = one_node(find_board("host"));
  for (const bool mapped : {true, false}) {
    for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
      request.node().board.flash_mapped = mapped;
      request.objective = objective;
      const Plan plan = make_plan(net, request);
      for (const std::string& line : check(net, plan)) ADD_FAILURE() << line;
      ASSERT_EQ(plan.nodes[0].variables.size(), 2u);
      MutantJudge judge(mapped ? "mapped" : "unmapped", net, plan);
      for (const Mutation& m : mutations(net, plan.nodes[0])) {
        judge.try_one(m, tally);
      }
    }
  }
  std::cout << tally << "\n";
  EXPECT_EQ(tally.tried, tally.caught + tally.equivalent);
  EXPECT_GT(tally.caught, 1000);
}

TEST(VariableMutantsTest, OfAClusterAreAllRefused) {
  const Net net = assign_last(streaming_net());
  int tried = 0;
  for (const char* strategy : {"spatial", "kernel"}) {
    const Cluster cluster = uniform_cluster(3, find_board("host"), {});
    const Plan plan = make_plan(net, linked_nodes(cluster, strategy));
    for (const std::string& line : check(net, plan)) ADD_FAILURE() << line;
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      for (const Mutation& m : mutations(net, plan.nodes[n])) {
        if (m.what.find("variable") == std::string::npos) continue;
        Plan mutant = plan;
        m.apply(mutant.nodes[n]);
        ++tried;
        EXPECT_FALSE(check(net, mutant).empty())
            << strategy << ", node " << n << ", " << m.what;
      }
    }
  }
  EXPECT_GT(tried, 100);
}

std::string said(const Net& net, const Plan& plan) {
  std::string all;
  for (const std::string& line : check(net, plan)) all += line + "\n";
  return all;
}

TEST(VariableMutantsTest, SayWhatIsLost) {
  const Net net = streaming_net();
  const Plan right = make_plan(net, one_node(find_board("host")));
  Plan plan = right;
  const auto buffer = [&](int tensor) -> PlanBuffer& {
    for (PlanStage& s : plan.nodes[0].stages) {
      for (PlanBuffer& b : s.buffers) {
        if (b.tensor == tensor) return b;
      }
    }
    throw std::runtime_error("no such buffer");
  };
  buffer(net.variables[0].after).offset =
      buffer(net.variables[0].before).offset;
  EXPECT_NE(said(net, plan).find("does not lie in its copy"),
            std::string::npos);
  plan = right;
  plan.nodes[0].variables.pop_back();
  EXPECT_NE(said(net, plan).find("that the node does not keep"),
            std::string::npos);
}

}  // namespace
}  // namespace shoal
