#include "host/cli/plan_explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/open_engine.h"
#include "host/data/image/random_input.h"
#include "host/plan/planner/lower_bound.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/plan_segments.h"

namespace shoal {
namespace {

constexpr size_t kRunnersUp = 5;
constexpr double kMillis = 1e3;

// How long each stage's node was at work: its slices, and what it sent and
// received before the next one.
std::vector<Nanos> work_of(const Recorder& recorder, uint32_t node,
                           size_t stages, Nanos begin, Nanos end) {
  std::vector<Nanos> work(stages, 0);
  Nanos other = 0;
  size_t stage = 0;
  for (const Activity& a : recorder.activities(node)) {
    if (a.begin < begin || a.begin >= end) continue;
    if (a.doing == Doing::kSlice && a.stage < stages) {
      stage = a.stage;
      work[stage] += std::exchange(other, 0);
    }
    (a.doing == Doing::kSlice ? work[stage] : other) += a.end - a.begin;
  }
  if (stages > 0) work[stage] += other;
  return work;
}

std::string layers_of(const std::vector<CutRun>& cuts) {
  std::string text;
  for (const CutRun& c : cuts) {
    text += fmt::format("{}{}-{} {}", text.empty() ? "" : ", ", c.first_layer,
                        c.last_layer, c.cut);
  }
  constexpr size_t kWidth = 36;
  return text.size() > kWidth ? text.substr(0, kWidth - 1) + "~" : text;
}

std::vector<SegmentTimes> segments_of(
    const Plan& plan, const std::vector<std::vector<Nanos>>& did) {
  std::vector<SegmentTimes> all;
  if (!plan.linked) {
    const PlanNode& node = plan.nodes[0];
    for (size_t s = 0; s < node.stages.size(); ++s) {
      all.push_back({static_cast<int>(s), layer_ranges(node.stages[s]),
                     node.name, node.stages[s].bound, node.stages[s].seconds,
                     static_cast<double>(did[0][s]) * 1e-9});
    }
    return all;
  }
  for (const SegmentSummary& s : summarize_segments(plan)) {
    SegmentTimes t{s.number, layers_of(s.cuts), "", s.bound, s.seconds, 0};
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      for (size_t i = 0; i < plan.nodes[n].stages.size(); ++i) {
        if (plan.nodes[n].stages[i].segment != s.number) continue;
        t.simulated_s =
            std::max(t.simulated_s, static_cast<double>(did[n][i]) * 1e-9);
      }
    }
    if (s.slowest_node >= 0) t.node = plan.nodes[size_t(s.slowest_node)].name;
    all.push_back(std::move(t));
  }
  return all;
}

}  // namespace

Explanation explain_plan(const PlanCommandFlags& flags) {
  Recorder recorder(0);
  SimOptions options;
  options.warm_up = true;
  options.recorder = &recorder;
  ClusterFlags cluster;
  EngineOpening opening({.verb = "plan",
                         .model = flags.model,
                         .ends = flags.ends,
                         .plan = flags.plan,
                         .cluster = cluster,
                         .timed = options});
  const std::vector<Bytes> inputs(static_cast<size_t>(flags.plan.batch),
                                  random_input(opening.graph(), 1));
  const std::unique_ptr<VirtualEngine> engine = opening.open_virtual();
  const Prepared& p = engine->prepared();
  const bool linked = p.plan.linked;
  recorder =
      Recorder(static_cast<uint32_t>(p.plan.nodes.size()) + (linked ? 1 : 0));
  run_frames(*engine, inputs, flags.plan.batch, [](int64_t, const Answer&) {});
  const SimResult& r = engine->result();
  const FrameTime& told = linked ? r.frames.front() : r.frames.back();
  std::vector<std::vector<Nanos>> did;
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    did.push_back(work_of(recorder, static_cast<uint32_t>(n),
                          p.plan.nodes[n].stages.size(), told.submitted,
                          told.finished));
  }
  Explanation e;
  e.segments = segments_of(p.plan, did);
  e.planned_s = p.plan.latency_s;
  e.simulated_s = static_cast<double>(told.finished - told.submitted) * 1e-9;
  const PlanRequest request = plan_request(flags.plan);
  e.bound = plan_bound(p.net, request.cluster,
                       {linked, request.max_payload, true}, p.plan);
  const PlanDeadline deadline(request.limits.search_s);
  Exploration found = explore(p.net, request, {.all = true});
  e.tried = found.trials.size();
  const Objective by = request.objective;
  std::ranges::stable_sort(found.trials, {}, [&](const PlanTrial& t) {
    return std::pair(!t.keeps_limits, t.numbers.of(by));
  });
  found.trials = distinct(found.trials);
  found.trials.resize(std::min(found.trials.size(), kRunnersUp));
  e.runners_up = std::move(found.trials);
  return e;
}

