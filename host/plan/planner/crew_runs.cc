#include "host/plan/planner/crew_runs.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "host/plan/cost/link_time.h"
#include "host/plan/cost/time.h"
#include "host/plan/types/beyond.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/segment.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

bool can_share(const Layer& l) {
  return can_cut_rows(l) && l.out.box.rows() > row_granule(l);
}

// Returns the part of the layer's time that the crew behind waits. Both crews
// begin the layer together, and the one behind can only go on when the one
// before has made its part.
double idle(double part) { return std::max(0.0, 2 * part - 1); }

}  // namespace

CrewRuns::CrewRuns(const Net& net, const PlanRequest& request,
                   const std::vector<int>& nodes)
    : net_(net),
      request_(request),
      nodes_(nodes),
      layers_(static_cast<int>(net.layers.size())),
      uses_(find_uses(net)),
      any_factor_(net.layers.size()) {
  for (size_t first = 0; first < nodes.size(); ++first) {
    const size_t most =
        std::min(size_t{tuning::kSeveral}, nodes.size() - first);
    for (size_t count = 1; count <= most; ++count) {
      add_crew(first, first + count);
    }
  }
  find_traffic();
}

// The best runs of the first layers on the first nodes, by the numbers of both:
// the busiest run has least to do, then all runs together.
class CrewRuns::Table {
 public:
  struct State {
    double most = kFar, sum = 0;
    CrewRun last;
    bool reached() const { return most < kFar; }
  };
  Table(size_t nodes, int layers)
      : layers_(static_cast<size_t>(layers)),
        states_((nodes + 1) * (layers_ + 1)) {}
  State& at(size_t nodes, int layers) {
    return states_[nodes * (layers_ + 1) + static_cast<size_t>(layers)];
  }

 private:
  size_t layers_;
  std::vector<State> states_;
};

void CrewRuns::extend(size_t first, int begin, Table& from, Table& to) const {
  const Table::State& before = from.at(first, begin);
  if (!before.reached()) return;
  for (const TimedCrew& crew : crews_[first]) {
    double layers = 0;
    for (int end = begin + 1; end <= layers_; ++end) {
      layers += layer_ps(crew, static_cast<size_t>(end) - 1);
      const CrewRun run{begin, end, first, first + crew.nodes.size()};
      if (is_refused(run)) break;
      const double ps = run_ps(crew, run, layers);
      const double most = std::max(before.most, ps), sum = before.sum + ps;
      Table::State& state = to.at(run.last, end);
      if (std::pair(most, sum) < std::pair(state.most, state.sum)) {
        state = {most, sum, run};
      }
    }
  }
}

std::optional<std::vector<CrewRun>> CrewRuns::best(size_t crews) const {
  const size_t count = nodes_.size();
  std::vector<Table> tables(crews + 1, Table(count, layers_));
  tables[0].at(0, 0).most = 0;
  for (size_t c = 0; c < crews; ++c) {
    if (PlanDeadline::passed()) return std::nullopt;
    for (size_t first = c; first < count; ++first) {
      for (int begin = 0; begin < layers_; ++begin) {
        extend(first, begin, tables[c], tables[c + 1]);
      }
    }
  }
  size_t nodes = crews;
  for (size_t n = crews; n <= count; ++n) {
    const double most = tables[crews].at(n, layers_).most;
    if (most < tables[crews].at(nodes, layers_).most) nodes = n;
  }
  if (!tables[crews].at(nodes, layers_).reached()) return std::nullopt;
  std::vector<CrewRun> runs(crews);
  int end = layers_;
  for (size_t c = crews; c > 0; --c) {
    runs[c - 1] = tables[c].at(nodes, end).last;
    end = runs[c - 1].begin;
    nodes = runs[c - 1].first;
  }
  return runs;
}

