#include "host/engine/common/frame_flow.h"

#include <algorithm>
#include <utility>

#include "device/shoal_pieces.h"
#include "host/lower/batch.h"

namespace shoal {
namespace {

int64_t tensor_bytes(const Graph& graph, int tensor) {
  const Tensor& t = graph.tensors[static_cast<size_t>(tensor)];
  return element_count(t.shape) * type_bytes(t.type);
}

// Returns the first byte of each end of a frame, and behind the last one.
std::vector<size_t> offsets(const Graph& graph,
                            const std::vector<NetIo>& ends) {
  std::vector<size_t> at{0};
  for (const NetIo& io : ends) {
    at.push_back(at.back() +
                 static_cast<size_t>(tensor_bytes(graph, io.file_tensor)));
  }
  return at;
}

// Returns an end's readers or writers, of each frame.
template <class Rows, class Bytes>
std::vector<Rows> frames_of(const Graph& graph, const Net& net, const NetIo& io,
                            Bytes bytes, std::pair<size_t, size_t> place) {
  std::vector<Rows> frames;
  const size_t stride = bytes.size() / static_cast<size_t>(net.frames);
  for (int f = 0; f < net.frames; ++f) {
    const size_t at = static_cast<size_t>(f) * stride + place.first;
    frames.emplace_back(graph, frame_io(net, io, f),
                        bytes.subspan(at, place.second - place.first));
  }
  return frames;
}

// On to the next row, maybe of the next frame.
template <class End>
void advance(End& end) {
  if (++end.next < end.frames[end.frame].rows()) return;
  end.next = 0;
  ++end.frame;
}

}  // namespace

bool FrameFlow::Source::push(shoal_node* node, uint32_t input) {
  bool moved = false;
  while (frame < frames.size()) {
    if (!pending) frames[frame].read(next, row.data());
    pending = true;
    if (shoal_push_rows(node, input, row.data() + skip, 1) == 0) break;
    pending = false;
    advance(*this);
    moved = true;
  }
  return moved;
}

bool FrameFlow::Sink::take(shoal_node* node, uint32_t output) {
  bool moved = false;
  while (frame < frames.size() &&
         shoal_take_rows(node, output, row.data(), 1) == 1) {
    frames[frame].write(next, row.data());
    advance(*this);
    moved = true;
  }
  return moved;
}

FrameFlow::FrameFlow(const Graph& graph, const Net& net,
                     std::span<const uint8_t> input)
    : output_(static_cast<size_t>(net.frames * output_bytes(graph))) {
  check_input_bytes(graph, net, input.size());
  const std::vector<size_t> in = offsets(graph, net.inputs);
  for (size_t i = 0; i < net.inputs.size(); ++i) {
    Source& source = sources_.emplace_back();
    source.frames = frames_of<FrameReader>(graph, net, net.inputs[i], input,
                                           {in[i], in[i + 1]});
    source.row.resize(static_cast<size_t>(source.frames[0].row_bytes()));
  }
  const std::vector<size_t> out = offsets(graph, net.outputs);
  for (size_t i = 0; i < net.outputs.size(); ++i) {
    Sink& sink = sinks_.emplace_back();
    sink.frames = frames_of<FrameWriter>(
        graph, net, net.outputs[i], std::span(output_), {out[i], out[i + 1]});
    sink.row.resize(static_cast<size_t>(sink.frames[0].row_bytes()));
  }
}

// The program may take an input of the model piece by piece.
void FrameFlow::begin(const shoal_node* node) {
  begun_ = true;
  const std::vector<Source> of = std::move(sources_);
  sources_.clear();
  for (uint32_t i = 0; i < shoal_inputs(node); ++i) {
    const shoal_piece piece = shoal_input_piece(node, i);
    sources_.emplace_back(of.at(piece.source)).skip = piece.skip_bytes;
  }
}

bool FrameFlow::push(shoal_node* node) {
  if (!begun_) begin(node);
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
    return end.frame == end.frames.size();
  };
  return std::ranges::all_of(sources_, ended) &&
         std::ranges::all_of(sinks_, ended);
}

}  // namespace shoal
