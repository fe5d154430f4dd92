#include "host/cli/simulate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/files.h"
#include "host/base/size.h"
#include "host/base/table.h"
#include "host/base/units.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/engine/virtual/critical_path.h"
#include "host/engine/virtual/energy.h"
#include "host/engine/virtual/timeline.h"
#include "host/plan/cost/time.h"
#include "host/plan/cost/wear.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/text/left_out.h"
#include "host/plan/text/op_names.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/text/plan_table.h"
#include "host/program/emit/emit.h"
#include "host/report/report.h"

namespace shoal {
namespace {

struct Totals {
  int64_t bytes = 0, rows = 0, resent = 0, lost = 0, drops = 0, datagrams = 0;
  uint64_t fill[16] = {};
};

Totals totals(const SimResult& r) {
  Totals sum;
  const auto add = [&](const EndpointReport& e) {
    sum.bytes += static_cast<int64_t>(e.traffic.sent_bytes);
    sum.datagrams += static_cast<int64_t>(e.traffic.sent);
    sum.rows += static_cast<int64_t>(e.link.row_bytes);
    sum.resent += static_cast<int64_t>(e.link.resent_bytes);
    sum.lost += static_cast<int64_t>(e.traffic.lost);
    sum.drops +=
        static_cast<int64_t>(e.traffic.port_drops + e.traffic.queue_drops);
    for (size_t i = 0; i < 16; ++i) sum.fill[i] += e.link.fill[i];
  };
  for (const EndpointReport& node : r.nodes) add(node);
  add(r.coordinator);
  return sum;
}

// Returns the time of the net on a board with room for all of it in SRAM: every
// layer in one firing, no weight waited for.
double unlimited_seconds(const Net& net, const Board& board) {
  int64_t ps = 0;
  for (int l = 0; l < static_cast<int>(net.layers.size()); ++l) {
    const Layer& layer = net.layers[static_cast<size_t>(l)];
    const LayerTime t =
        layer_time(net, l, {layer.out.box.rows(), layer.kernel_h}, board);
    ps += t.compute_ps + t.firing_ps;
  }
  return static_cast<double>(ps) / kPicoseconds;
}

double seconds_of(Nanos t) { return static_cast<double>(t) * 1e-9; }

// The additional figures of a node alone: its frame is one of its board and
// storage, not of a network.
struct Alone {
  Alone(const SimulateFlags& flags, const Prepared& p, const Board& on,
        const NodeCounts& did, double seconds)
      : board(on),
        unlimited_s(unlimited_seconds(p.net, board)),
        slowdown(unlimited_s > 0 ? seconds / unlimited_s - 1 : 0) {
    const PlanNode& node = p.plan.nodes[0];
    if (reads_storage(node)) storage = &find_storage(board, node.storage);
    period_s = std::max(flags.every, seconds);
    energy = frame_energy(board, storage, frame_load(did, seconds), period_s);
  }

  const Board& board;
  const Storage* storage = nullptr;  // null: nothing is read from it
  const double unlimited_s;
  const double slowdown;
  double period_s = 0;
  FrameEnergy energy;
};

struct Simulated {
  const Prepared& p;
  const SimResult& r;
  const SimulateFlags& flags;
  PathSums path;
  std::string why;
  Nanos total;                 // of the frame that is told
  std::optional<Alone> alone;  // none: nodes with links
  LowerBound least = {};       // that any plan could take
  // The energy of one frame; none: a board has no figures.
  std::optional<double> energy_j = {};

