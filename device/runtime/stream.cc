#include <cstring>

#include "device/runtime/node.h"

namespace shoal {
namespace {

bool usable(const shoal_link* link) {
  if (!link || !link->peers || !link->packet) return false;
  const shoal_transport* t = link->transport;
  const shoal_cipher* c = link->cipher;
  return t && t->send && t->now_us && c && c->seal && c->open;
}

}  // namespace

Status Node::open_link() {
  const Header& h = header();
  if (h.peers == 0) return Status::kOk;
  if (!usable(config_.link)) return fail(Status::kBadArgument);
  const Status status = link_.open(*config_.link, *this, h.node, head_.peers,
                                   link_counts(head_), ports_.arena + h.link);
  if (status != Status::kOk) return fail(status);
  linked_ = true;
  return Status::kOk;
}

Status Node::receive(uint64_t address, uint8_t* datagram, uint32_t bytes) {
  if (phase_ == Phase::kFailed) return fault_.status;
  if (!linking()) return Status::kWait;
  return link_.receive(address, datagram, bytes);
}

void Node::flush() {
  if (linking()) link_.send(true);
}

uint64_t Node::next_timer_us() const {
  return linking() ? link_.next_timer_us() : ~uint64_t{0};
}

// While the next record is read there is no stage.
void Node::close_streams() {
  LinkStage none;
  none.first_stream = numbers_.stream, none.first_target = numbers_.target;
  link_.begin_stage(none);
}

void Node::begin_streams() {
  const StageHeader& h = *ports_.stage.header;
  in_streams_ = 0;
  while (in_streams_ < h.streams &&
         ports_.stage.streams[in_streams_].targets == 0) {
    ++in_streams_;
  }
  asked_ = in_streams_ < h.streams ? in_streams_ : 0;
  link_.begin_stage({ports_.stage.streams, ports_.stage.targets, in_streams_,
                     h.targets, numbers_.stream, numbers_.target});
  for (uint16_t i = 0; i < h.streams; ++i) {
    const StreamRecord& r = ports_.stage.streams[i];
    const uint32_t start = ports_.start_of(ports_.stage.ports[r.port]);
    if (i < in_streams_) link_.start_stream(i, start);
    for (uint32_t t = r.there; i >= in_streams_ && t < r.there + r.targets;
         ++t) {
      link_.start_target(static_cast<uint16_t>(t), start);
    }
  }
  link_.wake();
}

// The targets of the out-streams follow one another, and so do most questions.
const StreamRecord& Node::stream_of(uint16_t target) const {
  const StreamRecord& last = ports_.stage.streams[asked_];
  if (static_cast<uint32_t>(target - last.there) < last.targets) return last;
  uint32_t lo = in_streams_, hi = ports_.stage.header->streams;
  while (hi - lo > 1) {
    const uint32_t middle = (lo + hi) / 2;
    (ports_.stage.streams[middle].there <= target ? lo : hi) = middle;
  }
  asked_ = static_cast<uint16_t>(lo);
  return ports_.stage.streams[lo];
}

uint32_t Node::ready(uint16_t target) const {
  const PortRecord& p = ports_.stage.ports[stream_of(target).port];
  return ports_.start_of(p) + ports_.bytes_ready(p);
}

void Node::read(uint16_t target, uint32_t offset, uint8_t* to,
                uint32_t bytes) const {
  const uint16_t port = stream_of(target).port;
  ports_.copy_from(port, offset - ports_.start_of(ports_.stage.ports[port]), to,
                   bytes);
}

void Node::released(uint16_t target, uint32_t offset) {
  const StreamRecord& r = stream_of(target);
  const uint32_t start = ports_.start_of(ports_.stage.ports[r.port]);
  uint32_t least = offset - start;
  for (uint32_t t = r.there; t < uint32_t{r.there} + r.targets; ++t) {
    if (t == target) continue;
    const uint32_t there = link_.acknowledged(static_cast<uint16_t>(t)) - start;
    if (there < least) least = there;
  }
  schedule_.pass_bytes(r.port, least);
}

uint32_t Node::limit(uint16_t stream) const {
  const PortRecord& p = ports_.stage.ports[ports_.stage.streams[stream].port];
  return ports_.start_of(p) + ports_.bytes_free(p);
}

void Node::place(uint16_t stream, uint32_t offset, const uint8_t* from,
                 uint32_t bytes) {
  const uint16_t port = ports_.stage.streams[stream].port;
  ports_.copy_to(port, offset - ports_.start_of(ports_.stage.ports[port]), from,
                 bytes);
}

void Node::arrived(uint16_t stream, uint32_t offset) {
  const uint16_t port = ports_.stage.streams[stream].port;
  schedule_.pass_bytes(port,
                       offset - ports_.start_of(ports_.stage.ports[port]));
}

}  // namespace shoal
