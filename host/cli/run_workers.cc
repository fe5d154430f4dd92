
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/asked.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/run_report.h"
#include "host/cli/store_flags.h"
#include "host/cli/worker_cluster.h"
#include "host/engine/workers/drive.h"

namespace shoal {
namespace {

void say_traffic(const Coordinator& c, size_t workers, int frames) {
  const shoal_link_counters own = c.counters();
  uint64_t sent = own.sent_bytes, rows = own.row_bytes;
  uint64_t again = own.resent_bytes;
  for (size_t i = 0; i < workers; ++i) {
    const PingAnswer last = c.report(static_cast<int>(i)).last;
    sent += last.sent_bytes;
    rows += last.row_bytes;
    again += last.resent_bytes;
  }
  const auto count = static_cast<uint64_t>(frames);
  const auto a_frame = [count](uint64_t v) {
    return format_count(static_cast<int64_t>(v / count));
  };
  tell("traffic  %s B a frame, %s of them rows, %s of rows again\n",
       a_frame(sent).c_str(), a_frame(rows).c_str(), a_frame(again).c_str());
}

}  // namespace

int run_on_workers(const RunFlags& flags, Graph graph) {
  constexpr EngineKind kKind = EngineKind::kWorkers;
  require_flags(kKind, flags.plan, flags.network);
  require_flag(kKind, !flags.trace.empty(), {"--trace", Ability::kTrace});
  const std::vector<std::string> labels = read_labels(flags.labels);
  WorkerCluster workers(flags.plan, flags.cluster);
  const std::vector<uint8_t> input = load_input(
      graph, flags.input, normalization(flags.mean, flags.deviation));

  const Prepared p = workers.prepare(std::move(graph));
  const ClusterOutcome outcome = run_frames(
      workers.coordinator(), workers.transport(), p, input, flags.frames);
  workers.say_deployed(p);
  say_traffic(workers.coordinator(), p.images.size(), flags.frames);
  RunOutcome ran;
  ran.output = outcome.output;
  ran.seconds = outcome.frame_seconds;
  report_run(flags, p.graph, nodes_of(p.plan), labels, ran);
  return 0;
}

}  // namespace shoal
