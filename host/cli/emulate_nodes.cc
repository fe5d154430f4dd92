// `shoal emulate --nodes` and `--cluster`: emulated boards on a network, and
// the coordinator of `shoal run --workers` for them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "device/port/payload.h"
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/base/table.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/run_model.h"
#include "host/cli/store_flags.h"
#include "host/engine/board/emulated_nodes.h"
#include "host/engine/board/emulator.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/stop_signals.h"

namespace shoal {
namespace {

constexpr std::chrono::milliseconds kLook{100};
constexpr size_t kMostBoards = 64;
// That a board may be silent, or say nothing of its end: it shares this
// computer with all others.
constexpr int kMostSilence = 60;

// Returns the nodes of --cluster, or equal ones. The planner asks the boards
// themselves how much memory they have.
Cluster cluster_of_boards(const PlanFlags& plan) {
  Cluster cluster = cluster_of(plan);
  require_one_bank(cluster, "emulated boards");
  for (const ClusterNode& node : cluster.nodes) {
    if (!node.address.empty()) {
      throw Error(Exit::kUsage,
                  "node '" + node.name +
                      "' has an address, but emulated boards get theirs when "
                      "they start",
                  "remove the address, or use `shoal run --cluster FILE` with "
                  "boards that run already");
    }
    if (!node.public_key.empty()) {
      throw Error(Exit::kUsage,
                  "node '" + node.name +
                      "' has a public_key, but all emulated boards share one "
                      "key",
                  "remove the public_key; --serve --key FILE gives the boards "
                  "your key");
    }
  }
  if (cluster.payload.value_or(0) > kUdpPayload) {
    throw Error(Exit::kUsage,
                cluster.file +
                    ": payload = " + std::to_string(*cluster.payload) +
                    " is more than a datagram of an emulated board can hold",
                "write at most " + std::to_string(kUdpPayload));
  }
  if (plan.payload) cluster.payload = payload_of(plan, cluster, kUdpPayload);
  if (!plan.nodes) return cluster;
  for (size_t i = 0; i < cluster.nodes.size(); ++i) {
    cluster.nodes[i].name = plan.board + "." + std::to_string(i);
  }
  return cluster;
}

EmulatedNodesOptions nodes_options(const EmulateFlags& flags,
                                   const Cluster& cluster) {
  if (cluster.nodes.size() > kMostBoards) {
    throw Error(Exit::kUsage,
                std::to_string(cluster.nodes.size()) +
                    " boards are too many to emulate at a time",
                "use at most " + std::to_string(kMostBoards) + " nodes");
  }
  if (flags.plan.wait > 0 && flags.state.empty()) {
    throw Error(Exit::kUsage,
                "--wait: shoal waits only for the folder of --state",
                "leave it out, or give --state DIR");
  }
  EmulatedNodesOptions options;
  for (const ClusterNode& node : cluster.nodes) {
    options.nodes.push_back({node.name, &find_board(node.board.name)});
  }
  options.firmware = firmware_folder();
  options.own_key = !flags.serve;
  if (flags.serve && !flags.insecure) options.key = read_key_file(flags.key);
  options.sealed = !flags.plan.storage.no_encrypt;
  options.seconds = flags.seconds;
  options.state = flags.state;
  options.lock = lock_request(flags.plan, "emulate");
  options.count_instructions = !flags.serve;
  options.one_core = flags.plan.cores == 1;
  if (cluster.payload) {
    options.payload = static_cast<int>(*cluster.payload);
    // The coordinator is one; who serves does not know who comes.
    if (!flags.serve) options.peers = static_cast<int>(cluster.nodes.size());
  }
  return options;
}

int serve(const EmulateFlags& flags) {
  const EmulatedNodesOptions options =
      nodes_options(flags, cluster_of_boards(flags.plan));
  StopSignals signals;
  EmulatedNodes boards(options);
  for (const auto& node : boards.nodes()) {
    say("%s %s %d\n", node->name().c_str(), node->address().c_str(),
        static_cast<int>(node->process()));
  }
  flush_output();  // the starter waits for their addresses
  // A cluster that has lost one board may go on with the others.
  std::set<const EmulatedNode*> lost;
  while (!signals.asked() && lost.size() < boards.nodes().size()) {
    for (const auto& node : boards.nodes()) {
      if (lost.contains(node.get())) continue;
      try {
        node->listen(kLook / static_cast<int>(boards.nodes().size()));
        for (const std::string& line : node->said()) {
          say("%s: %s\n", node->name().c_str(), line.c_str());
          flush_output();
        }
      } catch (const Error& e) {
        tell("%s\n", e.what());
        if (node->has_ended()) lost.insert(node.get());
      }
    }
  }
  if (signals.asked()) signals.take();
  return lost.empty() ? 0 : static_cast<int>(Exit::kNode);
}

// The memory that does not depend on what runs.
struct Room {
  uint32_t stacks, statics, free;
};
Room room_of(const shoal_memory& m, uint32_t arena_bytes) {
  const uint32_t stacks = m.stack_bytes + m.handler_stack_bytes;
  return {stacks, m.fixed_bytes - stacks,
          m.sram_bytes - m.fixed_bytes - arena_bytes};
}

// The critical path of a frame, in instructions: in each segment the board that
// has most of them, one segment after the other. Waiting is not in it, and that
// the next segment begins before the last one has ended is not, either.
int64_t path_instructions(const EmulatedNodes& boards,
                          const EngineReport& report) {
  std::map<int, int64_t> most;
  for (size_t i = 0; i < boards.nodes().size(); ++i) {
    std::map<int, int64_t> own;
    const std::vector<int>& segments = report.nodes.at(i).segments;
    for (const auto& [stage, count] : boards.nodes()[i]->runs().stages) {
      const auto s = static_cast<size_t>(stage);
      own[stage >= 0 && s < segments.size() ? segments[s] : -1] += count;
    }
    for (const auto& [segment, count] : own) {
      most[segment] = std::max(most[segment], count);
    }
  }
  int64_t sum = 0;
  for (const auto& [segment, count] : most) sum += count;
  return sum / std::max<int64_t>(report.frames, 1);
}

// Returns the time that a storage like the board's takes for what a deployment
// has written: the emulator's takes no time.
double storage_seconds(const EmulatedNode& node) {
  const double bytes =
      static_cast<double>(node.deployment().storage_written_bytes);
  if (bytes == 0 || node.board().storages.empty()) return 0;
  const Storage& s = node.board().storages.front();
  const double block = static_cast<double>(s.erase_bytes);
  const double unit = static_cast<double>(s.write_bytes);
  return std::ceil(bytes / block) * s.erase_us * 1e-6 +
         bytes / s.write_bytes_per_s + bytes / unit * s.write_latency_us * 1e-6;
}

void print_work(const EmulatedNodes& boards, const EngineReport& report) {
  const int64_t frames = std::max<int64_t>(report.frames, 1);
  TextTable table({{"board", Align::kLeft},
                   {"deployed: B"},
                   {"instructions", Align::kRight, 1},
                   {"a frame: B read", Align::kRight, 2},
                   {"datagrams", Align::kRight, 3},
                   {"instructions"}});
  int64_t busiest = 0, written = 0, spent = 0;
  double longest_s = 0;
  for (const auto& node : boards.nodes()) {
    const NodeWork &d = node->deployment(), &r = node->runs();
    table.add({node->name(), format_count(d.storage_written_bytes),
               format_count(d.instructions),
               format_count(r.storage_read_bytes / frames),
               format_count(r.datagrams / frames),
               format_count(r.instructions / frames)});
    busiest = std::max(busiest, r.instructions / frames);
    // Instructions of deployments that write nothing are no work of a storage.
    if (d.storage_written_bytes > 0) spent += d.instructions;
    written += d.storage_written_bytes;
    longest_s = std::max(longest_s, storage_seconds(*node));
  }
  say_table(table);
  if (written > 0) {
    say("deployment %.1f instructions a byte, cipher and hash included "
        "(emulated)\n",
        static_cast<double>(spent) / static_cast<double>(written));
    say("written    in %.1f s by the storage of the board with most "
        "(modelled; the emulator's writes at once)\n",
        longest_s);
  }
  say("frame      %s instructions on the busiest board, %s on the critical "
      "path, segment after segment (emulated; not cycles)\n",
      format_count(busiest).c_str(),
      format_count(path_instructions(boards, report)).c_str());
}

void print_boards(const EmulatedNodes& boards, const EngineReport& report) {
  TextTable table({{"board", Align::kLeft},
                   {"SRAM"},
                   {"stacks", Align::kRight, 1},
                   {"used", Align::kRight, 2},
                   {"statics", Align::kRight, 1},
                   {"arena"},
                   {"free"},
                   {"firmware", Align::kRight, 3}});
  for (size_t i = 0; i < boards.nodes().size(); ++i) {
    const EmulatedNode& node = *boards.nodes()[i];
    const shoal_memory& m = node.memory();
    const uint32_t arena = report.nodes.at(i).arena_bytes;
    const Room r = room_of(m, arena);
    const uint32_t bytes[] = {m.sram_bytes, r.stacks, m.stack_used, r.statics,
                              arena,        r.free,   m.flash_used};
    std::vector<std::string> cells{node.name()};
    for (const uint32_t b : bytes) cells.push_back(std::to_string(b));
    table.add(std::move(cells));
  }
  say_table(table);
  print_work(boards, report);
}

void add_boards(const EmulatedNodes& boards, const EngineReport& report,
                nlohmann::json& json) {
  const int64_t frames = std::max<int64_t>(report.frames, 1);
  json["kind"] = "emulated";
  json["boards"] = nlohmann::json::array();
  for (size_t i = 0; i < boards.nodes().size(); ++i) {
    const EmulatedNode& node = *boards.nodes()[i];
    const shoal_memory& m = node.memory();
    const uint32_t arena = report.nodes.at(i).arena_bytes;
    json["boards"].push_back({{"name", node.name()},
                              {"board", node.board().name},
                              {"address", node.address()},
                              {"sram_bytes", m.sram_bytes},
                              {"fixed_bytes", m.fixed_bytes},
                              {"stack_bytes", m.stack_bytes},
                              {"stack_used_bytes", m.stack_used},
                              {"arena_bytes", arena},
                              {"free_bytes", room_of(m, arena).free},
                              {"flash_bytes", m.flash_bytes},
                              {"flash_used_bytes", m.flash_used}});
    const NodeWork &d = node.deployment(), &r = node.runs();
    json["boards"].back().update(
        {{"deployment_written_bytes", d.storage_written_bytes},
         {"deployment_storage_s", storage_seconds(node)},
         {"deployment_datagrams", d.datagrams},
         {"deployment_instructions", d.instructions},
         {"frame_read_bytes", r.storage_read_bytes / frames},
         {"frame_datagrams", r.datagrams / frames},
         {"frame_instructions", r.instructions / frames}});
  }
  json["path_instructions"] = path_instructions(boards, report);
}

// Returns what the boards did for a frame, as tables of a page.
Section boards_section(const EmulatedNodes& boards,
                       const EngineReport& report) {
  const int64_t frames = std::max<int64_t>(report.frames, 1);
  Chart work;
  work.title = "Instructions of a frame, by segment";
  work.kind = ChartKind::kStacked;
  work.y_label = "millions of instructions";
  work.table.columns = {{"kind", ""}, {"board", ""}};
  int segments = 0;
  for (const EngineNode& node : report.nodes) {
    for (const int s : node.segments) segments = std::max(segments, s + 1);
  }
  for (int s = 0; s < segments; ++s) {
    work.series.push_back(2 + s);
    work.table.columns.push_back(
        {"segment " + std::to_string(s), "millions", Origin::kEmulated, 3});
  }
  Chart memory = table_chart("Memory", {{"board", ""},
                                        {"SRAM", "B"},
                                        {"stacks used", "B"},
                                        {"planned arena", "B"},
                                        {"left free", "B"},
                                        {"firmware's size", "B"},
                                        {"storage read", "B a frame"},
                                        {"datagrams of a frame", ""}});
  for (size_t i = 0; i < boards.nodes().size(); ++i) {
    const EmulatedNode& node = *boards.nodes()[i];
    const EngineNode& planned = report.nodes.at(i);
    std::vector<double> sums(static_cast<size_t>(segments));
    for (const auto& [stage, count] : node.runs().stages) {
      const auto s = static_cast<size_t>(stage);
      if (stage < 0 || s >= planned.segments.size()) continue;
      sums[static_cast<size_t>(planned.segments[s])] +=
          static_cast<double>(count) * 1e-6 / static_cast<double>(frames);
    }
    Row row{"boards", node.name()};
    for (const double sum : sums) row.push_back(sum);
    work.table.rows.push_back(std::move(row));
    const shoal_memory& m = node.memory();
    const Room room = room_of(m, planned.arena_bytes);
    Row bytes{node.name()};
    for (const double value :
         {double(m.sram_bytes), double(m.stack_used),
          double(planned.arena_bytes), double(room.free), double(m.flash_used),
          double(node.runs().storage_read_bytes / frames),
          double(node.runs().datagrams / frames)}) {
      bytes.push_back(value);
    }
    memory.table.rows.push_back(std::move(bytes));
  }
  return {"boards",
          "The emulated boards",
          "Emulators count instructions, which are no cycles.",
          {std::move(work), std::move(memory)},
          {}};
}

// Hears what the boards say at the end of a run.
void hear_the_end(const EmulatedNodes& boards, const EngineReport& report) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::seconds(kMostSilence);
  for (size_t i = 0; i < boards.nodes().size(); ++i) {
    EmulatedNode& node = *boards.nodes()[i];
    while (report.nodes.at(i).stages > 0 && !node.has_run() &&
           Clock::now() < until) {
      node.listen(kLook);
    }
  }
}

}  // namespace

