#include "host/plan/draft/find_loops.h"

#include "device/program/image.h"

namespace shoal {
namespace {

// Returns whether `next` is the only reader of the layer's result.
bool leads_to(const Net& net, const std::vector<TensorUses>& uses, int layer,
              int next) {
  const Layer& from = net.layers[layer];
  const Layer& to = net.layers[next];
  const TensorUses& t = uses[from.out.tensor];
  return t.writers.size() == 1 && t.readers.size() == 1 &&
         to.in[0].tensor == from.out.tensor && to.in[1].tensor < 0 &&
         to.in[0].box == from.out.box;
}

// Buffers of loops hold bytes.
bool may_loop(const Layer& layer) {
  return !layer.is_wide && !must_cut_window(layer) &&
         !reads_all_for_one_row(layer);
}

}  // namespace

int loop_end(const Net& net, const std::vector<TensorUses>& uses, int begin,
             int end) {
  const auto op = [&](int l) { return net.layers[l].op; };
  if (op(begin) != OpCode::kConv && op(begin) != OpCode::kDepthwise) return -1;
  for (int l = begin; may_loop(net.layers[l]) && l - begin + 1 < kMaxLoopActors;
       ++l) {
    if (l + 1 >= end || !leads_to(net, uses, l, l + 1) ||
        !may_loop(net.layers[l + 1])) {
      return -1;
    }
    if (op(l + 1) == OpCode::kConv) return l + 2;
    if (op(l + 1) != OpCode::kDepthwise && op(l + 1) != OpCode::kLut) return -1;
  }
  return -1;
}

}  // namespace shoal
