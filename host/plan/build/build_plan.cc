#include "host/plan/build/build_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "device/program/geometry.h"
#include "device/program/kinds.h"
#include "host/base/error.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/tokens/merge.h"
#include "host/plan/tokens/overlay.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/tokens/share.h"
#include "host/plan/tokens/token_simulation.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/stream_table.h"

namespace shoal {
namespace {

// Returns one number for all rings without a size that hold the same tensor and
// that nodes use alike; -1 for other buffers.
std::vector<int> ring_groups(const MergedSegment& segment) {
  std::map<std::tuple<int, int, bool>, int> numbers;
  std::vector<bool> copied_to(segment.stage.buffers.size(), false);
  for (const PlanPort& p : segment.stage.ports) {
    if (!p.is_read && p.owner == Owner::kStream) copied_to[p.buffer] = true;
  }
  std::vector<int> group;
  for (size_t b = 0; b < segment.stage.buffers.size(); ++b) {
    const PlanBuffer& buffer = segment.stage.buffers[b];
    if (buffer.slots > 0) {
      group.push_back(-1);
      continue;
    }
    const std::tuple key{buffer.tensor, buffer.element_bytes,
                         bool(copied_to[b])};
    group.push_back(numbers.try_emplace(key, static_cast<int>(numbers.size()))
                        .first->second);
  }
  return group;
}

Slack slack_of(const BuildOptions& options, const MergedSegment& m,
               int buffer) {
  if (!options.slack) return {};
  const auto behind = std::ranges::upper_bound(
      m.parts, buffer, {}, &MergedSegment::Part::first_buffer);
  const MergedSegment::Part& part = *std::prev(behind);
  return options.slack(size_t(part.node), size_t(part.stage));
}

// Adds rows to rings that links touch. A sender keeps its rows until they are
// acknowledged, and hears of a receiver's free slots only later, so more rows
// keep both busy.
void add_slack(const BuildOptions& options, MergedSegment& m) {
  std::vector<bool> given(m.stage.buffers.size(), false);
  for (const PlanPort& p : m.stage.ports) {
    if (p.owner == Owner::kActor || given[p.buffer]) continue;
    given[p.buffer] = true;
    PlanBuffer& b = m.stage.buffers[p.buffer];
    const int rows = slack_of(options, m, p.buffer).rows_of(b.row_bytes());
    b.slots = std::min(b.box.rows(), b.slots + rows);
  }
}

// Finds the leads of outputs that lie over inputs and have none. Overlays that
// save nothing are left out.
void set_leads(const Net& net, const MergedSegment& m,
               const BuildOptions& options, RingMemo& rings, PlanDraft& draft) {
  std::vector<OverlaidBuffers> pairs;
  std::vector<StageDraft*> drafts;
  for (const MergedSegment::Part& part : m.parts) {
    StageDraft& d = draft.stages[part.node][part.stage];
    if (!d.overlay || d.overlay->lead) continue;
    const OverlaidBuffers of = overlay_buffers(
        draft.plan.nodes[part.node].stages[part.stage], d.homes, *d.overlay);
    pairs.push_back({part.first_buffer + of.in, part.first_buffer + of.out});
    drafts.push_back(&d);
  }
  if (pairs.empty()) return;
  rings.find_leads(net, m.stage, m.ties, pairs);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const PlanBuffer& in = m.stage.buffers[pairs[i].in];
    const PlanBuffer& out = m.stage.buffers[pairs[i].out];
    const Slack slack = slack_of(options, m, pairs[i].out);
    const int rows = std::min(out.box.rows(), slack.rows_of(out.row_bytes()));
    const int64_t lead =
        round_up_lead(pairs[i].lead + int64_t{rows} * out.row_bytes());
    drafts[i]->overlay->lead = lead;
    const int64_t gain = overlay_gain(in.bytes(), out.bytes(), lead);
    if (gain == 0) drafts[i]->overlay.reset();
  }
}

void size_rings(const Net& net, const BuildOptions& options, RingMemo& rings,
                MergedSegment& m) {
  const std::vector<int> groups = ring_groups(m);
  if (std::ranges::all_of(groups, [](int g) { return g < 0; })) return;
  for (PlanBuffer& b : m.stage.buffers) {
    if (b.slots == 0) b.slots = b.box.rows();
  }
  const std::vector<int> slots =
      rings.slots(net, m.stage, m.ties, groups, options.tighten);
  for (size_t b = 0; b < slots.size(); ++b) {
    if (groups[b] >= 0) m.stage.buffers[b].slots = slots[b];
  }
}

void add_peers(Plan& plan) {
  std::vector<std::set<int>> peers(plan.nodes.size());
  for (const PlanStream& stream : plan.streams) {
    for (const PlanStream::End& to : stream.to) {
      peers[stream.from.node].insert(to.node);
      peers[to.node].insert(stream.from.node);
    }
  }
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const PlanStage& stage : plan.nodes[n].stages) {
      for (const PlanPort& p : stage.ports) {
        if (p.owner == Owner::kInput || p.owner == Owner::kOutput) {
          peers[n].insert(-1);
        }
      }
    }
    for (int peer : peers[n]) plan.nodes[n].peers.push_back({peer, kWindow});
  }
}

