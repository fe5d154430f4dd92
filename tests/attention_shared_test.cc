// Transformers over nodes: exact under every cut, and faster on several boards
// than on one.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "host/engine/common/prepare.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/import/import.h"
#include "host/model/zoo/zoo.h"
#include "tests/shared.h"

namespace shoal {
namespace {

Cluster teensies(int nodes) {
  return uniform_cluster(nodes, find_board("teensy41"), {});
}

std::vector<uint8_t> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.good()) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

double simulated_s(const Graph& model, const PlanRequest& request,
                   const std::vector<uint8_t>& input,
                   const std::vector<uint8_t>& expected) {
  const Prepared prepared = prepare(model, request);
  std::vector<uint8_t> output;
  SimOptions options;
  options.warm_up = true;
  options.output = [&](int, const std::vector<uint8_t>& o) { output = o; };
  const SimResult r =
      simulate_cluster(prepared, request.cluster, input, options);
  EXPECT_EQ(output, expected)
      << request.strategy << " on " << request.cluster.nodes.size() << " nodes";
  return r.latency_s();
}

class AttentionCase : public testing::TestWithParam<const char*> {};

TEST_P(AttentionCase, IsExactUnderEveryCut) {
  const auto folder = shared_dir() / "cases" / GetParam();
  const Graph model = load_model((folder / "model.tflite").string());
  const auto input = bytes_of(folder / "in.bin");
  const auto expected = bytes_of(folder / "expected.bin");
  const double alone =
      simulated_s(model, linked_nodes(teensies(1)), input, expected);
  for (const auto& [strategy, nodes] : {std::pair{"spatial", 2},
                                        {"spatial", 8},
                                        {"kernel", 4},
                                        {"layer", 3},
                                        {"heads", 3},
                                        {"heads", 8}}) {
    simulated_s(model, linked_nodes(teensies(nodes), strategy), input,
                expected);
  }
  const double together =
      simulated_s(model, linked_nodes(teensies(4), "auto"), input, expected);
  std::printf("%s: %.3f ms on one node, %.3f ms on four\n", GetParam(),
              alone * 1e3, together * 1e3);
  EXPECT_LT(together, alone);
}

INSTANTIATE_TEST_SUITE_P(Cases, AttentionCase,
                         testing::Values("08_encoder_block",
                                         "08_keyword_transformer", "08_vit"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           return std::string(info.param).substr(3);
                         });

double planned_s(const std::string& model, int nodes) {
  return prepare(zoo_model(model), linked_nodes(teensies(nodes)))
      .plan.latency_s;
}

// Tokens are cut over the nodes, and each of them has all keys and values.
TEST(TransformersLong, AreFasterOnEightNodes) {
  EXPECT_GE(planned_s("zoo:deit_tiny", 1) / planned_s("zoo:deit_tiny", 8), 4.5);
  EXPECT_GE(planned_s("zoo:kwt3", 1) / planned_s("zoo:kwt3", 8), 4);
}

// Heads and tokens are cut over the nodes.
TEST(TransformersLong, AreFasterStillWithHeadsApart) {
  const PlanRequest request = linked_nodes(teensies(8), "auto");
  const double together =
      prepare(zoo_model("zoo:kwt3"), request).plan.latency_s;
  const double alone = planned_s("zoo:kwt3", 1);
  EXPECT_GE(alone / together, 4.5);
  // Within 30 % of one node's arena, pairs of nodes divide an MLP's wide
  // layers.
  const PlanRequest less =
      linked_nodes(uniform_cluster(8, find_board("teensy41"), 51370), "auto");
  EXPECT_GE(alone / prepare(zoo_model("zoo:kwt3"), less).plan.latency_s, 4.3);
}

}  // namespace
}  // namespace shoal
