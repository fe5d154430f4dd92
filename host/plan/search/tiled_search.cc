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
  // `inner` searches the net of tiles.
  TiledSearch(std::unique_ptr<const TileNet> tiles,
              std::unique_ptr<Search> inner)
      : tiles_(std::move(tiles)), inner_(std::move(inner)) {}

  const std::vector<Supply>& supplies() const override {
    return inner_->supplies();
  }
  std::optional<Plan> fastest() override { return restored(inner_->fastest()); }
  OrMisfit<Plan> smallest() override {
    OrMisfit<Plan> plan = inner_->smallest();
    if (plan) tiles_->restore(*plan);
    return plan;
  }
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
    if (plan) tiles_->restore(*plan);
    return plan;
  }

  const std::unique_ptr<const TileNet> tiles_;
  const std::unique_ptr<Search> inner_;
};

}  // namespace

SearchOrMisfit tiled_search(const Net& net, const PlanRequest& request,
                            const Cuts& cuts, const SearchOptions& options) {
  OrMisfit<std::vector<TileRun>> runs = tile_runs(net, cuts, request.replay);
  if (!runs) return runs.misfit();
  auto tiles =
      std::make_unique<const TileNet>(net, find_uses(net), *std::move(runs));
  SearchOrMisfit inner = linked_search(tiles->net(), request,
                                       tile_cuts(net, *tiles, cuts), options);
  if (!inner) return inner;
  return SearchOrMisfit(
      std::make_unique<TiledSearch>(std::move(tiles), *std::move(inner)));
}

}  // namespace shoal
