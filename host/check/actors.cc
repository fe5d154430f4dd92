#include <algorithm>
#include <initializer_list>

#include "host/check/premises.h"
#include "host/check/rows.h"

namespace shoal {
namespace {

constexpr int kWindowRows = 16;  // row pointers that a kernel gets

bool is_one_of(OpCode op, std::initializer_list<OpCode> list) {
  return std::find(list.begin(), list.end(), op) != list.end();
}

bool is_weighted(OpCode op) {
  return is_one_of(op, {OpCode::kConv, OpCode::kDepthwise,
                        OpCode::kTransposeConv, OpCode::kLut, OpCode::kConstant,
                        OpCode::kRequantize, OpCode::kLstm, OpCode::kCell});
}

bool in_one_slice(OpCode op) {
  return is_one_of(op,
                   {OpCode::kReduceSum, OpCode::kReduceMax, OpCode::kReshape,
                    OpCode::kTranspose, OpCode::kConstant});
}

class Actors {
 public:
  Actors(const Net& net, const PlanNode& node, int s, Findings& found)
      : net_(net), s_(s), stage_(node.stages[s]), found_(found) {}

  void run() {
    for (int l = 0; l < static_cast<int>(stage_.loops.size()); ++l) loop(l);
    if (!found_.empty()) return;
    for (int a = 0; a < static_cast<int>(stage_.actors.size()); ++a) {
      actor(a);
    }
    order();
  }

 private:
  template <class... Args>
  bool need(bool ok, const Args&... args) {
    return found_.need(ok, "stage ", s_, ": ", args...);
  }
  const PlanPort& port(int p) const { return stage_.ports[p]; }
  bool is_private(int p) const {
    return stage_.buffers[port(p).buffer].is_private;
  }
  bool ends_loop(const PlanActor& a) const {
    return a.loop >= 0 && !is_private(a.out);
  }

  void actor(int index) {
    const PlanActor& a = stage_.actors[index];
    const Layer& layer = net_.layers[a.layer];
    const Box& out = port(a.out).box;
    const bool window = slides(layer.op);
    const bool cut = window && a.part < layer.kernel_h;
    need(a.band >= 1 && a.band <= out.rows(), "actor ", index, " makes ",
         a.band, " of ", out.rows(), " rows in a firing");
    need(a.slices >= 1 && a.slices <= out.columns() &&
             (a.slices == 1 || !in_one_slice(layer.op)),
         "actor ", index, " cannot make ", a.slices, " slices");
    if (!need(a.part >= 1 && a.part <= layer.kernel_h, "actor ", index,
              " takes ", a.part, " of ", layer.kernel_h, " kernel rows")) {
      return;
    }
    need(window || a.part == layer.kernel_h, "actor ", index,
         " cuts a window that it does not have");
    need(!window || a.part <= kWindowRows, "actor ", index, " reads ", a.part,
         " rows at once");
    need(!cut || a.band == 1, "actor ", index,
         " cuts its window and makes more than one row");
    need(!cut || a.loop < 0, "actor ", index, " cuts its window in a loop");
    need(!has_state(layer.op) || (a.band == 1 && out == layer.out.box),
         "actor ", index, " does not make all steps one by one");
    need((a.init && a.final) || layer.op == OpCode::kConv ||
             layer.op == OpCode::kTransposeConv,
         "actor ", index,
         " makes partial sums, which only a convolution's channels have");
    sums(index, a, out, cut);
    weights(index, a, layer, cut);
  }

  void sums(int index, const PlanActor& a, const Box& out, bool cut) {
    const Layer& layer = net_.layers[a.layer];
    // A state takes as much as a row of sums.
    const bool one = cut || has_state(layer.op);
    const int rows = ends_loop(a) ? stage_.loops[a.loop].band : one ? 1 : 0;
    const bool weighted = layer.op == OpCode::kConv ||
                          layer.op == OpCode::kDepthwise ||
                          layer.op == OpCode::kTransposeConv;
    int64_t sum = layer.is_wide && weighted ? 8 : 4;
    if (layer.is_wide && layer.op == OpCode::kLstm) sum = 6;  // three of int16
    if (layer.is_wide && layer.op == OpCode::kCell) sum = 8;  // two, twice
    const int64_t bytes = sum * rows * out.columns() * out.channels();
    need(a.accumulator_bytes == bytes, "actor ", index, " has ",
         a.accumulator_bytes, " bytes of private sums instead of ", bytes);
    same_stride(index, a, rows > 0 ? out.channels() : 0);
  }

  // A kernel is told one distance from pixel to pixel for all its sums: the
  // private ones, those that it starts from, those that it ends in.
  void same_stride(int index, const PlanActor& a, int own) {
    const auto channels = [&](int p) {
      return stage_.buffers[port(p).buffer].box.channels();
    };
    const int made = a.final ? 0 : channels(a.out);
    const int before = a.init ? 0 : channels(a.partial);
    const int stride = std::max({own, made, before});
    for (int one : {own, made, before}) {
      need(one == 0 || one == stride, "actor ", index, " has sums of ", one,
           " and of ", stride, " channels a pixel");
    }
  }

