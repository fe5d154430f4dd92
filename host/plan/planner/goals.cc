#include "host/plan/planner/goals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/plan/cost/energy.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/planner.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Returns the time as a flag takes it, rounded up.
std::string up_to(double seconds) {
  return fmt::format("{:.3f}ms", std::ceil(seconds * 1e6) / 1e3);
}

void require_figures(const PlanRequest& request) {
  if (request.objective != Objective::kEnergy) return;
  for (const ClusterNode& n : request.cluster.nodes) {
    if (has_energy(n.board)) continue;
    std::string known;
    for (const std::string& id : board_ids()) {
      if (has_energy(find_board(id))) known += (known.empty() ? "" : ", ") + id;
    }
    throw Error(Exit::kUsage,
                "--objective energy: the file of board " + n.board.name +
                    " has no [energy]: nj_per_mac is " +
                    fmt::format("{}", n.board.energy.j_per_mac * 1e9) +
                    ", active_mw " +
                    fmt::format("{}", n.board.energy.active_w * 1e3),
                "use --board with one of: " + known);
  }
}

// Returns whether no plan keeps the limits, so that the nearest plans suffice.
bool are_forbidden(const PlanLimits& limits, const LowerBound& bound) {
  return (limits.latency_s && bound.latency_s > *limits.latency_s) ||
         (limits.traffic_bytes && bound.traffic_bytes > *limits.traffic_bytes);
}

// Returns the trial with the least value of those that keep the other limit.
template <typename Value>
const PlanTrial* least_of(const Exploration& found, const PlanLimits& others,
                          Value value) {
  const PlanTrial* least = nullptr;
  for (const PlanTrial& t : found.trials) {
    if (!keeps(others, t.numbers)) continue;
    if (!least || value(t.numbers) < value(least->numbers)) least = &t;
  }
  return least;
}

std::string wanted(const PlanLimits& limits) {
  std::string text;
  if (limits.latency_s)
    text = "--max-latency " + format_time(*limits.latency_s);
  if (limits.traffic_bytes) {
    text += (text.empty() ? "" : " and ") + std::string("--max-traffic ") +
            format_count(*limits.traffic_bytes) + " B";
  }
  return text;
}

double times_of(const PlanLimits& limits, const PlanNumbers& n) {
  double times = 0;
  if (limits.latency_s) times = n.latency_s / *limits.latency_s;
  if (limits.traffic_bytes) {
    times = std::max(times, static_cast<double>(n.traffic_bytes) /
                                static_cast<double>(*limits.traffic_bytes));
  }
  return times;
}

std::string numbers_text(const PlanNumbers& n, const std::string& strategy) {
  return fmt::format("{}, {} B of traffic, {} ({})", format_time(n.latency_s),
                     format_count(n.traffic_bytes), format_bytes(n.ram),
                     strategy);
}

// Returns the best plan without limits, for objectives that searches know.
std::optional<Plan> unlimited_plan(const Net& net, const PlanRequest& request) {
  if (request.objective != Objective::kLatency &&
      request.objective != Objective::kRam) {
    return std::nullopt;
  }
  PlanRequest r = request;
  r.limits = {};
  OrMisfit<Plan> plan = find_plan(net, r);
  if (!plan) return std::nullopt;
  return *std::move(plan);
}

// Returns whether the least time is far too long to look for plans that send
// less, where other requests are tried for a refusal.
bool is_hopeless(const PlanRequest& request, const Plan& plan) {
  const std::optional<double>& most = request.limits.latency_s;
  return request.compared && most && request.objective == Objective::kLatency &&
         plan.latency_s > tuning::kFarOff * *most;
}

}  // namespace

bool has_goals(const PlanRequest& request) {
  return request.limits.any() || (request.objective != Objective::kLatency &&
                                  request.objective != Objective::kRam);
}

