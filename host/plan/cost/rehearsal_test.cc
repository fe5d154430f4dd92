// tests/cluster_numbers_test.cc compares rehearsals with virtual time on the
// same plans; these tests check what follows from single costs.
#include "host/plan/cost/rehearsal.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

// Only computing takes time on this board.
Board free_link() {
  Board b = find_board("teensy41");
  b.link_bits_per_s = b.link_latency_us = b.framing_bytes = 0;
  b.datagram_us = b.aead_cycles_per_byte = 0;
  return b;
}

struct Case {
  Net net = bottleneck_net(48, 4);
  Plan plan;
  std::vector<Supply> supplies;
  Board board;

  Case(const Board& b, int nodes, const char* strategy = "spatial") : board(b) {
    plan =
        make_plan(net, linked_nodes(uniform_cluster(nodes, b, {}), strategy));
    supplies.assign(static_cast<size_t>(nodes), {&board, nullptr, false});
  }
  Rehearsal rehearse(uint32_t payload = 1472) const {
    return shoal::rehearse(net, supplies, payload, plan);
  }
  Nanos slices() const {
    Nanos all = 0;
    for (const auto& node : rehearse().stages) {
      for (const PortTimes& t : node) all += t.slices;
    }
    return all;
  }
};

TEST(Rehearsal, ANodeAloneTakesItsWorkAndAStepAStage) {
  const Case c(free_link(), 1);
  const Rehearsal r = c.rehearse();
  const PlanNode& node = c.plan.nodes[0];
  Nanos work = 0;
  for (const PlanStage& s : node.stages) {
    const FeedTime t = feed_time(c.net, s, c.supplies[0]);
    work += (t.compute_ps + t.flash_ps + t.firing_ps) / 1000;
  }
  EXPECT_NEAR(double(c.slices()), double(work), 1e-3 * double(work));
  // Rows arrive while the first ones are worked on, and leave at the end.
  EXPECT_GE(r.latency, work);
  EXPECT_LE(r.latency, work + kMillisecond);
}

// The recorder has the same figures of a frame, by stage, as the rehearsal.
TEST(Rehearsal, RecordsTheFrameThatItTells) {
  const Case c(find_board("teensy41"), 2);
  Recorder recorder(3);
  const Rehearsal r =
      shoal::rehearse(c.net, c.supplies, 1472, c.plan, 0, 0, &recorder);
  EXPECT_EQ(r.latency, c.rehearse().latency);
  EXPECT_GT(r.submitted, 0);
  EXPECT_EQ(r.finished - r.submitted, r.latency);
  for (uint32_t n = 0; n < 2; ++n) {
    std::vector<Nanos> slices(c.plan.nodes[n].stages.size());
    for (const Activity& a : recorder.activities(n)) {
      if (a.doing != Doing::kSlice || a.begin < r.submitted) continue;
      slices.at(a.stage) += a.end - a.begin;
    }
    for (size_t s = 0; s < slices.size(); ++s) {
      EXPECT_EQ(slices[s], r.stages[n][s].slices) << n << ", stage " << s;
    }
  }
  uint64_t sent = 0;
  for (const Travel& t : recorder.travels()) sent += t.bytes > 0;
  // Two nodes are told their peers, are asked to start, and reply.
  EXPECT_EQ(sent, r.datagrams + 8);
}

TEST(Rehearsal, SlicesAreWhatTheStagesTake) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    const Case c(find_board("teensy41"), 4, strategy);
    int64_t work_ps = 0;
    for (const PlanNode& node : c.plan.nodes) {
      for (const PlanStage& s : node.stages) {
        work_ps += feed_time(c.net, s, c.supplies[0]).total_ps;
      }
    }
    EXPECT_NEAR(double(c.slices()) * 1e3, double(work_ps),
                1e-3 * double(work_ps))
        << strategy;
  }
}

TEST(Rehearsal, EveryCostOfALinkIsSeen) {
  const Case base(free_link(), 4, "kernel");
  const Nanos least = base.rehearse().latency;
  const auto with = [&](auto change) {
    Case c = base;
    change(c.board);
    c.supplies.assign(4, {&c.board, nullptr, false});
    return c.rehearse().latency;
  };
  EXPECT_GT(with([](Board& b) { b.link_bits_per_s = 1e7; }), least);
  EXPECT_GT(with([](Board& b) { b.link_latency_us = 500; }), least);
  EXPECT_GT(with([](Board& b) { b.datagram_us = 30; }), least);
  EXPECT_GT(with([](Board& b) { b.aead_cycles_per_byte = 50; }), least);
}

TEST(Rehearsal, ShortDatagramsAreMoreAndTakeLonger) {
  const Case c(find_board("teensy41"), 4);
  const Rehearsal wide = c.rehearse(), narrow = c.rehearse(256);
  EXPECT_GT(narrow.datagrams, wide.datagrams);
  EXPECT_GT(narrow.latency, wide.latency);
}

TEST(Rehearsal, TellsOfWhatTakesTooLongNothingElse) {
  for (const char* strategy : {"spatial", "kernel", "layer"}) {
    SCOPED_TRACE(strategy);
    const Case c(find_board("teensy41"), 4, strategy);
    for (const int following : {0, kPeriodFrames}) {
      const auto with = [&](Nanos most) {
        const Rehearsal r =
            shoal::rehearse(c.net, c.supplies, 1472, c.plan, following, most);
        return following ? r.period : r.latency;
      };
      const Nanos all = with(0);
      EXPECT_EQ(with(all), all);
      EXPECT_EQ(with(2 * all), all);
      for (const Nanos most : {all - 1, all * 9 / 10, all / 2, all / 20}) {
        EXPECT_GT(with(most), most);
        EXPECT_LE(with(most), all);
      }
    }
  }
}

// No node reads these rows, but the coordinator keeps a frame until the node
// has them.
TEST(Rehearsal, FramesWaitForWhoseRowsNobodyReads) {
  ShapeNet n("every second row");
  n.output(n.conv(n.depthwise(n.input(16, 8, 4), 1, 1), 1, 2, 4));
  const Net net = n.finish();
  Cluster cluster = uniform_cluster(2, find_board("teensy41"), {});
  Board& far = cluster.nodes[1].board;
  far.link_latency_us = 20'000;
  Cuts cuts = make_cuts_over(net, cluster, {0}, {.strategy = "spatial"});
  cuts.layers[0].kind = CutKind::kGrid;
  cuts.layers[0].rows = 2;
  std::vector<Share>& shares = cuts.layers[0].shares;
  shares.push_back(shares[0]);
  shares[0].own.y1 = shares[1].own.y0 = 15;
  shares[1].node = 1;
  const Plan plan = make_plan(net, linked_nodes(cluster, std::move(cuts)));
  ASSERT_FALSE(plan.nodes[1].stages.empty());
  const std::vector<Supply> supplies = {
      {&cluster.nodes[0].board, nullptr, false}, {&far, nullptr, false}};
  const Rehearsal r = rehearse(net, supplies, kUdpPayload, plan, kPeriodFrames);
  EXPECT_LT(r.latency, 10 * kMillisecond);
  EXPECT_GT(r.period, 20 * kMillisecond);
}

TEST(Rehearsal, IsAlwaysTheSame) {
  const Case c(find_board("rp2350"), 5);
  EXPECT_EQ(c.rehearse().latency, c.rehearse().latency);
}

}  // namespace
}  // namespace shoal