  void weights(int index, const PlanActor& a, const Layer& layer, bool cut) {
    const PlanWeights& w = a.weights;
    if (!is_weighted(layer.op)) {
      need(w.chunks.empty(), "actor ", index, " has weights");
      return;
    }
    const int parts = cut ? (layer.kernel_h + a.part - 1) / a.part : 1;
    const int turns = a.loop >= 0 ? stage_.loops[a.loop].iterations : 1;
    const bool lut = layer.op == OpCode::kLut;
    bool ok = w.groups >= 1 && w.parts >= 1 &&
              w.chunks.size() == size_t(w.parts) * size_t(w.groups);
    if (ends_loop(a)) {
      ok = ok && w.parts == turns && w.groups == 1;
    } else if (a.loop >= 0) {
      ok = ok && w.parts == 1 && w.groups == (lut ? 1 : turns);
    } else {
      ok = ok && (w.parts == 1 || w.parts == parts) && (!lut || w.groups == 1);
    }
    if (!need(ok, "actor ", index, " has ", w.chunks.size(), " chunks in ",
              w.parts, " parts and ", w.groups, " groups")) {
      return;
    }
    for (int p = 0; p < w.parts; ++p) {
      groups(index, a, layer, p);
      parts_of(index, a, layer, p);
    }
  }

  // One part's groups follow one another over all that the actor makes.
  void groups(int index, const PlanActor& a, const Layer& layer, int part) {
    const PlanWeights& w = a.weights;
    const Box& out = port(a.out).box;
    const Box& all = layer.out.box;
    const bool by_rows = layer.op == OpCode::kConstant;
    int next = by_rows ? out.y0 - all.y0 : out.c0 - all.c0;
    int end = by_rows ? out.y1 - all.y0 : out.c1 - all.c0;
    // A private buffer has the channels of one iteration, the loop any range
    // of the layer's.
    const bool inner = a.loop >= 0 && !ends_loop(a);
    if (inner) {
      next = w.chunks.front().out0;
      end = w.chunks.back().out0 + w.chunks.back().out_n;
      need(next >= 0 && end <= all.channels(), "actor ", index, " makes ", next,
           "..", end, " of ", all.channels(), " channels");
    }
    for (int g = 0; g < w.groups; ++g) {
      const PlanChunk& c = w.chunks[part * w.groups + g];
      need(c.out0 == next && c.out_n > 0, "actor ", index, ", chunk ", g,
           " of part ", part, " begins at ", c.out0, " instead of ", next);
      need(!inner || layer.op == OpCode::kLut || c.out_n <= out.channels(),
           "actor ", index, ", chunk ", g, " exceeds its private buffer");
      need(!by_rows || g + 1 == w.groups ||
               (c.out_n == w.chunks[0].out_n && c.out_n % a.band == 0),
           "actor ", index, ", chunk ", g, " cuts a band of rows");
      next = c.out0 + c.out_n;
    }
    need(!by_rows || w.chunks[w.groups - 1].out_n <= w.chunks[0].out_n,
         "actor ", index, ": the last chunk is higher than the first");
    need(next == end, "actor ", index, ": the chunks of part ", part,
         " end at ", next, " instead of ", end);
  }

  void parts_of(int index, const PlanActor& a, const Layer& layer, int part) {
    const PlanWeights& w = a.weights;
    int lo = 0, hi = layer.kernel_h;
    if (ends_loop(a)) {
      const PlanChunk* before = part > 0 ? &w.chunks[part - 1] : nullptr;
      lo = before ? before->in0 + before->in_n : w.chunks[0].in0;
      const int most = port(a.in[0]).box.channels();
      const int n = w.chunks[part].in_n;
      need(n > 0 && n <= most, "actor ", index, ": part ", part, " has ", n,
           " input channels");
      hi = lo + n;
      need(lo >= 0 && hi <= layer.in[0].box.channels(), "actor ", index,
           ": part ", part, " takes ", lo, "..", hi, " of ",
           layer.in[0].box.channels(), " input channels");
    } else if (w.parts > 1) {
      lo = part * a.part;
      hi = std::min(lo + a.part, layer.kernel_h);
    }
    for (int g = 0; g < w.groups; ++g) {
      const PlanChunk& c = w.chunks[part * w.groups + g];
      need(c.in0 == lo && c.in0 + c.in_n == hi, "actor ", index, ", chunk ", g,
           " of part ", part, " reduces ", c.in0, "..", c.in0 + c.in_n,
           " instead of ", lo, "..", hi);
    }
  }

