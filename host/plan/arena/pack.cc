#include "host/plan/arena/pack.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <utility>

#include "device/program/image.h"
#include "host/plan/tokens/stage_key.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

// Items that are tied to each other by overlays, and so move together.
struct Pile {
  struct Member {
    int item;
    int64_t at;  // relative to the pile's lowest byte
  };
  std::vector<Member> members;
  int64_t bytes = 0, end = 0;  // aligned, and not aligned
  int first = 0, last = 0;
};

struct Move {
  int pile;
  bool high;  // at the upper end rather than the lower one
};
using Order = std::vector<Move>;

class Packer {
 public:
  explicit Packer(const std::vector<PackItem>& items) : items_(items) {
    make_piles();
    find_ranges();
    at_.resize(piles_.size());
    asks_.resize(piles_.size());
  }

  const std::vector<Pile>& piles() const { return piles_; }

  // The places of piles.
  struct Placed {
    std::vector<int64_t> at;
    int64_t bytes = 0;
  };
  int64_t end_of(const Placed& p, int pile) const {
    return p.at[pile] + piles_[pile].end;
  }

  // The difference between an order and that by which `best` was placed: the
  // first `same` moves are equal, and only the pile `moved` has another turn.
  struct Change {
    size_t same = 0;
    int moved = -1;  // -1: nothing in common
  };

  // Places piles in this order. `height`: where piles that go high end. Returns
  // false if that takes more than `most` bytes.
  bool place(const Order& order, Change change, const Placed& best,
             int64_t height, int64_t most, Placed& result) {
    std::ranges::fill(at_, kNowhereYet);
    std::ranges::fill(asks_, change.moved < 0);
    if (change.moved >= 0) {
      asks_[change.moved] = true;
      ask_beside(change.moved);
    }
    int64_t bytes = 0;
    PlanCancellation::check();
    for (size_t i = 0; i < order.size(); ++i) {
      const int pile = order[i].pile;
      if (i < change.same || !asks_[pile]) {
        at_[pile] = best.at[pile];
      } else {
        at_[pile] = find_place(order[i], height);
        const bool is_new = change.moved >= 0 && at_[pile] != best.at[pile];
        if (is_new) ask_beside(pile);
      }
      bytes = std::max(bytes, at_[pile] + piles_[pile].end);
      if (bytes > most) return false;
    }
    result.at = at_;
    result.bytes = bytes;
    return true;
  }

  Packing packing(const Placed& placed) const {
    Packing result{std::vector<int64_t>(items_.size()), placed.bytes};
    for (size_t c = 0; c < piles_.size(); ++c) {
      for (const Pile::Member& m : piles_[c].members) {
        result.offsets[m.item] = placed.at[c] + m.at;
      }
    }
    return result;
  }

 private:
  // A place so low that none of its ranges conflicts with any other.
  static constexpr int64_t kNowhereYet = -(int64_t{1} << 60);

  void make_piles() {
    std::vector<int>& pile = pile_of_;
    pile.resize(items_.size());
    std::vector<int64_t> at(items_.size());
    for (int i = 0; i < static_cast<int>(items_.size()); ++i) {
      const PackItem& item = items_[i];
      if (item.over < 0) {
        pile[i] = static_cast<int>(piles_.size());
        piles_.push_back({{}, 0, 0, item.first_stage, item.last_stage});
      } else {
        pile[i] = pile[item.over];
        at[i] = at[item.over] - item.lead;
      }
      Pile& c = piles_[pile[i]];
      c.members.push_back({i, at[i]});
      c.first = std::min(c.first, item.first_stage);
      c.last = std::max(c.last, item.last_stage);
    }
    for (Pile& c : piles_) {
      int64_t low = 0;
      for (const auto& m : c.members) low = std::min(low, m.at);
      for (auto& m : c.members) {
        m.at -= low;
        c.bytes = std::max(c.bytes, m.at + aligned(items_[m.item].bytes));
        c.end = std::max(c.end, m.at + items_[m.item].bytes);
      }
    }
  }

  // Positions, relative to another pile, at which a pile may not begin; the
  // ends are excluded.
  struct Range {
    int other;
    int64_t lo, hi;
  };

  // Finds the pairs of items that may have no bytes in common. Other pairs lie
  // over each other, are apart, or never live in one stage.
  void find_ranges() {
    int stages = 0;
    for (const PackItem& i : items_) {
      stages = std::max(stages, i.last_stage + 1);
    }
    std::vector<std::vector<int>> alive(static_cast<size_t>(stages));
    std::vector<int64_t> at(items_.size());
    for (const Pile& c : piles_) {
      for (const Pile::Member& m : c.members) at[m.item] = m.at;
    }
    ranges_.resize(piles_.size());
    // Each pair is seen once, in the stage where the later one of both begins.
    for (int a = 0; a < static_cast<int>(items_.size()); ++a) {
      const PackItem& item = items_[a];
      for (int s = item.first_stage; s <= item.last_stage; ++s) {
        for (const int b : alive[s]) {
          if (s != std::max(item.first_stage, items_[b].first_stage)) continue;
          if (pile_of_[a] == pile_of_[b] || may_meet(a, b)) continue;
          const int64_t lead = at[b] - at[a];
          const int64_t of_a = aligned(item.bytes);
          const int64_t of_b = aligned(items_[b].bytes);
          ranges_[pile_of_[a]].push_back(
              {pile_of_[b], lead - of_a, lead + of_b});
          ranges_[pile_of_[b]].push_back(
              {pile_of_[a], -lead - of_b, -lead + of_a});
        }
        alive[s].push_back(a);
      }
    }
  }
  bool may_meet(int a, int b) const {
    return std::ranges::find(items_[a].apart, b) != items_[a].apart.end() ||
           std::ranges::find(items_[b].apart, a) != items_[b].apart.end();
  }

