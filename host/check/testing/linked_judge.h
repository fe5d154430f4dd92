// Tries mutations on a right linked plan, by the rule of mutant_judge.h: what
// may be right must run over a network and give the unspoiled plan's bytes.
#pragma once

#include "host/check/testing/mutant_judge.h"
#include "host/check/testing/mutants_links.h"
#include "host/check/testing/run_linked.h"

namespace shoal {

// The network and the plan must outlive it.
class LinkedJudge {
 public:
  LinkedJudge(const std::string& name, const Net& net, const Plan& plan)
      : name_(name), net_(net), plan_(plan) {
    std::mt19937 random(7);
    options_.frames = 2;
    for (const NetIo& io : net.inputs) {
      inputs_.emplace_back();
      for (int f = 0; f < options_.frames; ++f) {
        test::Bytes bytes(size_t(io.place.view.box.elements()));
        for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
        inputs_.back().push_back(bytes);
      }
    }
  }

  void try_one(const PlanMutation& m, Tally& tally) {
    Plan mutant = plan_;
    m.apply(mutant);
    judge(m, mutant, tally);
    if (m.of_sums) return;
    restate(net_, mutant);
    judge(m, mutant, tally);
  }

 private:
  void judge(const PlanMutation& m, const Plan& mutant, Tally& tally) {
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
    if (right_.empty()) {
      const LinkedRun right = run_linked(net_, plan_, inputs_, options_);
      EXPECT_EQ(right.result.status, Status::kOk) << name_;
      right_ = right.outputs;
    }
    const LinkedRun got = run_linked(net_, mutant, inputs_, options_);
    return got.result.status == Status::kOk && !got.result.spilled &&
           got.outputs == right_;
  }

  const std::string name_;
  const Net& net_;
  const Plan& plan_;
  test::ClusterOptions options_;
  WholeFrames inputs_, right_;
};

}  // namespace shoal
