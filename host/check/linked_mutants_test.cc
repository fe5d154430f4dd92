// Spoils the linked hand-made plans in every systematic way, by the rule of
// mutant_judge.h: what may be right must run and give the same bytes.
#include <gtest/gtest.h>

#include <iostream>

#include "host/check/testing/hand_cluster.h"
#include "host/check/testing/mutant_judge.h"
#include "host/check/testing/mutants_links.h"
#include "host/check/testing/run_linked.h"

namespace shoal {
namespace {

class LinkedJudge {
 public:
  explicit LinkedJudge(const HandCase& c) : case_(c) {
    std::mt19937 random(7);
    options_.frames = 2;
    options_.max_steps = 40000;
    for (const NetIo& io : c.net.inputs) {
      inputs_.emplace_back();
      for (int f = 0; f < options_.frames; ++f) {
        test::Bytes bytes(size_t(io.stored.view.box.elements()));
        for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
        inputs_.back().push_back(bytes);
      }
    }
    right_ = run_linked(c.net, c.plan, inputs_, options_).outputs;
  }

  void try_one(const PlanMutation& m, Tally& tally) {
    Plan mutant = case_.plan;
    m.apply(mutant);
    judge(m, mutant, tally);
    if (m.of_sums) return;
    restate(case_.net, mutant);
    judge(m, mutant, tally);
  }

 private:
  void judge(const PlanMutation& m, const Plan& mutant, Tally& tally) {
    ++tally.tried;
    if (!check(case_.net, mutant).empty()) {
      ++tally.caught;
    } else if (m.may_be_right && same_bytes(mutant)) {
      ++tally.equivalent;
    } else {
      ADD_FAILURE() << case_.name << ", " << m.what << ": survived";
    }
  }
  bool same_bytes(const Plan& mutant) const {
    const LinkedRun got = run_linked(case_.net, mutant, inputs_, options_);
    return got.result.status == Status::kOk && !got.result.spilled &&
           got.outputs == right_;
  }

  const HandCase& case_;
  test::ClusterOptions options_;
  WholeFrames inputs_, right_;
};

TEST(LinkedMutantsTest, OfHandMadePlansAreAllRefused) {
  Tally tally;
  for (const HandCase& c : linked_cases()) {
    ASSERT_TRUE(check(c.net, c.plan).empty()) << c.name;
    LinkedJudge judge(c);
    for (const PlanMutation& m : plan_mutations(c.net, c.plan)) {
      judge.try_one(m, tally);
    }
  }
  std::cout << tally << "\n";
  EXPECT_EQ(tally.tried, tally.caught + tally.equivalent);
  EXPECT_GT(tally.caught, 20 * tally.equivalent);
}

}  // namespace
}  // namespace shoal
