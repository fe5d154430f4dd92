// Endpoints that do nothing but send and answer, in exactly known time.
#include "host/world/world.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

constexpr LinkModel kFastEthernet{.bits_per_s = 100e6,
                                  .latency = 60 * kMicrosecond,
                                  .framing_bytes = 78,
                                  .send_queue = 16,
                                  .receive_queue = 4};
constexpr PortCosts kCosts{.datagram = 15'000, .nanos_per_byte = 2};

// Works in slices if it has any, answers every datagram between them.
class Answerer : public Endpoint {
 public:
  explicit Answerer(Port& port) : port_(port) {}
  bool step() override {
    uint8_t packet[1500];
    uint64_t from = 0;
    const shoal_transport& t = port_.transport();
    const uint32_t bytes = t.receive(t.user, &from, packet, sizeof packet);
    if (bytes) {
      received_at.push_back(port_.now());
      if (answers) t.send(t.user, from, packet, bytes);
    }
    if (slices > 0) {
      --slices;
      port_.spend(slice, {.doing = Doing::kSlice});
      return true;
    }
    return bytes > 0;
  }
  uint64_t next_timer_us() const override { return UINT64_MAX; }

  int slices = 0;
  Nanos slice = 0;
  bool answers = true;
  std::vector<Nanos> received_at;

 private:
  Port& port_;
};

// Sends at given times, notes what comes back.
class Asker : public Endpoint {
 public:
  Asker(Port& port, uint64_t to, std::vector<uint64_t> at_us, uint32_t bytes)
      : port_(port), to_(to), at_us_(std::move(at_us)), bytes_(bytes) {}
  bool step() override {
    const std::vector<uint8_t> data(bytes_);
    uint8_t packet[1500];
    uint64_t from = 0;
    const shoal_transport& t = port_.transport();
    bool did = false;
    while (next_ < at_us_.size() && at_us_[next_] <= t.now_us(t.user)) {
      EXPECT_EQ(t.send(t.user, to_, data.data(), bytes_), 0);
      ++next_;
      did = true;
    }
    while (t.receive(t.user, &from, packet, sizeof packet)) {
      answered_at.push_back(port_.now());
      did = true;
    }
    return did;
  }
  uint64_t next_timer_us() const override {
    return next_ < at_us_.size() ? at_us_[next_] : UINT64_MAX;
  }
  std::vector<Nanos> answered_at;

 private:
  Port& port_;
  uint64_t to_;
  std::vector<uint64_t> at_us_;
  uint32_t bytes_;
  size_t next_ = 0;
};

TEST(World, ARoundTripIsSerializationLatencyAndCosts) {
  World world({});
  Port& a = world.add(kFastEthernet, kCosts);
  Port& b = world.add(kFastEthernet, kCosts);
  Answerer answerer(b);
  Asker asker(a, b.address(), {1000}, 922);
  world.attach(b, answerer);
  world.attach(a, asker);
  while (world.advance()) {
  }
  // 922 B: 15 us + 922 x 2 ns of work, 2 x 80 us on the wire, 60 us latency.
  constexpr Nanos kWork = 15'000 + 922 * 2;
  constexpr Nanos kWay = 2 * 80'000 + 60'000;
  ASSERT_EQ(answerer.received_at.size(), 1u);
  EXPECT_EQ(answerer.received_at[0], 1'000'000 + kWork + kWay + kWork);
  ASSERT_EQ(asker.answered_at.size(), 1u);
  EXPECT_EQ(asker.answered_at[0],
            answerer.received_at[0] + kWork + kWay + kWork);
  EXPECT_EQ(b.times().receiving, kWork);
  EXPECT_EQ(b.times().sending, kWork);
}

TEST(World, ABusyNodeNeitherHearsNorAnswers) {
  World world({});
  Port& a = world.add(kFastEthernet, {});
  Port& b = world.add(kFastEthernet, {});
  Answerer answerer(b);
  answerer.slices = 3;
  answerer.slice = 5 * kMillisecond;
  // Arrives while the first slice is under way; taken when it has ended, and
  // before the second.
  Asker asker(a, b.address(), {1000}, 922);
  world.attach(b, answerer);
  world.attach(a, asker);
  while (world.advance()) {
  }
  ASSERT_EQ(answerer.received_at.size(), 1u);
  EXPECT_EQ(answerer.received_at[0], 5 * kMillisecond);
  ASSERT_EQ(asker.answered_at.size(), 1u);
  EXPECT_EQ(asker.answered_at[0], 5 * kMillisecond + 220'000);
  EXPECT_EQ(b.times().slices, 15 * kMillisecond);
}

TEST(World, WhatComesInASliceWaitsInABoundedQueue) {
  World world({});
  Port& a = world.add(kFastEthernet, {});
  Port& b = world.add(kFastEthernet, {});
  Answerer answerer(b);
  answerer.slices = 1;
  answerer.slice = 50 * kMillisecond;
  answerer.answers = false;
  Asker asker(a, b.address(), {1000, 2000, 3000, 4000, 5000, 6000}, 100);
  world.attach(b, answerer);
  world.attach(a, asker);
  while (world.advance()) {
  }
  EXPECT_EQ(answerer.received_at.size(), 4u);
  EXPECT_EQ(world.network().traffic(b.number()).queue_drops, 2u);
}

TEST(World, WhatIsSwitchedOffDoesNothing) {
  World world({});
  Port& a = world.add(kFastEthernet, {});
  Port& b = world.add(kFastEthernet, {});
  Answerer answerer(b);
  Asker asker(a, b.address(), {1000, 2000}, 100);
  world.attach(b, answerer);
  world.attach(a, asker);
  while (world.now() < 1500 * kMicrosecond && world.advance()) {
  }
  world.switch_off(b.number());
  while (world.advance()) {
  }
  EXPECT_EQ(answerer.received_at.size(), 1u);
}

TEST(World, TheRecorderSeesWhatWasDoneAndHowDatagramsTravelled) {
  World world({});
  Port& a = world.add(kFastEthernet, kCosts);
  Port& b = world.add(kFastEthernet, kCosts);
  Recorder recorder(2);
  world.record(&recorder);
  Answerer answerer(b);
  answerer.slices = 2;
  answerer.slice = kMillisecond;
  Asker asker(a, b.address(), {500}, 922);
  world.attach(b, answerer);
  world.attach(a, asker);
  while (world.advance()) {
  }
  const std::vector<Activity>& did = recorder.activities(b.number());
  ASSERT_EQ(did.size(), 4u);  // slice, receive, send, slice
  EXPECT_EQ(did[0].doing, Doing::kSlice);
  EXPECT_EQ(did[1].doing, Doing::kReceive);
  EXPECT_EQ(did[1].begin, kMillisecond);
  EXPECT_EQ(did[2].doing, Doing::kSend);
  EXPECT_EQ(did[3].doing, Doing::kSlice);
  EXPECT_EQ(did[3].end - did[3].begin, kMillisecond);
  const Travel* const t = recorder.travel(did[1].serial);
  ASSERT_NE(t, nullptr);
  EXPECT_EQ(t->from, a.number());
  EXPECT_EQ(t->bytes, 922u);
  EXPECT_EQ(t->arrived - t->asked, 220'000);
}

}  // namespace
}  // namespace shoal
