#include "host/plan/search/segment_memo.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/plan/cost/time.h"
#include "host/plan/draft/linked_draft.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Limit of remembered costs of nodes, of about 100 bytes each.
constexpr size_t kMostCosts = size_t{1} << 21;

using Key = std::vector<int64_t>;

void add(const Box& b, Key& key) {
  key.insert(key.end(), {b.y0, b.y1, b.x0, b.x1, b.c0, b.c1});
}

template <typename Value>
void add(const std::vector<Value>& values, Key& key) {
  key.push_back(std::ssize(values));
  key.insert(key.end(), values.begin(), values.end());
}

// Returns a key of a layer without its name and tensors. The binding names all
// fields, so a new field does not compile until it is handled here.
Key kind_of(const Layer& l) {
  const auto& [op, name, file_op, in, out, kernel_h, kernel_w, stride_y,
               stride_x, dilation_y, dilation_x, pad_top, pad_left,
               depth_multiplier, reduce_columns, reduce_channels, zero_in,
               zero_weight, zero_out, act_min, act_max, is_wide, params,
               row_map, column_map, weights, weights_of, macs, loop,
               loop_groups, loop_band] = l;
  (void)name, (void)file_op;
  (void)zero_in, (void)zero_weight, (void)zero_out, (void)act_min,
      (void)act_max;  // derived from values
  Key key{static_cast<int64_t>(op),
          kernel_h,
          kernel_w,
          stride_y,
          stride_x,
          dilation_y,
          dilation_x,
          pad_top,
          pad_left,
          depth_multiplier,
          int64_t{reduce_columns},
          int64_t{reduce_channels},
          int64_t{is_wide},
          weight_bytes(l),
          int64_t{weights.empty()},
          int64_t{weights.int4},
          int64_t{weights_of >= 0},
          macs,
          loop_groups,
          loop_band};
  // A net with loops has no equal forms, so the layers' addresses are the key.
  for (const Layer* of : loop) key.push_back(reinterpret_cast<intptr_t>(of));
  for (const View& v : in) add(v.box, key);
  add(out.box, key);
  add(params, key);
  add(row_map, key);
  add(column_map, key);
  return key;
}

Key kind_of(const NetTensor& t, const TensorUses& uses, int tensor,
            const std::vector<std::vector<int>>& slots) {
  Key key{t.rows, t.columns, t.channels, t.element_bytes, t.frames};
  // Each variable has a key of its own.
  key.push_back(uses.variable >= 0 ? tensor : -1);
  for (const std::vector<int>& of : slots) {
    key.push_back(of[static_cast<size_t>(tensor)]);
  }
  for (const auto* list : {&uses.writers, &uses.readers}) {
    for (const Use& u : *list) {
      if (u.owner == Owner::kActor) continue;
      key.push_back(static_cast<int64_t>(u.owner));
      add(u.box, key);
    }
    key.push_back(-1);
  }
  return key;
}

}  // namespace

NetForms::NetForms(const Net& net, std::vector<TensorUses> uses,
                   const std::vector<std::vector<int>>& slots)
    : net_(&net),
      uses_(std::move(uses)),
      live_(uses_),
      begins_(net.layers.size() + 1) {
  for (const Layer& l : net.layers) {
    layer_kinds_.push_back(kinds_.of(kind_of(l)));
  }
  for (size_t t = 0; t < net.tensors.size(); ++t) {
    tensor_kinds_.push_back(kinds_.of(
        kind_of(net.tensors[t], uses_[t], static_cast<int>(t), slots)));
  }
}

std::vector<int> NetForms::others_of(Segment segment) const {
  std::vector<int> others;
  for (const int t : live_.during(uses_, segment)) {
    uses_[t].each([&](const Use& u) {
      if (u.owner != Owner::kActor || segment.holds(u.index)) return;
      others.push_back(u.index);
    });
  }
  std::ranges::sort(others);
  others.erase(std::unique(others.begin(), others.end()), others.end());
  return others;
}

void NetForms::add_layer(int layer, const std::vector<int>& touched,
                         Key& key) const {
  const Layer& l = net_->layers[layer];
  key.push_back(layer_kinds_[layer]);
  for (const View* v : {&l.in[0], &l.in[1], &l.out}) {
    if (v->tensor < 0) {
      key.push_back(-1);
      continue;
    }
    const int over = net_->tensors[v->tensor].over;
    key.insert(key.end(), {touched[v->tensor], tensor_kinds_[v->tensor],
                           over < 0 ? -1 : touched[over]});
  }
}

// Numbers tensors in the order in which the layers of the segment touch them,
// so that a longer segment keeps the numbers of a shorter one.
void NetForms::extend(int begin, int end) {
  Begin& b = begins_[begin];
  if (b.touched.empty()) b.touched.assign(net_->tensors.size(), -1);
  const auto count = static_cast<int>(net_->layers.size());
  while (std::ssize(b.layers) < end - begin) {
    const int layer = begin + static_cast<int>(b.layers.size());
    Key key{b.layers.empty() ? -1 : b.layers.back()};
    if (layer < count) {
      const Layer& l = net_->layers[layer];
      for (const View* v : {&l.in[0], &l.in[1], &l.out}) {
        if (v->tensor < 0 || b.touched[v->tensor] >= 0) continue;
        b.touched[v->tensor] = b.tensors++;
      }
      add_layer(layer, b.touched, key);
    }
    b.layers.push_back(layers_.of(std::move(key)));
  }
}

