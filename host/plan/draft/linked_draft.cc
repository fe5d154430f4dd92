#include "host/plan/draft/linked_draft.h"

#include <algorithm>
#include <optional>

#include "host/plan/draft/loop_draft.h"
#include "host/plan/types/boxes.h"

namespace shoal {
namespace {

// A stage under construction; its ports are in the order of their creation.
struct Draft {
  PlanStage stage;
  std::vector<int> homes;  // by buffer
};

class Maker {
 public:
  // `only`: makes this segment alone; -1: all of them.
  Maker(const CutNet& cut, const Segments& segments, const MadeBoxes& made,
        const Exchange& exchange, int only)
      : s_(cut),
        net_(cut.net),
        segments_(segments),
        only_(only),
        made_(made),
        x_(exchange),
        drafts_(static_cast<size_t>(cut.nodes) * segments.size()) {}

  PlanDraft make() {
    partial_in_.resize(x_.partials.size());
    partial_out_.resize(x_.partials.size());
    gather_buffer_.resize(x_.gathers.size());
    copied_.resize(x_.gathers.size());
    home_buffer_.assign(x_.homes.size() * segments_.size(), -1);
    result_.plan.streams.reserve(x_.streams.size());
    for (size_t g = 0; g < x_.gathers.size(); ++g) add_gather(int(g));
    for (size_t h = 0; h < x_.homes.size(); ++h) add_input(int(h));
    for (size_t s = 0; s < segments_.size(); ++s) add_layers(int(s));
    for (const Exchange::Output& o : x_.outputs) {
      const Home& home = x_.homes[o.home];
      if (!is_wanted(home.segment)) continue;
      Draft& d = draft(home.node, home.segment);
      add_port(d, {home_buffer(o.home, home.segment), o.box, true,
                   Owner::kOutput, o.output});
    }
    for (size_t i = 0; i < x_.streams.size(); ++i) add_stream(int(i));
    return finish();
  }

 private:
  bool is_wanted(int segment) const { return only_ < 0 || segment == only_; }
  size_t index(int of, int segment) const {
    return static_cast<size_t>(of) * segments_.size() +
           static_cast<size_t>(segment);
  }

  Draft& draft(int node, int segment) {
    std::optional<Draft>& of = drafts_[index(node, segment)];
    if (of) return *of;
    Draft& d = of.emplace();
    d.stage.segment = segment;
    const Segment run = segments_[segment];
    const auto layers = static_cast<size_t>(run.end - run.begin);
    d.stage.actors.reserve(layers + 2);
    d.stage.buffers.reserve(layers + 4);
    d.stage.ports.reserve(3 * layers + 4);
    return d;
  }

  int add_buffer(Draft& d, int tensor, const Box& box, int element_bytes,
                 int home) {
    PlanBuffer b;
    b.tensor = tensor;
    b.box = box;
    b.element_bytes = element_bytes;
    b.turned = net_.tensors[tensor].turned;
    b.variable = s_.uses[tensor].variable;
    b.slots = home >= 0 || b.variable >= 0 ? box.rows() : 0;
    d.stage.buffers.push_back(b);
    d.homes.push_back(home);
    return static_cast<int>(d.stage.buffers.size()) - 1;
  }

  int add_port(Draft& d, const PlanPort& port) {
    d.stage.ports.push_back(port);
    return static_cast<int>(d.stage.ports.size()) - 1;
  }

  int home_buffer(int home, int segment) {
    int& buffer = home_buffer_[index(home, segment)];
    if (buffer >= 0) return buffer;
    const Home& h = x_.homes[home];
    Draft& d = draft(h.node, segment);
    buffer =
        add_buffer(d, h.tensor, h.box, net_.tensors[h.tensor].element_bytes,
                   h.whole() ? home : -1);
    d.stage.buffers.back().complete = segment > std::max(h.segment, h.written);
    return buffer;
  }

  void add_gather(int index) {
    const Gather& g = x_.gathers[index];
    if (!is_wanted(g.segment)) return;
    Draft& d = draft(g.node, g.segment);
    gather_buffer_[index] = add_buffer(
        d, g.tensor, g.box, net_.tensors[g.tensor].element_bytes, -1);
  }

