// How the layers of a net are dealt out to crews: contiguous runs, one for each
// crew. What a run takes is estimated layer by layer, and corrected by what
// plans that were built with such runs really took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/layer_cuts.h"
#include "host/plan/types/request.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Layers [begin, end) on nodes [first, last) of an order of nodes.
struct CrewRun {
  int begin = 0, end = 0;
  size_t first = 0, last = 0;
  size_t nodes() const { return last - first; }
  bool operator==(const CrewRun&) const = default;
};

// How the work of crews is trimmed once plans have told it.
struct CrewTrim {
  // Of each node, in the order of nodes, beside its rating: of columns that its
  // crew shares.
  std::vector<double> weights;
  // By border: the part of the first layer behind it that the crew before
  // makes.
  std::vector<double> before;
  bool operator==(const CrewTrim&) const = default;
};

class CrewRuns {
 public:
  // Crews are made of neighbours in `nodes`. All must outlive it.
  CrewRuns(const Net&, const PlanRequest&, const std::vector<int>& nodes);

  // So many crews, at most as many as nodes, whose busiest one has least to do;
  // none if all such runs hold one that was refused.
  std::optional<std::vector<CrewRun>> best(size_t crews) const;
  // The same crews, but for one border that is up to so many layers elsewhere;
  // those first whose busiest run has least to do.
  std::vector<std::vector<CrewRun>> beside(const std::vector<CrewRun>&,
                                           int most) const;
  // Crews share maps by columns.
  Cuts cuts_of(const std::vector<CrewRun>&, const CrewTrim&) const;
  // As whole layers, and all nodes by their ratings.
  CrewTrim untrimmed(const std::vector<CrewRun>&) const;
  // Moves borders between crews [first, last), into layers, too, such that
  // these have as much to do as each other. `ps`: what each has now.
  std::pair<std::vector<CrewRun>, CrewTrim> evened(
      const std::vector<CrewRun>&, const CrewTrim&,
      const std::vector<double>& ps, size_t first, size_t last) const;

  // What a run takes a frame, by all that is known.
  double ps(const CrewRun&) const;
  // How long a frame occupied its busiest node. Runs that were never built are
  // taken to be as good as the best one with such layers.
  void learn(const CrewRun&, double ps);
  // It does not fit, nor does what holds it on as few nodes with as little.
  void refuse(const CrewRun& run) { refused_.push_back(run); }

 private:
  struct Crew {
    std::vector<int> nodes;
    std::vector<double> weights;
    std::vector<double> ps;  // by layer
    size_t kind = 0;         // the same for crews that take the same times
  };
  struct Traffic {
    int64_t received = 0, sent = 0;
  };

  class Table;
  struct Place {
    int layer = 0;
    double part = 0;  // of that layer, before it
  };
  double work_ps(const Crew&, Place begin, Place end) const;
  struct Portion {
    const Crew* crew = nullptr;
    double scale = 1;  // of estimates
  };
  std::optional<std::vector<Place>> places(const std::vector<Portion>&,
                                           Place begin, Place end,
                                           double most) const;
  LayerCut shared_cut(const CrewRun& before, const CrewRun& behind,
                      const CrewTrim&, double part, const Layer&) const;
  Crew trimmed(const CrewRun&, const CrewTrim&) const;
  void extend(size_t first, int begin, Table& from, Table& to) const;
  static LayerCut cut_of(const Crew&, const Layer&);
  const Board& board(int node) const;
  const Crew& crew_of(const CrewRun& run) const {
    return crews_[run.first][run.nodes() - 1];
  }
  void add_crew(size_t first, size_t last);
  size_t kind_of(const Crew&);
  void find_traffic();
  size_t at(int begin, int end) const;
  double layer_ps(const Crew&, size_t layer) const;
  double link_ps(const CrewRun&) const;
  double run_ps(const Crew&, const CrewRun&, double layers) const;
  bool is_refused(const CrewRun&) const;
  int64_t least_budget(const CrewRun&) const;

  const Net& net_;
  const PlanRequest& request_;
  const std::vector<int>& nodes_;
  const int layers_;
  const std::vector<TensorUses> uses_;
  std::vector<std::vector<Crew>> crews_;  // by first node, then size - 1
  std::vector<Traffic> traffic_;          // of runs, by begin and end
  // By kind of crew: how far layers were from their estimate, 0 where nothing
  // is known, and what whole runs took.
  std::vector<std::vector<double>> factors_;
  std::vector<std::vector<std::pair<CrewRun, double>>> known_;
  std::vector<double> any_factor_;  // by layer: of whatever crew
  std::vector<CrewRun> refused_;
};

}  // namespace shoal
