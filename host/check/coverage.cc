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

// Adds to `left` what remains of a box when another is taken out of it: at most
// six boxes.
void take_out(const Box& from, const Box& out, std::vector<Box>& left) {
  const Box both = cut(from, out);
  if (both.empty()) {
    left.push_back(from);
    return;
  }
  Box rest = from;
  const auto slice = [&](int Box::*lo, int Box::*hi) {
    Box below = rest, above = rest;
    below.*hi = both.*lo;
    above.*lo = both.*hi;
    if (!below.empty()) left.push_back(below);
    if (!above.empty()) left.push_back(above);
    rest.*lo = both.*lo, rest.*hi = both.*hi;
  };
  slice(&Box::y0, &Box::y1);
  slice(&Box::x0, &Box::x1);
  slice(&Box::c0, &Box::c1);
}

int64_t elements_left(const Box& all, const std::vector<Box>& boxes) {
  std::vector<Box> left{all};
  for (const Box& b : boxes) {
    std::vector<Box> next;
    for (const Box& l : left) take_out(l, b, next);
    left = std::move(next);
  }
  int64_t sum = 0;
  for (const Box& l : left) sum += l.elements();
  return sum;
}

class Coverage {
 public:
  Coverage(const Net& net, int layers, const Plan& plan,
           const std::vector<Instances>& instances, Findings& found)
      : net_(net),
        plan_(plan),
        instances_(instances),
        found_(found),
        made_(layers) {}

  void run() {
    for (int n = 0; n < static_cast<int>(plan_.nodes.size()); ++n) node(n);
    for (size_t l = 0; l < made_.size(); ++l) layer(static_cast<int>(l));
    ends();
  }

 private:
  void node(int n) {
    if (plan_.linked) found_.set_where("node " + std::to_string(n) + ", ");
    const auto& stages = plan_.nodes[n].stages;
    for (int s = 0; s < static_cast<int>(stages.size()); ++s) {
      for (size_t a = 0; a < stages[s].actors.size(); ++a) {
        actor(n, s, static_cast<int>(a));
      }
    }
    for (const Instance& i : instances_[n].all) writers(i);
    for (int s = 0; s < static_cast<int>(stages.size()); ++s) readers(n, s);
    found_.set_where("");
  }

  void actor(int n, int s, int index) {
    const PlanStage& stage = plan_.nodes[n].stages[s];
    const PlanActor& a = stage.actors[index];
    const Layer& layer = net_.layers[a.layer];
    const Box out = made_box(net_, stage, index);
    for (int i = 0; i < 2; ++i) {
      if (a.in[i] < 0) continue;
      const Box in = read_box(net_, stage, index, i);
      const char* wrong = misfit(layer, i, in, out, !(a.init && a.final));
      found_.need(!wrong, "stage ", s, ": actor ", index, ", operand ", i, " ",
                  wrong ? wrong : "");
    }
    if (a.partial >= 0) {
      found_.need(stage.ports[a.partial].box == stage.ports[a.out].box,
                  "stage ", s, ": actor ", index,
                  " starts from sums of another box");
    }
    if (!a.final || a.copy) return;
    made_[a.layer].push_back({n, s, out});
    if (!a.init) sums({n, s, index}, out, {});
  }

  struct Place {
    int node, stage, actor;
  };

  // Follows a box of sums back to the bias. `ranges` are the input channels
  // that were added behind this actor.
  void sums(const Place& at, const Box& box, std::vector<Interval> ranges) {
    const PlanStage& stage = plan_.nodes[at.node].stages[at.stage];
    const PlanActor& a = stage.actors[at.actor];
    const Layer& layer = net_.layers[a.layer];
    const Box in = read_box(net_, stage, at.actor, 0);
    const int c0 = layer.in[0].box.c0;
    ranges.push_back({in.c0 - c0, in.c1 - c0});
    if (a.init) {
      all_channels(a.layer, ranges);
    } else if (ranges.size() > size_t(layer.in[0].box.channels())) {
      found_.add("layer ", a.layer, ": partial sums go round");
    } else {
      sums_behind(a.layer, at.node, at.stage, a.partial, box, ranges, 0);
    }
  }

  void sums_behind(int layer, int node, int stage, int port, const Box& box,
                   const std::vector<Interval>& ranges, int hops) {
    const auto& stages = plan_.nodes[node].stages;
    const Instances& all = instances_[node];
    const int buffer = stages[stage].ports[port].buffer;
    int64_t covered = 0;
    for (const auto& w : all.all[all.of[stage][buffer]].writers) {
      const Box part = cut(w.box, box);
      if (part.empty()) continue;
      covered += part.elements();
      const PlanPort& from = stages[w.stage].ports[w.port];
      if (from.owner == Owner::kStream && hops < kMostHops) {
        const PlanStream::End& sender = plan_.streams[from.owner_index].from;
        sums_behind(layer, sender.node, sender.stage, sender.port, part, ranges,
                    hops + 1);
      } else if (from.owner == Owner::kActor &&
                 stages[w.stage].actors[from.owner_index].layer == layer) {
        sums({node, w.stage, from.owner_index}, part, ranges);
      } else {
        found_.add("layer ", layer, ": partial sums of another layer");
      }
    }
    found_.need(covered == box.elements(), "layer ", layer,
                ": partial sums come from nowhere");
  }

