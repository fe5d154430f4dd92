// The trace collector, fed by a real run whose firings are repeated, altered
// or kept from it.
#include <gtest/gtest.h>

#include <functional>

#include "device/runtime/firing.h"
#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/local/node_runner.h"

namespace shoal {
namespace {

class Collector : public testing::Test {
 protected:
  // `pass` decides what the collector sees of each firing.
  void run(const std::function<void(Firing)>& pass) {
    pass_ = pass;
    const FiringObserver observer{&Collector::on_firing, this};
    NodeRunner runner(p_.graph, p_.net, p_.images[0],
                      p_.plan.nodes[0].arena_bytes, observer);
    runner.run(input_);
  }
  void show(const Firing& f) {
    trace_.observer().call(trace_.observer().user, &f);
  }
  bool is_layer(const Firing& f, const char* name) const {
    return p_.net.layers[f.layer].name == name;
  }

  const Prepared p_ = small_prepared();
  const std::vector<uint8_t> input_ = noise_bytes(kSmallInput, 3);
  TraceCollector trace_{p_.graph, p_.net, p_.plan};

 private:
  static void on_firing(void* self, const void* firing) {
    static_cast<Collector*>(self)->pass_(*static_cast<const Firing*>(firing));
  }
  std::function<void(Firing)> pass_;
};

TEST_F(Collector, HasEveryTensorThoughNoneIsWhole) {
  run([&](const Firing& f) { show(f); });
  const Values oracle = run_oracle(p_.graph, input_);
  const Values traced = trace_.values(input_);
  for (const Op& op : p_.graph.ops) {
    const auto t = static_cast<size_t>(op.outputs[0]);
    EXPECT_EQ(traced[t], oracle[t]) << p_.graph.tensors[t].name;
  }
}

TEST_F(Collector, WhatIsComputedTwiceMayAgree) {
  run([&](const Firing& f) {
    show(f);
    show(f);
  });
  EXPECT_NO_THROW(trace_.values(input_));
}

TEST_F(Collector, WhatIsComputedTwiceMustAgree) {
  bool altered = false;
  run([&](Firing f) {
    show(f);
    if (altered || !is_layer(f, "second") || f.y0 < 4) return;
    altered = true;
    std::vector<uint8_t> copy(f.row(f.y0), f.row(f.y0) + f.row_bytes);
    const size_t at = 2 * f.pixel_bytes + 1;
    copy[at] ^= 1;
    f.memory = copy.data();
    f.slots = 1;
    f.y1 = static_cast<uint16_t>(f.y0 + 1);
    show(f);
  });
  ASSERT_TRUE(altered);
  try {
    trace_.values(input_);
    ADD_FAILURE() << "the conflict was not seen";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kDiffers);
    EXPECT_NE(std::string(e.what()).find("'second' was computed twice, row"),
              std::string::npos)
        << e.what();
    EXPECT_NE(std::string(e.what()).find("column 2 channel 1"),
              std::string::npos)
        << e.what();
  }
  trace_.reset();
  run([&](const Firing& f) { show(f); });
  EXPECT_NO_THROW(trace_.values(input_));
}

TEST_F(Collector, RowsThatAreMissingAreNamed) {
  run([&](const Firing& f) {
    if (!is_layer(f, "sum") || f.y0 != 5) show(f);
  });
  expect_throws([&] { trace_.values(input_); }, Exit::kInternal,
                "misses row 5");
}

// Firings come from a board's console, too.
TEST_F(Collector, FiringsThatThePlanDoesNotHaveAreRefused) {
  const PlanNode& node = p_.plan.nodes[0];
  const std::function<void(Firing&)> lies[] = {
      [&](Firing& f) { f.stage = static_cast<uint16_t>(node.stages.size()); },
      [&](Firing& f) {
        f.actor = static_cast<uint16_t>(node.stages[f.stage].actors.size());
      },
      [](Firing& f) { f.y0 = 0x7000, f.y1 = 0x7001; },
      [](Firing& f) { f.x0 = 0x7000, f.x1 = 0x7001; },
      [](Firing& f) { f.c0 = 0x7000, f.c1 = 0x7001; },
  };
  std::vector<Firing> firings;
  run([&](const Firing& f) { firings.push_back(f); });
  ASSERT_FALSE(firings.empty());
  const uint8_t memory[4096] = {};
  for (const auto& lie : lies) {
    Firing f = firings[0];
    f.memory = memory;
    f.slots = 1;
    f.row_bytes = f.pixel_bytes = 0;
    lie(f);
    expect_throws([&] { show(f); }, Exit::kNode);
  }
}

}  // namespace
}  // namespace shoal
