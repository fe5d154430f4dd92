#include "host/cli/simulate_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/units.h"
#include "host/cli/common.h"
#include "host/cli/flags.h"
#include "host/cli/output.h"
#include "host/cli/sequence.h"
#include "host/engine/engine.h"
#include "host/engine/faults/faulted_run.h"
#include "host/engine/virtual/timeline.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

double seconds(Nanos t) { return static_cast<double>(t) * 1e-9; }

[[noreturn]] void refuse(const std::string& why, const std::string& fix) {
  throw Error(Exit::kUsage, "--fault: " + why, fix);
}

void check_flags(const SimulateFlags& flags) {
  if (!wants_cluster(flags.plan)) {
    refuse("a node that is alone has nobody to go on without it",
           "add --nodes or --cluster");
  }
  if (!flags.html.empty()) {
    refuse("--html draws one plan, and a fault makes more of them",
           "use --timeline, or leave out one of them");
  }
  if (!flags.network.power_loss.empty()) {
    refuse("--power-loss ends the run, a fault does not",
           "leave out one of them");
  }
}

// The oracle's; of a sequence for each frame.
std::vector<Bytes> expected_outputs(const Graph& graph,
                                    const std::vector<Bytes>& inputs,
                                    int frames) {
  const bool alike = inputs.size() == 1 && graph.variables.empty();
  std::vector<Bytes> expected;
  OracleSequence oracle(graph);
  for (size_t f = 0; f < (alike ? 1 : static_cast<size_t>(frames)); ++f) {
    expected.push_back(
        model_output(graph, oracle.next(inputs[f % inputs.size()])));
  }
  return expected;
}

void print_event(const RunEvent& e) {
  say("%12s %-7s %s\n", format_time(seconds(e.at)).c_str(), e.what.c_str(),
      e.text.c_str());
}

void print_text(const FaultedRun& run, const Cluster& cluster) {
  say("latency      %s for the first frame (modelled)\n",
      format_time(seconds(run.frames[0].finished - run.frames[0].submitted))
          .c_str());
  say("output       equal to the oracle's, byte for byte\n");
  say("fallback     %s\n\n", summary_text(run.fallbacks).c_str());
  for (const RunEvent& e : run.events) print_event(e);
  say("\n");
  for (size_t f = 0; f < run.frames.size(); ++f) {
    if (run.frames.size() > 20 && run.repeats[f] == 0) continue;
    const FrameTime& t = run.frames[f];
    say("frame %-6zu %s, from %s on%s\n", f,
        format_time(seconds(t.finished - t.submitted)).c_str(),
        format_time(seconds(t.submitted - run.began)).c_str(),
        run.repeats[f] == 0
            ? ""
            : fmt::format(", run again {}",
                          run.repeats[f] == 1
                              ? std::string("once")
                              : fmt::format("{} times", run.repeats[f]))
                  .c_str());
  }
  say("nodes        %zu of %zu run at the end\n", run.plans.back().seats.size(),
      cluster.nodes.size());
}

void print_json(const FaultedRun& run) {
  nlohmann::json json{
      {"latency_s", seconds(run.frames[0].finished - run.frames[0].submitted)},
      {"latency_kind", "modelled"},
      {"frames", run.frames.size()},
      {"frame_times", nlohmann::json::array()},
      {"happened", nlohmann::json::array()},
      {"nodes_at_end", run.plans.back().seats.size()},
      {"fallback_programs", run.fallbacks.programs},
      {"fallback_bytes", run.fallbacks.bytes},
      {"fallbacks_without_room", run.fallbacks.without_room},
      {"lost", run.lost},
      {"events", run.world_events},
      {"event_hash", run.event_hash},
      {"equal", true},
      {"compared_with", "oracle"}};
  for (size_t f = 0; f < run.frames.size(); ++f) {
    json["frame_times"].push_back(
        {{"submitted_s", seconds(run.frames[f].submitted - run.began)},
         {"finished_s", seconds(run.frames[f].finished - run.began)},
         {"repeats", run.repeats[f]}});
  }
  for (const RunEvent& e : run.events) {
    json["happened"].push_back(
        {{"s", seconds(e.at)}, {"what", e.what}, {"text", e.text}});
  }
  say_json(json);
}

