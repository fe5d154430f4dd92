#include "host/plan/planner/cut_bound.h"

#include <algorithm>
#include <vector>

#include "host/plan/cost/time.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/types/boxes.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

// Returns own boxes by node, empty where the node has no share. Sums of inputs
// are left out.
std::vector<Box> owned(const LayerCut& cut, size_t nodes) {
  std::vector<Box> own(nodes);
  if (cut.kind == CutKind::kInputs) return own;
  for (const Share& s : cut.shares) own[s.node] = s.own;
  return own;
}

// Returns the elements of `need` that other nodes must send, even if the node
// makes other nodes' rows and columns itself.
int64_t elements_sent(const Box& need, const Box& own) {
  if (need.empty()) return 0;
  if (own.empty()) return need.elements();
  const int both =
      std::max(0, std::min(need.c1, own.c1) - std::max(need.c0, own.c0));
  return int64_t{need.rows()} * need.columns() * (need.channels() - both);
}

}  // namespace

CutBound cut_bound(const Net& net, const PlanRequest& request,
                   const Cuts& cuts) {
  const size_t nodes = request.cluster.nodes.size();
  std::vector<int64_t> ps(nodes), bytes(nodes);
  const std::vector<TensorUses> uses = find_uses(net);
  std::vector<std::vector<Box>> own;
  for (size_t l = 0; l < net.layers.size(); ++l) {
    own.push_back(owned(cuts.layers[l], nodes));
    const Layer& layer = net.layers[l];
    for (size_t n = 0; n < nodes; ++n) {
      const Box& box = own[l][n];
      if (box.empty()) continue;
      const int channels =
          layer.in[0].tensor < 0 ? 0 : layer.in[0].box.channels();
      ps[n] +=
          share_time(layer, {box, channels}, work_for(layer, box.rows(), 1),
                     request.cluster.nodes[n].board)
              .compute_ps;
    }
  }
  for (size_t t = 0; t < uses.size(); ++t) {
    const auto& writers = uses[t].writers;
    if (writers.size() != 1 || writers[0].owner != Owner::kActor) continue;
    const int w = writers[0].index;
    if (cuts.layers[w].kind == CutKind::kInputs) continue;
    if (is_repeated(net.layers[w])) continue;
    for (size_t n = 0; n < nodes; ++n) {
      int64_t most = 0;
      for (const Use& r : uses[t].readers) {
        if (r.owner != Owner::kActor || own[r.index][n].empty()) continue;
        const Box need =
            common(needed_box(net.layers[r.index], r.operand, own[r.index][n]),
                   net.layers[w].out.box);
        most = std::max(most, elements_sent(need, own[w][n]));
      }
      bytes[n] += most * net.tensors[t].element_bytes;
    }
  }
  CutBound bound;
  for (size_t n = 0; n < nodes; ++n) {
    const Board& board = request.cluster.nodes[n].board;
    const auto sent = static_cast<double>(bytes[n]);
    const double link = sent * board.aead_cycles_per_byte / board.clock_hz +
                        sent / request.max_payload * board.datagram_us * 1e-6;
    bound.ps = std::max(bound.ps, ps[n] + picoseconds(link));
    bound.sent_bytes += bytes[n];
  }
  return bound;
}

}  // namespace shoal
