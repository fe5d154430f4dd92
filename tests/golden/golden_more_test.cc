// Operators that the first golden set lacks: every case of the second set's
// operator models and real models, by the oracle, on one node with the smallest
// arena and on clusters; exported and read again.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/testing/verify_frame.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "host/oracle/int8/oracle.h"
#include "tests/shared.h"

namespace shoal {
namespace {

Graph whole_model(const std::string& name) {
  return load_model(
      (shared_dir() / "models_more/synth" / (name + ".tflite")).string());
}

class GoldenMore : public testing::TestWithParam<std::string> {
 protected:
  const Graph graph_ = whole_model(GetParam());
  std::vector<GoldenCase> cases() const {
    const auto folder = shared_dir() / "golden_more" / GetParam();
    std::vector<GoldenCase> all;
    for (const std::string& name : golden_cases(folder)) {
      all.push_back(read_golden_case(folder, name));
    }
    EXPECT_EQ(all.size(), 2u);
    return all;
  }
};

TEST_P(GoldenMore, TheOracleGivesEveryLayer) {
  for (const GoldenCase& golden : cases()) {
    const Values values = run_oracle(graph_, golden.input);
    const Trace trace = make_trace(graph_, [&](int t) {
      return file_bytes(graph_, t, values[static_cast<size_t>(t)]);
    });
    size_t found = 0;
    for (TraceLine line : trace) {
      for (const TraceLine& expected : golden.trace) {
        if (expected.tensor != line.tensor) continue;
        line.op = expected.op;  // what a SHAPE gives is no operator
        EXPECT_EQ(line, expected) << golden.name << " " << line.name;
        ++found;
      }
    }
    EXPECT_EQ(found, trace.size());
    EXPECT_GT(found, 7u);
  }
}

TEST_P(GoldenMore, ExportedAndReadAgainItIsTheSame) {
  const Graph again = import_tflite(export_tflite(graph_), graph_.name);
  EXPECT_EQ(graph_difference(again, with_operands(graph_)), "");
}

TEST_P(GoldenMore, OneNodeGivesEveryLayer) {
  PlanRequest request = one_node(find_board("host"));
  for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
    request.objective = objective;
    const Prepared p = prepare(graph_, request);
    for (const GoldenCase& golden : cases()) {
      const Values oracle = run_oracle(graph_, golden.input);
      const Verification v =
          verify_frame(p, golden.input, oracle, std::nullopt);
      EXPECT_GT(v.layers, 0u);
      if (v.wrong) ADD_FAILURE() << golden.name << describe(*v.wrong);
    }
  }
}

TEST_P(GoldenMore, ClustersGiveTheBytes) {
  const GoldenCase golden = cases()[0];
  const auto expected = model_output(graph_, run_oracle(graph_, golden.input));
  for (const char* strategy : {"layer", "kernel", "spatial"}) {
    for (const int nodes : {2, 5}) {
      SCOPED_TRACE(testing::Message() << strategy << " over " << nodes);
      const Cluster cluster = uniform_cluster(nodes, find_board("host"), {});
      const Prepared p = prepare(graph_, linked_nodes(cluster, strategy));
      SimOptions run;
      run.costs = false;
      run.insecure = true;
      std::vector<uint8_t> got;
      run.output = [&](int, const std::vector<uint8_t>& o) { got = o; };
      simulate_cluster(p, cluster, golden.input, run);
      EXPECT_EQ(got, expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenMore,
                         testing::Values("ops_resize_bilinear", "ops_arg",
                                         "ops_mirror_pad",
                                         "ops_squared_difference",
                                         "ops_abs_rsqrt", "ops_log_softmax",
                                         "ops_space_batch", "ops_batch_matmul",
                                         "ops_gather_pack", "ops_shape_cast",
                                         "ops_div", "ops_reduce", "ops_cumsum"),
                         [](const auto& info) { return info.param; });

class GoldenMoreReal : public testing::TestWithParam<std::string> {
 protected:
  const Graph graph_ = load_model(
      (shared_dir() / "models_more" / (GetParam() + ".tflite")).string());
  const std::filesystem::path folder_ =
      shared_dir() / "golden_more" / GetParam();
};

TEST_P(GoldenMoreReal, OneNodeGivesEveryLayer) {
  PlanRequest request = one_node(find_board("host"));
  size_t cases = 0;
  for (const std::string& name : golden_cases(folder_)) {
    const GoldenCase golden = read_golden_case(folder_, name);
    const Values oracle = run_oracle(graph_, golden.input);
    for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
      request.objective = objective;
      const Prepared p = prepare(graph_, request);
      const Verification v = verify_frame(p, golden.input, oracle, golden);
      EXPECT_GT(v.layers, 25u);
      if (v.wrong) ADD_FAILURE() << name << " " << describe(*v.wrong);
    }
    ++cases;
  }
  EXPECT_GE(cases, 2u);
}

TEST_P(GoldenMoreReal, ClustersGiveTheBytes) {
  const GoldenCase golden =
      read_golden_case(folder_, golden_cases(folder_).front());
  for (const int nodes : {2, 5}) {
    SCOPED_TRACE(nodes);
    const Cluster cluster = uniform_cluster(nodes, find_board("host"), {});
    const Prepared p = prepare(graph_, linked_nodes(cluster, "spatial"));
    SimOptions run;
    run.costs = false;
    run.insecure = true;
    std::vector<uint8_t> got;
    run.output = [&](int, const std::vector<uint8_t>& o) { got = o; };
    simulate_cluster(p, cluster, golden.input, run);
    EXPECT_EQ(got, golden.output);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenMoreReal,
                         testing::Values("fomo_face_detection",
                                         "blazeface_front_128",
                                         "hand_landmarks_full_224",
                                         "mobilenet_v1_0.75_192_quant_i8shift"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace shoal
