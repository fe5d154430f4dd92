// Virtual time knows the critical path exactly. Nodes that measured the same
// frame, and answered once a millisecond, lead to nearly the same one.
#include "host/engine/virtual/measured_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/zoo/zoo.h"

namespace shoal {
namespace {

constexpr Nanos kUs = 1'000, kEvery = 1'000 * kUs;

// Returns what a node would have counted at a time (device/agent/meter.h).
class Told {
 public:
  Told(const Recorder& recorder, size_t node, int nodes)
      : recorder_(recorder), node_(node), nodes_(nodes) {}

  NodeSample at(Nanos now) {
    woken_by_ = NodeSample::kNobody;
    const std::vector<Activity>& all =
        recorder_.activities(static_cast<uint32_t>(node_));
    for (; next_ < all.size() && all[next_].end <= now; ++next_) {
      take(all[next_]);
    }
    NodeSample s{.node = node_,
                 .asked_us = static_cast<uint64_t>(now / kUs),
                 .answered_us = static_cast<uint64_t>(now / kUs),
                 .stage = stage_,
                 .woken_by = woken_by_};
    s.compute_us = static_cast<uint32_t>(compute_ / kUs);
    s.receive_us = static_cast<uint32_t>(receive_ / kUs);
    s.send_us = static_cast<uint32_t>(send_ / kUs);
    return s;
  }

 private:
  void take(const Activity& a) {
    if (a.begin > busy_until_) waits_ = true, largest_ = 0;
    busy_until_ = a.end;
    const Nanos took = a.end - a.begin;
    if (a.doing == Doing::kReceive) {
      receive_ += took;
      const Travel* const t = recorder_.travel(a.serial);
      if (t && t->bytes > largest_) {
        largest_ = t->bytes;
        from_ = static_cast<int>(t->from);
      }
    } else if (a.doing == Doing::kSend) {
      send_ += took;
    } else if (a.doing == Doing::kSlice) {
      compute_ += took;
      stage_ = a.stage;
      if (waits_ && largest_ > 0) {
        woken_by_ = from_ == nodes_ ? NodeSample::kCoordinator : from_;
      }
      waits_ = false;
    }
  }

  const Recorder& recorder_;
  const size_t node_;
  const int nodes_;  // of the plan; the coordinator comes behind them
  size_t next_ = 0;
  Nanos busy_until_ = 0, compute_ = 0, receive_ = 0, send_ = 0;
  uint16_t stage_ = 0;
  bool waits_ = false;
  uint32_t largest_ = 0;
  int from_ = 0, woken_by_ = NodeSample::kNobody;
};

MeasuredRun measured(const Recorder& recorder, int nodes,
                     const FrameTime& frame) {
  MeasuredRun run;
  run.frames.push_back({static_cast<uint64_t>(frame.submitted / kUs),
                        static_cast<uint64_t>(frame.finished / kUs)});
  for (size_t n = 0; n < static_cast<size_t>(nodes); ++n) {
    Told told(recorder, n, nodes);
    // Answers of different nodes come at different times.
    Nanos at = frame.submitted + kEvery * static_cast<Nanos>(n) / nodes;
    for (; at < frame.finished + kEvery; at += kEvery) {
      run.samples.push_back(told.at(at));
    }
  }
  return run;
}

// Returns the part of the frame at which both paths are at the same node.
double agreement(const std::vector<PathStep>& a,
                 const std::vector<PathStep>& b) {
  Nanos same = 0;
  for (const PathStep& x : a) {
    for (const PathStep& y : b) {
      const bool meets = x.endpoint == y.endpoint || x.endpoint == y.to ||
                         x.to == y.endpoint || x.to == y.to;
      if (!meets) continue;
      same += std::max<Nanos>(
          0, std::min(x.end, y.end) - std::max(x.begin, y.begin));
    }
  }
  return static_cast<double>(same) /
         static_cast<double>(a.front().end - a.back().begin);
}

struct Compared {
  int nodes;
  const char* strategy;
  double least;  // agreement
};
void PrintTo(const Compared& c, std::ostream* out) {
  *out << c.strategy << " on " << c.nodes;
}

class MeasuredPath : public testing::TestWithParam<Compared> {};

TEST_P(MeasuredPath, IsNearlyTheOneThatIsKnown) {
  const int nodes = GetParam().nodes;
  const Cluster cluster = uniform_cluster(nodes, find_board("teensy41"), {});
  const Prepared p = prepare(zoo_model("zoo:mobilenet_v2@96"),
                             linked_nodes(cluster, GetParam().strategy));
  Recorder recorder(static_cast<uint32_t>(nodes + 1));
  SimOptions options;
  options.recorder = &recorder;
  options.warm_up = true;  // the first frame begins while nodes still start
  const std::vector<uint8_t> input(static_cast<size_t>(input_bytes(p.graph)));
  const FrameTime frame =
      simulate_cluster(p, cluster, input, options).frames.front();
  const MeasuredRun run = measured(recorder, nodes, frame);
  const MeasuredSpans spans = measured_spans(run, static_cast<size_t>(nodes));
  const std::vector<PathStep> path = measured_path(spans, run.frames, p.plan);
  ASSERT_FALSE(path.empty());
  Nanos at = spans.end;
  for (const PathStep& step : path) {
    EXPECT_EQ(step.end, at);
    EXPECT_LT(step.endpoint, static_cast<uint32_t>(nodes));
    at = step.begin;
  }
  EXPECT_EQ(at, spans.begin);
  const double same =
      agreement(path, critical_path(recorder, static_cast<uint32_t>(nodes),
                                    frame.submitted, frame.finished));
  std::printf("the same node for %.0f %% of the frame\n", 100 * same);
  EXPECT_GT(same, GetParam().least);
}

INSTANTIATE_TEST_SUITE_P(Plans, MeasuredPath,
                         testing::Values(Compared{3, "layer", 0.95},
                                         Compared{2, "spatial", 0.8},
                                         Compared{4, "spatial", 0.7},
                                         Compared{4, "kernel", 0.5}));

// Nodes that were made before say nothing of waits.
TEST(MeasuredSamples, NeedToSayWhoseRowsEndedWaits) {
  MeasuredRun run;
  run.frames.push_back({1'000, 9'000});
  for (const uint64_t at : {2'000u, 9'500u}) {
    run.samples.push_back({.asked_us = at, .answered_us = at});
  }
  Plan plan;
  plan.nodes.resize(1);
  const auto path = [&] {
    return measured_path(measured_spans(run, 1), run.frames, plan);
  };
  EXPECT_TRUE(path().empty());
  // It would tell a wait, and no wait has ended.
  run.samples.back().woken_by = NodeSample::kNobody;
  const std::vector<PathStep> busy = path();
  ASSERT_FALSE(busy.empty());
  EXPECT_EQ(busy.front().end - busy.back().begin, 8'000 * kUs);
  run.samples.back().woken_by = 9;  // there is none
  const std::vector<PathStep> other = path();
  ASSERT_FALSE(other.empty());
  EXPECT_EQ(other.front().reason, Reason::kWait);
}

}  // namespace
}  // namespace shoal
