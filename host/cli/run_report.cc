#include "host/cli/run_report.h"

#include <sys/resource.h>

#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/output.h"

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
  const auto each = [&](double seconds) {
    return format_time(seconds / static_cast<double>(frames));
  };
  say("storage  %s read in %s requests, %s written a frame; %s\n",
      format_bytes(done.read_bytes / frames).c_str(),
      format_count(done.reads / frames).c_str(),
      format_bytes(done.written_bytes / frames).c_str(),
      s.sealed ? "sealed" : "not sealed");
  if (!s.life.empty()) {
    say("         %s blocks erased a frame; %s\n",
        format_count(done.erases / frames).c_str(), s.life.c_str());
  }
  say("         %s of transfers, %s waited for them in %s waits (measured)\n",
      each(done.transfer_s).c_str(), each(done.wait_s).c_str(),
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

void add_run(const EngineReport& report, nlohmann::json& json) {
  json["latency_s"] = frame_seconds(report);
  json["latency_kind"] = "measured";
  json["frames"] = report.frames;
  json["arena_bytes"] = nlohmann::json::array();
  for (const EngineNode& node : report.nodes) {
    json["arena_bytes"].push_back(node.arena_bytes);
  }
  if (report.batch > 1) {
    json["batch"] = report.batch;
    json["batch_s"] = batch_seconds(report);
  }
  if (report.storage) add_storage(*report.storage, report.frames, json);
}

void print_run(const EngineReport& report) {
  print_arenas(report.nodes);
  if (report.storage) print_storage(*report.storage, report.frames);
  const double seconds = frame_seconds(report);
  if (report.batch > 1) {
    say("batch    %s per batch of %d frames, %s frames/s\n",
        format_time(batch_seconds(report)).c_str(), report.batch,
        format_three_digits(1 / seconds).c_str());
  }
  say("latency  %s%s (measured %s)\n", format_time(seconds).c_str(),
      report.batch > 1 ? " per frame" : "", report.where.c_str());
}

}  // namespace

void print_arenas(const std::vector<EngineNode>& nodes) {
  for (const EngineNode& node : nodes) {
    const std::string name = node.name.empty() ? "" : ", node " + node.name;
    say("arena    %s, %zu %s, board %s%s\n",
        format_bytes(node.arena_bytes).c_str(), node.stages,
        node.stages == 1 ? "stage" : "stages", node.board.c_str(),
        name.c_str());
  }
}

RunReport::RunReport(const RunFlags& flags, const Results& results,
                     bool several)
    : flags_(flags), results_(results), several_(several) {
  if (several) json_["results"] = nlohmann::json::array();
}

void RunReport::add(const Results::Result& result, const Bytes& output) {
  if (!flags_.results.output.empty()) {
    outputs_.insert(outputs_.end(), output.begin(), output.end());
  }
  if (flags_.json) {
    if (several_) {
      json_["results"].push_back(results_.json(result));
    } else {
      json_ = results_.json(result);
    }
    return;
  }
  if (several_) {
    say("%s\n", printable(result.name).c_str());
    results_.print(result);
  } else {
    only_ = result;
  }
}

void RunReport::end(const EngineReport& report, const RunMore& more,
                    Document& page) {
  if (!flags_.results.output.empty()) {
    write_file(flags_.results.output, outputs_);
  }
  if (flags_.json) {
    add_run(report, json_);
    more(report, &json_, page);
    say_json(json_);
  } else {
    if (only_) results_.print(*only_);
    print_run(report);
    more(report, nullptr, page);
  }
}

}  // namespace shoal
