#include "host/plan/draft/tile_net.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "device/program/geometry.h"
#include "device/program/io_pieces.h"
#include "device/program/params.h"
#include "host/plan/cost/time.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/types/boxes.h"
#include "host/plan/types/loop.h"

namespace shoal {
namespace {

void shift(Box& box, int columns) { box.x0 += columns, box.x1 += columns; }

constexpr int kBilinearUnit = 1024;  // of a pixel of its input

// How a tensor that the run's layers touch relates to all others.
enum class Role : uint8_t { kInside, kResult, kInput, kBefore, kNone };

Role role_of(const Net& net, const TensorUses& t, int begin, int end) {
  const auto here = [&](const Use& u) {
    return u.position >= begin && u.position < end;
  };
  const bool read_here = std::ranges::any_of(t.readers, here);
  const bool read_later = std::ranges::any_of(
      t.readers, [&](const Use& u) { return u.position >= end; });
  const bool made_here = std::ranges::any_of(t.writers, here);
  if (t.variable >= 0 || t.writers.empty() || t.page_bytes > 0) {
    return Role::kNone;
  }
  if (!made_here) return t.last_write < begin ? Role::kBefore : Role::kNone;
  const bool taken = std::ranges::any_of(
      t.readers, [](const Use& u) { return u.owner != Owner::kActor; });
  if (taken || !std::ranges::all_of(t.writers, here)) return Role::kNone;
  if (t.writers[0].owner == Owner::kInput) {
    const NetTensor& all =
        net.tensors[net.inputs[t.writers[0].index].place.view.tensor];
    const bool whole = t.writers.size() == 1 && t.writers[0].box == all.box() &&
                       all.bytes() / all.rows <= int64_t{kMostSkipped};
    return whole && !read_later ? Role::kInput : Role::kNone;
  }
  if (read_later) return read_here ? Role::kNone : Role::kResult;
  return read_here ? Role::kInside : Role::kNone;
}

// Returns the view of a layer that makes `out`: rows and channels are counted
// from where that of the given layer begins, whether it reads them or not.
Box view_box(const Layer& layer, int operand, const Box& out) {
  Box box = port_box(layer, operand, out);
  const Box& all = layer.in[operand].box;
  box.y0 = all.y0, box.c0 = all.c0;
  return box;
}

// Changes the parameters of a layer that makes `made` of `from` and reads
// `read`, so that its columns count from there.
void count_columns(const Layer& from, const Box& made, const Box& read,
                   Layer& layer) {
  const int out_x = made.x0 - from.out.box.x0;
  const int in_x = read.x0 - from.in[0].box.x0;
  layer.pad_left += layer.op == OpCode::kTransposeConv
                        ? out_x - in_x * layer.stride_x
                        : in_x - out_x * layer.stride_x;
  if (layer.op == OpCode::kMove) {
    MoveParams p{};
    std::memcpy(&p, layer.params.data(), sizeof p);
    p.base_x += out_x * p.stride_x - in_x;
    std::memcpy(layer.params.data(), &p, sizeof p);
  }
  if (layer.op == OpCode::kBilinear) {
    BilinearParams p{};
    std::memcpy(&p, layer.params.data(), sizeof p);
    p.base_x += out_x * p.scale_x - kBilinearUnit * in_x;
    std::memcpy(layer.params.data(), &p, sizeof p);
  }
  if (layer.op == OpCode::kResize) {
    const auto first = from.column_map.begin() + out_x;
    layer.column_map.assign(first, first + made.columns());
    for (uint16_t& x : layer.column_map) x = static_cast<uint16_t>(x - in_x);
  }
}

// Widens tiles so that together they leave out no column.
void close_gaps(std::vector<Box*>& tiles, const Box& all) {
  tiles.front()->x0 = all.x0;
  for (size_t t = 0; t + 1 < tiles.size(); ++t) {
    tiles[t]->x1 = std::max(tiles[t]->x1, tiles[t + 1]->x0);
  }
  tiles.back()->x1 = all.x1;
}

// Lets each tile take the columns that the tile before it makes, too, and make
// only the rest, if there is any.
void make_once(std::vector<Box>& need,
               std::vector<std::vector<TileBoxes::Held>>& taken, int tensor) {
  for (size_t t = need.size(); --t > 0;) {
    Box kept = need[t];
    kept.x1 = need[t - 1].x1;
    if (kept.x0 >= kept.x1 || kept.x1 >= need[t].x1) continue;
    taken[t].push_back({tensor, kept});
    need[t].x0 = kept.x1;
  }
}

}  // namespace

bool takes_columns(const Net& net, const Layer& layer) {
  const NetTensor& out = net.tensors[layer.out.tensor];
  const Box& box = layer.out.box;
  if (box.x0 != 0 || box.x1 != out.columns) return false;
  return can_cut_columns(layer) && !layer.reduce_columns &&
         !holds_second(layer.op) && rows_of(layer.op) != RowsFrom::kAll &&
         !layer.in[0].box.empty();
}

int tile_result(const Net& net, const std::vector<TensorUses>& uses, int begin,
                int end, bool replay) {
  int result = -1;
  if (net.frames > 1) return -1;
  for (int l = begin; l < end; ++l) {
    const Layer& layer = net.layers[l];
    if (!takes_columns(net, layer)) return -1;
    for (const View* v : {&layer.in[0], &layer.in[1], &layer.out}) {
      if (v->tensor < 0) continue;
      const Role role = role_of(net, uses[v->tensor], begin, end);
      if (role == Role::kNone || (role == Role::kInput && !replay)) return -1;
      if (role != Role::kResult) continue;
      if (result >= 0 && result != v->tensor) return -1;
      if (column_granule(layer) != 1) return -1;
      result = v->tensor;
    }
  }
  return result;
}

TileRun even_tiles(const Net& net, int result, int begin, int end, int tiles) {
  TileRun run{begin, end, {}, {}};
  const int columns = net.tensors[result].columns;
  for (int t = 0; t <= tiles; ++t) run.bounds.push_back(columns * t / tiles);
  return run;
}

std::vector<int> keepable(const Net& net, const std::vector<TensorUses>& uses,
                          int begin, int end) {
  const auto layers = static_cast<int>(net.layers.size());
  const auto needs_more = [&](const Use& u) {
    return net.layers[u.index].kernel_w > 1 ||
           loop_end(net, uses, u.index, layers) >= 0;
  };
  std::vector<int> all;
  int behind = begin;  // end of a loop
  for (int l = begin; l + 1 < end; ++l) {
    behind = std::max(behind, loop_end(net, uses, l, layers));
    if (l + 1 < behind) continue;
    const int tensor = net.layers[l].out.tensor;
    const TensorUses& t = uses[tensor];
    if (role_of(net, t, begin, end) != Role::kInside || t.writers.size() != 1 ||
        net.tensors[tensor].element_bytes != 1 ||
        column_granule(net.layers[l]) != 1) {
      continue;
    }
    if (std::ranges::any_of(t.readers, needs_more)) all.push_back(tensor);
  }
  return all;
}

TileBoxes tile_boxes(const Net& net, const std::vector<TensorUses>& uses,
                     int result, const TileRun& run) {
  const auto tiles = static_cast<size_t>(run.tiles());
  TileBoxes boxes;
  boxes.made.assign(tiles, std::vector<Box>(size_t(run.end - run.begin)));
  boxes.held.resize(tiles), boxes.taken.resize(tiles);
  std::map<int, std::vector<Box>> need;  // by tensor, then tile
  const auto needs = [&](int tensor) -> std::vector<Box>& {
    return need.try_emplace(tensor, std::vector<Box>(tiles)).first->second;
  };
  for (size_t t = 0; t < tiles; ++t) {
    Box box = net.tensors[result].box();
    box.x0 = run.bounds[t], box.x1 = run.bounds[t + 1];
    needs(result)[t] = box;
  }
  for (int l = run.end; l-- > run.begin;) {
    const Layer& layer = net.layers[l];
    const Box& all = layer.out.box;
    const int granule = column_granule(layer);
    std::vector<Box*> made;
    std::vector<Box> wanted = needs(layer.out.tensor);
    if (std::ranges::count(run.kept, layer.out.tensor) > 0) {
      make_once(wanted, boxes.taken, layer.out.tensor);
    }
    for (size_t t = 0; t < tiles; ++t) {
      const Box& want = wanted[t];
      Box& box = boxes.made[t][size_t(l - run.begin)];
      box = all;
      box.x0 = want.x0 / granule * granule;
      box.x1 = std::min(all.x1, ceil_div(want.x1, granule) * granule);
      made.push_back(&box);
    }
    close_gaps(made, all);
    for (size_t t = 0; t < tiles; ++t) {
      for (int operand = 0; operand < 2; ++operand) {
        if (layer.in[operand].tensor < 0) continue;
        Box& box = needs(layer.in[operand].tensor)[t];
        box = hull(box, port_box(layer, operand, *made[t]));
      }
    }
  }
  for (auto& [tensor, all] : need) {
    const Role role = role_of(net, uses[tensor], run.begin, run.end);
    if (role != Role::kInside && role != Role::kInput) continue;
    std::vector<Box*> tile;
    for (Box& box : all) {
      Box wide = net.tensors[tensor].box();
      wide.x0 = box.x0, wide.x1 = box.x1;
      box = wide;
      tile.push_back(&box);
    }
    close_gaps(tile, net.tensors[tensor].box());
    for (size_t t = 0; t < tiles; ++t) {
      Box box = all[t];
      for (const Use& w : uses[tensor].writers) {
        if (w.owner != Owner::kActor) continue;
        const Box& made = boxes.made[t][size_t(w.position - run.begin)];
        box.x0 = std::min(box.x0, made.x0);
        box.x1 = std::max(box.x1, made.x1);
      }
      boxes.held[t].push_back({tensor, box});
    }
  }
  return boxes;
}

TileNet::TileNet(const Net& net, const std::vector<TensorUses>& uses,
                 const std::vector<TileRun>& runs, bool once)
    : once_(once), net_(net) {
  net_.layers.clear();
  net_.inputs.clear();
  for (size_t t = 0; t < net.tensors.size(); ++t) {
    places_.push_back({static_cast<int>(t), 0});
  }
  int next = 0;
  for (const TileRun& run : runs) {
    for (; next < run.begin; ++next) add_layer(net, next);
    add_run(net, uses, run);
    next = run.end;
  }
  const auto layers = static_cast<int>(net.layers.size());
  for (; next < layers; ++next) add_layer(net, next);
  // Adds the inputs that no run reads; pieces of the others are there already.
  for (size_t i = 0; i < net.inputs.size(); ++i) {
    if (std::ranges::count(input_of_, static_cast<int>(i)) > 0) continue;
    net_.inputs.push_back(net.inputs[i]);
    input_of_.push_back(static_cast<int>(i));
  }
  renumber_weights(layer_of_, net_);
}

void TileNet::add_layer(const Net& net, int layer) {
  net_.layers.push_back(net.layers[layer]);
  layer_of_.push_back(layer);
}

void TileNet::add_copy(int from, int to, const Box& box) {
  Layer layer;
  layer.op = OpCode::kMove;
  layer.name = "copy";
  layer.params = {1, 0, 1, 0, 1, 0, 0};  // stride and base of y, x, c; fill
  layer.in[0] = {from, box}, layer.out = {to, box};
  for (View* v : {&layer.in[0], &layer.out}) {
    shift(v->box, -places_[v->tensor].x0);
  }
  net_.layers.push_back(std::move(layer));
  layer_of_.push_back(-1);
}

int TileNet::add_tensor(const Net& net, const TileBoxes::Held& held) {
  NetTensor tensor = net.tensors[held.tensor];
  tensor.columns = held.box.columns();
  net_.tensors.push_back(tensor);
  places_.push_back({held.tensor, held.box.x0});
  return static_cast<int>(net_.tensors.size()) - 1;
}

void TileNet::add_run(const Net& net, const std::vector<TensorUses>& uses,
                      const TileRun& run) {
  const int result = tile_result(net, uses, run.begin, run.end, true);
  const TileBoxes boxes = tile_boxes(net, uses, result, run);
  std::map<int, int> kept;  // for the next tile, by tensor
  for (int t = 0; t < run.tiles(); ++t) {
    std::map<int, int> tile_of;  // tensors
    for (const TileBoxes::Held& held : boxes.held[t]) {
      const int tensor = add_tensor(net, held);
      tile_of[held.tensor] = tensor;
      const Use& writer = uses[held.tensor].writers[0];
      if (writer.owner != Owner::kInput) continue;
      NetIo io = net.inputs[writer.index];
      io.place.view = {tensor, net_.tensors[tensor].box()};
      net_.inputs.push_back(io);
      input_of_.push_back(writer.index);
    }
    const auto put = [&](View& view, const Box& box) {
      const auto tile = tile_of.find(view.tensor);
      view.box = box;
      if (tile == tile_of.end()) return;
      view.tensor = tile->second;
      shift(view.box, -places_[tile->second].x0);
    };
    for (int l = run.begin; l < run.end; ++l) {
      const Layer& from = net.layers[l];
      const Box& made = boxes.made[t][size_t(l - run.begin)];
      const int out = from.out.tensor;
      add_layer(net, l);
      Layer& layer = net_.layers.back();
      for (int operand = 0; operand < 2; ++operand) {
        if (from.in[operand].tensor < 0) continue;
        put(layer.in[operand], view_box(from, operand, made));
      }
      put(layer.out, made);
      count_columns(from, made, port_box(from, 0, made), layer);
      layer.macs = share_macs(from, {made, whole_share(from).in_channels});
      for (const TileBoxes::Held& taken : boxes.taken[t]) {
        if (taken.tensor != out) continue;
        add_copy(kept.at(out), tile_of.at(out), taken.box);
      }
      if (t + 1 == run.tiles()) continue;
      for (const TileBoxes::Held& next : boxes.taken[t + 1]) {
        if (next.tensor != out) continue;
        const int before = once_ && kept.contains(out) ? kept[out] : -1;
        kept[out] = add_tensor(net, next);
        net_.tensors[kept[out]].over = before;
        add_copy(tile_of.at(out), kept[out], next.box);
      }
    }
    stops_.push_back(static_cast<int>(net_.layers.size()));
  }
}

void TileNet::restore(PlanNode& node) const {
  for (PlanStage& stage : node.stages) {
    for (PlanPort& port : stage.ports) {
      shift(port.box, places_[stage.buffers[port.buffer].tensor].x0);
      if (port.owner == Owner::kInput) {
        port.owner_index = input_of_[port.owner_index];
      }
    }
    for (PlanBuffer& buffer : stage.buffers) {
      const Place& place = places_[buffer.tensor];
      buffer.tensor = place.tensor;
      shift(buffer.box, place.x0);
    }
    for (PlanActor& a : stage.actors) {
      if (a.copy) continue;
      a.layer = layer_of_[a.layer];
      a.copy = a.layer < 0;
    }
  }
}

void TileNet::restore(Plan& plan) const {
  for (PlanNode& node : plan.nodes) restore(node);
  for (PlanStream& stream : plan.streams) {
    const Place& place = places_[stream.tensor];
    stream.tensor = place.tensor;
    shift(stream.box, place.x0);
  }
}

}  // namespace shoal