// The names of slices are those of the plan that ran then.
std::string trace_of(const FaultedRun& run, const Net& net,
                     const Cluster& cluster, const Recorder& recorder) {
  const auto name = [&](const Activity& a, uint32_t endpoint) {
    const EpochPlan* epoch = &run.plans.front();
    for (const EpochPlan& p : run.plans) {
      if (p.from <= a.begin) epoch = &p;
    }
    const auto seat = std::ranges::find(epoch->seats, int(endpoint));
    const auto node = static_cast<uint32_t>(seat - epoch->seats.begin());
    return activity_name(a, net, epoch->plan, node);
  };
  std::vector<std::string> names;
  for (const ClusterNode& n : cluster.nodes) names.push_back(n.name);
  const auto coordinator = static_cast<uint32_t>(names.size());
  names.push_back("coordinator");
  names.push_back("returning nodes");
  std::vector<TimelineMark> marks;
  for (const RunEvent& e : run.events) {
    marks.push_back({run.began + e.at, coordinator, e.what + ": " + e.text});
  }
  return timeline_json(recorder, name, marks, names, run.began, run.ended,
                       {net.name, {}, {}});
}

// A fault after the last frame shows nothing.
void tell_of_late_faults(const std::vector<std::string>& texts,
                         const std::vector<NodeFault>& faults,
                         const FaultedRun& run) {
  for (size_t i = 0; i < faults.size(); ++i) {
    if (faults[i].from <= run.ended - run.began) continue;
    tell("warning: --fault %s comes after the last frame, which ended at %s\n",
         texts[i].c_str(), format_time(seconds(run.ended - run.began)).c_str());
  }
}

}  // namespace

int simulate_faults(const SimulateFlags& flags, const Graph& graph,
                    const std::vector<Bytes>& inputs) {
  check_flags(flags);
  FaultedOptions options;
  apply(flags.network, options.sim);
  options.sim.insecure = flags.insecure;
  options.sim.frames = flags.frames;
  for (const std::string& f : flags.faults) {
    options.faults.push_back(parse_fault(f));
  }
  const PlanRequest request = plan_request(flags.plan);
  options.sim.max_payload = request.max_payload;
  options.set_budgets = [&](Cluster& c) { set_budgets(flags.plan, c); };
  options.planned = tell_plan;
  Recorder recorder(static_cast<uint32_t>(request.cluster.nodes.size()) + 2);
  if (!flags.timeline.empty()) options.sim.recorder = &recorder;

  const SequenceCopies copies = sequence_copies(flags.state);
  refuse_next_process(copies, flags.state);
  options.mirror_every = copies.every;
  const auto of = [](const std::vector<Bytes>& all, int frame) {
    return all[static_cast<size_t>(frame) % all.size()];
  };
  options.sim.input = [&](int frame) { return of(inputs, frame); };
  const std::vector<Bytes> expected =
      expected_outputs(graph, inputs, flags.frames);
  options.sim.output = [&](int frame, const Bytes& output) {
    if (output == of(expected, frame)) return;
    throw Error(Exit::kDiffers, "frame " + std::to_string(frame) +
                                    ": the output is not the oracle's");
  };
  std::vector<RunEvent> events;  // of a run that does not end well
  options.happened = [&](const RunEvent& e) { events.push_back(e); };
  const FaultedRun run = [&] {
    try {
      return run_with_faults(graph, request, options);
    } catch (const Error&) {
      if (!flags.json) std::ranges::for_each(events, print_event);
      throw;
    }
  }();
  tell_of_late_faults(flags.faults, options.faults, run);
  if (!flags.timeline.empty()) {
    write_file(flags.timeline, trace_of(run, planned_net(graph, request),
                                        request.cluster, recorder));
  }
  flags.json ? print_json(run) : print_text(run, request.cluster);
  return 0;
}

}  // namespace shoal
