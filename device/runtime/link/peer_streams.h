// The rows of a stage that come from peers and go to them: what the link
// (device/link/link.h) moves as bytes of streams are rows of ports here.
#pragma once

#include "device/link/link.h"
#include "device/runtime/modules.h"

namespace shoal {

class PeerStreams final : public LinkModule, private Streams {
 public:
  explicit PeerStreams(NodeState& state) : state_(state) {}

  Status open() override;
  void begin_stage() override;
  void end_stage() override;
  Status receive(uint64_t address, uint8_t* datagram, uint32_t bytes) override;
  void send(bool flush) override;
  uint64_t next_timer_us() const override { return link_.next_timer_us(); }
  const shoal_link_counters& counters() const override {
    return link_.counters();
  }
  uint8_t silent_peer(uint16_t& node) const override {
    return link_.silent_peer(node);
  }

 private:
  Ports& ports() const { return state_.ports; }
  // Returns the next stage of the frame, whose rows may come already.
  Ports next_ports() const;
  const StreamRecord& stream_of(uint16_t target) const;
  uint32_t ready(uint16_t target) const override;
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override;
  void released(uint16_t target, uint32_t offset) override;
  uint32_t limit(uint16_t stream) const override;
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override;
  void arrived(uint16_t stream, uint32_t offset) override;

  NodeState& state_;
  Link link_;
  uint16_t in_streams_ = 0;     // of the stage
  mutable uint16_t asked_ = 0;  // out-stream that was asked for last
};

}  // namespace shoal
