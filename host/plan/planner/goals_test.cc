#include "host/plan/planner/goals.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/base/error.h"
#include "host/check/check.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/last_resort.h"
#include "host/plan/planner/planner.h"
#include "host/plan/planner/trials.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"

namespace shoal {
namespace {

constexpr const char* kNamed[] = {"spatial", "kernel", "layer"};

PlanRequest goal_request(int nodes, Objective objective,
                         const char* board = "teensy41") {
  PlanRequest r = linked_nodes(uniform_cluster(nodes, find_board(board), {}));
  r.strategy.clear();
  r.objective = objective;
  return r;
}

std::string refusal_of(const Net& net, const PlanRequest& request,
                       std::string* fix = nullptr) {
  try {
    make_plan(net, request);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kDoesNotFit) << e.what();
    if (fix) *fix = e.fix();
    return e.what();
  }
  ADD_FAILURE() << "a plan was found";
  return "";
}

struct CountedPlans final : PlanWatcher {
  void tried(int64_t plans) override { count = plans; }
  void ended() override {}
  int64_t count = 0;
};

// Requests that are tried for a refusal do not look for plans that send less
// where the least time is far too long.
TEST(GoalsTest, WhatIsFarTooLateIsNotLookedForWithLessTraffic) {
  const Net net = bottleneck_net(32, 3);
  PlanRequest request = goal_request(3, Objective::kLatency);
  request.compared = true;
  const auto plans_of = [&](const PlanRequest& r) {
    { const PlanProgress none_before; }
    CountedPlans watcher;
    PlanProgress::watch(&watcher);
    const OrMisfit<Plan> plan = find_plan(net, r);
    if (!plan) {
      EXPECT_EQ(plan.misfit().code, Exit::kDoesNotFit);
    }
    PlanProgress::watch(nullptr);
    return watcher.count;
  };
  const int64_t plans = plans_of(request);
  const Plan fastest = find_plan(net, request).value();
  const LowerBound bound =
      lower_bound(net, request.cluster,
                  {.linked = true, .max_payload = request.max_payload});
  // Neither limit is proven to be impossible.
  request.limits = {
      .latency_s = fastest.latency_s / 1.3,
      .traffic_bytes = (bound.traffic_bytes + fastest.traffic_bytes) / 2};
  ASSERT_LT(bound.latency_s, *request.limits.latency_s);
  ASSERT_LT(bound.traffic_bytes, *request.limits.traffic_bytes);
  EXPECT_EQ(plans_of(request), plans);
}

TEST(GoalsTest, BeatTheNamedStrategiesByTheirOwnMeasure) {
  const Net net = bottleneck_net(32, 3);
  for (const Objective objective :
       {Objective::kThroughput, Objective::kEnergy, Objective::kTraffic}) {
    SCOPED_TRACE(objective_name(objective));
    const PlanRequest request = goal_request(4, objective);
    const Plan plan = make_plan(net, request);
    EXPECT_EQ(plan.objective, objective);
    EXPECT_TRUE(check(net, plan).empty());
    const double value = numbers_of(net, request, plan, true).of(objective);
    EXPECT_GT(value, 0);
    for (const char* const strategy : kNamed) {
      PlanRequest named = request;
      named.strategy = strategy;
      named.objective = Objective::kLatency;
      EXPECT_LE(
          value,
          numbers_of(net, named, make_plan(net, named), true).of(objective))
          << strategy;
    }
  }
}

// Where one node is best, its plan is as good as that of a node alone.
TEST(GoalsTest, OneNodeOfSeveralTakesNoLongerThanAlone) {
  const Net net = bottleneck_net(24, 2);
  for (const Objective objective : {Objective::kEnergy, Objective::kTraffic}) {
    SCOPED_TRACE(objective_name(objective));
    const Plan plan = make_plan(net, goal_request(4, objective));
    EXPECT_TRUE(check(net, plan).empty());
    ASSERT_EQ(busy_nodes(plan), 1);
    const Plan alone = make_plan(net, goal_request(1, objective));
    EXPECT_LE(plan.traffic_bytes, alone.traffic_bytes);
    EXPECT_LE(plan.latency_s, alone.latency_s);
  }
}

TEST(GoalsTest, KeepLimits) {
  const Net net = bottleneck_net(24, 3);
  PlanRequest request = goal_request(4, Objective::kLatency);
  const Plan fast = make_plan(net, request);
  request.limits.traffic_bytes = fast.traffic_bytes / 2;
  const Plan quiet = make_plan(net, request);
  EXPECT_LE(quiet.traffic_bytes, fast.traffic_bytes / 2);
  EXPECT_GE(quiet.latency_s, fast.latency_s);
  request.limits = {};
  request.limits.latency_s = fast.latency_s * 1.01;
  request.objective = Objective::kTraffic;
  const Plan soon = make_plan(net, request);
  EXPECT_LE(soon.latency_s, fast.latency_s * 1.01);
}

// Keeps both limits: with a price of bytes arenas become smaller, too.
TEST(GoalsLong, TheSmallestArenaKeepsBothLimits) {
  const Net net = bottleneck_net(48, 4);
  PlanRequest request = goal_request(4, Objective::kLatency);
  const Plan fast = make_plan(net, request);
  request.limits.traffic_bytes = fast.traffic_bytes * 2 / 3;
  const Plan quiet = make_plan(net, request);
  ASSERT_LT(quiet.traffic_bytes, fast.traffic_bytes);
  request.limits.latency_s = quiet.latency_s * 1.02;
  request.objective = Objective::kRam;
  const Plan small = make_plan(net, request);
  EXPECT_TRUE(keeps(request.limits, numbers_of(net, request, small, false)));
  EXPECT_LT(largest_arena(small), largest_arena(quiet) / 2);
}

// A price of bytes finds more than the least time and the smallest arena do.
TEST(GoalsTest, CutsAreChosenByTheBytesThatTheySend) {
  const Net net = bottleneck_net(48, 4);
  PlanRequest request = goal_request(8, Objective::kLatency);
  const Plan fast = make_plan(net, request);
  request.byte_s = 1e-6;
  const Plan quiet = make_plan(net, request);
  EXPECT_TRUE(check(net, quiet).empty());
  EXPECT_LT(quiet.traffic_bytes, fast.traffic_bytes);
  EXPECT_TRUE(quiet.strategy.starts_with("auto (")) << quiet.strategy;
  EXPECT_EQ(quiet.says_nodes, busy_nodes(quiet) < 8);
  request.byte_s = 0;
  request.objective = Objective::kTraffic;
  request.limits.latency_s = quiet.latency_s * 1.0001;
  const Plan least = make_plan(net, request);
  EXPECT_TRUE(check(net, least).empty());
  EXPECT_LE(least.traffic_bytes, fast.traffic_bytes);
  EXPECT_LE(least.latency_s, *request.limits.latency_s);
}

// Searches for the least time may miss it, so plans that send less but take too
// long are also tried in smaller arenas.
TEST(GoalsTest, BudgetsAreTriedWhereLessIsSentTooLate) {
  const Net net = bottleneck_net(16, 3);
  PlanRequest request = goal_request(4, Objective::kTraffic);
  const auto with_budgets = [&] {
    const Exploration found = explore(net, request, {});
    return std::ranges::count_if(
        found.trials, [](const PlanTrial& t) { return t.ram.has_value(); });
  };
  EXPECT_EQ(with_budgets(), 0);
  request.limits.latency_s =
      make_plan(net, goal_request(4, Objective::kLatency)).latency_s * 0.9;
  EXPECT_GT(with_budgets(), 0);
}

// The limit that the message offers is kept.
TEST(GoalsTest, OfferAChangeThatIsEnough) {
  const Net net = bottleneck_net(16, 3);
  PlanRequest request = goal_request(4, Objective::kRam);
  request.limits.latency_s = 1e-6;
  std::string fix;
  const std::string text = refusal_of(net, request, &fix);
  EXPECT_NE(text.find("which is proved"), std::string::npos) << text;
  ASSERT_EQ(fix.find("--max-latency "), 0u) << fix;
  request.limits.latency_s = std::stod(fix.substr(14)) * 1e-3;
  EXPECT_LE(make_plan(net, request).latency_s, *request.limits.latency_s);
}

TEST(GoalsTest, RefuseLimitsThatContradictEachOther) {
  const Net net = bottleneck_net(32, 3);
  PlanRequest request = goal_request(2, Objective::kLatency);
  request.limits.latency_s = 1e-6;
  request.limits.traffic_bytes = 1;
  std::string fix;
  const std::string text = refusal_of(net, request, &fix);
  EXPECT_NE(text.find("--max-latency 1.00 us"), std::string::npos) << text;
  EXPECT_NE(text.find("--max-traffic 1 B"), std::string::npos) << text;
  EXPECT_NE(fix.find("--max-traffic "), std::string::npos) << fix;
}

// Returns the joules of a plan and of the nodes that sleep meanwhile.
double joules(const Net& net, const PlanRequest& request, double asleep_w = 0) {
  const Plan plan = make_plan(net, request);
  return numbers_of(net, request, plan, false).energy_j +
         asleep_w * plan.latency_s;
}
constexpr double kAboutTheSame = 1.001;

// This holds however slow that node is.
TEST(GoalsTest, EnergyIsSavedOnTheNodeThatDrawsLeast) {
  const Net net = bottleneck_net(32, 3);
  PlanRequest request = goal_request(4, Objective::kEnergy, "esp32s3");
  const double asleep = 3 * request.cluster.nodes[0].board.energy.sleep_w;
  ClusterNode& thrifty = request.cluster.nodes[2];
  thrifty.board = find_board("nrf52840");
  thrifty.rating = board_rating(thrifty.board);
  const Plan plan = make_plan(net, request);
  EXPECT_EQ(busy_nodes(plan), 1);
  EXPECT_FALSE(plan.nodes[2].stages.empty());
  const PlanRequest alone = goal_request(1, Objective::kEnergy, "nrf52840");
  EXPECT_LT(joules(net, request), kAboutTheSame * joules(net, alone, asleep));

  // A limit that one node is too slow for takes as few nodes as keep it.
  request.limits.latency_s = 0.6 * plan.latency_s;
  const Plan sooner = make_plan(net, request);
  EXPECT_LE(sooner.latency_s, *request.limits.latency_s);
  EXPECT_LT(busy_nodes(sooner), 4);
}

TEST(GoalsTest, EnergyOfSeveralIsThatOfOneAndOfSleep) {
  const Net net = bottleneck_net(32, 3);
  for (const int64_t ram : {16'000, 24'000, 48'000}) {
    SCOPED_TRACE(ram);
    const auto within = [&](int count, double asleep_w) {
      PlanRequest request = goal_request(count, Objective::kEnergy);
      for (ClusterNode& n : request.cluster.nodes) n.ram = ram;
      return joules(net, request, asleep_w);
    };
    const double asleep = 3 * find_board("teensy41").energy.sleep_w;
    EXPECT_LT(within(4, 0), kAboutTheSame * within(1, asleep));
  }
}

TEST(GoalsTest, EnergyNeedsFigures) {
  const Net net = bottleneck_net(16, 1);
  try {
    make_plan(net, goal_request(2, Objective::kEnergy, "host"));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(std::string(e.what()).find("nj_per_mac"), std::string::npos);
    EXPECT_NE(e.fix().find("teensy41"), std::string::npos);
  }
}

TEST(GoalsTest, InNoTimeAtAllOneNodeDoesAll) {
  const Net net = bottleneck_net(32, 3);
  double latency_s = 0;
  for (const Objective objective :
       {Objective::kLatency, Objective::kThroughput, Objective::kTraffic}) {
    PlanRequest request = goal_request(4, objective);
    request.limits.search_s = 0;
    const Plan plan = make_plan(net, request);
    EXPECT_EQ(busy_nodes(plan), 1);
    EXPECT_TRUE(check(net, plan).empty());
    // Other objectives than the smallest arena get the fastest plan, too.
    if (objective == Objective::kLatency) latency_s = plan.latency_s;
    EXPECT_EQ(plan.latency_s, latency_s);
    // It keeps limits where it can.
    request.limits.latency_s = latency_s;
    EXPECT_EQ(make_plan(net, request).latency_s, latency_s);
    request.limits.latency_s = latency_s * 0.99;
    refusal_of(net, request);
    // It does not fit a single node.
    for (ClusterNode& n : request.cluster.nodes) n.ram = 1024;
    EXPECT_NE(refusal_of(net, request).find("--plan-seconds"),
              std::string::npos);
  }
  EXPECT_FALSE(PlanDeadline::passed());  // the next search has no deadline
  PlanRequest request = goal_request(4, Objective::kTraffic);
  request.limits.search_s = 1000;
  EXPECT_TRUE(check(net, make_plan(net, request)).empty());
}

// A search that was cut short may have seen nothing but plans over slow links.
TEST(GoalsTest, OneNodeDoesAllWhereASearchWasCutShortBeforeItsBestPlan) {
  const Net net = bottleneck_net(32, 3);
  PlanRequest request = goal_request(4, Objective::kLatency);
  const Plan fast = make_plan(net, request);
  for (ClusterNode& n : request.cluster.nodes) n.board.link_bits_per_s = 1e6;
  PlanRequest named = request;
  named.strategy = "kernel";
  const Plan slow = make_plan(net, named);
  const PlanDeadline passed(0.0);
  const Plan plan = *plan_in_no_time(net, request, slow);
  EXPECT_EQ(busy_nodes(plan), 1);
  EXPECT_LT(plan.latency_s, slow.latency_s);
  EXPECT_TRUE(check(net, plan).empty());
  EXPECT_GT(busy_nodes(*plan_in_no_time(net, goal_request(4, {}), fast)), 1);
}

TEST(GoalsLong, TinyNodesAreRefusedOrPlannedRight) {
  const Net net = bottleneck_net(16, 2);
  for (const int nodes : {1, 2, 64}) {
    for (const int64_t ram : {1024, 12000}) {
      if (nodes == 64 && ram > 1024) continue;
      PlanRequest request = goal_request(nodes, Objective::kTraffic);
      for (ClusterNode& n : request.cluster.nodes) n.ram = ram;
      try {
        const Plan plan = make_plan(net, request);
        EXPECT_TRUE(check(net, plan).empty());
        for (const PlanNode& n : plan.nodes) EXPECT_LE(n.arena_bytes, ram);
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Exit::kDoesNotFit) << e.what();
      }
    }
  }
}

// The fastest node has no memory to spare.
TEST(GoalsTest, DoWithoutANodeThatHasNoMemory) {
  const Net net = bottleneck_net(32, 3);
  for (const Objective objective :
       {Objective::kLatency, Objective::kRam, Objective::kTraffic}) {
    SCOPED_TRACE(objective_name(objective));
    PlanRequest request = goal_request(3, objective);
    request.strategy = "auto";
    request.cluster.nodes[0].ram = 1024;
    request.cluster.nodes[0].board.clock_hz *= 2;
    request.cluster.nodes[0].rating *= 2;
    const Plan plan = make_plan(net, request);
    EXPECT_TRUE(check(net, plan).empty());
    EXPECT_LE(plan.nodes[0].arena_bytes, 1024u);
    EXPECT_TRUE(plan.nodes[0].stages.empty());
    for (ClusterNode& n : request.cluster.nodes) n.ram = 1024;
    refusal_of(net, request);
  }
}

TEST(PlanTrialTest, SaysOnceOnHowManyNodes) {
  PlanTrial t;
  t.strategy = "kernel";
  t.nodes = 1;
  EXPECT_EQ(t.text(), "kernel on 1 node");
  t.strategy = "auto (spatial on 1 of 2 nodes)";
  t.says_nodes = true;
  t.nodes = 2;
  EXPECT_EQ(t.text(), t.strategy);
}

TEST(ParetoTest, KeepsWhatNothingBeats) {
  const auto trial = [](int64_t ram, double s, int64_t traffic) {
    PlanTrial t;
    t.numbers.ram = ram;
    t.numbers.latency_s = s;
    t.numbers.traffic_bytes = traffic;
    return t;
  };
  const std::vector<PlanTrial> front =
      pareto_front({trial(3, 1, 1), trial(2, 2, 2), trial(3, 2, 2),
                    trial(2, 2, 2), trial(1, 9, 3)});
  ASSERT_EQ(front.size(), 3u);
  EXPECT_EQ(front[0].numbers.ram, 1);
  EXPECT_EQ(front[1].numbers.ram, 2);
  EXPECT_EQ(front[2].numbers.ram, 3);
}

}  // namespace
}  // namespace shoal
