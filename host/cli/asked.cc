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
       {{"--nodes", Ability::kCount}, f.nodes.has_value()},
       {{"--banks", Ability::kBanks}, f.banks != none.banks},
       {{"--cluster", Ability::kNodes}, !f.cluster.empty()},
       {{"--cuts", Ability::kNodes}, !f.cuts.empty()},
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
       {{"--lose", Ability::kNetwork}, !f.lose.empty()},
       {{"--seed", Ability::kNetwork}, f.seed.has_value()},
       {{"--framing", Ability::kNetwork}, f.framing.has_value()}},
      to);
}

void require_flag(EngineKind kind, bool given, const Asked& asked) {
  if (given) require(kind, std::span(&asked, 1));
}

}  // namespace shoal
