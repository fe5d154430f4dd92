#include "host/plan/arena/pack.h"

#include <algorithm>
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
    int stages = 0;
    for (const PackItem& i : items) stages = std::max(stages, i.last_stage + 1);
    in_stage_.resize(stages);
    make_clusters();
  }

  const std::vector<Cluster>& clusters() const { return clusters_; }

  // `height` is where the items that go high end.
  Packing place(const Order& order, int64_t height) {
    std::fill(placed_.begin(), placed_.end(), kNowhereYet);
    for (auto& list : in_stage_) list.clear();
    Packing result;
    for (const Move& move : order) {
      const Cluster& c = clusters_[move.cluster];
      int64_t at = move.high ? from_above(c, height) : -1;
      if (at < 0) at = from_below(c);
      for (const Cluster::Member& m : c.members) {
        const PackItem& item = items_[m.item];
        placed_[m.item] = at + m.at;
        result.bytes = std::max(result.bytes, at + m.at + item.bytes);
        for (int s = item.first_stage; s <= item.last_stage; ++s) {
          in_stage_[s].push_back(m.item);
        }
      }
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

  bool may_overlap(int a, int b) const {
    const std::vector<int>& apart = items_[a].apart;
    return items_[a].over == b || items_[b].over == a ||
           std::find(apart.begin(), apart.end(), b) != apart.end();
  }

  // A placed item that meets the cluster at `at`, or -1; `shift` is how far
  // the cluster must move to pass it.
  bool blocked(const Cluster& c, int64_t at, bool up, int64_t& shift) const {
    for (const Cluster::Member& m : c.members) {
      const PackItem& item = items_[m.item];
      const int64_t from = at + m.at, to = from + aligned(item.bytes);
      for (int s = item.first_stage; s <= item.last_stage; ++s) {
        for (int other : in_stage_[s]) {
          const int64_t begin = placed_[other];
          const int64_t end = begin + aligned(items_[other].bytes);
          if (begin >= to || from >= end || may_overlap(m.item, other)) {
            continue;
          }
          shift = up ? end - from : to - begin;
          return true;
        }
      }
    }
    return false;
  }

  int64_t from_below(const Cluster& c) const {
    int64_t at = 0, shift = 0;
    while (blocked(c, at, true, shift)) at += shift;
    return at;
  }
  int64_t from_above(const Cluster& c, int64_t height) const {
    int64_t at = height - c.bytes, shift = 0;
    while (at >= 0 && blocked(c, at, false, shift)) at -= shift;
    return at;
  }

  const std::vector<PackItem>& items_;
  std::vector<Cluster> clusters_;
  std::vector<int64_t> placed_;
  std::vector<std::vector<int>> in_stage_;
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

Packing pack(const std::vector<PackItem>& items, int tries,
             const std::vector<int64_t>& saved) {
  Packer packer(items);
  const int64_t bound = packing_bound(items, saved);
  Packing best;
  best.bytes = std::numeric_limits<int64_t>::max();
  Order best_order;
  const auto attempt = [&](const Order& order) {
    Packing p = packer.place(order, bound);
    if (p.bytes > best.bytes) return;
    best = std::move(p);
    best_order = order;
  };
  for (const Order& order : first_orders(packer.clusters())) attempt(order);
  std::mt19937 random(1);
  for (int i = 0; i < tries && best.bytes > bound; ++i) {
    Order order = best_order;
    const size_t n = order.size();
    const size_t from = random() % n, to = random() % n;
    const Move moved = order[from];
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), moved);
    if (random() % 3 == 0) order[to].high = !order[to].high;
    attempt(order);
  }
  return best;
}

}  // namespace shoal