std::string explanation_text(const Explanation& e) {
  std::string out =
      fmt::format("  {:>7}  {:<36}  {:>11}  {:>12}  {:>7}  {}\n", "segment",
                  "layers", "planned ms", "simulated ms", "off", "slowest");
  for (const SegmentTimes& s : e.segments) {
    out += fmt::format(
        "  {:>7}  {:<36}  {:>11.3f}  {:>12.3f}  {:>+5.1f} %  {}, {}\n",
        s.segment, s.layers, s.planned_s * kMillis, s.simulated_s * kMillis,
        percent_above(s.planned_s, s.simulated_s), s.node, s.bound);
  }
  out +=
      fmt::format("  {:>7}  {:<36}  {:>11.3f}  {:>12.3f}  {:>+5.1f} %\n",
                  "frame", "", e.planned_s * kMillis, e.simulated_s * kMillis,
                  percent_above(e.planned_s, e.simulated_s));
  const LowerBound& b = e.bound;
  out += fmt::format(
      "  bound: {:.3f} ms, from {} MACs, {} B of weights, {} B of picture and "
      "{} B of result; simulated {:.1f} % above it\n",
      b.latency_s * kMillis, format_count(b.macs), format_count(b.weight_bytes),
      format_count(b.input_bytes), format_count(b.output_bytes),
      percent_above(e.simulated_s, b.latency_s));
  out += fmt::format("  the best of {} plans that were tried:\n", e.tried);
  out += fmt::format("  {:>11}  {:>11}  {:>11}  {}\n", "ms", "arena B",
                     "traffic B", "plan");
  for (const PlanTrial& t : e.runners_up) {
    out += fmt::format(
        "  {:>11.3f}  {:>11}  {:>11}  {}{}\n", t.numbers.latency_s * kMillis,
        format_count(t.numbers.ram), format_count(t.numbers.traffic_bytes),
        t.text(), t.keeps_limits ? "" : " (beyond a limit)");
  }
  return out;
}

nlohmann::ordered_json explanation_json(const Explanation& e) {
  nlohmann::ordered_json j{{"planned_us", e.planned_s * 1e6},
                           {"simulated_us", e.simulated_s * 1e6},
                           {"segments", nlohmann::json::array()},
                           {"tried", e.tried},
                           {"runners_up", nlohmann::json::array()}};
  for (const SegmentTimes& s : e.segments) {
    j["segments"].push_back({{"segment", s.segment},
                             {"planned_us", s.planned_s * 1e6},
                             {"simulated_us", s.simulated_s * 1e6},
                             {"node", s.node},
                             {"bound", s.bound}});
  }
  for (const PlanTrial& t : e.runners_up) {
    j["runners_up"].push_back({{"plan", t.text()},
                               {"latency_us", t.numbers.latency_s * 1e6},
                               {"arena_bytes", t.numbers.ram},
                               {"traffic_bytes", t.numbers.traffic_bytes},
                               {"keeps_limits", t.keeps_limits}});
  }
  return j;
}

}  // namespace shoal
