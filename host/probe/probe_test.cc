// These tests read a node's meter, damaged or not, and evaluate it; whole
// probes stand in tests/cli/cli_probe_test.cc.
#include "host/probe/probe.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "device/agent/session_wire.h"
#include "host/base/error.h"
#include "host/oracle/int8/oracle.h"
#include "host/probe/board_file.h"

namespace shoal {
namespace {

MeterAnswer good_answer() {
  MeterAnswer a{};
  a.firings = 16;
  a.cycles = 20'000;
  a.us = 2'000;
  std::strcpy(a.counter, "DWT");
  std::strcpy(a.kernels, "armv7e-m");
  return a;
}

std::vector<uint8_t> bytes_of(const MeterAnswer& a) {
  std::vector<uint8_t> bytes(sizeof a);
  std::memcpy(bytes.data(), &a, sizeof a);
  return bytes;
}

TEST(ProbeMeter, SaysWhatCounts) {
  MeterAnswer a = good_answer();
  const auto dwt = parse_meter(bytes_of(a));
  ASSERT_TRUE(dwt);
  EXPECT_TRUE(dwt->counts_cycles());
  EXPECT_EQ(dwt->kernels, "armv7e-m");
  EXPECT_DOUBLE_EQ(dwt->seconds(), 2e-3);
  a.cycles = 0;  // as in QEMU
  const auto still = parse_meter(bytes_of(a));
  ASSERT_TRUE(still);
  EXPECT_TRUE(still->stands_still());
  EXPECT_FALSE(still->counts());
  a = good_answer();
  a.counter_hz = 1'000'000'000;
  const auto rated = parse_meter(bytes_of(a));
  ASSERT_TRUE(rated);
  EXPECT_FALSE(rated->counts_cycles());
  EXPECT_DOUBLE_EQ(rated->seconds(), 2e-5);
}

TEST(ProbeMeter, RefusesNonsense) {
  const std::vector<uint8_t> good = bytes_of(good_answer());
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(parse_meter(std::span(good).first(n)));
  }
  std::vector<uint8_t> longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_meter(longer));
  const auto refused = [](auto change) {
    MeterAnswer a = good_answer();
    change(a);
    return !parse_meter(bytes_of(a));
  };
  EXPECT_TRUE(refused([](MeterAnswer& a) { a.counter[1] = '\n'; }));
  EXPECT_TRUE(refused([](MeterAnswer& a) { a.counter[7] = 'x'; }));
  EXPECT_TRUE(refused([](MeterAnswer& a) { a.kernels[2] = 0; }));
  EXPECT_TRUE(refused([](MeterAnswer& a) { a.us = UINT64_MAX; }));
  EXPECT_TRUE(refused([](MeterAnswer& a) { a.cycles = UINT64_MAX; }));
  EXPECT_TRUE(refused([](MeterAnswer& a) { std::memset(a.counter, 0, 8); }));
}

// Whatever it says, names are printable and numbers are ones.
TEST(ProbeMeter, EveryBitMayBeWrong) {
  const unsigned seed = 15;
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const std::vector<uint8_t> good = bytes_of(good_answer());
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> bytes = good;
    for (int k = i % 5; k >= 0; --k) {
      bytes[random() % bytes.size()] ^=
          static_cast<uint8_t>(1u << random() % 8);
    }
    const auto reading = parse_meter(bytes);
    if (!reading) continue;
    EXPECT_GE(reading->seconds(), 0);
    EXPECT_LE(reading->counter.size(), 8u);
    for (const char c : reading->counter + reading->kernels) {
      EXPECT_TRUE(c > ' ' && c < 0x7F);
    }
  }
}

// A node whose kernels take `per` ticks for each, and a firing `firing`.
ProbeReport report_of(double per, double firing, double hz) {
  ProbeReport r;
  r.address = "127.0.0.1:1";
  r.identity = {"n", "teensy41", {}};
  r.identity.facts.arena_bytes = 98304;
  r.identity.facts.program_capacity = 1 << 20;
  r.identity.facts.max_payload = 1472;
  r.link.round_trips = {{32, 20, 300, 310}};
  for (const ProbeShape& shape : probe_shapes()) {
    ProbeResult one;
    one.shape = &shape;
    const bool few = shape.cost == ProbeCost::kFiring;
    one.work = few ? 256 : 10'000;
    MeterReading m;
    m.counter = "DWT";
    m.firings = few ? 64 : 16;
    m.ticks = per * static_cast<double>(one.work) +
              firing * static_cast<double>(m.firings);
    m.us = m.ticks / hz * 1e6;
    one.meter = m;
    r.results.push_back(one);
  }
  return r;
}

