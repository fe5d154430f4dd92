#include "device/runtime/link/peer_streams.h"

#include <new>
#include <type_traits>

#include "device/program/early.h"

namespace shoal {
namespace {

bool usable(const shoal_link* link) {
  if (!link || !link->peers || !link->packet) return false;
  const shoal_transport* t = link->transport;
  const shoal_cipher* c = link->cipher;
  return t && t->send && t->now_us && c && c->seal && c->open;
}

}  // namespace

Status PeerStreams::open() {
  const Header& h = state_.header();
  const shoal_link* config = state_.link;
  if (!usable(config)) return state_.fail(Status::kBadArgument);
  const Status status =
      link_.open(*config, *this, h.node, state_.head.peers,
                 link_counts(state_.head), ports().arena + h.link);
  return status == Status::kOk ? status : state_.fail(status);
}

Status PeerStreams::receive(uint64_t address, uint8_t* datagram,
                            uint32_t bytes) {
  return link_.receive(address, datagram, bytes);
}

void PeerStreams::send(bool flush) {
  if (state_.schedule.streams_may_move) link_.wake();
  state_.schedule.streams_may_move = false;
  link_.send(flush);
}

void PeerStreams::end_stage() {
  LinkStage none;
  none.first_stream = state_.numbers.stream,
  none.first_target = state_.numbers.target;
  link_.begin_stage(none);
}

void PeerStreams::begin_stage() {
  const StageHeader& h = *ports().stage.header;
  in_streams_ = count_in_streams(ports().stage);
  asked_ = in_streams_ < h.streams ? in_streams_ : 0;
  LinkStage stage = {ports().stage.streams, ports().stage.targets,
                     in_streams_,           h.targets,
                     state_.numbers.stream, state_.numbers.target};
  const bool mapped = state_.source.mapped != nullptr;
  Ports next = ports();
  if (mapped && state_.stage_index + 1 < state_.header().stages) {
    next = next_ports();
    stage.next = next.stage.streams;
    stage.next_in_streams = count_early_streams(next.stage);
  }
  link_.begin_stage(stage);
  for (uint16_t i = 0; i < h.streams; ++i) {
    const StreamRecord& r = ports().stage.streams[i];
    const uint32_t start = ports().start_of(ports().stage.ports[r.port]);
    if (i < in_streams_) {
      link_.start_stream(i, start);
      state_.schedule.pass_bytes(r.port, link_.received(i) - start);
    }
    for (uint32_t t = r.there; i >= in_streams_ && t < r.there + r.targets;
         ++t) {
      link_.start_target(static_cast<uint16_t>(t), start);
    }
  }
  for (uint16_t i = 0; i < stage.next_in_streams; ++i) {
    const PortRecord& p = next.stage.ports[stage.next[i].port];
    link_.start_stream(static_cast<uint16_t>(in_streams_ + i),
                       next.start_of(p));
  }
  link_.wake();
}

Ports PeerStreams::next_ports() const {
  Ports next = ports();
  const StageEntry& entry = state_.head.stages[state_.stage_index + 1];
  next.stage = view_stage(state_.source.mapped + entry.offset);
  return next;
}

// The targets of the out-streams follow one another, and so do most questions.
const StreamRecord& PeerStreams::stream_of(uint16_t target) const {
  const StreamRecord& last = ports().stage.streams[asked_];
  if (static_cast<uint32_t>(target - last.there) < last.targets) return last;
  uint32_t lo = in_streams_, hi = ports().stage.header->streams;
  while (hi - lo > 1) {
    const uint32_t middle = (lo + hi) / 2;
    (ports().stage.streams[middle].there <= target ? lo : hi) = middle;
  }
  asked_ = static_cast<uint16_t>(lo);
  return ports().stage.streams[lo];
}

uint32_t PeerStreams::ready(uint16_t target) const {
  const PortRecord& p = ports().stage.ports[stream_of(target).port];
  return ports().start_of(p) + ports().bytes_ready(p);
}

void PeerStreams::read(uint16_t target, uint32_t offset, uint8_t* to,
                       uint32_t bytes) const {
  const uint16_t port = stream_of(target).port;
  ports().copy_from(port, offset - ports().start_of(ports().stage.ports[port]),
                    to, bytes);
}

void PeerStreams::released(uint16_t target, uint32_t offset) {
  const StreamRecord& r = stream_of(target);
  const uint32_t start = ports().start_of(ports().stage.ports[r.port]);
  uint32_t least = offset - start;
  for (uint32_t t = r.there; t < uint32_t{r.there} + r.targets; ++t) {
    if (t == target) continue;
    const uint32_t there = link_.acknowledged(static_cast<uint16_t>(t)) - start;
    if (there < least) least = there;
  }
  state_.schedule.pass_bytes(r.port, least);
}

uint32_t PeerStreams::limit(uint16_t stream) const {
  if (stream < in_streams_) {
    const uint16_t port = ports().stage.streams[stream].port;
    const PortRecord& p = ports().stage.ports[port];
    return ports().start_of(p) + ports().bytes_free(p);
  }
  const Ports next = next_ports();
  const StreamRecord& r = next.stage.streams[stream - in_streams_];
  const PortRecord& p = next.stage.ports[r.port];
  return next.start_of(p) + (comes_early(r) ? next.bytes_free_first(p) : 0);
}

void PeerStreams::place(uint16_t stream, uint32_t offset, const uint8_t* from,
                        uint32_t bytes) {
  const auto copy = [&](const Ports& to, uint32_t index) {
    const uint16_t port = to.stage.streams[index].port;
    to.copy_to(port, offset - to.start_of(to.stage.ports[port]), from, bytes);
  };
  if (stream < in_streams_) return copy(ports(), stream);
  copy(next_ports(), uint32_t{stream} - in_streams_);
}

// Bytes that have come for the next stage are passed on when that stage begins.
void PeerStreams::arrived(uint16_t stream, uint32_t offset) {
  if (stream >= in_streams_) return;
  const uint16_t port = ports().stage.streams[stream].port;
  state_.schedule.pass_bytes(
      port, offset - ports().start_of(ports().stage.ports[port]));
}

}  // namespace shoal

shoal::LinkModule* shoal_link_module(void* memory, shoal::NodeState& state) {
  using shoal::PeerStreams;
  static_assert(sizeof(PeerStreams) <= shoal::kLinkModuleBytes);
  static_assert(std::is_trivially_destructible_v<PeerStreams>);
  return new (memory) PeerStreams(state);
}
