#include "host/check/check.h"

#include <map>

#include "host/check/premises.h"
#include "host/check/weights.h"
#include "host/plan/types/deadline.h"

namespace shoal {
namespace {

// Copies become actors of layers that move a tensor onto itself, so that all
// that follows has layers only.
struct Judged {
  Net net;
  Plan plan;
};

Layer copy_layer(const Net& net, int tensor) {
  Layer layer;
  layer.op = OpCode::kMove;
  layer.name = "copy";
  layer.in[0] = layer.out = {tensor, net.tensors[tensor].box()};
  layer.params = {1, 0, 1, 0, 1, 0, 0};  // stride and base of y, x, c; fill
  return layer;
}

Judged with_copy_layers(const Net& net, const Plan& plan) {
  Judged j{net, plan};
  std::map<int, int> layer_of;  // by tensor
  for (PlanNode& node : j.plan.nodes) {
    for (PlanStage& stage : node.stages) {
      for (PlanActor& a : stage.actors) {
        if (!a.copy) continue;
        const int tensor = stage.buffers[stage.ports[a.out].buffer].tensor;
        const auto [at, fresh] =
            layer_of.emplace(tensor, static_cast<int>(j.net.layers.size()));
        if (fresh) j.net.layers.push_back(copy_layer(net, tensor));
        a.layer = at->second;
      }
    }
  }
  return j;
}

class PlanJudge {
 public:
  PlanJudge(const Net& net, const Plan& plan) : net_(net), plan_(plan) {}

  std::vector<std::string> run() {
    if (!form()) return found_.take();
    const Judged judged = with_copy_layers(net_, plan_);
    const Net& net = judged.net;
    const Plan& plan = judged.plan;
    each([&](int n) { check_actors(net, plan.nodes[n], found_); });
    each([&](int n) {
      check_weights(net, plan.nodes[n], found_);
      check_spills(plan.nodes[n], found_);
      check_variables(net, plan.nodes[n], found_);
    });
    if (!found_.empty()) return found_.take();
    std::vector<Instances> instances;
    for (const PlanNode& node : plan.nodes) {
      instances.push_back(find_instances(node));
    }
    check_coverage(net, static_cast<int>(net_.layers.size()), plan, instances,
                   found_);
    each([&](int n) { check_memory(net, plan, n, instances[n], found_); });
    check_statistics(net, plan, found_);
    if (!found_.empty()) return found_.take();
    check_completion(net, plan, instances, found_);
    return found_.take();
  }

 private:
  bool form() {
    if (!found_.need(!plan_.nodes.empty(), "the plan has no nodes") ||
        !found_.need(plan_.linked || plan_.nodes.size() == 1, "the plan has ",
                     plan_.nodes.size(), " nodes, which are not linked")) {
      return false;
    }
    each([&](int n) { check_structure(net_, plan_, plan_.nodes[n], found_); });
    if (found_.empty()) check_links(plan_, found_);
    return found_.empty();
  }

  template <class F>
  void each(F f) {
    for (int n = 0; n < static_cast<int>(plan_.nodes.size()); ++n) {
      if (plan_.linked) found_.set_where("node " + std::to_string(n) + ", ");
      PlanCancellation::check();
      f(n);
    }
    found_.set_where("");
  }

  const Net& net_;
  const Plan& plan_;
  Findings found_;
};

}  // namespace

std::vector<std::string> check(const Net& net, const Plan& plan) {
  return PlanJudge(net, plan).run();
}

}  // namespace shoal
