// Nodes as processes of their own on one pair of wires.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/engine/coordinator/testing/small_run.h"
#include "host/engine/workers/bus.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/testing/bus_relay.h"
#include "host/engine/workers/testing/udp_worker.h"
#include "host/engine/workers/workers_engine.h"

namespace shoal {
namespace {

// A machine that tests load lets processes wait for longer than a board.
BusTiming patient() {
  BusTiming timing;
  timing.begin_us = 30'000;
  timing.turn_us = 20'000;
  timing.guard_us = 200'000;
  return timing;
}

class BusProcesses : public testing::Test {
 protected:
  void start(size_t count, BusRelay::Faults faults) {
    relay_ = std::make_unique<BusRelay>(count + 1, faults);
    for (size_t i = 1; i <= count; ++i) {
      const std::string device = relay_->device(i);
      const int number = static_cast<int>(i);
      nodes_.push_back(std::make_unique<Child>([device, number] {
        BusStationTransport line(open_serial(device, kClusterBaud), number,
                                 patient());
        return serve(worker_options(number), line);
      }));
      addresses_.push_back({"serial:line#" + std::to_string(i),
                            bus_address(static_cast<uint32_t>(i))});
    }
    line_ = std::make_unique<BusCoordinatorTransport>(
        open_serial(relay_->device(0), kClusterBaud), patient());
  }
  ~BusProcesses() override {
    if (relay_) {
      EXPECT_EQ(relay_->collisions(), 0);
    }
  }

  // Runs frames; `at` is told the number of each that is given.
  void run(int frames, const std::function<void(int)>& at = {}) {
    CoordinatorConfig config = config_of(*line_);
    config.timeout_us = 3'000'000;
    Coordinator coordinator(std::move(config));
    coordinator.connect(addresses_);
    drive(coordinator, *line_, nullptr,
          [&] { return coordinator.connected(); });
    PlanRequest request =
        linked_nodes(cluster_of(coordinator, addresses_, nullptr));
    request.max_payload = kSerialPayload;
    const Prepared p = prepare(small_graph(), request);
    WorkersEngine engine(coordinator, *line_,
                         std::make_shared<const Prepared>(p));
    int given = 0, answers = 0;
    const std::vector<uint8_t> input = noise_bytes(kSmallInput, 4);
    const std::vector<uint8_t> expected = oracle_output(small_graph(), input);
    engine.stream(
        [&]() -> std::optional<Bytes> {
          if (given == frames) return std::nullopt;
          if (at) at(given);
          ++given;
          return input;
        },
        [&](const Answer& a) {
          ++answers;
          EXPECT_EQ(a.output, expected);
        });
    EXPECT_EQ(answers, frames);
  }

  std::unique_ptr<BusRelay> relay_;
  std::vector<std::unique_ptr<Child>> nodes_;
  std::vector<WorkerAddress> addresses_;
  std::unique_ptr<BusCoordinatorTransport> line_;
};

TEST_F(BusProcesses, FourNodesOnAPairOfWiresGiveTheSameBytes) {
  start(4, {});
  run(10);
  run(3);
  EXPECT_GT(relay_->bytes(), 10'000);
}

TEST_F(BusProcesses, BytesThatAreLostOrFlippedChangeNothing) {
  start(4, {1'000, 1'000});
  run(3);
  EXPECT_GT(relay_->spoilt(), 10);
}

TEST_F(BusProcesses, ANodeThatDiesIsNamedAndTheOthersGoOn) {
  start(3, {});
  run(2);
  try {
    run(100'000, [&](int frame) {
      if (frame == 3) nodes_[2].reset();
    });
    FAIL() << "it ended";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kNode) << e.what();
    EXPECT_NE(std::string(e.what()).find("node w3 ("), std::string::npos)
        << e.what();
  }
  addresses_.pop_back();
  run(3);
}

}  // namespace
}  // namespace shoal
