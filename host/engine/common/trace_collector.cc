#include "host/engine/common/trace_collector.h"

#include <algorithm>

#include "device/runtime/firing.h"
#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/engine/common/frame.h"
#include "host/lower/batch.h"

namespace shoal {

TraceCollector::TraceCollector(const Graph& graph, const Net& net,
                               const Plan& plan)
    : graph_(graph), net_(net), kept_(initial_values(graph)) {
  for (const PlanNode& node : plan.nodes) points_.push_back({this, &node});
  int64_t elements = 0;
  for (const NetTensor& t : net.tensors) {
    elements = saturated_sum(elements, t.bytes());
  }
  // A byte of each, and a bit that says whether it has come.
  require_memory(saturated_sum(elements, elements / 8),
                 "the results of all layers of " + graph.name);
  for (const NetTensor& t : net.tensors) {
    const auto size = static_cast<size_t>(t.bytes());
    bytes_.emplace_back(size);
    seen_.emplace_back(size);
  }
}

Kept TraceCollector::variables() const {
  Kept kept;
  for (size_t v = 0; v < net_.variables.size(); ++v) {
    const NetVariable& of = net_.variables[v];
    const auto t = static_cast<size_t>(of.after);
    kept.push_back(value_at(graph_.variables[v].before,
                            {{of.after, net_.tensors[t].box()}, of.perm}));
  }
  return kept;
}

void TraceCollector::reset() {
  if (fired_) kept_ = variables();
  fired_ = false;
  for (std::vector<bool>& seen : seen_) {
    std::fill(seen.begin(), seen.end(), false);
  }
  conflict_.clear();
}

// A board's word may be anything.
const PlanStage& TraceCollector::stage_of(const PlanNode& node,
                                          const Firing& f) {
  if (f.stage >= node.stages.size() ||
      f.actor >= node.stages[f.stage].actors.size()) {
    throw Error(Exit::kNode, "a firing of stage " + std::to_string(f.stage) +
                                 ", actor " + std::to_string(f.actor) +
                                 ", which the plan does not have");
  }
  return node.stages[f.stage];
}

void TraceCollector::on_firing(void* user, const void* what) {
  const Point& point = *static_cast<const Point*>(user);
  TraceCollector& self = *point.collector;
  const Firing& f = *static_cast<const Firing*>(what);
  if (self.frame_ && f.frame != *self.frame_) return;
  if (f.element_bytes > 2) return;  // partial sums are nobody's tensor
  self.fired_ = true;
  const PlanStage& stage = stage_of(*point.node, f);
  const PlanActor& actor = stage.actors[f.actor];
  const PlanPort& out = stage.ports[static_cast<size_t>(actor.out)];
  const PlanBuffer& buffer = stage.buffers[static_cast<size_t>(out.buffer)];
  Box box = out.box;
  if (buffer.is_private) {
    // Holds a group of the layer's channels at a time.
    box.c0 = self.net_.layers[static_cast<size_t>(actor.layer)].out.box.c0 +
             actor.weights.chunks.front().out0;
    box.c1 = self.net_.tensors[static_cast<size_t>(buffer.tensor)].channels;
  }
  if (int64_t{f.y1} > box.rows() || int64_t{f.x1} > box.columns() ||
      f.c1 > box.channels()) {
    throw Error(Exit::kNode, "a firing of stage " + std::to_string(f.stage) +
                                 ", actor " + std::to_string(f.actor) +
                                 " makes more than the plan says");
  }
  const int x0 = box.x0 + static_cast<int>(f.x0);
  const int x1 = box.x0 + static_cast<int>(f.x1);
  for (uint32_t y = f.y0; y < f.y1; ++y) {
    self.write_row(buffer.tensor, box.y0 + static_cast<int>(y), x0, x1,
                   box.c0 + f.c0, box.c0 + f.c1,
                   reinterpret_cast<const int8_t*>(f.row(y)), f.pixel_bytes);
  }
}

void TraceCollector::write_row(int tensor, int y, int x0, int x1, int c0,
                               int c1, const int8_t* row, size_t pixel_stride) {
  const auto t = static_cast<size_t>(tensor);
  const NetTensor& shape = net_.tensors[t];
  // A channel for each byte.
  const int width = shape.element_bytes, channels = shape.channels * width;
  c0 *= width, c1 *= width;
  for (int x = x0; x < x1; ++x) {
    const size_t at = (static_cast<size_t>(y) * shape.columns + x) *
                      static_cast<size_t>(channels);
    const int8_t* const pixel =
        row + static_cast<size_t>(x - x0) * pixel_stride;
    for (int c = c0; c < c1; ++c) {
      const size_t i = at + static_cast<size_t>(c);
      if (seen_[t][i] && bytes_[t][i] != pixel[c - c0] && conflict_.empty()) {
        conflict_ = "tensor '" + shape.name + "' was computed twice, row " +
                    std::to_string(y) + " column " + std::to_string(x) +
                    " channel " + std::to_string(c / width) + ": " +
                    std::to_string(bytes_[t][i]) + " and " +
                    std::to_string(pixel[c - c0]);
      }
      bytes_[t][i] = pixel[c - c0];
      seen_[t][i] = true;
    }
  }
}

void TraceCollector::add_input(const NetIo& io,
                               std::span<const uint8_t> bytes) {
  FrameReader reader(graph_, io, bytes);
  const Box& box = io.place.view.box;
  std::vector<int8_t> row(static_cast<size_t>(reader.row_bytes()));
  for (int y = 0; y < reader.rows(); ++y) {
    reader.read(y, row.data());
    write_row(io.place.view.tensor, box.y0 + y, box.x0, box.x1, box.c0, box.c1,
              row.data(),
              static_cast<size_t>(reader.row_bytes() / box.columns()));
  }
}

std::vector<uint8_t> TraceCollector::value_at(int file_tensor,
                                              const FilePlace& place) const {
  const auto t = static_cast<size_t>(place.view.tensor);
  const NetTensor& shape = net_.tensors[t];
  const Box& box = place.view.box;
  const Tensor& file = graph_.tensors[static_cast<size_t>(file_tensor)];
  const ElementOrder order(file.shape, place.perm);
  const auto width = static_cast<size_t>(shape.element_bytes);
  const int64_t count = element_count(file.shape);
  std::vector<uint8_t> out(static_cast<size_t>(count) * width);
  std::vector<int64_t> index;
  order.map(0, count, index);
  size_t element = 0;
  for (int y = box.y0; y < box.y1; ++y) {
    for (int x = box.x0; x < box.x1; ++x) {
      for (int c = box.c0; c < box.c1; ++c) {
        const size_t at =
            width * ((static_cast<size_t>(y) * shape.columns + x) *
                         static_cast<size_t>(shape.channels) +
                     static_cast<size_t>(c));
        if (!seen_[t][at]) {
          throw Error(Exit::kInternal, "tensor '" + shape.name +
                                           "' misses row " + std::to_string(y) +
                                           " in the trace");
        }
        const size_t to = width * static_cast<size_t>(index[element++]);
        for (size_t i = 0; i < width; ++i) {
          out[to + i] = static_cast<uint8_t>(bytes_[t][at + i]);
        }
      }
    }
  }
  return out;
}

Values TraceCollector::values(std::span<const uint8_t> input, int frame) {
  Values values(graph_.tensors.size());
  set_inputs(graph_, input, values);
  size_t at = 0;
  for (const NetIo& io : net_.inputs) {
    const Tensor& t = graph_.tensors[static_cast<size_t>(io.file_tensor)];
    const auto bytes =
        static_cast<size_t>(element_count(t.shape) * type_bytes(t.type));
    add_input(frame_io(net_, io, frame), input.subspan(at, bytes));
    at += bytes;
  }
  if (!conflict_.empty()) throw Error(Exit::kDiffers, conflict_);
  for (size_t v = 0; v < kept_.size(); ++v) {
    values[static_cast<size_t>(graph_.variables[v].before)] = kept_[v];
  }
  const std::vector<Loop> loops = find_loops(graph_);
  auto loop = loops.begin();
  for (const Op& op : graph_.ops) {
    const auto number = static_cast<int>(&op - graph_.ops.data());
    if (loop != loops.end() && loop->last == number) ++loop;
    const bool in_loop = loop != loops.end() && loop->first <= number;
    if (in_loop && loop->first == number) evaluate_loop(graph_, *loop, values);
    const auto place = [&](int t) -> const std::optional<FilePlace>& {
      return net_.places[static_cast<size_t>(t)];
    };
    const bool derive = std::any_of(op.outputs.begin(), op.outputs.end(),
                                    [&](int t) { return !place(t); });
    if (derive && !in_loop) evaluate(graph_, op, values);
    for (const int t : op.outputs) {
      if (!place(t)) continue;
      FilePlace there = *place(t);
      there.view = frame_view(net_, there.view, frame);
      values[static_cast<size_t>(t)] = value_at(t, there);
    }
  }
  return values;
}

SequenceTrace::SequenceTrace(const Graph& graph, const Net& net,
                             const Plan& plan)
    : graph_(graph), net_(net), plan_(plan), kept_(initial_values(graph)) {
  for (int n = 0; n < static_cast<int>(plan.nodes.size()); ++n) {
    points_.push_back({this, n});
  }
}

TraceCollector& SequenceTrace::frame(uint32_t number) {
  while (next_ + frames_.size() <= number) {
    frames_.emplace_back(graph_, net_, plan_);
  }
  return frames_[number - next_];
}

void SequenceTrace::on_firing(void* user, const void* what) {
  const Point& point = *static_cast<const Point*>(user);
  const Firing& f = *static_cast<const Firing*>(what);
  const FiringObserver observer =
      point.trace->frame(f.frame).observer(point.node);
  observer.call(observer.user, what);
}

Values SequenceTrace::next(std::span<const uint8_t> input) {
  TraceCollector& now = frame(next_);
  now.set_variables(std::move(kept_));
  Values values = now.values(input);
  kept_ = now.variables();
  frames_.pop_front();
  ++next_;
  return values;
}

}  // namespace shoal
