#include "host/plan/text/does_not_fit.h"

#include <algorithm>
#include <vector>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/plan/cost/supply.h"

namespace shoal {
namespace {

// Returns the bytes of the buffers that an actor reads and writes, and of its
// sums.
int64_t actor_bytes(const PlanStage& stage, const PlanActor& a) {
  int64_t bytes = a.accumulator_bytes;
  for (int port : {a.in[0], a.in[1], a.out}) {
    if (port >= 0) bytes += stage.buffers[stage.ports[port].buffer].bytes();
  }
  return bytes;
}

// Names the slots that the fullest stage would not need with mapped weights.
std::string slots_text(const PlanNode& node) {
  for (const PlanStage& s : node.stages) {
    if (s.arena_bytes < node.arena_bytes || s.slot_count == 0) continue;
    return "; " + format_bytes(int64_t{s.slot_count} * s.slot_bytes) +
           " of that plan are slots for weights from storage" +
           (node.layout.head_bytes ? "" : ": a larger --flash saves them");
  }
  return "";
}

// Flags set the budget of all nodes; other changes concern one node.
std::string budget_change(const PlanRequest& request, const ClusterNode& of,
                          int64_t own_bytes, int64_t largest_bytes) {
  const int64_t bytes = of.has_own_ram() ? own_bytes : largest_bytes;
  if (of.board.unlimited() || bytes <= of.board.arena_limit()) {
    return of.budget_change(bytes);
  }
  return (request.over_links() ? "more nodes, other cuts, or a board with "
                               : "a board with ") +
         format_bytes(bytes) + " of arena";
}

// Returns the nodes whose arenas exceed their budgets. With a flag, which
// applies to all nodes, the node that needs most is the first, so that message
// and change agree.
std::vector<size_t> beyond_budgets(const PlanRequest& request,
                                   const Plan& plan) {
  std::vector<size_t> beyond;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    if (plan.nodes[n].arena_bytes > request.cluster.nodes[n].plan_budget()) {
      beyond.push_back(n);
    }
  }
  if (beyond.empty() || request.cluster.nodes[beyond[0]].has_own_ram()) {
    return beyond;
  }
  const auto most = std::ranges::max_element(
      beyond, {}, [&](size_t n) { return plan.nodes[n].arena_bytes; });
  std::rotate(beyond.begin(), most, most + 1);
  return beyond;
}

// Returns changes for the nodes after the first one that are not in `said` yet.
std::string more_of_others(const PlanRequest& request, const Plan& plan,
                           const std::vector<size_t>& beyond,
                           int64_t largest_bytes, const std::string& said) {
  constexpr size_t kMostNamed = 3;
  std::string text;
  size_t others = 0;
  for (size_t i = 1; i < beyond.size(); ++i) {
    const ClusterNode& n = request.cluster.nodes[beyond[i]];
    const std::string change = budget_change(
        request, n, plan.nodes[beyond[i]].arena_bytes, largest_bytes);
    if ((said + text).find(change) != std::string::npos) continue;
    if (++others <= kMostNamed) text += ", and " + change;
  }
  if (others > kMostNamed) {
    text += ", and of " + std::to_string(others - kMostNamed) + " more";
  }
  return text;
}

// Returns the layer with the largest buffers in the node's fullest stage.
std::string fullest_layer(const Net& net, const PlanNode& node) {
  if (node.stages.empty()) return "an input";
  const PlanStage& fullest = node.stages[fullest_stage(node)];
  const PlanActor* most = nullptr;
  for (const PlanActor& a : fullest.actors) {
    if (a.copy) continue;
    if (!most || actor_bytes(fullest, a) > actor_bytes(fullest, *most)) {
      most = &a;
    }
  }
  return most ? layer_text(net.layers[most->layer]) : "an input";
}

}  // namespace

std::string layer_text(const Layer& layer) {
  // Converters chain the names of all operators that they fused.
  return "layer " + layer.name.substr(0, layer.name.find(';')) + " (" +
         std::to_string(layer.file_op) + ")";
}

Misfit arena_does_not_fit(const Net& net, const PlanRequest& request,
                          const Plan& smallest, const std::string& else_fits) {
  const std::vector<size_t> beyond = beyond_budgets(request, smallest);
  if (beyond.empty()) {
    throw Error(Exit::kInternal, "a plan that fits does not fit");
  }
  const ClusterNode& of = request.cluster.nodes[beyond.front()];
  const PlanNode& first = smallest.nodes[beyond.front()];
  const int64_t largest = largest_arena(smallest);
  const std::string node = request.over_links() ? "node " + of.name + ", " : "";
  std::string fix = budget_change(request, of, first.arena_bytes, largest);
  fix += more_of_others(request, smallest, beyond, largest, fix);
  if (of.has_own_ram()) {
    fix += beyond.size() == 1 ? ", or a smaller share for this node"
                              : ", or smaller shares for these nodes";
  }
  return {Exit::kDoesNotFit,
          "ARENA does not fit: " + node + fullest_layer(net, first) +
              " needs " + format_bytes(first.arena_bytes) +
              " in the smallest plan that was found; budget " +
              format_bytes(of.plan_budget()) + " (" + of.budget_source() + ")" +
              slots_text(first) + else_fits,
          fix, largest};
}

Misfit no_storage(const Net& net, const Board& board) {
  const int64_t all = flash_bytes(net);
  const bool mapped = board.flash_mapped &&
                      (board.flash_bytes == 0 || all <= board.flash_bytes);
  return {Exit::kDoesNotFit,
          "FLASH does not fit: weights take " + format_bytes(all) +
              ", and board " + board.name + " has no storage to read them from",
          mapped ? "--flash " + std::to_string(all)
                 : "use a smaller network, or another --board"};
}

Misfit no_storage(const ClusterNode& node, int64_t weight_bytes, int64_t room) {
  return {Exit::kDoesNotFit,
          "FLASH does not fit: node " + node.name + " has weights of " +
              format_bytes(weight_bytes) + ", room for " + format_bytes(room) +
              ", and no storage to read them from",
          "use more nodes, a smaller network, or another board"};
}

void check_no_storage(const Plan& plan) {
  for (const PlanNode& node : plan.nodes) {
    // Chunks that are not mapped are sent, and read where they lie.
    if (node.storage.empty() || !node.mapped) continue;
    throw Error(
        Exit::kDoesNotFit,
        "FLASH does not fit: the weights of node " + node.name +
            " would come from storage, and nodes at addresses have no "
            "stores yet",
        "use more nodes, or nodes with more flash (`shoal worker --flash`)");
  }
}

void check_storage(const std::string& what, int64_t bytes,
                   const std::string& where, int64_t most) {
  if (bytes <= most) return;
  throw Error(Exit::kDoesNotFit, "STORAGE does not fit: " + what + " has " +
                                     format_bytes(bytes) + "; " + where +
                                     " has " + format_bytes(most));
}

void check_flash(const Plan& plan, const PlanNode& node, int64_t budget) {
  if (node.program_bytes <= budget) return;
  throw ProgramDoesNotFit(
      "FLASH does not fit: the program of node " + node.name + " has " +
          format_bytes(node.program_bytes) + "; budget " + format_bytes(budget),
      std::to_string(node.program_bytes) + " B of flash for it, or " +
          (plan.strategy == "kernel" || plan.is_auto()
               ? "more nodes"
               : "output channels over several nodes: --strategy "
                 "kernel"));
}

}  // namespace shoal
