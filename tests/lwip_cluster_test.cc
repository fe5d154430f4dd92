// Nodes whose datagrams go through lwIP, both on one stack: the same bytes as
// without a network, with loss and disorder too.
#include <gtest/gtest.h>

#include "device/transport/lwip_udp.h"
#include "device/transport/testing/lwip_card.h"
#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

constexpr uint16_t kPort = 7000;

// How lwIP calls an end of the net.
uint64_t udp_of(uint64_t end) {
  return udp_address(lwip::kOwnIp + 0x100 + static_cast<uint32_t>(end),
                     static_cast<uint16_t>(kPort + end));
}
uint64_t end_of_udp(uint64_t udp) { return udp_port(udp) - kPort; }

// Datagrams that the card sends go to the net, from the end whose port it is.
void carry(LossyNet& net) {
  for (; !lwip::sent.empty(); lwip::sent.pop_front()) {
    lwip::Packet& p = lwip::sent.front();
    net.send({end_of_udp(p.from), end_of_udp(p.to), std::move(p.bytes)});
  }
}

class LwipEnd {
 public:
  LwipEnd(LossyNet& net, uint64_t end) : net_(net), end_(end) {
    lwip::start_card();
    EXPECT_TRUE(udp_.open(static_cast<uint16_t>(kPort + end),
                          {nullptr, nullptr, nullptr}));
    transport_ = {this, net.max_payload, send, receive, now_us};
  }
  ~LwipEnd() { udp_.close(); }
  const shoal_transport& transport() const { return transport_; }

 private:
  static int send(void* self, uint64_t to, const void* d, uint32_t bytes) {
    const LwipEnd& e = *static_cast<LwipEnd*>(self);
    const shoal_transport& t = e.udp_.transport();
    const int taken = t.send(t.user, udp_of(to), d, bytes);
    carry(e.net_);
    return taken;
  }
  static uint32_t receive(void* self, uint64_t* from, void* to,
                          uint32_t capacity) {
    const LwipEnd& e = *static_cast<LwipEnd*>(self);
    const shoal_transport& wire = e.net_.end(e.end_);
    std::vector<uint8_t> d(wire.max_payload);
    uint64_t sender = 0;
    if (const uint32_t n =
            wire.receive(wire.user, &sender, d.data(), wire.max_payload)) {
      d.resize(n);
      lwip::input(
          {udp_of(sender),
           udp_address(lwip::kOwnIp, static_cast<uint16_t>(kPort + e.end_)),
           std::move(d)},
          500);
    }
    const shoal_transport& t = e.udp_.transport();
    const uint32_t bytes = t.receive(t.user, from, to, capacity);
    if (bytes != 0) *from = end_of_udp(*from);
    return bytes;
  }
  static uint64_t now_us(void* self) {
    return static_cast<LwipEnd*>(self)->net_.now_us;
  }

  LossyNet& net_;
  uint64_t end_;
  LwipUdp udp_;
  shoal_transport transport_;
};

TEST(LwipCluster, NodesOnLwipComputeExactBytes) {
  for (const double loss : {0.0, 0.2}) {
    const Prepared p = small_linked(2);
    TestCluster c(3);
    c.net.loss = c.net.doubling = loss;
    if (loss > 0) c.net.jitter_us = 2000;
    LwipEnd l(c.net, 2), r(c.net, 3);
    for (LwipEnd* const end : {&l, &r}) {
      TestNodeOptions o = c.options;
      o.name = "node" + std::to_string(c.nodes.size());
      o.transport = &end->transport();
      c.add_node(o);
    }
    start(c, p);
    run_frames(c, p, 5);
    EXPECT_TRUE(c.stop());
  }
}

}  // namespace
}  // namespace shoal
