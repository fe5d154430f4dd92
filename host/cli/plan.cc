#include <fmt/format.h>

#include "host/base/files.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/engine/common/prepare.h"
#include "host/model/import/import.h"
#include "host/plan/planner/lower_bound.h"
#include "host/plan/planner/plan_numbers.h"
#include "host/plan/text/plan_json.h"
#include "host/plan/text/plan_table.h"

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

}  // namespace

int plan_command(const PlanCommandFlags& flags) {
  check_files({{"MODEL", flags.model},
               {"--cluster", flags.plan.cluster},
               {"--cuts", flags.plan.cuts},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output}});
  const PlanRequest request = plan_request(flags.plan);
  LoadedModel model = load_whole_model(flags.model, flags.ends);
  const Prepared p = prepare(std::move(model.graph), request, Images::kNone);
  if (!p.plan.linked) keep_stores(flags.plan, "plan", p, model.detection, {});
  const LowerBound bound =
      plan_bound(p.net, request.cluster,
                 {request.over_links(), request.max_payload, true}, p.plan);
  const std::string goal = goal_line(p.net, request, p.plan);
  const std::string json = plan_json(p.net, p.plan, &bound);
  if (!flags.output.empty()) write_file(flags.output, json);
  if (flags.json) {
    say_json_text(json);
    return 0;
  }
  say_text(goal);
  say_text(plan_table(p.net, p.plan, budgets_of(request.cluster), &bound));
  return 0;
}

}  // namespace shoal
