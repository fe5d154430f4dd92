#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/plan/plan_json.h"
#include "host/plan/plan_table.h"
#include "host/plan/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

Plan plan_for(const Net& net, std::optional<int64_t> ram) {
  PlanOptions options;
  options.board = &find_board("stm32f746");
  options.ram = ram;
  return make_plan(net, options);
}

TEST(PlanJsonTest, HasWhatScriptsRelyOn) {
  const Net net = bottleneck_net(48, 5);
  const Plan plan = plan_for(net, 20000);
  const auto json = nlohmann::json::parse(plan_json(net, plan));
  EXPECT_EQ(json.at("strategy"), "single");
  EXPECT_EQ(json.at("macs"), net.model_macs);
  EXPECT_EQ(json.at("model_macs"), net.model_macs);
  EXPECT_EQ(json.at("traffic_bytes"), 0);
  EXPECT_EQ(json.at("latency_kind"), "modelled");
  EXPECT_GT(json.at("latency_s").get<double>(), 0);
  const auto& node = json.at("nodes").at(0);
  EXPECT_EQ(node.at("board"), "stm32f746");
  EXPECT_EQ(node.at("arena_bytes"), plan.nodes[0].arena_bytes);
  for (const char* key : {"name", "fixed_bytes", "program_bytes", "macs",
                          "weight_read_bytes", "sent_bytes", "received_bytes",
                          "storage_read_bytes", "storage_written_bytes"}) {
    EXPECT_TRUE(node.contains(key)) << key;
  }
  int next = 0;
  int64_t largest = 0;
  for (const auto& stage : node.at("stages")) {
    for (const auto& layer : stage.at("layers")) EXPECT_EQ(layer, next++);
    largest = std::max(largest, stage.at("arena_bytes").get<int64_t>());
    EXPECT_TRUE(stage.at("bound").is_string());
    EXPECT_EQ(stage.at("actors").size(), stage.at("layers").size());
  }
  EXPECT_EQ(next, static_cast<int>(net.layers.size()));
  EXPECT_EQ(largest, plan.nodes[0].arena_bytes);
}

TEST(PlanTableTest, SaysWhatItNeedsAndWhyNotBetter) {
  const Net net = bottleneck_net(48, 5);
  const std::string text = plan_table(net, plan_for(net, 20000), 20000);
  for (const char* part :
       {"of 20,000 B", "node0 on stm32f746", "weights read", "1.000 x",
        "largest buffers", "why not faster", "why not smaller", "modelled"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace shoal
