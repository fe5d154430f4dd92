#include <algorithm>

#include "host/check/premises.h"

namespace shoal {
namespace {

template <class T>
bool in_range(int index, const std::vector<T>& all) {
  return index >= 0 && index < static_cast<int>(all.size());
}

class Structure {
 public:
  Structure(const Net& net, const Plan& plan, const PlanNode& node, int s,
            Findings& found)
      : net_(net),
        plan_(plan),
        node_(node),
        s_(s),
        stage_(node.stages[s]),
        found_(found),
        references_(stage_.ports.size()) {}

  void run() {
    bool ok = true;
    for (int b = 0; b < static_cast<int>(stage_.buffers.size()); ++b) {
      ok = buffer(b) && ok;
    }
    for (int p = 0; p < static_cast<int>(stage_.ports.size()); ++p) {
      ok = port(p) && ok;
    }
    if (!ok || !port_order()) return;
    for (int a = 0; a < static_cast<int>(stage_.actors.size()); ++a) actor(a);
    for (size_t p = 0; p < stage_.ports.size(); ++p) {
      const int wanted = stage_.ports[p].owner == Owner::kActor ? 1 : 0;
      need(references_[p] == wanted, "port ", p, " is used ", references_[p],
           " times by actors");
    }
    for (int b = 0; b < static_cast<int>(stage_.buffers.size()); ++b) roles(b);
    spills();
    dependence_order();
  }

 private:
  template <class... Args>
  bool need(bool ok, const Args&... args) {
    return found_.need(ok, "stage ", s_, ": ", args...);
  }

  bool buffer(int index) {
    const PlanBuffer& b = stage_.buffers[index];
    if (!need(in_range(b.tensor, net_.tensors), "buffer ", index,
              " has no tensor")) {
      return false;
    }
    const NetTensor& t = net_.tensors[b.tensor];
    const int stages = static_cast<int>(node_.stages.size());
    const bool early = comes_early(index);
    const bool spans =
        b.first_stage < b.last_stage &&
        !(early && b.first_stage == s_ - 1 && b.last_stage == s_);
    return need(!b.box.empty() && contains(t.box(), b.box), "buffer ", index,
                " does not lie inside its tensor") &&
           need(b.element_bytes == t.element_bytes || b.element_bytes == 4,
                "buffer ", index, " has elements of ", b.element_bytes,
                " bytes") &&
           need(b.slots > 0 && b.slots <= b.box.rows(), "buffer ", index,
                " has ", b.slots, " slots for ", b.box.rows(), " rows") &&
           need(b.first_stage >= 0 && b.first_stage <= s_ &&
                    b.last_stage >= s_ && b.last_stage < stages,
                "buffer ", index, " is used outside its lifetime") &&
           need(!spans || b.slots == b.box.rows(), "buffer ", index,
                " outlives a stage, but is not whole") &&
           need(!b.is_private || !(spans || b.complete), "buffer ", index,
                " is private and outlives a stage") &&
           need(!b.complete || b.first_stage < s_ || b.variable >= 0, "buffer ",
                index, " is complete before anything could fill it") &&
           need(!early || (node_.mapped && node_.storage.empty() &&
                           b.overlay < 0 && !b.is_private),
                "buffer ", index, " cannot take rows of peers early") &&
           overlay(index);
  }

  // Rows of a peer are let into this stage's buffer in the stage before.
  bool comes_early(int index) const {
    const PlanBuffer& b = stage_.buffers[index];
    if (b.first_stage >= s_ || b.complete || b.variable >= 0) return false;
    for (const PlanPort& p : stage_.ports) {
      if (p.buffer == index && p.owner == Owner::kStream && !p.is_read) {
        return true;
      }
    }
    return false;
  }

