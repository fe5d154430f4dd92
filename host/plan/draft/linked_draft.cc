#include "host/plan/draft/linked_draft.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "host/plan/types/boxes.h"
#include "host/plan/types/loop.h"
#include "host/plan/types/stage_maker.h"

namespace shoal {
namespace {

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
        stages_(static_cast<size_t>(cut.nodes) * segments.size()) {}

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
      const int buffer = home_buffer(o.home, home.segment);
      stage(home.node, home.segment)
          .add_port({buffer, o.box, true, Owner::kOutput, o.output});
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

  StageMaker& stage(int node, int segment) {
    std::optional<StageMaker>& of = stages_[index(node, segment)];
    if (of) return *of;
    const Segment run = segments_[segment];
    of.emplace(net_, s_.uses, run.end - run.begin);
    of->stage().segment = segment;
    return *of;
  }

  int home_buffer(int home, int segment) {
    int& buffer = home_buffer_[index(home, segment)];
    if (buffer >= 0) return buffer;
    const Home& h = x_.homes[home];
    StageMaker& of = stage(h.node, segment);
    buffer = of.add_buffer(h.tensor, h.box, element_bytes(h.tensor),
                           h.whole() ? home : -1);
    of.stage().buffers.back().complete =
        segment > std::max(h.segment, h.written);
    return buffer;
  }
  int element_bytes(int tensor) const {
    return net_.tensors[tensor].element_bytes;
  }

  void add_gather(int index) {
    const Gather& g = x_.gathers[index];
    if (!is_wanted(g.segment)) return;
    gather_buffer_[index] =
        stage(g.node, g.segment)
            .add_buffer(g.tensor, g.box, element_bytes(g.tensor), -1);
  }

  // Adds the copies to a gather, right before the first layer that reads it.
  void add_copies(int index) {
    if (copied_[index]) return;
    copied_[index] = true;
    const Gather& g = x_.gathers[index];
    StageMaker& to = stage(g.node, g.segment);
    for (const Copy& copy : g.copies) {
      const int from = home_buffer(copy.home, g.segment);
      PlanActor a;
      a.copy = true;
      a.in[0] = to.add_read({from, copy.box});
      to.add_actor(std::move(a), {gather_buffer_[index], copy.box});
    }
  }

  void add_input(int index) {
    const Home& h = x_.homes[index];
    if (h.input < 0 || !is_wanted(h.segment)) return;
    const int buffer = home_buffer(index, h.segment);
    stage(h.node, h.segment)
        .add_port({buffer, h.box, false, Owner::kInput, h.input});
  }

  void add_layers(int segment) {
    if (!is_wanted(segment)) return;
    const Segment run = segments_[segment];
    for (int l = run.begin; l < end_of_layers(net_, run); ++l) {
      for (int n = 0; n < s_.nodes; ++n) {
        const Box& box = made_[l][n];
        if (!s_.chain[l].empty() || box.empty()) continue;
        if (s_.loop_of[l] >= 0) {
          const BlockChoice& loop = s_.loops[s_.loop_of[l]];
          if (loop.begin == l) add_loop(loop, n, segment);
          continue;
        }
        PlanActor a = start_actor(l, n, segment, box);
        stage(n, segment).add_actor(std::move(a), result(l, n, segment, box));
      }
      add_chain(l, segment);
    }
  }

  void add_loop(const BlockChoice& loop, int n, int segment) {
    std::vector<Box> made;
    for (int l = loop.begin; l < loop.end; ++l) made.push_back(made_[l][n]);
    const StageMaker::Place in = operands(loop.begin, n, segment)[0];
    StageMaker& to = stage(n, segment);
    PlanActor last = to.add_loop(loop, made, in);
    to.add_actor(std::move(last),
                 result(loop.end - 1, n, segment, made.back()));
    if (only_ < 0) {
      set_loop_weights(net_, to.stage().loops.back(), to.stage());
    }
  }

