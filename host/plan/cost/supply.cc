#include "host/plan/cost/supply.h"

#include <algorithm>
#include <utility>

#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// Returns, by layer, the first one with the same weights; -1: it has none.
std::vector<int> weight_owners(const Net& net, const std::vector<Box>& made) {
  const auto named = [&net](int l) {
    const int of = net.layers[l].weights_of;
    return of < 0 ? l : of;
  };
  const auto begin = [&](int l) {
    return made[l].c0 - net.layers[l].out.box.c0;
  };
  std::vector<int> owners(made.size(), -1);
  for (int l = 0; l < static_cast<int>(made.size()); ++l) {
    if (made[l].empty() || net.layers[l].weights.empty()) continue;
    int& first = owners[l];
    const auto is_same = [&] {
      return owners[first] == first && named(first) == named(l) &&
             begin(first) == begin(l) &&
             made[first].channels() == made[l].channels();
    };
    for (first = named(l); first < l && !is_same();) ++first;
  }
  return owners;
}

int64_t flash_bytes(const Layer& layer, const Box& made) {
  return align_up(static_cast<uint32_t>(share_bytes(layer, made)));
}

}  // namespace

int64_t supplied_ps(const Net& net, int layer, LayerWork work,
                    const Supply& supply, LayerSupply from) {
  const Layer& l = net.layers[layer];
  const LayerTime t = layer_time(net, layer, work, *supply.board);
  if (from.place == WeightPlace::kMapped) return t.total_ps();
  int64_t core = t.compute_ps + t.firing_ps;
  const int64_t bytes = weight_bytes(l);
  if (from.place == WeightPlace::kSram) {
    const int64_t once = bytes + kTagBytes;
    return core + supply.read_ps(once) + supply.check_ps(once);
  }
  const bool cut = has_window(l.op) && work.part < l.kernel_h;
  const int parts = cut ? ceil_div(l.kernel_h, work.part) : 1;
  const int64_t passes =
      l.op == OpCode::kConstant ? 1 : std::max<int64_t>(1, t.firings / parts);
  const int64_t chunk = largest_chunk(l, work, from.chunk_limit);
  const int64_t chunks = std::max<int64_t>(parts, (bytes + chunk - 1) / chunk);
  const int64_t all = bytes + chunks * kTagBytes;
  if (has_quantized_chunk(l.op) && chunks > parts) {
    LayerShare share = whole_share(l);
    share.groups = static_cast<int>(chunks / parts);
    core = share_time(l, share, work, *supply.board).compute_ps + t.firing_ps;
  }
  const int64_t read =
      passes * (supply.read_ps(all) + (chunks - 1) * supply.read_ps(0));
  return std::max(read, core + passes * supply.check_ps(all));
}

int64_t flash_bytes(const Layer& layer) {
  return flash_bytes(layer, layer.out.box);
}

int64_t flash_bytes(const Net& net) {
  int64_t all = 0;
  for (const Layer& l : net.layers) {
    if (l.weights_of < 0) all += flash_bytes(l);
  }
  return all;
}

int64_t share_bytes(const Layer& layer, const Box& made) {
  if (layer.weights.empty()) return 0;
  const int n = layer.op == OpCode::kConstant ? made.rows() : made.channels();
  return chunk_bytes(layer, {made, layer.in[0].box.channels()},
                     {0, n, 0, layer.kernel_h}) +
         kTagBytes;
}

int64_t flash_bytes(const Net& net, const std::vector<Box>& made) {
  const std::vector<int> owners = weight_owners(net, made);
  int64_t all = 0;
  for (int l = 0; l < static_cast<int>(owners.size()); ++l) {
    if (owners[l] == l) all += flash_bytes(net.layers[l], made[l]);
  }
  return all;
}

std::vector<bool> streamed_layers(
    const Net& net, const std::vector<Box>& made, int64_t flash,
    const std::function<double(int)>& compute_per_byte, const Supply* faster) {
  const std::vector<int> owners = weight_owners(net, made);
  std::vector<std::pair<double, int>> order;
  for (int l = 0; l < static_cast<int>(owners.size()); ++l) {
    if (owners[l] == l) order.emplace_back(compute_per_byte(l), l);
  }
  std::ranges::sort(order);
  const Work work = uniform_work(net, 1);
  std::vector<bool> streamed(owners.size(), false);
  for (const auto& [compute, l] : order) {
    const int64_t bytes = flash_bytes(net.layers[l], made[l]);
    streamed[l] = bytes > flash ||
                  (faster && supplied_ps(net, l, work[l], *faster,
                                         {WeightPlace::kTape, kMostChunk}) <
                                 supplied_ps(net, l, work[l], *faster, {}));
    if (!streamed[l]) flash -= bytes;
  }
  for (size_t l = 0; l < owners.size(); ++l) {
    if (owners[l] >= 0) streamed[l] = streamed[size_t(owners[l])];
  }
  return streamed;
}

}  // namespace shoal
