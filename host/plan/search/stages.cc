#include "host/plan/search/stages.h"

#include <algorithm>
#include <functional>

#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/search/sweep.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

std::vector<int> pass_counts(const Net& net) {
  int most = 1;
  for (const Layer& layer : net.layers) {
    most = std::max({most, layer.out.box.rows(), layer.kernel_h});
  }
  std::vector<int> counts;
  for (const int passes : tuning::kPasses) {
    if (passes < most) counts.push_back(passes);
  }
  counts.push_back(most);
  return counts;
}

// `as` is the segment with its positions in the other search.
void try_segment(const StageSearch& s, Segment segment,
                 const std::vector<PickedTable>& tables,
                 const SegmentSums::Sums& sums, StageBudget limits, Segment as,
                 int variant, Ends& ends) {
  const int64_t gain = s.most_gain(segment);
  if (gain < 0) return;
  // Most segments are useless with every table, which one comparison shows.
  const int64_t most = std::max(limits.hard, limits.soft);
  if (sums.least_bytes - gain > most || !ends.may_win(as, sums.least_ps)) {
    return;
  }
  SegmentBytes known;
  bool is_known = false;
  for (size_t p = 0; p < tables.size(); ++p) {
    const auto& [table, index, is_least, chunk_limit] = tables[p];
    if (known.chunk_limit && known.chunk_limit != chunk_limit) continue;
    const int64_t budget = is_least ? limits.hard : limits.soft;
    const int64_t most_gain = is_least ? gain : 0;
    const int64_t time_ps = sums.time_ps[p];
    const auto is_useless = [&](int64_t bytes) {
      return bytes - most_gain > budget ||
             !ends.wins(as, time_ps, bytes - most_gain);
    };
    if (is_useless(sums.bytes[p] + known.fixed)) continue;
    if (!is_known) {
      known = s.segment_bytes(segment);
      is_known = true;
      if (known.fixed < 0) return;
      if (known.chunk_limit && known.chunk_limit != chunk_limit) continue;
      if (is_useless(sums.bytes[p] + known.fixed)) continue;
    }
    int64_t bytes = sums.bytes[p] + known.fixed;
    const bool overlay = bytes > budget;
    if (overlay) bytes -= s.overlay_gain(segment);
    if (bytes > budget) continue;
    ends.offer({as, index, bytes, time_ps, overlay, variant});
  }
}

// Limits that no layer's weights reach make equal tables.
bool costs_the_same(const PassTable& a, const PassTable& b) {
  return a.passes == b.passes && a.time_ps == b.time_ps &&
         a.sums_bytes == b.sums_bytes && a.slot_bytes == b.slot_bytes &&
         a.slot_ps == b.slot_ps;
}

// Turns a table into one with layers from storage.
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

Positions::Positions(const Net& net, const std::vector<TensorUses>& uses)
    : first(static_cast<size_t>(whole_net(net).end)),
      last(first.size()),
      pages(first.size()) {
  for (size_t t = 0; t < uses.size(); ++t) {
    if (uses[t].first < 0) continue;
    first[uses[t].first].push_back(static_cast<int>(t));
    last[uses[t].last].push_back(static_cast<int>(t));
    if (uses[t].page_bytes == 0) continue;
    for (int p = uses[t].first; p <= uses[t].last; ++p) {
      pages[p] += page_buffers(uses[t], {p, p + 1});
    }
  }
}

void offer_stages(const StageSearch& s, int begin, StageBudget budget,
                  const std::vector<int>* places, int variant, Ends& ends) {
  // Without room for `soft`, no stage has bands of more than one row.
  const bool least = budget.soft == 0;
  const int last = s.ends.empty() ? whole_net(s.net).end : s.ends[begin];
  for (int end = begin + 1; end <= last; ++end) {
    const Segment here{begin, end};
    const Segment as =
        places ? Segment{(*places)[begin], (*places)[end]} : here;
    try_segment(s, here, s.sums.picked(least), s.sums.sums(least, here), budget,
                as, variant, ends);
  }
}

// This is a dynamic program over the ends of stages.
std::optional<Partition> fastest_cuts(const StageSearch& s,
                                      StageBudget budget) {
  const int n = whole_net(s.net).end;
  Ends ends(n);
  for (int begin = 0; begin < n; ++begin) {
    if (!ends.is_reached(begin)) continue;
    offer_stages(s, begin, budget, nullptr, 0, ends);
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
    t.slots = ring_slots(net, uses, t.work, t.least);
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
  if (sets) add(chunk_limits.back(), kBeyond);
  for (const uint32_t limit : chunk_limits) {
    for (const int64_t sram : tuning::kSramLimits) {
      if (sets || sram == 0) add(limit, sram);
    }
  }
  return all;
}

}  // namespace shoal
