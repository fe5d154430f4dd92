#include "host/plan/tokens/share.h"

#include <algorithm>

#include "host/plan/tokens/simulate.h"

namespace shoal {
namespace {

int64_t aligned(const PlanBuffer& b) {
  return (int64_t{b.bytes()} + kAlign - 1) / kAlign * kAlign;
}

// Watches a run of the stage, firing by firing.
class Watch {
 public:
  Watch(const PlanStage& stage, const StageTokens& tokens,
        const std::vector<bool>& may_share)
      : stage_(stage), tokens_(tokens), may_share_(may_share) {
    const size_t n = stage.buffers.size();
    sharing_.apart.assign(n, std::vector<bool>(n, false));
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = 0; b < n; ++b) {
        sharing_.apart[a][b] = a != b && may_share[a] && may_share[b];
      }
    }
  }

  void before(int agent) {
    const std::vector<int> alive = alive_during(agent);
    int64_t bytes = 0;
    for (int a : alive) {
      bytes += aligned(stage_.buffers[a]);
      for (int b : alive) sharing_.apart[a][b] = false;
    }
    peak_ = std::max(peak_, bytes);
  }

  Sharing finish() {
    int64_t all = 0;
    for (size_t b = 0; b < stage_.buffers.size(); ++b) {
      if (may_share_[b]) all += aligned(stage_.buffers[b]);
    }
    sharing_.most_saved = all - peak_;
    return std::move(sharing_);
  }

 private:
  std::vector<int> alive_during(int agent) const {
    std::vector<int> alive;
    for (int b = 0; b < static_cast<int>(stage_.buffers.size()); ++b) {
      if (may_share_[b] &&
          (tokens_.holds_rows(b) || tokens_.writes(agent, b))) {
        alive.push_back(b);
      }
    }
    return alive;
  }

  const PlanStage& stage_;
  const StageTokens& tokens_;
  const std::vector<bool>& may_share_;
  Sharing sharing_;
  int64_t peak_ = 0;
};

}  // namespace

void record_firing(PlanStage& stage, int agent) {
  if (agent >= static_cast<int>(stage.actors.size())) return;
  if (!stage.order.empty() && stage.order.back().actor == agent) {
    ++stage.order.back().firings;
  } else {
    stage.order.push_back({agent, 1});
  }
}

Sharing share_stage(const Net& net, PlanStage& stage,
                    const std::vector<bool>& may_share) {
  StageTokens tokens(net, stage);
  Watch watch(stage, tokens, may_share);
  stage.order.clear();
  run_by_rank(tokens, depth_ranks(tokens), [&](int agent) {
    watch.before(agent);
    record_firing(stage, agent);
  });
  return watch.finish();
}

}  // namespace shoal
