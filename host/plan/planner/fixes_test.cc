#include "host/plan/planner/fixes.h"

#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/plan/planner/planner.h"
#include "host/plan/planner/quick_plan.h"
#include "host/plan/search/search.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

std::string line_with(const std::vector<std::string>& lines,
                      const std::string& begin) {
  for (const std::string& l : lines) {
    if (l.starts_with(begin)) return l;
  }
  return "";
}

int64_t number_behind(const std::string& line, const std::string& flag) {
  return std::stoll(line.substr(flag.size()));
}

// Each number in a line is tried.
TEST(FixesTest, HoldWhatTheySay) {
  const Net net = bottleneck_net(48, 3);
  PlanRequest request = one_node(find_board("teensy41"));
  request.objective = Objective::kRam;
  const int64_t budget = largest_arena(make_plan(net, request)) * 3 / 4;
  request.node().ram = budget;
  EXPECT_THROW(make_plan(net, request), Error);
  const SmallerNet smaller = [](int percent, std::string& text) {
    text = std::to_string(48 * percent / 100);
    return std::optional(bottleneck_net(48 * percent / 100, 3));
  };
  const std::vector<std::string> lines = find_fixes(net, request, smaller);
  // The smallest arena may take any time.
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.ends_with(" KB) or less a node")) << line;
  }

  const std::string ram = line_with(lines, "--ram ");
  ASSERT_FALSE(ram.empty());
  const int64_t bytes = number_behind(ram, "--ram ");
  EXPECT_GT(bytes, budget);
  PlanRequest more = request;
  more.node().ram = bytes;
  EXPECT_LE(largest_arena(make_plan(net, more)), bytes);

  const std::string nodes = line_with(lines, "--nodes ");
  ASSERT_FALSE(nodes.empty());
  EXPECT_EQ(nodes.find("without"), nodes.npos) << nodes;
  PlanRequest spills = request;
  spills.max_writes = 1;  // several nodes cannot spill at all
  const std::string dry = line_with(find_fixes(net, spills, {}), "--nodes ");
  EXPECT_NE(dry.find(" without --max-writes: "), dry.npos) << dry;
  const auto count = static_cast<int>(number_behind(nodes, "--nodes "));
  bool fits_one = false;
  for (const char* const strategy : {"spatial", "kernel", "layer", "auto"}) {
    PlanRequest several = with_nodes(request, count);
    several.strategy = strategy;
    try {
      fits_one |= largest_arena(make_plan(net, several)) <= budget;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kDoesNotFit);
    }
  }
  EXPECT_TRUE(fits_one);

  PlanRequest replayed = request;
  replayed.replay = true;
  if (line_with(lines, "--replay: ").empty()) {
    EXPECT_THROW(make_plan(net, replayed), Error);
  } else {
    EXPECT_LE(largest_arena(make_plan(net, replayed)), budget);
  }

  const std::string writes = line_with(lines, "--max-writes ");
  if (!writes.empty()) {
    PlanRequest spilling = request;
    spilling.max_writes = number_behind(writes, "--max-writes ");
    EXPECT_LE(largest_arena(make_plan(net, spilling)), budget);
  }

  const std::string input = line_with(lines, "the model for an input of ");
  ASSERT_FALSE(input.empty());
  const auto side =
      static_cast<int>(number_behind(input, "the model for an input of "));
  EXPECT_LE(largest_arena(make_plan(bottleneck_net(side, 3), request)), budget);
}

TEST(FixesTest, SaysWhatALargerBoardWouldNeed) {
  const Net net = bottleneck_net(32, 3);
  Board board = find_board("teensy41");
  board.banks = {{"small", 2048, 0}};
  const PlanRequest request = one_node(board);
  const std::vector<std::string> lines = find_fixes(net, request, {});
  EXPECT_FALSE(line_with(lines, "a board with ").empty());
  EXPECT_TRUE(line_with(lines, "--ram").empty());
}

// Four nodes with a budget that `layer` keeps and `spatial` does not.
PlanRequest short_of_memory(const Net& net) {
  PlanRequest request =
      linked_nodes(uniform_cluster(4, find_board("teensy41"), {}), "layer");
  const auto least = [&](const char* strategy) {
    PlanRequest r = request;
    r.strategy = strategy;
    r.objective = Objective::kRam;
    return largest_arena(make_plan(net, r));
  };
  const int64_t layer = least("layer"), spatial = least("spatial");
  EXPECT_LT(layer + 64, spatial);
  request.strategy = "spatial";
  for (ClusterNode& n : request.cluster.nodes) n.ram = layer + 32;
  return request;
}