  bool overlay(int index) {
    const PlanBuffer& b = stage_.buffers[index];
    if (b.overlay < 0) return need(b.overlay == -1, "overlay ", b.overlay);
    if (!need(in_range(b.overlay, stage_.buffers) && b.overlay != index,
              "buffer ", index, " overlays nothing")) {
      return false;
    }
    const PlanBuffer& under = stage_.buffers[b.overlay];
    return need(b.slots == b.box.rows() && under.slots == under.box.rows() &&
                    !b.is_private && !under.is_private,
                "buffer ", index, ": an overlay needs two whole tensors") &&
           need(under.overlay < 0, "buffer ", index,
                " overlays one that is an overlay itself") &&
           need(!b.complete, "buffer ", index,
                " is complete, but still overlays another");
  }

  bool port(int index) {
    const PlanPort& p = stage_.ports[index];
    if (!need(in_range(p.buffer, stage_.buffers), "port ", index,
              " has no buffer")) {
      return false;
    }
    const PlanBuffer& b = stage_.buffers[p.buffer];
    if (!need(!p.box.empty() && contains(b.box, p.box), "port ", index,
              " leaves its buffer") ||
        !need(!b.is_private || p.box == b.box, "port ", index,
              " is not its whole private buffer")) {
      return false;
    }
    switch (p.owner) {
      case Owner::kActor:
        return need(in_range(p.owner_index, stage_.actors), "port ", index,
                    " has no owner");
      case Owner::kInput:
        return need(!p.is_read && in_range(p.owner_index, net_.inputs), "port ",
                    index, " is not a port of an input");
      case Owner::kOutput:
        return need(p.is_read && in_range(p.owner_index, net_.outputs), "port ",
                    index, " is not a port of an output");
      case Owner::kStream:
        return need(in_range(p.owner_index, plan_.streams), "port ", index,
                    " is not a port of a stream");
      case Owner::kSpill:
        return need(in_range(p.owner_index, stage_.spills), "port ", index,
                    " is not a port of a spill");
    }
    return need(false, "port ", index, " has no kind of owner");
  }

  bool port_order() {
    const auto key = [](const PlanPort& p) {
      return 2 * p.buffer + (p.is_read ? 1 : 0);
    };
    return need(std::ranges::is_sorted(stage_.ports, {}, key),
                "the ports do not lie by buffer, writers first");
  }

  // The port is the actor's and touches a box of the view's tensor.
  bool operand(int a, int port, bool is_read, const View& view,
               int element_bytes) {
    if (!need(in_range(port, stage_.ports), "actor ", a, " lacks a port")) {
      return false;
    }
    ++references_[port];
    const PlanPort& p = stage_.ports[port];
    const PlanBuffer& b = stage_.buffers[p.buffer];
    return need(p.owner == Owner::kActor && p.owner_index == a &&
                    p.is_read == is_read,
                "actor ", a, " uses port ", port, ", which is not its own") &&
           need(b.tensor == view.tensor, "actor ", a, ", port ", port,
                ": tensor ", b.tensor, " instead of ", view.tensor) &&
           need(b.element_bytes == element_bytes, "actor ", a, ", port ", port,
                ": elements of ", b.element_bytes, " bytes") &&
           need(contains(view.box, p.box), "actor ", a, ", port ", port,
                " leaves the box that the layer ",
                is_read ? "reads" : "writes");
  }

  void actor(int a) {
    const PlanActor& actor = stage_.actors[a];
    if (actor.copy) {
      copy(a);
      return;
    }
    if (!need(in_range(actor.layer, net_.layers), "actor ", a,
              " has no layer")) {
      return;
    }
    const Layer& layer = net_.layers[actor.layer];
    const int made =
        actor.final ? net_.tensors[layer.out.tensor].element_bytes : 4;
    operand(a, actor.out, false, layer.out, made);
    for (int i = 0; i < 2; ++i) {
      const View& view = layer.in[i];
      if (view.tensor < 0) {
        need(actor.in[i] == -1, "actor ", a, " has an operand too many");
      } else {
        operand(a, actor.in[i], true, view,
                net_.tensors[view.tensor].element_bytes);
      }
    }
    if (actor.init) {
      need(actor.partial == -1, "actor ", a,
           " starts from the bias and from partial sums");
    } else {
      operand(a, actor.partial, true, layer.out, 4);
    }
  }

