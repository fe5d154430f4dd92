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

// Calls copy(place, bytes) for each run of bytes of the rows' box that lies
// together in memory, from byte `at` of its frame on.
template <class Copy>
void for_runs(const Rows& rows, uint32_t element_bytes, uint32_t at,
              uint32_t bytes, const Copy& copy) {
  const uint32_t pixel = static_cast<uint32_t>(rows.channels) * element_bytes;
  const uint32_t step = static_cast<uint32_t>(rows.stride) * element_bytes;
  const uint32_t row = static_cast<uint32_t>(rows.columns) * pixel;
  const uint32_t whole = step == pixel ? row : pixel;
  while (bytes > 0) {
    const uint32_t y = at / row, in_row = at % row;
    const uint32_t left = row - in_row < bytes ? row - in_row : bytes;
    uint32_t skip = in_row % whole;
    uint8_t* place = rows.at(static_cast<int>(y)) + in_row / whole * step;
    for (uint32_t done = 0; done < left;) {
      const uint32_t run =
          whole - skip < left - done ? whole - skip : left - done;
      copy(place + skip, run);
      done += run, place += step, skip = 0;
    }
    at += left, bytes -= left;
  }
}

}  // namespace

Status Node::open_link() {
  const Header& h = header();
  if (h.peers == 0) return Status::kOk;
  if (!usable(config_.link)) return fail(Status::kBadArgument);
  const Status status = link_.open(*config_.link, *this, h.node, head_.peers,
                                   link_counts(head_), arena_ + h.link);
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
  const StageHeader& h = *stage_.header;
  in_streams_ = 0;
  while (in_streams_ < h.streams && stage_.streams[in_streams_].targets == 0) {
    ++in_streams_;
  }
  asked_ = in_streams_ < h.streams ? in_streams_ : 0;
  link_.begin_stage({stage_.streams, stage_.targets, in_streams_, h.targets,
                     numbers_.stream, numbers_.target});
  for (uint16_t i = 0; i < h.streams; ++i) {
    const StreamRecord& r = stage_.streams[i];
    const uint32_t start = start_of(stage_.ports[r.port]);
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
  const StreamRecord& last = stage_.streams[asked_];
  if (static_cast<uint32_t>(target - last.there) < last.targets) return last;
  uint32_t lo = in_streams_, hi = stage_.header->streams;
  while (hi - lo > 1) {
    const uint32_t middle = (lo + hi) / 2;
    (stage_.streams[middle].there <= target ? lo : hi) = middle;
  }
  asked_ = static_cast<uint16_t>(lo);
  return stage_.streams[lo];
}

uint32_t Node::row_bytes(const PortRecord& p) const {
  return static_cast<uint32_t>(columns(p) * channels(p)) *
         stage_.buffers[p.buffer].element_bytes;
}

// The absolute offset of the frame's first byte.
uint32_t Node::start_of(const PortRecord& p) const {
  return frames_ * (static_cast<uint32_t>(rows(p)) * row_bytes(p));
}

// The first `bytes` bytes of the port's frame have been passed.
void Node::pass_bytes(uint16_t port, uint32_t bytes) {
  const PortRecord& p = stage_.ports[port];
  const BufferRecord& b = stage_.buffers[p.buffer];
  const uint32_t all = static_cast<uint32_t>(rows(p));
  const uint32_t done = passed(b, p) - p.y0, now = bytes / row_bytes(p);
  if (done >= all || now <= done) return;
  pass(port, static_cast<int>(now));
  if (p.is_read) {
    wake_writers(b);
  } else {
    wake_readers(b);
  }
  if (now >= all) --pending_;
}

// Of the box, from the frame's first byte on.
uint32_t Node::bytes_ready(const PortRecord& p) const {
  const BufferRecord& b = stage_.buffers[p.buffer];
  const uint32_t made = passed(b, p) < p.y1 ? readable(b) : p.y1;
  const uint32_t end = made < p.y1 ? made : p.y1;
  return (end > p.y0 ? end - p.y0 : 0) * row_bytes(p);
}

uint32_t Node::bytes_free(const PortRecord& p) const {
  const BufferRecord& b = stage_.buffers[p.buffer];
  const uint32_t next = passed(b, p);
  uint32_t end = next < p.y1 ? writable(b, next) : p.y1;
  if (end > p.y1) end = p.y1;
  if (end < p.y0) end = p.y0;
  return (end - p.y0) * row_bytes(p);
}

// Bytes of the port's box from byte `at` of its frame on.
void Node::copy_from(uint16_t port, uint32_t at, uint8_t* to,
                     uint32_t bytes) const {
  const BufferRecord& b = stage_.buffers[stage_.ports[port].buffer];
  for_runs(rows_of(port), b.element_bytes, at, bytes,
           [&](const uint8_t* from, uint32_t run) {
             std::memcpy(to, from, run);
             to += run;
           });
}

void Node::copy_to(uint16_t port, uint32_t at, const uint8_t* from,
                   uint32_t bytes) {
  const BufferRecord& b = stage_.buffers[stage_.ports[port].buffer];
  for_runs(rows_of(port), b.element_bytes, at, bytes,
           [&](uint8_t* to, uint32_t run) {
             std::memcpy(to, from, run);
             from += run;
           });
}

uint32_t Node::ready(uint16_t target) const {
  const PortRecord& p = stage_.ports[stream_of(target).port];
  return start_of(p) + bytes_ready(p);
}

void Node::read(uint16_t target, uint32_t offset, uint8_t* to,
                uint32_t bytes) const {
  const uint16_t port = stream_of(target).port;
  copy_from(port, offset - start_of(stage_.ports[port]), to, bytes);
}

void Node::released(uint16_t target, uint32_t offset) {
  const StreamRecord& r = stream_of(target);
  const uint32_t start = start_of(stage_.ports[r.port]);
  uint32_t least = offset - start;
  for (uint32_t t = r.there; t < uint32_t{r.there} + r.targets; ++t) {
    if (t == target) continue;
    const uint32_t there = link_.acknowledged(static_cast<uint16_t>(t)) - start;
    if (there < least) least = there;
  }
  pass_bytes(r.port, least);
}

uint32_t Node::limit(uint16_t stream) const {
  const PortRecord& p = stage_.ports[stage_.streams[stream].port];
  return start_of(p) + bytes_free(p);
}

void Node::place(uint16_t stream, uint32_t offset, const uint8_t* from,
                 uint32_t bytes) {
  const uint16_t port = stage_.streams[stream].port;
  copy_to(port, offset - start_of(stage_.ports[port]), from, bytes);
}

void Node::arrived(uint16_t stream, uint32_t offset) {
  const uint16_t port = stage_.streams[stream].port;
  pass_bytes(port, offset - start_of(stage_.ports[port]));
}

}  // namespace shoal
