#include "host/plan/draft/cut_net.h"

#include <algorithm>

#include "host/base/error.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/types/boxes.h"
#include "host/plan/types/loop.h"
#include "host/plan/types/transposition.h"

namespace shoal {
bool is_repeated(const Layer& layer) {
  const RowsFrom rows = rows_of(layer.op);
  return layer.in[0].tensor < 0 || rows == RowsFrom::kAll ||
         rows == RowsFrom::kBytes;
}

namespace {

bool all_rows(const Box& box, const Layer& layer) {
  return box.rows() == layer.out.box.rows();
}

// Returns whether each owner makes all rows.
bool owners_in_step(const CutNet& s, int layer) {
  for (const Box& own : s.own[layer]) {
    if (!own.empty() && !all_rows(own, s.net.layers[layer])) return false;
  }
  return true;
}

void round_out(int& lo, int& hi, int origin, int end, int granule) {
  lo = origin + (lo - origin) / granule * granule;
  hi = std::min(end, origin + (hi - origin + granule - 1) / granule * granule);
}

// Grows `made` by the rows and columns of `need`; false if the result would not
// be a box with a halo.
bool grow(const Layer& layer, const Box& need, Box& made) {
  if (is_repeated(layer)) {
    const bool is_constant = layer.in[0].tensor < 0;
    made = is_constant ? hull(made, need)
           : rows_of(layer.op) == RowsFrom::kAll
               ? transposed_share(layer, hull(made, need))
               : layer.out.box;
    return true;
  }
  if (made.empty() || need.c0 < made.c0 || made.c1 < need.c1) return false;
  Box all = hull(made, need);
  round_out(all.y0, all.y1, layer.out.box.y0, layer.out.box.y1,
            row_granule(layer));
  round_out(all.x0, all.x1, layer.out.box.x0, layer.out.box.x1,
            column_granule(layer));
  const int64_t corners = int64_t{1} * all.rows() * all.columns();
  const int64_t parts = int64_t{1} * made.rows() * made.columns() +
                        int64_t{1} * need.rows() * need.columns();
  if (corners > parts) return false;
  made = all;
  return true;
}

// Returns whether groups pass from layer to layer within a node: the nodes that
// make a part of the last layer, and no others, have all channels of the layers
// before it.
bool has_all_channels(const CutNet& s, int begin, int end) {
  for (int l = begin; l + 1 < end; ++l) {
    for (int n = 0; n < s.nodes; ++n) {
      const Box& own = s.own[l][n];
      if (own.empty() != s.own[end - 1][n].empty()) return false;
      if (!own.empty() &&
          own.channels() != s.net.layers[l].out.box.channels()) {
        return false;
      }
    }
  }
  return true;
}

Misfit no_loops(const CutNet& s, const BlockChoice& block) {
  return {Exit::kUsage,
          "cuts " + s.cuts.strategy +
              ": groups = " + std::to_string(block.groups) + " from " +
              layer_text(s.net.layers[block.begin]) +
              ": there is no expansion, depthwise convolution and projection "
              "in a row that every node has in one grid, all channels of the "
              "first two",
          "groups = 1"};
}

}  // namespace

int loop_end(const CutNet& s, int begin, int end) {
  const int to = loop_end(s.net, s.uses, begin, end);
  if (to < 0 || !has_all_channels(s, begin, to)) return -1;
  for (int l = begin; l < to; ++l) {
    if (!s.chain[l].empty() || s.loop_of[l] >= 0) return -1;
  }
  return to;
}

CutNet::CutNet(const Net& n, const Cluster& cluster, const Cuts& c)
    : net(n),
      cuts(c),
      nodes(static_cast<int>(cluster.nodes.size())),
      uses(find_uses(n)),
      live(uses),
      own(n.layers.size(), std::vector<Box>(nodes)),
      chain(n.layers.size()),
      band(n.layers.size(), 0),
      loop_of(n.layers.size(), -1),
      reads(n.layers.size() * size_t(nodes)) {
  if (cuts.layers.size() != net.layers.size()) {
    throw Error(Exit::kInternal, "cuts of " +
                                     std::to_string(cuts.layers.size()) +
                                     " layers for a net of " +
                                     std::to_string(net.layers.size()));
  }
  for (size_t l = 0; l < own.size(); ++l) {
    for (const Share& share : cuts.layers[l].shares) {
      own[l].at(share.node) = share.own;
    }
    if (cuts.layers[l].kind != CutKind::kInputs) continue;
    for (const Share& share : cuts.layers[l].shares) {
      if (share.in0 < share.in1) chain[l].push_back(share);
    }
  }
  add_blocks();
}

void CutNet::add_blocks() {
  for (const BlockChoice& block : cuts.blocks) {
    const int end = std::min(block.end, static_cast<int>(net.layers.size()));
    for (int l = block.begin; l < end; ++l) {
      band[l] = block.band.value_or(0);
    }
    if (block.groups < 2) continue;
    const std::vector<BlockChoice> found =
        find_loops(block.begin, end, [&](int l) -> BlockChoice {
          return {l, loop_end(*this, l, end), block.band, block.groups};
        });
    if (found.empty() && !misfit) misfit = no_loops(*this, block);
    for (const BlockChoice& loop : found) {
      for (int l = loop.begin; l < loop.end; ++l) {
        loop_of[l] = static_cast<int>(loops.size());
      }
      loops.push_back(loop);
    }
  }
}

std::vector<int> segment_of_layers(const Segments& segments, int layers) {
  std::vector<int> of(layers, 0);
  for (size_t s = 0; s < segments.size(); ++s) {
    for (int l = segments[s].begin; l < std::min(segments[s].end, layers);
         ++l) {
      of[l] = static_cast<int>(s);
    }
  }
  return of;
}

namespace {

Box find_read_box(const CutNet& s, int l, int operand, int node,
                  const Box& made) {
  const Layer& layer = s.net.layers[l];
  if (layer.in[operand].tensor < 0) return {};
  const bool inputs = s.cuts.layers[l].kind == CutKind::kInputs;
  Box box = port_box(layer, operand, inputs ? layer.out.box : made);
  if (!inputs) return box;
  for (const Share& share : s.chain[l]) {
    if (share.node != node) continue;
    box.c0 = share.in0, box.c1 = share.in1;
    return box;
  }
  return {};
}

}  // namespace

Box read_box(const CutNet& s, int l, int operand, int node, const Box& made) {
  if (made.empty()) return {};
  CutNet::Read& read =
      s.reads[size_t(l) * size_t(s.nodes) + size_t(node)][size_t(operand)];
  if (read.made != made) {
    read = {made, find_read_box(s, l, operand, node, made)};
  }
  return read.box;
}

bool compute_layer(const CutNet& s, int l, int end, MadeBoxes& made) {
  const Layer& layer = s.net.layers[l];
  made[l] = s.own[l];
  const bool may_grow = s.cuts.layers[l].kind != CutKind::kInputs;
  for (const Use& use : s.uses[layer.out.tensor].readers) {
    const int c = use.index;
    if (use.owner != Owner::kActor || c <= l || c >= end) continue;
    for (int n = 0; n < s.nodes; ++n) {
      const Box need =
          common(read_box(s, c, use.operand, n, made[c][n]), layer.out.box);
      if (need.empty() || contains(made[l][n], need)) continue;
      const bool in_step = !s.is_inner(l) && owners_in_step(s, l) &&
                           all_rows(made[c][n], s.net.layers[c]);
      if (in_step && s.cuts.layers[l].sends_halo) continue;
      if (may_grow && grow(layer, need, made[l][n])) continue;
      if (in_step) continue;
      return false;
    }
  }
  return true;
}

bool compute_boxes(const CutNet& s, Segment segment, MadeBoxes& made) {
  const int end = end_of_layers(s.net, segment);
  for (int l = end; l-- > segment.begin;) {
    if (!compute_layer(s, l, end, made)) return false;
  }
  return true;
}

}  // namespace shoal
