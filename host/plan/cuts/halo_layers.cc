#include <algorithm>

#include "host/plan/cuts/cuts.h"

namespace shoal {
namespace {

// Returns the only layer that makes each tensor; -1: none or several.
std::vector<int> only_writers(const Net& net) {
  std::vector<int> writers(net.tensors.size(), -1), count(net.tensors.size());
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const int tensor = net.layers[l].out.tensor;
    writers[tensor] = count[tensor]++ ? -1 : static_cast<int>(l);
  }
  return writers;
}

}  // namespace

std::vector<bool> halo_layers(const Net& net) {
  std::vector<bool> chosen(net.layers.size());
  const std::vector<int> writers = only_writers(net);
  const auto writer_of = [&writers](int tensor) {
    return tensor < 0 ? -1 : writers[tensor];
  };
  for (const Layer& window : net.layers) {
    if (window.kernel_w < 2 || window.out.box.columns() < 2) continue;
    int best = -1;
    int64_t least = 0;
    for (int l = writer_of(window.in[0].tensor); l >= 0;) {
      const Layer& layer = net.layers[l];
      const NetTensor& t = net.tensors[layer.out.tensor];
      const int64_t bytes = int64_t{t.columns} * t.channels * t.element_bytes;
      if (best < 0 || bytes < least) best = l, least = bytes;
      if (layer.kernel_w > 1 || layer.in[1].tensor >= 0) break;
      l = writer_of(layer.in[0].tensor);
    }
    if (best >= 0) chosen[best] = true;
  }
  return chosen;
}

bool send_halos(const Net& net, Cuts& cuts) {
  const std::vector<bool> chosen = halo_layers(net);
  bool any = false;
  for (size_t l = 0; l < chosen.size(); ++l) {
    LayerCut& cut = cuts.layers[l];
    if (!chosen[l] || cut.kind != CutKind::kGrid || cut.shares.size() < 2) {
      continue;
    }
    const Box& all = net.layers[l].out.box;
    cut.sends_halo = std::ranges::all_of(cut.shares, [&](const Share& s) {
      return s.own.rows() == all.rows() && s.own.columns() < all.columns();
    });
    any |= cut.sends_halo;
  }
  return any;
}

}  // namespace shoal
