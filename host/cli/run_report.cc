#include "host/cli/run_report.h"

#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/cli/output.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

int64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

void add_storage(const StorageFigures& s, nlohmann::json& json) {
  json["storage"] = s.name;
  json["sealed"] = s.sealed;
  json["storage_read_bytes"] = s.read_bytes;
  json["storage_written_bytes"] = s.written_bytes;
  json["storage_erases"] = s.erases;
  json["storage_reads"] = s.reads;
  json["storage_waits"] = s.waits;
  json["storage_wait_s"] = s.wait_s;
  json["storage_transfer_s"] = s.transfer_s;
  json["peak_rss_bytes"] = peak_rss_bytes();
}

void print_storage(const StorageFigures& s) {
  say("storage  %s read in %s requests, %s written a frame; %s\n",
      format_bytes(s.read_bytes).c_str(), format_count(s.reads).c_str(),
      format_bytes(s.written_bytes).c_str(),
      s.sealed ? "sealed" : "not sealed");
  if (!s.life.empty()) {
    say("         %s blocks erased a frame; %s\n",
        format_count(s.erases).c_str(), s.life.c_str());
  }
  say("         %.3f ms of transfers, %.3f ms waited for them in %s "
      "waits (measured)\n",
      s.transfer_s * 1e3, s.wait_s * 1e3, format_count(s.waits).c_str());
  say("memory   %s at most, the whole process (measured)\n",
      format_bytes(peak_rss_bytes()).c_str());
}

void print_json(const RunFlags& flags, const std::vector<RanNode>& nodes,
                const std::vector<Class>& top, const RunOutcome& outcome) {
  nlohmann::json json{{"output_sha256", sha256_hex(outcome.output)},
                      {"latency_s", outcome.seconds},
                      {"latency_kind", outcome.kind},
                      {"frames", flags.frames},
                      {"top", nlohmann::json::array()},
                      {"arena_bytes", nlohmann::json::array()}};
  for (const Class& c : top) {
    json["top"].push_back(
        {{"index", c.index}, {"label", c.label}, {"score", c.score}});
  }
  for (const RanNode& node : nodes) {
    json["arena_bytes"].push_back(node.arena_bytes);
  }
  if (outcome.batch > 1) {
    json["batch"] = outcome.batch;
    json["batch_s"] = outcome.batch_seconds;
  }
  if (outcome.storage) add_storage(*outcome.storage, json);
  say_json(json);
}

void print_text(const std::vector<RanNode>& nodes,
                const std::vector<Class>& top, const RunOutcome& outcome) {
  print_classes(top);
  for (const RanNode& node : nodes) {
    const std::string name = node.name.empty() ? "" : ", node " + node.name;
    say("arena    %s, %zu stages, board %s%s\n",
        format_bytes(node.arena_bytes).c_str(), node.stages, node.board.c_str(),
        name.c_str());
  }
  if (outcome.storage) print_storage(*outcome.storage);
  if (outcome.batch > 1) {
    say("batch    %.3f ms per batch of %d frames, %.2f frames/s\n",
        outcome.batch_seconds * 1e3, outcome.batch, 1 / outcome.seconds);
  }
  say("latency  %.3f ms%s (%s %s)\n", outcome.seconds * 1e3,
      outcome.batch > 1 ? " per frame" : "", outcome.kind.c_str(),
      outcome.where.c_str());
}

}  // namespace

std::vector<RanNode> nodes_of(const Plan& plan) {
  std::vector<RanNode> nodes;
  for (const PlanNode& node : plan.nodes) {
    nodes.push_back({plan.linked ? node.name : "", node.board, node.arena_bytes,
                     node.stages.size()});
  }
  return nodes;
}

StorageFigures storage_figures(const FileCounters& before,
                               const FileCounters& after, int frames) {
  StorageFigures s;
  s.read_bytes = (after.read_bytes - before.read_bytes) / frames;
  s.written_bytes = (after.written_bytes - before.written_bytes) / frames;
  s.reads = (after.reads - before.reads) / frames;
  s.erases = (after.erases - before.erases) / frames;
  s.waits = (after.waits - before.waits) / frames;
  s.wait_s = (after.wait_s - before.wait_s) / frames;
  s.transfer_s = (after.transfer_s - before.transfer_s) / frames;
  return s;
}

void report_run(const RunFlags& flags, const Graph& graph,
                const std::vector<RanNode>& nodes,
                const std::vector<std::string>& labels,
                const RunOutcome& outcome) {
  if (!flags.output.empty()) write_file(flags.output, outcome.output);
  const std::vector<Class> top =
      best_classes(graph, outcome.output, labels, flags.top);
  if (flags.json) {
    print_json(flags, nodes, top, outcome);
  } else {
    print_text(nodes, top, outcome);
  }
}

}  // namespace shoal
