#include "host/run/frame_flow.h"

#include <algorithm>
#include <string>

#include "host/base/error.h"

namespace shoal {
namespace {

int64_t tensor_bytes(const Graph& graph, int tensor) {
  const Tensor& t = graph.tensors[static_cast<size_t>(tensor)];
  return element_count(t.shape) * type_bytes(t.type);
}

}  // namespace

int64_t input_bytes(const Graph& graph) {
  int64_t sum = 0;
  for (const int t : graph.inputs) sum += tensor_bytes(graph, t);
  return sum;
}

int64_t output_bytes(const Graph& graph) {
  int64_t sum = 0;
  for (const int t : graph.outputs) sum += tensor_bytes(graph, t);
  return sum;
}

FrameFlow::Source::Source(const FrameReader& r)
    : reader(r), row(static_cast<size_t>(r.row_bytes())) {}

bool FrameFlow::Source::push(shoal_node* node, uint32_t input) {
  bool moved = false;
  while (next < reader.rows()) {
    if (!pending) reader.read(next, row.data());
    pending = true;
    if (shoal_push_rows(node, input, row.data(), 1) == 0) break;
    pending = false;
    ++next;
    moved = true;
  }
  return moved;
}

FrameFlow::Sink::Sink(const FrameWriter& w)
    : writer(w), row(static_cast<size_t>(w.row_bytes())) {}

bool FrameFlow::Sink::take(shoal_node* node, uint32_t output) {
  bool moved = false;
  while (next < writer.rows() &&
         shoal_take_rows(node, output, row.data(), 1) == 1) {
    writer.write(next++, row.data());
    moved = true;
  }
  return moved;
}

FrameFlow::FrameFlow(const Graph& graph, const Net& net,
                     std::span<const uint8_t> input)
    : output_(static_cast<size_t>(output_bytes(graph))) {
  if (static_cast<int64_t>(input.size()) != input_bytes(graph)) {
    throw Error(Exit::kUsage, "the input has " + std::to_string(input.size()) +
                                  " bytes, the model wants " +
                                  std::to_string(input_bytes(graph)));
  }
  size_t at = 0;
  for (const NetIo& io : net.inputs) {
    const auto bytes = static_cast<size_t>(tensor_bytes(graph, io.file_tensor));
    sources_.emplace_back(FrameReader(graph, io, input.subspan(at, bytes)));
    at += bytes;
  }
  at = 0;
  for (const NetIo& io : net.outputs) {
    const auto bytes = static_cast<size_t>(tensor_bytes(graph, io.file_tensor));
    sinks_.emplace_back(
        FrameWriter(graph, io, std::span(output_).subspan(at, bytes)));
    at += bytes;
  }
}

bool FrameFlow::push(shoal_node* node) {
  bool moved = false;
  for (size_t i = 0; i < sources_.size(); ++i) {
    moved |= sources_[i].push(node, static_cast<uint32_t>(i));
  }
  return moved;
}

bool FrameFlow::take(shoal_node* node) {
  bool moved = false;
  for (size_t i = 0; i < sinks_.size(); ++i) {
    moved |= sinks_[i].take(node, static_cast<uint32_t>(i));
  }
  return moved;
}

bool FrameFlow::done() const {
  const auto ended = [](const auto& end) {
    if constexpr (requires { end.reader; }) {
      return end.next == end.reader.rows();
    } else {
      return end.next == end.writer.rows();
    }
  };
  return std::ranges::all_of(sources_, ended) &&
         std::ranges::all_of(sinks_, ended);
}

}  // namespace shoal
