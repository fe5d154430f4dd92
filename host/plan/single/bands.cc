#include "host/plan/single/bands.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/arena/pack.h"
#include "host/plan/cost/tape.h"
#include "host/plan/single/stages.h"
#include "host/plan/tokens/rings.h"

namespace shoal {
namespace {

// Passes over the rows (or kernel rows) of a layer, and the work for fewer.
int passes(const Layer& layer, LayerWork w) {
  return w.part < layer.kernel_h ? ceil_div(layer.kernel_h, w.part)
                                 : ceil_div(layer.out.box.rows(), w.band);
}
LayerWork with_passes(const Layer& layer, LayerWork w, int passes) {
  if (w.part < layer.kernel_h) {
    const int part = ceil_div(layer.kernel_h, passes);
    if (part <= kMaxWindowRows) w.part = part;
  } else {
    w.band = ceil_div(layer.out.box.rows(), passes);
  }
  return w;
}

class Raiser {
 public:
  Raiser(const Net& net, const std::vector<TensorUses>& uses,
         const Supply& supply, SegmentSlots& slots, Choice& choice,
         size_t stage, int64_t limit)
      : net_(net),
        uses_(uses),
        supply_(supply),
        slots_(slots),
        choice_(choice),
        stage_(choice.stages[stage]),
        segment_(stage_.segment),
        limit_(limit),
        layers_(std::min(segment_.end, static_cast<int>(net.layers.size())) -
                segment_.begin),
        steps_(layers_),
        chunks_(layers_) {
    for (int i = 0; i < layers_; ++i) {
      chunks_[i] = chunk_of(segment_.begin + i, work(i));
    }
    StageChoice bare = stage_;
    bare.overlay.reset();
    bare_ = stage_bytes(net, uses, choice, bare);
    if (stage_.overlay) gain_ = overlay_gain(net_, *stage_.overlay);
  }

  // One step; false if no step is left that saves time.
  bool raise() {
    best_ratio_ = 0;
    find_slot();
    for (int i = 0; i < layers_; ++i) {
      if (!consider(i, 0)) consider(i, 1);
    }
    if (best_ratio_ <= 0) return false;
    take();
    return true;
  }

 private:
  // Fewer passes over a layer, and what changes with it.
  struct Step {
    LayerWork work;
    int64_t saved = 0;  // time; 0: there is no such step
    int64_t more = 0;   // bytes, besides the tape's slots
    int64_t chunk = 0;
    SegmentSlots::TensorSlots slots;
  };
  struct Steps {
    bool known = false;
    Step half, one;  // of the passes, one pass
  };

  LayerWork& work(int i) { return choice_.work[segment_.begin + i]; }

  int64_t chunk_of(int l, LayerWork w) const {
    if (choice_.places[l] != WeightPlace::kTape) return 0;
    return aligned(largest_chunk(net_.layers[l], w, stage_.chunk_limit) +
                   kTagBytes);
  }

  int64_t ring_bytes(int tensor, int slots) const {
    const NetTensor& t = net_.tensors[tensor];
    return aligned(t.bytes() / t.rows * slots);
  }

  Step find_step(int i, int fewer) {
    const int l = segment_.begin + i;
    const Layer& layer = net_.layers[l];
    Step step{with_passes(layer, work(i), fewer), 0, 0, 0, {}};
    if (step.work == work(i)) return step;
    const LayerSupply from{choice_.places[l], stage_.chunk_limit};
    step.saved = supplied_ps(net_, l, work(i), supply_, from) -
                 supplied_ps(net_, l, step.work, supply_, from);
    if (step.saved <= 0) return step;
    const LayerWork now = std::exchange(work(i), step.work);
    step.slots = slots_.find(segment_, choice_.work, l);
    work(i) = now;
    step.chunk = chunk_of(l, step.work);
    step.more =
        aligned(sums_bytes(layer, step.work)) - aligned(sums_bytes(layer, now));
    for (const auto& [tensor, slots] : step.slots) {
      step.more +=
          ring_bytes(tensor, slots) - ring_bytes(tensor, choice_.slots[tensor]);
    }
    return step;
  }

  const Steps& steps_of(int i) {
    Steps& steps = steps_[i];
    if (steps.known) return steps;
    const int now = passes(net_.layers[segment_.begin + i], work(i));
    steps = {true, {}, {}};
    if (now <= 1) return steps;
    steps.half = find_step(i, now / 2);
    steps.one = find_step(i, now - 1);
    return steps;
  }

  // The largest chunk, whose it is, and the largest of all others.
  void find_slot() {
    slot_ = other_slot_ = 0, slot_of_ = -1;
    for (int i = 0; i < layers_; ++i) {
      if (chunks_[i] > slot_) {
        other_slot_ = std::exchange(slot_, chunks_[i]);
        slot_of_ = i;
      } else {
        other_slot_ = std::max(other_slot_, chunks_[i]);
      }
    }
  }

