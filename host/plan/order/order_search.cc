#include "host/plan/order/order_search.h"

#include <algorithm>
#include <map>
#include <utility>

#include "host/plan/arena/pack.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/beyond.h"

namespace shoal {
namespace {

using Done = std::vector<uint64_t>;

bool has(const Done& done, int layer) {
  return done[size_t(layer) / 64] >> (layer % 64) & 1;
}
void add(Done& done, int layer) {
  done[size_t(layer) / 64] |= uint64_t{1} << (layer % 64);
}

// A layer, with the constants that it is the first to read, and the ideal that
// has it.
struct Step {
  int layer = -1, to = -1;
};

struct Ideal {
  Done done;
  int64_t alive = 0;  // of tensors that layers in it and layers outside touch
  std::vector<Step> steps;
};

// The ideals, those with fewer layers first; the last one has all layers.
class Ideals {
 public:
  Ideals(const LayerGraph& graph, const OrderBytes& bytes)
      : graph_(graph), bytes_(bytes) {
    all_.push_back({Done(size_t(graph.layers()) / 64 + 1), 0, {}});
  }

  const std::vector<Ideal>& all() const { return all_; }

  // Adds at most `most` ideals of each number of layers, those of the net's own
  // order among them.
  void add_all(int most) {
    Done own = all_.front().done;
    std::vector<int> level = {0};
    for (int l = 0; l < graph_.layers(); ++l) {
      if (graph_.is_constant[l]) continue;
      take(l, own);
      level = next(level, own, most);
    }
    finish();
  }
  void add_one(const LayerOrder& order) {
    for (const int l : order) {
      Ideal to = all_.back();
      to.steps.clear();
      to.alive += grown(l, to.done);
      add(to.done, l);
      all_.back().steps.push_back({l, static_cast<int>(all_.size())});
      all_.push_back(std::move(to));
    }
  }

  // Calls `each` for the layer and for constants that it is the first to read.
  template <class Each>
  void each_of(int layer, const Done& done, Each each) const {
    for (const int b : graph_.before[layer]) {
      if (graph_.is_constant[b] && !has(done, b)) each(b);
    }
    each(layer);
  }

 private:
  void take(int layer, Done& done) const {
    each_of(layer, Done(done), [&](int l) { add(done, l); });
  }

  // Returns how many bytes more are alive with the layer.
  int64_t grown(int layer, const Done& done) const {
    int64_t bytes = 0;
    for (const int t : graph_.touches[layer]) {
      bool before = false, after = false;
      for (const int l : graph_.touched_by[t]) {
        if (l == layer) continue;
        (has(done, l) ? before : after) = true;
      }
      if (after && !before) bytes += bytes_.whole[t];
      if (before && !after) bytes -= bytes_.whole[t];
    }
    return bytes;
  }

  bool is_ready(int layer, const Done& done) const {
    return std::ranges::all_of(graph_.before[layer], [&](int b) {
      return graph_.is_constant[b] || has(done, b);
    });
  }

  // Adds the ideals with one layer more. `own` is that of the net's order.
  std::vector<int> next(const std::vector<int>& level, const Done& own,
                        int most) {
    std::map<Done, Ideal> found;
    std::vector<std::pair<int, std::pair<int, Done>>> steps;
    for (const int from : level) {
      for (int l = 0; l < graph_.layers(); ++l) {
        const Ideal& ideal = all_[size_t(from)];
        if (graph_.is_constant[l] || has(ideal.done, l)) continue;
        if (!is_ready(l, ideal.done)) continue;
        Ideal to{ideal.done, ideal.alive, {}};
        each_of(l, ideal.done, [&](int each) {
          to.alive += grown(each, to.done);
          add(to.done, each);
        });
        steps.push_back({from, {l, to.done}});
        found.emplace(to.done, std::move(to));
      }
    }
    std::vector<const Ideal*> best;
    for (const auto& [done, ideal] : found) best.push_back(&ideal);
    std::ranges::stable_sort(best, {}, [&](const Ideal* i) {
      return std::pair(i->done != own, i->alive);
    });
    best.resize(std::min(best.size(), static_cast<size_t>(most)));
    std::map<Done, int> number;
    std::vector<int> numbers;
    for (const Ideal* i : best) {
      numbers.push_back(static_cast<int>(all_.size()));
      number[i->done] = numbers.back();
      all_.push_back(*i);
    }
    for (const auto& [from, step] : steps) {
      const auto at = number.find(step.second);
      if (at == number.end()) continue;
      all_[size_t(from)].steps.push_back({step.first, at->second});
    }
    return numbers;
  }

