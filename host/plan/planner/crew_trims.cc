// Makes crews equally busy: borders move into layers, and nodes of a crew get
// more columns or fewer.
#include <algorithm>
#include <numeric>
#include <utility>

#include "host/plan/cuts/cut_layer.h"
#include "host/plan/planner/crew_runs.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

using RunList = std::vector<CrewRun>;

bool can_share(const Layer& l) {
  return can_cut_rows(l) && l.out.box.rows() > row_granule(l);
}

// Returns the part of the layer's time that the crew behind waits. Both crews
// begin the layer together, and the one behind can only go on when the one
// before has made its part.
double idle(double part) { return std::max(0.0, 2 * part - 1); }

}  // namespace

CrewTrim CrewRuns::untrimmed(const RunList& runs) const {
  return {std::vector<double>(nodes_.size(), 1.0),
          std::vector<double>(runs.size() - 1, 0.0)};
}

CrewRuns::Crew CrewRuns::trimmed(const CrewRun& run,
                                 const CrewTrim& trim) const {
  Crew crew = crew_of(run);
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
    const Crew crew = trimmed(*run, trim);
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

Cuts CrewRuns::cuts_of(const RunList& runs, const CrewTrim& trim) const {
  Cuts cuts;
  cuts.strategy = "pipeline";
  for (size_t r = 0; r < runs.size(); ++r) {
    const Crew crew = trimmed(runs[r], trim);
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
double CrewRuns::work_ps(const Crew& crew, Place begin, Place end) const {
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
    const Crew& crew = *crews[r].crew;
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

std::pair<RunList, CrewTrim> CrewRuns::evened(const RunList& runs,
                                              const CrewTrim& trim,
                                              const std::vector<double>& ps,
                                              size_t first, size_t last) const {
  std::vector<Place> ends = {{}};
  for (size_t r = 0; r < runs.size(); ++r) {
    const bool is_last = r + 1 == runs.size();
    ends.push_back({runs[r].end, is_last ? 0 : trim.before[r]});
  }
  std::vector<Portion> crews;
  double least = 0, most = 0;
  for (size_t r = first; r < last; ++r) {
    const Crew& crew = crew_of(runs[r]);
    const double all = work_ps(crew, ends[r], ends[r + 1]);
    crews.push_back({&crew, ps[r] / std::max(all, 1.0)});
    most = std::max(most, ps[r]);
  }
  const auto find = [&](double ps_each) {
    return places(crews, ends[first], ends[last], ps_each);
  };
  std::optional<std::vector<Place>> best = find(most);
  for (int i = 0; i < tuning::kEvenings; ++i) {
    const double middle = (least + most) / 2;
    std::optional<std::vector<Place>> found = find(middle);
    (found ? most : least) = middle;
    if (found) best = std::move(found);
  }
  std::pair<RunList, CrewTrim> all = {runs, trim};
  for (size_t r = first + 1; best && r < last; ++r) {
    const Place& at = (*best)[r - first];
    all.first[r - 1].end = all.first[r].begin = at.layer;
    all.second.before[r - 1] = at.part;
  }
  return all;
}

}  // namespace shoal