bool has_tape(const PlanStage& stage) {
  return std::ranges::any_of(stage.actors, [](const PlanActor& a) {
    return a.weights.place == WeightPlace::kTape;
  });
}

// Records the orders of stages that have a tape, from one run of the whole
// segment, so that the orders of all nodes go together. An order is part of the
// stage's record, so nodes with the record in the arena need it first.
void record_orders(const Net& net, const MergedSegment& m, Plan& plan) {
  const auto taped = [&](const MergedSegment::Part& part) {
    return has_tape(plan.nodes[part.node].stages[part.stage]);
  };
  if (std::ranges::none_of(m.parts, taped)) return;
  StageTokens tokens(net, m.stage, m.ties);
  const bool done =
      run_by_rank(tokens, depth_ranks(tokens), [&](int process, int) {
        if (process >= static_cast<int>(m.stage.actors.size())) return;
        const auto part = std::ranges::upper_bound(
            m.parts, process, {}, &MergedSegment::Part::first_actor);
        const MergedSegment::Part& of = *std::prev(part);
        if (!taped(of)) return;
        record_firing(plan.nodes[of.node].stages[of.stage],
                      process - of.first_actor);
      });
  if (!done) throw Error(Exit::kInternal, "a segment does not complete");
}

// Finds what stages that run side by side need of each other: sizes of rings,
// leads and orders. A node alone may have all of them.
void complete_segment(const Net& net, const BuildOptions& options,
                      RingMemo& rings, MergedSegment& m, PlanDraft& draft) {
  // Buffers that share bytes need the exact rows of their order.
  const bool are_exact =
      std::ranges::any_of(m.parts, [&](const MergedSegment::Part& part) {
        const StageDraft& d = draft.stages[part.node][part.stage];
        return d.share || (d.overlay && d.overlay->lead);
      });
  size_rings(net, options, rings, m);
  if (!are_exact) add_slack(options, m);
  set_leads(net, m, options, rings, draft);
  for (const MergedSegment::Part& part : m.parts) {
    PlanStage& stage = draft.plan.nodes[part.node].stages[part.stage];
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      stage.buffers[b].slots = m.stage.buffers[part.first_buffer + b].slots;
    }
  }
  if (!draft.is_alone()) record_orders(net, m, draft.plan);
}

int64_t firings_of(const Layer& layer, int rows, LayerWork work) {
  return int64_t{ceil_div(rows, work.band)} *
         (has_window(layer.op) ? ceil_div(layer.kernel_h, work.part) : 1);
}

Misfit fires_too_often(const Layer& layer, int64_t firings) {
  const std::string rows = std::to_string(kMaxWindowRows);
  return {Exit::kUnsupported,
          layer_text(layer) + " fires " + std::to_string(firings) +
              " times a frame, the limit is " + std::to_string(kMaxFirings),
          layer.kernel_h > kMaxWindowRows
              ? "use a window of at most " + rows +
                    " rows, cut the input into shorter frames, or its rows "
                    "over more nodes (--nodes, --strategy spatial)"
              : "cut the input into shorter frames"};
}

}  // namespace

std::optional<Misfit> too_many_firings(const Layer& layer, int rows) {
  const int64_t firings =
      firings_of(layer, rows, work_for(layer, rows, kMaxFirings));
  if (firings <= kMaxFirings) return std::nullopt;
  return fires_too_often(layer, firings);
}

std::optional<Misfit> too_many_firings(const Net& net, const Plan& plan) {
  for (const PlanNode& node : plan.nodes) {
    for (const PlanStage& stage : node.stages) {
      for (const PlanActor& a : stage.actors) {
        if (a.copy) continue;
        const Layer& layer = net.layers[a.layer];
        const int64_t firings =
            firings_of(layer, stage.ports[a.out].box.rows(), {a.band, a.part});
        if (firings <= kMaxFirings) continue;
        return fires_too_often(layer, firings);
      }
      if (stage.order.size() <= kMaxRuns) continue;
      return Misfit{Exit::kUnsupported,
                    "a stage fires in " + std::to_string(stage.order.size()) +
                        " runs; at most " + std::to_string(kMaxRuns)};
    }
  }
  return std::nullopt;
}

Plan build_plan(const Net& net, PlanDraft draft,
                const std::vector<Supply>& supplies,
                const BuildOptions& options) {
  Plan& plan = draft.plan;
  if (plan.linked) {
    RingMemo own_rings;
    RingMemo& rings = options.rings ? *options.rings : own_rings;
    for (MergedSegment& m : merge_segments(plan)) {
      complete_segment(net, options, rings, m, draft);
    }
    add_peers(plan);
  }
  const std::vector<LinkCounts> links =
      plan.linked ? count_links(plan) : std::vector<LinkCounts>(1);
  std::vector<std::vector<StageEnds>> ends;
  if (plan.linked) ends = stage_ends(plan);
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    PlanCancellation::check();
    build_node(net, supplies[n], links[n], plan.linked ? &ends[n] : nullptr,
               options, n, draft);
    const bool is_useless =
        options.must_fit && plan.nodes[n].arena_bytes > options.budgets[n];
    if (is_useless) break;
  }
  return std::move(plan);
}

}  // namespace shoal
