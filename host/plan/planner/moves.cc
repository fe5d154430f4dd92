#include "host/plan/planner/moves.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "host/plan/cuts/cut_layer.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/types/plan_segments.h"
#include "host/plan/types/tuning.h"
#include "host/plan/types/uses.h"

namespace shoal {
namespace {

// Returns a trial for each path, with the options of the trial to change and
// with its channel groups where the cuts allow them.
std::vector<Trial> trials_of(const MoveFrom& from,
                             const std::vector<MixedPath>& paths) {
  std::vector<Trial> all;
  for (const MixedPath& path : paths) {
    Trial trial{"mixed", from.mixed.cuts_of(path), from.trial.options};
    trial.cuts.ends = from.trial.cuts.ends;
    trial.cuts.tiles = from.trial.cuts.tiles;
    keep_groups(from.net, from.request.cluster, from.trial, trial);
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

// Takes the choices within the stretch from `other`. Returns false if one of
// either list crosses an end of the stretch.
template <class Choice>
bool splice(std::vector<Choice>& list, const std::vector<Choice>& other,
            Segment s) {
  const auto is_within = [&](const Choice& c) {
    return s.begin <= c.begin && c.end <= s.end;
  };
  const auto is_apart = [&](const Choice& c) {
    return c.end <= s.begin || s.end <= c.begin;
  };
  std::erase_if(list, is_within);
  if (!std::ranges::all_of(list, is_apart)) return false;
  for (const Choice& c : other) {
    if (is_apart(c)) continue;
    if (!is_within(c)) return false;
    list.push_back(c);
  }
  std::ranges::sort(list, {}, &Choice::begin);
  return true;
}

// Returns none if blocks or tiles of either trial cross an end of the stretch.
std::optional<Trial> spliced(const Trial& best, const Trial& other, Segment s) {
  Trial trial = best;
  std::copy(other.cuts.layers.begin() + s.begin,
            other.cuts.layers.begin() + s.end,
            trial.cuts.layers.begin() + s.begin);
  if (!splice(trial.cuts.blocks, other.cuts.blocks, s) ||
      !splice(trial.cuts.tiles, other.cuts.tiles, s)) {
    return std::nullopt;
  }
  trial.name = "mixed";
  return trial;
}

std::vector<Segment> runs_of(const MoveFrom& from) {
  std::vector<Segment> runs;
  for (const Stretch& s : rehearsed(from.trial, from.plan).stretches) {
    runs.push_back(s.layers);
  }
  return runs;
}

struct Labour {
  std::vector<double> all, computing;  // by node, in seconds
  std::set<int> layers;
};

std::vector<Labour> work_of(const Plan& plan) {
  std::map<int, Labour> segments;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const PlanStage& stage : plan.nodes[n].stages) {
      Labour& w = segments[stage.segment];
      w.all.resize(plan.nodes.size());
      w.computing.resize(plan.nodes.size());
      w.all[n] = stage.seconds;
      w.computing[n] = stage.compute_s;
      for (const PlanActor& a : stage.actors) w.layers.insert(a.layer);
    }
  }
  std::vector<Labour> list;
  for (auto& [number, work] : segments) list.push_back(std::move(work));
  return list;
}

bool have_same_cells(const LayerCut& a, const LayerCut& b) {
  return a.kind == b.kind && a.rows == b.rows && a.columns == b.columns &&
         std::ranges::equal(a.shares, b.shares, {}, &Share::node, &Share::node);
}

struct CellRun {
  int begin = 0, end = 0;
  std::vector<double> weights;  // by node
  double saved = 0;
};

// Adds the weights with which all nodes would work equally long, and the
// seconds that this would save.
CellRun weigh(CellRun run, const LayerCut& cut,
              const std::vector<Labour>& segments, const Cluster& cluster) {
  run.weights.resize(cluster.nodes.size());
  for (const Labour& w : segments) {
    const auto at = w.layers.lower_bound(run.begin);
    if (at == w.layers.end() || *at >= run.end) continue;
    double rating = 0, rated = 0, most = 0;
    for (const Share& s : cut.shares) {
      const double r = cluster.nodes[s.node].rating;
      rating += r;
      rated += r * w.all[s.node];
      most = std::max(most, w.all[s.node]);
    }
    const double even = rated / rating;
    run.saved += most - even;
    for (const Share& s : cut.shares) {
      run.weights[s.node] += cluster.nodes[s.node].rating *
                             (even - w.all[s.node] + w.computing[s.node]);
    }
  }
  return run;
}

// Returns false if the weights change nothing.
bool weigh_anew(const Net& net, const CellRun& run, Trial& trial) {
  bool any = false;
  for (int l = run.begin; l < run.end; ++l) {
    LayerCut& cut = trial.cuts.layers[l];
    std::optional<LayerCut> other = reweighed(net.layers[l], cut, run.weights);
    if (!other || !have_same_cells(*other, cut)) continue;
    any = true;
    cut = std::move(*other);
  }
  return any;
}

}  // namespace

Rehearsed rehearsed(Trial trial, const Plan& plan) {
  Rehearsed of{std::move(trial), {}};
  std::vector<Stretch>& all = of.stretches;
  for (const SegmentSummary& s : summarize_segments(plan)) {
    if (s.cuts.empty()) continue;
    Stretch next{{s.cuts.front().first_layer, s.cuts.back().last_layer + 1},
                 s.seconds};
    // All segments of layers that are made in tiles are one stretch.
    while (!all.empty() && next.layers.begin < all.back().layers.end) {
      const Stretch& before = all.back();
      next.layers.begin = std::min(next.layers.begin, before.layers.begin);
      next.layers.end = std::max(next.layers.end, before.layers.end);
      next.seconds += before.seconds;
      all.pop_back();
    }
    all.push_back(next);
  }
  return of;
}

std::vector<Splice> splices(const Rehearsed& best,
                            const std::vector<Rehearsed>& others) {
  std::vector<Splice> all;
  for (const Rehearsed& other : others) {
    int begin = 0;
    double here = 0, there = 0;
    size_t j = 0;
    for (const Stretch& stretch : best.stretches) {
      here += stretch.seconds;
      const int end = stretch.layers.end;
      while (j < other.stretches.size() &&
             other.stretches[j].layers.end <= end) {
        there += other.stretches[j++].seconds;
      }
      const bool both = j > 0 && other.stretches[j - 1].layers.end == end;
      if (!both) continue;
      if (there < here) {
        std::optional<Trial> trial =
            spliced(best.trial, other.trial, {begin, end});
        if (trial) all.push_back({std::move(*trial), (here - there) / here});
      }
      begin = end;
      here = there = 0;
    }
  }
  std::ranges::stable_sort(all, std::greater<>(), &Splice::part);
  return all;
}

std::vector<Trial> balanced(const Net& net, const Cluster& cluster,
                            const Trial& trial, const Plan& plan) {
  const std::vector<Labour> segments = work_of(plan);
  const std::vector<LayerCut>& cuts = trial.cuts.layers;
  std::vector<CellRun> runs;
  const auto layers = static_cast<int>(cuts.size());
  for (int l = 0; l < layers;) {
    CellRun run{l, l + 1, {}};
    while (run.end < layers && have_same_cells(cuts[l], cuts[run.end])) {
      ++run.end;
    }
    l = run.end;
    if (cuts[run.begin].shares.size() < 2) continue;
    runs.push_back(weigh(run, cuts[run.begin], segments, cluster));
  }
  std::ranges::stable_sort(runs, std::greater{}, &CellRun::saved);
  std::vector<Trial> all(1, trial);
  for (const CellRun& run : runs) {
    weigh_anew(net, run, all.front());
    Trial one = trial;
    if (weigh_anew(net, run, one)) all.push_back(std::move(one));
  }
  for (Trial& t : all) t.name = "mixed";
  return all;
}

std::vector<int64_t> kept_bytes(const Net& net) {
  const std::vector<TensorUses> uses = find_uses(net);
  const auto layers = static_cast<int>(net.layers.size());
  std::vector<int64_t> bytes(net.layers.size());
  for (size_t t = 0; t < uses.size(); ++t) {
    const NetTensor& tensor = net.tensors[t];
    for (int l = std::max(0, uses[t].first); l < std::min(uses[t].last, layers);
         ++l) {
      bytes[l] += tensor.box().elements() * tensor.element_bytes;
    }
  }
  return bytes;
}

std::vector<Trial> recut_run(const MoveFrom& from) {
  return trials_of(from, from.mixed.beside(from.mixed.path_of(from.trial.cuts),
                                           runs_of(from)));
}

std::vector<Trial> recut_as_built(const MoveFrom& from) {
  for (const Rehearsed& r : from.plans) {
    from.mixed.learn(r.trial.cuts, r.stretches);
  }
  return trials_of(
      from,
      from.mixed.as_learnt(from.mixed.path_of(from.trial.cuts), runs_of(from)));
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

std::vector<Trial> add_ends(const MoveFrom& from) {
  std::vector<Stretch> stretches = rehearsed(from.trial, from.plan).stretches;
  std::ranges::stable_sort(stretches, std::greater<>(), &Stretch::seconds);
  std::vector<int64_t> kept = kept_bytes(from.net);
  for (const BlockChoice& b : from.trial.cuts.blocks) {
    // A block with channel groups cannot end within.
    std::fill(kept.begin() + b.begin, kept.begin() + b.end - 1, kBeyond);
  }
  std::vector<Trial> all;
  for (const Stretch& s : stretches) {
    const auto begin = kept.begin() + s.layers.begin;
    const auto end = kept.begin() + s.layers.end - 1;
    if (begin >= end) continue;
    // The last of the narrowest places is behind an addition, not before it.
    const auto at = std::min_element(std::make_reverse_iterator(end),
                                     std::make_reverse_iterator(begin));
    if (*at == kBeyond) continue;
    Trial trial = from.trial;
    trial.name = "mixed";
    trial.cuts.ends.push_back(
        static_cast<int>(std::prev(at.base()) - kept.begin()));
    std::ranges::sort(trial.cuts.ends);
    all.push_back(std::move(trial));
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

std::vector<Trial> change_options(const MoveFrom& from) {
  std::vector<Trial> all;
  const auto change = [&](const auto& how) {
    all.push_back(from.trial);
    how(all.back().options);
  };
  change([](SearchOptions& o) { o.in_flight_room = !o.in_flight_room; });
  if (busy_nodes(from.plan) > 1) {  // a node alone sends no halos
    change([](SearchOptions& o) { o.halos = !o.halos; });
  }
  change([](SearchOptions& o) { o.overlays = !o.overlays; });
  change([](SearchOptions& o) {
    SearchOptions saving;
    saving.save_memory();
    o.groups = o.groups.empty() ? saving.groups : std::vector<int>();
  });
  change([](SearchOptions& o) { o.rungs = !o.rungs; });
  return all;
}

}  // namespace shoal
