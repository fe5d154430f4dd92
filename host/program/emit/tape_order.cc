#include "host/program/emit/tape_order.h"

#include <numeric>

#include "device/program/actor.h"

namespace shoal {
namespace {

class Order {
 public:
  Order(const std::vector<StageTables>& stages, const ChunkPool& pool)
      : stages_(stages), pool_(pool), seen_(pool.size()) {}

  std::vector<uint32_t> find() {
    for (const StageTables& s : stages_) add_sets(s, true);
    for (const StageTables& s : stages_) {
      add_sets(s, false);
      add_tape(s);
      for (const ChunkRecord& c : s.chunks) add(c);
    }
    return std::move(order_);
  }

 private:
  void add(const ChunkRecord& c) {
    const uint32_t chunk = c.offset;  // its number as yet
    if (seen_[chunk] || !pool_.on_tape(chunk)) return;
    seen_[chunk] = true;
    order_.push_back(chunk);
  }

  // Weight sets that are read as a whole.
  void add_sets(const StageTables& s, bool keep) {
    for (const WeightRecord& w : s.weights) {
      if (w.place != WeightPlace::kSram) continue;
      if (((w.flags & kWeightsKeep) != 0) != keep) continue;
      for (int i = 0; i < w.parts * w.groups; ++i) {
        add(s.chunks[static_cast<size_t>(w.first_chunk + i)]);
      }
    }
  }

  void use(const StageTables& s, const StageView& view, const ActorRecord& a,
           int firing, int iteration, int group) {
    if (a.weights == kNone) return;
    if (s.weights[a.weights].place != WeightPlace::kTape) return;
    add(s.chunks[chunk_index(view, a, firing, iteration, group)]);
  }

  void add_tape(const StageTables& s) {
    if (s.order.empty()) return;
    std::vector<uint32_t> numbers(pool_.size());
    std::iota(numbers.begin(), numbers.end(), 0u);
    const std::vector<uint8_t> record = record_image(s, numbers);
    const StageView view = view_stage(record.data());
    std::vector<int> fired(s.actors.size());
    for (const OrderRun& run : s.order) {
      const ActorRecord& a = s.actors[run.actor];
      if (a.loop != kNone) {
        add_loop(s, view, s.loops[a.loop]);
        continue;
      }
      const int all = firing_count(row_rule(view, a));
      const int groups = chunks_a_firing(view, a);
      int& firing = fired[run.actor];
      for (int f = 0; f < run.firings; ++f, firing = (firing + 1) % all) {
        for (int g = 0; g < groups; ++g) use(s, view, a, firing, 0, g);
      }
    }
  }

  void add_loop(const StageTables& s, const StageView& view,
                const LoopRecord& loop) {
    for (int i = 0; i < loop.iterations; ++i) {
      for (int inner = 0; inner < loop.actors; ++inner) {
        const auto actor = static_cast<size_t>(loop.first_actor + inner);
        use(s, view, s.actors[actor], 0, i, 0);
      }
    }
  }

  const std::vector<StageTables>& stages_;
  const ChunkPool& pool_;
  std::vector<bool> seen_;
  std::vector<uint32_t> order_;
};

}  // namespace

std::vector<uint32_t> tape_order(const std::vector<StageTables>& stages,
                                 const ChunkPool& pool) {
  return Order(stages, pool).find();
}

}  // namespace shoal
