#include "host/plan/planner/needed_work.h"

#include <algorithm>
#include <map>

#include "host/board/kernel_cost.h"
#include "host/board/portable_costs.h"
#include "host/plan/cost/time.h"
#include "host/plan/cuts/cuts.h"

namespace shoal {
namespace {

// Elements that are certainly needed: rows x columns x one range of channels.
struct Elements {
  std::vector<bool> rows, columns;
  int c0 = 0, c1 = 0;

  static Elements of(const NetTensor& t, const Box& box) {
    Elements e{std::vector<bool>(static_cast<size_t>(t.rows)),
               std::vector<bool>(static_cast<size_t>(t.columns)), box.c0,
               box.c1};
    std::fill(e.rows.begin() + box.y0, e.rows.begin() + box.y1, true);
    std::fill(e.columns.begin() + box.x0, e.columns.begin() + box.x1, true);
    return e;
  }
  static int64_t count(const std::vector<bool>& of) {
    return std::count(of.begin(), of.end(), true);
  }
  int64_t elements() const {
    return count(rows) * count(columns) * std::max(0, c1 - c0);
  }
  Elements within(const Box& box) const {
    Elements e = *this;
    const auto clear = [](std::vector<bool>& all, int lo, int hi) {
      for (size_t i = 0; i < all.size(); ++i) {
        const auto at = static_cast<int>(i);
        if (at < lo || at >= hi) all[i] = false;
      }
    };
    clear(e.rows, box.y0, box.y1);
    clear(e.columns, box.x0, box.x1);
    e.c0 = std::max(c0, box.c0), e.c1 = std::min(c1, box.c1);
    return e;
  }
};

// By tensor: what each of its readers needs. The largest entry is a lower bound
// on what is needed.
using Readers = std::vector<std::vector<Elements>>;

Elements most_needed(const Readers& readers, const View& view) {
  Elements most;
  for (const Elements& e : readers[static_cast<size_t>(view.tensor)]) {
    Elements part = e.within(view.box);
    if (part.elements() > most.elements()) most = std::move(part);
  }
  return most;
}

void mark(std::vector<bool>& lines, int lo, int hi) {
  lo = std::max(lo, 0), hi = std::min(hi, static_cast<int>(lines.size()));
  for (int i = lo; i < hi; ++i) lines[static_cast<size_t>(i)] = true;
}

// Works line by line, because what lies between windows is not needed.
Elements operand_of(const Net& net, const Layer& l, int operand,
                    const Elements& out) {
  const View& in = l.in[operand];
  if (rows_of(l.op) == RowsFrom::kAll) {
    // A part of the result tells nothing of the rows that it needs.
    const bool is_whole = out.elements() == l.out.box.elements();
    return Elements::of(net.tensors[static_cast<size_t>(in.tensor)],
                        is_whole ? in.box : Box{});
  }
  Elements e = Elements::of(net.tensors[static_cast<size_t>(in.tensor)], Box{});
  Box box = l.out.box;
  box.c0 = out.c0, box.c1 = out.c1;
  const auto mark_lines = [&](const std::vector<bool>& made, int Box::*lo,
                              int Box::*hi, std::vector<bool>& read) {
    for (size_t i = 0; i < made.size(); ++i) {
      if (!made[i]) continue;
      Box line = box;
      line.*lo = static_cast<int>(i), line.*hi = line.*lo + 1;
      const Box needed = needed_box(l, operand, line);
      mark(read, needed.*lo, needed.*hi);
      e.c0 = needed.c0, e.c1 = needed.c1;
    }
  };
  mark_lines(out.rows, &Box::y0, &Box::y1, e.rows);
  mark_lines(out.columns, &Box::x0, &Box::x1, e.columns);
  return e;
}

WorkKind kind_of(const Layer& l) {
  switch (l.op) {
    case OpCode::kDepthwise:
      return WorkKind::kDepthwise;
    case OpCode::kTransposeConv:
      return WorkKind::kTransposed;
    case OpCode::kLstm:
    case OpCode::kCell:
      return WorkKind::kFullyConnected;
    case OpCode::kConv:
      if (l.out.box.rows() * l.out.box.columns() == 1) {
        return WorkKind::kFullyConnected;
      }
      return l.kernel_h * l.kernel_w == 1 ? WorkKind::kPointwise
                                          : WorkKind::kConv;
    default:
      return WorkKind::kElement;
  }
}

// Returns the MACs of an output element over all input channels. Where input
// channels can be cut, shares count a whole number for each channel.
int64_t macs_of_element(const Layer& l) {
  const int64_t macs = l.macs / std::max<int64_t>(1, l.out.box.elements());
  const int channels = std::max(1, l.in[0].box.channels());
  const bool parts = can_cut_inputs(l) && macs % channels != 0;
  return parts ? macs / channels * channels : macs;
}

double units_of(const Layer& l, WorkKind kind, int64_t out, int64_t in) {
  switch (kind) {
    case WorkKind::kElement:
      return static_cast<double>(std::max(out, in));
    case WorkKind::kTransposed:
      return static_cast<double>(out) * l.kernel_h * l.kernel_w *
             l.in[0].box.channels() / (l.stride_y * l.stride_x);
    default:
      return static_cast<double>(out * macs_of_element(l));
  }
}

// Returns the bytes for the channels that are needed; a table that all channels
// share counts whole.
int64_t weights_of(const Layer& l, const Elements& out) {
  if (l.weights.empty()) return 0;
  const int64_t bytes = weight_bytes(l);
  if (l.op == OpCode::kLut) return bytes;
  if (l.op == OpCode::kConstant) {
    return bytes * out.elements() / l.out.box.elements();
  }
  return bytes * (out.c1 - out.c0) / l.out.box.channels();
}

struct WorkSum {
  explicit WorkSum(const Net& of) : net(of), readers(of.tensors.size()) {}

