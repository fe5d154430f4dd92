// The planner's plans of real models, at three budgets and with weights from
// a tape: the checker finds nothing in them, and something in their mutants.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "host/check/testing/mutant_judge.h"
#include "host/lower/net.h"
#include "host/model/import/import.h"
#include "host/plan/planner/planner.h"
#include "tests/shared.h"

namespace shoal {
namespace {

struct Planned {
  std::string name;
  Plan plan;
};

std::vector<Planned> plans_of(const Net& net) {
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  std::vector<Planned> all;
  all.push_back({"smallest", make_plan(net, request)});
  request.objective = Objective::kLatency;
  request.node().ram = 2 * int64_t{all[0].plan.nodes[0].arena_bytes};
  all.push_back({"twice that", make_plan(net, request)});
  request.node().ram.reset();
  all.push_back({"unlimited", make_plan(net, request)});
  Board unmapped = request.node().board;
  unmapped.flash_mapped = false;
  request.node().board = unmapped;
  request.objective = Objective::kRam;
  all.push_back({"smallest, unmapped", make_plan(net, request)});
  return all;
}

class RealPlansTest : public testing::TestWithParam<std::string> {};

void expect_right(const Net& net, const Planned& p) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<std::string> wrong = check(net, p.plan);
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  for (const std::string& line : wrong) ADD_FAILURE() << p.name << ": " << line;
  std::cout << p.name << ": " << p.plan.nodes[0].arena_bytes
            << " bytes of arena, checked in " << took.count() << " s\n";
}

// A sample of the mutants, because there are tens of thousands.
void try_mutants(const Net& net, const Planned& p, std::mt19937& random,
                 Tally& tally) {
  constexpr int64_t kMacsToRun = 3000000;
  constexpr int kTries = 60;
  MutantJudge judge(p.name, net, p.plan);
  const auto all = mutations(net, p.plan.nodes[0]);
  for (int i = 0; i < kTries; ++i) {
    const Mutation& m = all[random() % all.size()];
    // These tests may have to be run.
    if (m.may_be_right && net.model_macs > kMacsToRun) continue;
    judge.try_one(m, tally);
  }
}

TEST_P(RealPlansTest, AreRightAndTheirMutantsAreNot) {
  constexpr unsigned kSeed = 5;
  const Net net = lower(load_model(golden_model_file(GetParam())));
  std::mt19937 random(kSeed);
  Tally tally;
  for (const Planned& p : plans_of(net)) {
    expect_right(net, p);
    try_mutants(net, p, random, tally);
  }
  std::cout << tally << " (seed " << kSeed << ")\n";
}

INSTANTIATE_TEST_SUITE_P(Shared, RealPlansTest,
                         testing::ValuesIn(golden_model_names()),
                         [](const auto& info) {
                           return test_name(info.param);
                         });

}  // namespace
}  // namespace shoal
