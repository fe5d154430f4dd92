#include "host/plan/search/stages.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <set>

#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/trial_shares.h"

namespace shoal {
namespace {

constexpr int64_t kFar = std::numeric_limits<int64_t>::max();

std::vector<int> pass_counts(const Net& net) {
  int most = 1;
  for (const Layer& layer : net.layers) {
    most = std::max({most, layer.out.box.rows(), layer.kernel_h});
  }
  std::vector<int> counts;
  for (int passes : {1,  2,  3,  4,  5,  6,  7,  8,  10, 12,  14,  16,
                     20, 24, 28, 32, 40, 48, 56, 72, 96, 112, 144, 192}) {
    if (passes < most) counts.push_back(passes);
  }
  counts.push_back(most);
  return counts;
}

// What the tables have, with all tables' values of one tensor or layer side by
// side: the search goes over all tables of one layer, hundreds of them.
class Columns {
 public:
  // Of all tables, or of the least ones.
  Columns(const std::vector<PassTable>& tables, bool least)
      : picked_(pick(tables, least)),
        ring_(turned(tables, &PassTable::ring_bytes)),
        sums_(turned(tables, &PassTable::sums_bytes)),
        time_(turned(tables, &PassTable::time_ps)),
        slot_(turned(tables, &PassTable::slot_bytes)),
        slot_ps_(turned(tables, &PassTable::slot_ps)) {}

  const std::vector<int>& tables() const { return picked_; }
  size_t count() const { return picked_.size(); }
  const int64_t* ring_bytes(int tensor) const { return row(ring_, tensor); }
  const int64_t* sums_bytes(int layer) const { return row(sums_, layer); }
  const int64_t* time_ps(int layer) const { return row(time_, layer); }
  bool has_tape() const { return !slot_.empty(); }
  const int64_t* slot_bytes(int layer) const { return row(slot_, layer); }
  const int64_t* slot_ps(int layer) const { return row(slot_ps_, layer); }

 private:
  static std::vector<int> pick(const std::vector<PassTable>& tables,
                               bool least) {
    std::vector<int> picked;
    for (size_t p = 0; p < tables.size(); ++p) {
      if (!least || tables[p].least) picked.push_back(static_cast<int>(p));
    }
    return picked;
  }
  std::vector<int64_t> turned(const std::vector<PassTable>& tables,
                              std::vector<int64_t> PassTable::*column) const {
    const size_t count = (tables.front().*column).size();
    std::vector<int64_t> all(count * picked_.size());
    for (size_t p = 0; p < picked_.size(); ++p) {
      for (size_t i = 0; i < count; ++i) {
        all[i * picked_.size() + p] = (tables[picked_[p]].*column)[i];
      }
    }
    return all;
  }
  const int64_t* row(const std::vector<int64_t>& all, int i) const {
    return all.data() + static_cast<size_t>(i) * picked_.size();
  }

  std::vector<int> picked_;
  std::vector<int64_t> ring_, sums_, time_, slot_, slot_ps_;
};

// Bytes and time of the segment [begin, end) at every number of passes, as
// `end` moves on.
class Sweep {
 public:
  Sweep(const StageSearch& search, const Columns& columns, int begin)
      : s_(search),
        columns_(columns),
        begin_(begin),
        inside_(columns.count()),
        time_(columns.count()),
        slot_(columns.count()),
        slot_ps_(columns.count()) {
    for (const TensorUses& t : s_.uses) {
      if (t.first >= 0 && t.first < begin && t.last >= begin) {
        whole_ += tensor_bytes(t);
      }
    }
  }

  // Adds the layer at `position`, whose tensors and page buffers are given.
  void step(int position, const std::vector<int>& first_here,
            const std::vector<int>& last_here, int64_t page_buffers) {
    whole_ += page_buffers;
    for (int t : first_here) whole_ += tensor_bytes(s_.uses[t]);
    for (int t : last_here) {
      if (s_.uses[t].first < begin_) continue;
      whole_ -= tensor_bytes(s_.uses[t]);
      add(columns_.ring_bytes(t), inside_);
    }
    if (position >= static_cast<int>(s_.net.layers.size())) return;
    add(columns_.sums_bytes(position), inside_);
    add(columns_.time_ps(position), time_);
    if (!columns_.has_tape()) return;
    raise(columns_.slot_bytes(position), slot_);
    raise(columns_.slot_ps(position), slot_ps_);
  }

