#include "host/plan/single/bands.h"

#include <algorithm>
#include <array>

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
        stage_(stage),
        limit_(limit),
        bytes_(stage_bytes(net, uses, choice, choice.stages[stage])) {}

  // One step; false if no step is left that saves time.
  bool raise() {
    best_ratio_ = 0;
    const Segment s = choice_.stages[stage_].segment;
    const int end = std::min(s.end, static_cast<int>(net_.layers.size()));
    for (int l = s.begin; l < end; ++l) {
      const int now = passes(net_.layers[l], choice_.work[l]);
      if (now <= 1) continue;
      if (!consider(l, now / 2)) consider(l, now - 1);
    }
    if (best_ratio_ <= 0) return false;
    choice_ = std::move(best_);
    bytes_ = best_bytes_;
    return true;
  }

 private:
  // False if it does not fit.
  bool consider(int l, int fewer) {
    const LayerWork work = with_passes(net_.layers[l], choice_.work[l], fewer);
    if (work == choice_.work[l]) return true;
    const LayerSupply from{choice_.places[l],
                           choice_.stages[stage_].chunk_limit};
    const int64_t saved = supplied_ps(net_, l, choice_.work[l], supply_, from) -
                          supplied_ps(net_, l, work, supply_, from);
    if (saved <= 0) return true;
    Choice next = choice_;
    next.work[l] = work;
    StageChoice& stage = next.stages[stage_];
    slots_.set(stage.segment, next.work, next.slots);
    if (stage.overlay) {
      // Where the output lies over the input is asked only if it matters.
      StageChoice bare = stage;
      bare.overlay.reset();
      const int64_t most = stage_bytes(net_, uses_, next, bare);
      const int64_t least =
          most - std::min(net_.tensors[stage.overlay->in].bytes(),
                          net_.tensors[stage.overlay->out].bytes());
      if (least > limit_) return false;
      if (most <= limit_ && ratio(saved, least) <= best_ratio_) return true;
      stage.overlay->lead = smallest_lead(
          net_, make_stage(net_, uses_, stage.segment, next.work, next.slots),
          *stage.overlay);
    }
    const int64_t bytes = stage_bytes(net_, uses_, next, stage);
    if (bytes > limit_) return false;
    if (ratio(saved, bytes) > best_ratio_) {
      best_ratio_ = ratio(saved, bytes);
      best_ = std::move(next);
      best_bytes_ = bytes;
    }
    return true;
  }

  // Time saved a byte more.
  double ratio(int64_t saved, int64_t bytes) const {
    return static_cast<double>(saved) /
           static_cast<double>(std::max<int64_t>(1, bytes - bytes_));
  }

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const Supply& supply_;
  SegmentSlots& slots_;
  Choice& choice_;
  size_t stage_;
  int64_t limit_, bytes_;
  Choice best_;
  double best_ratio_ = 0;
  int64_t best_bytes_ = 0;
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
