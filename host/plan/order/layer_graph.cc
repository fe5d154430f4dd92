#include "host/plan/order/layer_graph.h"

#include <algorithm>
#include <numeric>

#include "host/plan/types/variables.h"

namespace shoal {
namespace {

void sort_unique(std::vector<int>& list) {
  std::ranges::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

// Returns the first of the layers behind which there are only layers that
// assign variables: see assign_last().
int first_of_last_assigns(const Net& net) {
  auto first = static_cast<int>(net.layers.size());
  while (first > 0 && assigns_variable(net, net.layers[size_t(first) - 1])) {
    --first;
  }
  return first;
}

}  // namespace

LayerGraph::LayerGraph(const Net& net)
    : uses(find_uses(net)),
      before(net.layers.size()),
      is_constant(net.layers.size()),
      touches(net.layers.size()),
      touched_by(net.tensors.size()),
      written_by(net.tensors.size()),
      is_output(net.tensors.size()) {
  const int n = layers();
  for (int l = 0; l < n; ++l) {
    const Layer& layer = net.layers[l];
    is_constant[l] = layer.in[0].tensor < 0 && layer.in[1].tensor < 0;
    for (const int t :
         {layer.in[0].tensor, layer.in[1].tensor, layer.out.tensor}) {
      if (t >= 0 && uses[t].variable < 0) touches[l].push_back(t);
    }
    sort_unique(touches[l]);
    for (const int t : touches[l]) touched_by[t].push_back(l);
    written_by[layer.out.tensor].push_back(l);
  }
  for (const NetIo& io : net.outputs) is_output[io.place.view.tensor] = true;
  for (const TensorUses& t : uses) {
    for (const Use& w : t.writers) {
      if (w.owner != Owner::kActor) continue;
      for (const Use& r : t.readers) {
        if (r.owner != Owner::kActor) continue;
        before[std::max(w.index, r.index)].push_back(
            std::min(w.index, r.index));
      }
    }
  }
  for (int l = first_of_last_assigns(net); l < n; ++l) {
    before[l].resize(static_cast<size_t>(l));
    std::iota(before[l].begin(), before[l].end(), 0);
  }
  for (std::vector<int>& list : before) sort_unique(list);
}

bool LayerGraph::has_one_order() const {
  int last = -1;
  for (int l = 0; l < layers(); ++l) {
    if (is_constant[l]) continue;
    if (last >= 0 && !std::ranges::binary_search(before[l], last)) return false;
    last = l;
  }
  return true;
}

bool LayerGraph::holds(const LayerOrder& order) const {
  if (std::ssize(order) != layers()) return false;
  std::vector<bool> done(before.size());
  for (const int l : order) {
    if (l < 0 || l >= layers() || done[l]) return false;
    if (!std::ranges::all_of(before[l], [&](int b) { return done[b]; })) {
      return false;
    }
    done[l] = true;
  }
  return true;
}

Net in_order(const Net& net, const LayerOrder& order) {
  Net other = net;
  for (size_t p = 0; p < order.size(); ++p) {
    other.layers[p] = net.layers[order[p]];
  }
  renumber_weights(order, other);
  return other;
}

void restore_layers(const LayerOrder& order, Plan& plan) {
  for (PlanNode& node : plan.nodes) {
    for (PlanStage& stage : node.stages) {
      for (PlanActor& a : stage.actors) {
        if (!a.copy) a.layer = order[a.layer];
      }
    }
  }
}

}  // namespace shoal
