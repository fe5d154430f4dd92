#include "host/plan/planner/moves.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/planner/balance.h"
#include "host/plan/planner/group_trials.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns a trial for each path, with the options of the trial to change and
// with channel groups where the cuts allow them.
std::vector<Trial> trials_of(const MoveFrom& from,
                             const std::vector<MixedPath>& paths) {
  const Cluster& cluster = from.request.cluster;
  std::vector<Trial> all;
  for (const MixedPath& path : paths) {
    Trial trial{"mixed", from.mixed.cuts_of(path), from.trial.options};
    if (from.trial.spliced) {
      keep_groups(from.net, cluster, from.trial, trial);
    } else {
      add_groups(from.net, cluster, from.trial.group_channels, trial);
    }
    all.push_back(std::move(trial));
  }
  return all;
}

// Returns a cut of the layer with the cells and nodes of another cut; none if
// the layer cannot have such cells.
std::optional<LayerCut> cut_like(const MoveFrom& from, int layer,
                                 const LayerCut& other) {
  const Layer& of = from.net.layers[static_cast<size_t>(layer)];
  std::vector<int> nodes;
  for (const Share& s : other.shares) nodes.push_back(s.node);
  const Crew crew = rated_crew(from.request.cluster, std::move(nodes));
  if (crew.nodes.size() == 1) return cut_one(of, crew.nodes.front());
  switch (other.kind) {
    case CutKind::kOutputs:
      if (can_cut_outputs(of)) return cut_outputs(of, crew);
      return std::nullopt;
    case CutKind::kInputs:
      if (can_cut_inputs(of)) return cut_inputs(of, crew);
      return std::nullopt;
    default:
      return cut_cells(of, crew, {other.rows, other.columns});
  }
}

}  // namespace

std::vector<Trial> recut_run(const MoveFrom& from) {
  std::vector<Segment> runs;
  for (const Rehearsed::Stretch& s :
       rehearsed(from.trial, from.plan).stretches) {
    runs.push_back(s.layers);
  }
  return trials_of(
      from, from.mixed.beside(from.mixed.path_of(from.trial.cuts), runs));
}

std::vector<Trial> splice_plans(const MoveFrom& from) {
  std::vector<Trial> all;
  for (Splice& s : splices(rehearsed(from.trial, from.plan), from.plans)) {
    all.push_back(std::move(s.trial));
  }
  return all;
}

std::vector<Trial> balance_shares(const MoveFrom& from) {
  std::vector<Trial> all =
      balanced(from.net, from.request.cluster, from.trial, from.plan);
  for (Trial& t : all) {
    if (t.cuts.blocks.empty()) continue;
    t.cuts.blocks.clear();
    keep_groups(from.net, from.request.cluster, from.trial, t);
    t.spliced = from.trial.spliced;
  }
  return all;
}

std::vector<Trial> move_borders(const MoveFrom& from) {
  return trials_of(
      from, from.mixed.moved_borders(from.mixed.path_of(from.trial.cuts)));
}

std::vector<Trial> hand_over(const MoveFrom& from) {
  const std::vector<LayerCut>& cuts = from.trial.cuts.layers;
  const auto layers = static_cast<int>(cuts.size());
  const auto have_same_nodes = [&](int a, int b) {
    return std::ranges::equal(cuts[a].shares, cuts[b].shares, {}, &Share::node,
                              &Share::node);
  };
  std::vector<Trial> all;
  // Each trial takes over one layer more, in steps of one from the border.
  const auto take_over = [&](int owner, int first, int step) {
    Trial trial = from.trial;
    trial.name = "mixed";
    for (int l = first, count = 0; l >= 0 && l < layers; l += step) {
      if (!have_same_nodes(l, first) || count++ == tuning::kMostMoved) return;
      std::optional<LayerCut> cut = cut_like(from, l, cuts[owner]);
      if (!cut) return;
      trial.cuts.layers[l] = *std::move(cut);
      all.push_back(trial);
      all.back().cuts.blocks.clear();
      keep_groups(from.net, from.request.cluster, from.trial, all.back());
    }
  };
  for (int l = 1; l < layers; ++l) {
    if (have_same_nodes(l - 1, l)) continue;
    take_over(l - 1, l, 1);
    take_over(l, l - 1, -1);
  }
  return all;
}

std::vector<Trial> change_waits(const MoveFrom& from) {
  std::vector<Trial> all;
  for (const int waits : tuning::kOtherWaits) {
    all.push_back(from.trial);
    all.back().options.waits = waits;
  }
  return all;
}

std::vector<Trial> change_in_flight_room(const MoveFrom& from) {
  Trial other = from.trial;
  other.options.in_flight_room = !other.options.in_flight_room;
  return {std::move(other)};
}

}  // namespace shoal
