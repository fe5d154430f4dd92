// Variables: a frame reads what the one before it has left on the same node,
// all of it, and leaves the next one as much, in a copy that the frame does
// not read.
#include <algorithm>
#include <vector>

#include "host/check/premises.h"

namespace shoal {
namespace {

class Variables {
 public:
  Variables(const Net& net, const PlanNode& node, Findings& found)
      : net_(net), node_(node), found_(found) {}

  void run() {
    if (!regions()) return;
    for (size_t s = 0; s < node_.stages.size(); ++s) {
      for (size_t b = 0; b < node_.stages[s].buffers.size(); ++b) {
        buffer(static_cast<int>(s), static_cast<int>(b));
      }
    }
    for (const PlanVariable& v : node_.variables) left(v);
  }

 private:
  // False: a variable that there is not.
  bool regions() {
    const PlanLayout& l = node_.layout;
    uint64_t at = l.variables;
    int before = -1;
    for (const PlanVariable& v : node_.variables) {
      if (!found_.need(v.variable > before &&
                           v.variable < static_cast<int>(net_.variables.size()),
                       "variable ", v.variable, " is none of the net's")) {
        return false;
      }
      before = v.variable;
      const NetTensor& t = net_.tensors[net_.variables[v.variable].before];
      found_.need(!v.box.empty() && contains(t.box(), v.box), "variable ",
                  v.variable, " leaves its tensor");
      found_.need(v.offset == at, "variable ", v.variable, " lies at ",
                  v.offset, " instead of ", at);
      found_.need(v.element_bytes == t.element_bytes, "variable ", v.variable,
                  " has elements of ", v.element_bytes, " bytes instead of ",
                  t.element_bytes);
      at += 2 * aligned(bytes_of(v));
    }
    found_.need(at - l.variables == l.variable_bytes, "variables take ",
                at - l.variables, " bytes, not ", l.variable_bytes);
    return true;
  }

  uint64_t bytes_of(const PlanVariable& v) const {
    const NetVariable& of = net_.variables[size_t(v.variable)];
    return uint64_t(v.box.elements()) *
           uint64_t(net_.tensors[size_t(of.before)].element_bytes);
  }

  const PlanVariable* find(int variable) const {
    for (const PlanVariable& v : node_.variables) {
      if (v.variable == variable) return &v;
    }
    return nullptr;
  }

  // Returns the variable of which a tensor is the value before or after the
  // frame.
  int variable_of(int tensor) const {
    for (size_t v = 0; v < net_.variables.size(); ++v) {
      const NetVariable& of = net_.variables[v];
      if (of.before == tensor || of.after == tensor) return int(v);
    }
    return -1;
  }

  void buffer(int s, int index) {
    const PlanStage& stage = node_.stages[s];
    const PlanBuffer& b = stage.buffers[index];
    const int variable = variable_of(b.tensor);
    const auto need = [&](bool ok, const char* what) {
      return found_.need(ok, "stage ", s, ": buffer ", index, what);
    };
    need(b.overlay < 0 || stage.buffers[b.overlay].variable < 0,
         " overlays a variable");
    if (!need(b.variable == variable, " is not marked as its variable's") ||
        variable < 0) {
      return;
    }
    const PlanVariable* v = find(variable);
    if (!need(v, " is of a variable that the node does not keep")) return;
    const bool before = b.tensor == net_.variables[variable].before;
    need(b.box == v->box, " is not all that the node keeps of its variable");
    need(b.slots == b.box.rows() && b.element_bytes == v->element_bytes &&
             !b.is_private && b.overlay < 0,
         " is of a variable and not held whole");
    need(b.complete == before, before ? " is written before the frame ends"
                                      : " is complete before it is assigned");
    const uint64_t at = v->offset + (before ? 0 : aligned(bytes_of(*v)));
    need(b.offset == at, " does not lie in its copy of the variable");
    need(b.first_stage == 0 &&
             b.last_stage == static_cast<int>(node_.stages.size()) - 1,
         " is of a variable and does not live as long as the node");
    for (const PlanPort& p : stage.ports) {
      if (p.buffer != index) continue;
      need(p.is_read == before, before ? " is what a frame has found, written"
                                       : " is what a frame leaves, read");
    }
  }

  // Written boxes are disjoint (check_coverage), so that their sum is enough.
  void left(const PlanVariable& v) {
    int64_t written = 0;
    for (const PlanStage& stage : node_.stages) {
      for (const PlanPort& p : stage.ports) {
        const PlanBuffer& b = stage.buffers[p.buffer];
        if (b.variable == v.variable && !p.is_read) written += p.box.elements();
      }
    }
    found_.need(written == v.box.elements(), "variable ", v.variable, ": ",
                written, " of ", v.box.elements(),
                " elements are assigned for the next frame");
  }

  const Net& net_;
  const PlanNode& node_;
  Findings& found_;
};

}  // namespace

void check_variables(const Net& net, const PlanNode& node, Findings& found) {
  Variables(net, node, found).run();
}

}  // namespace shoal
