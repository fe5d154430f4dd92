#include "host/plan/arena/pack.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

#include "device/program/image.h"

namespace shoal {
namespace {

// Items that are tied to each other by overlays and move together.
struct Cluster {
  struct Member {
    int item;
    int64_t at;  // relative to the cluster's lowest byte
  };
  std::vector<Member> members;
  int64_t bytes = 0;
  int first = 0, last = 0;
};

struct Move {
  int cluster;
  bool high;  // at the upper end rather than the lower one
};
using Order = std::vector<Move>;

class Packer {
 public:
  explicit Packer(const std::vector<PackItem>& items)
      : items_(items), placed_(items.size(), kNowhereYet) {
    for (const PackItem& i : items) sizes_.push_back(aligned(i.bytes));
    make_clusters();
    find_meetings();
  }

  const std::vector<Cluster>& clusters() const { return clusters_; }

  int64_t end_of(const Packing& p, int cluster) const {
    int64_t end = 0;
    for (const Cluster::Member& m : clusters_[cluster].members) {
      end = std::max(end, p.offsets[m.item] + items_[m.item].bytes);
    }
    return end;
  }

  // `height` is where the items that go high end. More than `most` bytes are
  // no result.
  Packing place(const Order& order, int64_t height, int64_t most) {
    std::fill(placed_.begin(), placed_.end(), kNowhereYet);
    Packing result;
    for (const Move& move : order) {
      const Cluster& c = clusters_[move.cluster];
      int64_t at = move.high ? from_above(c, height) : -1;
      if (at < 0) at = from_below(c);
      for (const Cluster::Member& m : c.members) {
        const PackItem& item = items_[m.item];
        placed_[m.item] = at + m.at;
        result.bytes = std::max(result.bytes, at + m.at + item.bytes);
      }
      if (result.bytes > most) return result;
    }
    result.offsets = placed_;
    return result;
  }

 private:
  static constexpr int64_t kNowhereYet = -1;

  void make_clusters() {
    std::vector<int> cluster(items_.size());
    std::vector<int64_t> at(items_.size());
    for (int i = 0; i < static_cast<int>(items_.size()); ++i) {
      const PackItem& item = items_[i];
      if (item.over < 0) {
        cluster[i] = static_cast<int>(clusters_.size());
        clusters_.push_back({{}, 0, item.first_stage, item.last_stage});
      } else {
        cluster[i] = cluster[item.over];
        at[i] = at[item.over] - item.lead;
      }
      Cluster& c = clusters_[cluster[i]];
      c.members.push_back({i, at[i]});
      c.first = std::min(c.first, item.first_stage);
      c.last = std::max(c.last, item.last_stage);
    }
    for (Cluster& c : clusters_) {
      int64_t low = 0;
      for (const auto& m : c.members) low = std::min(low, m.at);
      for (auto& m : c.members) {
        m.at -= low;
        c.bytes = std::max(c.bytes, m.at + aligned(items_[m.item].bytes));
      }
    }
  }

  // By item: all with which it may have no bytes in common. With others it may,
  // since they lie over each other, are apart, or never live in one stage.
  void find_meetings() {
    const size_t n = items_.size();
    std::vector<uint8_t> meets(n * n, 1);
    for (size_t a = 0; a < n; ++a) {
      const auto part = [&](int b) {
        meets[a * n + static_cast<size_t>(b)] = 0;
        meets[static_cast<size_t>(b) * n + a] = 0;
      };
      for (size_t b = 0; b < n; ++b) {
        if (items_[b].last_stage < items_[a].first_stage ||
            items_[a].last_stage < items_[b].first_stage) {
          part(static_cast<int>(b));
        }
      }
      if (items_[a].over >= 0) part(items_[a].over);
      for (const int b : items_[a].apart) part(b);
    }
    met_.resize(n);
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = 0; b < n; ++b) {
        if (meets[a * n + b]) met_[a].push_back(static_cast<int>(b));
      }
    }
  }

  // Offsets, without their ends, where the cluster would meet what is placed.
  struct Range {
    int64_t lo, hi;
  };
  const std::vector<Range>& taken(const Cluster& c) {
    taken_.clear();
    for (const Cluster::Member& m : c.members) {
      const int64_t bytes = sizes_[m.item];
      for (const int other : met_[m.item]) {
        if (placed_[other] == kNowhereYet) continue;
        const int64_t begin = placed_[other] - m.at;
        taken_.push_back({begin - bytes, begin + sizes_[other]});
      }
    }
    return taken_;
  }

