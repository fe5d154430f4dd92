#include "host/plan/types/uses.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "device/program/params.h"
#include "host/plan/types/loop.h"

namespace shoal {
namespace {

void add_layer_uses(const Net& net, std::vector<TensorUses>& uses) {
  for (int l = 0; l < static_cast<int>(net.layers.size()); ++l) {
    const Layer& layer = net.layers[l];
    for (int operand = 0; operand < 2; ++operand) {
      const View& in = layer.in[operand];
      if (in.tensor < 0) continue;
      uses[in.tensor].readers.push_back({Owner::kActor, l, operand, l, in.box});
    }
    uses[layer.out.tensor].writers.push_back(
        {Owner::kActor, l, 0, l, layer.out.box});
  }
}

int first_touch(const TensorUses& t) {
  int first = -1;
  t.each([&](const Use& u) {
    if (first < 0 || u.position < first) first = u.position;
  });
  return first;
}

void close(TensorUses& t) {
  for (size_t i = 0; i < t.writers.size(); ++i) {
    const int p = t.writers[i].position;
    t.first_write = i == 0 ? p : std::min(t.first_write, p);
    t.last_write = std::max(t.last_write, p);
  }
}

}  // namespace

RowRule row_rule(const Layer& layer, int operand, LayerWork work) {
  const View& in = layer.in[operand];
  RowRule r;
  r.op = layer.op;
  r.out_rows = layer.out.box.rows();
  r.in_rows = in.tensor < 0 ? 0 : in.box.rows();
  r.kernel_h = layer.kernel_h;
  r.stride_y = layer.stride_y;
  r.dilation_y = layer.dilation_y;
  r.pad_top = layer.pad_top;
  r.band = work.band;
  r.part = work.part;
  if (layer.op == OpCode::kMove) {
    MoveParams p{};
    std::memcpy(&p, layer.params.data(), sizeof p);
    r.move_stride = p.stride_y;
    r.move_base = p.base_y;
  }
  if (layer.op == OpCode::kBilinear) {
    BilinearParams p{};
    std::memcpy(&p, layer.params.data(), sizeof p);
    r.move_stride = p.scale_y;
    r.move_base = p.base_y;
  }
  r.whole = holds_second(layer.op) && operand == 1;
  if (layer.op == OpCode::kSpaceToDepth || layer.op == OpCode::kDepthToSpace) {
    r.block = layer.params[0];
  }
  r.map = layer.row_map.data();
  const Box& out = layer.out.box;
  r.out_row_bytes = int64_t{1} * out.columns() * out.channels();
  r.in_row_bytes = int64_t{1} * in.box.columns() * in.box.channels();
  return r;
}

std::vector<TensorUses> find_uses(const Net& net, const Spilling& spilling) {
  std::vector<TensorUses> uses(net.tensors.size());
  add_layer_uses(net, uses);
  for (int i = 0; i < static_cast<int>(net.inputs.size()); ++i) {
    const View& view = net.inputs[i].place.view;
    TensorUses& t = uses[view.tensor];
    const int at = std::max(0, first_touch(t));
    t.writers.push_back({Owner::kInput, i, 0, at, view.box});
  }
  for (size_t e = 0; e < spilling.edges.size(); ++e) {
    const SpillEdge& edge = spilling.edges[e];
    TensorUses& t = uses[edge.to];
    t.writers.push_back({Owner::kSpill, static_cast<int>(e), 0,
                         std::max(0, first_touch(t)),
                         net.tensors[edge.to].box()});
    t.page_bytes = spilling.page_bytes;
  }
  for (TensorUses& t : uses) close(t);
  for (int o = 0; o < static_cast<int>(net.outputs.size()); ++o) {
    const View& view = net.outputs[o].place.view;
    TensorUses& t = uses[view.tensor];
    t.readers.push_back({Owner::kOutput, o, 0, t.last_write, view.box});
  }
  for (size_t e = 0; e < spilling.edges.size(); ++e) {
    const SpillEdge& edge = spilling.edges[e];
    TensorUses& t = uses[edge.from];
    uses[edge.to].stored_at = t.last_write;
    uses[edge.to].stored_as = edge.from;
    if (t.page_bytes > 0) continue;  // one write serves all reads
    t.readers.push_back({Owner::kSpill, static_cast<int>(e), 0, t.last_write,
                         net.tensors[edge.from].box()});
    t.page_bytes = spilling.page_bytes;
  }
  for (TensorUses& t : uses) {
    t.first = first_touch(t);
    t.each([&](const Use& u) { t.last = std::max(t.last, u.position); });
  }
  for (size_t v = 0; v < net.variables.size(); ++v) {
    for (const int t : {net.variables[v].before, net.variables[v].after}) {
      uses[t].variable = static_cast<int>(v);
      uses[t].first = uses[t].last = -1;
    }
    TensorUses& before = uses[net.variables[v].before];
    before.first_write = before.last_write = -1;
  }
  return uses;
}

void renumber_weights(const std::vector<int>& layer_of, Net& net) {
  std::map<int, int> first;  // by owner in the other net
  for (size_t l = 0; l < net.layers.size(); ++l) {
    Layer& layer = net.layers[l];
    if (layer_of[l] < 0 || !layer.loop.empty()) continue;
    const int owner = layer.weights_of < 0 ? layer_of[l] : layer.weights_of;
    const auto [at, is_new] = first.try_emplace(owner, static_cast<int>(l));
    layer.weights_of = is_new ? -1 : at->second;
  }
}

bool reads_all_for_one_row(const Layer& layer) {
  return has_window(layer.op) && layer.kernel_h > 1 &&
         layer.out.box.rows() == 1 && layer.op != OpCode::kTransposeConv;
}

bool must_cut_window(const Layer& layer) {
  return has_window(layer.op) && layer.kernel_h > kMaxWindowRows;
}

LayerWork work_for(const Layer& layer, int rows, int passes) {
  passes = std::min(passes, kMaxFirings);
  LayerWork w;
  w.part = layer.kernel_h;
  if (keeps_state(layer.op)) return w;  // a step per firing
  if (reads_all_for_one_row(layer)) {
    w.part = std::min(ceil_div(layer.kernel_h, passes), kMaxWindowRows);
  } else if (must_cut_window(layer)) {
    // Windows overlap, so smaller parts would not free rows sooner.
    w.part = kMaxWindowRows;
  } else {
    const int band =
        std::max(ceil_div(rows, passes), std::min(rows, layer.loop_band));
    w.band = std::min(band, kMaxBand);
  }
  return w;
}

Work uniform_work(const Net& net, int passes) {
  Work work;
  for (const Layer& layer : net.layers) {
    work.push_back(work_for(layer, layer.out.box.rows(), passes));
  }
  return work;
}

RowRule row_rule(const Layer& layer, int operand, LayerWork work, const Box& in,
                 const Box& out, std::vector<uint16_t>& map) {
  const View& view = layer.in[operand];
  RowRule r = row_rule(layer, operand, work);
  r.out_rows = out.rows();
  r.in_rows = view.tensor < 0 ? 0 : in.rows();
  const int in_y = in.y0 - view.box.y0, out_y = out.y0 - layer.out.box.y0;
  r.pad_top += layer.op == OpCode::kTransposeConv
                   ? out_y - in_y * layer.stride_y
                   : in_y - out_y * layer.stride_y;
  const int unit = layer.op == OpCode::kBilinear ? 1024 : 1;
  r.move_base += out_y * r.move_stride - unit * in_y;
  if (layer.op == OpCode::kResize && view.tensor >= 0) {
    map.assign(layer.row_map.begin() + out_y,
               layer.row_map.begin() + out_y + out.rows());
    for (uint16_t& row : map) row = static_cast<uint16_t>(row - in_y);
    r.map = map.data();
  }
  return r;
}

uint32_t sums_bytes(const Layer& layer, LayerWork work) {
  return sums_bytes(layer, work, layer.out.box);
}

uint32_t sums_bytes(const Layer& layer, LayerWork work, const Box& out) {
  if (!layer.loop.empty()) {
    return loop_bytes(loop_layers(layer), layer.loop_groups, work.band);
  }
  const int parts =
      has_window(layer.op) ? ceil_div(layer.kernel_h, work.part) : 1;
  return static_cast<uint32_t>(accumulator_bytes(
      keeps_state(layer.op) ? 1 : accumulator_rows(parts, false, 1),
      out.columns(), out.channels(), sum_bytes(layer.op, layer.is_wide)));
}

}  // namespace shoal