  // Adds the constants that no layer reads.
  void finish() {
    Ideal to{all_.back().done, 0, {}};
    bool any = false;
    for (int l = 0; l < graph_.layers(); ++l) {
      if (has(to.done, l)) continue;
      add(to.done, l);
      any = true;
    }
    if (!any) return;
    const auto last = static_cast<int>(all_.size()) - 1;
    all_[size_t(last)].steps.push_back({-1, last + 1});
    all_.push_back(std::move(to));
  }

  const LayerGraph& graph_;
  const OrderBytes& bytes_;
  std::vector<Ideal> all_;
};

// The best way to an ideal.
struct Way {
  int64_t bytes = kBeyond;  // of the largest stage
  int64_t kept = 0;         // sum of the bytes alive where stages end
  int from = -1;
  bool operator<(const Way& o) const {
    return std::pair(bytes, kept) < std::pair(o.bytes, o.kept);
  }
};

class StagePaths {
 public:
  StagePaths(const LayerGraph& graph, const OrderBytes& bytes,
             const Ideals& ideals, int64_t most_steps)
      : graph_(graph),
        bytes_(bytes),
        ideals_(ideals),
        all_(ideals.all()),
        most_steps_(most_steps),
        ways_(all_.size()),
        held_(all_.size()),
        seen_(all_.size(), -1) {}

  // Considers stages of fewer bytes than `below`. Returns false if there were
  // too many.
  bool run(int64_t below) {
    ways_.front() = {0, 0, -1};
    for (int begin = 0; begin + 1 < std::ssize(all_); ++begin) {
      const Way& way = ways_[size_t(begin)];
      if (way.bytes >= below || all_[size_t(begin)].alive >= below) continue;
      extend(begin, below);
      if (steps_ > most_steps_) return false;
    }
    return true;
  }

  const Way& way() const { return ways_.back(); }
  LayerOrder order() const {
    std::vector<int> ends;
    for (int at = static_cast<int>(all_.size()) - 1; at > 0;
         at = ways_[size_t(at)].from) {
      ends.push_back(at);
    }
    LayerOrder order;
    Done done = all_.front().done;
    for (size_t e = ends.size(); e-- > 0;) {
      const Done& to = all_[size_t(ends[e])].done;
      for (int l = 0; l < graph_.layers(); ++l) {
        if (has(to, l) && !has(done, l)) order.push_back(l);
      }
      done = to;
    }
    return order;
  }

 private:
  struct Held {
    int64_t whole = 0, inside = 0;
    int layers = 0;
  };

  // Considers all stages that begin behind an ideal.
  void extend(int begin, int64_t below) {
    const Ideal& from = all_[size_t(begin)];
    reached_.assign(1, begin);
    held_[size_t(begin)] = {from.alive, begin == 0 ? untouched() : 0, 0};
    seen_[size_t(begin)] = begin;
    for (size_t i = 0; i < reached_.size(); ++i) {
      const int at = reached_[i];
      const Held held = held_[size_t(at)];
      if (at != begin) offer(begin, at, held.whole + held.inside);
      // Tensors that were alive before stay whole, and rings stay.
      if (from.alive + held.inside >= below) continue;
      for (const Step& s : all_[size_t(at)].steps) {
        ++steps_;
        if (seen_[size_t(s.to)] == begin) continue;
        Held next = held;
        if (!grow(from.done, all_[size_t(at)].done, s.layer, next)) continue;
        seen_[size_t(s.to)] = begin;
        held_[size_t(s.to)] = next;
        reached_.push_back(s.to);
      }
    }
  }

  // Returns the bytes of inputs that no layer reads: they come and go in the
  // first stage.
  int64_t untouched() const {
    int64_t bytes = 0;
    for (size_t t = 0; t < graph_.uses.size(); ++t) {
      const bool is_used = graph_.uses[t].first >= 0;
      if (is_used && graph_.touched_by[t].empty()) bytes += bytes_.ring[t];
    }
    return bytes;
  }

