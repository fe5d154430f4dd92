#include "host/plan/search/bands.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/arena/pack.h"
#include "host/plan/cost/tape.h"
#include "host/plan/search/stages.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/stage_maker.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns how often a layer passes over its rows, or its kernel rows.
int passes(const Layer& layer, LayerWork w) {
  return w.part < layer.kernel_h ? ceil_div(layer.kernel_h, w.part)
                                 : ceil_div(layer.out.box.rows(), w.band);
}
LayerWork with_passes(const Layer& layer, LayerWork w, int passes) {
  if (keeps_state(layer.op)) return w;
  if (w.part < layer.kernel_h) {
    const int part = ceil_div(layer.kernel_h, passes);
    if (part <= kMaxWindowRows) w.part = part;
  } else {
    w.band = std::min(ceil_div(layer.out.box.rows(), passes), kMaxBand);
  }
  return w;
}

// Returns the bytes that are alive during a stage of the choice, including
// slots and weights in SRAM, less what an overlay saves.
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
  const int end = end_of_layers(net, stage.segment);
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
  for (const Overlay& o : kept_overlays(net, uses, stage.segment)) {
    bytes -= overlay_gain(net, o);
  }
  return stage.overlay ? bytes - overlay_gain(net, *stage.overlay) : bytes;
}

class Raiser {
 public:
  Raiser(const Net& net, const Supply& supply, const Survey& survey,
         Choice& choice, size_t stage, int64_t room, int percent)
      : net_(net),
        uses_(survey.uses()),
        supply_(supply),
        slots_(survey.slots()),
        choice_(choice),
        stage_(choice.stages[stage]),
        segment_(stage_.segment),
        layers_(end_of_layers(net, segment_) - segment_.begin),
        steps_(layers_),
        chunks_(layers_) {
    for (int i = 0; i < layers_; ++i) {
      chunks_[i] = chunk_of(segment_.begin + i, work(i));
    }
    StageChoice bare = stage_;
    bare.overlay.reset();
    bare_ = stage_bytes(net, uses_, choice, bare);
    if (stage_.overlay) gain_ = overlay_gain(net_, *stage_.overlay);
    const int64_t now = bare_ - gain_;
    limit_ = now + tuning::percent_of(percent, room - now);
  }

  // Takes all steps at once if that fits, so that none has to be chosen.
  bool raise_all() {
    Choice most = choice_;
    StageChoice& stage = most.stages[&stage_ - choice_.stages.data()];
    for (int i = 0; i < layers_; ++i) {
      const int l = segment_.begin + i;
      const Layer& layer = net_.layers[l];
      LayerWork& w = most.work[l];
      for (int now = passes(layer, w); now > 1; now = passes(layer, w)) {
        const LayerWork next = with_passes(layer, w, now / 2);
        if (next == w || saved(l, w, next) <= 0) break;
        w = next;
      }
    }
    if (most.work == choice_.work) return true;
    for (const auto& [tensor, held] : slots_.find(segment_, most.work)) {
      most.slots[tensor] = held;
    }
    if (stage.overlay) {
      stage.overlay->lead = smallest_lead(
          net_, make_stage(net_, uses_, segment_, most.work, most.slots),
          *stage.overlay);
    }
    if (stage_bytes(net_, uses_, most, stage) > limit_) return false;
    choice_ = std::move(most);
    return true;
  }

  // Takes one step, and returns false if no step that saves time is left. The
  // bytes of a step may be stale: they are computed again only if the step
  // looks best or nothing else is left.
  bool raise() {
    find_slot();
    for (;;) {
      const int best = best_step();
      if (best < 0) {
        if (!look_again()) return false;
      } else if (!look_again(best)) {
        take(best);
        return true;
      }
    }
  }

 private:
  // A change to fewer passes over a layer, with what it saves and costs.
  struct Step {
    LayerWork work;
    int64_t saved = 0;  // ps; 0: there is no such step
    int64_t more = 0;   // bytes, besides the tape's slots
    int64_t chunk = 0;
    SegmentSlots::TensorSlots slots;
    std::optional<Overlay> overlay;
    int64_t gain = 0;                          // of the overlay
    bool has_rings = false, has_lead = false;  // as of now
  };
  struct Steps {
    bool known = false;
    Step half, one;  // to half of the passes, to one less
  };

  LayerWork& work(int i) { return choice_.work[segment_.begin + i]; }

