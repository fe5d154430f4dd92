#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/output.h"
#include "host/cli/simulate_report.h"
#include "host/engine/virtual/bound.h"
#include "host/engine/virtual/timeline.h"

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

const char* reason_name(Reason reason) {
  switch (reason) {
    case Reason::kCompute:
      return "compute";
    case Reason::kDatagrams:
      return "datagrams";
    case Reason::kWire:
      return "network";
    case Reason::kTimer:
      return "timers";
    case Reason::kStorage:
      return "storage";
    case Reason::kOther:
      break;
  }
  return "stages";
}

struct Simulated {
  const Prepared& p;
  const SimResult& r;
  const SimulateFlags& flags;
  Bound bound;
  std::string why;
  double total;  // of the first frame, nanoseconds
};

double fraction(Nanos part, double total) {
  return total > 0 ? static_cast<double>(part) / total : 0;
}

double waiting(const PortTimes& t, double total) {
  const Nanos busy = t.slices + t.receiving + t.sending + t.other;
  return std::max(0.0, 1 - fraction(busy, total));
}

void print_json(const Simulated& s) {
  const Totals sum = totals(s.r);
  const double frames = s.flags.frames;
  nlohmann::json json{
      {"latency_s", s.r.latency_s()},
      {"latency_kind", "modelled"},
      {"frames", s.flags.frames},
      {"frames_per_s", s.r.frames_per_s()},
      {"nodes", nlohmann::json::array()},
      {"row_bytes_per_frame", static_cast<double>(sum.rows) / frames},
      {"other_bytes_per_frame",
       static_cast<double>(sum.bytes - sum.rows) / frames},
      {"datagrams_per_frame", static_cast<double>(sum.datagrams) / frames},
      {"resent_bytes", sum.resent},
      {"lost", sum.lost},
      {"dropped", sum.drops},
      {"fill", sum.fill},
      {"critical_path", nlohmann::json::object()},
      {"why", s.why},
      {"events", s.r.events},
      {"event_hash", s.r.event_hash},
      {"equal", true},
      {"compared_with", "oracle"}};
  for (size_t i = 0; i < s.r.nodes.size(); ++i) {
    const EndpointReport& n = s.r.nodes[i];
    json["nodes"].push_back(
        {{"name", n.name},
         {"board", n.board},
         {"arena_bytes", s.p.plan.nodes[i].arena_bytes},
         {"macs_per_frame", n.work.macs / frames},
         {"weight_bytes_per_frame", n.work.weight_bytes / frames},
         {"storage", s.p.plan.nodes[i].storage},
         {"storage_read_bytes", s.p.plan.nodes[i].storage_read_bytes},
         {"storage_s", static_cast<double>(n.storage.busy) * 1e-9 / frames},
         {"sent_bytes", n.traffic.sent_bytes},
         {"received_bytes", n.traffic.received_bytes},
         {"busy", fraction(n.times.slices + n.times.other, s.total)},
         {"send", fraction(n.times.sending, s.total)},
         {"receive", fraction(n.times.receiving, s.total)},
         {"wait", waiting(n.times, s.total)}});
  }
  for (const auto& [reason, time] : s.bound.by_reason) {
    json["critical_path"][reason_name(reason)] =
        static_cast<double>(time) * 1e-9;
  }
  say_json(json);
}

