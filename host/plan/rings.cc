#include "host/plan/rings.h"

#include <algorithm>

#include "host/base/error.h"
#include "host/plan/tokens.h"

namespace shoal {
namespace {

class Puller {
 public:
  Puller(const Net& net, const PlanStage& stage)
      : tokens_(net, stage), pulling_(tokens_.agents(), false) {
    for (int a = 0; a < tokens_.agents(); ++a) {
      const int out = tokens_.out_buffer(a);
      is_sink_.push_back(out < 0 || !tokens_.has_readers(out));
    }
  }

  const std::vector<int>& peaks() {
    for (int a = next_sink(); a >= 0; a = next_sink()) pull(a);
    for (int a = tokens_.agents(); a-- > 0;) {
      while (!tokens_.done(a)) pull(a);
    }
    return tokens_.peak_rows();
  }

 private:
  // The sink that has the smallest share of its firings behind it, so that
  // branches to several sinks advance together.
  int next_sink() const {
    int best = -1;
    for (int a = 0; a < tokens_.agents(); ++a) {
      if (!is_sink_[a] || tokens_.done(a)) continue;
      if (best < 0 || share(a) < share(best)) best = a;
    }
    return best;
  }
  double share(int a) const {
    return (tokens_.fired(a) + 1.0) / tokens_.firings(a);
  }

  void pull(int agent) {
    if (pulling_[agent]) {
      throw Error(Exit::kInternal,
                  tokens_.name(agent) + " waits for rows of its own");
    }
    pulling_[agent] = true;
    for (int w = tokens_.missing_writer(agent); w >= 0;
         w = tokens_.missing_writer(agent)) {
      pull(w);
    }
    pulling_[agent] = false;
    fire(agent);
  }

  void fire(int agent) {
    tokens_.fire(agent);
    // Sinks need no space; the sooner they read, the sooner slots are free.
    for (int other : tokens_.touched(agent)) {
      if (!is_sink_[other] || pulling_[other]) continue;
      while (tokens_.can_fire(other)) tokens_.fire(other);
    }
  }

  StageTokens tokens_;
  std::vector<bool> pulling_, is_sink_;
};

}  // namespace

std::vector<int> ring_slots(const Net& net, const std::vector<TensorUses>& uses,
                            Segment segment, const Work& work) {
  std::vector<int> slots(net.tensors.size());
  for (size_t t = 0; t < slots.size(); ++t) slots[t] = net.tensors[t].rows;
  const PlanStage stage = make_stage(net, uses, segment, work, slots);
  Puller puller(net, stage);
  const std::vector<int>& peaks = puller.peaks();
  std::fill(slots.begin(), slots.end(), 0);
  for (size_t b = 0; b < stage.buffers.size(); ++b) {
    slots[stage.buffers[b].tensor] =
        std::clamp(peaks[b], 1, stage.buffers[b].box.rows());
  }
  return slots;
}

std::vector<int> ring_slots(const Net& net, const std::vector<TensorUses>& uses,
                            const Work& work) {
  return ring_slots(net, uses, whole_net(net), work);
}

}  // namespace shoal