  double latency_s() const { return seconds_of(total); }
  double frames_per_s() const {
    return alone ? p.net.frames / latency_s() : r.frames_per_s();
  }
};

double waiting(const PortTimes& t, Nanos total) {
  const Nanos busy = t.slices + t.receiving + t.sending + t.other;
  return std::max(0.0, 1 - fraction(busy, total));
}

void add_cluster(const Simulated& s, nlohmann::json& json) {
  const Totals sum = totals(s.r);
  const double frames = s.flags.frames;
  json.update(
      {{"nodes", nlohmann::json::array()},
       {"row_bytes_per_frame", static_cast<double>(sum.rows) / frames},
       {"other_bytes_per_frame",
        static_cast<double>(sum.bytes - sum.rows) / frames},
       {"datagrams_per_frame", static_cast<double>(sum.datagrams) / frames},
       {"resent_bytes", sum.resent},
       {"lost", sum.lost},
       {"dropped", sum.drops},
       {"fill", sum.fill},
       {"events", s.r.events},
       {"event_hash", s.r.event_hash}});
  for (size_t i = 0; i < s.r.nodes.size(); ++i) {
    const EndpointReport& n = s.r.nodes[i];
    json["nodes"].push_back(
        {{"name", n.name},
         {"board", n.board},
         {"arena_bytes", s.p.plan.nodes[i].arena_bytes},
         {"banks", banks_json<nlohmann::json>(s.p.plan.nodes[i])},
         {"macs_per_frame", n.counts.slices.macs / frames},
         {"weight_bytes_per_frame", n.counts.slices.weight_bytes / frames},
         {"weight_bytes_read", s.p.plan.nodes[i].weight_read_bytes},
         {"bound_us", s.least.nodes_s[i] * 1e6},
         {"storage", s.p.plan.nodes[i].storage},
         {"storage_read_bytes", s.p.plan.nodes[i].storage_read_bytes},
         {"storage_s", n.counts.storage_s() / frames},
         {"sent_bytes", n.traffic.sent_bytes},
         {"received_bytes", n.traffic.received_bytes},
         {"busy", fraction(n.times.slices + n.times.other, s.total)},
         {"send", fraction(n.times.sending, s.total)},
         {"receive", fraction(n.times.receiving, s.total)},
         {"wait", waiting(n.times, s.total)}});
  }
}

void add_alone(const Simulated& s, nlohmann::json& json) {
  const PlanNode& node = s.p.plan.nodes[0];
  const Alone& a = *s.alone;
  const NodeCounts& did = s.r.nodes[0].counts;
  json.update({{"planned_s", node.seconds},
               {"unlimited_sram_s", a.unlimited_s},
               {"slowdown", a.slowdown},
               {"board", a.board.name},
               {"arena_bytes", node.arena_bytes},
               {"nodes",
                {{{"name", node.name},
                  {"board", a.board.name},
                  {"arena_bytes", node.arena_bytes},
                  {"weight_bytes_read", node.weight_read_bytes},
                  {"bound_us", s.least.nodes_s[0] * 1e6}}}},
               {"storage", a.storage ? a.storage->name : ""},
               {"sealed", node.sealed},
               {"macs", did.slices.macs},
               {"compute_s", did.slices.compute_s},
               {"firing_s", did.slices.firing_s},
               {"flash_s", did.slices.flash_s},
               {"check_s", did.check_s},
               {"storage_s", did.storage_s()},
               {"wait_s", did.wait_s},
               {"waits", did.waits},
               {"storage_reads", did.storage.reads},
               {"storage_read_bytes", did.storage.read_bytes},
               {"storage_written_bytes", did.storage.written_bytes},
               {"storage_erases", did.storage.erasures},
               {"most_erases", s.r.nodes[0].most_erases},
               {"energy",
                {{"compute_j", a.energy.compute_j},
                 {"storage_j", a.energy.storage_j},
                 {"idle_j", a.energy.idle_j},
                 {"total_j", a.energy.total_j()},
                 {"period_s", a.period_s}}}});
  const int batch = s.p.net.frames;
  if (batch == 1) return;  // the numbers are of all of them
  json["batch"] = batch;
  json["frame_s"] = s.latency_s() / batch;
}

void print_json(const Simulated& s) {
  nlohmann::json json{
      {"latency_s", s.latency_s()},
      {"latency_us", s.latency_s() * 1e6},
      {"bound_us", s.least.latency_s * 1e6},
      {"frames_per_s", s.frames_per_s()},
      {"energy_mj",
       s.energy_j ? nlohmann::json(*s.energy_j * 1e3) : nlohmann::json()},
      {"macs_ratio", macs_ratio(s.p.plan)},
      {"traffic_bytes", s.p.plan.traffic_bytes},
      {"nodes_left_out", nlohmann::json::array()},
      {"latency_kind", "modelled"},
      {"frames", s.flags.frames},
      {"critical_path", nlohmann::json::object()},
      {"why", s.why},
      {"equal", true},
      {"compared_with", "oracle"}};
  for (const LeftOut& out : left_out(s.p.plan)) {
    json["nodes_left_out"].push_back(
        {{"name", out.name}, {"reason", out.reason}});
  }
  s.alone ? add_alone(s, json) : add_cluster(s, json);
  for (const auto& [reason, time] : s.path.by_reason) {
    json["critical_path"][reason_name(reason)] = seconds_of(time);
  }
  say_json(json);
}

void print_nodes(const Simulated& s) {
  TextTable table({{"node", Align::kLeft},
                   {"board", Align::kLeft, 3},
                   {"arena B"},
                   {"MMACs", Align::kRight, 2},
                   {"busy"},
                   {"send"},
                   {"recv"},
                   {"wait"},
                   {"sent", Align::kRight, 1},
                   {"received", Align::kRight, 1}});
  const double frames = s.flags.frames;
  const auto each = [&](uint64_t bytes) {
    return format_data(static_cast<double>(bytes) / frames);
  };
  const auto percent = [](double share) {
    return fmt::format("{:.1f}%", 100 * share);
  };
  for (size_t i = 0; i < s.r.nodes.size(); ++i) {
    const EndpointReport& n = s.r.nodes[i];
    table.add({n.name, n.board, format_count(s.p.plan.nodes[i].arena_bytes),
               fmt::format("{:.1f}", n.counts.slices.macs / frames * 1e-6),
               percent(fraction(n.times.slices + n.times.other, s.total)),
               percent(fraction(n.times.sending, s.total)),
               percent(fraction(n.times.receiving, s.total)),
               percent(waiting(n.times, s.total)), each(n.traffic.sent_bytes),
               each(n.traffic.received_bytes)});
  }
  say("\n");
  say_table(table);
}

void print_storages(const Simulated& s) {
  const double frames = s.flags.frames;
  for (size_t i = 0; i < s.r.nodes.size(); ++i) {
    const PlanNode& node = s.p.plan.nodes[i];
    if (node.storage.empty()) continue;
    say("storage      %s: %s B of %s a frame, busy for %s\n",
        s.r.nodes[i].name.c_str(),
        format_count(node.storage_read_bytes).c_str(), node.storage.c_str(),
        format_time(seconds_of(s.r.nodes[i].counts.storage.busy) / frames)
            .c_str());
  }
}

void print_traffic(const Simulated& s) {
  const Totals sum = totals(s.r);
  const int64_t frames = s.flags.frames;
  const int64_t other = sum.bytes - sum.rows;
  const auto each = [&](int64_t bytes) {
    return format_data(static_cast<double>(bytes) /
                       static_cast<double>(frames));
  };
  say("\ntraffic      %s of rows and %s of overhead a frame (%.1f %%), %s "
      "datagrams\n",
      each(sum.rows).c_str(), each(other).c_str(),
      sum.rows
          ? 100.0 * static_cast<double>(other) / static_cast<double>(sum.rows)
          : 0.0,
      format_count(sum.datagrams / frames).c_str());
  say("fill         datagrams with rows, by sixteenths of a payload:");
  for (const uint64_t count : sum.fill) {
    say(" %llu", static_cast<unsigned long long>(count));
  }
  say("\nagain        %s B sent again, %s datagrams lost, %s dropped by full "
      "queues\n",
      format_count(sum.resent).c_str(), format_count(sum.lost).c_str(),
      format_count(sum.drops).c_str());
}

void print_part(const char* name, double part_s, double all_s) {
  say("%-12s %s, %.1f %% of the frame\n", name, format_time(part_s).c_str(),
      all_s > 0 ? 100 * part_s / all_s : 0.0);
}

std::string a_frame(const Simulated& s) {
  const int batch = s.p.net.frames;
  return batch == 1 ? "a frame" : "per batch of " + std::to_string(batch);
}

void print_storage(const Simulated& s) {
  const PlanNode& node = s.p.plan.nodes[0];
  const NodeCounts& did = s.r.nodes[0].counts;
  print_part("checks", did.check_s, s.latency_s());
  print_part("waits", did.wait_s, s.latency_s());
  print_part("storage busy", did.storage_s(), s.latency_s());
  say("storage      %s: %s B read in %s requests, %s B written%s\n",
      s.alone->storage->name.c_str(),
      format_count(did.storage.read_bytes).c_str(),
      format_count(static_cast<int64_t>(did.storage.reads)).c_str(),
      format_count(did.storage.written_bytes).c_str(),
      node.sealed ? ", encrypted" : ", not encrypted");
  if (node.spill_pages == 0) return;
  say("wear         %s blocks of %s erased %s, the most worn one %u times so "
      "far; %s\n",
      format_count(static_cast<int64_t>(did.storage.erasures)).c_str(),
      format_bytes(node.spill_page_bytes).c_str(), a_frame(s).c_str(),
      s.r.nodes[0].most_erases, life_text(node, s.p.net.frames).c_str());
}

std::string millijoules(double joules) {
  return format_three_digits(joules * 1e3);
}

void print_alone(const Simulated& s) {
  const PlanNode& node = s.p.plan.nodes[0];
  const SliceCost& work = s.r.nodes[0].counts.slices;
  say("arena        %s, %zu stages\n", format_bytes(node.arena_bytes).c_str(),
      node.stages.size());
  print_part("compute", work.compute_s + work.firing_s, s.latency_s());
  print_part("flash", work.flash_s, s.latency_s());
  if (s.alone->storage) print_storage(s);
  const FrameEnergy& e = s.alone->energy;
  say("energy       %s mJ %s of %s: compute %s, storage %s, idle %s\n",
      millijoules(e.total_j()).c_str(), a_frame(s).c_str(),
      format_time(s.alone->period_s).c_str(), millijoules(e.compute_j).c_str(),
      millijoules(e.storage_j).c_str(), millijoules(e.idle_j).c_str());
}

void print_head(const Simulated& s) {
  const int batch = s.p.net.frames;
  const std::string on = s.alone ? " on " + s.alone->board.name : "";
  say("latency      %s %s%s (modelled)\n", format_time(s.latency_s()).c_str(),
      a_frame(s).c_str(), on.c_str());
  if (batch > 1) {
    say("per frame    %s, %s frames/s (modelled)\n",
        format_time(s.latency_s() / batch).c_str(),
        format_three_digits(s.frames_per_s()).c_str());
  }
  if (s.alone) {
    say("unlimited    %s with all in SRAM: %.1f %% slower\n",
        format_time(s.alone->unlimited_s).c_str(),
        std::max(0.0, 100 * s.alone->slowdown));
  } else if (s.flags.frames > 1) {
    say("throughput   %s frames/s over %d frames (modelled)\n",
        format_three_digits(s.r.frames_per_s()).c_str(), s.flags.frames - 1);
  }
  say("output       equal to the oracle's, byte for byte\n");
}

void print_text(const Simulated& s) {
  print_head(s);
  if (s.alone) {
    print_alone(s);
  } else {
    print_nodes(s);
    print_traffic(s);
    print_storages(s);
  }
  say("\n%s\n", bound_line(s.least, s.latency_s()).c_str());
  say("why is it not faster: %s\n", s.why.c_str());
  say("critical path:");
  const char* between = " ";
  for (const auto& [reason, time] : s.path.by_reason) {
    say("%s%s %s", between, reason_name(reason),
        format_time(seconds_of(time)).c_str());
    between = ", ";
  }
  say("\n");
}

// The nodes with the links that the flags give them.
LowerBound least_of(const SimulateFlags& flags, const VirtualEngine& engine) {
  SimOptions options;
  apply(flags.network, options);
  Cluster cluster = engine.cluster();
  for (ClusterNode& n : cluster.nodes) {
    Board& b = n.board;
    if (options.bits_per_s) b.link_bits_per_s = *options.bits_per_s;
    if (options.framing_bytes) b.framing_bytes = *options.framing_bytes;
    if (options.latency) {
      b.link_latency_us = static_cast<double>(*options.latency) / kMicrosecond;
    }
  }
  const Prepared& p = engine.prepared();
  return plan_bound(
      p.net, cluster,
      {p.plan.linked, payload_of(flags.plan, cluster), !flags.insecure},
      p.plan);
}

void write_page(const SimulateFlags& flags, const VirtualEngine& engine,
                const LowerBound& least, const std::string& trace) {
  if (flags.html.empty()) return;
  const Prepared& p = engine.prepared();
  const std::string plan =
      plan_json(p.net, p.plan, &least, budgets_of(engine.cluster()));
  write_file(flags.html, report_page({{"plan", plan}, {"trace", trace}},
                                     {.command = flags.command}));
}

}  // namespace

void report_simulated(const SimulateFlags& flags, const VirtualEngine& engine,
                      const Recorder& recorder) {
  const Prepared& p = engine.prepared();
  const SimResult& r = engine.result();
  const bool linked = p.plan.linked;
  std::vector<std::string> names, layers;
  for (const EndpointReport& n : r.nodes) {
    names.push_back(linked ? n.name : n.board);
  }
  if (linked) names.push_back(r.coordinator.name);
  constexpr size_t kNameWidth = 60;
  for (const Layer& l : p.net.layers) {
    layers.push_back(short_name(l.name, kNameWidth));
  }
  const FrameTime& told = linked ? r.frames.front() : r.frames.back();
  const auto last = static_cast<uint32_t>(names.size() - 1);
  std::vector<PathStep> steps =
      critical_path(recorder, last, told.submitted, told.finished);
  const PathSums path = sum_up(steps, p.plan);
  const std::string why =
      describe(path, waits(recorder, p.plan, told.submitted, told.finished),
               names, layers);
  Simulated answer{p,     r,
                   flags, path,
                   why,   told.finished - told.submitted,
                   {},    least_of(flags, engine)};
  if (!linked) {
    answer.alone.emplace(flags, p, engine.cluster().nodes[0].board,
                         r.nodes[0].counts, answer.latency_s());
    const double joules = answer.alone->energy.total_j() / p.net.frames;
    if (has_energy(answer.alone->board)) answer.energy_j = joules;
  } else {
    answer.energy_j =
        cluster_energy_j(r, p.plan, engine.cluster(), flags.frames);
  }
  if (!flags.timeline.empty() || !flags.html.empty()) {
    const std::string trace = timeline_json(
        recorder, p.net, p.plan, names, r.frames.front().submitted, r.ended,
        {p.net.name, why, std::move(steps)});
    if (!flags.timeline.empty()) write_file(flags.timeline, trace);
    write_page(flags, engine, answer.least, trace);
  }
  flags.json ? print_json(answer) : print_text(answer);
}

}  // namespace shoal
