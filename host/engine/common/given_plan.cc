#include "host/engine/common/given_plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/plan/cost/wear.h"
#include "host/plan/file/plan_file.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr char kAgain[] =
    "write a plan for these nodes with `shoal plan -o FILE`";

// Requires of the request what the plan has fixed; `flag` would do that.
void need_equal(const std::string& where, const char* what,
                const std::string& planned, const std::string& asked,
                const std::string& flag) {
  if (planned == asked) return;
  throw Error(Exit::kUsage,
              where + " is planned for " + what + " " + printable(planned) +
                  ", not " + asked,
              flag + kOrElse + kAgain);
}

void check_node(const std::string& where, const PlanNode& plan,
                const ClusterNode& node) {
  if (plan.stages.empty()) return;
  need_equal(where, "board", plan.board, node.board.name,
             "--board " + printable(plan.board));
  if (plan.arena_bytes > node.arena_budget()) {
    throw Error(Exit::kDoesNotFit,
                where + " takes an arena of " + format_bytes(plan.arena_bytes) +
                    "; " + node.budget_source() + " has " +
                    format_bytes(node.arena_budget()),
                node.budget_change(plan.arena_bytes) + kOrElse + kAgain);
  }
  if (plan.mapped != node.board.flash_mapped) {
    throw Error(Exit::kUsage,
                where + " is planned for " +
                    (plan.mapped ? "flash that is mapped into memory"
                                 : "a node without mapped flash"),
                kAgain);
  }
  if (!plan.storage.empty()) {
    need_equal(where, "storage", plan.storage,
               find_storage(node.board, node.storage).name,
               "--storage " + printable(plan.storage));
    need_equal(where, "weights that are", plan.sealed ? "sealed" : "not sealed",
               node.sealed ? "sealed" : "not sealed",
               plan.sealed ? "leave out --no-encrypt" : "--no-encrypt");
  }
  if (node.flash_weights && plan.flash_weight_bytes > *node.flash_weights) {
    throw Error(Exit::kDoesNotFit,
                where + " executes " + format_bytes(plan.flash_weight_bytes) +
                    " of weights in place; --flash allows " +
                    format_bytes(*node.flash_weights),
                kAgain);
  }
  const std::vector<Bank> banks = node.kept_banks();
  for (size_t b = 0; b < plan.banks.size(); ++b) {
    const int64_t room = b < banks.size() ? banks[b].free_bytes() : 0;
    if (plan.banks[b].bytes <= room) continue;
    throw Error(Exit::kDoesNotFit,
                where + " keeps " + format_bytes(plan.banks[b].bytes) +
                    " of weights in bank '" + printable(plan.banks[b].name) +
                    "', which has " + format_bytes(room),
                kAgain);
  }
}

// Requires that the request permits what the plan writes to storage.
void check_writes(const std::string& where, const PlanNode& plan,
                  const PlanRequest& request, int64_t frames) {
  const int64_t written = int64_t{plan.spill_page_bytes} * plan.spill_pages;
  const int64_t a_frame = (written + frames - 1) / frames;
  if (a_frame > request.max_writes) {
    throw Error(Exit::kDoesNotFit,
                where + " writes " + format_bytes(a_frame) +
                    " a frame to storage; --max-writes allows " +
                    format_bytes(request.max_writes),
                "--max-writes " + std::to_string(a_frame));
  }
  if (written == 0 || request.years <= 0 || request.fps <= 0) return;
  const Storage* const storage = named_storage(plan);
  const double runs_per_s = request.fps / static_cast<double>(frames);
  if (!storage || years_of_life(plan, *storage, runs_per_s) >= request.years) {
    return;
  }
  throw Error(Exit::kDoesNotFit,
              where + " writes so much that its storage does not last for " +
                  "--lifetime",
              "give a shorter --lifetime, or a lower --fps");
}

}  // namespace

void check_nodes(const Plan& plan, const PlanRequest& request,
                 const std::string& where) {
  const size_t nodes = request.cluster.nodes.size();
  if (plan.nodes.size() != nodes || plan.linked != request.over_links()) {
    const auto text = [](size_t n, bool linked) {
      return std::to_string(n) + (n == 1 ? " node" : " nodes") +
             (linked ? "" : " without links");
    };
    throw Error(
        Exit::kUsage,
        where + " is a plan of " + text(plan.nodes.size(), plan.linked) +
            ", not of " + text(nodes, request.over_links()),
        (plan.linked ? "--nodes " + std::to_string(plan.nodes.size())
                     : std::string("leave out --nodes, --cluster, --workers")) +
            kOrElse + kAgain);
  }
  for (size_t n = 0; n < nodes; ++n) {
    const std::string node = where + ": node " + printable(plan.nodes[n].name);
    check_node(node, plan.nodes[n], request.cluster.nodes[n]);
    check_writes(node, plan.nodes[n], request, std::max(request.batch, 1));
  }
}

Plan read_given_plan(const Net& net, const PlanRequest& request) {
  const std::string& file = request.given->name;
  const json all = json::parse(request.given->text, nullptr, false);
  if (!all.is_object() || !all.contains("stored")) {
    throw Error(Exit::kCorrupt, file + " is not a plan",
                "write one with `shoal plan -o FILE`");
  }
  Plan plan = read_stored_plan(all["stored"], net, file);
  check_nodes(plan, request, file);
  return plan;
}

}  // namespace shoal