  // Adds the copies to a gather, right before the first layer that reads it.
  void add_copies(int index) {
    if (copied_[index]) return;
    copied_[index] = true;
    const Gather& g = x_.gathers[index];
    Draft& d = draft(g.node, g.segment);
    for (const Copy& copy : g.copies) {
      const int from = home_buffer(copy.home, g.segment);
      const int number = static_cast<int>(d.stage.actors.size());
      PlanActor a;
      a.copy = true;
      a.in[0] = add_port(d, {from, copy.box, true, Owner::kActor, number});
      a.out = add_port(
          d, {gather_buffer_[index], copy.box, false, Owner::kActor, number});
      d.stage.actors.push_back(a);
    }
  }

  void add_input(int index) {
    const Home& h = x_.homes[index];
    if (h.input < 0 || !is_wanted(h.segment)) return;
    const int buffer = home_buffer(index, h.segment);
    add_port(draft(h.node, h.segment),
             {buffer, h.box, false, Owner::kInput, h.input});
  }

  void add_layers(int segment) {
    if (!is_wanted(segment)) return;
    const Segment run = segments_[segment];
    const int end = std::min(run.end, static_cast<int>(net_.layers.size()));
    for (int l = run.begin; l < end; ++l) {
      for (int n = 0; n < s_.nodes; ++n) {
        const Box& box = made_[l][n];
        if (!s_.chain[l].empty() || box.empty()) continue;
        if (s_.loop_of[l] >= 0) {
          const BlockChoice& loop = s_.loops[s_.loop_of[l]];
          if (loop.begin == l) add_loop_of(loop, n, segment);
          continue;
        }
        PlanActor a = start_actor(l, n, segment, box);
        finish_actor(a, l, n, segment, box);
      }
      add_chain(l, segment);
    }
  }

  void add_loop_of(const BlockChoice& loop, int n, int segment) {
    std::vector<Box> made;
    for (int l = loop.begin; l < loop.end; ++l) made.push_back(made_[l][n]);
    PlanActor first = start_actor(loop.begin, n, segment, made.front());
    Draft& d = draft(n, segment);
    finish_actor(add_loop(net_, loop, made, std::move(first), d.stage, d.homes),
                 loop.end - 1, n, segment, made.back());
    if (only_ < 0) set_loop_weights(net_, d.stage.loops.back(), d.stage);
  }

  int next_actor(int node, int segment) {
    return static_cast<int>(draft(node, segment).stage.actors.size());
  }

  PlanActor start_actor(int l, int n, int segment, const Box& box) {
    const Layer& layer = net_.layers[l];
    PlanActor a;
    a.layer = l;
    // A segment's cost takes weights layer by layer, not from the draft.
    if (only_ < 0) a.weights = share_weights(layer, box);
    for (const Source& source : x_.share(l, n).sources) {
      if (source.gather >= 0) add_copies(source.gather);
    }
    const int number = next_actor(n, segment);
    for (int operand = 0; operand < 2; ++operand) {
      const Source& source = x_.share(l, n).sources[operand];
      if (layer.in[operand].tensor < 0) continue;
      const int buffer = source.home >= 0 ? home_buffer(source.home, segment)
                                          : gather_buffer_[source.gather];
      a.in[operand] = add_port(
          draft(n, segment), {buffer, source.box, true, Owner::kActor, number});
    }
    return a;
  }

  void finish_actor(PlanActor a, int l, int n, int segment, const Box& box) {
    const int number = next_actor(n, segment);
    a.out =
        add_port(draft(n, segment), {home_buffer(x_.share(l, n).home, segment),
                                     box, false, Owner::kActor, number});
    draft(n, segment).stage.actors.push_back(std::move(a));
  }

