// Tries mutations on a right plan. A mutant must be refused by the checker.
// The rule for the others: a mutation that may leave a right plan
// (Mutation::may_be_right) is equivalent only if the program of the mutant
// opens, completes two frames inside its arena and gives exactly the bytes of
// the unspoiled plan. Anything else survives, and fails the test.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "device/runtime/testing/run_program.h"
#include "host/check/check.h"
#include "host/check/testing/mutants.h"
#include "host/program/emit/emit.h"

namespace shoal {

struct Tally {
  int tried = 0, caught = 0, equivalent = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Tally& t) {
  return out << "mutants tried " << t.tried << ", caught " << t.caught
             << ", equivalent " << t.equivalent;
}

// The network and the plan must outlive it.

class MutantJudge {
 public:
  MutantJudge(const std::string& name, const Net& net, const Plan& plan)
      : name_(name), net_(net), plan_(plan) {
    std::mt19937 random(7);
    for (const NetIo& io : net.inputs) {
      test::Bytes bytes(size_t(io.place.view.box.elements()) * 2);
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
    mutant.macs = mutant.nodes[0].macs;
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
    const PlanNode& node = plan.nodes[0];
    two.mapped = node.layout.head_bytes == 0;
    if (!two.mapped || !node.storage.empty()) two.storage_delay = 2;
    two.mixed = two.mapped && !node.storage.empty();
    if (node.spill_pages) two.spill_blocks = uint32_t(node.spill_pages) + 4;
    return test::run_program(emit(net_, plan, 0), inputs_, two);
  }

  const std::string name_;
  const Net& net_;
  const Plan& plan_;
  std::vector<test::Bytes> inputs_;
  test::RunResult right_;
};

}  // namespace shoal
