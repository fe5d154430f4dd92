// The link of one node: datagrams to and from its peers, reliable per peer,
// with credit per stream. It knows nothing of rings or rows: it asks its owner
// (Streams) for bytes to send and hands it bytes that came, in order.
//
// A datagram that arrives is checked and opened in the caller's buffer; only
// bytes that are new, in order and within credit reach the owner. There are
// no retransmission buffers: what is lost is asked of the owner again, who
// keeps it until released() says that it has arrived.
//
// A segment whose first byte is not the next one expected is not placed, and
// its datagram not acknowledged; the sender goes back to it. So a receiver
// needs no memory for gaps.
//
// Memory: the tables (device/program/link_layout.h) and the packet buffer are
// the caller's; the link allocates nothing and blocks never.
#pragma once

#include <cstdint>

#include "device/base/status.h"
#include "device/program/link_layout.h"
#include "device/shoal.h"

namespace shoal {

// The owner of the streams of the stage under way. Targets and in-streams are
// counted within the stage; offsets are absolute (see StreamRecord).
class Streams {
 public:
  // Bytes before this offset may be sent to the target.
  virtual uint32_t ready(uint16_t target) const = 0;
  // Copies bytes [offset, offset + bytes), all before ready().
  virtual void read(uint16_t target, uint32_t offset, uint8_t* to,
                    uint32_t bytes) const = 0;
  // The target has all bytes before `offset`; they are not asked for again.
  virtual void released(uint16_t target, uint32_t offset) = 0;
  // Bytes before this offset may be placed.
  virtual uint32_t limit(uint16_t stream) const = 0;
  // Takes the next bytes of an in-stream; all before limit().
  virtual void place(uint16_t stream, uint32_t offset, const uint8_t* from,
                     uint32_t bytes) = 0;

 protected:
  ~Streams() = default;
};

// In-streams and targets of a stage, by the program's numbers.
struct LinkStage {
  const StreamRecord* streams = nullptr;  // in-streams first
  const TargetRecord* targets = nullptr;
  uint16_t in_streams = 0, target_count = 0;
  uint16_t first_stream = 0, first_target = 0;  // numbers
};

class Link {
 public:
  // `peers` as in the program; `tables` as laid out for `counts`, zeroed here.
  // All that `config` points to must outlive the link.
  void open(const shoal_link& config, Streams& owner, uint16_t node,
            const PeerEntry* peers, const LinkCounts& counts, uint8_t* tables);

  // A stage begins: `start_offset[i]` would be frame * bytes for each; the
  // owner gives them by ready() of nothing sent and limit() of nothing
  // placed, through start().
  void begin_stage(const LinkStage&);
  // The absolute offset at which the frame under way begins.
  void start_target(uint16_t target, uint32_t offset);
  void start_stream(uint16_t stream, uint32_t offset);

  // One datagram of kind data. kOk: it was genuine (and maybe a duplicate);
  // anything else: refused and counted, nothing has changed.
  Status receive(uint64_t address, uint8_t* datagram, uint32_t bytes);

  // Owner's news: rows became ready for sending, or space for placing. Cheap.
  void wake() { awake_ = true; }
  // Sends full datagrams, and with `flush` whatever there is: segments,
  // acknowledgements, credit. Looks after lost datagrams and probes.
  void send(bool flush);
  // When send() has something to do though nothing happens, ~0: never.
  uint64_t next_timer_us() const;

  uint32_t received(uint16_t stream) const;
  uint32_t acknowledged(uint16_t target) const;
  const shoal_link_counters& counters() const { return counters_; }

 private:
  bool awake_ = false;
  shoal_link_counters counters_{};
};

}  // namespace shoal
