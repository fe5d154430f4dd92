#include "host/plan/planner/balance.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "host/plan/cuts/cut_layer.h"

namespace shoal {
namespace {

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

}  // namespace shoal
