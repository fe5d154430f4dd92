#include <algorithm>

#include "host/check/premises.h"
#include "host/check/rows.h"

namespace shoal {
namespace {

Box cut(const Box& a, const Box& b) {
  return {std::max(a.y0, b.y0), std::min(a.y1, b.y1), std::max(a.x0, b.x0),
          std::min(a.x1, b.x1), std::max(a.c0, b.c0), std::min(a.c1, b.c1)};
}

int64_t shared_elements(const Box& a, const Box& b) {
  const Box both = cut(a, b);
  return both.empty() ? 0 : both.elements();
}

class Coverage {
 public:
  Coverage(const Net& net, const PlanNode& node, const Instances& instances,
           Findings& found)
      : net_(net), node_(node), instances_(instances), found_(found) {}

  void run() {
    made_.resize(net_.layers.size());
    for (int s = 0; s < static_cast<int>(node_.stages.size()); ++s) {
      for (size_t a = 0; a < node_.stages[s].actors.size(); ++a) {
        actor(s, static_cast<int>(a));
      }
    }
    for (size_t l = 0; l < made_.size(); ++l) layer(static_cast<int>(l));
    for (const Instance& i : instances_.all) writers(i);
    for (int s = 0; s < static_cast<int>(node_.stages.size()); ++s) readers(s);
    ends();
  }

 private:
  // The box of a port over all iterations of a loop.
  Box reach(const PlanStage& stage, int port, const View& view) const {
    Box box = stage.ports[port].box;
    if (stage.buffers[stage.ports[port].buffer].is_private) {
      box.c0 = view.box.c0, box.c1 = view.box.c1;
    }
    return box;
  }

  void actor(int s, int index) {
    const PlanStage& stage = node_.stages[s];
    const PlanActor& a = stage.actors[index];
    const Layer& layer = net_.layers[a.layer];
    const Box out = reach(stage, a.out, layer.out);
    for (int i = 0; i < 2; ++i) {
      if (a.in[i] < 0) continue;
      const Box in = reach(stage, a.in[i], layer.in[i]);
      const char* wrong = misfit(layer, i, in, out, !(a.init && a.final));
      found_.need(!wrong, "stage ", s, ": actor ", index, ", operand ", i, " ",
                  wrong ? wrong : "");
    }
    if (a.partial >= 0) {
      found_.need(stage.ports[a.partial].box == stage.ports[a.out].box,
                  "stage ", s, ": actor ", index,
                  " starts from sums of another box");
    }
    if (!a.final) return;
    made_[a.layer].push_back(out);
    if (!a.init) partial_sums(s, index);
  }

  // The channels that one after another were summed are all, once.
  void partial_sums(int s, int index) {
    const int number = node_.stages[s].actors[index].layer;
    const Layer& layer = net_.layers[number];
    std::vector<Span> ranges;
    int stage = s, actor = index;
    for (size_t steps = 0; steps < 1000; ++steps) {
      const PlanStage& st = node_.stages[stage];
      const PlanActor& a = st.actors[actor];
      const Box& in = st.ports[a.in[0]].box;
      ranges.push_back(
          {in.c0 - layer.in[0].box.c0, in.c1 - layer.in[0].box.c0});
      if (a.init) break;
      const PlanPort& partial = st.ports[a.partial];
      const Instance& from =
          instances_.all[instances_.of[stage][partial.buffer]];
      const auto writer = std::ranges::find_if(
          from.writers,
          [&](const auto& w) { return contains(w.box, partial.box); });
      if (writer == from.writers.end()) {
        found_.add("layer ", number, ": partial sums come from nowhere");
        return;
      }
      const PlanPort& port = node_.stages[writer->stage].ports[writer->port];
      stage = writer->stage;
      actor = port.owner_index;
      if (port.owner != Owner::kActor ||
          node_.stages[stage].actors[actor].layer != number) {
        found_.add("layer ", number, ": partial sums of another layer");
        return;
      }
    }
    std::ranges::sort(ranges, {}, &Span::lo);
    int next = 0;
    for (const Span& r : ranges) {
      found_.need(r.lo == next, "layer ", number, ": input channel ",
                  std::min(r.lo, next), " is summed twice or never");
      next = r.hi;
    }
    found_.need(next == layer.in[0].box.channels(), "layer ", number,
                ": input channels end at ", next);
  }

  void layer(int index) {
    const Layer& layer = net_.layers[index];
    const std::vector<Box>& boxes = made_[index];
    int64_t sum = 0;
    for (size_t i = 0; i < boxes.size(); ++i) {
      sum += boxes[i].elements();
      for (size_t j = 0; j < i; ++j) {
        found_.need(!overlap(boxes[i], boxes[j]), "layer ", index,
                    " is computed twice in part");
      }
    }
    found_.need(sum == layer.out.box.elements(), "layer ", index, " makes ",
                sum, " of ", layer.out.box.elements(), " elements");
  }

  void writers(const Instance& instance) {
    for (size_t i = 0; i < instance.writers.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        found_.need(!overlap(instance.writers[i].box, instance.writers[j].box),
                    "tensor ", instance.buffer.tensor,
                    " is written twice in part");
      }
    }
  }

  void readers(int s) {
    const PlanStage& stage = node_.stages[s];
    for (size_t p = 0; p < stage.ports.size(); ++p) {
      const PlanPort& port = stage.ports[p];
      if (!port.is_read) continue;
      int64_t covered = 0;
      for (const auto& w :
           instances_.all[instances_.of[s][port.buffer]].writers) {
        if (w.stage <= s) covered += shared_elements(w.box, port.box);
      }
      found_.need(covered == port.box.elements(), "stage ", s, ": port ", p,
                  " reads ", port.box.elements(), " elements, of which ",
                  covered, " are written");
    }
  }

  void ends() {
    for (size_t i = 0; i < net_.inputs.size(); ++i) {
      end(Owner::kInput, "input ", static_cast<int>(i), net_.inputs[i]);
    }
    for (size_t i = 0; i < net_.outputs.size(); ++i) {
      end(Owner::kOutput, "output ", static_cast<int>(i), net_.outputs[i]);
    }
  }

  void end(Owner owner, const char* what, int index, const NetIo& io) {
    int connected = 0;
    for (const PlanStage& stage : node_.stages) {
      for (const PlanPort& p : stage.ports) {
        if (p.owner != owner || p.owner_index != index) continue;
        ++connected;
        const PlanBuffer& b = stage.buffers[p.buffer];
        const View& view = io.stored.view;
        found_.need(
            b.tensor == view.tensor && p.box == view.box &&
                b.element_bytes == net_.tensors[view.tensor].element_bytes,
            what, index, " is connected to something else");
      }
    }
    found_.need(connected == 1, what, index, " is connected ", connected,
                " times");
  }

  const Net& net_;
  const PlanNode& node_;
  const Instances& instances_;
  Findings& found_;
  std::vector<std::vector<Box>> made_;  // by layer
};

}  // namespace

void check_coverage(const Net& net, const PlanNode& node,
                    const Instances& instances, Findings& found) {
  Coverage(net, node, instances, found).run();
}

}  // namespace shoal
