#include "host/plan/cost/supply.h"

#include <algorithm>

#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

int64_t pixels(const Layer& layer) {
  return int64_t{1} * layer.out.box.rows() * layer.out.box.columns();
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
  if (layer.weights.empty()) return 0;
  return align_up(static_cast<uint32_t>(weight_bytes(layer)) + kTagBytes);
}

int64_t flash_bytes(const Net& net) {
  int64_t all = 0;
  for (const Layer& l : net.layers) {
    if (l.weights_of < 0) all += flash_bytes(l);
  }
  return all;
}

std::vector<bool> streamed_layers(const Net& net, int64_t flash,
                                  const Supply& supply, bool faster) {
  std::vector<size_t> order;
  for (size_t l = 0; l < net.layers.size(); ++l) {
    if (net.layers[l].weights_of < 0) order.push_back(l);
  }
  std::vector<bool> streamed(net.layers.size(), false);
  if (flash_bytes(net) <= flash) return streamed;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return pixels(net.layers[a]) < pixels(net.layers[b]);
  });
  constexpr uint32_t kChunk = 65536;
  const Work work = uniform_work(net, 1);
  for (const size_t l : order) {
    const int64_t bytes = flash_bytes(net.layers[l]);
    if (bytes == 0) continue;
    const int layer = static_cast<int>(l);
    streamed[l] = bytes > flash ||
                  (faster && supplied_ps(net, layer, work[l], supply,
                                         {WeightPlace::kTape, kChunk}) <
                                 supplied_ps(net, layer, work[l], supply, {}));
    if (!streamed[l]) flash -= bytes;
  }
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const int same = net.layers[l].weights_of;
    if (same >= 0) streamed[l] = streamed[static_cast<size_t>(same)];
  }
  return streamed;
}

}  // namespace shoal