  // The channels that one after another were summed are all, once.
  void all_channels(int number, std::vector<Interval> ranges) {
    std::ranges::sort(ranges, {}, &Interval::lo);
    int next = 0;
    for (const Interval& r : ranges) {
      found_.need(r.lo == next, "layer ", number, ": input channel ",
                  std::min(r.lo, next), " is summed twice or never");
      next = r.hi;
    }
    found_.need(next == net_.layers[number].in[0].box.channels(), "layer ",
                number, ": input channels end at ", next);
  }

  // Nodes may make the same (a halo), and so may a node's stages, which make
  // columns one after the other; a stage does not.
  void layer(int index) {
    const Layer& layer = net_.layers[index];
    std::vector<Box> boxes;
    for (const Made& m : made_[index]) {
      for (const Made& other : made_[index]) {
        if (&other == &m) break;
        found_.need(other.node != m.node || other.stage != m.stage ||
                        !overlap(m.box, other.box),
                    "layer ", index, " is computed twice in part");
      }
      boxes.push_back(m.box);
    }
    const int64_t left = elements_left(layer.out.box, boxes);
    found_.need(left == 0, "layer ", index, ": ", left, " of ",
                layer.out.box.elements(), " elements are not made");
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

  void readers(int n, int s) {
    const PlanStage& stage = plan_.nodes[n].stages[s];
    const Instances& instances = instances_[n];
    for (size_t p = 0; p < stage.ports.size(); ++p) {
      const PlanPort& port = stage.ports[p];
      // The frame before has left these rows; see check_variables().
      const PlanBuffer& buffer = stage.buffers[port.buffer];
      if (!port.is_read || (buffer.variable >= 0 && buffer.complete)) continue;
      int64_t covered = 0;
      for (const auto& w :
           instances.all[instances.of[s][port.buffer]].writers) {
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

  // Parts of an input go wherever they are needed, parts of an output are
  // collected once each. Without links an output has no parts, and those of an
  // input are columns of all of its rows: the caller pushes each from the top.
  void end(Owner owner, const char* what, int index, const NetIo& io) {
    const View& view = io.place.view;
    std::vector<Box> parts;
    for (const PlanNode& node : plan_.nodes) {
      for (const PlanStage& stage : node.stages) {
        for (const PlanPort& p : stage.ports) {
          if (p.owner != owner || p.owner_index != index) continue;
          parts.push_back(p.box);
          const PlanBuffer& b = stage.buffers[p.buffer];
          Box columns = view.box;
          columns.x0 = p.box.x0, columns.x1 = p.box.x1;
          const bool fits = plan_.linked ? contains(view.box, p.box)
                            : owner == Owner::kInput
                                ? contains(view.box, p.box) && p.box == columns
                                : p.box == view.box;
          found_.need(
              b.tensor == view.tensor && fits &&
                  b.element_bytes == net_.tensors[view.tensor].element_bytes,
              what, index, " is connected to something else");
        }
      }
    }
    if (!plan_.linked && owner == Owner::kInput) {
      const int64_t left = elements_left(view.box, parts);
      found_.need(left == 0, what, index, ": ", left,
                  " elements are never pushed");
    } else if (!plan_.linked) {
      found_.need(parts.size() == 1, what, index, " is connected ",
                  parts.size(), " times");
    } else if (owner == Owner::kOutput) {
      collected(what, index, view.box, parts);
    }
  }

  void collected(const char* what, int index, const Box& all,
                 const std::vector<Box>& parts) {
    const int64_t left = elements_left(all, parts);
    found_.need(left == 0, what, index, ": ", left,
                " elements are not collected");
    for (size_t i = 0; i < parts.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        found_.need(!overlap(parts[i], parts[j]), what, index,
                    " is collected twice in part");
      }
    }
  }

  static constexpr int kMostHops = 1000;  // of a stream that goes round

  const Net& net_;
  const Plan& plan_;
  const std::vector<Instances>& instances_;
  Findings& found_;
  struct Made {
    int node, stage;
    Box box;
  };
  std::vector<std::vector<Made>> made_;  // by layer
};

}  // namespace

void check_coverage(const Net& net, int layers, const Plan& plan,
                    const std::vector<Instances>& instances, Findings& found) {
  Coverage(net, layers, plan, instances, found).run();
}

}  // namespace shoal
