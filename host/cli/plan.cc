#include <algorithm>
#include <cstdio>
#include <optional>

#include "host/base/files.h"
#include "host/cli/common.h"
#include "host/import/import.h"
#include "host/plan/plan_json.h"
#include "host/plan/plan_table.h"
#include "host/run/prepare.h"

namespace shoal {

int plan_command(const PlanCommandFlags& flags) {
  const PlanOptions options = plan_options(flags.plan);
  const bool split = wants_cluster(flags.plan);
  const Prepared p =
      split ? prepare_split(load_model(flags.model), cluster_of(flags.plan),
                            split_options(flags.plan))
            : prepare(load_model(flags.model), options);
  const std::string json = plan_json(p.net, p.plan);
  if (!flags.output.empty()) write_file(flags.output, json);
  if (flags.json) {
    std::fputs(json.c_str(), stdout);
    return 0;
  }
  std::optional<int64_t> budget = options.ram;
  if (!options.board->unlimited()) {
    const int64_t limit = options.board->arena_limit();
    budget = std::min(budget.value_or(limit), limit);
  }
  std::fputs(plan_table(p.net, p.plan, budget).c_str(), stdout);
  return 0;
}

}  // namespace shoal
