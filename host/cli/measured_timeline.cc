#include "host/cli/measured_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "host/base/units.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/measured_path.h"
#include "host/engine/virtual/timeline.h"
#include "host/plan/text/op_names.h"
#include "host/world/recorder.h"

namespace shoal {
namespace {

Nanos nanos(uint64_t us) { return static_cast<Nanos>(us) * 1'000; }

class MeasuredTimeline {
 public:
  MeasuredTimeline(const MeasuredRun& run, const Prepared& prepared)
      : run_(run),
        plan_(prepared.plan),
        net_(prepared.net),
        recorder_(static_cast<uint32_t>(plan_.nodes.size())),
        spans_(measured_spans(run, plan_.nodes.size())),
        path_(measured_path(spans_, run.frames, plan_)),
        sums_(plan_.nodes.size()) {
    for (uint32_t n = 0; n < spans_.nodes.size(); ++n) {
      for (const MeasuredSpan& span : spans_.nodes[n]) add(n, span);
    }
  }

  std::string json() const {
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
        names(), spans_.begin, spans_.end, {net_.name, story(), path_});
  }

 private:
  // Draws them side by side, because only their sums are known.
  void add(uint32_t node, const MeasuredSpan& span) {
    Nanos at = span.begin;
    const auto draw = [&](Doing doing, Nanos took) {
      if (took == 0) return;
      recorder_.did(
          node,
          {.begin = at, .end = at + took, .doing = doing, .stage = span.stage});
      at += took;
    };
    draw(Doing::kReceive, span.receive);
    draw(Doing::kSlice, span.compute);
    draw(Doing::kSend, span.send);
    MeasuredSpan& sum = sums_[node];
    sum.receive += span.receive;
    sum.compute += span.compute;
    sum.send += span.send;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const PlanNode& node : plan_.nodes) names.push_back(node.name);
    return names;
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
        std::ranges::max_element(sums_, {}, &MeasuredSpan::work) -
        sums_.begin());
    const MeasuredSpan& most = sums_[busiest];
    const auto time = [](Nanos ns) {
      return format_time(static_cast<double>(ns) * 1e-9);
    };
    const std::string path =
        path_.empty()
            ? ""
            : " " + describe(sum_up(path_, plan_), {}, names(), {}) +
                  ", by what each node says whose rows it waited for.";
    return fmt::format(
        "measured: of {} {} is busy for longest: it computes for {}, receives "
        "for {} and sends for {}, and waits for the rest.{} Times are by the "
        "nodes' own clocks, no longer than the time between two answers; where "
        "they lie is known to {}.",
        time(spans_.end - spans_.begin), plan_.nodes[busiest].name,
        time(most.compute), time(most.receive), time(most.send), path,
        time(spans_.within));
  }

  const MeasuredRun& run_;
  const Plan& plan_;
  const Net& net_;
  Recorder recorder_;
  const MeasuredSpans spans_;
  const std::vector<PathStep> path_;
  std::vector<MeasuredSpan> sums_;  // by node
};

}  // namespace

std::string measured_timeline(const EngineReport& report) {
  if (!report.measured || !report.prepared) return {};
  const MeasuredRun& run = *report.measured;
  if (run.samples.empty() || run.frames.empty()) return {};
  return MeasuredTimeline(run, *report.prepared).json();
}

std::string board_timeline(const Prepared& prepared, const Emulated& emulated) {
  const PlanNode& node = prepared.plan.nodes[0];
  std::map<int, Activity> of_layers;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const std::vector<PlanActor>& actors = node.stages[s].actors;
    for (size_t a = 0; a < actors.size(); ++a) {
      of_layers.try_emplace(actors[a].layer,
                            Activity{.doing = Doing::kSlice,
                                     .stage = static_cast<uint16_t>(s),
                                     .actor = static_cast<uint16_t>(a)});
    }
  }
  Recorder recorder(1);
  Nanos at = 0;
  for (const FrameWork& work : emulated.first_frame) {
    const auto known = of_layers.find(work.layer);
    Activity a = work.layer < 0 || known == of_layers.end()
                     ? Activity{.doing = Doing::kOther}
                     : known->second;
    a.begin = at;
    a.end = at += work.ns;
    recorder.did(0, a);
  }
  constexpr size_t kNameWidth = 60;
  std::vector<std::string> layers;
  for (const Layer& l : prepared.net.layers) {
    layers.push_back(short_name(l.name, kNameWidth));
  }
  const std::vector<std::string> names{node.board};
  std::vector<PathStep> path = critical_path(recorder, 0, 0, at);
  const std::string why =
      "emulated: " + describe(sum_up(path, prepared.plan), {}, names, layers) +
      ". Times are by the board's clock, which counts instructions.";
  return timeline_json(recorder, prepared.net, prepared.plan, names, 0, at,
                       {prepared.net.name, why, std::move(path)});
}

}  // namespace shoal
