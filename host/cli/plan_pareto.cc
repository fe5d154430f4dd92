#include "host/cli/plan_pareto.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/shell_word.h"
#include "host/base/size.h"
#include "host/base/table.h"
#include "host/base/units.h"
#include "host/charts/document.h"
#include "host/cli/output.h"
#include "host/plan/planner/bounds.h"
#include "host/plan/planner/explore.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/objective.h"
#include "host/plan/types/progress.h"
#include "host/report/report.h"

namespace shoal {
namespace {

constexpr double kKb = 1024, kMs = 1e3, kMb = 1024 * 1024, kMj = 1e3;

std::string boards_of(const Cluster& cluster) {
  std::set<std::string> names;
  for (const ClusterNode& n : cluster.nodes) names.insert(n.board.name);
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return fmt::format("{} x {}", cluster.nodes.size(), text);
}

std::string csv_of(const std::vector<PlanTrial>& trials,
                   const std::vector<PlanTrial>& front) {
  std::string out =
      "plan,nodes,arena_bytes,latency_ms,traffic_bytes,energy_mj,on_front\n";
  for (const PlanTrial& t : trials) {
    const bool on = std::ranges::any_of(
        front, [&](const PlanTrial& f) { return same_point(f, t); });
    out += fmt::format("{},{},{},{:.6f},{},{:.6f},{}\n", csv_field(t.text()),
                       t.numbers.nodes, t.numbers.ram,
                       t.numbers.latency_s * kMs, t.numbers.traffic_bytes,
                       t.numbers.energy_j * kMj, on ? 1 : 0);
  }
  return out;
}

// One value of all trials against the arena. Those that no other one beats in
// these two are joined.
Chart front_chart(const std::string& name, const char* unit,
                  std::vector<PlanTrial> trials,
                  const std::function<double(const PlanNumbers&)>& value) {
  std::ranges::stable_sort(trials, {}, [&](const PlanTrial& t) {
    return std::pair(t.numbers.ram, value(t.numbers));
  });
  Chart c;
  c.title = "Arena and " + name;
  c.y_label = name + ", " + unit;
  c.table.columns = {
      {"largest arena", "KB", Origin::kModelled, 1},
      {"least " + name, unit, Origin::kModelled, 3},
      {"other plans", unit, Origin::kModelled, 3, -1, false},
      {"plan", ""},
  };
  c.series = {1, 2};
  c.log_x = c.log_y = true;
  double least = std::numeric_limits<double>::max();
  std::vector<Row> others;
  for (const PlanTrial& t : trials) {
    const double kb = static_cast<double>(t.numbers.ram) / kKb;
    const double v = value(t.numbers);
    if (v < least) {
      c.table.rows.push_back({kb, v, Cell(), t.text()});
      least = v;
    } else {
      others.push_back({kb, Cell(), v, t.text()});
    }
  }
  c.table.rows.insert(c.table.rows.end(), others.begin(), others.end());
  return c;
}

// Removes a flag that the line gives, and its value.
void remove_flag(std::string& line, const std::string& flag,
                 const std::string& value) {
  for (const std::string& words : {" " + flag + " " + shell_word(value),
                                   " " + shell_word(flag + "=" + value)}) {
    const size_t at = line.find(words);
    if (at != line.npos) return void(line.erase(at, words.size()));
  }
}

// Returns the line that plans a point again: its time and traffic are limits,
// and the budget in which it was found is the largest arena, since another
// budget may give another plan.
std::string point_command(const PlanCommandFlags& flags, const PlanTrial& t,
                          bool has_links) {
  std::string line = flags.command;
  remove_flag(line, "--pareto", flags.pareto);
  remove_flag(line, "--max-arena", flags.plan.max_arena);
  remove_flag(line, "--max-latency", flags.plan.max_latency);
  remove_flag(line, "--max-traffic", flags.plan.max_traffic);
  line += fmt::format(" --max-arena {} --max-latency {}us",
                      t.ram.value_or(t.numbers.ram),
                      std::ceil(t.numbers.latency_s * 1e6));
  if (has_links)
    line += fmt::format(" --max-traffic {}", t.numbers.traffic_bytes);
  return line;
}

ChartTable front_table(const PlanCommandFlags& flags,
                       const std::vector<PlanTrial>& front, bool has_links) {
  ChartTable table;
  table.columns = {{"largest arena", "B", Origin::kModelled, 0},
                   {"time", "ms", Origin::kModelled, 3},
                   {"traffic", "B", Origin::kModelled, 0},
                   {"nodes", ""},
                   {"plan", ""},
                   {"command", ""}};
  for (const PlanTrial& t : front) {
    table.rows.push_back({static_cast<double>(t.numbers.ram),
                          t.numbers.latency_s * kMs,
                          static_cast<double>(t.numbers.traffic_bytes),
                          static_cast<double>(t.numbers.nodes), t.text(),
                          point_command(flags, t, has_links)});
  }
  return table;
}

Document document_of(const PlanCommandFlags& flags, const Net& net,
                     const PlanRequest& request, const Exploration& found,
                     const std::vector<PlanTrial>& front) {
  Document s;
  s.name = "pareto";
  s.title = "Arena, time and traffic: " + net.name;
  s.command = flags.command;
  const LowerBound bound = lower_bound(net, request);
  s.facts = {{"nodes", boards_of(request.cluster)},
             {"plans", fmt::format("{} that differ, {} on the front",
                                   found.trials.size(), front.size())},
             {"bound",
              fmt::format("no plan on these nodes takes less than {}, nor "
                          "less than {} B of traffic",
                          format_time(bound.latency_s), bound.traffic_bytes)}};
  Section q;
  q.id = "front";
  q.title = "The front";
  q.text =
      "Plans that no other one beats in largest arena, time of a frame and "
      "traffic together, among all that were tried: every strategy, all nodes "
      "and fewer, arenas from the smallest to that of the least time. A "
      "command limits time and traffic to the point's, and the arena to the "
      "budget in which it was found; it finds the point or a faster plan.";
  Chart all;
  all.title = "On the front";
  all.kind = ChartKind::kNone;
  all.table = front_table(flags, front, request.over_links());
  q.charts.push_back(std::move(all));
  q.charts.push_back(
      front_chart("time", "ms", found.trials,
                  [](const PlanNumbers& n) { return n.latency_s * kMs; }));
  if (request.over_links()) {
    q.charts.push_back(
        front_chart("traffic", "MB", found.trials, [](const PlanNumbers& n) {
          return static_cast<double>(n.traffic_bytes) / kMb;
        }));
  }
  s.sections = {std::move(q)};
  return s;
}

// The front, and the plan that is best by the objective.
std::string page_of(const PlanCommandFlags& flags, const Net& net,
                    const PlanRequest& request, const Exploration& found,
                    const std::vector<PlanTrial>& front) {
  const std::string plan =
      plan_json(net, *found.best, nullptr, budgets_of(request.cluster));
  return report_page(
      {{std::string("best by ") + objective_name(request.objective), plan}},
      document_of(flags, net, request, found, front));
}

nlohmann::json json_of(size_t tried, const std::vector<PlanTrial>& front) {
  nlohmann::json j{{"tried", tried}, {"front", nlohmann::json::array()}};
  for (const PlanTrial& t : front) {
    j["front"].push_back({{"plan", t.text()},
                          {"nodes", t.numbers.nodes},
                          {"arena_bytes", t.numbers.ram},
                          {"latency_us", t.numbers.latency_s * 1e6},
                          {"traffic_bytes", t.numbers.traffic_bytes},
                          {"energy_j", t.numbers.energy_j},
                          {"energy_mj", t.numbers.energy_j * 1e3}});
  }
  return j;
}

}  // namespace

void check_pareto_file(const std::string& path) {
  if (path.empty()) return;
  if (path.ends_with(".csv") || path.ends_with(".html")) {
    return check_writable(path);
  }
  throw Error(Exit::kUsage,
              "--pareto " + path + " is neither a .csv nor a .html file",
              "name a file that ends with .csv or .html");
}

int plan_pareto(const PlanCommandFlags& flags, const Net& net,
                const PlanRequest& request) {
  const PlanDeadline deadline(request.limits.search_s);
  const PlanProgress progress;
  constexpr int kBudgets = 4;
  Exploration found = explore(
      net, request, {.budgets = kBudgets, .all = true, .traffic = true});
  if (found.trials.empty() && found.refused) found.refused->raise();
  const size_t tried = found.trials.size();
  std::erase_if(found.trials,
                [](const PlanTrial& t) { return !t.keeps_limits; });
  found.trials = distinct(found.trials);
  const std::vector<PlanTrial> front = pareto_front(found.trials);
  if (front.empty()) {
    throw Error(Exit::kDoesNotFit, "no plan that was tried keeps the limits",
                "shoal plan without --pareto says by how much");
  }
  write_file(flags.pareto, flags.pareto.ends_with(".csv")
                               ? csv_of(found.trials, front)
                               : page_of(flags, net, request, found, front));
  if (flags.json) {
    say_json(json_of(tried, front));
    return 0;
  }
  TextTable table({{"largest arena"},
                   {"time"},
                   {"traffic"},
                   {"nodes"},
                   {"plan", Align::kLeft}});
  for (const PlanTrial& t : front) {
    table.add({format_count(t.numbers.ram) + " B",
               format_time(t.numbers.latency_s),
               format_data(static_cast<double>(t.numbers.traffic_bytes)),
               std::to_string(t.numbers.nodes), t.text()});
  }
  say("The front, modelled:\n");
  say_table(table);
  say("%zu plans tried%s; %s\n", tried, found.in_time ? "" : " in time",
      flags.pareto.c_str());
  return 0;
}

}  // namespace shoal
