#include "host/engine/coordinator/frame_streams.h"

#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/coordinator/box_runs.h"

namespace shoal {
FrameStreams::FrameStreams(const Prepared& prepared,
                           const std::vector<StreamEdge>& edges,
                           uint32_t under_way)
    : prepared_(prepared), window_(under_way) {
  const Net& net = prepared.net;
  const auto put = [](std::vector<End>& ends, uint16_t number, End end) {
    if (ends.size() <= number) ends.resize(number + size_t{1});
    ends[number] = end;
  };
  for (const StreamEdge& e : edges) {
    if (e.kind == Owner::kInput) {
      put(targets_, e.from.number, make_end(net.inputs, e));
    } else if (e.kind == Owner::kOutput) {
      put(streams_, e.to.number, make_end(net.outputs, e));
    }
  }
  if (targets_.empty() || streams_.empty()) {
    throw Error(Exit::kInternal, "the plan has no input or no output");
  }
  for (const auto* ends : {&targets_, &streams_}) {
    for (const End& e : *ends) {
      if (e.bytes == 0) {
        throw Error(Exit::kInternal, "a stream of the plan is empty");
      }
      if ((window_ + 1) * e.bytes >= uint64_t{1} << 31) {
        throw Error(Exit::kDoesNotFit,
                    "the frames under way take more than 2 GB");
      }
    }
  }
  while (outputs_.size() < window_)
    outputs_.push_back(make_frame(prepared_.graph, net.outputs));
}

FrameStreams::End FrameStreams::make_end(const std::vector<NetIo>& ios,
                                         const StreamEdge& edge) {
  End end;
  end.io = edge.index;
  end.box = edge.box;
  end.whole = ios.at(static_cast<size_t>(edge.index)).place.view.box;
  end.bytes = static_cast<uint32_t>(edge.bytes());
  if (edge.element_bytes > 2 || !contains(end.whole, end.box)) {
    throw Error(Exit::kInternal,
                "a stream of the plan is not a box of the model's input or "
                "output");
  }
  // A channel for each byte.
  for (Box* box : {&end.box, &end.whole}) {
    box->c0 *= edge.element_bytes, box->c1 *= edge.element_bytes;
  }
  return end;
}

NodeRows FrameStreams::make_frame(const Graph& graph,
                                  const std::vector<NetIo>& ios) {
  NodeRows frame;
  for (const NetIo& io : ios) {
    frame.emplace_back(static_cast<size_t>(io.place.view.box.elements() *
                                           node_bytes(graph, io)));
  }
  return frame;
}

int FrameStreams::free_frames() const {
  return static_cast<int>(window_ - (submitted_ - std::min(done_, sent_)));
}

void FrameStreams::submit(std::span<const uint8_t> input) {
  if (free_frames() <= 0) throw Error(Exit::kInternal, "no frame is free");
  inputs_.push_back(input_rows(prepared_.graph, prepared_.net, input));
  ++submitted_;
  news_ = true;
}

std::optional<std::vector<uint8_t>> FrameStreams::result() {
  if (results_.empty() || taken_ == submitted_) return std::nullopt;
  ++taken_;
  std::vector<uint8_t> out = std::move(results_.front());
  results_.pop_front();
  return out;
}

uint64_t FrameStreams::frame_bytes() const {
  uint64_t bytes = 0;
  for (const auto* ends : {&targets_, &streams_}) {
    for (const End& e : *ends) bytes += e.bytes;
  }
  return bytes;
}

bool FrameStreams::take_news() { return std::exchange(news_, false); }

uint32_t FrameStreams::ready(uint16_t target) const {
  return static_cast<uint32_t>(submitted_ * targets_[target].bytes);
}

void FrameStreams::read(uint16_t target, uint32_t offset, uint8_t* to,
                        uint32_t bytes) const {
  const End& e = targets_[target];
  uint32_t n = offset - static_cast<uint32_t>(sent_ * e.bytes);
  while (bytes > 0) {
    const NodeRows& frame = inputs_.at(n / e.bytes);
    const uint8_t* const whole = frame[static_cast<size_t>(e.io)].data();
    const uint32_t count = std::min(bytes, e.bytes - n % e.bytes);
    for_runs(e.box, e.whole, n % e.bytes, count, [&](size_t at, uint32_t m) {
      std::memcpy(to, whole + at, m);
      to += m;
    });
    n += count;
    bytes -= count;
  }
}

uint32_t FrameStreams::End::go_on(uint32_t offset) {
  const uint32_t more = offset - at();
  if (more >= 0x80000000u) return 0;
  rest += more;
  frames += rest / bytes;
  rest %= bytes;
  return more;
}

void FrameStreams::released(uint16_t target, uint32_t offset) {
  const uint32_t more = targets_[target].go_on(offset);
  if (more == 0) return;
  progress_ += more;
  const auto slowest = std::ranges::min(targets_, {}, &End::frames).frames;
  for (; sent_ < slowest; ++sent_) inputs_.pop_front();
}

uint32_t FrameStreams::limit(uint16_t stream) const {
  return static_cast<uint32_t>((done_ + window_) * streams_[stream].bytes);
}

void FrameStreams::place(uint16_t stream, uint32_t offset, const uint8_t* from,
                         uint32_t bytes) {
  End& e = streams_[stream];
  uint32_t n = offset - static_cast<uint32_t>(done_ * e.bytes);
  if (n >= 0x80000000u) {
    throw Error(Exit::kInternal, "the link gave bytes that it had given");
  }
  while (bytes > 0) {
    NodeRows& frame = outputs_.at(n / e.bytes);
    uint8_t* const whole = frame[static_cast<size_t>(e.io)].data();
    const uint32_t count = std::min(bytes, e.bytes - n % e.bytes);
    for_runs(e.box, e.whole, n % e.bytes, count, [&](size_t at, uint32_t m) {
      std::memcpy(whole + at, from, m);
      from += m;
    });
    n += count;
    bytes -= count;
  }
}

void FrameStreams::arrived(uint16_t stream, uint32_t offset) {
  progress_ += streams_[stream].go_on(offset);
  finish();
}

void FrameStreams::finish() {
  while (std::ranges::min(streams_, {}, &End::frames).frames > done_) {
    results_.push_back(
        file_outputs(prepared_.graph, prepared_.net, outputs_.front()));
    outputs_.push_back(std::move(outputs_.front()));
    outputs_.pop_front();
    ++done_;
    news_ = true;
  }
}

}  // namespace shoal
