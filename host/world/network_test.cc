// Times that can be computed by hand, and what bad luck does.
#include "host/world/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace shoal {
namespace {

constexpr LinkModel kEthernet{.bits_per_s = 100e6,
                              .latency = 60 * kMicrosecond,
                              .framing_bytes = 78,
                              .send_queue = 16,
                              .receive_queue = 16};

struct Arrival {
  Nanos at;
  uint32_t to;
  std::vector<uint8_t> bytes;
};

class NetworkTest : public testing::Test {
 protected:
  void make(const NetworkOptions& options, int endpoints,
            const LinkModel& link = kEthernet) {
    network_ = std::make_unique<Network>(options, events_);
    for (int i = 0; i < endpoints; ++i) network_->add(link);
  }
  bool send(uint32_t from, uint32_t to, size_t bytes, Nanos now,
            uint8_t fill = 0) {
    const std::vector<uint8_t> data(bytes, fill);
    return network_->send(from, Network::address(to), data.data(),
                          static_cast<uint32_t>(bytes), now);
  }
  // Until nothing happens any more; everything that arrives is taken.
  std::vector<Arrival> run() {
    std::vector<Arrival> all;
    while (!events_.empty()) {
      const Event e = events_.pop();
      const uint32_t woken = network_->handle(e);
      if (e.kind != EventKind::kArrive || woken == Network::kNobody) continue;
      const Datagram* const d = network_->take(woken);
      all.push_back({e.at, woken, d->bytes});
      network_->release(d);
    }
    return all;
  }