  // Marks the piles whose places depend on this one.
  void ask_beside(int pile) {
    for (const Range& r : ranges_[pile]) asks_[r.other] = true;
  }

  int64_t find_place(const Move& move, int64_t height) {
    find_taken(move.pile);
    int64_t at = -1;
    if (move.high) at = from_above(height - piles_[move.pile].bytes);
    return at < 0 ? from_below() : at;
  }
  // Finds the positions that piles which are placed already take.
  void find_taken(int pile) {
    taken_.clear();
    for (const Range& r : ranges_[pile]) {
      const int64_t other = at_[r.other];
      if (other != kNowhereYet) {
        taken_.emplace_back(other + r.lo, other + r.hi);
      }
    }
  }
  // There are few of them, so going over them again is faster than sorting
  // them.
  int64_t from_below() const {
    int64_t at = 0;
    for (int64_t before = -1; before != at;) {
      before = at;
      for (const auto& [lo, hi] : taken_) {
        if (lo < at && at < hi) at = hi;
      }
    }
    return at;
  }
  int64_t from_above(int64_t at) const {
    for (int64_t before = at + 1; before != at;) {
      before = at;
      for (const auto& [lo, hi] : taken_) {
        if (lo < at && at < hi) at = lo;
      }
    }
    return at;
  }

  const std::vector<PackItem>& items_;
  std::vector<Pile> piles_;
  std::vector<int> pile_of_;                // by item
  std::vector<std::vector<Range>> ranges_;  // by pile
  std::vector<int64_t> at_;                 // by pile
  std::vector<uint8_t> asks_;  // by pile: whether its place must be found again
  std::vector<std::pair<int64_t, int64_t>> taken_;
};

// Returns the first orders: long-lived piles before short-lived ones,
// alternately at both ends; then by size.
std::vector<Order> first_orders(const std::vector<Pile>& piles) {
  std::vector<int> by_size(piles.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::vector<int> by_life = by_size;
  std::ranges::stable_sort(by_size, std::greater{},
                           [&](int c) { return piles[c].bytes; });
  const auto life = [&](int c) { return piles[c].last - piles[c].first; };
  std::stable_sort(by_life.begin(), by_life.end(), [&](int a, int b) {
    const bool long_a = life(a) > 0, long_b = life(b) > 0;
    if (long_a != long_b) return long_a;
    if (!long_a) return piles[a].bytes > piles[b].bytes;
    return piles[a].first < piles[b].first;
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
  // If one item lies over another, their union counts.
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
  Packer::Placed best, placed;
  int64_t least = kBeyond;
  Order best_order;
  const auto attempt = [&](const Order& order, Packer::Change change) {
    if (!packer.place(order, change, best, bound, least, placed)) return;
    std::swap(best, placed);
    least = best.bytes;
    best_order = order;
  };
  for (const Order& order : first_orders(packer.piles())) attempt(order, {});
  std::mt19937 random(1);
  Order order;
  for (int i = 0; i < limits.tries && least > good; ++i) {
    order = best_order;
    const size_t n = order.size();
    const size_t from = random() % n, to = random() % n;
    const Move moved = order[from];
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), moved);
    if (random() % 3 == 0) order[to].high = !order[to].high;
    attempt(order, {std::min(from, to), moved.pile});
  }
  for (int i = 0; i < limits.last_tries && least > good; ++i) {
    order = best_order;
    const auto last = std::ranges::find_if(order, [&](const Move& m) {
      return packer.end_of(best, m.pile) == least;
    });
    const size_t before = static_cast<size_t>(last - order.begin());
    if (before == 0) break;
    const size_t to = random() % before;
    if (random() % 3 == 0) last->high = !last->high;
    std::rotate(order.begin() + static_cast<std::ptrdiff_t>(to), last,
                last + 1);
    attempt(order, {to, order[to].pile});
  }
  return packer.packing(best);
}

Packing PackMemo::pack(const std::vector<PackItem>& items, PackLimits limits,
                       const std::vector<int64_t>& saved) {
  const int64_t bound = packing_bound(items, saved);
  // Limits that have the same effect give the same packing.
  if (bound >= limits.most) limits.tries = limits.last_tries = 0;
  limits.most = INT64_MAX;
  const bool tries = limits.tries + limits.last_tries > 0;
  limits.enough = tries ? std::max(bound, limits.enough) : 0;
  StageKey parts;
  parts.add(std::ssize(items));
  for (const PackItem& i : items) {
    const bool plain = i.over < 0 && i.lead == 0 && i.apart.empty();
    parts.add(i.bytes, i.first_stage, i.last_stage - i.first_stage, plain);
    if (plain) continue;
    parts.add(i.over, i.lead, std::ssize(i.apart));
    for (const int other : i.apart) parts.add(other);
  }
  parts.add(bound, limits.enough, limits.tries, limits.last_tries);
  std::string key = parts.take();
  if (const Packing* known = packings_.find(key)) return *known;
  Packing packing = shoal::pack(items, limits, saved);
  const size_t bytes = packing.offsets.size() * sizeof(int64_t);
  return packings_.add(std::move(key), std::move(packing), bytes);
}

}  // namespace shoal