  // Partials of a layer come in the order in which find_exchange() made them:
  // by owner, along the chain.
  void add_chain(int l, int segment) {
    const std::vector<Share>& chain = s_.chain[l];
    const int n = static_cast<int>(chain.size());
    const int tensor = net_.layers[l].out.tensor;
    for (int owner = 0; owner < n; ++owner) {
      const Box& slice = chain[owner].own;
      if (slice.empty()) continue;
      for (int i = 1; i <= n; ++i) {
        const int node = chain[(owner + i) % n].node;
        PlanActor a = start_actor(l, node, segment, slice);
        const int number = next_actor(node, segment);
        a.init = i == 1;
        a.final = i == n;
        Draft& d = draft(node, segment);
        if (!a.init) {
          const int in = next_partial_ - 1;
          partial_in_[in] = add_buffer(d, tensor, slice, 4, -1);
          a.partial = add_port(
              d, {partial_in_[in], slice, true, Owner::kActor, number});
        }
        if (a.final) {
          finish_actor(a, l, node, segment, slice);
          continue;
        }
        const int out = next_partial_++;
        partial_out_[out] = add_buffer(d, tensor, slice, 4, -1);
        a.out = add_port(
            d, {partial_out_[out], slice, false, Owner::kActor, number});
        d.stage.actors.push_back(std::move(a));
      }
    }
  }

  PlanStream::End end(int node, int segment, int buffer, const Box& box,
                      bool is_read, int stream) {
    const int port = add_port(draft(node, segment),
                              {buffer, box, is_read, Owner::kStream, stream});
    return {node, segment, port};
  }

  // Stages are numbered by segments until the end.
  void add_stream(int index) {
    const DraftStream& d = x_.streams[index];
    PlanStream stream;
    stream.tensor = d.tensor;
    stream.box = d.box;
    if (d.partial >= 0) {
      const Partial& p = x_.partials[d.partial];
      stream.element_bytes = 4;
      stream.from =
          end(p.from, d.segment, partial_out_[d.partial], d.box, true, index);
      stream.to = {
          end(p.to, d.segment, partial_in_[d.partial], d.box, false, index)};
    } else {
      stream.element_bytes = net_.tensors[d.tensor].element_bytes;
      stream.from = end(x_.homes[d.home].node, d.segment,
                        home_buffer(d.home, d.segment), d.box, true, index);
      for (int g : d.gathers) {
        stream.to.push_back(end(x_.gathers[g].node, d.segment,
                                gather_buffer_[g], d.box, false, index));
      }
    }
    result_.plan.streams.push_back(std::move(stream));
  }

  // Sorts the ports by buffer, writers first. Returns the new number of each.
  static std::vector<int> sort_ports(PlanStage& stage) {
    std::vector<int> order(stage.ports.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      const PlanPort &p = stage.ports[a], &q = stage.ports[b];
      return p.buffer != q.buffer ? p.buffer < q.buffer : p.is_read < q.is_read;
    });
    std::vector<int> now(order.size());
    std::vector<PlanPort> ports;
    for (size_t i = 0; i < order.size(); ++i) {
      now[order[i]] = static_cast<int>(i);
      ports.push_back(stage.ports[order[i]]);
    }
    stage.ports = std::move(ports);
    for (PlanActor& a : stage.actors) {
      for (int* port : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
        if (*port >= 0) *port = now[*port];
      }
    }
    return now;
  }

  PlanDraft finish() {
    std::vector<int> stage_of(drafts_.size());
    std::vector<std::vector<int>> ports(drafts_.size());
    result_.plan.nodes.resize(s_.nodes);
    result_.stages.resize(s_.nodes);
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (!drafts_[i]) continue;
      Draft& d = *drafts_[i];
      const size_t n = i / segments_.size();
      std::vector<PlanStage>& stages = result_.plan.nodes[n].stages;
      stage_of[i] = static_cast<int>(stages.size());
      if (only_ < 0) ports[i] = sort_ports(d.stage);
      stages.push_back(std::move(d.stage));
      result_.stages[n].push_back({std::move(d.homes)});
    }
    const auto settle = [&](PlanStream::End& e) {
      const size_t i = index(e.node, e.stage);
      if (only_ < 0) e.port = ports[i][e.port];
      e.stage = stage_of[i];
    };
    for (PlanStream& stream : result_.plan.streams) {
      settle(stream.from);
      for (PlanStream::End& e : stream.to) settle(e);
    }
    return std::move(result_);
  }

