#include <chrono>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/cli/asked.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/run_float.h"
#include "host/cli/run_report.h"
#include "host/cli/run_session.h"
#include "host/cli/store_flags.h"
#include "host/engine/local/local_node.h"
#include "host/engine/local/prepare.h"
#include "host/engine/local/session.h"
#include "host/engine/local/trace.h"
#include "host/engine/virtual/simulate.h"
#include "host/engine/virtual/store_image.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/trace.h"
#include "host/plan/cost/wear.h"

namespace shoal {

namespace {

RunOutcome run_one(const RunFlags& flags, const Prepared& p,
                   const std::vector<std::string>& labels,
                   const std::vector<uint8_t>& input,
                   std::optional<TraceCollector>& trace) {
  const LocalNode node(p, store_settings(flags.plan, "run", labels));
  Session session(p.graph, p.net, node.source(), node.arena_bytes(),
                  trace ? trace->tap() : Tap{});
  RunOutcome outcome =
      run_session(flags, session, p.net.frames, node.storage(), input, [&] {
        if (trace) trace->reset();
      });
  if (outcome.storage) {
    const PlanNode& plan = p.plan.nodes[0];
    outcome.storage->name = plan.storage;
    outcome.storage->sealed = node.source().key != nullptr;
    if (plan.spill_pages > 0) {
      outcome.storage->life = life_text(plan, p.net.frames);
    }
  }
  return outcome;
}

// Virtual nodes in this process; virtual time is nobody's time here.
RunOutcome run_nodes(const RunFlags& flags, const Prepared& p,
                     const Cluster& cluster, const std::vector<uint8_t>& input,
                     std::optional<TraceCollector>& trace, SimOptions options) {
  options.costs = false;
  options.insecure = flags.cluster.insecure;
  options.frames = flags.frames;
  options.first_alone = false;
  RunOutcome outcome;
  outcome.where += ", " + std::to_string(p.plan.nodes.size()) +
                   " virtual nodes one after another";
  std::chrono::steady_clock::time_point start;
  options.started = [&] { start = std::chrono::steady_clock::now(); };
  options.output = [&](int frame, const std::vector<uint8_t>& bytes) {
    if (frame > 0 && bytes != outcome.output) {
      throw Error(Exit::kDiffers, "frame " + std::to_string(frame) +
                                      " has another output than those before");
    }
    outcome.output = bytes;
    outcome.seconds = seconds_since(start) / flags.frames;
  };
  if (trace) {
    trace->watch(static_cast<uint32_t>(flags.frames - 1));
    options.tap = [&](int node) { return trace->tap(node); };
  }
  simulate_cluster(p, cluster, input, options);
  return outcome;
}

// A store that was built is run with INPUT alone.
void require_operands(const RunFlags& flags) {
  if (flags.model.empty() && flags.plan.storage.store.empty()) {
    throw Error(Exit::kUsage, "MODEL is required",
                "see `shoal run --help`; --store DIR of a built store does "
                "without");
  }
  if (flags.input.empty()) {
    throw Error(Exit::kUsage, "INPUT is required", "see `shoal run --help`");
  }
}

}  // namespace

int run_command(const RunFlags& flags) {
  require_operands(flags);
  check_files({{"MODEL", flags.model},
               {"INPUT", flags.input},
               {"--labels", flags.labels},
               {"--key", flags.cluster.key},
               {"--cluster", flags.plan.cluster},
               {"--cuts", flags.plan.cuts},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output}, {"--trace", flags.trace}});
  if (flags.model.empty()) return run_stored(flags);
  Graph graph = load_model(flags.model);
  if (is_float(graph)) return run_float(flags, graph);
  const bool several = wants_cluster(flags.plan);
  const bool named = !flags.cluster.workers.empty();
  const Cluster cluster =
      several && !named ? cluster_of(flags.plan) : Cluster{};
  if (named || has_addresses(cluster)) {
    return run_on_workers(flags, std::move(graph));
  }
  if (!several) require_flags(EngineKind::kNode, flags.plan, flags.network);
  const std::optional<Normalization> norm =
      normalization(flags.mean, flags.deviation);
  const std::vector<std::string> labels = read_labels(flags.labels);
  const std::vector<uint8_t> input = load_input(graph, flags.input, norm);
  SimOptions network;
  apply(flags.network, network);
  Prepared p = prepare(std::move(graph), plan_request(flags.plan, network),
                       several ? Images::kAll : Images::kNone);
  if (several) seal_stores(p, flags.network.seed, network);

  std::optional<TraceCollector> trace;
  if (!flags.trace.empty()) trace.emplace(p.graph, p.net, p.plan);
  const RunOutcome outcome =
      several ? run_nodes(flags, p, cluster, input, trace, network)
              : run_one(flags, p, labels, input, trace);
  if (trace) {
    const int last = (flags.frames - 1) % p.net.frames;
    const Values values = trace->values(input, last);
    write_file(flags.trace, format_trace(make_trace(p.graph, [&](int t) {
                 return file_bytes(p.graph, t, values[static_cast<size_t>(t)]);
               })));
  }
  report_run(flags, p.graph, nodes_of(p.plan), labels, outcome);
  return 0;
}

}  // namespace shoal