  int64_t from_below(const Cluster& c) {
    taken(c);
    std::ranges::sort(taken_, {}, &Range::lo);
    int64_t at = 0;
    for (const Range& r : taken_) {
      if (r.lo >= at) break;
      at = std::max(at, r.hi);
    }
    return at;
  }
  int64_t from_above(const Cluster& c, int64_t height) {
    taken(c);
    std::ranges::sort(taken_, std::greater<>(), &Range::hi);
    int64_t at = height - c.bytes;
    for (const Range& r : taken_) {
      if (r.hi <= at) break;
      at = std::min(at, r.lo);
    }
    return at;
  }

  const std::vector<PackItem>& items_;
  std::vector<Cluster> clusters_;
  std::vector<int64_t> placed_;
  std::vector<int64_t> sizes_;  // aligned
  std::vector<std::vector<int>> met_;
  std::vector<Range> taken_;
};

// Long-lived clusters before short-lived ones, alternately at both ends; then
// by size.
std::vector<Order> first_orders(const std::vector<Cluster>& clusters) {
  std::vector<int> by_size(clusters.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::vector<int> by_life = by_size;
  std::stable_sort(by_size.begin(), by_size.end(), [&](int a, int b) {
    return clusters[a].bytes > clusters[b].bytes;
  });
  const auto life = [&](int c) { return clusters[c].last - clusters[c].first; };
  std::stable_sort(by_life.begin(), by_life.end(), [&](int a, int b) {
    const bool long_a = life(a) > 0, long_b = life(b) > 0;
    if (long_a != long_b) return long_a;
    if (!long_a) return clusters[a].bytes > clusters[b].bytes;
    return clusters[a].first < clusters[b].first;
  });
  std::vector<Order> orders(4);
  for (int c : by_size) orders[0].push_back({c, false});
  for (int c : by_size) orders[1].push_back({c, life(c) > 0});
  bool high = false;
  for (int c : by_life) {
    orders[2].push_back({c, life(c) > 0 && high});
    orders[3].push_back({c, life(c) > 0 && !high});
    high = !high;
  }
  return orders;
}

}  // namespace

int64_t packing_bound(const std::vector<PackItem>& items,
                      const std::vector<int64_t>& saved) {
  std::vector<int64_t> load;
  for (const PackItem& item : items) {
    if (static_cast<int>(load.size()) <= item.last_stage) {
      load.resize(item.last_stage + 1);
    }
    for (int s = item.first_stage; s <= item.last_stage; ++s) {
      load[s] += aligned(item.bytes);
    }
  }
  // Where one item lies over another, their union counts.
  for (const PackItem& item : items) {
    if (item.over < 0) continue;
    const PackItem& under = items[item.over];
    const int64_t low = std::min<int64_t>(0, -item.lead);
    const int64_t high =
        std::max(aligned(under.bytes), aligned(item.bytes) - item.lead);
    const int64_t both = aligned(under.bytes) + aligned(item.bytes);
    for (int s = item.first_stage; s <= under.last_stage; ++s) {
      load[s] -= std::max<int64_t>(0, both - (high - low));
    }
  }
  for (size_t s = 0; s < std::min(load.size(), saved.size()); ++s) {
    load[s] -= saved[s];
  }
  return load.empty() ? 0 : *std::max_element(load.begin(), load.end());
}

Packing pack(const std::vector<PackItem>& items, PackLimits limits,
             const std::vector<int64_t>& saved) {
  Packer packer(items);
  const int64_t bound = packing_bound(items, saved);
  if (bound >= limits.most) limits.tries = limits.last_tries = 0;
  const int64_t good = std::max(bound, limits.enough);
  Packing best;
  best.bytes = std::numeric_limits<int64_t>::max();
  Order best_order;
  const auto attempt = [&](const Order& order) {
    Packing p = packer.place(order, bound, best.bytes);
    if (p.bytes > best.bytes) return;
    best = std::move(p);
    best_order = order;
  };
  for (const Order& order : first_orders(packer.clusters())) attempt(order);
  std::mt19937 random(1);
  for (int i = 0; i < limits.tries && best.bytes > good; ++i) {
    Order order = best_order;
    const size_t n = order.size();
    const size_t from = random() % n, to = random() % n;
    const Move moved = order[from];
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), moved);
    if (random() % 3 == 0) order[to].high = !order[to].high;
    attempt(order);
  }
  for (int i = 0; i < limits.last_tries && best.bytes > good; ++i) {
    Order order = best_order;
    const auto last = std::ranges::find_if(order, [&](const Move& m) {
      return packer.end_of(best, m.cluster) == best.bytes;
    });
    const size_t before = static_cast<size_t>(last - order.begin());
    if (before == 0) break;
    const auto to = static_cast<std::ptrdiff_t>(random() % before);
    if (random() % 3 == 0) last->high = !last->high;
    std::rotate(order.begin() + to, last, last + 1);
    attempt(order);
  }
  return best;
}

}  // namespace shoal