  const CutNet& s_;
  const Net& net_;
  const Segments& segments_;
  const int only_;
  const MadeBoxes& made_;
  const Exchange& x_;
  std::vector<std::optional<Draft>> drafts_;  // by node, then segment
  std::vector<int> home_buffer_;              // by home, then segment
  std::vector<int> gather_buffer_, partial_in_, partial_out_;
  std::vector<bool> copied_;  // by gather
  int next_partial_ = 0;
  PlanDraft result_;
};

// Sets the bands of a stage whose layers fire at most `passes` times, and the
// parts, private sums and rows of loops that follow from them.
void set_passes(const CutNet& s, int passes, PlanStage& stage) {
  for (PlanActor& a : stage.actors) {
    const Box& out = stage.ports[a.out].box;
    if (a.copy) {
      a.band = copied_rows(out, passes);
      continue;
    }
    const Layer& layer = s.net.layers[a.layer];
    a.part = layer.kernel_h;
    if (a.loop >= 0) continue;
    const LayerWork work = share_work(s, a.layer, out, passes);
    a.band = work.band, a.part = work.part;
    a.accumulator_bytes = sums_bytes(layer, work, out);
  }
  for (PlanLoop& loop : stage.loops) {
    const PlanActor& last = stage.actors[loop.first_actor + loop.actors - 1];
    const LayerWork work =
        share_work(s, last.layer, stage.ports[last.out].box, passes);
    set_loop(s.net, work.band, loop, stage);
  }
}

// Chooses the pair of an overlay. Its lead follows from the sizes of rings.
void lay_over(const CutNet& s, Segment segment, const PlanStage& stage,
              StageDraft& draft) {
  const std::optional<Overlay> pair = overlay_pair(s.net, s.uses, segment);
  if (!pair) return;
  const OverlayBuffers of = overlay_buffers(stage, draft.homes, *pair);
  if (!of.both() || !stage.buffers[of.in].complete) return;
  if (stage.buffers[of.out].complete) return;
  draft.overlay = pair;
}

}  // namespace

LayerWork share_work(const CutNet& s, int l, const Box& made, int passes) {
  LayerWork w = work_for(s.net.layers[l], made.rows(), passes);
  const bool whole_window = w.part == s.net.layers[l].kernel_h;
  if (s.band[l] && whole_window && !keeps_state(s.net.layers[l].op)) {
    const int least = ceil_div(made.rows(), kMaxFirings);
    w.band = std::clamp(s.band[l], least, made.rows());
  }
  return w;
}

int copied_rows(const Box& box, int passes) {
  return std::clamp(ceil_div(box.rows(), passes), 1, kMaxBand);
}

std::optional<PlanDraft> linked_draft(const CutNet& cut,
                                      const SegmentChoice& choice) {
  const std::optional<MadeBoxes> made = made_boxes(cut, choice.segments);
  if (!made) return std::nullopt;
  const Exchange exchange = find_exchange(cut, choice.segments, *made);
  PlanDraft all = Maker(cut, choice.segments, *made, exchange, -1).make();
  all.plan.linked = true;
  all.plan.strategy = cut.cuts.strategy;
  for (size_t n = 0; n < all.plan.nodes.size(); ++n) {
    std::vector<PlanStage>& stages = all.plan.nodes[n].stages;
    for (size_t s = 0; s < stages.size(); ++s) {
      const int segment = stages[s].segment;
      set_passes(cut, choice.passes[segment], stages[s]);
      if (choice.overlaid.empty() || !choice.overlaid[segment]) continue;
      lay_over(cut, choice.segments[segment], stages[s], all.stages[n][s]);
    }
  }
  return all;
}

PlanDraft segment_draft(const CutNet& cut, Segment segment,
                        const MadeBoxes& made, const Exchange& exchange) {
  const int layers = static_cast<int>(cut.net.layers.size());
  const Segments all{{0, segment.begin}, segment, {segment.end, layers}};
  return Maker(cut, all, made, exchange, kHere).make();
}

}  // namespace shoal