  // Returns the places that a node reads to make its share of a layer.
  std::array<StageMaker::Place, 2> operands(int l, int n, int segment) {
    const auto& sources = x_.share(l, n).sources;
    for (const Source& source : sources) {
      if (source.gather >= 0) add_copies(source.gather);
    }
    std::array<StageMaker::Place, 2> in;
    for (size_t operand = 0; operand < in.size(); ++operand) {
      const Source& source = sources[operand];
      if (net_.layers[l].in[operand].tensor < 0) continue;
      in[operand] = {source.home >= 0 ? home_buffer(source.home, segment)
                                      : gather_buffer_[source.gather],
                     source.box};
    }
    return in;
  }
  // Returns the place of what it makes.
  StageMaker::Place result(int l, int n, int segment, const Box& box) {
    return {home_buffer(x_.share(l, n).home, segment), box};
  }

  PlanActor start_actor(int l, int n, int segment, const Box& box) {
    const std::array<StageMaker::Place, 2> in = operands(l, n, segment);
    PlanActor a = stage(n, segment).start_actor(l, in);
    // A segment's cost takes weights layer by layer, not from the draft.
    if (only_ < 0) a.weights = share_weights(net_.layers[l], box);
    return a;
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
        a.init = i == 1;
        a.final = i == n;
        if (!a.init) {
          const int in = next_partial_ - 1;
          partial_in_[in] =
              stage(node, segment).add_buffer(tensor, slice, 4, -1);
          a.partial = stage(node, segment).add_read({partial_in_[in], slice});
        }
        StageMaker::Place out;
        if (a.final) {
          out = result(l, node, segment, slice);
        } else {
          out = {stage(node, segment).add_buffer(tensor, slice, 4, -1), slice};
          partial_out_[next_partial_++] = out.buffer;
        }
        stage(node, segment).add_actor(std::move(a), out);
      }
    }
  }

  void add_stream(int index) {
    const DraftStream& d = x_.streams[index];
    PlanStream& stream = result_.plan.streams.emplace_back();
    stream.tensor = d.tensor;
    stream.box = d.box;
    const auto add_end = [&](int node, int buffer, bool is_read) {
      stage(node, d.segment)
          .add_port({buffer, d.box, is_read, Owner::kStream, index});
    };
    if (d.partial >= 0) {
      const Partial& p = x_.partials[d.partial];
      stream.element_bytes = 4;
      add_end(p.from, partial_out_[d.partial], true);
      add_end(p.to, partial_in_[d.partial], false);
      return;
    }
    stream.element_bytes = element_bytes(d.tensor);
    add_end(x_.homes[d.home].node, home_buffer(d.home, d.segment), true);
    for (const int g : d.gathers) {
      add_end(x_.gathers[g].node, gather_buffer_[g], false);
    }
  }

  PlanDraft finish() {
    result_.plan.nodes.resize(s_.nodes);
    result_.stages.resize(s_.nodes);
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (!stages_[i]) continue;
      const size_t n = i / segments_.size();
      std::vector<PlanStage>& stages = result_.plan.nodes[n].stages;
      result_.stages[n].push_back({stages_[i]->homes()});
      stages.push_back(only_ < 0 ? stages_[i]->take()
                                 : std::move(stages_[i]->stage()));
      connect(static_cast<int>(n), static_cast<int>(stages.size()) - 1);
    }
    return std::move(result_);
  }

  // Tells streams which ports of a stage are theirs.
  void connect(int node, int stage) {
    const std::vector<PlanPort>& ports =
        result_.plan.nodes[node].stages[stage].ports;
    for (int p = 0; p < static_cast<int>(ports.size()); ++p) {
      if (ports[p].owner != Owner::kStream) continue;
      PlanStream& stream = result_.plan.streams[ports[p].owner_index];
      const PlanStream::End end{node, stage, p};
      ports[p].is_read ? stream.from = end : stream.to.emplace_back(end);
    }
  }

  const CutNet& s_;
  const Net& net_;
  const Segments& segments_;
  const int only_;
  const MadeBoxes& made_;
  const Exchange& x_;
  std::vector<std::optional<StageMaker>> stages_;  // by node, then segment
  std::vector<int> home_buffer_;                   // by home, then segment
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
    if (a.loop >= 0) continue;
    set_work(s.net.layers[a.layer], share_work(s, a.layer, out, passes), out,
             a);
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
  const OverlaidBuffers of = overlay_buffers(stage, draft.homes, *pair);
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
