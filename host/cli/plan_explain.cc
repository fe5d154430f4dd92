#include "host/cli/plan_explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/size.h"
#include "host/base/table.h"
#include "host/base/units.h"
#include "host/cli/common.h"
#include "host/cli/open_engine.h"
#include "host/data/image/random_input.h"
#include "host/engine/virtual/critical_path.h"
#include "host/engine/virtual/segment_talk.h"
#include "host/plan/cost/plan_time.h"
#include "host/plan/cost/rehearsal.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/plan_segments.h"
#include "host/world/board_port.h"

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

// Sums over a frame, one for each node or endpoint.
using Times = std::vector<Nanos>;

std::optional<double> seconds_at(const std::optional<Times>& times, size_t i) {
  if (!times || i >= times->size()) return std::nullopt;
  return static_cast<double>((*times)[i]) * 1e-9;
}

// Returns the entry that has most in virtual time, or else by the plan; the
// same one in both.
SideBySide most_of(const std::optional<Times>& planned, const Times& simulated,
                   const std::vector<std::string>& names) {
  if (simulated.empty()) return {};
  size_t i = 0;
  for (size_t n = 1; n < simulated.size(); ++n) {
    const auto key = [&](size_t at) {
      return std::pair(simulated[at], planned ? (*planned)[at] : 0);
    };
    if (key(n) > key(i)) i = n;
  }
  return {names[i], seconds_at(planned, i), seconds_at(simulated, i)};
}

Times busy_links(const SegmentTalk& t) {
  Times all;
  for (const LinkBusy& l : t.links) all.push_back(l.most());
  return all;
}

// `planned` may be null. `slowest`: a node's number, below 0: there is none.
Talk talk_of(const SegmentTalk* planned, const SegmentTalk& simulated,
             int slowest, const std::vector<std::string>& names) {
  std::optional<Times> waits, links;
  if (planned) waits = planned->waits, links = busy_links(*planned);
  Talk t;
  t.longest = most_of(waits, simulated.waits, names);
  t.link = most_of(links, busy_links(simulated), names);
  if (slowest >= 0) {
    const auto i = static_cast<size_t>(slowest);
    t.slowest = {names[i], seconds_at(waits, i),
                 seconds_at(simulated.waits, i)};
  }
  return t;
}

const SegmentTalk* find_segment(const std::vector<SegmentTalk>& all,
                                int segment) {
  const auto it = std::ranges::find(all, segment, &SegmentTalk::segment);
  return it == all.end() ? nullptr : &*it;
}

// The frame of the plan's rehearsal; empty: it did not end.
std::vector<SegmentTalk> planned_talk(const Prepared& p, const Cluster& cluster,
                                      uint32_t max_payload,
                                      const std::vector<LinkModel>& links) {
  Recorder recorder(static_cast<uint32_t>(links.size()));
  const Rehearsal r = rehearse(p.net, supplies_of(cluster, p.plan), max_payload,
                               p.plan, 0, 0, &recorder);
  if (r.finished == 0) return {};
  return segment_talk(recorder, p.plan, links, r.submitted, r.finished);
}

void add_talk(const Prepared& p, const Cluster& cluster, uint32_t max_payload,
              const Recorder& recorder, const FrameTime& frame,
              Explanation& e) {
  std::vector<LinkModel> links;
  std::vector<std::string> names;
  for (size_t n = 0; n < p.plan.nodes.size(); ++n) {
    links.push_back(board_link(cluster.nodes[n].board));
    names.push_back(p.plan.nodes[n].name);
  }
  links.push_back(coordinator_link(links));
  names.emplace_back("coordinator");
  const std::vector<SegmentTalk> simulated =
      segment_talk(recorder, p.plan, links, frame.submitted, frame.finished);
  const std::vector<SegmentTalk> planned =
      planned_talk(p, cluster, max_payload, links);
  for (const SegmentSummary& s : summarize_segments(p.plan)) {
    const SegmentTalk* const did = find_segment(simulated, s.number);
    const auto times =
        std::ranges::find(e.segments, s.number, &SegmentTimes::segment);
    if (!did || times == e.segments.end()) continue;
    times->talk =
        talk_of(find_segment(planned, s.number), *did, s.slowest_node, names);
  }
  e.linked = true;
  e.end =
      talk_of(find_segment(planned, kForTheEnd), simulated.back(), -1, names);
  const SegmentTalk all = frame_talk(planned);
  e.frame = talk_of(planned.empty() ? nullptr : &all, frame_talk(simulated), -1,
                    names);
}