  // A box of rows, from one buffer of its tensor to another.
  void copy(int a) {
    const PlanActor& actor = stage_.actors[a];
    const bool alone = actor.layer == -1 && actor.in[1] == -1 &&
                       actor.partial == -1 && actor.init && actor.final &&
                       actor.loop == -1;
    if (!need(alone, "actor ", a, " copies and does something else") ||
        !need(in_range(actor.out, stage_.ports) &&
                  in_range(actor.in[0], stage_.ports),
              "actor ", a, " lacks a port")) {
      return;
    }
    const PlanPort& out = stage_.ports[actor.out];
    const int tensor = stage_.buffers[out.buffer].tensor;
    const View view{tensor, net_.tensors[tensor].box()};
    const int width = net_.tensors[tensor].element_bytes;
    operand(a, actor.out, false, view, width);
    operand(a, actor.in[0], true, view, width);
    need(stage_.ports[actor.in[0]].box == out.box, "actor ", a,
         " copies a box to another one");
  }

  // Each spill has a port, and each of their ports its spill.
  void spills() {
    for (int i = 0; i < static_cast<int>(stage_.spills.size()); ++i) {
      const int port = stage_.spills[i].port;
      need(in_range(port, stage_.ports) &&
               stage_.ports[port].owner == Owner::kSpill &&
               stage_.ports[port].owner_index == i,
           "spill ", i, " has a port that is not its own");
    }
    const auto ports =
        std::ranges::count(stage_.ports, Owner::kSpill, &PlanPort::owner);
    need(ports == static_cast<std::ptrdiff_t>(stage_.spills.size()), ports,
         " ports of ", stage_.spills.size(), " spills");
  }

  void roles(int index) {
    const PlanBuffer& b = stage_.buffers[index];
    int writers = 0, readers = 0;
    for (const PlanPort& p : stage_.ports) {
      if (p.buffer != index) continue;
      ++(p.is_read ? readers : writers);
      const bool looped =
          p.owner == Owner::kActor && stage_.actors[p.owner_index].loop >= 0;
      need(!b.is_private || looped, "buffer ", index,
           " is private outside a loop");
    }
    need(b.complete == (writers == 0), "buffer ", index, " has ", writers,
         " writers and is ", b.complete ? "" : "not ", "complete");
    need(!b.is_private || (writers == 1 && readers == 1), "buffer ", index,
         " is private with ", writers, " writers and ", readers, " readers");
  }

  // The deepest actor is fired first, so they must lie in order of depth.
  void dependence_order() {
    for (const PlanPort& reader : stage_.ports) {
      if (!reader.is_read || reader.owner != Owner::kActor) continue;
      for (const PlanPort& writer : stage_.ports) {
        if (writer.is_read || writer.owner != Owner::kActor ||
            writer.buffer != reader.buffer ||
            !overlap(writer.box, reader.box)) {
          continue;
        }
        need(writer.owner_index < reader.owner_index, "actor ",
             reader.owner_index, " reads what the later actor ",
             writer.owner_index, " makes");
      }
    }
  }

  const Net& net_;
  const Plan& plan_;
  const PlanNode& node_;
  const int s_;
  const PlanStage& stage_;
  Findings& found_;
  std::vector<int> references_;  // by port
};

}  // namespace

void check_structure(const Net& net, const Plan& plan, const PlanNode& node,
                     Findings& found) {
  // In a cluster a node may have nothing to do.
  found.need(plan.linked || !node.stages.empty(), "the plan has no stage");
  for (size_t s = 0; s < node.stages.size(); ++s) {
    Structure(net, plan, node, static_cast<int>(s), found).run();
    const int before = s > 0 ? node.stages[s - 1].segment : -1;
    found.need(!plan.linked || node.stages[s].segment > before, "stage ", s,
               " lies in segment ", node.stages[s].segment,
               ", the one before in ", before);
  }
}

}  // namespace shoal