void print_nodes(const Simulated& s) {
  say("\n%-12s %-12s %10s %8s %6s %6s %6s %6s %10s %10s\n", "node", "board",
      "arena B", "MMACs", "busy", "send", "recv", "wait", "sent B",
      "received B");
  const double frames = s.flags.frames;
  for (size_t i = 0; i < s.r.nodes.size(); ++i) {
    const EndpointReport& n = s.r.nodes[i];
    say("%-12s %-12s %10s %8.1f %5.1f%% %5.1f%% %5.1f%% %5.1f%% %10s %10s\n",
        n.name.c_str(), n.board.c_str(),
        format_count(s.p.plan.nodes[i].arena_bytes).c_str(),
        n.work.macs / frames * 1e-6,
        100 * fraction(n.times.slices + n.times.other, s.total),
        100 * fraction(n.times.sending, s.total),
        100 * fraction(n.times.receiving, s.total),
        100 * waiting(n.times, s.total),
        format_count(static_cast<int64_t>(
                         static_cast<double>(n.traffic.sent_bytes) / frames))
            .c_str(),
        format_count(
            static_cast<int64_t>(static_cast<double>(n.traffic.received_bytes) /
                                 frames))
            .c_str());
  }
}

void print_storage(const Simulated& s) {
  const double frames = s.flags.frames;
  for (size_t i = 0; i < s.r.nodes.size(); ++i) {
    const PlanNode& node = s.p.plan.nodes[i];
    if (node.storage.empty()) continue;
    say("storage      %s: %s B of %s a frame, busy for %.3f ms\n",
        s.r.nodes[i].name.c_str(),
        format_count(node.storage_read_bytes).c_str(), node.storage.c_str(),
        static_cast<double>(s.r.nodes[i].storage.busy) * 1e-6 / frames);
  }
}

void print_traffic(const Simulated& s) {
  const Totals sum = totals(s.r);
  const int64_t frames = s.flags.frames;
  const int64_t other = sum.bytes - sum.rows;
  say("\ntraffic      %s B of rows and %s B besides a frame (%.1f %%), %s "
      "datagrams\n",
      format_count(sum.rows / frames).c_str(),
      format_count(other / frames).c_str(),
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

void print_text(const Simulated& s) {
  say("latency      %.3f ms a frame (modelled)\n", s.r.latency_s() * 1e3);
  if (s.flags.frames > 1) {
    say("throughput   %.2f frames/s over %d frames (modelled)\n",
        s.r.frames_per_s(), s.flags.frames - 1);
  }
  say("output       equal to the oracle's, byte for byte\n");
  print_nodes(s);
  print_traffic(s);
  print_storage(s);
  say("\nwhy is it not faster: %s\n", s.why.c_str());
  say("critical path:");
  const char* between = " ";
  for (const auto& [reason, time] : s.bound.by_reason) {
    say("%s%s %.3f ms", between, reason_name(reason),
        static_cast<double>(time) * 1e-6);
    between = ", ";
  }
  say("\n");
}

// Exporters join the names of all operators that a layer was fused from.
std::string short_name(const std::string& name) {
  std::string first = name.substr(0, name.find(';'));
  constexpr size_t kLong = 60;
  if (first.size() > kLong) first = "..." + first.substr(first.size() - kLong);
  return first;
}

}  // namespace

void report_linked(const SimulateFlags& flags, const VirtualEngine& engine,
                   const Recorder& recorder) {
  const Prepared& p = engine.prepared();
  const SimResult& r = engine.result();
  std::vector<std::string> names, layers;
  for (const EndpointReport& n : r.nodes) names.push_back(n.name);
  names.push_back(r.coordinator.name);
  for (const Layer& l : p.net.layers) layers.push_back(short_name(l.name));
  const FrameTime& first = r.frames.front();
  const Bound bound =
      sum_up(critical_path(recorder, static_cast<uint32_t>(r.nodes.size()),
                           first.submitted, first.finished),
             p.plan);
  const std::string why =
      describe(bound, waits(recorder, p.plan, first.submitted, first.finished),
               names, layers);
  const Simulated answer{
      p,     r,   flags,
      bound, why, static_cast<double>(first.finished - first.submitted)};
  if (!flags.timeline.empty()) {
    write_file(flags.timeline, timeline_json(recorder, p.net, p.plan, names,
                                             first.submitted, r.ended));
  }
  if (flags.json) {
    print_json(answer);
  } else {
    print_text(answer);
  }
}

}  // namespace shoal
