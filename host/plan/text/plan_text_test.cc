#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/size.h"
#include "host/check/testing/hand_cluster.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/branch_nets.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/text/plan_table.h"

namespace shoal {
namespace {

Plan plan_for(const Net& net, std::optional<int64_t> ram) {
  PlanRequest request = one_node(find_board("stm32f746"));
  request.node().ram = ram;
  return make_plan(net, request);
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

TEST(PlanJsonTest, HasTheFiguresThatAreKnown) {
  const Net net = bottleneck_net(48, 5);
  const Plan plan = plan_for(net, 20000);
  const auto with = [&](const PlanFigures* f) {
    return nlohmann::json::parse(plan_json(net, plan, nullptr, {}, f));
  };
  EXPECT_FALSE(with(nullptr).contains("frames_per_s"));
  PlanFigures f{.frames_per_s = 12.5, .frames_under_way = 3};
  EXPECT_EQ(with(&f).at("frames_per_s"), 12.5);
  EXPECT_EQ(with(&f).at("frames_under_way"), 3);
  EXPECT_TRUE(with(&f).at("energy_mj").is_null());
  f.energy_j = 0.25;
  EXPECT_EQ(with(&f).at("energy_mj"), 250);
  EXPECT_EQ(figures_text(Objective::kThroughput, f),
            "12.5 frames/s (modelled), 3 under way\n");
  f.frames_under_way = 1;
  EXPECT_EQ(figures_text(Objective::kThroughput, f),
            "12.5 frames/s (modelled)\n");
  EXPECT_EQ(figures_text(Objective::kEnergy, f), "250 mJ a frame (modelled)\n");
  f.has_network = true;
  EXPECT_EQ(figures_text(Objective::kEnergy, f),
            "250 mJ a frame (modelled, without the network)\n");
  EXPECT_EQ(figures_text(Objective::kLatency, f), "");
}

TEST(PlanTextTest, WholeFramesAreToldApartFromThePlan) {
  PlanFigures f{.frames_per_s = 12.5, .frames_under_way = 3};
  f.replicas = Replicas{
      {{"a", 0.6, 0.5, 0.01, 1000}, {"c", 0.25, 0.25, 0.01, 3000}}, {"b", "d"}};
  EXPECT_EQ(figures_text(Objective::kThroughput, f),
            "12.5 frames/s (modelled), 3 under way\n"
            "apart from this plan: whole frames, each on one of 2 nodes alone, "
            "would be 6.00 frames/s in all, 600 ms a frame, arenas to "
            "3,000 B (modelled); the network does not fit b, d\n");
  const Net net = bottleneck_net(16, 2);
  const Plan plan = plan_for(net, {});
  const auto of = [&] {
    return nlohmann::json::parse(plan_json(net, plan, nullptr, {}, &f));
  };
  const auto j = of().at("replicas");
  EXPECT_EQ(j.at("frames_per_s"), 6);
  EXPECT_EQ(j.at("latency_us"), 600000);
  EXPECT_EQ(j.at("arena_bytes"), 3000);
  EXPECT_EQ(j.at("does_not_fit"), std::vector<std::string>({"b", "d"}));
  EXPECT_EQ(j.at("nodes").at(1).at("name"), "c");
  EXPECT_EQ(j.at("nodes").at(1).at("latency_us"), 250000);
  EXPECT_EQ(j.at("nodes").at(1).at("arena_bytes"), 3000);
  EXPECT_EQ(of().at("frames_per_s"), 12.5);

  // All frames go through the coordinator's port, one after another.
  for (Replica& r : f.replicas->nodes) r.wire_s = 0.5;
  EXPECT_EQ(of().at("replicas").at("frames_per_s"), 2);

  f.replicas->nodes.clear();
  EXPECT_NE(figures_text(Objective::kThroughput, f).find("fits none"),
            std::string::npos);
  EXPECT_EQ(of().at("replicas").at("frames_per_s"), 0);
  f.replicas.reset();
  EXPECT_FALSE(of().contains("replicas"));
}

Budgets budgets_of(const Plan& plan, int64_t each) {
  return Budgets(plan.nodes.size(), each);
}

TEST(PlanTableTest, SaysWhatItNeedsAndWhyNotBetter) {
  const Net net = bottleneck_net(48, 5);
  const std::string text = plan_table(net, plan_for(net, 20000), {20000});
  for (const char* part :
       {"of 20,000 B", "node0 on stm32f746", "weights read", "1.000 x",
        "largest buffers", "why not faster", "why not smaller", "modelled"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

// A change for the first node alone would not be enough.
TEST(PlanTextTest, ARefusalNamesAllNodesWithoutRoom) {
  const Net net = bottleneck_net(32, 3);
  PlanRequest request = linked_nodes(
      uniform_cluster(3, find_board("host"), std::nullopt), "layer");
  const Plan smallest = make_plan(net, request);
  for (const int n : {1, 2}) {
    ClusterNode& node = request.cluster.nodes[n];
    node.ram = smallest.nodes[n].arena_bytes - 1;
    node.ram_source = "cluster.toml, ram of node '" + node.name + "'";
  }
  const Misfit of_all = arena_does_not_fit(net, request, smallest);
  EXPECT_EQ(of_all.code, Exit::kDoesNotFit);
  EXPECT_NE(of_all.what.find("node node1, "), std::string::npos);
  for (const int n : {1, 2}) {
    const std::string change = request.cluster.nodes[n].ram_source + ": " +
                               std::to_string(smallest.nodes[n].arena_bytes);
    EXPECT_NE(of_all.fix.find(change), std::string::npos) << of_all.fix;
  }

  // The flag's limit of another node is named beside a node's own bytes.
  request.cluster.nodes[2].ram.reset();
  request.cluster.nodes[2].max_arena = smallest.nodes[2].arena_bytes - 1;
  const Misfit of_one = arena_does_not_fit(net, request, smallest);
  EXPECT_NE(of_one.fix.find("--max-arena"), std::string::npos) << of_one.fix;
}

TEST(PlanTextTest, SaysWhatAnotherOrderOfLayersIsBetterBy) {
  const Net net = breadth_first_net(1, 4);
  PlanRequest request = one_node(find_board("stm32f746"));
  request.objective = Objective::kRam;
  Plan plan = make_plan(net, request);
  EXPECT_NE(
      plan_table(net, plan, {})
          .find("layers in another order than the file's: " +
                format_count(plan.nodes[0].arena_bytes) + " instead of " +
                format_count(plan.order.own_arena_bytes) + " B in the file's"),
      std::string::npos);
  auto json = nlohmann::json::parse(plan_json(net, plan));
  EXPECT_EQ(json.at("order").at("layers"), plan.order.layers);
  EXPECT_EQ(json["order"]["file_arena_bytes"], plan.order.own_arena_bytes);
  std::vector<int> layers;
  for (const auto& stage : json["nodes"][0]["stages"]) {
    for (const auto& layer : stage.at("layers")) layers.push_back(layer);
  }
  EXPECT_EQ(layers, plan.order.layers);

  request.objective = Objective::kLatency;
  request.node().ram = plan.nodes[0].arena_bytes;
  plan = make_plan(net, request);
  EXPECT_NE(plan_table(net, plan, {}).find("in the file's nothing fits"),
            std::string::npos);
  json = nlohmann::json::parse(plan_json(net, plan));
  EXPECT_TRUE(json.at("order").at("file_arena_bytes").is_null());
}

Net squeezed() {
  ShapeNet n("squeezed");
  const int x = n.conv(n.input(32, 32, 4), 3, 1, 16);
  n.output(n.conv(n.mul(x, n.mean(x)), 1, 1, 4));
  return n.finish();
}

Plan spilled_plan(const Net& net) {
  PlanRequest request = one_node(find_board("stm32f746"));
  request.node().ram = 15000;
  request.max_writes = 1 << 20;
  return make_plan(net, request);
}

TEST(PlanJsonTest, HasWhatGoesToStorage) {
  const Net net = squeezed();
  const Plan plan = spilled_plan(net);
  const auto json = nlohmann::json::parse(plan_json(net, plan));
  const auto& node = json.at("nodes").at(0);
  EXPECT_EQ(node.at("storage_written_bytes"), 5 * 4096);
  EXPECT_EQ(node.at("storage"), plan.nodes[0].storage);
  EXPECT_EQ(node.at("spill_pages"), 5);
  EXPECT_EQ(node.at("spill_page_bytes"), 4096);
  EXPECT_GT(node.at("life_frames").get<double>(), 1e6);
  EXPECT_GT(node.at("layout").at("spill").at("bytes").get<int>(), 0);
  int64_t written = 0, read_back = 0;
  for (const auto& stage : node.at("stages")) {
    written += stage.at("storage_written_bytes").get<int64_t>();
    for (const char* key : {"compute_s", "flash_s", "storage_s", "check_s"}) {
      EXPECT_TRUE(stage.contains(key)) << key;
    }
    if (!stage.contains("spills")) continue;
    for (const auto& spill : stage.at("spills")) {
      EXPECT_EQ(
          stage.at("ports").at(spill.at("port").get<size_t>()).at("owner"),
          "spill");
      EXPECT_EQ(spill.at("bytes"), 32 * 32 * 16);
      if (spill.at("direction") == "read") read_back += 1;
    }
  }
  EXPECT_EQ(written, 5 * 4096);
  EXPECT_EQ(read_back, 1);
}

TEST(PlanTableTest, SaysWhatGoesToStorageAndHowLongItLives) {
  const Net net = squeezed();
  const std::string text = plan_table(net, spilled_plan(net), {15000});
  for (const char* part :
       {"20,480 B", "written a frame", "weights lie", "spills",
        "in 5 pages of 4,096 B", "years of life at 1 frame a second",
        "reads back", "291 ms (modelled)"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

HandCase linked_case(const std::string& name) {
  for (const HandCase& c : linked_cases()) {
    if (c.name == name) return c;
  }
  ADD_FAILURE() << "no case " << name;
  return {};
}

TEST(PlanJsonTest, HasStreamsPeersAndSegments) {
  const HandCase c = linked_case("channels across");
  const auto json = nlohmann::json::parse(plan_json(c.net, c.plan));
  EXPECT_EQ(json.at("linked"), true);
  EXPECT_EQ(json.at("nodes").at(0).at("peers").at(0).at("node"), "coordinator");
  EXPECT_EQ(json.at("nodes").at(0).at("peers").at(1).at("node"), 1);
  ASSERT_EQ(json.at("streams").size(), c.plan.streams.size());
  for (size_t i = 0; i < c.plan.streams.size(); ++i) {
    EXPECT_EQ(json.at("streams").at(i).at("bytes"), c.plan.streams[i].bytes());
    EXPECT_EQ(json.at("streams").at(i).at("from").at("node"),
              c.plan.streams[i].from.node);
  }
  ASSERT_EQ(json.at("segments").size(), 2u);
  int64_t bytes = 0;
  for (const auto& s : json.at("segments")) {
    for (const char* key : {"input_bytes", "exchanged_bytes", "output_bytes"}) {
      bytes += s.at(key).get<int64_t>();
    }
  }
  EXPECT_EQ(bytes, c.plan.traffic_bytes);
}

TEST(PlanTableTest, SaysHowLayersAreCut) {
  const std::pair<const char*, const char*> cuts[] = {
      {"row halo", "grid 2x1"},     {"channels inside", "outputs"},
      {"input chains", "inputs"},   {"column tiles", "grid 1x2"},
      {"pipeline", "all on node0"}, {"hidden channels", "inputs"}};
  for (const auto& [name, cut] : cuts) {
    const HandCase c = linked_case(name);
    const std::string text =
        plan_table(c.net, c.plan, budgets_of(c.plan, 20000));
    for (const char* part : {cut, "20,000", "node1", "traffic", "received"}) {
      EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    }
  }
}

TEST(PlanTableTest, NamesBandsByTheirNodes) {
  const Net net = bottleneck_net(48, 1);
  const Cluster cluster = uniform_cluster(5, find_board("teensy41"), {});
  Cuts cuts = make_cuts(net, cluster, {.strategy = "spatial"});
  cuts.layers[0] = *cut_bands(net.layers[0], whole_crew(cluster), 2);
  const Plan plan = make_plan(net, linked_nodes(cluster, std::move(cuts)));
  const std::string text = plan_table(net, plan, budgets_of(plan, 20000));
  EXPECT_NE(text.find("bands 2+3"), std::string::npos) << text;
}

TEST(PlanTableTest, SaysWhatLinksAndIdleNodesCost) {
  HandCase c = linked_case("row halo");
  double inside = 0;
  for (const PlanStage& s : c.plan.nodes[0].stages) inside += s.seconds;
  c.plan.latency_s = 10 * inside + 1;
  c.plan.nodes[0].fixed_bytes = 4096;
  c.plan.nodes[1].fixed_bytes = 16384;
  c.plan.nodes.push_back({});
  c.plan.nodes.back().fixed_bytes = 8192;
  const std::string text = plan_table(c.net, c.plan, budgets_of(c.plan, 60000));
  for (const char* part : {"4,096 B (4.0 KB) to 16,384 B", "datagrams, keys",
                           "wait for room", "1 of 3 nodes have no share"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(PlanTableTest, NamesNodesThatHardlyDoAnything) {
  HandCase c = linked_case("row halo");
  c.plan.latency_s = 1;
  c.plan.macs = 2000;
  c.plan.nodes[0].macs = 1990;
  c.plan.nodes[1].macs = 10;
  const Budgets budgets = budgets_of(c.plan, 60000);
  const std::string hardly = "of the MACs: node1; --strategy auto";
  EXPECT_NE(plan_table(c.net, c.plan, budgets).find(hardly), std::string::npos)
      << plan_table(c.net, c.plan, budgets);
  c.plan.nodes[1].macs = 100;  // a tenth
  EXPECT_EQ(plan_table(c.net, c.plan, budgets).find(hardly), std::string::npos);
  c.plan.nodes[1].macs = 10;
  c.plan.strategy = "auto (spatial on 2 of 2 nodes)";
  EXPECT_EQ(plan_table(c.net, c.plan, budgets).find(hardly), std::string::npos);
}

TEST(PlanTableTest, SaysWhyNodesAreLeftOut) {
  HandCase c = linked_case("row halo");
  c.plan.nodes.push_back({});
  c.plan.nodes.back().name = "tiny";
  c.plan.nodes.push_back({});
  c.plan.nodes.back().name = "slow";
  c.plan.latency_s = 1;
  c.plan.strategy =
      "auto (spatial on 2 of 4 nodes: 1.00 ms; on all it does not fit)";
  c.plan.not_on_all = true;
  Budgets budgets = budgets_of(c.plan, 60000);
  budgets[2] = 8;
  const std::string text = plan_table(c.net, c.plan, budgets);
  for (const char* part : {"left out: tiny (8 B); no share that was tried fits",
                           "left out: slow; giving it work would not make"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  const auto json =
      nlohmann::json::parse(plan_json(c.net, c.plan, nullptr, budgets));
  const std::string reason = json.at("nodes_left_out").at(0).at("reason");
  EXPECT_TRUE(reason.starts_with("no share that was tried fits its arena of 8"))
      << reason;
  // The request named a strategy, with limits.
  c.plan.strategy = "kernel on 2 nodes";
  c.plan.says_nodes = true;
  c.plan.not_on_all = false;
  EXPECT_NE(plan_table(c.net, c.plan, budgets).find("left out: tiny, slow"),
            std::string::npos);
}

// The table of 64 nodes is no longer than one of 16.
TEST(PlanTableTest, SumsUpManyNodes) {
  HandCase c = linked_case("pipeline");
  const PlanNode copy = c.plan.nodes[1];
  while (c.plan.nodes.size() < 64) c.plan.nodes.push_back(copy);
  c.plan.nodes.back().name = "fullest";
  c.plan.nodes.back().arena_bytes = 54321;
  const std::string text = plan_table(c.net, c.plan, budgets_of(c.plan, 60000));
  EXPECT_LT(std::ranges::count(text, '\n'), 30);
  for (const char* part : {"64 nodes", "(fullest)", "54,321 of 60,000 B"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace shoal
