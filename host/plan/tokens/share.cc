#include "host/plan/tokens/share.h"

#include <algorithm>

#include "host/plan/tokens/token_simulation.h"

namespace shoal {
namespace {

int64_t aligned_bytes(const PlanBuffer& b) {
  return (int64_t{b.bytes()} + kAlign - 1) / kAlign * kAlign;
}

// Watches a run of the stage, firing by firing.
class Watch {
 public:
  Watch(const PlanStage& stage, const StageTokens& tokens,
        const std::vector<bool>& may_share)
      : stage_(stage),
        tokens_(tokens),
        may_share_(may_share),
        alive_(words()),
        met_(may_share.size(), std::vector<uint64_t>(words())) {
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      if (may_share[b]) all_ += aligned_bytes(stage.buffers[b]);
    }
  }

  void before(int process) {
    if (last_ >= 0) look_at(last_);
    last_ = process;
    const int out = tokens_.out_buffer(process);
    const bool begins = out >= 0 && may_share_[out] && !is_alive(out);
    if (begins) set(out, true), meet(out);
    peak_ = std::max(peak_, bytes_);
    if (begins) set(out, false);
  }

  Sharing finish() const {
    Sharing sharing;
    const size_t n = stage_.buffers.size();
    sharing.most_saved = all_ - peak_;
    sharing.apart.assign(n, std::vector<bool>(n, false));
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = 0; b < n; ++b) {
        sharing.apart[a][b] = a != b && may_share_[a] && may_share_[b] &&
                              !have_met(a, b) && !have_met(b, a);
      }
    }
    return sharing;
  }

 private:
  size_t words() const { return (may_share_.size() + 63) / 64; }
  bool is_alive(int b) const {
    return alive_[static_cast<size_t>(b) / 64] >> b % 64 & 1;
  }
  bool have_met(size_t a, size_t b) const {
    return met_[a][b / 64] >> b % 64 & 1;
  }
  void set(int b, bool alive) {
    alive_[static_cast<size_t>(b) / 64] ^= uint64_t{1} << b % 64;
    bytes_ += alive ? aligned_bytes(stage_.buffers[b])
                    : -aligned_bytes(stage_.buffers[b]);
  }
  // Notes all that is alive; of two buffers the later one notes it for both.
  void meet(int b) {
    for (size_t w = 0; w < alive_.size(); ++w) met_[b][w] |= alive_[w];
  }

  // Looks at the buffers that a firing may have begun or ended.
  void look_at(int process) {
    look_at_buffer(tokens_.out_buffer(process));
    for (int i = 0; i < StageTokens::kIns; ++i) {
      look_at_buffer(tokens_.in_buffer(process, i));
    }
  }
  void look_at_buffer(int b) {
    if (b < 0 || !may_share_[b]) return;
    const bool alive = tokens_.holds_rows(b);
    if (alive == is_alive(b)) return;
    set(b, alive);
    if (alive) meet(b);
  }

  const PlanStage& stage_;
  const StageTokens& tokens_;
  const std::vector<bool>& may_share_;
  std::vector<uint64_t> alive_;  // bits, by buffer
  std::vector<std::vector<uint64_t>> met_;
  int64_t all_ = 0, bytes_ = 0, peak_ = 0;
  int last_ = -1;  // process that has fired
};

}  // namespace

void record_firing(PlanStage& stage, int process) {
  if (process >= static_cast<int>(stage.actors.size())) return;
  // Runs are counted in 16 bits.
  if (!stage.order.empty() && stage.order.back().actor == process &&
      stage.order.back().firings < 0xFFFF) {
    ++stage.order.back().firings;
  } else {
    stage.order.push_back({process, 1});
  }
}

Sharing share_stage(const Net& net, PlanStage& stage,
                    const std::vector<bool>& may_share) {
  StageTokens tokens(net, stage);
  Watch watch(stage, tokens, may_share);
  stage.order.clear();
  run_by_rank(tokens, depth_ranks(tokens), [&](int process, int) {
    watch.before(process);
    record_firing(stage, process);
  });
  return watch.finish();
}

}  // namespace shoal