  int64_t saved(int l, LayerWork from, LayerWork to) const {
    const LayerSupply supply{choice_.places[l], stage_.chunk_limit};
    return supplied_ps(net_, l, from, supply_, supply) -
           supplied_ps(net_, l, to, supply_, supply);
  }

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
    Step step;
    step.work = with_passes(net_.layers[l], work(i), fewer);
    if (step.work == work(i)) return step;
    step.saved = std::max<int64_t>(0, saved(l, work(i), step.work));
    if (step.saved == 0) return step;
    step.chunk = chunk_of(l, step.work);
    step.overlay = stage_.overlay;
    if (stage_.overlay) {  // at most
      step.gain = std::min(net_.tensors[stage_.overlay->in].bytes(),
                           net_.tensors[stage_.overlay->out].bytes());
    }
    find_rings(i, step);
    return step;
  }

  void find_rings(int i, Step& step) {
    const int l = segment_.begin + i;
    const LayerWork now = std::exchange(work(i), step.work);
    step.slots = slots_.find(segment_, choice_.work, l);
    work(i) = now;
    step.more = aligned(sums_bytes(net_.layers[l], step.work)) -
                aligned(sums_bytes(net_.layers[l], now));
    for (const auto& [tensor, slots] : step.slots) {
      step.more +=
          ring_bytes(tensor, slots) - ring_bytes(tensor, choice_.slots[tensor]);
    }
    step.has_rings = true;
  }

  void find_lead(int i, Step& step) {
    const LayerWork now = std::exchange(work(i), step.work);
    std::vector<int> slots = choice_.slots;
    for (const auto& [tensor, held] : step.slots) slots[tensor] = held;
    step.overlay = stage_.overlay;
    step.overlay->lead = smallest_lead(
        net_, make_stage(net_, uses_, segment_, choice_.work, slots),
        *step.overlay);
    step.gain = overlay_gain(net_, *step.overlay);
    work(i) = now;
    step.has_lead = true;
  }

  Steps& steps_of(int i) {
    Steps& steps = steps_[i];
    if (steps.known) return steps;
    const int now = passes(net_.layers[segment_.begin + i], work(i));
    steps = {true, {}, {}};
    if (now > 1) steps.half = find_step(i, now / 2);
    if (steps.half.saved > 0) steps.one = find_step(i, now - 1);
    return steps;
  }

  // Finds the largest chunk, its layer, and the largest chunk of all other
  // layers.
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

  int64_t bytes_with(int i, const Step& step) const {
    const int64_t others = i == slot_of_ ? other_slot_ : slot_;
    return bare_ + step.more - step.gain +
           kTapeSlots * (std::max(others, step.chunk) - slot_);
  }
  bool fits(int i, const Step& step) const {
    return bytes_with(i, step) <= limit_;
  }

  // Returns the step to half of the passes, or to one less if that does not
  // fit.
  Step* step_of(int i) {
    Steps& steps = steps_of(i);
    if (steps.half.saved == 0) return nullptr;
    if (fits(i, steps.half)) return &steps.half;
    return steps.one.saved > 0 && fits(i, steps.one) ? &steps.one : nullptr;
  }

  // Returns the layer whose step saves the most time per byte; -1: none fits.
  int best_step() {
    int best = -1;
    double most = 0;
    for (int i = 0; i < layers_; ++i) {
      const Step* step = step_of(i);
      if (!step) continue;
      const int64_t more =
          std::max<int64_t>(1, bytes_with(i, *step) - (bare_ - gain_));
      const double ratio =
          static_cast<double>(step->saved) / static_cast<double>(more);
      if (ratio <= most) continue;
      most = ratio, best = i;
    }
    return best;
  }

  bool look_again(int i, Step& step) {
    if (step.saved == 0) return false;
    if (!step.has_rings) return find_rings(i, step), true;
    if (!stage_.overlay || step.has_lead) return false;
    return find_lead(i, step), true;
  }
  // Computes the bytes of a step again; returns true if they were stale.
  bool look_again(int i) { return look_again(i, *step_of(i)); }
  bool look_again() {
    bool any = false;
    for (int i = 0; i < layers_; ++i) {
      Steps& steps = steps_of(i);
      for (Step* step : {&steps.half, &steps.one}) {
        if (step->saved == 0 || step->has_rings) continue;
        find_rings(i, *step);
        any = true;
      }
    }
    return any;
  }

  void take(int i) {
    const Step step = *step_of(i);
    bare_ = bytes_with(i, step) + step.gain;
    work(i) = step.work;
    chunks_[i] = step.chunk;
    for (const auto& [tensor, held] : step.slots) choice_.slots[tensor] = held;
    stage_.overlay = step.overlay;
    gain_ = step.gain;
    const int layer = segment_.begin + i;
    for (const int l : slots_.neighbours(segment_, layer)) {
      Steps& steps = steps_[l - segment_.begin];
      steps.half.has_rings = steps.one.has_rings = false;
    }
    for (Steps& steps : steps_) {
      steps.half.has_lead = steps.one.has_lead = false;
    }
    steps_[i].known = false;
  }

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const Supply& supply_;
  SegmentSlots& slots_;
  Choice& choice_;
  StageChoice& stage_;
  const Segment segment_;
  const int layers_;
  int64_t limit_ = 0;
  std::vector<Steps> steps_;     // by layer of the segment
  std::vector<int64_t> chunks_;  // the same
  int64_t bare_ = 0, gain_ = 0;  // bytes of the stage, and what overlays save
  int64_t slot_ = 0, other_slot_ = 0;
  int slot_of_ = -1;
};

}  // namespace

void raise_bands(const Net& net, const Supply& supply, const Survey& survey,
                 Choice& choice, size_t stage, int64_t room, int percent) {
  Raiser raiser(net, supply, survey, choice, stage, room, percent);
  if (raiser.raise_all()) return;
  while (raiser.raise()) {
  }
}

}  // namespace shoal
