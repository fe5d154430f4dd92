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
  LoneSearch(const Net& net, const PlanRequest& request, int node)
      : request_(request_of(request, node)),
        node_(static_cast<size_t>(node)),
        inner_(node_search(net, request_)),
        all_(net, request.cluster) {
    // Of the given request, which outlives this search.
    const ClusterNode& of = request.cluster.nodes[node_];
    Supply& supply = all_.supplies[node_] = inner_->supplies()[0];
    supply.board = &of.board;
    if (supply.storage) supply.storage = &find_storage(of.board, of.storage);
  }

  const std::vector<Supply>& supplies() const override { return all_.supplies; }
  std::optional<Plan> fastest() override { return among(inner_->fastest()); }
  Plan smallest() override { return *among(inner_->smallest()); }
  std::optional<Plan> otherwise(std::string& else_fits) override {
    return among(inner_->otherwise(else_fits));
  }
  int64_t least_arena(int64_t most) override {
    return inner_->least_arena(most);
  }

 private:
  // It has no streams but the coordinator's, which name no nodes.
  std::optional<Plan> among(std::optional<Plan> alone) const {
    if (!alone) return std::nullopt;
    std::vector<PlanNode> nodes = all_.plan.nodes;
    nodes[node_] = std::move(alone->nodes[0]);
    alone->nodes = std::move(nodes);
    return alone;
  }

  const PlanRequest request_;
  const size_t node_;
  const std::unique_ptr<Search> inner_;
  IdleNodes all_;
};

}  // namespace

std::unique_ptr<Search> lone_search(const Net& net, const PlanRequest& request,
                                    int node) {
  return std::make_unique<LoneSearch>(net, request, node);
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
