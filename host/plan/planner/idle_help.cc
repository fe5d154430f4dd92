#include "host/plan/planner/idle_help.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>

#include "host/plan/planner/crew_plan.h"
#include "host/plan/search/segment_memo.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns the smallest factor that helps; null if the largest one does not.
// Factors are ascending, and above one that helps all help.
const double* least_that(std::span<const double> factors,
                         const std::function<bool(double)>& helps) {
  if (!helps(factors.back())) return nullptr;
  return &*std::partition_point(factors.begin(), factors.end() - 1,
                                [&](double f) { return !helps(f); });
}

}  // namespace

std::string help_of_idle(const Net& net, const PlanRequest& request,
                         const std::vector<int>& order, const Plan& plan,
                         double measure) {
  if (order.size() > tuning::kManyNodes) return "";
  // Returns whether, with these factors of clock and link, more nodes would
  // have a share in a better plan.
  const auto would_help = [&](double clock, double link) {
    PlanRequest faster = request;
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      if (!plan.nodes[n].stages.empty()) continue;
      ClusterNode& node = faster.cluster.nodes[n];
      node.board.clock_hz *= clock;
      node.rating *= clock;
      node.board.link_bits_per_s *= link;
      node.board.link_latency_us /= link;
    }
    SegmentMemo memo(net);
    CrewPlan crew(net, faster, order, memo);
    crew.begin_briefly();
    const Trials& trials = crew.trials();
    return trials.any() && trials.measure() < measure &&
           busy_nodes(trials.best()) > busy_nodes(plan);
  };
  const auto clocks = [&](double f) { return would_help(f, 1); };
  if (const double* f = least_that(tuning::kFasterClocks, clocks)) {
    return fmt::format("; the others would help with a {}x faster clock", *f);
  }
  const auto links = [&](double f) { return would_help(1, f); };
  if (const double* f = least_that(tuning::kFasterLinks, links)) {
    return fmt::format("; the others would help with a {}x faster link", *f);
  }
  return fmt::format(
      "; the others would not help even with a {}x faster clock or a {}x "
      "faster link",
      std::end(tuning::kFasterClocks)[-1], std::end(tuning::kFasterLinks)[-1]);
}

}  // namespace shoal
