#include "host/check/hand_plans.h"

#include <algorithm>
#include <numeric>

#include "device/program/chunk.h"

namespace shoal {

void HandPlan::stage() {
  node_.stages.emplace_back();
  wanted_.emplace_back();
}

int HandPlan::buffer(int tensor, int slots, BufferOptions o) {
  const int here = static_cast<int>(node_.stages.size()) - 1;
  PlanBuffer b;
  b.tensor = tensor;
  b.box = net_.tensors[tensor].box();
  b.element_bytes = net_.tensors[tensor].element_bytes;
  b.slots = slots ? slots : b.box.rows();
  b.complete = o.complete;
  b.overlay = o.overlay;
  b.first_stage = o.first_stage < 0 ? here : o.first_stage;
  b.last_stage = o.last_stage < 0 ? here : o.last_stage;
  now().buffers.push_back(b);
  wanted_.back().push_back(o.offset);
  return static_cast<int>(now().buffers.size()) - 1;
}

int HandPlan::find_buffer(int tensor) {
  const auto& all = now().buffers;
  const auto at = std::ranges::find(all, tensor, &PlanBuffer::tensor);
  return static_cast<int>(at - all.begin());
}

int HandPlan::port(int tensor, const Box& box, bool is_read, Owner owner,
                   int owner_index) {
  now().ports.push_back(
      {find_buffer(tensor), box, is_read, owner, owner_index});
  return static_cast<int>(now().ports.size()) - 1;
}

int HandPlan::actor(int layer, int band, int part, int groups) {
  const Layer& l = net_.layers[layer];
  const int index = static_cast<int>(now().actors.size());
  PlanActor a;
  a.layer = layer;
  a.band = band;
  a.part = part ? part : l.kernel_h;
  for (int i = 0; i < 2; ++i) {
    if (l.in[i].tensor < 0) continue;
    a.in[i] = port(l.in[i].tensor, l.in[i].box, true, Owner::kActor, index);
  }
  a.out = port(l.out.tensor, l.out.box, false, Owner::kActor, index);
  const int channels = l.out.box.channels();
  const int parts = (l.kernel_h + a.part - 1) / a.part;
  if (parts > 1) {
    a.accumulator_bytes =
        static_cast<uint32_t>(4 * l.out.box.columns() * channels);
  }
  if (!l.weights.empty()) {
    a.weights.parts = parts;
    a.weights.groups = groups;
    for (int p = 0; p < parts; ++p) {
      const int ky = p * a.part;
      for (int g = 0; g < groups; ++g) {
        const int c0 = g * channels / groups;
        const int c1 = (g + 1) * channels / groups;
        a.weights.chunks.push_back(
            {c0, c1 - c0, ky, std::min(a.part, l.kernel_h - ky)});
      }
    }
  }
  now().actors.push_back(a);
  return index;
}

void HandPlan::input(int index) {
  const View& v = net_.inputs[index].stored.view;
  port(v.tensor, v.box, false, Owner::kInput, index);
}

void HandPlan::output(int index) {
  const View& v = net_.outputs[index].stored.view;
  port(v.tensor, v.box, true, Owner::kOutput, index);
}

void HandPlan::order(std::vector<PlanRun> runs) {
  now().order = std::move(runs);
}

void HandPlan::sort_ports(PlanStage& stage) {
  std::vector<int> by(stage.ports.size());
  std::iota(by.begin(), by.end(), 0);
  std::ranges::stable_sort(by, {}, [&](int p) {
    return 2 * stage.ports[p].buffer + (stage.ports[p].is_read ? 1 : 0);
  });
  std::vector<PlanPort> sorted;
  std::vector<int> where(by.size());
  for (int p : by) {
    where[p] = static_cast<int>(sorted.size());
    sorted.push_back(stage.ports[p]);
  }
  stage.ports = sorted;
  for (PlanActor& a : stage.actors) {
    for (int* p : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
      if (*p >= 0) *p = where[*p];
    }
  }
}

void HandPlan::pack() {
  PlanLayout& l = node_.layout;
  for (const PlanStage& s : node_.stages) {
    l.cursor_count = std::max(l.cursor_count, uint32_t(s.ports.size()));
    l.state_count = std::max(l.state_count, uint32_t(s.actors.size()));
  }
  l.states = align_up(4 * l.cursor_count);
  l.buffers = align_up(
      l.states + l.state_count * static_cast<uint32_t>(sizeof(ActorState)));
  l.head = l.record = l.slots = l.buffers;
  for (size_t s = 0; s < node_.stages.size(); ++s) {
    PlanStage& stage = node_.stages[s];
    uint32_t end = l.buffers;
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      PlanBuffer& buffer = stage.buffers[b];
      const int64_t wanted = wanted_[s][b];
      buffer.offset = wanted < 0 ? align_up(end)
                                 : l.buffers + static_cast<uint32_t>(wanted);
      end = std::max(end, buffer.offset + buffer.bytes());
    }
    for (PlanActor& a : stage.actors) {
      if (!a.accumulator_bytes) continue;
      a.accumulator = align_up(end);
      end = a.accumulator + a.accumulator_bytes;
    }
    stage.arena_bytes = end;
    node_.arena_bytes = std::max(node_.arena_bytes, end);
  }
}

void HandPlan::count() {
  for (PlanStage& stage : node_.stages) {
    for (const PlanActor& a : stage.actors) {
      const Layer& l = net_.layers[a.layer];
      const int64_t steps = (l.out.box.rows() + a.band - 1) / a.band;
      int64_t bytes = 0;
      for (const PlanChunk& c : a.weights.chunks) {
        const int64_t taps =
            l.op == OpCode::kDepthwise
                ? int64_t{1} * c.in_n * l.kernel_w
                : int64_t{1} * c.in_n * l.kernel_w * l.in[0].box.channels();
        bytes += chunk_layout(static_cast<uint32_t>(taps * c.out_n),
                              static_cast<uint32_t>(c.out_n), true)
                     .bytes;
      }
      stage.macs += l.macs;
      stage.weight_read_bytes += steps * bytes;
      stage.firings += steps * ((l.kernel_h + a.part - 1) / a.part);
    }
    node_.macs += stage.macs;
    node_.weight_read_bytes += stage.weight_read_bytes;
  }
}

Plan HandPlan::finish() {
  for (PlanStage& stage : node_.stages) sort_ports(stage);
  pack();
  count();
  Plan plan;
  plan.nodes.push_back(node_);
  plan.macs = node_.macs;
  plan.model_macs = net_.model_macs;
  return plan;
}

Plan plain_plan(const Net& net) {
  HandPlan p(net);
  p.stage();
  for (size_t t = 0; t < net.tensors.size(); ++t) p.buffer(static_cast<int>(t));
  for (size_t i = 0; i < net.inputs.size(); ++i) p.input(static_cast<int>(i));
  for (size_t l = 0; l < net.layers.size(); ++l) {
    p.actor(static_cast<int>(l), 1, std::min(net.layers[l].kernel_h, 16));
  }
  for (size_t o = 0; o < net.outputs.size(); ++o) p.output(static_cast<int>(o));
  return p.finish();
}

}  // namespace shoal
