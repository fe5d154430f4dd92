#include "host/cli/asked.h"

#include <span>

namespace shoal {
namespace {

struct Given {
  Asked asked;
  bool is_given;
};

void add(std::initializer_list<Given> flags, std::vector<Asked>& to) {
  for (const Given& g : flags) {
    if (g.is_given) to.push_back(g.asked);
  }
}

}  // namespace

void add_asked(const StorageFlags& f, std::vector<Asked>& to) {
  add({{{"--flash", Ability::kWeights}, f.flash.has_value()},
       {{"--storage", Ability::kWeights}, !f.storage.empty()},
       {{"--max-writes", Ability::kSpill}, f.max_writes.has_value()},
       {{"--lifetime", Ability::kSpill}, f.lifetime.has_value()},
       {{"--fps", Ability::kSpill}, f.fps > 0},
       {{"--store", Ability::kStore}, !f.store.empty()},
       {{"--store-key", Ability::kStore}, !f.key.empty()},
       {{"--no-encrypt", Ability::kUnsealed}, f.no_encrypt}},
      to);
}

void add_asked(const PlanFlags& f, std::vector<Asked>& to) {
  const PlanFlags none;
  add({{{"--ram", Ability::kPlan}, f.ram.has_value()},
       {{"--batch", Ability::kBatch}, f.batch > 1},
       {{"--replay", Ability::kPlan}, f.replay},
       {{"--strategy", Ability::kPlan}, !f.strategy.empty()},
       {{"--objective", Ability::kPlan}, f.objective != none.objective},
       {{"--max-latency", Ability::kPlan}, !f.max_latency.empty()},
       {{"--max-traffic", Ability::kPlan}, !f.max_traffic.empty()},
       {{"--max-arena", Ability::kPlan}, !f.max_arena.empty()},
       {{"--plan-seconds", Ability::kPlan}, f.plan_seconds > 0},
       {{"--plan-jobs", Ability::kPlan}, f.plan_jobs > 0},
       {{"--effort", Ability::kPlan}, f.effort > 1},
       {{"--plan", Ability::kPlan}, !f.plan.empty()},
       {{"--no-cache", Ability::kPlan}, f.no_cache},
       {{"--nodes", Ability::kCount}, f.nodes.has_value()},
       {{"--banks", Ability::kBanks}, f.banks != none.banks},
       {{"--cores", Ability::kCores}, f.cores.has_value()},
       {{"--cluster", Ability::kNodes}, !f.cluster.empty()},
       {{"--cuts", Ability::kCuts}, !f.cuts.empty()},
       {{"--payload", Ability::kPayload}, f.payload.has_value()},
       {{"--board", Ability::kBoard}, f.board != none.board}},
      to);
  add_asked(f.storage, to);
}

void add_asked(const ClusterFlags& f, std::vector<Asked>& to) {
  add({{{"--workers", Ability::kWorkers}, !f.workers.empty()},
       {{"--insecure", Ability::kInsecure}, f.insecure},
       {{"--key", Ability::kSession}, f.key != ClusterFlags{}.key},
       {{"--identity", Ability::kSession}, !f.identity.empty()},
       {{"--node-key", Ability::kSession}, !f.node_keys.empty()},
       {{"--on-loss", Ability::kSession}, f.on_loss != f.usual_on_loss},
       {{"--state", Ability::kSession}, !f.state.empty()},
       {{"--spares", Ability::kWorkers}, !f.spares.empty()},
       {{"--node-timeout", Ability::kSession}, f.node_timeout.has_value()},
       {{"--take-over", Ability::kSession}, f.take_over}},
      to);
}

void add_asked(const NetworkFlags& f, std::vector<Asked>& to) {
  add({{{"--loss", Ability::kNetwork}, !f.loss.empty()},
       {{"--duplicate", Ability::kNetwork}, !f.duplicate.empty()},
       {{"--reorder", Ability::kNetwork}, !f.reorder.empty()},
       {{"--jitter", Ability::kNetwork}, !f.jitter.empty()},
       {{"--latency", Ability::kNetwork}, !f.latency.empty()},
       {{"--rate", Ability::kNetwork}, !f.rate.empty()},
       {{"--network", Ability::kNetwork}, !f.network.empty()},
       {{"--power-loss", Ability::kNetwork}, !f.power_loss.empty()},
       {{"--seed", Ability::kNetwork}, f.seed.has_value()},
       {{"--framing", Ability::kNetwork}, f.framing.has_value()}},
      to);
}

namespace {

void add_asked(const ResultFlags& f, std::vector<Asked>& to) {
  const ResultFlags none;
  add({{{"--labels", Ability::kRuns}, !f.labels.empty()},
       {{"--top", Ability::kRuns}, f.top != none.top},
       {{"--output", Ability::kRuns}, !f.output.empty()},
       {{"--output-dir", Ability::kRuns}, !f.folder.empty()},
       {{"--task", Ability::kRuns}, !f.task.empty()},
       {{"--head", Ability::kRuns}, !f.head.empty()},
       {{"--score", Ability::kRuns}, f.score != none.score},
       {{"--overlap", Ability::kRuns}, f.overlap.has_value()},
       {{"--anchors", Ability::kRuns}, !f.anchors.empty()},
       {{"--trace", Ability::kTrace}, !f.trace.empty()},
       {{"--timeline", Ability::kTimes}, !f.timeline.empty()}},
      to);
}

void add_asked(const PictureFlags& f, std::vector<Asked>& to) {
  add({{{"--mean", Ability::kRuns}, !f.mean.empty()},
       {{"--std", Ability::kRuns}, !f.deviation.empty()},
       {{"--fit", Ability::kRuns}, f.fit != PictureFlags{}.fit},
       {{"--bin", Ability::kRuns}, f.bin != PictureFlags{}.bin}},
      to);
}

void add_asked(const ImportOptions& f, std::vector<Asked>& to) {
  add({{{"--inputs", Ability::kRuns}, !f.inputs.empty()},
       {{"--outputs", Ability::kRuns}, !f.outputs.empty()},
       {{"--input-shape", Ability::kRuns}, !f.shapes.empty()},
       {{"--signature", Ability::kRuns}, !f.signature.empty()}},
      to);
}

}  // namespace

void add_asked(const EmulateFlags& f, std::vector<Asked>& to) {
  const EmulateFlags none;
  add({{{"--serve", Ability::kServing}, f.serve},
       {{"MODEL", Ability::kRuns}, !f.model.empty()},
       {{"INPUT", Ability::kRuns}, !f.input.empty()},
       {{"--state", Ability::kState}, !f.state.empty()},
       {{"--wait", Ability::kState}, f.plan.wait > 0},
       {{"--key", Ability::kSession}, f.key != none.key},
       {{"--insecure", Ability::kInsecure}, f.insecure},
       {{"--layers", Ability::kCounts}, f.layers},
       {{"--frames", Ability::kRuns}, f.frames != none.frames},
       {{"--json", Ability::kRuns}, f.json}},
      to);
  add_asked(f.plan, to);
  add_asked(f.results, to);
  add_asked(f.pictures, to);
  add_asked(f.ends, to);
}

void require_flag(EngineKind kind, bool given, const Asked& asked) {
  if (given) require(kind, std::span(&asked, 1));
}

}  // namespace shoal
