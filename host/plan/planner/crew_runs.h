// Divides the layers of a net among crews: each crew gets a contiguous run. The
// time of a run is estimated layer by layer, and corrected by the times of
// plans that were built with such runs. Crews are then made equally busy:
// borders move into layers, and nodes of a crew get more columns or fewer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/request.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Layers [begin, end) on the nodes at [first, last) in an order of nodes.
struct CrewRun {
  int begin = 0, end = 0;
  size_t first = 0, last = 0;
  size_t nodes() const { return last - first; }
  bool operator==(const CrewRun&) const = default;
};

// Corrections of the crews' work, once plans have shown how long it takes.
struct CrewTrim {
  // By position in the order of nodes: a factor of the node's rating, for the
  // columns that its crew divides.
  std::vector<double> weights;
  // By border: the fraction of the layer behind the border that the crew before
  // it makes.
  std::vector<double> before;
  bool operator==(const CrewTrim&) const = default;
};

struct TrimmedRuns {
  std::vector<CrewRun> runs;
  CrewTrim trim;
  bool operator==(const TrimmedRuns&) const = default;
};

class CrewRuns {
 public:
  // Crews are neighbours in `nodes`. All arguments must outlive the object.
  CrewRuns(const Net&, const PlanRequest&, const std::vector<int>& nodes);

  // Returns the runs of `crews` crews, at most one per node, whose busiest crew
  // has least to do; none if each choice of runs contains a refused one.
  std::optional<std::vector<CrewRun>> best(size_t crews) const;
  // Returns the same runs with one border moved by up to `most` layers, then
  // also by a node, each sorted by the work of the busiest crew.
  std::vector<std::vector<CrewRun>> beside(const std::vector<CrewRun>&,
                                           int most) const;
  // Returns the cuts of the runs; the nodes of a crew divide maps by columns.
  Cuts cuts_of(const TrimmedRuns&) const;
  // Returns the runs with borders between layers and all nodes weighted by
  // their ratings.
  TrimmedRuns untrimmed(std::vector<CrewRun>) const;
  // Moves the borders between crews [first, last), also into layers, so that
  // these crews have equally much to do. `ps`: the present time of each crew.
  TrimmedRuns evened(TrimmedRuns, const std::vector<double>& ps, size_t first,
                     size_t last) const;

  // Returns the time of a run per frame, from all that is known.
  double ps(const CrewRun&) const;
  // Records how long a frame occupied the busiest node of a run. For runs that
  // were never built, each layer is assumed to be as good as in the best run
  // with it.
  void learn(const CrewRun&, double ps);
  // Excludes a run that does not fit, and each run that contains it with no
  // more nodes and no more memory per node.
  void refuse(const CrewRun& run) { refused_.push_back(run); }

 private:
  struct TimedCrew : Crew {
    std::vector<double> ps = {};  // by layer
    size_t kind = 0;              // equal for crews that take equal times
  };
  struct Traffic {
    int64_t received = 0, sent = 0;
  };

  class Table;
  struct Place {
    int layer = 0;
    double part = 0;  // fraction of that layer that lies before the place
  };
  double work_ps(const TimedCrew&, Place begin, Place end) const;
  struct Portion {
    const TimedCrew* crew = nullptr;
    double scale = 1;  // built time over estimated time
  };
  std::optional<std::vector<Place>> places(const std::vector<Portion>&,
                                           Place begin, Place end,
                                           double most) const;
  LayerCut shared_cut(const CrewRun& before, const CrewRun& behind,
                      const CrewTrim&, double part, const Layer&) const;
  TimedCrew trimmed(const CrewRun&, const CrewTrim&) const;
  void extend(size_t first, int begin, Table& from, Table& to) const;
  static LayerCut cut_of(const Crew&, const Layer&);
  const Board& board(int node) const;
  const TimedCrew& crew_of(const CrewRun& run) const {
    return crews_[run.first][run.nodes() - 1];
  }
  bool is_crew(const CrewRun& run) const {
    return run.nodes() > 0 && run.nodes() <= crews_[run.first].size();
  }
  void add_crew(size_t first, size_t last);
  size_t kind_of(const TimedCrew&);
  void find_traffic();
  size_t at(int begin, int end) const;
  double layer_ps(const TimedCrew&, size_t layer) const;
  double link_ps(const CrewRun&) const;
  double run_ps(const TimedCrew&, const CrewRun&, double layers) const;
  bool is_refused(const CrewRun&) const;
  int64_t least_budget(const CrewRun&) const;

  const Net& net_;
  const PlanRequest& request_;
  const std::vector<int>& nodes_;
  const int layers_;
  const std::vector<TensorUses> uses_;
  std::vector<std::vector<TimedCrew>> crews_;  // by first node, then size - 1
  std::vector<Traffic> traffic_;               // by begin and end of the run
  // By kind of crew: the time of each layer over its estimate, 0 where it is
  // unknown; and the times of whole runs.
  std::vector<std::vector<double>> factors_;
  std::vector<std::vector<std::pair<CrewRun, double>>> known_;
  std::vector<double> any_factor_;  // by layer: the least of all kinds
  std::vector<CrewRun> refused_;
};

}  // namespace shoal