  void need(const View& view) {
    const auto tensor = static_cast<size_t>(view.tensor);
    readers[tensor].push_back(Elements::of(net.tensors[tensor], view.box));
  }

  // Returns the layers whose rows can only be made after an input of the frame
  // has arrived.
  std::vector<bool> waiting() const {
    std::vector<bool> tensors(net.tensors.size()), layers;
    for (const NetIo& io : net.inputs) {
      tensors[static_cast<size_t>(io.place.view.tensor)] = true;
    }
    for (const Layer& l : net.layers) {
      bool waits = false;
      for (const View& in : l.in) {
        if (in.tensor >= 0) waits |= tensors[static_cast<size_t>(in.tensor)];
      }
      layers.push_back(waits);
      if (waits) tensors[static_cast<size_t>(l.out.tensor)] = true;
    }
    return layers;
  }

  void add_layer(size_t number, bool waits) {
    const Layer& l = net.layers[number];
    const Elements out = most_needed(readers, l.out);
    if (out.elements() == 0) return;
    int64_t in = 0;
    for (int i = 0; i < 2; ++i) {
      if (l.in[i].tensor < 0 || l.op == OpCode::kConstant) continue;
      Elements operand = operand_of(net, l, i, out);
      if (i == 0) in = operand.elements();
      readers[static_cast<size_t>(l.in[i].tensor)].push_back(
          std::move(operand));
    }
    const WorkKind kind = kind_of(l);
    const double units = units_of(l, kind, out.elements(), in);
    const auto k = static_cast<size_t>(kind);
    sum.units[k] += units;
    if (waits) sum.after_input[k] += units;
    if (l.macs > 0) sum.macs += out.elements() * macs_of_element(l);
    const int64_t bytes = weights_of(l, out);
    if (bytes == 0) return;
    const int first = l.weights_of >= 0 ? l.weights_of : int(number);
    const auto add = [&](std::map<int, WeightGroup>& groups) {
      WeightGroup& g = groups[first];
      g.bytes = g.bytes == 0 ? bytes : std::min(g.bytes, bytes);
      g.reads += bytes;
    };
    add(weights);
    if (waits) add(weights_after);
  }

  NeededWork find() {
    std::map<int, int64_t> outputs;  // by tensor: one may be several outputs
    for (const NetIo& io : net.outputs) {
      const View& view = io.place.view;
      need(view);
      const int64_t bytes =
          view.box.elements() *
          net.tensors[static_cast<size_t>(view.tensor)].element_bytes;
      int64_t& of = outputs[view.tensor];
      of = std::max(of, bytes);
    }
    for (const auto& [tensor, bytes] : outputs) sum.output_bytes += bytes;
    for (const NetVariable& v : net.variables) {
      need({v.after, net.tensors[static_cast<size_t>(v.after)].box()});
    }
    const std::vector<bool> waits = waiting();
    for (size_t l = net.layers.size(); l-- > 0;) add_layer(l, waits[l]);
    for (const NetIo& io : net.inputs) {
      const View& view = io.place.view;
      sum.input_bytes +=
          most_needed(readers, view).elements() *
          net.tensors[static_cast<size_t>(view.tensor)].element_bytes;
    }
    for (const auto& [of, g] : weights) sum.weights.push_back(g);
    for (const auto& [of, g] : weights_after) {
      sum.weights_after_input.push_back(g);
    }
    return std::move(sum);
  }

  const Net& net;
  Readers readers;
  std::map<int, WeightGroup> weights, weights_after;
  NeededWork sum;
};

}  // namespace

double unit_seconds(WorkKind kind, const Board& board) {
  const Costs& c = board.costs;
  const auto cycles = [&] {
    switch (kind) {
      case WorkKind::kPointwise:
        return std::min(c.pointwise, c.fully_connected);
      case WorkKind::kConv:
        return std::min(c.conv, c.fully_connected);
      case WorkKind::kDepthwise:
        return least_depthwise_cycles(c);
      case WorkKind::kFullyConnected:
        return c.fully_connected;
      case WorkKind::kTransposed:
        return least_transposed_cycles(board);
      default:
        return c.element;
    }
  };
  const double seconds = cycles() / board.clock_hz;
  // Both cores together are at most 1 + speed times as fast as the first.
  return c.second.is_used()
             ? seconds * c.second.contention / (1 + c.second.speed)
             : seconds;
}

NeededWork needed_work(const Net& net) { return WorkSum(net).find(); }

}  // namespace shoal
