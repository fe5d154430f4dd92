#include "host/cli/measured_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "host/base/units.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/timeline.h"
#include "host/world/recorder.h"

namespace shoal {
namespace {

constexpr Nanos kNanosPerUs = 1'000;

Nanos nanos(uint64_t us) { return static_cast<Nanos>(us) * kNanosPerUs; }

// The work of a node, in microseconds or nanoseconds.
struct Done {
  uint64_t receive = 0, compute = 0, send = 0;
  uint64_t sum() const { return receive + compute + send; }
};

// Returns the microseconds since the answer before.
Done between(const NodeSample& before, const NodeSample& now) {
  return {now.receive_us - before.receive_us,
          now.compute_us - before.compute_us, now.send_us - before.send_us};
}

class MeasuredTimeline {
 public:
  MeasuredTimeline(const MeasuredRun& run, const Prepared& prepared)
      : run_(run),
        plan_(prepared.plan),
        net_(prepared.net),
        recorder_(static_cast<uint32_t>(plan_.nodes.size())),
        sums_(plan_.nodes.size()) {
    begin_ = run.frames.front().begin_us;
    for (const MeasuredFrame& f : run.frames) end_ = std::max(end_, f.end_us);
    for (size_t n = 0; n < plan_.nodes.size(); ++n) add_node(n);
  }

  std::string json() const {
    std::vector<std::string> names;
    for (const PlanNode& node : plan_.nodes) names.push_back(node.name);
    std::vector<TimelineMark> marks;
    for (size_t f = 0; f < run_.frames.size(); ++f) {
      marks.push_back({nanos(run_.frames[f].begin_us), 0,
                       fmt::format("frame {} is given", f)});
      marks.push_back({nanos(run_.frames[f].end_us), 0,
                       fmt::format("frame {} has its answer", f)});
    }
    return timeline_json(
        recorder_,
        [&](const Activity& a, uint32_t node) { return name(a, node); }, marks,
        names, nanos(begin_), nanos(end_), {net_.name, story(), {}});
  }

 private:
  // An answer comes at least half a round trip after the node counted.
  void add_node(size_t node) {
    uint64_t least_us = UINT64_MAX;
    for (const NodeSample& s : run_.samples) {
      if (s.node != node) continue;
      least_us = std::min(least_us, s.answered_us - s.asked_us);
    }
    NodeSample before;
    before.asked_us = begin_;
    uint64_t from = begin_;
    for (const NodeSample& s : run_.samples) {
      if (s.node != node) continue;
      const uint64_t to = std::clamp(s.answered_us - least_us / 2, from, end_);
      if (from < end_ && to > from) {
        within_us_ = std::max(within_us_, s.answered_us - before.asked_us);
        add(static_cast<uint32_t>(node), s.stage, between(before, s), from, to);
        from = to;
        before = s;
      }
    }
  }

  void add(uint32_t node, uint16_t stage, const Done& done, uint64_t from,
           uint64_t to) {
    Nanos at = nanos(from);
    // A node's clock may run faster than the coordinator's, as those do that
    // count an emulator's instructions.
    const Nanos room = nanos(to) - at;
    const Nanos all = std::max(room, nanos(done.sum()));
    const auto span = [&](Doing doing, uint64_t us, uint64_t& sum) {
      const auto took = static_cast<Nanos>(static_cast<double>(nanos(us)) *
                                           static_cast<double>(room) /
                                           static_cast<double>(all));
      if (took == 0) return;
      recorder_.did(
          node,
          {.begin = at, .end = at + took, .doing = doing, .stage = stage});
      at += took;
      sum += static_cast<uint64_t>(took);
    };
    Done& sum = sums_[node];
    span(Doing::kReceive, done.receive, sum.receive);
    span(Doing::kSlice, done.compute, sum.compute);
    span(Doing::kSend, done.send, sum.send);
  }

  std::string name(const Activity& a, uint32_t node) const {
    if (a.doing != Doing::kSlice) return activity_name(a, net_, plan_, node);
    const std::vector<PlanStage>& stages = plan_.nodes[node].stages;
    if (a.stage >= stages.size()) return "slice";
    int first = -1, last = -1;
    for (const PlanActor& actor : stages[a.stage].actors) {
      if (actor.layer < 0) continue;
      first = first < 0 ? actor.layer : std::min(first, actor.layer);
      last = std::max(last, actor.layer);
    }
    if (first < 0) return fmt::format("stage {}", a.stage);
    return fmt::format("stage {}, layers {} to {}", a.stage, first, last);
  }

  std::string story() const {
    const auto busiest = static_cast<size_t>(
        std::ranges::max_element(sums_, {}, &Done::sum) - sums_.begin());
    const Done& most = sums_[busiest];
    const auto time = [](uint64_t ns) {
      return format_time(static_cast<double>(ns) * 1e-9);
    };
    return fmt::format(
        "measured: of {} {} is busy for longest: it computes for {}, receives "
        "for {} and sends for {}, and waits for the rest. Times are by the "
        "nodes' own clocks, no longer than the time between two answers; where "
        "they lie is known to {}.",
        time((end_ - begin_) * kNanosPerUs), plan_.nodes[busiest].name,
        time(most.compute), time(most.receive), time(most.send),
        time(within_us_ * kNanosPerUs));
  }

  const MeasuredRun& run_;
  const Plan& plan_;
  const Net& net_;
  Recorder recorder_;
  std::vector<Done> sums_;  // by node, in nanoseconds
  uint64_t begin_ = 0, end_ = 0;
  uint64_t within_us_ = 0;  // that a span may lie elsewhere, at most
};

}  // namespace

std::string measured_timeline(const EngineReport& report) {
  if (!report.measured || !report.prepared) return {};
  const MeasuredRun& run = *report.measured;
  if (run.samples.empty() || run.frames.empty()) return {};
  return MeasuredTimeline(run, *report.prepared).json();
}

}  // namespace shoal