  // Tables by their column here.
  const std::vector<int>& tables() const { return columns_.tables(); }
  int64_t bytes(size_t table) const {
    return whole_ + inside_[table] + kTapeSlots * slot_[table];
  }
  // The core waits for the first chunk.
  int64_t time_ps(size_t table) const { return time_[table] + slot_ps_[table]; }

 private:
  int64_t tensor_bytes(const TensorUses& t) const {
    return aligned(s_.net.tensors[&t - s_.uses.data()].bytes());
  }
  static void add(const int64_t* column, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) to[p] += column[p];
  }
  static void raise(const int64_t* column, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) to[p] = std::max(to[p], column[p]);
  }

  const StageSearch& s_;
  const Columns& columns_;
  int begin_;
  int64_t whole_ = 0;
  std::vector<int64_t> inside_, time_, slot_, slot_ps_;
};

// By position: tensors whose use begins or ends there, bytes of page buffers.
struct Positions {
  std::vector<std::vector<int>> first, last;
  std::vector<int64_t> pages;
};
Positions positions(const StageSearch& s, int n) {
  Positions at{std::vector<std::vector<int>>(n),
               std::vector<std::vector<int>>(n), std::vector<int64_t>(n)};
  for (size_t t = 0; t < s.uses.size(); ++t) {
    if (s.uses[t].first < 0) continue;
    at.first[s.uses[t].first].push_back(static_cast<int>(t));
    at.last[s.uses[t].last].push_back(static_cast<int>(t));
    if (s.uses[t].page_bytes == 0) continue;
    for (int p = s.uses[t].first; p <= s.uses[t].last; ++p) {
      at.pages[p] += page_buffers(s.uses[t], {p, p + 1});
    }
  }
  return at;
}

// `as`: the segment where its ends are.
void try_segment(const StageSearch& s, Segment segment, const Sweep& sweep,
                 StageBudget limits, Segment as, int variant, Ends& ends) {
  const SegmentBytes known = s.segment_bytes(segment);
  if (known.fixed < 0) return;
  for (size_t p = 0; p < sweep.tables().size(); ++p) {
    const PassTable& table = s.tables[sweep.tables()[p]];
    if (known.chunk_limit && known.chunk_limit != table.chunk_limit) continue;
    int64_t bytes = sweep.bytes(p) + known.fixed;
    const int64_t budget = table.least ? limits.hard : limits.soft;
    const int64_t most_gain = table.least ? known.most_gain : 0;
    const int64_t time_ps = sweep.time_ps(p);
    if (bytes - most_gain > budget) continue;
    if (!ends.wins(as, time_ps, bytes - most_gain)) continue;
    const bool overlay = bytes > budget;
    if (overlay) bytes -= s.overlay_gain(segment, bytes - budget);
    if (bytes > budget) continue;
    ends.offer({as, sweep.tables()[p], bytes, time_ps, overlay, variant});
  }
}

// Large chunks may be as large as any layer's weights, and so on.
bool costs_the_same(const PassTable& a, const PassTable& b) {
  return a.passes == b.passes && a.time_ps == b.time_ps &&
         a.sums_bytes == b.sums_bytes && a.slot_bytes == b.slot_bytes &&
         a.slot_ps == b.slot_ps;
}

// The table with layers from storage.
void stream(const Net& net, const Supply& supply,
            const std::vector<bool>& streamed, uint32_t chunk_limit,
            int64_t sram_limit, PassTable& t) {
  t.sram_limit = sram_limit;
  t.chunk_limit = chunk_limit;
  t.slot_bytes.assign(net.layers.size(), 0);
  t.slot_ps = t.slot_bytes;
  for (int l = 0; l < static_cast<int>(net.layers.size()); ++l) {
    const Layer& layer = net.layers[l];
    if (!streamed[l] || layer.weights.empty()) continue;
    const int64_t set = flash_bytes(layer);
    const bool stays = set <= sram_limit;
    const WeightPlace place = stays ? WeightPlace::kSram : WeightPlace::kTape;
    t.time_ps[l] = supplied_ps(net, l, t.work[l], supply, {place, chunk_limit});
    if (stays) {
      t.sums_bytes[l] += set;
      continue;
    }
    const int64_t chunk =
        largest_chunk(layer, t.work[l], chunk_limit) + kTagBytes;
    t.slot_bytes[l] = aligned(chunk);
    t.slot_ps[l] = supply.read_ps(chunk);
  }
}

}  // namespace

