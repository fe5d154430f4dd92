#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/asked.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/plan_explain.h"
#include "host/cli/plan_pareto.h"
#include "host/cli/plan_rehearsal.h"
#include "host/cli/store_flags.h"
#include "host/engine/common/prepare.h"
#include "host/model/graph/carried_states.h"
#include "host/model/import/import.h"
#include "host/model/resize/resize_input.h"
#include "host/plan/file/plan_file.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/find_replicas.h"
#include "host/plan/planner/fixes.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/planner/planner.h"
#include "host/plan/planner/quick_plan.h"
#include "host/plan/text/does_not_fit.h"
#include "host/plan/text/plan_figures.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/text/plan_table.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"
#include "host/report/report.h"

namespace shoal {
namespace {

// The work of the line "how many nodes"; see QuickPlans.
constexpr int64_t kHowManyWork = 40'000;

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
      Net net = planned_net(resize_input(graph, rows, columns), request);
      text = fmt::format("{} x {}", rows, columns);
      return net;
    } catch (const Error&) {
      return std::nullopt;
    }
  };
}

// How many nodes it takes, if nobody has said how many there are.
bool asks_how_many(const PlanFlags& flags) {
  return !wants_cluster(flags) && flags.batch == 1 &&
         flags.strategy != "single" &&
         (!flags.max_latency.empty() || !flags.max_traffic.empty());
}

// One node has nothing to cut and no links: strategy and payload are of the
// others.
PlanFlags of_one_node(PlanFlags flags) {
  flags.strategy.clear();
  flags.payload.reset();
  return flags;
}

// Strategies that are none are refused as those of nodes are.
PlanRequest first_request(const PlanCommandFlags& flags) {
  if (!asks_how_many(flags.plan) || !flags.pareto.empty()) {
    require_flag(EngineKind::kNode,
                 flags.plan.payload && !wants_cluster(flags.plan),
                 {"--payload", Ability::kPayload});
    return plan_request(flags.plan);
  }
  PlanFlags two = flags.plan;
  two.nodes = 2;
  two.storage = {};
  plan_request(two);
  PlanRequest alone = plan_request(of_one_node(flags.plan));
  alone.max_payload = payload_of(flags.plan, {});
  return alone;
}

std::string try_text(const FewestNodes::Try& t) {
  if (t.bound_s) {
    return fmt::format("a frame takes at least {}, which is proved",
                       format_time(*t.bound_s));
  }
  if (!t.best) return "nothing fits";
  const PlanNumbers& n = t.best->numbers;
  std::string text = format_time(n.latency_s);
  if (t.best->or_less) {
    text += " or less";
  } else {
    text += ", " + format_data(static_cast<double>(n.traffic_bytes)) +
            " of traffic";
  }
  return text + (t.enough() ? ", enough" : "");
}

std::string tries_text(const FewestNodes& few, const PlanRequest& request) {
  std::string text;
  for (const FewestNodes::Try& t : few.tries) {
    text += fmt::format("  {:>3} nodes of {}: {}\n", t.nodes,
                        request.node().board.name, try_text(t));
  }
  return text;
}

// Where one node is not enough, and what was asked for is of one alone.
void require_several(const StorageFlags& flags, const Error& alone) {
  try {
    require_flags(EngineKind::kVirtual, flags);
  } catch (const Error& e) {
    throw Error(alone.code(), std::string(alone.what()) + "; " + e.what(),
                alone.fix() + kOrElse + e.fix() + ", for several nodes");
  }
}

// One node if that is enough, else the fewest that are.
PlanRequest enough_nodes(const Graph& graph, PlanRequest alone,
                         const PlanFlags& flags, std::string& told) {
  const Net net = planned_net(graph, alone);
  try {
    make_plan(net, alone);
    told = "1 node of " + alone.node().board.name + " is enough\n";
    return alone;
  } catch (const Error& e) {
    if (e.code() != Exit::kDoesNotFit) throw;
    require_several(flags.storage, e);
    alone.strategy = flags.strategy;
    const PlanRequest linked = with_nodes(alone, 2);
    const Net all = planned_net(graph, linked);
    const PlanDeadline deadline(alone.limits.search_s);
    QuickPlans plans(kHowManyWork);
    const FewestNodes few =
        fewest_nodes(all, alone, 2, kMostTriedNodes, plans, true);
    if (few.nodes == 0) {
      if (PlanDeadline::passed()) PlanDeadline::no_plan().raise();
      // For a very large net even the first count may be too much work.
      if (few.tries.empty()) throw;
      throw Error(Exit::kDoesNotFit,
                  std::string(e.what()) + "; up to " +
                      std::to_string(few.tries.back().nodes) +
                      " nodes were tried too",
                  e.fix() + "\n" + tries_text(few, alone));
    }
    told =
        fmt::format("{} nodes of {} are enough; 1 node: {}\n{}", few.nodes,
                    alone.node().board.name, e.what(), tries_text(few, alone));
    PlanRequest found = with_nodes(alone, few.nodes);
    for (ClusterNode& n : found.cluster.nodes) {
      n.board = alone.node().board;  // with both cores, where it has two
      n.rating = alone.node().rating;
    }
    return found;
  }
}

constexpr char kLargerBoard[] = "a board with ";

// "--ram 8992: ...", "a board with 8,992 B ..." and the like: how many bytes,
// if it asks for any.
std::optional<int64_t> bytes_in(std::string fix, const std::string& words) {
  if (!fix.starts_with(words)) return std::nullopt;
  std::erase(fix, ',');
  return std::strtoll(fix.c_str() + words.size(), nullptr, 10);
}

