#include "host/plan/search/survey.h"

#include <algorithm>
#include <string>
#include <utility>

#include "host/plan/arena/layout.h"
#include "host/plan/build/build_plan.h"
#include "host/plan/cost/tape.h"
#include "host/plan/draft/draft.h"
#include "host/plan/draft/spill.h"
#include "host/plan/tokens/share.h"
#include "host/plan/tokens/stage_key.h"
#include "host/plan/types/stage_maker.h"
#include "host/plan/types/stream_table.h"

namespace shoal {
namespace {

// The most layers of a stage if the order of every stage must be recorded.
constexpr int kMaxRecordedLayers = 24;

std::vector<int> count_ports(const Net& net,
                             const std::vector<TensorUses>& uses) {
  std::vector<int> before(static_cast<size_t>(whole_net(net).end) + 1, 0);
  for (const TensorUses& t : uses) {
    t.each([&](const Use& u) { ++before[u.position + 1]; });
  }
  for (size_t i = 1; i < before.size(); ++i) before[i] += before[i - 1];
  return before;
}

// Returns by tensor whether its rows never leave a stage that it lives in.
std::vector<bool> may_share(const std::vector<TensorUses>& uses) {
  std::vector<bool> may;
  for (const TensorUses& t : uses) {
    const auto in_stage = [](const Use& u) { return u.owner == Owner::kActor; };
    may.push_back(std::ranges::all_of(t.writers, in_stage) &&
                  std::ranges::all_of(t.readers, in_stage));
  }
  return may;
}

// A single node keeps all variables.
int64_t bytes_of_variables(const Net& net) {
  int64_t bytes = 0;
  for (const NetVariable& v : net.variables) {
    const auto one = static_cast<uint32_t>(net.tensors[v.before].bytes());
    bytes += 2 * variable_stride(one);
  }
  return bytes;
}

// Returns a key of all that the record of a stage depends on besides the layers
// of the net.
std::string record_key(const PlanStage& stage) {
  StageKey key;
  key.add_run(stage);
  for (const PlanBuffer& b : stage.buffers) key.add(b.variable);
  for (const PlanSpill& s : stage.spills) key.add(s.port, s.pages);
  return key.take();
}

}  // namespace

Survey::Survey(const Net& net, const Board& board,
               std::vector<uint32_t> chunk_limits, RecordMemo& records,
               const Spilling& spilling, const std::vector<int>& stops,
               bool linked)
    : net_(net),
      mapped_(board.flash_mapped),
      linked_(linked),
      chunk_limits_(std::move(chunk_limits)),
      records_(records),
      uses_(find_uses(net, spilling)),
      tables_(pass_tables(net, uses_, board)),
      spill_state_bytes_(spill_state(net, uses_)),
      variable_bytes_(bytes_of_variables(net)),
      shares_(may_share(uses_)),
      slots_(net, uses_) {
  const std::vector<int> before = count_ports(net_, uses_);
  const int n = whole_net(net_).end;
  all_ports_ = before[n];
  known_.resize(n);
  const int max_layers = mapped_ ? kMaxStageLayers : kMaxRecordedLayers;
  for (int begin = 0; begin < n; ++begin) {
    const auto stop = std::upper_bound(stops.begin(), stops.end(), begin);
    const int last =
        std::min(stop == stops.end() ? n : *stop, begin + max_layers);
    for (int end = begin + 1; end <= last; ++end) {
      Known k = find_known({begin, end});
      k.ports = before[end] - before[begin];
      known_[begin].push_back(std::move(k));
    }
  }
}

const Survey::Known* Survey::known(Segment s) const {
  const auto length = static_cast<size_t>(s.end - s.begin);
  if (length > known_[s.begin].size()) return nullptr;
  const Known& k = known_[s.begin][length - 1];
  return k.can_be_stage ? &k : nullptr;
}

int64_t Survey::record_bytes(Segment s, size_t limit) const {
  const Known& k = *known(s);
  if (k.record_bytes.empty()) k.record_bytes = find_record_bytes(s);
  return k.record_bytes[limit];
}

int Survey::limit_for(Segment s, int64_t record_bytes) const {
  if (!known(s)) return -1;
  for (size_t limit = 0; limit < chunk_limits_.size(); ++limit) {
    const int64_t bytes = this->record_bytes(s, limit);
    if (bytes >= 0 && bytes <= record_bytes) return static_cast<int>(limit);
  }
  return -1;
}

PlanStage Survey::least_stage(Segment s) const {
  const PassTable& least = tables_.back();
  return make_stage(net_, uses_, s, least.work, least.slots);
}

const std::optional<Overlay>& Survey::best_overlay(Segment s) const {
  const auto [at, is_new] = overlays_.try_emplace({s.begin, s.end});
  std::optional<Overlay>& overlay = at->second;
  if (!is_new) return overlay;
  overlay = overlay_pair(net_, uses_, s);
  if (overlay) overlay->lead = smallest_lead(net_, least_stage(s), *overlay);
  return overlay;
}

int64_t Survey::overlay_gain(Segment s) const {
  const std::optional<Overlay>& overlay = best_overlay(s);
  return overlay ? shoal::overlay_gain(net_, *overlay) : 0;
}

int64_t Survey::share_gain(Segment s) const {
  const auto [at, is_new] = share_gains_.try_emplace({s.begin, s.end}, 0);
  if (!is_new) return at->second;
  PlanStage alone = least_stage(s);
  const std::vector<bool> may =
      sharing_buffers(alone, node_homes(uses_, alone, s));
  const int64_t saved = share_stage(net_, alone, may).most_saved;
  // An order that is too long for a record cannot be used.
  if (alone.order.size() <= kMaxRuns) at->second = saved;
  return at->second;
}

std::vector<int> Survey::ends(int max_ports) const {
  std::vector<int> ends;
  for (const std::vector<Known>& from : known_) {
    const auto more =
        std::find_if(from.begin(), from.end(),
                     [&](const Known& k) { return k.ports > max_ports; });
    ends.push_back(static_cast<int>(ends.size() + (more - from.begin())));
  }
  return ends;
}

Survey::Known Survey::find_known(Segment s) const {
  Known k;
  k.can_be_stage = can_be_stage(uses_, s);
  if (!k.can_be_stage) return k;
  const std::optional<Overlay> pair = overlay_pair(net_, uses_, s);
  if (pair) {
    k.overlay_most = std::min(net_.tensors[pair->in].bytes(),
                              net_.tensors[pair->out].bytes());
  }
  k.share_most = share_most(s);
  return k;
}

std::vector<int64_t> Survey::find_record_bytes(Segment s) const {
  if (mapped_) return std::vector<int64_t>(chunk_limits_.size(), 0);
  std::vector<PlanStage> alone{least_stage(s)};
  std::string key = record_key(alone[0]);
  if (const std::vector<int64_t>* known = records_.find(key)) return *known;
  const size_t bytes = chunk_limits_.size() * sizeof(int64_t);
  return records_.add(std::move(key), record_bytes_of(std::move(alone)), bytes);
}

std::vector<int64_t> Survey::record_bytes_of(
    std::vector<PlanStage> alone) const {
  for (PlanActor& a : alone[0].actors) {
    if (!a.weights.chunks.empty()) a.weights.place = WeightPlace::kTape;
  }
  const TapeOrders orders = tape_orders(net_, alone[0]);
  const std::vector<StageEnds> ends{coordinator_ends(alone[0])};
  std::vector<int64_t> bytes;
  for (const uint32_t limit : chunk_limits_) {
    put_on_tape(net_, alone[0], orders, limit);
    const PlanLayout l =
        make_layout(net_, alone, false, {}, 0, linked_ ? &ends : nullptr);
    const bool fits = alone[0].order.size() <= kMaxRuns;
    bytes.push_back(fits ? int64_t{l.buffers} - l.head - l.variable_bytes : -1);
  }
  return bytes;
}

int64_t Survey::link_bytes() const {
  if (!linked_) return 0;
  const auto outputs = static_cast<uint32_t>(net_.outputs.size());
  return link_layout({1, kWindow, outputs, outputs, 1, 0}).bytes;
}

// Returns the bytes of all rings except those that are alive together while the
// layer that touches most of them fires.
int64_t Survey::share_most(Segment s) const {
  int64_t sum = 0, most = 0;
  const auto bytes = [&](int tensor) {
    if (tensor < 0 || !shares_[tensor]) return int64_t{0};
    return lives_inside(uses_[tensor], s) ? tables_.back().ring_bytes[tensor]
                                          : 0;
  };
  for (size_t t = 0; t < uses_.size(); ++t) sum += bytes(static_cast<int>(t));
  for (int l = s.begin; l < end_of_layers(net_, s); ++l) {
    const Layer& layer = net_.layers[l];
    const int a = layer.in[0].tensor, b = layer.in[1].tensor;
    most = std::max(
        most, bytes(layer.out.tensor) + bytes(a) + (b == a ? 0 : bytes(b)));
  }
  return sum - most;
}

}  // namespace shoal