std::vector<std::vector<CrewRun>> CrewRuns::beside(
    const std::vector<CrewRun>& runs, int most) const {
  // A rank is whether a node moves, the work of the busiest run, and all work.
  using Rank = std::tuple<bool, double, double>;
  std::vector<std::pair<Rank, std::vector<CrewRun>>> all;
  const auto add = [&](size_t i, int layers, int nodes) {
    std::vector<CrewRun> moved = runs;
    CrewRun &before = moved[i], &behind = moved[i + 1];
    before.end = behind.begin = before.end + layers;
    before.last = behind.first = before.last + static_cast<size_t>(nodes);
    if (before.begin >= before.end || behind.begin >= behind.end) return;
    if (!is_crew(before) || !is_crew(behind)) return;
    Rank rank = {nodes != 0, 0, 0};
    for (const CrewRun& run : moved) {
      const double of = ps(run);
      std::get<1>(rank) = std::max(std::get<1>(rank), of);
      std::get<2>(rank) += of;
    }
    all.emplace_back(rank, std::move(moved));
  };
  for (size_t i = 0; i + 1 < runs.size(); ++i) {
    for (int by = -most; by <= most; ++by) {
      if (by != 0) add(i, by, 0);
      for (const int nodes : {-1, 1}) add(i, by, nodes);
    }
  }
  std::ranges::stable_sort(all, {}, [](const auto& a) { return a.first; });
  std::vector<std::vector<CrewRun>> lists;
  for (auto& [rank, moved] : all) lists.push_back(std::move(moved));
  return lists;
}

void CrewRuns::learn(const CrewRun& run, double ps) {
  const TimedCrew& crew = crew_of(run);
  auto& known = known_[crew.kind];
  const auto same = std::ranges::find_if(known, [&](const auto& k) {
    return k.first.begin == run.begin && k.first.end == run.end;
  });
  if (same == known.end()) {
    known.emplace_back(run, ps);
  } else {
    same->second = std::min(same->second, ps);
  }
  double layers = 0;
  for (int l = run.begin; l < run.end; ++l) {
    layers += crew.ps[static_cast<size_t>(l)];
  }
  const double own = ps - link_ps(run);
  if (layers <= 0 || own <= 0) return;
  const double by = own / layers;
  for (int l = run.begin; l < run.end; ++l) {
    const auto i = static_cast<size_t>(l);
    for (double* of : {&factors_[crew.kind][i], &any_factor_[i]}) {
      *of = *of > 0 ? std::min(*of, by) : by;
    }
  }
}

LayerCut CrewRuns::cut_of(const Crew& crew, const Layer& layer) {
  if (crew.nodes.size() == 1) return cut_one(layer, crew.nodes.front());
  if (layer.op == OpCode::kTranspose) {
    return cut_one(layer, crew.strongest(1).nodes[0]);
  }
  return cut_grid(layer, crew, 1, static_cast<int>(crew.nodes.size()));
}

const Board& CrewRuns::board(int node) const {
  return request_.cluster.nodes[static_cast<size_t>(node)].board;
}

void CrewRuns::add_crew(size_t first, size_t last) {
  const auto begin = nodes_.begin();
  TimedCrew crew{rated_crew(request_.cluster,
                            {begin + static_cast<std::ptrdiff_t>(first),
                             begin + static_cast<std::ptrdiff_t>(last)})};
  for (const Layer& l : net_.layers) {
    double most = 0;
    for (const Share& s : cut_of(crew, l).shares) {
      // All rows are made at once, so weights are read once.
      LayerShare share = whole_share(l);
      share.out = s.own;
      const LayerTime t = share_time(
          l, share, {s.own.rows(), std::max(1, l.kernel_h)}, board(s.node));
      most = std::max(
          most, static_cast<double>(t.compute_ps + t.firing_ps + t.flash_ps));
    }
    crew.ps.push_back(most);
  }
  crew.kind = kind_of(crew);
  crews_.resize(nodes_.size());
  crews_[first].push_back(std::move(crew));
}
size_t CrewRuns::kind_of(const TimedCrew& crew) {
  for (const std::vector<TimedCrew>& row : crews_) {
    for (const TimedCrew& other : row) {
      if (other.nodes.size() == crew.nodes.size() && other.ps == crew.ps &&
          other.weights == crew.weights) {
        return other.kind;
      }
    }
  }
  factors_.emplace_back(crew.ps.size());
  known_.emplace_back();
  return known_.size() - 1;
}