  EventQueue events_;
  std::unique_ptr<Network> network_;
};

TEST_F(NetworkTest, ADatagramIsSerializedTwiceAndTakesTheLatencyOnce) {
  make({}, 2);
  EXPECT_TRUE(send(0, 1, 1472, 1000));
  const std::vector<Arrival> all = run();
  ASSERT_EQ(all.size(), 1u);
  // (1472 + 78) B at 80 ns a byte are 124 us.
  EXPECT_EQ(all[0].at, 1000 + 2 * 124'000 + 60'000);
  EXPECT_EQ(all[0].bytes.size(), 1472u);
  EXPECT_EQ(network_->traffic(0).up_busy, 124'000);
  EXPECT_EQ(network_->traffic(1).down_busy, 124'000);
}

TEST_F(NetworkTest, PortsSerializeOneAfterAnother) {
  make({}, 4);
  // Three senders at once to one receiver: its port is the bottleneck.
  for (uint32_t from : {0u, 1u, 2u}) send(from, 3, 922, 0);
  std::vector<Arrival> all = run();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].at, 80'000 + 60'000 + 80'000);
  EXPECT_EQ(all[1].at, all[0].at + 80'000);
  EXPECT_EQ(all[2].at, all[1].at + 80'000);
  // One sender to three receivers: its own link is.
  const Nanos later = kSecond;
  for (uint32_t to : {1u, 2u, 3u}) send(0, to, 922, later);
  all = run();
  ASSERT_EQ(all.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(all[static_cast<size_t>(i)].at, later + 220'000 + i * 80'000);
  }
  // Both directions at once: full duplex.
  send(0, 1, 922, 2 * later);
  send(1, 0, 922, 2 * later);
  all = run();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].at, 2 * later + 220'000);
  EXPECT_EQ(all[1].at, 2 * later + 220'000);
}

TEST_F(NetworkTest, ARadioChannelCarriesOneDatagramAtATime) {
  make({.medium = Medium::kRadio}, 4);
  send(0, 1, 922, 0);
  send(2, 3, 922, 10'000);
  send(1, 0, 922, 5'000);
  const std::vector<Arrival> all = run();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].at, 80'000 + 60'000);
  EXPECT_EQ(all[0].to, 1u);
  EXPECT_EQ(all[1].at, 160'000 + 60'000);
  EXPECT_EQ(all[1].to, 0u);  // asked before the other
  EXPECT_EQ(all[2].at, 240'000 + 60'000);
}

TEST_F(NetworkTest, AFullSendQueueRefusesUntilThereIsRoom) {
  LinkModel link = kEthernet;
  link.send_queue = 2;
  make({}, 2, link);
  EXPECT_TRUE(send(0, 1, 922, 0));
  EXPECT_TRUE(send(0, 1, 922, 0));
  EXPECT_FALSE(network_->blocked(0));
  EXPECT_FALSE(send(0, 1, 922, 0));
  EXPECT_TRUE(network_->blocked(0));
  const Event e = events_.pop();
  EXPECT_EQ(e.at, 80'000);
  EXPECT_EQ(network_->handle(e), 0u) << "the sender hears of it";
  EXPECT_FALSE(network_->blocked(0));
  EXPECT_TRUE(send(0, 1, 922, e.at));
  EXPECT_EQ(run().size(), 3u);
  EXPECT_EQ(network_->traffic(0).sent, 3u);
}

TEST_F(NetworkTest, QueuesAreBoundedAndDrop) {
  LinkModel link = kEthernet;
  link.receive_queue = 2;
  make({.port_bytes = 3000}, 5, link);
  // At the switch: 4 x 922 B at once, of which three fit.
  for (uint32_t from : {0u, 1u, 2u, 3u}) send(from, 4, 922, 0);
  int arrived = 0;
  while (!events_.empty()) {
    arrived += network_->handle(events_.pop()) == 4u;
  }
  EXPECT_EQ(network_->traffic(4).port_drops, 1u);
  // At the receiver, who takes nothing: two of the three.
  EXPECT_EQ(arrived, 2);
  EXPECT_EQ(network_->traffic(4).queue_drops, 1u);
  EXPECT_TRUE(network_->waiting(4));
}

TEST_F(NetworkTest, LossDuplicationAndReorderingComeAsOftenAsAsked) {
  make({.loss = 0.2, .duplicate = 0.1, .reorder = 0.1, .seed = 7}, 2);
  constexpr int kCount = 4000;
  int before = -1, backwards = 0;
  for (int i = 0; i < kCount; ++i) {
    const Nanos at = i * Nanos{100'000};
    const std::vector<uint8_t> data{static_cast<uint8_t>(i),
                                    static_cast<uint8_t>(i >> 8)};
    ASSERT_TRUE(network_->send(0, Network::address(1), data.data(), 2, at));
    // Everything up to the next send happens.
    while (!events_.empty()) {
      const Event e = events_.pop();
      if (network_->handle(e) == 1u) {
        const Datagram* const d = network_->take(1);
        const int n = d->bytes[0] | d->bytes[1] << 8;
        backwards += n < before;
        before = n;
        network_->release(d);
      }
      if (e.kind == EventKind::kSent) break;
    }
  }
  run();
  const EndpointTraffic& t = network_->traffic(0);
  EXPECT_NEAR(static_cast<double>(t.lost) / kCount, 0.2, 0.03);
  EXPECT_NEAR(static_cast<double>(t.duplicated) / kCount, 0.1, 0.03);
  EXPECT_NEAR(static_cast<double>(t.reordered) / kCount, 0.1, 0.03);
  EXPECT_GT(backwards, kCount / 50);
}

TEST_F(NetworkTest, StraysAndTheDeadAreNoHarm) {
  make({}, 2);
  EXPECT_TRUE(send(0, 77, 10, 0));
  EXPECT_EQ(network_->traffic(0).sent, 1u);
  EXPECT_TRUE(run().empty());
  send(0, 1, 10, 0);
  network_->switch_off(1);
  EXPECT_TRUE(run().empty());
  EXPECT_TRUE(send(1, 0, 10, kSecond)) << "gone, not refused";
  EXPECT_TRUE(run().empty());
}

TEST_F(NetworkTest, ASeedDecidesEverything) {
  const auto hash = [](uint64_t seed) {
    EventQueue events;
    Network n({.jitter = kMillisecond,
               .loss = 0.2,
               .duplicate = 0.2,
               .reorder = 0.2,
               .seed = seed},
              events);
    for (int i = 0; i < 3; ++i) n.add(kEthernet);
    const std::vector<uint8_t> data(100);
    for (int i = 0; i < 12; ++i) {
      n.send(static_cast<uint32_t>(i % 3),
             Network::address(static_cast<uint32_t>((i + 1) % 3)), data.data(),
             100, i * Nanos{1000});
    }
    while (!events.empty()) n.handle(events.pop());
    return events.hash();
  };
  EXPECT_EQ(hash(1), hash(1));
  EXPECT_NE(hash(1), hash(2));
}

TEST(Events, ComeInTheOrderOfTimeThenOfPlanning) {
  EventQueue events;
  uint64_t random = 1, planned = 0;
  std::vector<std::pair<Nanos, uint64_t>> all;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < round % 7; ++i) {
      random = random * 6364136223846793005 + 1442695040888963407;
      const auto at = static_cast<Nanos>(random >> 60);
      events.push(at, EventKind::kWake, 0, planned);
      all.emplace_back(at, planned++);
    }
    for (int i = 0; i < round % 5 && !events.empty(); ++i) {
      const auto first = std::min_element(all.begin(), all.end());
      const Event e = events.pop();
      EXPECT_EQ(std::pair(e.at, e.what), *first);
      all.erase(first);
    }
  }
  EXPECT_GT(planned, 500u);
  EXPECT_EQ(events.empty(), all.empty());
}

}  // namespace
}  // namespace shoal