  // Without the overlay.
  int64_t bytes_with(int i, const Step& step) const {
    const int64_t others = i == slot_of_ ? other_slot_ : slot_;
    return bare_ + step.more +
           kTapeSlots * (std::max(others, step.chunk) - slot_);
  }

  // False if it does not fit.
  bool consider(int i, int which) {
    const Steps& steps = steps_of(i);
    const Step& step = which ? steps.one : steps.half;
    if (step.saved <= 0) return true;
    const int64_t bare = bytes_with(i, step);
    std::optional<Overlay> overlay = stage_.overlay;
    int64_t gain = 0;
    if (overlay) {
      // Where the output lies over the input is asked only if it matters.
      const int64_t most = std::min(net_.tensors[overlay->in].bytes(),
                                    net_.tensors[overlay->out].bytes());
      if (bare - most > limit_) return false;
      if (bare <= limit_ && ratio(step, bare - most) <= best_ratio_) {
        return true;
      }
      overlay->lead = lead_with(i, step, *overlay);
      gain = overlay_gain(net_, *overlay);
    }
    if (bare - gain > limit_) return false;
    if (ratio(step, bare - gain) > best_ratio_) {
      best_ratio_ = ratio(step, bare - gain);
      best_of_ = i;
      best_ = step;
      best_overlay_ = overlay;
    }
    return true;
  }

  int64_t lead_with(int i, const Step& step, const Overlay& overlay) {
    const LayerWork now = std::exchange(work(i), step.work);
    std::vector<int> slots = choice_.slots;
    for (const auto& [tensor, held] : step.slots) slots[tensor] = held;
    const int64_t lead = smallest_lead(
        net_, make_stage(net_, uses_, segment_, choice_.work, slots), overlay);
    work(i) = now;
    return lead;
  }

  // Time saved a byte more.
  double ratio(const Step& step, int64_t bytes) const {
    const int64_t more = std::max<int64_t>(1, bytes - (bare_ - gain_));
    return static_cast<double>(step.saved) / static_cast<double>(more);
  }

  void take() {
    bare_ = bytes_with(best_of_, best_);
    work(best_of_) = best_.work;
    chunks_[best_of_] = best_.chunk;
    for (const auto& [tensor, held] : best_.slots) choice_.slots[tensor] = held;
    stage_.overlay = best_overlay_;
    gain_ = best_overlay_ ? overlay_gain(net_, *best_overlay_) : 0;
    const int layer = segment_.begin + best_of_;
    for (const int l : slots_.neighbours(segment_, layer)) {
      steps_[l - segment_.begin].known = false;
    }
  }

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const Supply& supply_;
  SegmentSlots& slots_;
  Choice& choice_;
  StageChoice& stage_;
  const Segment segment_;
  const int64_t limit_;
  const int layers_;
  std::vector<Steps> steps_;     // by layer of the segment
  std::vector<int64_t> chunks_;  // the same
  int64_t bare_ = 0, gain_ = 0;  // bytes of the stage, and what overlays save
  int64_t slot_ = 0, other_slot_ = 0;
  int slot_of_ = -1;
  double best_ratio_ = 0;
  int best_of_ = -1;
  Step best_;
  std::optional<Overlay> best_overlay_;
};

}  // namespace

int64_t stage_bytes(const Net& net, const std::vector<TensorUses>& uses,
                    const Choice& choice, const StageChoice& stage) {
  int64_t bytes = 0;
  for (size_t t = 0; t < uses.size(); ++t) {
    if (!lives_during(uses[t], stage.segment)) continue;
    const NetTensor& tensor = net.tensors[t];
    const int rows =
        lives_inside(uses[t], stage.segment) ? choice.slots[t] : tensor.rows;
    bytes += aligned(tensor.bytes() / tensor.rows * rows);
    bytes += page_buffers(uses[t], stage.segment);
  }
  const int end =
      std::min(stage.segment.end, static_cast<int>(net.layers.size()));
  int64_t slot = 0;
  for (int l = stage.segment.begin; l < end; ++l) {
    const Layer& layer = net.layers[l];
    bytes += aligned(sums_bytes(layer, choice.work[l]));
    if (choice.places[l] == WeightPlace::kSram) bytes += flash_bytes(layer);
    if (choice.places[l] != WeightPlace::kTape) continue;
    const int64_t chunk =
        largest_chunk(layer, choice.work[l], stage.chunk_limit);
    slot = std::max(slot, aligned(chunk + kTagBytes));
  }
  bytes += kTapeSlots * slot;
  return stage.overlay ? bytes - overlay_gain(net, *stage.overlay) : bytes;
}

void raise_bands(const Net& net, const std::vector<TensorUses>& uses,
                 const Supply& supply, SegmentSlots& slots, Choice& choice,
                 size_t stage, int64_t limit) {
  Raiser raiser(net, uses, supply, slots, choice, stage, limit);
  while (raiser.raise()) {
  }
}

}  // namespace shoal