std::string time_text(const std::optional<double>& seconds) {
  return seconds ? format_time(*seconds) : "-";
}

std::string plan_and_run(const SideBySide& s) {
  return time_text(s.planned_s) + " / " + time_text(s.simulated_s);
}

// Prints for what nodes wait and how busy links are; each time is the plan's
// and the simulation's.
std::string talk_text(const Explanation& e, size_t width) {
  if (!e.linked) return "";
  TextTable table({{"segment"},
                   {"slowest node waits", Align::kRight, 1},
                   {"longest wait"},
                   {"node", Align::kLeft},
                   {"busiest link"},
                   {"from", Align::kLeft}},
                  2);
  const auto add = [&](const std::string& segment, const Talk& t, bool links) {
    table.add({segment, t.slowest.of.empty() ? "-" : plan_and_run(t.slowest),
               plan_and_run(t.longest), t.longest.of,
               links ? plan_and_run(t.link) : "", links ? t.link.of : ""});
  };
  for (const SegmentTimes& s : e.segments) {
    add(std::to_string(s.segment), s.talk, true);
  }
  add("end", e.end, false);
  add("frame", e.frame, true);
  return "  waiting and links, planned / simulated:\n" + table.text(width);
}

nlohmann::ordered_json beside_json(const SideBySide& s) {
  const auto us = [](const std::optional<double>& seconds) {
    return seconds ? nlohmann::ordered_json(*seconds * 1e6)
                   : nlohmann::ordered_json();
  };
  return {{"of", s.of},
          {"planned_us", us(s.planned_s)},
          {"simulated_us", us(s.simulated_s)}};
}

nlohmann::ordered_json talk_json(const Talk& t) {
  nlohmann::ordered_json j{{"longest_wait", beside_json(t.longest)},
                           {"busiest_link", beside_json(t.link)}};
  if (!t.slowest.of.empty()) j["slowest_waits"] = beside_json(t.slowest);
  return j;
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
  if (linked) {
    add_talk(p, request.cluster, request.max_payload, recorder, told, e);
  }
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

std::string explanation_text(const Explanation& e, size_t width) {
  TextTable segments({{"segment"},
                      {"layers", Align::kLeft, 1},
                      {"planned"},
                      {"simulated"},
                      {"off"},
                      {"slowest", Align::kLeft}},
                     2);
  const auto off = [](double planned, double simulated) {
    return fmt::format("{:+.1f} %", percent_above(planned, simulated));
  };
  for (const SegmentTimes& s : e.segments) {
    segments.add({std::to_string(s.segment), s.layers, format_time(s.planned_s),
                  format_time(s.simulated_s), off(s.planned_s, s.simulated_s),
                  s.node + ", " + s.bound});
  }
  segments.add({"frame", "", format_time(e.planned_s),
                format_time(e.simulated_s), off(e.planned_s, e.simulated_s)});
  std::string out = segments.text(width) + talk_text(e, width);
  const LowerBound& b = e.bound;
  out += fmt::format(
      "  bound: {}, from {} MACs, {} B of weights, {} B of picture and "
      "{} B of result; the simulated frame takes {:.2f} times as long\n",
      format_time(b.latency_s), format_count(b.macs),
      format_count(b.weight_bytes), format_count(b.input_bytes),
      format_count(b.output_bytes),
      1 + percent_above(e.simulated_s, b.latency_s) / 100);
  out += fmt::format("  the best of {} plans that were tried:\n", e.tried);
  TextTable plans({{"time"}, {"arena B"}, {"traffic"}, {"plan", Align::kLeft}},
                  2);
  for (const PlanTrial& t : e.runners_up) {
    plans.add({format_time(t.numbers.latency_s), format_count(t.numbers.ram),
               format_data(static_cast<double>(t.numbers.traffic_bytes)),
               t.text() + (t.keeps_limits ? "" : " (beyond a limit)")});
  }
  return out + plans.text(width);
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
    if (e.linked) j["segments"].back().update(talk_json(s.talk));
  }
  if (e.linked) {
    j["end_wait"] = beside_json(e.end.longest);
    j.update(talk_json(e.frame));
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