// Returns the request with the bytes, nodes or strategy of a line.
PlanRequest as_told(const PlanRequest& request, const std::string& line) {
  const std::string flags = line.substr(0, line.find(':'));
  PlanRequest r = request;
  if (flags.starts_with("--nodes ")) {
    r = with_nodes(request, static_cast<int>(number_behind(flags, "--nodes ")));
  }
  if (flags.starts_with("--ram ")) {
    const int64_t bytes = number_behind(flags, "--ram ");
    EXPECT_GT(bytes, request.node().ram);
    for (ClusterNode& n : r.cluster.nodes) n.ram = bytes;
  }
  const std::string flag = "--strategy ";
  const size_t at = flags.find(flag);
  if (at != std::string::npos) r.strategy = flags.substr(at + flag.size());
  return r;
}

TEST(FixesTest, NameTheStrategyThatHelps) {
  const Net net = bottleneck_net(24, 2);
  const PlanRequest request = short_of_memory(net);
  EXPECT_THROW(make_plan(net, request), Error);
  const std::vector<std::string> lines = find_fixes(net, request, {});
  EXPECT_TRUE(lines.at(0).starts_with("--strategy layer: ")) << lines[0];
  EXPECT_FALSE(line_with(lines, "--ram ").empty());
  for (const std::string& line : lines) {
    const PlanRequest told = as_told(request, line);
    EXPECT_NO_THROW(make_plan(net, told)) << line;
  }
}

// A request that leaves the cuts to the search needs no strategy.
TEST(FixesTest, NameNoStrategyWhereTheDefaultDoes) {
  const Net net = bottleneck_net(24, 2);
  PlanRequest request =
      linked_nodes(uniform_cluster(4, find_board("teensy41"), {}), "auto");
  for (ClusterNode& n : request.cluster.nodes) n.ram = 1500;
  EXPECT_THROW(make_plan(net, request), Error);
  const std::vector<std::string> lines = find_fixes(net, request, {});
  EXPECT_FALSE(line_with(lines, "--ram ").empty());
  for (const std::string& line : lines) {
    EXPECT_EQ(line.find("--strategy"), std::string::npos) << line;
    EXPECT_NE(line.find(" ms or less"), std::string::npos) << line;
    EXPECT_NO_THROW(make_plan(net, as_told(request, line))) << line;
  }
}

// With both limits, an input is offered with which the whole search keeps them.
TEST(FixesLong, SmallerInputsKeepTheTraffic) {
  const auto net_of = [](int percent) {
    return bottleneck_net(48 * percent / 100, 3);
  };
  Board board = find_board("teensy41");
  board.clock_hz /= 20;
  PlanRequest request = linked_nodes(uniform_cluster(4, board, {}), "auto");
  PlanRequest quiet = request;
  quiet.limits.latency_s = make_plan(net_of(75), quiet).latency_s * 2.2;
  quiet.objective = Objective::kTraffic;
  request.limits = quiet.limits;
  request.limits.traffic_bytes = make_plan(net_of(75), quiet).traffic_bytes;
  EXPECT_NO_THROW(make_plan(net_of(75), request));
  // No strategy keeps both limits without regard to them.
  for (const char* const name : {"spatial", "layer", "kernel", "auto"}) {
    PlanRequest named = request;
    named.strategy = name;
    named.limits = {};
    const Plan plan = make_plan(net_of(75), named);
    EXPECT_TRUE(plan.latency_s > *request.limits.latency_s ||
                plan.traffic_bytes > *request.limits.traffic_bytes)
        << name;
  }
  const SmallerNet smaller = [&](int percent, std::string& text) {
    text = std::to_string(48 * percent / 100);
    return std::optional(net_of(percent));
  };
  const std::string input = line_with(find_fixes(net_of(100), request, smaller),
                                      "the model for an input of ");
  ASSERT_FALSE(input.empty());
  EXPECT_GE(number_behind(input, "the model for an input of "), 36) << input;
}