StageOffers stage_offers(const StageSearch& s, bool least) {
  const int n = whole_net(s.net).end;
  struct Tables {
    Positions at;
    Columns columns;
  };
  return [&s, n,
          tables = std::make_shared<Tables>(
              Tables{positions(s, n), Columns(s.tables, least)})](
             int begin, StageBudget budget, const std::vector<int>* places,
             int variant, Ends& ends) {
    const Positions& at = tables->at;
    Sweep sweep(s, tables->columns, begin);
    const int last = s.ends.empty() ? n : s.ends[begin];
    for (int end = begin + 1; end <= last; ++end) {
      sweep.step(end - 1, at.first[end - 1], at.last[end - 1],
                 at.pages[end - 1]);
      const Segment here{begin, end};
      const Segment as =
          places ? Segment{(*places)[begin], (*places)[end]} : here;
      try_segment(s, here, sweep, budget, as, variant, ends);
    }
  };
}

// Dynamic program over the ends of stages.
std::optional<Partition> fastest_cuts(const StageSearch& s,
                                      StageBudget budget) {
  const int n = whole_net(s.net).end;
  // Without room for more no stage has bands of more than one row.
  const StageOffers offer = stage_offers(s, budget.soft == 0);
  Ends ends(n);
  for (int begin = 0; begin < n; ++begin) {
    if (!ends.is_reached(begin)) continue;
    offer(begin, budget, nullptr, 0, ends);
    if (s.others) s.others(begin, budget, ends);
  }
  return ends.partition();
}

std::optional<int64_t> smallest_budget(const StageSearch& search,
                                       int64_t below) {
  return smallest_budget(below, kAlign, [&](int64_t bytes) {
    return fastest_cuts(search, {bytes, 0});
  });
}

std::vector<PassTable> pass_tables(const Net& net,
                                   const std::vector<TensorUses>& uses,
                                   const Board& board) {
  std::vector<PassTable> tables;
  const std::vector<int> counts = pass_counts(net);
  for (int passes : counts) {
    PassTable t;
    t.passes = passes;
    t.least = passes == counts.back();
    t.work = uniform_work(net, passes);
    t.slots = ring_slots(net, uses, t.work);
    if (passes == counts.back()) {
      t.slots = tighten(net, uses, t.work, t.slots);
    }
    for (size_t i = 0; i < net.tensors.size(); ++i) {
      const NetTensor& tensor = net.tensors[i];
      t.ring_bytes.push_back(
          aligned(tensor.bytes() / tensor.rows * t.slots[i]));
    }
    for (int l = 0; l < static_cast<int>(net.layers.size()); ++l) {
      t.sums_bytes.push_back(aligned(sums_bytes(net.layers[l], t.work[l])));
      t.time_ps.push_back(layer_time(net, l, t.work[l], board).total_ps());
    }
    tables.push_back(std::move(t));
  }
  return tables;
}

std::vector<PassTable> stream_tables(const Net& net,
                                     const std::vector<PassTable>& tables,
                                     const Supply& supply,
                                     const std::vector<bool>& streamed,
                                     std::vector<uint32_t> chunk_limits,
                                     bool sets) {
  std::vector<PassTable> all;
  const auto known = [&](const PassTable& t) {
    return sets && std::ranges::any_of(all, [&](const PassTable& o) {
             return costs_the_same(t, o);
           });
  };
  const auto add = [&](uint32_t limit, int64_t sram) {
    const bool last = limit == chunk_limits.back() && sram == 0;
    for (PassTable t : tables) {
      stream(net, supply, streamed, limit, sram, t);
      t.least &= last || (!sets && sram == 0);
      if (t.least || !known(t)) all.push_back(std::move(t));
    }
  };
  std::sort(chunk_limits.begin(), chunk_limits.end(), std::greater<>());
  if (sets) add(chunk_limits.back(), kFar);
  for (const uint32_t limit : chunk_limits) {
    for (const int64_t sram : shares::kSramLimits) {
      if (sets || sram == 0) add(limit, sram);
    }
  }
  return all;
}

}  // namespace shoal
