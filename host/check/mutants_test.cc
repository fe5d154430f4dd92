// Spoils right plans in every systematic way and demands that the checker
// refuses every one. The rule for the others: a mutation that may leave a
// right plan (Mutation::may_be_right) is equivalent only if the program of
// the mutant opens, completes two frames inside its arena and gives exactly
// the bytes of the unspoiled plan. Anything else survives, and fails.
#include "host/check/mutants.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "device/runtime/run_program.h"
#include "host/check/check.h"
#include "host/check/hand_plans.h"
#include "host/emit/emit.h"

namespace shoal {
namespace {

struct Tally {
  int tried = 0, caught = 0, equivalent = 0;
};

class Case {
 public:
  Case(const std::string& name, const Net& net, const Plan& plan)
      : name_(name), net_(net), plan_(plan) {
    std::mt19937 random(7);
    for (const NetIo& io : net.inputs) {
      test::Bytes bytes(size_t(io.stored.view.box.elements()) * 2);
      for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
      inputs_.push_back(bytes);
    }
  }

  void try_one(const Mutation& m, Tally& tally) {
    Plan mutant = plan_;
    m.apply(mutant.nodes[0]);
    judge(m, mutant, tally);
    if (m.of_sums) return;
    restate(net_, mutant.nodes[0]);
    judge(m, mutant, tally);
  }

 private:
  void judge(const Mutation& m, const Plan& mutant, Tally& tally) {
    ++tally.tried;
    if (!check(net_, mutant).empty()) {
      ++tally.caught;
    } else if (m.may_be_right && same_bytes(mutant)) {
      ++tally.equivalent;
    } else {
      ADD_FAILURE() << name_ << ", " << m.what << ": survived";
    }
  }
  bool same_bytes(const Plan& mutant) {
    const test::RunResult got = run(mutant);
    if (right_.outputs.empty()) right_ = run(plan_);
    return got.status == Status::kOk && !got.spilled &&
           got.outputs == right_.outputs;
  }
  test::RunResult run(const Plan& plan) const {
    test::RunOptions two;
    two.frames = 2;
    return test::run_program(emit(net_, plan, 0), inputs_, two);
  }

  const std::string name_;
  const Net& net_;
  const Plan& plan_;
  std::vector<test::Bytes> inputs_;
  test::RunResult right_;
};

TEST(MutantsTest, OfHandMadePlansAreAllRefused) {
  Tally tally;
  for (const HandCase& c : hand_cases()) {
    ASSERT_TRUE(check(c.net, c.plan).empty()) << c.name;
    Case one(c.name, c.net, c.plan);
    for (const Mutation& m : mutations(c.net, c.plan.nodes[0])) {
      one.try_one(m, tally);
    }
  }
  std::cout << "mutants tried " << tally.tried << ", caught " << tally.caught
            << ", equivalent " << tally.equivalent << "\n";
  EXPECT_EQ(tally.tried, tally.caught + tally.equivalent);
  EXPECT_GT(tally.caught, 20 * tally.equivalent);
}

}  // namespace
}  // namespace shoal