// Returns whether no line names the change with what it takes. Among lines of
// the same kind only those stay that ask for less.
bool is_said_best(const std::string& change, std::vector<std::string>& lines) {
  // For several nodes other ways, without numbers, come before a larger board.
  const size_t board = change.find(kLargerBoard);
  const std::string ask = board == change.npos ? change : change.substr(board);
  bool best = !change.empty();
  for (const char* const words : {"--ram ", "--max-arena ", kLargerBoard}) {
    const std::optional<int64_t> bytes = bytes_in(ask, words);
    if (!bytes) continue;
    // Where two lines ask for as many bytes, the advice that names its flag
    // counts.
    const bool takes = ask.find(": ") != ask.npos;
    std::erase_if(lines, [&](const std::string& line) {
      const int64_t more = bytes_in(line, words).value_or(0);
      return more > *bytes || (takes && more == *bytes);
    });
    for (const std::string& line : lines) {
      if (bytes_in(line, words)) best = false;
    }
  }
  for (const std::string& line : lines) {
    if (line.starts_with(change)) best = false;
  }
  return best;
}

// Joins the search's own advice and the other lines.
std::string all_fixes(const std::string& own, std::vector<std::string> lines) {
  std::vector<std::string> all;
  for (size_t at = 0; at <= own.size();) {
    const size_t end = std::min(own.find(kOrElse, at), own.size());
    std::string change = own.substr(at, end - at);
    if (is_said_best(change, lines)) all.push_back(std::move(change));
    at = end + std::string_view(kOrElse).size();
  }
  all.insert(all.end(), lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(all, kOrElse));
}

// The plan, or the error with what would help besides, found by planning in
// what is left of the time. When it has run out, nothing says what would help
// but more of it.
Prepared prepare_or_help(const Graph& graph, const PlanRequest& request) {
  const PlanDeadline deadline(request.limits.search_s);
  const PlanProgress progress;
  try {
    return prepare(graph, request, Images::kNone);
  } catch (const ProgramDoesNotFit&) {
    // How large a program is plans below do not know, so neither what helps.
    throw;
  } catch (const Error& e) {
    if (e.code() != Exit::kDoesNotFit) throw;
    if (PlanDeadline::passed()) throw;
    throw Error(
        e.code(), e.what(),
        all_fixes(e.fix(), find_fixes(planned_net(graph, request), request,
                                      smaller_nets(graph, request))));
  }
}

// The report with the plan itself, which --plan takes, in one long line.
std::string with_stored_plan(std::string json, const Prepared& p) {
  json.resize(json.rfind('}'));
  while (json.ends_with('\n')) json.pop_back();
  return json + ",\n  \"stored\": " + stored_plan(p.net, p.plan).dump() +
         "\n}\n";
}

}  // namespace

int plan_command(const PlanCommandFlags& flags) {
  check_files({{"MODEL", flags.model},
               {"--cluster", flags.plan.cluster.path},
               {"--cuts", flags.plan.cuts.path},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output},
               {"--pareto", flags.pareto},
               {"--html", flags.html}});
  check_pareto_file(flags.pareto);
  PlanRequest request = first_request(flags);
  LoadedModel model = load_whole_model(flags.model, flags.ends);
  if (flags.stream) model.graph = with_carried_states(std::move(model.graph));
  if (!flags.pareto.empty()) {
    return plan_pareto(flags, planned_net(model.graph, request), request);
  }
  std::string told;
  if (asks_how_many(flags.plan)) {
    request = enough_nodes(model.graph, std::move(request), flags.plan, told);
  }
  // The deadline also covers what is planned besides.
  std::optional<PlanDeadline> deadline(std::in_place, request.limits.search_s);
  const Prepared p = prepare_or_help(model.graph, request);
  if (!p.plan.linked) keep_stores(flags.plan, "plan", p, model.detection, {});
  const LowerBound bound =
      plan_bound(p.net, request.cluster,
                 {request.over_links(), request.max_payload, true}, p.plan);
  // It takes a while, so only who asks for it gets it.
  const bool wants_json = flags.json || flags.explain ||
                          !flags.output.empty() || !flags.html.empty();
  PlanFigures figures;
  if (wants_json || request.objective == Objective::kThroughput ||
      request.objective == Objective::kEnergy) {
    figures = figures_of(p.net, request, p.plan);
    if (wants_replicas(request)) {
      figures.replicas =
          find_replicas(planned_net(model.graph, request), request);
    }
  }
  deadline.reset();
  std::string json;
  if (wants_json) {
    json =
        plan_json(p.net, p.plan, &bound, budgets_of(request.cluster), &figures);
  }
  std::optional<Explanation> why;
  if (flags.explain) {
    PlanCommandFlags same = flags;
    if (asks_how_many(flags.plan)) {
      if (p.plan.linked) {
        same.plan.nodes = static_cast<int>(p.plan.nodes.size());
      } else {
        same.plan = of_one_node(flags.plan);
      }
    }
    why = explain_plan(same);
    auto all = nlohmann::ordered_json::parse(json);
    all["explanation"] = explanation_json(*why);
    json = all.dump(2) + "\n";
  }
  if (!flags.output.empty()) {
    write_file(flags.output, with_stored_plan(json, p));
  }
  if (!flags.html.empty()) {
    write_file(flags.html,
               report_page({{"plan", json}}, {.command = flags.command}));
  }
  if (flags.json) {
    say_json_text(json);
    return 0;
  }
  say_text(told);
  say_text(figures_text(request.objective, figures));
  say_text(plan_table(p.net, p.plan, budgets_of(request.cluster), &bound,
                      output_width()));
  if (why) say_text(explanation_text(*why, output_width()));
  return 0;
}

}  // namespace shoal