TEST(FixesTest, NameTheFlagThatSetTheBudget) {
  const Net net = bottleneck_net(24, 2);
  PlanRequest request = one_node(find_board("teensy41"));
  request.objective = Objective::kRam;
  const int64_t least = largest_arena(make_plan(net, request));
  request.node().max_arena = least * 3 / 4;
  std::vector<std::string> lines = find_fixes(net, request, {});
  EXPECT_TRUE(line_with(lines, "--max-arena ").starts_with("--max-arena "));
  EXPECT_TRUE(line_with(lines, "--ram ").empty());
  // Both flags are in the way, whichever is smaller.
  request.node().ram = least * 4 / 5;
  lines = find_fixes(net, request, {});
  const std::string both = line_with(lines, "--ram ");
  ASSERT_FALSE(both.empty());
  const std::string bytes = std::to_string(number_behind(both, "--ram "));
  EXPECT_TRUE(both.starts_with("--ram " + bytes + " --max-arena " + bytes))
      << both;
  request = linked_nodes(uniform_cluster(2, find_board("teensy41"), {}));
  request.cluster.file = "c.toml";
  request.node().max_arena = 100;
  lines = find_fixes(net, request, {});
  EXPECT_TRUE(line_with(lines, "--nodes ").empty());
}

TEST(FixesTest, WithoutTimeNothingIsSaid) {
  const Net net = bottleneck_net(24, 2);
  PlanRequest request = one_node(find_board("teensy41"));
  request.limits.latency_s = 1e-7;
  const PlanDeadline deadline(0.0);
  EXPECT_TRUE(find_fixes(net, request, {}).empty());
  request.limits.latency_s = 1e-3;
  QuickPlans plans(1000);
  const FewestNodes few = fewest_nodes(net, request, 2, 4, plans);
  EXPECT_EQ(few.nodes, 0);
  EXPECT_TRUE(few.tries.empty());
}

TEST(FixesTest, MoreNodesAreLikeTheLast) {
  PlanRequest request =
      linked_nodes(uniform_cluster(2, find_board("teensy41"), 65536));
  ClusterNode& last = request.cluster.nodes.back();
  last.ram = 32768;
  last.address = "127.0.0.1:7000";
  const PlanRequest more = with_nodes(request, 4);
  ASSERT_EQ(more.cluster.nodes.size(), 4u);
  for (const size_t n : {2u, 3u}) {
    EXPECT_EQ(more.cluster.nodes[n].ram, 32768);
    EXPECT_TRUE(more.cluster.nodes[n].address.empty());
  }
}

TEST(FewestNodesTest, FindsHowManyAreEnough) {
  const Net net = bottleneck_net(32, 3);
  Board board = find_board("teensy41");
  board.clock_hz /= 20;  // so that links take little of the time
  PlanRequest request = one_node(board);
  const double alone = make_plan(net, request).latency_s;
  request.limits.latency_s = alone * 0.8;
  QuickPlans plans(100'000);
  const FewestNodes few = fewest_nodes(net, request, 2, 16, plans, true);
  ASSERT_GE(few.nodes, 2);
  ASSERT_FALSE(few.tries.empty());
  for (const FewestNodes::Try& t : few.tries) {
    if (t.nodes == few.nodes) {
      EXPECT_TRUE(t.enough());
      EXPECT_LE(t.best->numbers.latency_s, *request.limits.latency_s);
    }
    if (t.nodes == few.nodes - 1) {
      EXPECT_FALSE(t.enough());
    }
  }
  EXPECT_LE(make_plan(net, with_nodes(request, few.nodes)).latency_s,
            *request.limits.latency_s);
  // No plan is built where a bound rules the limit out.
  request.limits.latency_s = 1e-7;
  QuickPlans none(1);
  const FewestNodes forbidden = fewest_nodes(net, request, 2, 4, none);
  EXPECT_EQ(forbidden.nodes, 0);
  ASSERT_EQ(forbidden.tries.size(), 2u);
  EXPECT_GT(forbidden.tries[1].bound_s.value_or(0), 1e-7);
  EXPECT_FALSE(none.used_up());
}

// For each number in the table, also of many nodes, the request's own search is
// at least as fast as the table says.
TEST(FewestNodesTest, SaysNoMoreThanTheSearchTakes) {
  const Net net = bottleneck_net(32, 3);
  Board board = find_board("teensy41");
  board.clock_hz /= 20;
  PlanRequest request = one_node(board);
  request.limits.latency_s = make_plan(net, request).latency_s / 2;
  QuickPlans plans(100'000);
  const FewestNodes few = fewest_nodes(net, request, 5, 20, plans);
  ASSERT_FALSE(few.tries.empty());
  for (const FewestNodes::Try& t : few.tries) {
    ASSERT_TRUE(t.best);
    EXPECT_TRUE(t.best->asked.empty()) << t.best->asked;
    EXPECT_TRUE(t.best->or_less);
    PlanRequest more = with_nodes(request, t.nodes);
    more.limits = {};
    EXPECT_LE(make_plan(net, more).latency_s, t.best->numbers.latency_s);
  }
}

}  // namespace
}  // namespace shoal