  void offer(int begin, int end, int64_t bytes) {
    const Way& from = ways_[size_t(begin)];
    const Way way{std::max(from.bytes, bytes),
                  from.kept + all_[size_t(end)].alive, begin};
    if (way < ways_[size_t(end)]) ways_[size_t(end)] = way;
  }

  // Returns false if no stage from there may have the layer.
  bool grow(const Done& begin, const Done& done, int layer, Held& held) {
    if (layer < 0) return true;
    bool may = true;
    now_ = done;
    ideals_.each_of(layer, done, [&](int l) {
      for (const int t : graph_.touches[l])
        may &= touch(begin, now_, l, t, held);
      held.inside += bytes_.sums[l];
      ++held.layers;
      add(now_, l);
    });
    return may && held.layers <= kMaxStageLayers;
  }

  bool touch(const Done& begin, const Done& now, int layer, int tensor,
             Held& held) const {
    bool earlier = false, before = false, after = false;
    for (const int l : graph_.touched_by[tensor]) {
      earlier |= has(begin, l);
      if (l == layer) continue;
      (has(now, l) ? before : after) = true;
    }
    if (!before) held.whole += bytes_.whole[tensor];
    if (!after && !earlier) {
      held.whole -= bytes_.whole[tensor];
      held.inside += bytes_.ring[tensor];
    }
    return !is_mixed(begin, now, layer, tensor);
  }

  // Returns whether the layer would read, or a caller take, rows of which some
  // are made in the stage and others were made before.
  bool is_mixed(const Done& begin, const Done& now, int layer,
                int tensor) const {
    bool early = false, late = false, left = false, writes = false;
    for (const int w : graph_.written_by[tensor]) {
      (has(begin, w) ? early : late) = true;
      left |= w != layer && !has(now, w);
      writes |= w == layer;
    }
    if (!early || !late) return false;
    return writes ? graph_.is_output[tensor] && !left : true;
  }

  const LayerGraph& graph_;
  const OrderBytes& bytes_;
  const Ideals& ideals_;
  const std::vector<Ideal>& all_;
  const int64_t most_steps_;
  std::vector<Way> ways_;
  std::vector<Held> held_;  // of the stages up to an ideal, from the last start
  std::vector<int> seen_;   // the start from which it was reached last
  int64_t steps_ = 0;
  // Scratch of grow() and of extend(), which run too often to allocate.
  Done now_;
  std::vector<int> reached_;
};

}  // namespace

OrderBytes order_bytes(const Net& net, const LayerGraph& graph) {
  OrderBytes bytes;
  const Work work = uniform_work(net, kMaxFirings);
  const std::vector<int> slots = ring_slots(net, graph.uses, work);
  for (size_t t = 0; t < net.tensors.size(); ++t) {
    const NetTensor& tensor = net.tensors[t];
    bytes.whole.push_back(aligned(tensor.bytes()));
    bytes.ring.push_back(aligned(tensor.bytes() / tensor.rows * slots[t]));
  }
  for (size_t l = 0; l < net.layers.size(); ++l) {
    bytes.sums.push_back(aligned(sums_bytes(net.layers[l], work[l])));
  }
  return bytes;
}

int64_t largest_stage(const LayerGraph& graph, const OrderBytes& bytes,
                      const LayerOrder& order) {
  Ideals ideals(graph, bytes);
  ideals.add_one(order);
  StagePaths paths(graph, bytes, ideals, kBeyond);
  paths.run(kBeyond);
  return paths.way().bytes;
}

std::optional<OrderFound> find_order(const LayerGraph& graph,
                                     const OrderBytes& bytes,
                                     const OrderOptions& options) {
  LayerOrder own(size_t(graph.layers()));
  for (int l = 0; l < graph.layers(); ++l) own[size_t(l)] = l;
  OrderFound found;
  found.own_bytes = largest_stage(graph, bytes, own);
  for (int most = options.most_ideals; most > 1; most /= 2) {
    Ideals ideals(graph, bytes);
    ideals.add_all(most);
    StagePaths paths(graph, bytes, ideals, options.most_steps);
    if (!paths.run(found.own_bytes)) continue;
    if (paths.way().bytes >= found.own_bytes) return std::nullopt;
    found.bytes = paths.way().bytes;
    found.order = paths.order();
    return found;
  }
  return std::nullopt;
}

}  // namespace shoal