// Layers before and behind the segment are distinguished only from its own
// layers.
const NetForms::Form& NetForms::of(Segment s) {
  Begin& b = begins_[s.begin];
  const auto length = static_cast<size_t>(s.end - s.begin);
  b.forms.resize(std::max(b.forms.size(), length + 1));
  std::optional<Form>& form = b.forms[length];
  if (form) return *form;
  extend(s.begin, s.end);
  Form made{0, others_of(s)};
  // Longer segments may touch more tensors than this one, so the numbers of
  // this one are found again.
  std::vector<int> touched(net_->tensors.size(), -1);
  int tensors = 0;
  const auto touch = [&](const Layer& l) {
    for (const View* v : {&l.in[0], &l.in[1], &l.out}) {
      if (v->tensor >= 0 && touched[v->tensor] < 0) {
        touched[v->tensor] = tensors++;
      }
    }
  };
  for (int l = s.begin; l < end_of_layers(*net_, s); ++l) {
    touch(net_->layers[l]);
  }
  Key key{s.end - s.begin, b.layers[length - 1]};
  for (const int l : made.others) {
    touch(net_->layers[l]);
    key.push_back(l < s.begin);
    add_layer(l, touched, key);
  }
  made.number = forms_.of(std::move(key));
  return form.emplace(std::move(made));
}

SegmentMemo::Prepared::Prepared(const Net& net) {
  std::vector<TensorUses> uses = find_uses(net);
  std::vector<int> counts(std::begin(tuning::kPasses),
                          std::end(tuning::kPasses));
  counts.insert(counts.end(), {256, kOneRow});
  for (const int passes : counts) {
    const Work work = uniform_work(net, passes);
    std::vector<int> slots = ring_slots(net, uses, work, passes == kOneRow);
    if (least_slots.empty()) least_slots = slots;
    for (size_t t = 0; t < slots.size(); ++t) {
      least_slots[t] = std::min(least_slots[t], slots[t]);
    }
    table_passes.push_back(passes);
    table_slots.push_back(std::move(slots));
  }
  forms = NetForms(net, std::move(uses), table_slots);
  size_t table = 0;
  for (int p = 0; p <= table_passes.end()[-2]; ++p) {
    if (p >= table_passes[table + 1]) ++table;
    table_of.push_back(static_cast<uint8_t>(table));
  }
}

const std::vector<int>& SegmentMemo::slots(int64_t passes) {
  const Prepared& p = prepared();
  if (passes >= p.table_passes.back()) return p.table_slots.back();
  const int64_t last = std::ssize(p.table_of) - 1;
  const auto at = static_cast<size_t>(std::clamp<int64_t>(passes, 0, last));
  return p.table_slots[p.table_of[at]];
}

int SegmentMemo::number_of(const CutNet& cut, int layer) {
  const LayerCut& c = cut.cuts.layers[layer];
  std::vector<int> key;
  add_to_key(c, key);
  key.push_back(cut.band[layer]);
  if (cut.loop_of[layer] >= 0) {
    const BlockChoice& loop = cut.loops[cut.loop_of[layer]];
    key.insert(key.end(), {loop.begin - layer, loop.end - layer, loop.groups});
  }
  return numbers_.of(std::move(key));
}

const SegmentCost* SegmentMemo::find(const Key& key) const {
  const auto at = costs_.find(key);
  return at == costs_.end() ? nullptr : &at->second;
}

const SegmentCost& SegmentMemo::add(Key key, SegmentCost cost) {
  ++added_;
  return costs_.insert_or_assign(std::move(key), std::move(cost)).first->second;
}

struct SegmentMemo::InTiles {
  std::vector<TileRun> runs;
  Net net;
  SegmentMemo memo{net};
};

SegmentMemo& SegmentMemo::in_tiles(const TileNet& tiles,
                                   const std::vector<TileRun>& runs) {
  for (const auto& t : in_tiles_) {
    if (t->runs == runs) return t->memo;
  }
  in_tiles_.emplace_back(new InTiles{runs, tiles.net()});
  return in_tiles_.back()->memo;
}

void SegmentMemo::trim(int nodes) {
  size_t costs = costs_.size(), leasts = leasts_.size();
  for (const auto& t : in_tiles_) {
    costs += t->memo.costs_.size(), leasts += t->memo.leasts_.size();
  }
  const size_t each = 8 * static_cast<size_t>(std::max(1, nodes));
  if (costs <= kMostCosts / each && leasts <= kMostCosts) return;
  in_tiles_.clear();
  leasts_.clear();
  costs_.clear();
  rows_.clear();
}

}  // namespace shoal