TEST(ProbeReport, TellsFiringsFromTheirWork) {
  ProbeReport r = report_of(3, 400, 1e7);
  evaluate_probe(r);
  EXPECT_NEAR(r.firing, 400, 1e-6);
  for (const ProbeResult& one : r.results) {
    if (one.shape->cost == ProbeCost::kFiring) continue;
    EXPECT_NEAR(one.each, 3, 1e-6) << one.shape->name;
  }
  EXPECT_NEAR(r.clock_hz(), 1e7, 1);
  const Board b = parse_board("x", measured_board(r, find_board("teensy41")));
  EXPECT_EQ(b.measured, "teensy41");
  EXPECT_EQ(b.said_by_nodes(), "teensy41");
  EXPECT_NEAR(b.clock_hz, 1e7, 100);
  EXPECT_NEAR(b.costs.conv, 3, 1e-3);
  EXPECT_NEAR(b.costs.firing_us, 40, 1e-3);
  EXPECT_EQ(b.arena_limit(), 98304);
  EXPECT_EQ(b.flash_bytes, 1 << 20);
}

TEST(ProbeReport, WithoutACounterTheClockDoes) {
  ProbeReport r = report_of(3, 400, 1e7);
  for (ProbeResult& one : r.results) one.meter->ticks = 0;
  evaluate_probe(r);
  EXPECT_FALSE(r.in_cycles());
  EXPECT_EQ(r.clock_hz(), 0);
  EXPECT_NEAR(r.firing, 40e-6, 1e-9);
  // The times are then those of a board of 600 MHz.
  EXPECT_NEAR(r.cycles_of(ProbeCost::kConv, 600e6).value(), 180, 1e-3);
  const std::string text = measured_board(r, find_board("teensy41"));
  EXPECT_NE(text.find("its DWT stands still"), text.npos) << text;
}

// A slow base clock makes a kernel take a small part of a cycle, which is not
// nothing; what has been measured before is measured.
TEST(ProbeReport, SmallCostsAndTitlesStay) {
  ProbeReport r = report_of(2.5e-6, 0, 1e7);
  evaluate_probe(r);
  Board base = find_board("teensy41");
  const std::string once = measured_board(r, base);
  const Board b = parse_board("x", once);
  EXPECT_NEAR(b.costs.conv, 2.5e-6, 1e-11) << once;
  EXPECT_EQ(b.title, base.title + ", measured");
  EXPECT_EQ(parse_board("y", measured_board(r, b)).title, b.title);
  // A kind that took no tick of the clock has the base's cost.
  for (ProbeResult& one : r.results) one.meter->ticks = one.meter->us = 0;
  evaluate_probe(r);
  base.costs.conv = 7;
  EXPECT_EQ(parse_board("z", measured_board(r, base)).costs.conv, 7);
}

TEST(ProbeReport, NoBoardOfWhatIsEmulatedOrDoesNotRun) {
  const auto code = [](const ProbeReport& r) {
    try {
      measured_board(r, find_board("mps2-an386"));
    } catch (const Error& e) {
      return e.code();
    }
    return Exit::kOk;
  };
  ProbeReport r = report_of(3, 400, 1e7);
  r.identity.board = "mps2-an386";
  evaluate_probe(r);
  EXPECT_EQ(code(r), Exit::kOk);  // one whose counter counts
  EXPECT_EQ(probe_emulator(r), nullptr);
  for (ProbeResult& one : r.results) one.meter->ticks = 0;
  evaluate_probe(r);
  EXPECT_EQ(code(r), Exit::kUnsupported);
  EXPECT_NE(probe_emulator(r), nullptr);
  r.identity.board = "teensy41";
  EXPECT_EQ(code(r), Exit::kOk);
  for (ProbeResult& one : r.results) one.missing = "too large";
  EXPECT_FALSE(r.ran());
  EXPECT_EQ(code(r), Exit::kUnsupported);
}

TEST(ProbeReport, NoBoardOfANodeThatDiffers) {
  ProbeReport r = report_of(3, 400, 1e7);
  evaluate_probe(r);
  r.results[2].difference = {7, 1, 2};
  EXPECT_EQ(r.differing(), 1);
  try {
    measured_board(r, find_board("teensy41"));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kDiffers);
  }
}

TEST(ProbeShapes, InputsAreTheSameEverywhere) {
  for (const ProbeShape& shape : probe_shapes()) {
    const Graph g = shape.graph(ProbeSize::kSmall);
    const std::vector<uint8_t> output =
        model_output(g, run_oracle(g, probe_input(g)));
    EXPECT_GT(probe_work(g), 0) << shape.name;
    // Bytes that say something: not one value everywhere.
    EXPECT_NE(std::vector<uint8_t>(output.size(), output[0]), output)
        << shape.name;
  }
}

}  // namespace
}  // namespace shoal
