#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "host/base/files.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/engine/local/prepare.h"
#include "host/model/import/import.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/text/plan_table.h"

namespace shoal {
namespace {

using Budgets = std::vector<std::optional<int64_t>>;  // none: no limit

Budgets budgets_of(const Cluster& cluster) {
  Budgets budgets;
  for (const ClusterNode& node : cluster.nodes) {
    const bool limited = node.ram || !node.board.unlimited();
    budgets.push_back(limited ? std::optional(node.arena_budget())
                              : std::nullopt);
  }
  return budgets;
}

Budgets budget_of(const PlanOptions& options) {
  std::optional<int64_t> budget = options.ram;
  if (!options.board->unlimited()) {
    const int64_t limit = options.board->arena_limit();
    budget = std::min(budget.value_or(limit), limit);
  }
  return {budget};
}

}  // namespace

int plan_command(const PlanCommandFlags& flags) {
  check_files({{"MODEL", flags.model},
               {"--cluster", flags.plan.cluster},
               {"--cuts", flags.plan.cuts},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output}});
  Prepared p;
  Budgets budgets;
  if (wants_cluster(flags.plan)) {
    const Cluster cluster = cluster_of(flags.plan);
    budgets = budgets_of(cluster);
    p = prepare_split(load_model(flags.model), cluster,
                      split_options(flags.plan));
  } else {
    const PlanOptions options = plan_options(flags.plan);
    budgets = budget_of(options);
    p = prepare_plan(load_model(flags.model), options);
    keep_stores(flags.plan, "plan", p, {});
  }
  const std::string json = plan_json(p.net, p.plan);
  if (!flags.output.empty()) write_file(flags.output, json);
  if (flags.json) {
    say_json_text(json);
    return 0;
  }
  say_text(plan_table(p.net, p.plan, budgets));
  return 0;
}

}  // namespace shoal