int emulate_nodes(const EmulateFlags& flags) {
  if (flags.serve) return serve(flags);
  Cluster cluster = cluster_of_boards(flags.plan);
  // Before any board boots.
  require_operands("emulate", flags.model, flags.plan, "INPUT", flags.input);
  check_files({{"MODEL", flags.model},
               {"INPUT", flags.input},
               {"--labels", flags.results.labels},
               {"--cuts", flags.plan.cuts.path}},
              {{"--output", flags.results.output},
               {"--timeline", flags.results.timeline},
               {"--html", flags.results.html}});
  cluster = linked_request(flags.plan, std::move(cluster)).cluster;
  EmulatedNodes boards(nodes_options(flags, cluster));
  RunFlags run;
  run.model = flags.model;
  run.inputs = {flags.input};
  run.results = flags.results;
  run.plan = flags.plan;
  run.plan.nodes.reset();
  run.plan.cluster = {};
  run.plan.cores.reset();
  run.pictures = flags.pictures;
  run.frames = flags.frames;
  run.json = flags.json;
  run.ends = flags.ends;
  run.cluster.own_key = boards.key();
  run.cluster.usual_timeout = kMostSilence;
  cluster.payload = cluster.link_payload();
  for (size_t i = 0; i < cluster.nodes.size(); ++i) {
    cluster.nodes[i].address = boards.nodes()[i]->address();
  }
  run.cluster.own_cluster = std::move(cluster);
  const auto more = [&](const EngineReport& report, nlohmann::json* json,
                        Document& page) {
    hear_the_end(boards, report);
    page.sections.push_back(boards_section(boards, report));
    if (json) {
      add_boards(boards, report, *json);
    } else {
      print_boards(boards, report);
    }
  };
  try {
    return run_model(run, more);
  } catch (const Error&) {
    // A board's own words about its end say more than its silence does.
    for (const auto& node : boards.nodes()) {
      node->listen(std::chrono::milliseconds(0));
    }
    throw;
  }
}

}  // namespace shoal
