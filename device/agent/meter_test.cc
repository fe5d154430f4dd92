#include "device/agent/meter.h"

#include <gtest/gtest.h>

#include "device/program/image.h"

namespace shoal {
namespace {

uint32_t ticks = 0;
uint64_t clock_us = 0;

shoal_transport still_transport() {
  shoal_transport t{};
  t.max_payload = 96;
  t.now_us = [](void*) { return clock_us; };
  return t;
}

void pass(uint32_t cycles, uint64_t us) { ticks += cycles, clock_us += us; }

struct MeteredSteps {
  explicit MeteredSteps(const CycleCounter& counter) {
    meter.open(transport, counter);
    meter.ask(true);
    link = meter.begin_run(&transport);
  }
  // A step that fires, and then looks at its link if that takes anything.
  void step(uint32_t cycles, uint64_t us, uint32_t link_cycles) {
    meter.step_begins();
    pass(cycles, us);
    if (link_cycles) {
      link->now_us(link->user);
      pass(link_cycles, 50);
      link->now_us(link->user);
    }
    meter.step_ended(true, true);
  }
  shoal_transport transport = still_transport();
  Meter meter;
  const shoal_transport* link = nullptr;
};

constexpr auto kRead = [] { return ticks; };

TEST(Meter, CountsFiringsWithoutTheirLink) {
  MeteredSteps run({"DWT", kRead});
  run.step(1000, 10, 0);
  run.step(1000, 10, 70'000);
  run.meter.step_begins();
  pass(5000, 5);
  run.meter.step_ended(false, false);  // waited
  const MeterAnswer a = run.meter.answer();
  EXPECT_EQ(a.firings, 2u);
  EXPECT_EQ(a.cycles, 2000u);
  EXPECT_EQ(a.us, 20u);
  EXPECT_STREQ(a.counter, "DWT");
}

TEST(Meter, CountersAndClocksMayWrap) {
  ticks = 0xFFFFFF00;
  clock_us = 0xFFFFFFF0;
  MeteredSteps run({"DWT", kRead});
  run.step(1000, 100, 0);
  EXPECT_EQ(run.meter.answer().cycles, 1000u);
  EXPECT_EQ(run.meter.answer().us, 100u);
  // A clock of 32 bits that begins again: that step has no time.
  run.meter.step_begins();
  clock_us = 3;
  run.meter.step_ended(true, true);
  EXPECT_EQ(run.meter.answer().us, 100u);
  MeteredSteps small({"SysTick", [] { return ticks & 0xFFFFFF; }, 0xFFFFFF});
  ticks = 0xFFFFF0;
  small.step(0x100, 1, 0);
  EXPECT_EQ(small.meter.answer().cycles, 0x100u);
}

TEST(Meter, TellsTheTimesOfTheLink) {
  MeteredSteps run({"DWT", kRead});
  run.step(1000, 10, 70'000);  // its link takes 50 us
  run.meter.receives();
  pass(100, 7);
  run.meter.received();
  run.meter.step_begins();  // it sends without a firing
  run.link->now_us(run.link->user);
  pass(100, 4);
  run.meter.step_ended(false, true);
  run.meter.step_begins();  // it looks in vain
  run.link->now_us(run.link->user);
  pass(100, 3);
  run.meter.step_ended(false, false);
  EXPECT_EQ(run.meter.answer().us, 10u);
  EXPECT_EQ(run.meter.times().receive_us, 7u);
  EXPECT_EQ(run.meter.times().send_us, 54u);
  run.meter.ask(true);
  run.meter.begin_run(&run.transport);
  EXPECT_EQ(run.meter.times().receive_us, 0u);
  EXPECT_EQ(run.meter.times().send_us, 0u);
}

// A node waits once a step does nothing. Then the largest datagram counts, and
// it is told once.
TEST(Meter, TellsWhoseRowsEndedAWait) {
  MeteredSteps run({"DWT", kRead});
  const auto wait = [&run] {
    run.meter.step_begins();
    run.meter.step_ended(false, false);
  };
  run.meter.took(5, 900);  // it does not wait
  run.step(1000, 10, 0);
  EXPECT_EQ(run.meter.times().woken_by, MeterTimes::kNobody);
  wait();
  run.meter.took(1, 900);  // too little: it waits on
  wait();
  run.meter.took(3, 40);  // an acknowledgement
  run.meter.took(2, 500);
  run.meter.took(4, 41);
  run.step(1000, 10, 0);
  run.meter.took(6, 900);
  run.step(1000, 10, 0);
  EXPECT_EQ(run.meter.times().woken_by, 2 + 1);
  EXPECT_EQ(run.meter.times().woken_by, MeterTimes::kNobody);
  wait();
  run.step(1000, 10, 0);  // storage has ended the wait
  EXPECT_EQ(run.meter.times().woken_by, MeterTimes::kNobody);
  wait();
  run.meter.took(kCoordinator, 40);
  run.step(1000, 10, 0);
  EXPECT_EQ(run.meter.times().woken_by, kCoordinator);
}

TEST(Meter, OnlyRunsThatWereAskedFor) {
  const shoal_transport transport = still_transport();
  Meter meter;
  meter.open(transport, {});
  EXPECT_EQ(meter.begin_run(&transport), &transport);
  EXPECT_FALSE(meter.on());
  meter.ask(true);
  EXPECT_NE(meter.begin_run(&transport), &transport);
  EXPECT_TRUE(meter.on());
  meter.end_run();
  EXPECT_EQ(meter.begin_run(&transport), &transport);  // the next one is not
  EXPECT_STREQ(meter.answer().counter, "");
}

}  // namespace
}  // namespace shoal