void CrewRuns::find_traffic() {
  const auto size = static_cast<size_t>(layers_) + 1;
  traffic_.assign(size * size, {});
  for (size_t t = 0; t < uses_.size(); ++t) {
    const TensorUses& u = uses_[t];
    if (u.first < 0) continue;
    const int64_t bytes = net_.tensors[t].bytes();
    for (int begin = 0; begin < layers_; ++begin) {
      for (int end = begin + 1; end <= layers_; ++end) {
        const Segment run{begin, end};
        const auto inside = [&](const auto& use) {
          return use.owner == Owner::kActor && run.holds(use.position);
        };
        const auto outside = [&](const auto& use) { return !inside(use); };
        Traffic& of = traffic_[at(begin, end)];
        if (std::ranges::any_of(u.readers, inside) &&
            std::ranges::any_of(u.writers, outside)) {
          of.received += bytes;
        }
        if (std::ranges::any_of(u.writers, inside) &&
            std::ranges::any_of(u.readers, outside)) {
          of.sent += bytes;
        }
      }
    }
  }
}
size_t CrewRuns::at(int begin, int end) const {
  return static_cast<size_t>(begin) * (static_cast<size_t>(layers_) + 1) +
         static_cast<size_t>(end);
}

double CrewRuns::layer_ps(const TimedCrew& crew, size_t layer) const {
  double by = factors_[crew.kind][layer];
  if (by == 0) by = any_factor_[layer];
  return crew.ps[layer] * (by == 0 ? 1 : by);
}

double CrewRuns::link_ps(const CrewRun& run) const {
  const auto nodes = static_cast<int64_t>(run.nodes());
  const Traffic& t = traffic_[at(run.begin, run.end)];
  const int64_t sent = t.sent / nodes, received = t.received / nodes;
  const int64_t datagrams = datagrams_of(sent, 1, request_.max_payload) +
                            datagrams_of(received, 1, request_.max_payload);
  return static_cast<double>(
      link_time(sent, received, datagrams, board(nodes_[run.first])).cpu_ps);
}
double CrewRuns::ps(const CrewRun& run) const {
  const TimedCrew& crew = crew_of(run);
  double layers = 0;
  for (int l = run.begin; l < run.end; ++l) {
    layers += layer_ps(crew, static_cast<size_t>(l));
  }
  return run_ps(crew, run, layers);
}

// `layers`: the time of its layers.
double CrewRuns::run_ps(const TimedCrew& crew, const CrewRun& run,
                        double layers) const {
  for (const auto& [known, ps] : known_[crew.kind]) {
    if (known.begin == run.begin && known.end == run.end) return ps;
  }
  return layers + link_ps(run);
}

bool CrewRuns::is_refused(const CrewRun& run) const {
  return std::ranges::any_of(refused_, [&](const CrewRun& r) {
    return run.begin <= r.begin && r.end <= run.end &&
           run.nodes() <= r.nodes() && least_budget(run) <= least_budget(r);
  });
}

int64_t CrewRuns::least_budget(const CrewRun& run) const {
  int64_t least = kBeyond;
  for (size_t i = run.first; i < run.last; ++i) {
    const auto n = static_cast<size_t>(nodes_[i]);
    least = std::min(least, request_.cluster.nodes[n].plan_budget());
  }
  return least;
}

TrimmedRuns CrewRuns::untrimmed(std::vector<CrewRun> runs) const {
  const size_t borders = runs.size() - 1;
  return {std::move(runs),
          {std::vector(nodes_.size(), 1.0), std::vector(borders, 0.0)}};
}

CrewRuns::TimedCrew CrewRuns::trimmed(const CrewRun& run,
                                      const CrewTrim& trim) const {
  TimedCrew crew = crew_of(run);
  for (size_t i = 0; i < run.nodes(); ++i) {
    crew.weights[i] *= trim.weights[run.first + i];
  }
  return crew;
}

// The crew before makes the first rows, and each crew divides columns as in its
// other layers, so that less is sent of what it has made.
LayerCut CrewRuns::shared_cut(const CrewRun& before, const CrewRun& behind,
                              const CrewTrim& trim, double part,
                              const Layer& layer) const {
  const Box& all = layer.out.box;
  const std::vector<int> y =
      cut_extent(all.rows(), {part, 1 - part}, row_granule(layer));
  LayerCut cut;
  cut.kind = CutKind::kGrid;
  cut.rows = 2;
  for (const CrewRun* run : {&before, &behind}) {
    const TimedCrew crew = trimmed(*run, trim);
    const size_t band = run == &behind;
    Layer some = layer;
    some.out.box.y0 = all.y0 + y[band], some.out.box.y1 = all.y0 + y[band + 1];
    if (some.out.box.empty()) continue;
    const LayerCut own = cut_of(crew, some);
    cut.columns = std::max(cut.columns, static_cast<int>(own.shares.size()));
    cut.shares.insert(cut.shares.end(), own.shares.begin(), own.shares.end());
  }
  return cut;
}

