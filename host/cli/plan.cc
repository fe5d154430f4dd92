#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/plan_explain.h"
#include "host/cli/plan_pareto.h"
#include "host/cli/store_flags.h"
#include "host/engine/common/prepare.h"
#include "host/lower/batch.h"
#include "host/model/import/import.h"
#include "host/plan/planner/fixes.h"
#include "host/plan/planner/lower_bound.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/planner/planner.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/text/plan_table.h"
#include "host/plan/types/deadline.h"
#include "host/study/resize_input.h"

namespace shoal {
namespace {

// What the table does not say: what two of the objectives come to.
std::string goal_line(const Net& net, const PlanRequest& request,
                      const Plan& plan) {
  const bool frames = request.objective == Objective::kThroughput;
  if (!frames && request.objective != Objective::kEnergy) return "";
  const PlanNumbers n = numbers_of(net, request, plan, frames);
  if (frames) {
    return fmt::format("{:.2f} frames/s (modelled){}\n", 1 / n.period_s,
                       plan.linked ? ", two under way" : "");
  }
  return fmt::format("{:.3f} mJ a frame (modelled)\n", n.energy_j * 1e3);
}

// "96 x 96" of a picture, scaled.
SmallerNet smaller_nets(const Graph& graph, const PlanRequest& request) {
  return [&](int percent, std::string& text) -> std::optional<Net> {
    const Tensor& in = graph.tensors[size_t(graph.inputs.at(0))];
    if (in.shape.size() != 4) return std::nullopt;
    constexpr int kStep = 8;
    const auto scaled = [&](int64_t size) {
      return std::max<int>(
          kStep, static_cast<int>(size * percent / 100) / kStep * kStep);
    };
    const int rows = scaled(in.shape[1]), columns = scaled(in.shape[2]);
    try {
      Net net =
          batch_net(lower(resize_input(graph, rows, columns)), request.batch);
      text = fmt::format("{} x {}", rows, columns);
      return request.over_links() ? assign_last(std::move(net)) : net;
    } catch (const Error&) {
      return std::nullopt;
    }
  };
}

Net planned_net(const Graph& graph, const PlanRequest& request) {
  Net net = batch_net(lower(graph), request.batch);
  return request.over_links() ? assign_last(std::move(net)) : net;
}

// How many nodes it takes, if nobody has said how many there are.
bool asks_how_many(const PlanFlags& flags) {
  return !wants_cluster(flags) && flags.batch == 1 &&
         (!flags.max_latency.empty() || !flags.max_traffic.empty());
}

std::string tries_text(const FewestNodes& few, const PlanRequest& request) {
  std::string text;
  for (const FewestNodes::Try& t : few.tries) {
    const std::string found =
        !t.best
            ? "nothing fits"
            : fmt::format("{:.3f} ms, {} B of traffic", t.best->latency_s * 1e3,
                          format_count(t.best->traffic_bytes));
    text += fmt::format("  {:>3} nodes of {}: {}{}\n", t.nodes,
                        request.node().board.name, found,
                        t.enough ? ", enough" : "");
  }
  return text;
}

// One node if that is enough, else the fewest that are.
PlanRequest enough_nodes(const Graph& graph, const PlanRequest& alone,
                         std::string& told) {
  const Net net = planned_net(graph, alone);
  try {
    make_plan(net, alone);
    told = "1 node of " + alone.node().board.name + " is enough\n";
    return alone;
  } catch (const Error& e) {
    if (e.code() != Exit::kDoesNotFit) throw;
    const PlanRequest linked = with_nodes(alone, 2);
    const Net all = planned_net(graph, linked);
    const PlanDeadline deadline(alone.limits.search_s);
    const FewestNodes few = fewest_nodes(all, alone, 2, kMostTriedNodes);
    if (few.nodes == 0) {
      PlanDeadline::check();
      throw Error(Exit::kDoesNotFit,
                  std::string(e.what()) + "; nor do up to " +
                      std::to_string(kMostTriedNodes) + " nodes",
                  e.fix() + "\n" + tries_text(few, alone));
    }
    told =
        fmt::format("{} nodes of {} are enough; 1 node: {}\n{}", few.nodes,
                    alone.node().board.name, e.what(), tries_text(few, alone));
    return with_nodes(alone, few.nodes);
  }
}

// The plan, or the error with what would help besides, found by planning in
// what is left of the time. When it has run out, nothing says what would help
// but more of it.
Prepared prepare_or_help(const Graph& graph, const PlanRequest& request) {
  const PlanDeadline deadline(request.limits.search_s);
  try {
    return prepare(graph, request, Images::kNone);
  } catch (const Error& e) {
    if (e.code() != Exit::kDoesNotFit) throw;
    if (PlanDeadline::passed()) throw;
    constexpr double kSeconds = 30;
    std::optional<double> seconds;
    if (!request.limits.search_s) seconds = kSeconds;
    const PlanDeadline fixes_deadline(seconds, PlanDeadline::Time::kThread);
    std::string fix;
    for (const std::string& line :
         find_fixes(planned_net(graph, request), request,
                    smaller_nets(graph, request))) {
      fix += (fix.empty() ? "" : "\n  or ") + line;
    }
    // The search's own word, unless it is among them.
    if (!fix.starts_with(e.fix())) fix = e.fix() + "\n  or " + fix;
    if (fix.ends_with("\n  or ")) fix = e.fix();
    throw Error(e.code(), e.what(), fix);
  }
}

}  // namespace

int plan_command(const PlanCommandFlags& flags) {
  check_files({{"MODEL", flags.model},
               {"--cluster", flags.plan.cluster},
               {"--cuts", flags.plan.cuts},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output}, {"--pareto", flags.pareto}});
  check_pareto_file(flags.pareto);
  PlanRequest request = plan_request(flags.plan);
  LoadedModel model = load_whole_model(flags.model, flags.ends);
  if (!flags.pareto.empty()) {
    return plan_pareto(flags, planned_net(model.graph, request), request);
  }
  std::string told;
  if (asks_how_many(flags.plan)) {
    request = enough_nodes(model.graph, request, told);
  }
  const Prepared p = prepare_or_help(model.graph, request);
  if (!p.plan.linked) keep_stores(flags.plan, "plan", p, model.detection, {});
  const LowerBound bound =
      plan_bound(p.net, request.cluster,
                 {request.over_links(), request.max_payload, true}, p.plan);
  const std::string goal = goal_line(p.net, request, p.plan);
  std::string json = plan_json(p.net, p.plan, &bound);
  std::optional<Explanation> why;
  if (flags.explain) {
    PlanCommandFlags same = flags;
    if (asks_how_many(flags.plan) && p.plan.linked) {
      same.plan.nodes = static_cast<int>(p.plan.nodes.size());
    }
    why = explain_plan(same);
    auto all = nlohmann::ordered_json::parse(json);
    all["explanation"] = explanation_json(*why);
    json = all.dump(2) + "\n";
  }
  if (!flags.output.empty()) write_file(flags.output, json);
  if (flags.json) {
    say_json_text(json);
    return 0;
  }
  say_text(told);
  say_text(goal);
  say_text(plan_table(p.net, p.plan, budgets_of(request.cluster), &bound));
  if (why) say_text(explanation_text(*why));
  return 0;
}

}  // namespace shoal
