#include "host/plan/search/segment_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/search/linked_parts.h"
#include "host/plan/testing/shape_net.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

constexpr int kNodes = 3;
constexpr uint32_t kPayload = 1024;
constexpr int64_t kWaitsPs = 50'000'000;

// Cuts of a net, with channel groups in every possible place or with none.
struct SearchedCuts {
  SearchedCuts(const Net& n, const char* strategy, bool grouped,
               SegmentTime time, SegmentMemo& memo)
      : net(n),
        cluster(uniform_cluster(kNodes, find_board("teensy41"), {})),
        cuts(make_cuts(net, cluster, {.strategy = strategy})) {
    if (grouped) {
      cuts.blocks = group_blocks(CutNet(net, cluster, cuts), 8);
    }
    cut = std::make_unique<CutNet>(net, cluster, cuts);
    streaming = std::make_unique<Streaming>(*cut, cluster);
    model = std::make_unique<CostModel>(*cut, cluster, *streaming, kPayload,
                                        FlashPercent{}, time, memo);
  }

  // Calls `use` for all possible segments.
  template <class Use>
  void for_each(Use use) const {
    const int layers = whole_net(net).end;
    for (int begin = 0; begin < layers; ++begin) {
      for (int end = begin + 1; end <= layers; ++end) {
        MadeBoxes made = cut->own;
        if (!compute_boxes(*cut, {begin, end}, made)) continue;
        const auto inner = [&](int l) {
          return l < static_cast<int>(net.layers.size()) && cut->is_inner(l);
        };
        if (begin > 0 && inner(begin - 1)) continue;
        if (end < layers && inner(end - 1)) continue;
        use(Segment{begin, end}, made);
      }
    }
  }

  // Searches from left to right without leaving anything out: the judge of the
  // real search.
  std::optional<Partition> fastest(const NodeBudgets& budget,
                                   int64_t waits_ps) const {
    Ends ends(whole_net(net).end);
    for_each([&](Segment s, const MadeBoxes& made) {
      const SegmentCost& cost = model->cost(s, made);
      if (!ends.is_reached(s.begin) || !cost.possible) return;
      for (size_t p = 0; p < cost.at.size(); ++p) {
        const bool least = p + 1 == cost.at.size();
        const auto& limits = least ? budget.hard : budget.soft;
        int64_t most = 0;
        bool fits = true;
        for (size_t n = 0; n < limits.size(); ++n) {
          most = std::max(most, cost.at[p].bytes[n]);
          fits &= cost.at[p].bytes[n] <= limits[n];
        }
        if (!fits) continue;
        ends.offer(
            {s, static_cast<int>(p), most, cost.at[p].time_ps + waits_ps});
      }
    });
    return ends.partition();
  }

  const Net& net;
  const Cluster cluster;
  Cuts cuts;
  std::unique_ptr<CutNet> cut;
  std::unique_ptr<Streaming> streaming;
  std::unique_ptr<CostModel> model;
};

template <class Test>
void for_all_cuts(Test test) {
  std::vector<NamedNet> nets = shape_nets();
  nets.push_back({"bottlenecks", bottleneck_net(32, 4)});
  for (const NamedNet& named : nets) {
    for (const char* strategy : {"spatial", "kernel", "layer"}) {
      for (const bool grouped : {false, true}) {
        for (const SegmentTime time :
             {SegmentTime::kFrame, SegmentTime::kWork}) {
          SCOPED_TRACE(named.name + " " + strategy +
                       (grouped ? " in groups" : ""));
          SegmentMemo memo(named.net);
          test(SearchedCuts(named.net, strategy, grouped, time, memo), memo);
        }
      }
    }
  }
}

SegmentBounds bounds_of(const SearchedCuts& f, Segment s,
                        const MadeBoxes& made) {
  SegmentBounds bounds = f.model->bounds();
  bounds.begin(s.end);
  for (int l = s.end; l-- > s.begin;) bounds.add(l, made);
  return bounds;
}

TEST(SegmentSearch, NoSegmentIsFasterThanItsLeast) {
  int near = 0, loops = 0;
  for_all_cuts([&](const SearchedCuts& f, SegmentMemo&) {
    loops += static_cast<int>(f.cut->loops.size());
    f.for_each([&](Segment s, const MadeBoxes& made) {
      const SegmentCost& cost = f.model->cost(s, made);
      if (!cost.possible) return;
      const int64_t least = bounds_of(f, s, made).least_ps();
      for (const auto& at : cost.at) {
        ASSERT_GE(at.time_ps, least) << s.begin << " to " << s.end;
        near += at.time_ps < 2 * least;
      }
    });
  });
  EXPECT_GT(near, 100);  // the bound is not trivial
  EXPECT_GT(loops, 10);
}

