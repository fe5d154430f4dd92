// The end of a link in a rehearsal: it sends and receives datagrams of the
// sizes that those of a run have, whose rows hold nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "device/link/link.h"
#include "device/link/wire.h"
#include "host/base/error.h"
#include "host/world/world.h"

namespace shoal {

// Changes no bytes, and leaves room for a tag as long as the real one.
inline const shoal_cipher& no_cipher() {
  static constexpr auto kNothing = [](const uint8_t*, uint64_t, const void*,
                                      uint32_t, void*, uint32_t) { return 0; };
  static constexpr shoal_cipher kCipher = {16, kNothing, kNothing};
  return kCipher;
}

// An endpoint with a link to its peers.
class RehearsedLink : public Endpoint, protected Streams {
 public:
  RehearsedLink(Port& port, uint32_t max_payload)
      : port_(port), packet_(max_payload), datagram_(max_payload) {}

  uint64_t next_timer_us() const override { return link_.next_timer_us(); }
  uint64_t datagrams() const { return link_.counters().sent; }
  Port& port() { return port_; }

 protected:
  // Addresses of peers are numbers of endpoints: nodes as in the plan, then the
  // coordinator.
  void open(uint16_t node, std::vector<PeerEntry> peers,
            const LinkCounts& counts, uint32_t coordinator) {
    entries_ = std::move(peers);
    for (const PeerEntry& p : entries_) {
      shoal_peer peer{};
      peer.address =
          Network::address(p.node == kCoordinator ? coordinator : p.node);
      peers_.push_back(peer);
    }
    tables_.resize(link_layout(counts).bytes / sizeof(uint64_t) + 1);
    config_ = {&port_.transport(),
               peers_.data(),
               &no_cipher(),
               1,
               packet_.data(),
               0,
               0};
    const Status status =
        link_.open(config_, *this, node, entries_.data(), counts,
                   reinterpret_cast<uint8_t*>(tables_.data()));
    if (status != Status::kOk) {
      throw Error(Exit::kInternal, "a link does not open");
    }
  }

  bool receive(int most) {
    const shoal_transport& t = port_.transport();
    for (int i = 0; i < most; ++i) {
      uint64_t from = 0;
      const uint32_t bytes =
          t.receive(t.user, &from, datagram_.data(), t.max_payload);
      if (bytes == 0) return i > 0;
      if (datagram_[0] == kDataKind) {
        (void)link_.receive(from, datagram_.data(), bytes);
      } else {
        talk(from, bytes);
      }
    }
    return true;
  }

  // Takes a request, or the reply to one.
  virtual void talk(uint64_t from, uint32_t bytes) = 0;
  void say(uint64_t to, uint32_t bytes) {
    const shoal_transport& t = port_.transport();
    std::fill_n(packet_.begin(), bytes, uint8_t{0});
    (void)t.send(t.user, to, packet_.data(), bytes);
  }

  uint64_t now_us() const {
    const shoal_transport& t = port_.transport();
    return t.now_us(t.user);
  }

  void read(uint16_t, uint32_t, uint8_t*, uint32_t) const override {}
  void place(uint16_t, uint32_t, const uint8_t*, uint32_t) override {}

  Port& port_;
  Link link_;

 private:
  std::vector<PeerEntry> entries_;
  std::vector<shoal_peer> peers_;
  std::vector<uint64_t> tables_;
  std::vector<uint8_t> packet_, datagram_;
  shoal_link config_{};
};

}  // namespace shoal
