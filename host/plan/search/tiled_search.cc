#include "host/plan/search/tiled_search.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/draft/tile_cuts.h"

namespace shoal {
namespace {

class TiledSearch : public Search {
 public:
  TiledSearch(const Net& net, const PlanRequest& request, const Cuts& cuts,
              const SearchOptions& options)
      : tiles_(net, find_uses(net), tile_runs(net, cuts, request.replay)),
        inner_(linked_search(tiles_.net(), request,
                             tile_cuts(net, tiles_, cuts), options)) {}

  const std::vector<Supply>& supplies() const override {
    return inner_->supplies();
  }
  std::optional<Plan> fastest() override { return restored(inner_->fastest()); }
  Plan smallest() override { return *restored(inner_->smallest()); }
  std::optional<Plan> otherwise(std::string& else_fits) override {
    return restored(inner_->otherwise(else_fits));
  }
  int64_t least_arena(int64_t most) override {
    return inner_->least_arena(most);
  }
  std::optional<Estimate> estimate() const override {
    return inner_->estimate();
  }

 private:
  std::optional<Plan> restored(std::optional<Plan> plan) const {
    if (plan) tiles_.restore(*plan);
    return plan;
  }

  const TileNet tiles_;
  const std::unique_ptr<Search> inner_;
};

}  // namespace

std::unique_ptr<Search> tiled_search(const Net& net, const PlanRequest& request,
                                     const Cuts& cuts,
                                     const SearchOptions& options) {
  return std::make_unique<TiledSearch>(net, request, cuts, options);
}

}  // namespace shoal