TEST(SegmentSearch, NoSegmentHoldsLessThanItsLeast) {
  int near = 0;
  for_all_cuts([&](const SearchedCuts& f, SegmentMemo&) {
    f.for_each([&](Segment s, const MadeBoxes& made) {
      const SegmentCost& cost = f.model->cost(s, made);
      if (!cost.possible) return;
      const SegmentBounds bounds = bounds_of(f, s, made);
      for (const bool overlays : {false, true}) {
        const int64_t least = bounds.least_bytes(overlays);
        for (const auto& at : cost.at) {
          int64_t most = 0;
          for (size_t n = 0; n < kNodes; ++n) {
            const bool over = overlays && !at.saved.empty();
            most = std::max(most, at.bytes[n] - (over ? at.saved[n] : 0));
          }
          ASSERT_GE(most, least) << s.begin << " to " << s.end;
          near += most < 2 * least;
        }
      }
    });
  });
  EXPECT_GT(near, 1000);  // the bound is not trivial
}

// Finds the smallest budget of all, and costs few segments for it.
TEST(SegmentSearch, FindsTheSmallestBudget) {
  int64_t asked = 0, all = 0;
  for_all_cuts([&](const SearchedCuts& f, SegmentMemo& memo) {
    SegmentSearch search(f.net, {.waits_ps = kWaitsPs});
    search.add(*f.cut, *f.model, {});
    const std::optional<int64_t> least = search.smallest();
    asked += memo.added();
    ASSERT_TRUE(least);
    const std::vector<int64_t> none(kNodes, -1);
    const auto within = [&](int64_t bytes) {
      return f.fastest({std::vector<int64_t>(kNodes, bytes), none}, 0);
    };
    EXPECT_TRUE(within(*least));
    EXPECT_FALSE(within(*least - 1));
    all += memo.added();
  });
  EXPECT_LT(asked * 2, all);
}

// Segments with the same end may be costed in any order.
TEST(SegmentSearch, WhatIsAskedFirstChangesNoCost) {
  for_all_cuts([&](const SearchedCuts& f, SegmentMemo&) {
    SegmentSearch search(f.net, {.waits_ps = kWaitsPs});
    search.add(*f.cut, *f.model, {});
    const std::optional<int64_t> least = search.smallest();
    ASSERT_TRUE(least);
    SegmentMemo fresh(f.net);
    const CostModel anew(*f.cut, f.cluster, *f.streaming, kPayload,
                         FlashPercent{}, SegmentTime::kFrame, fresh);
    f.for_each([&](Segment s, const MadeBoxes& made) {
      const SegmentCost &first = f.model->cost(s, made),
                        &second = anew.cost(s, made);
      ASSERT_EQ(first.possible, second.possible);
      ASSERT_EQ(first.at.size(), second.at.size());
      for (size_t p = 0; p < first.at.size(); ++p) {
        EXPECT_EQ(first.at[p].bytes, second.at[p].bytes)
            << s.begin << " to " << s.end;
      }
    });
  });
}

