#include "host/plan/search/lone_search.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/search/idle_nodes.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

PlanRequest request_of(PlanRequest request, int node) {
  request.cluster.nodes = {request.cluster.nodes[size_t(node)]};
  request.linked = true;
  request.cuts.reset();
  request.cuts_file.reset();
  request.strategy = "single";
  return request;
}

class LoneSearch : public Search {
 public:
  // `inner` searches the node alone, for the request in `own`.
  LoneSearch(const Net& net, const PlanRequest& request, int node,
             std::unique_ptr<PlanRequest> own, std::unique_ptr<Search> inner)
      : request_(std::move(own)),
        node_(static_cast<size_t>(node)),
        inner_(std::move(inner)),
        all_(net, request.cluster) {
    // The given request outlives this search.
    const ClusterNode& of = request.cluster.nodes[node_];
    Supply& supply = all_.supplies[node_] = inner_->supplies()[0];
    supply.board = &of.board;
    if (supply.storage) supply.storage = &find_storage(of.board, of.storage);
  }

  const std::vector<Supply>& supplies() const override { return all_.supplies; }
  std::optional<Plan> fastest() override { return among(inner_->fastest()); }
  OrMisfit<Plan> smallest() override {
    OrMisfit<Plan> plan = inner_->smallest();
    if (!plan) return plan;
    return *among(*std::move(plan));
  }
  std::optional<Plan> otherwise(std::string& else_fits) override {
    return among(inner_->otherwise(else_fits));
  }
  int64_t least_arena(int64_t most) override {
    return inner_->least_arena(most);
  }

 private:
  // All its streams are the coordinator's, which name no nodes, so nothing has
  // to be renumbered.
  std::optional<Plan> among(std::optional<Plan> alone) const {
    if (!alone) return std::nullopt;
    std::vector<PlanNode> nodes = all_.plan.nodes;
    nodes[node_] = std::move(alone->nodes[0]);
    alone->nodes = std::move(nodes);
    return alone;
  }

  const std::unique_ptr<PlanRequest> request_;
  const size_t node_;
  const std::unique_ptr<Search> inner_;
  IdleNodes all_;
};

}  // namespace

SearchOrMisfit lone_search(const Net& net, const PlanRequest& request,
                           int node) {
  auto own = std::make_unique<PlanRequest>(request_of(request, node));
  SearchOrMisfit inner = node_search(net, *own);
  if (!inner) return inner;
  return SearchOrMisfit(std::make_unique<LoneSearch>(
      net, request, node, std::move(own), *std::move(inner)));
}

std::vector<SearchOptions> streamed_ways() {
  std::vector<SearchOptions> ways(7);
  ways[1].flash = {tuning::kHalfOfFlash, 0};
  ways[2].overlays = true;
  ways[3].save_memory();
  ways[4].in_flight_room = false;
  ways[5].rungs = true;
  ways[6].rungs = true;
  ways[6].save_memory();
  return ways;
}

}  // namespace shoal