Misfit limits_not_kept(const Net& net, const PlanRequest& request,
                       const Exploration& found) {
  const PlanLimits& limits = request.limits;
  const LowerBound bound = lower_bound(net, request);
  const auto latency = [](const PlanNumbers& n) { return n.latency_s; };
  const auto traffic = [](const PlanNumbers& n) {
    return static_cast<double>(n.traffic_bytes);
  };
  std::string text = "no plan keeps " + wanted(limits);
  if (!are_forbidden(limits, bound)) {
    const size_t tried = found.trials.size();
    text = (tried == 1 ? "the best plan does not keep "
                       : fmt::format("none of {} plans keeps ", tried)) +
           wanted(limits) +
           (found.in_time ? "" : " (more was not tried in time)");
  }
  if (limits.latency_s && bound.latency_s > *limits.latency_s) {
    text += "; on these nodes a frame takes at least " +
            format_time(bound.latency_s) + ", which is proved";
  }
  if (limits.traffic_bytes && bound.traffic_bytes > *limits.traffic_bytes) {
    text +=
        "; picture and result are " + format_count(bound.traffic_bytes) + " B";
  }
  PlanLimits no_latency, no_traffic;
  no_latency.traffic_bytes = limits.traffic_bytes;
  no_traffic.latency_s = limits.latency_s;
  std::string fix;
  const auto offer = [&](const std::string& flag, const PlanTrial& t) {
    fix += (fix.empty() ? "" : kOrElse) + flag + ": " +
           numbers_text(t.numbers, t.text());
  };
  const PlanTrial* const fast = least_of(found, no_latency, latency);
  const PlanTrial* const quiet = least_of(found, no_traffic, traffic);
  if (limits.latency_s && fast) {
    offer("--max-latency " + up_to(fast->numbers.latency_s), *fast);
  }
  if (limits.traffic_bytes && quiet) {
    offer("--max-traffic " + std::to_string(quiet->numbers.traffic_bytes),
          *quiet);
  }
  if (fix.empty()) {  // changing one limit is not enough
    const PlanTrial* const best = least_of(found, {}, latency);
    offer("--max-latency " + up_to(best->numbers.latency_s) +
              " --max-traffic " + std::to_string(best->numbers.traffic_bytes),
          *best);
  }
  const auto beyond = [&](const PlanTrial& t) {
    return times_of(limits, t.numbers);
  };
  Misfit misfit{Exit::kDoesNotFit, text, fix};
  misfit.times_limit =
      beyond(*std::ranges::min_element(found.trials, {}, beyond));
  return misfit;
}

Misfit or_else(Misfit misfit, const std::string& change, const PlanNumbers& n,
               const std::string& strategy) {
  misfit.fix += kOrElse + change + ": " + numbers_text(n, strategy);
  return misfit;
}

OrMisfit<Plan> goal_plan(const Net& net, const PlanRequest& request) {
  require_figures(request);
  const bool brief = are_forbidden(request.limits, lower_bound(net, request));
  std::optional<Plan> plan;
  if (!brief) {
    plan = unlimited_plan(net, request);
    if (plan && keeps(request.limits, numbers_of(net, request, *plan, false))) {
      return std::move(*plan);
    }
    if (plan && is_hopeless(request, *plan)) {
      return Misfit{Exit::kDoesNotFit,
                    "no plan keeps " + wanted(request.limits),
                    "--max-latency " + up_to(plan->latency_s)};
    }
  }
  Exploration found =
      explore(net, request,
              {.brief = brief, .without_limits = plan ? &*plan : nullptr});
  if (found.best) {
    Plan best = std::move(*found.best);
    const PlanTrial& t = found.trials[found.best_trial];
    if (!request.over_links() || request.has_own_cuts()) return best;
    if (request.is_auto() && !best.is_auto()) {
      best.strategy = "auto (" + t.text() + ")";
      best.says_nodes = true;
    } else if (!request.is_auto() && t.nodes < std::ssize(best.nodes)) {
      best.strategy = t.text();
      best.says_nodes = true;
    }
    return best;
  }
  if (found.trials.empty() && found.refused) return *found.refused;
  if (found.trials.empty()) return PlanDeadline::no_plan();
  return limits_not_kept(net, request, found);
}

}  // namespace shoal
