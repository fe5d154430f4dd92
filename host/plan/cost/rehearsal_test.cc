// What a rehearsal says beside what virtual time makes of the same plans is in
// tests/cluster_numbers_test.cc; here is what follows from single costs.
#include "host/plan/cost/rehearsal.h"

#include <gtest/gtest.h>

#include "host/plan/planner/planner.h"
#include "host/plan/testing/shape_net.h"

namespace shoal {
namespace {

// Nothing but compute takes time.
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
  // Rows come in while the first ones are worked on, and go out at the end.
  EXPECT_GE(r.latency, work);
  EXPECT_LE(r.latency, work + kMillisecond);
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

TEST(Rehearsal, IsAlwaysTheSame) {
  const Case c(find_board("rp2350"), 5);
  EXPECT_EQ(c.rehearse().latency, c.rehearse().latency);
}

}  // namespace
}  // namespace shoal
