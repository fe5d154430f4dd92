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

// All of it of a frame.
void add_storage(const StorageWork& s, int64_t frames, nlohmann::json& json) {
  const FileCounters& done = s.done;
  const auto count = static_cast<double>(frames);
  json["storage"] = s.name;
  json["sealed"] = s.sealed;
  json["storage_read_bytes"] = done.read_bytes / frames;
  json["storage_written_bytes"] = done.written_bytes / frames;
  json["storage_erases"] = done.erases / frames;
  json["storage_reads"] = done.reads / frames;
  json["storage_waits"] = done.waits / frames;
  json["storage_wait_s"] = done.wait_s / count;
  json["storage_transfer_s"] = done.transfer_s / count;
  json["peak_rss_bytes"] = peak_rss_bytes();
}

void print_storage(const StorageWork& s, int64_t frames) {
  const FileCounters& done = s.done;
  const double ms = 1e3 / static_cast<double>(frames);
  say("storage  %s read in %s requests, %s written a frame; %s\n",
      format_bytes(done.read_bytes / frames).c_str(),
      format_count(done.reads / frames).c_str(),
      format_bytes(done.written_bytes / frames).c_str(),
      s.sealed ? "sealed" : "not sealed");
  if (!s.life.empty()) {
    say("         %s blocks erased a frame; %s\n",
        format_count(done.erases / frames).c_str(), s.life.c_str());
  }
  say("         %.3f ms of transfers, %.3f ms waited for them in %s "
      "waits (measured)\n",
      done.transfer_s * ms, done.wait_s * ms,
      format_count(done.waits / frames).c_str());
  say("memory   %s at most, the whole process (measured)\n",
      format_bytes(peak_rss_bytes()).c_str());
}

double frame_seconds(const EngineReport& r) {
  return r.seconds / static_cast<double>(r.frames);
}

double batch_seconds(const EngineReport& r) {
  return r.seconds / static_cast<double>(r.runs);
}

void print_json(const std::vector<Class>& top, const Bytes& output,
                const EngineReport& report) {
  nlohmann::json json{{"output_sha256", sha256_hex(output)},
                      {"latency_s", frame_seconds(report)},
                      {"latency_kind", "measured"},
                      {"frames", report.frames},
                      {"top", nlohmann::json::array()},
                      {"arena_bytes", nlohmann::json::array()}};
  for (const Class& c : top) {
    json["top"].push_back(
        {{"index", c.index}, {"label", c.label}, {"score", c.score}});
  }
  for (const EngineNode& node : report.nodes) {
    json["arena_bytes"].push_back(node.arena_bytes);
  }
  if (report.batch > 1) {
    json["batch"] = report.batch;
    json["batch_s"] = batch_seconds(report);
  }
  if (report.storage) add_storage(*report.storage, report.frames, json);
  say_json(json);
}

void print_text(const std::vector<Class>& top, const EngineReport& report) {
  print_classes(top);
  print_arenas(report.nodes);
  if (report.storage) print_storage(*report.storage, report.frames);
  const double seconds = frame_seconds(report);
  if (report.batch > 1) {
    say("batch    %.3f ms per batch of %d frames, %.2f frames/s\n",
        batch_seconds(report) * 1e3, report.batch, 1 / seconds);
  }
  say("latency  %.3f ms%s (measured %s)\n", seconds * 1e3,
      report.batch > 1 ? " per frame" : "", report.where.c_str());
}

}  // namespace

void print_arenas(const std::vector<EngineNode>& nodes) {
  for (const EngineNode& node : nodes) {
    const std::string name = node.name.empty() ? "" : ", node " + node.name;
    say("arena    %s, %zu stages, board %s%s\n",
        format_bytes(node.arena_bytes).c_str(), node.stages, node.board.c_str(),
        name.c_str());
  }
}

void report_run(const RunFlags& flags, const Graph& graph,
                const std::vector<std::string>& labels, const Bytes& output,
                const EngineReport& report) {
  if (!flags.output.empty()) write_file(flags.output, output);
  const std::vector<Class> top = best_classes(graph, output, labels, flags.top);
  if (flags.json) {
    print_json(top, output, report);
  } else {
    print_text(top, report);
  }
}

}  // namespace shoal
