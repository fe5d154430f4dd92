#include "host/plan/search.h"

#include <algorithm>

#include "device/program/record.h"
#include "host/plan/time.h"

namespace shoal {
namespace {

constexpr int kQuickTries = 60;
constexpr int kPackTries = 400;
// Shares of the budget for stages whose bands are not at their least.
constexpr int kSoftPercent[] = {100, 95, 90, 85, 80, 75, 70, 60, 50, 30, 0};

std::vector<int> count_ports(const Net& net,
                             const std::vector<TensorUses>& uses) {
  std::vector<int> before(static_cast<size_t>(whole_net(net).end) + 1, 0);
  for (const TensorUses& t : uses) {
    for (const auto* list : {&t.writers, &t.readers}) {
      for (const Use& u : *list) ++before[u.position + 1];
    }
  }
  for (size_t i = 1; i < before.size(); ++i) before[i] += before[i - 1];
  return before;
}

}  // namespace

Search::Search(const Net& net, const Board& board)
    : net_(net),
      board_(board),
      uses_(find_uses(net)),
      tables_(pass_tables(net, uses_, board)),
      ports_before_(count_ports(net, uses_)) {}

SegmentBytes Search::segment_bytes(Segment s, int max_ports) const {
  SegmentBytes known;
  const int ports = ports_before_[s.end] - ports_before_[s.begin];
  if (ports > max_ports || !can_be_stage(uses_, s)) {
    known.fixed = -1;
    return known;
  }
  const int most = std::min(max_ports, ports_before_.back());
  known.fixed = align_up(static_cast<uint32_t>(4 * most)) +
                align_up(static_cast<uint32_t>(most));
  if (!board_.flash_mapped) {
    known.fixed += 64 * (s.end - s.begin) + 24 * ports + 512;
  }
  const std::optional<Overlay> pair = overlay_pair(net_, uses_, s);
  if (pair) {
    known.most_gain = std::min(net_.tensors[pair->in].bytes(),
                               net_.tensors[pair->out].bytes());
  }
  return known;
}

int64_t Search::gain(Segment s, int table) {
  const auto key = std::make_pair(table, std::make_pair(s.begin, s.end));
  auto found = leads_.find(key);
  if (found == leads_.end()) {
    Overlay o = *overlay_pair(net_, uses_, s);
    const PassTable& t = tables_[table];
    const PlanStage stage = make_stage(net_, uses_, s, t.work, t.slots);
    o.lead = smallest_lead(net_, stage, o);
    found = leads_.emplace(key, o).first;
  }
  return overlay_gain(net_, found->second);
}

StageSearch Search::stage_search(int max_ports) {
  return {net_, uses_, tables_,
          [this, max_ports](Segment s) { return segment_bytes(s, max_ports); },
          [this](Segment s, int table) { return gain(s, table); }};
}

Choice Search::choose(const Partition& cuts, bool all_overlays) const {
  Choice choice;
  choice.work = tables_.back().work;
  choice.slots = tables_.back().slots;
  for (const Cut& cut : cuts) {
    const PassTable& table = tables_[cut.table];
    const int end =
        std::min(cut.segment.end, static_cast<int>(net_.layers.size()));
    for (int l = cut.segment.begin; l < end; ++l) {
      choice.work[l] = table.work[l];
    }
    for (size_t t = 0; t < uses_.size(); ++t) {
      if (lives_inside(uses_[t], cut.segment)) {
        choice.slots[t] = table.slots[t];
      }
    }
    StageChoice stage{cut.segment, std::nullopt};
    std::optional<Overlay> o = overlay_pair(net_, uses_, cut.segment);
    if ((cut.overlay || all_overlays) && o) {
      const PlanStage made =
          make_stage(net_, uses_, cut.segment, choice.work, choice.slots);
      o->lead = smallest_lead(net_, made, *o);
      if (overlay_gain(net_, *o) > 0) stage.overlay = o;
    }
    choice.stages.push_back(stage);
  }
  return choice;
}

Candidate Search::build(const Choice& choice, int pack_tries) const {
  Candidate c;
  c.choice = choice;
  c.node = build_node(net_, uses_, choice, board_.flash_mapped, pack_tries);
  for (size_t l = 0; l < net_.layers.size(); ++l) {
    c.time_ps += layer_time(net_, static_cast<int>(l), choice.work[l], board_)
                     .total_ps();
  }
  return c;
}

Candidate Search::smallest() {
  std::optional<Candidate> best;
  for (int ports : {8, 16, 24, 32, 48, 64, 96, 128, 1 << 20}) {
    const StageSearch search = stage_search(ports);
    const std::optional<int64_t> least = smallest_budget(search);
    if (!least) continue;
    if (best && *least >= best->node.arena_bytes) continue;
    for (const int soft : kSoftPercent) {
      const std::optional<Partition> cuts =
          fastest_cuts(search, {*least, *least * soft / 100});
      if (!cuts) break;
      Candidate c = build(choose(*cuts, false), kPackTries);
      if (!best || c.node.arena_bytes < best->node.arena_bytes) {
        best = std::move(c);
      }
    }
    if (ports >= ports_before_.back()) break;
  }
  return *best;
}

std::optional<Candidate> Search::fastest(int64_t budget) {
  std::optional<Candidate> best;
  for (const int soft : kSoftPercent) {
    const std::optional<Partition> cuts =
        fastest_cuts(stage_search(1 << 20), {budget, budget * soft / 100});
    if (!cuts) break;
    Candidate c = build(choose(*cuts, false), kQuickTries);
    if (c.node.arena_bytes > budget) continue;
    if (!best || c.time_ps < best->time_ps) best = std::move(c);
  }
  return best;
}

}  // namespace shoal