// Segments that are not costed, or not found because they need more than was
// ever asked for, cannot change the result.
TEST(SegmentSearch, FindsWhatTryingAllFinds) {
  int found = 0;
  int64_t asked = 0, all = 0;
  for_all_cuts([&](const SearchedCuts& f, SegmentMemo& memo) {
    std::vector<std::optional<Partition>> parts;
    const auto for_budgets = [&](auto use) {
      for (const int64_t waits_ps : {kWaitsPs, kWaitsPs + 10'000'000'000}) {
        std::vector<int64_t> all_bytes = {1'000'000, 20'000, 6'000, 2'000, 500};
        for (const bool grow : {false, true}) {
          SegmentSearch search(f.net, {.waits_ps = waits_ps});
          search.add(*f.cut, *f.model, {});
          if (grow) std::ranges::reverse(all_bytes);
          for (const int64_t bytes : all_bytes) {
            const std::vector<int64_t> hard(kNodes, bytes),
                soft(kNodes, bytes / 2);
            use(NodeBudgets{hard, soft}, waits_ps, search);
          }
        }
      }
    };
    for_budgets([&](const NodeBudgets& budget, int64_t /*waits_ps*/,
                    const SegmentSearch& search) {
      parts.push_back(search.fastest(budget));
    });
    asked += memo.added();
    size_t i = 0;
    for_budgets(
        [&](const NodeBudgets& budget, int64_t waits_ps, const SegmentSearch&) {
          EXPECT_EQ(parts[i], f.fastest(budget, waits_ps));
          found += parts[i++].has_value();
        });
    all += memo.added();
  });
  EXPECT_GT(found, 200);
  EXPECT_LT(asked, all);
}

// Other segments keep the whole budget.
TEST(SegmentSearch, WhatPackingLacksIsTakenOffOneSegment) {
  constexpr int64_t kBytes = 20'000;
  int otherwise = 0;
  for_all_cuts([&](const SearchedCuts& f, SegmentMemo&) {
    SegmentSearch search(f.net, {.waits_ps = kWaitsPs});
    search.add(*f.cut, *f.model, {});
    const std::vector<int64_t> room(kNodes, kBytes);
    NodeBudgets budget{room, room};
    const std::optional<Partition> before = search.fastest(budget);
    if (!before) return;
    const StageCut first = before->front();
    budget.add_lack(first, kBytes - first.bytes);
    std::optional<Partition> after = search.fastest(budget);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->size(), before->size());
    EXPECT_EQ(after->front().bytes, kBytes);
    EXPECT_EQ(after->back().time_ps, before->back().time_ps);
    budget.add_lack(first, 1);
    after = search.fastest(budget);
    if (!after) return;
    EXPECT_FALSE(after->front().segment == first.segment &&
                 after->front().table == first.table);
    for (const StageCut& c : *after) EXPECT_LE(c.bytes, kBytes);
    ++otherwise;
  });
  EXPECT_GT(otherwise, 20);
}

// The first of two layers computes for as long as the card needs for the
// weights of the second, but slots are too small to read them ahead.
TEST(SegmentSearch, ALayerWaitsForItsWeightsWhateverElseTheSegmentComputes) {
  ShapeNet shapes("both");
  const int x = shapes.conv(shapes.input(16, 16, 64), 3, 1, 63);
  shapes.output(shapes.fully_connected(x, 256));
  const Net net = shapes.finish();
  Cluster cluster = uniform_cluster(kNodes, find_board("teensy41"), {});
  for (ClusterNode& n : cluster.nodes) n.flash_weights = 0;
  const Cuts cuts = make_cuts(net, cluster, {.strategy = "kernel"});
  const CutNet cut(net, cluster, cuts);
  const Streaming streaming(cut, cluster);
  const Supply& card = streaming.supplies()[0];
  const Box own = cut.own[1][0];
  const LayerWork at_once{own.rows(), net.layers[1].kernel_h};
  Streaming::Load waits, none;
  streaming.add(0, 1, own, at_once, 0, waits);
  EXPECT_EQ(waits.wait_ps, waits.tape_ps - waits.check_ps);
  streaming.add(0, 1, own, at_once, waits.tape_ps, none);
  EXPECT_EQ(none.wait_ps, 0);

  SegmentMemo memo(net);
  const CostModel model(cut, cluster, streaming, kPayload, {},
                        SegmentTime::kFrame, memo);
  MadeBoxes made = cut.own;
  ASSERT_TRUE(compute_boxes(cut, {0, 2}, made));
  const int64_t both = model.cost({0, 2}, made).at[0].time_ps;
  const int64_t first = share_time(net.layers[0], {cut.own[0][0], 64},
                                   {cut.own[0][0].rows(), 3}, *card.board)
                            .compute_ps;
  EXPECT_GT(both, first + waits.tape_ps);

  // The first layer waits for its first chunk, with nothing else to do.
  const Cluster flash = uniform_cluster(kNodes, find_board("teensy41"), {});
  const Streaming mapped(cut, flash);
  SegmentMemo other(net);
  const CostModel without(cut, flash, mapped, kPayload, {0, 0},
                          SegmentTime::kFrame, other);
  Streaming::Load load;
  streaming.add(0, 0, cut.own[0][0], {cut.own[0][0].rows(), 3}, first, load);
  ASSERT_EQ(load.wait_ps, 0);
  EXPECT_EQ(model.cost({0, 1}, cut.own).at[0].time_ps,
            without.cost({0, 1}, cut.own).at[0].time_ps + load.check_ps +
                card.read_ps(tuning::kLeastSlot));
}

// Only layers that cuts join make a longer segment than the search tries.
TEST(SegmentSearch, SegmentsHaveNoMoreLayersThanAStage) {
  const Net net = bottleneck_net(4, 60);
  const auto layers = static_cast<int>(net.layers.size());
  ASSERT_GT(layers, kMaxStageLayers + 20);
  for (const int joined : {0, kMaxStageLayers + 10}) {
    SegmentMemo memo(net);
    SearchedCuts f(net, "layer", false, SegmentTime::kFrame, memo);
    for (int l = 0; l + 1 < joined; ++l) f.cuts.joined.push_back(l);
    SegmentSearch search(net, {.waits_ps = kWaitsPs});
    search.add(*f.cut, *f.model, {});
    const std::vector<int64_t> room(kNodes, int64_t{1} << 30);
    const std::optional<Partition> found = search.fastest({room, room});
    ASSERT_TRUE(found) << joined;
    for (const StageCut& c : *found) {
      const int length = c.segment.end - c.segment.begin;
      EXPECT_LE(length, std::max(joined, kMaxStageLayers));
    }
    EXPECT_GE(found->front().segment.end, joined);
  }
}

}  // namespace
}  // namespace shoal