  void loop(int index) {
    const PlanLoop& l = stage_.loops[index];
    const int count = static_cast<int>(stage_.actors.size());
    if (!need(l.first_actor >= 0 && l.actors >= 2 &&
                  l.first_actor + l.actors <= count && l.iterations >= 1,
              "loop ", index, " has no actors")) {
      return;
    }
    for (int a = 0; a < count; ++a) {
      const bool inside = a >= l.first_actor && a < l.first_actor + l.actors;
      need((stage_.actors[a].loop == index) == inside, "loop ", index,
           " and actor ", a, " disagree");
    }
    for (int j = 0; j < l.actors; ++j) {
      const PlanActor& a = stage_.actors[l.first_actor + j];
      const bool last = j + 1 == l.actors;
      const OpCode op = net_.layers[a.layer].op;
      const bool may = last ? op == OpCode::kConv
                       : j > 0
                           ? op == OpCode::kDepthwise || op == OpCode::kLut
                           : op == OpCode::kConv || op == OpCode::kDepthwise;
      need(may, "loop ", index, ": actor ", j, " cannot be there");
      need(is_private(a.out) != last, "loop ", index, ": actor ", j,
           " writes the wrong kind of buffer");
      const int before = j > 0 ? port(a.in[0]).buffer : -1;
      const bool chained =
          j == 0
              ? !is_private(a.in[0])
              : before == port(stage_.actors[l.first_actor + j - 1].out).buffer;
      need(chained, "loop ", index, ": actor ", j,
           " does not read what the one before makes");
      need(!last || (l.band >= 1 && l.band <= port(a.out).box.rows() &&
                     a.band == l.band),
           "loop ", index, " makes bands of ", l.band, " rows");
    }
    if (!found_.empty()) return;
    same_iterations(index, l);
    rows_of_bands(index, l);
  }

  // The rows of a full band on their way fit the private buffers, wherever
  // in the picture it lies: so the loader asks for it, too.
  void rows_of_bands(int index, const PlanLoop& l) {
    int64_t rows = l.band;
    for (int j = l.actors - 1; j > 0; --j) {
      const PlanActor& a = stage_.actors[l.first_actor + j];
      const Layer& layer = net_.layers[a.layer];
      if (slides(layer.op)) {
        rows = (rows - 1) * layer.stride_y +
               (int64_t{layer.kernel_h} - 1) * layer.dilation_y + 1;
      }
      const PlanPort& in = port(a.in[0]);
      rows = std::min<int64_t>(rows, in.box.rows());
      const int slots = stage_.buffers[in.buffer].slots;
      need(rows <= slots, "loop ", index, " needs ", rows,
           " rows of a private buffer with ", slots);
    }
  }

  // Each iteration must make what the next actor's chunk takes.
  void same_iterations(int index, const PlanLoop& l) {
    const size_t n = static_cast<size_t>(l.iterations);
    const PlanActor* from = &stage_.actors[l.first_actor];
    for (int j = 1; j < l.actors; ++j) {
      const PlanActor& to = stage_.actors[l.first_actor + j];
      const Layer& layer = net_.layers[to.layer];
      if (layer.op == OpCode::kLut) continue;  // passes all channels on
      if (from->weights.chunks.size() != n || to.weights.chunks.size() != n) {
        return;  // refused where its chunks are counted
      }
      const int m = std::max(1, layer.depth_multiplier);
      const bool last = j + 1 == l.actors;
      for (size_t i = 0; i < n; ++i) {
        const PlanChunk& made = from->weights.chunks[i];
        const PlanChunk& taken = to.weights.chunks[i];
        const bool fits =
            last ? taken.in0 == made.out0 && taken.in_n == made.out_n
                 : taken.out0 == made.out0 * m && taken.out_n == made.out_n * m;
        need(fits, "loop ", index, ", iteration ", i, ": actor ", j,
             " takes other channels than are made");
      }
      from = &to;
    }
  }

  void order() {
    for (const PlanRun& run : stage_.order) {
      const bool exists =
          run.actor >= 0 && run.actor < static_cast<int>(stage_.actors.size());
      if (!need(exists && run.firings > 0, "the order has an empty run")) {
        continue;
      }
      const int l = stage_.actors[run.actor].loop;
      need(l < 0 || stage_.loops[l].first_actor == run.actor,
           "the order fires an actor inside a loop");
    }
  }

  const Net& net_;
  const int s_;
  const PlanStage& stage_;
  Findings& found_;
};

}  // namespace

void check_actors(const Net& net, const PlanNode& node, Findings& found) {
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const PlanStage& stage = node.stages[s];
    for (const PlanActor& a : stage.actors) {
      found.need(a.loop >= -1 && a.loop < static_cast<int>(stage.loops.size()),
                 "stage ", s, ": an actor of a loop that is not there");
    }
    if (!found.empty()) return;
    Actors(net, node, static_cast<int>(s), found).run();
  }
}

}  // namespace shoal
