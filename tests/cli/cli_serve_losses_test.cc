// `shoal serve` on workers that die and come back, and a service that dies
// itself: each answer has the right bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/serve_losses.h"

namespace shoal {
namespace {

class CliServeLosses : public ServeLosses {
 protected:
  // One that cannot hold the bundled network alone.
  void start_small_worker(const std::string& name,
                          const std::string& listen = "127.0.0.1:0") {
    workers_[name] = std::make_unique<RunningWorker>(
        shop_,
        std::vector<std::string>{"--insecure", "--ram", "14K", "--flash", "4M",
                                 "--name", name, "--listen", listen},
        name);
  }
};

TEST_F(CliServeLosses, NodesGoAndComeBack) {
  const auto service = serve();
  // A node that is lost before it holds its programs is missed by them first.
  EXPECT_EQ(ask(0), 200);
  wait_for_event("3 nodes hold");
  while_asking([&] {
    wait_for_answers(20);
    const std::string listen = workers_["w1"]->address;
    workers_["w1"]->process.end(SIGKILL);
    wait_for_nodes(2);
    wait_for_answers(20);
    workers_["w2"]->process.end(SIGKILL);
    wait_for_nodes(1);
    wait_for_answers(20);
    start_worker("w1", listen);
    wait_for_nodes(2);
    wait_for_answers(20);
  });
  // Nodes say in their logs why frames were run again.
  const std::string log = shop_.read_text("w0");
  EXPECT_NE(log.find(": silent for 0.5 s; w0 and w2 get"), std::string::npos)
      << log;
  EXPECT_NE(log.find("run again"), std::string::npos) << log;
  EXPECT_NE(log.find("node w1 is taken in"), std::string::npos) << log;
  const json now = status();
  EXPECT_EQ(now["losses"], 2) << now.dump(2);
  EXPECT_EQ(now["returns"], 1) << now.dump(2);
  for (const json& n : now["nodes"]) {
    EXPECT_EQ(n["incarnation"], n["name"] == "w1" ? 2 : 1) << n.dump();
    EXPECT_EQ(n["state"] == "lost", n["name"] == "w2") << n.dump();
  }
  EXPECT_EQ(now["models"][0]["repeats"], repeats_.load());
  EXPECT_EQ(now["models"][0]["failed"], 0);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// Nodes hold programs for a loss when frames have had time for it; after
// kill -9 nothing is sent.
TEST_F(CliServeLosses, NodesHaveTheirProgramsForALoss) {
  const auto service = serve();
  EXPECT_EQ(ask(0), 200);
  wait_for_event("3 nodes hold");
  workers_["w1"]->process.end(SIGKILL);
  EXPECT_EQ(ask(1), 200);
  wait_for_event("2 nodes have their programs (0 B sent) and run");
  EXPECT_EQ(repeats_, 1);
}

// Two models on the same nodes, asked in turns and at once.
TEST_F(CliServeLosses, SeveralModels) {
  shop_.write("other.tflite", worker_model(7));
  const std::vector<std::string> expected = checksums("other.tflite");
  ASSERT_NE(expected, expected_);
  const auto service = serve({"--model", "other=other.tflite"});
  const auto other = [&](unsigned seed) {
    const HttpAnswer a =
        http_ask(address_, "POST", "/run/other",
                 text_of(noise<uint8_t>(kWorkerFrameBytes, seed)));
    ASSERT_EQ(a.status, 200) << a.body;
    EXPECT_EQ(json::parse(a.body)["output_sha256"], expected[seed]);
  };
  for (unsigned seed = 0; seed < 4; ++seed) {
    EXPECT_EQ(ask(seed), 200);
    other(seed);
  }
  while_asking([&] {
    for (unsigned seed = 0; seed < 8; ++seed) other(seed);
    workers_["w1"]->process.end(SIGKILL);
    for (unsigned seed = 0; seed < 8; ++seed) other(seed);
    wait_for_nodes(2);
  });
  EXPECT_EQ(http_ask(address_, "POST", "/run/none", "x").status, 404);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// The nodes turn to another model several times a second, and nobody else gets
// one in between.
TEST_F(CliServeLosses, ASecondServiceGetsNoNodeOfTwoModels) {
  shop_.write("other.tflite", worker_model(7));
  const std::vector<std::string> expected = checksums("other.tflite");
  const auto service = serve({"--model", "other=other.tflite"});
  while_asking([&] {
    std::atomic<bool> over = false;
    std::thread other([&] {
      for (unsigned seed = 0; !over; seed = (seed + 1) % kAsked) {
        const HttpAnswer a =
            http_ask(address_, "POST", "/run/other",
                     text_of(noise<uint8_t>(kWorkerFrameBytes, seed)));
        EXPECT_EQ(a.status, 200) << a.body;
        EXPECT_NE(a.body.find(expected[seed]), std::string::npos) << a.body;
      }
    });
    const Told second =
        shop_.shoal({"serve", "m.tflite", "--insecure", "--http", "127.0.0.1:0",
                     "--wait", "4", "--workers",
                     workers_["w0"]->address + "," + workers_["w1"]->address});
    EXPECT_EQ(second.code, 9) << second.err;
    wait_for_answers(20);
    over = true;
    other.join();
  });
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// Another coordinator has the spare that a lost node leaves its place to: that
// is told, and the frames go on when the spare is free.
TEST_F(CliServeLosses, ANodeThatAnotherOneHasIsWaitedFor) {
  start_worker("spare");
  const std::vector<std::string> run{"run",       "m.tflite",
                                     "in10.bin",  "--insecure",
                                     "--workers", workers_["spare"]->address};
  std::vector<std::string> forever = run;
  forever.insert(forever.end(), {"--frames", "100000000", "--wait", "60"});
  Background holder(shop_, forever);
  for (int i = 0; i < 200 && shop_.shoal(run).code != 9; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const auto service = serve({"--spares", workers_["spare"]->address});
  EXPECT_EQ(ask(1), 200);
  workers_["w1"]->process.end(SIGKILL);
  EXPECT_EQ(ask(2), 503);
  const json now = status();
  EXPECT_EQ(now["state"], "waiting");
  EXPECT_NE(now["reason"].get<std::string>().find("busy: "), std::string::npos)
      << now.dump(2);
  EXPECT_EQ(ask(3), 503);
  EXPECT_EQ(holder.end(SIGTERM), 128 + SIGTERM);
  wait_for_nodes(3);
  EXPECT_EQ(ask(4), 200);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// Frames are refused with the reason while no node is left, and run again when
// one is back.
TEST_F(CliServeLosses, AllNodesGo) {
  const auto service = serve();
  EXPECT_EQ(ask(1), 200);
  const std::string listen = workers_["w0"]->address;
  for (const char* const name : {"w0", "w1", "w2"}) {
    workers_[name]->process.end(SIGKILL);
  }
  EXPECT_EQ(ask(2), 503);
  for (int i = 0; i < 1000 && status()["state"] != "waiting"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(ask(3), 503);
  EXPECT_EQ(http_ask(address_, "GET", "/healthz").status, 503);
  start_worker("w0", listen);
  wait_for_nodes(1);
  EXPECT_EQ(ask(4), 200);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServeLosses, ASpareTakesThePlace) {
  start_worker("spare");
  const auto service = serve({"--spares", workers_["spare"]->address});
  while_asking([&] {
    wait_for_answers(10);
    // It has those of all three nodes, because it is like each of them.
    wait_for_event("spares hold 3 programs");
    workers_["w1"]->process.end(SIGKILL);
    for (int i = 0; i < 2000 && status()["losses"] != 1; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    wait_for_nodes(3);
    wait_for_event("have their programs (0 B sent)");
    wait_for_answers(10);
  });
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServeLosses, WaitsForTheVeryNode) {
  const auto service = serve({"--on-loss", "wait"});
  while_asking([&] {
    wait_for_answers(10);
    const std::string listen = workers_["w1"]->address;
    workers_["w1"]->process.end(SIGKILL);
    const auto waits = [&] { return status()["state"] == "waiting"; };
    for (int i = 0; i < 1000 && !waits(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const HttpAnswer health = http_ask(address_, "GET", "/healthz");
    EXPECT_EQ(health.status, 503);
    EXPECT_NE(health.body.find("node w1"), std::string::npos) << health.body;
    start_worker("w1", listen);
    wait_for_answers(10);
  });
  EXPECT_EQ(http_ask(address_, "GET", "/healthz").status, 200);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// A site has power again: the service is there before its nodes.
TEST_F(CliServeLosses, BeginsBeforeItsNodes) {
  shop_.write("other.tflite", worker_model(7));
  std::map<std::string, std::string> places;
  for (const auto& [name, worker] : workers_) {
    places[name] = worker->address;
    worker->process.end(SIGKILL);
  }
  const auto service = serve({"--model", "other=other.tflite"});
  EXPECT_EQ(ask(1), 503);
  EXPECT_EQ(status()["state"], "waiting");
  int nodes = 0;
  for (const auto& [name, place] : places) {
    start_worker(name, place);
    wait_for_nodes(++nodes);
    EXPECT_EQ(ask(2), 200);
    EXPECT_EQ(http_ask(address_, "POST", "/run/other",
                       text_of(noise<uint8_t>(kWorkerFrameBytes, 2)))
                  .status,
              200);
  }
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// The nodes that are left hold one of two models.
TEST_F(CliServeLosses, AModelThatNoLongerFitsFailsAlone) {
  for (const char* const name : {"w0", "w1"}) start_small_worker(name);
  workers_["w2"]->process.end(SIGKILL);
  workers_["w2"] = nullptr;
  Background service(shop_,
                     {"serve", "m.tflite", "--model",
                      "large=" + std::string(SHOAL_SOURCE_DIR) +
                          "/models/fashion_mobilenet_v2.tflite",
                      "--insecure", "--http", "127.0.0.1:0", "--quiet",
                      "--node-timeout", "0.5", "--workers",
                      workers_["w0"]->address + "," + workers_["w1"]->address});
  const std::string line = service.line();
  ASSERT_EQ(line.rfind("listening on http://127.0.0.1:", 0), 0u) << line;
  address_ = line.substr(20);
  const auto large = [&] {
    return http_ask(address_, "POST", "/run/large",
                    text_of(noise<uint8_t>(96 * 96, 1)));
  };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask(1), 200);
    EXPECT_EQ(large().status, 200);
    const std::string listen = workers_["w1"]->address;
    workers_["w1"]->process.end(SIGKILL);
    // The loss is seen in a frame of the one or the other.
    if (i == 0) {
      EXPECT_EQ(ask(2), 200);
    }
    const HttpAnswer a = large();
    EXPECT_EQ(a.status, 503) << a.body;
    EXPECT_NE(a.body.find("cannot hold the network"), std::string::npos)
        << a.body;
    EXPECT_EQ(ask(3), 200);
    start_small_worker("w1", listen);
    for (int n = 0; n < 300 && large().status != 200; ++n) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(large().status, 200);
  }
  EXPECT_EQ(service.end(SIGTERM), 0);
}

// The one that is there first cannot hold the network.
TEST_F(CliServeLosses, BeginsWithTooFewNodes) {
  const std::string later = workers_["w1"]->address;
  workers_["w1"]->process.end(SIGKILL);
  start_small_worker("w0");
  Background service(
      shop_,
      {"serve",
       std::string(SHOAL_SOURCE_DIR) + "/models/fashion_mobilenet_v2.tflite",
       "--insecure", "--http", "127.0.0.1:0", "--quiet", "--node-timeout",
       "0.5", "--workers", workers_["w0"]->address + "," + later});
  const std::string line = service.line();
  ASSERT_EQ(line.rfind("listening on http://127.0.0.1:", 0), 0u) << line;
  address_ = line.substr(20);
  const std::string frame = text_of(noise<uint8_t>(96 * 96, 1));
  HttpAnswer a = http_ask(address_, "POST", "/run", frame);
  EXPECT_EQ(a.status, 503) << a.body;
  EXPECT_NE(a.body.find("cannot hold the network"), std::string::npos)
      << a.body;
  start_small_worker("w1", later);
  wait_for_nodes(2);
  EXPECT_EQ(http_ask(address_, "POST", "/run", frame).status, 200);
  EXPECT_EQ(service.end(SIGTERM), 0);
}

// Frames that come before all nodes are there wait for them.
TEST_F(CliServeLosses, WaitsForAllNodesFromTheBeginning) {
  const std::string listen = workers_["w1"]->address;
  workers_["w1"]->process.end(SIGKILL);
  shop_.write("other.tflite", worker_model(7));
  const auto service =
      serve({"--on-loss", "wait", "--model", "other=other.tflite"});
  std::thread client([&] {
    EXPECT_EQ(ask(1), 200);
    EXPECT_EQ(http_ask(address_, "POST", "/run/other",
                       text_of(noise<uint8_t>(kWorkerFrameBytes, 2)))
                  .status,
              200);
  });
  for (int i = 0; i < 1000 && status()["state"] != "waiting"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(http_ask(address_, "GET", "/healthz").status, 503);
  start_worker("w1", listen);
  client.join();
  wait_for_nodes(3);
  EXPECT_EQ(http_ask(address_, "GET", "/healthz").status, 200);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// `watch` tells that the service is gone, and later that another one is there.
TEST_F(CliServeLosses, IsWatchedOverItsEnd) {
  auto service = serve();
  EXPECT_EQ(ask(1), 200);
  const std::string at = address_;
  Background watch(shop_, {"watch", at, "--every", "0.1", "--json"});
  const auto wait_for_state = [&](const std::string& state) {
    for (int i = 0; i < 600; ++i) {
      const json said = json::parse(watch.line(), nullptr, false);
      ASSERT_TRUE(said.is_object());
      if (said["state"] == state) return;
    }
    ADD_FAILURE() << state;
  };
  wait_for_state("running");
  service->end(SIGKILL);
  wait_for_state("silent");
  service = serve({}, at);
  EXPECT_EQ(ask(2), 200);
  wait_for_state("running");
  EXPECT_EQ(service->end(SIGTERM), 0);
  const Told told = shop_.shoal({"watch", at, "--count", "3"});
  EXPECT_EQ(told.code, 6) << told.out;
}

TEST_F(CliServeLosses, FailsWithTheFrame) {
  const auto service = serve({"--on-loss", "fail"});
  EXPECT_EQ(ask(1), 200);
  workers_["w1"]->process.end(SIGKILL);
  const HttpAnswer a = http_ask(address_, "POST", "/run",
                                text_of(noise<uint8_t>(kWorkerFrameBytes, 2)));
  EXPECT_EQ(a.status, 503);
  EXPECT_NE(a.body.find("frame 1 has no answer"), std::string::npos) << a.body;
  EXPECT_EQ(service->end(0), 6);
}

// The next service has the same address and the same workers; what clients see
// meanwhile is a connection that is refused.
TEST_F(CliServeLosses, TheServiceIsKilledAndStartedAgain) {
  auto service = serve();
  EXPECT_EQ(ask(1), 200);
  const std::string at = address_;
  service->end(SIGKILL);
  service = serve({}, at);
  EXPECT_EQ(ask(2), 200);
  wait_for_nodes(3);

  // A second one at the same time is refused by name.
  const Told second = shop_.shoal(
      {"serve", "m.tflite", "--insecure", "--http", "127.0.0.1:0", "--wait",
       "0.6", "--node-timeout", "0.5", "--workers", workers_["w0"]->address});
  EXPECT_EQ(second.code, 9) << second.err;
  EXPECT_NE(second.err.find(":" + std::to_string(service->id())),
            std::string::npos)
      << second.err;
  EXPECT_EQ(ask(3), 200);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

}  // namespace
}  // namespace shoal