Cuts CrewRuns::cuts_of(const TrimmedRuns& of) const {
  const auto& [runs, trim] = of;
  Cuts cuts;
  cuts.strategy = "pipeline";
  for (size_t r = 0; r < runs.size(); ++r) {
    const TimedCrew crew = trimmed(runs[r], trim);
    for (int l = runs[r].begin; l < runs[r].end; ++l) {
      const Layer& layer = net_.layers[static_cast<size_t>(l)];
      const bool shared = r > 0 && l == runs[r].begin && trim.before[r - 1] > 0;
      cuts.layers.push_back(shared ? shared_cut(runs[r - 1], runs[r], trim,
                                                trim.before[r - 1], layer)
                                   : cut_of(crew, layer));
    }
  }
  return cuts;
}

// Returns the time of each node of the crew from one place to another.
double CrewRuns::work_ps(const TimedCrew& crew, Place begin, Place end) const {
  double ps = 0;
  for (int l = begin.layer; l <= end.layer && l < layers_; ++l) {
    double part = 1;
    if (l == begin.layer) part -= begin.part;
    if (l == end.layer) part -= 1 - end.part;
    if (l == begin.layer) part += idle(begin.part);
    ps += part * layer_ps(crew, static_cast<size_t>(l));
  }
  return ps;
}

// Gives each crew in turn as much as it can do in `most`, and the rest to the
// last one; none if a crew cannot.
std::optional<std::vector<CrewRuns::Place>> CrewRuns::places(
    const std::vector<Portion>& crews, Place begin, Place last,
    double most) const {
  std::vector<Place> all = {begin};
  for (size_t r = 0; r < crews.size(); ++r) {
    const TimedCrew& crew = *crews[r].crew;
    const Place at = all.back();
    const double room = most / crews[r].scale;
    const auto behind = static_cast<int>(crews.size() - r) - 1;
    if (behind == 0) {
      if (work_ps(crew, at, last) > room) return std::nullopt;
      all.push_back(last);
      break;
    }
    Place end = {at.layer + 1, 0};
    if (work_ps(crew, at, end) > room) return std::nullopt;
    while (end.layer + behind < last.layer &&
           work_ps(crew, at, {end.layer + 1, 0}) <= room) {
      ++end.layer;
    }
    if (end.layer + behind >= last.layer) return std::nullopt;
    const auto next = static_cast<size_t>(end.layer);
    const double part = (room - work_ps(crew, at, end)) / layer_ps(crew, next);
    if (can_share(net_.layers[next]) && part >= tuning::kLeastShared) {
      end.part = std::min(part, 1 - tuning::kLeastShared);
    }
    all.push_back(end);
  }
  return all;
}

TrimmedRuns CrewRuns::evened(TrimmedRuns of, const std::vector<double>& ps,
                             size_t first, size_t last) const {
  auto& [runs, trim] = of;
  std::vector<Place> ends = {{}};
  for (size_t r = 0; r < runs.size(); ++r) {
    const bool is_last = r + 1 == runs.size();
    ends.push_back({runs[r].end, is_last ? 0 : trim.before[r]});
  }
  std::vector<Portion> crews;
  double least = 0, most = 0;
  for (size_t r = first; r < last; ++r) {
    const TimedCrew& crew = crew_of(runs[r]);
    const double all = work_ps(crew, ends[r], ends[r + 1]);
    crews.push_back({&crew, ps[r] / std::max(all, 1.0)});
    most = std::max(most, ps[r]);
  }
  const auto find = [&](double ps_each) {
    return places(crews, ends[first], ends[last], ps_each);
  };
  std::optional<std::vector<Place>> best = find(most);
  while (most - least > kPicosPerNano) {
    const double middle = (least + most) / 2;
    std::optional<std::vector<Place>> found = find(middle);
    (found ? most : least) = middle;
    if (found) best = std::move(found);
  }
  for (size_t r = first + 1; best && r < last; ++r) {
    const Place& at = (*best)[r - first];
    runs[r - 1].end = runs[r].begin = at.layer;
    trim.before[r - 1] = at.part;
  }
  return of;
}

}  // namespace shoal
