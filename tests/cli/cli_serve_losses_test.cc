// `shoal serve` on workers that die and come back, and a service that dies
// itself: each answer has the right bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/http_talk.h"
#include "tests/cli/keeping_model.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr unsigned kAsked = 16;

class CliServeLosses : public testing::Test {
 protected:
  CliServeLosses() {
    shop_.write("m.tflite", worker_model());
    for (unsigned seed = 0; seed < kAsked; ++seed) {
      shop_.write("in" + std::to_string(seed + 10) + ".bin",
                  noise<uint8_t>(kWorkerFrameBytes, seed));
    }
    expected_ = checksums("m.tflite");
    for (int i = 0; i < 3; ++i) start_worker("w" + std::to_string(i));
  }

  void SetUp() override {
    if (!speaks_http(shop_)) GTEST_SKIP() << kNoHttp;
  }

  // Returns the checksums of the model's answers, as `run` has them.
  std::vector<std::string> checksums(const std::string& model) {
    const Told told = shop_.script("$SHOAL run " + model + " in*.bin --json");
    EXPECT_EQ(told.code, 0) << told.err;
    const json answers = json::parse(told.out);
    std::vector<std::string> sums;
    for (const json& r : answers["results"]) sums.push_back(r["output_sha256"]);
    return sums;
  }

  void start_worker(const std::string& name, const std::string& listen = "") {
    std::vector<std::string> flags{"--insecure", "--name", name};
    if (!listen.empty()) flags.insert(flags.end(), {"--listen", listen});
    workers_[name] = std::make_unique<RunningWorker>(shop_, flags, name);
  }

  std::unique_ptr<Background> serve(std::vector<std::string> more = {},
                                    const std::string& at = "127.0.0.1:0") {
    std::vector<std::string> flags{"serve",
                                   "m.tflite",
                                   "--insecure",
                                   "--http",
                                   at,
                                   "--strategy",
                                   "spatial",
                                   "--quiet",
                                   "--workers",
                                   workers_["w0"]->address + "," +
                                       workers_["w1"]->address + "," +
                                       workers_["w2"]->address};
    flags.insert(flags.end(), more.begin(), more.end());
    if (std::ranges::find(more, "--node-timeout") == more.end()) {
      flags.insert(flags.end(), {"--node-timeout", "0.5"});
    }
    auto process = std::make_unique<Background>(shop_, flags);
    const std::string line = process->line();
    EXPECT_EQ(line.rfind("listening on http://127.0.0.1:", 0), 0u) << line;
    address_ = line.substr(std::min<size_t>(line.size(), 20));
    return process;
  }

  // One frame; returns its status.
  int ask(unsigned seed) {
    const auto bytes = noise<uint8_t>(kWorkerFrameBytes, seed);
    const HttpAnswer a = http_ask(address_, "POST", "/run", text_of(bytes));
    const json said = json::parse(a.body, nullptr, false);
    if (a.status == 200) {
      EXPECT_EQ(said.value("output_sha256", ""), expected_[seed]) << a.body;
      repeats_ += said.value("repeats", 0);
    }
    return a.status;
  }

  // Asks from two threads until the test has done its work; all answers must
  // be right ones.
  void while_asking(const std::function<void()>& work) {
    std::atomic<bool> over = false;
    std::atomic<int> bad = 0;
    std::vector<std::thread> clients;
    for (unsigned c = 0; c < 2; ++c) {
      clients.emplace_back([&, c] {
        for (unsigned i = c; !over; ++i) {
          if (ask(i % kAsked) == 200) {
            ++answers_;
          } else {
            ++bad;
          }
        }
      });
    }
    work();
    over = true;
    for (std::thread& t : clients) t.join();
    EXPECT_EQ(bad, 0);
  }

  void wait_for_answers(int64_t more) const {
    for (const int64_t until = answers_ + more; answers_ < until;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  json status() {
    return json::parse(http_ask(address_, "GET", "/status").body);
  }

  // Waits until that number of nodes run.
  void wait_for_nodes(int wanted) {
    for (int i = 0; i < 2000; ++i) {
      int run = 0;
      const json now = status();
      for (const json& n : now["nodes"]) run += n["state"] == "runs";
      if (run == wanted) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << status().dump(2);
  }

  void wait_for_event(const std::string& part) {
    for (int i = 0; i < 2000; ++i) {
      const json now = status();
      for (const json& e : now["events"]) {
        if (e.get<std::string>().find(part) != std::string::npos) return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << status().dump(2);
  }

  Workshop shop_;
  std::vector<std::string> expected_;
  std::map<std::string, std::unique_ptr<RunningWorker>> workers_;
  std::string address_;
  std::atomic<int64_t> answers_ = 0, repeats_ = 0;
};

TEST_F(CliServeLosses, NodesGoAndComeBack) {
  const auto service = serve();
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

// The one that is there first cannot hold the network.
TEST_F(CliServeLosses, BeginsWithTooFewNodes) {
  const auto worker = [&](const std::string& name, const std::string& at) {
    workers_[name] = std::make_unique<RunningWorker>(
        shop_,
        std::vector<std::string>{"--insecure", "--ram", "14K", "--flash", "4M",
                                 "--name", name, "--listen", at},
        name);
  };
  const std::string later = workers_["w1"]->address;
  workers_["w1"]->process.end(SIGKILL);
  worker("w0", "127.0.0.1:0");
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
  worker("w1", later);
  wait_for_nodes(2);
  EXPECT_EQ(http_ask(address_, "POST", "/run", frame).status, 200);
  EXPECT_EQ(service.end(SIGTERM), 0);
}

// Frames that come before all nodes are there wait for them.
TEST_F(CliServeLosses, WaitsForAllNodesFromTheBeginning) {
  const std::string listen = workers_["w1"]->address;
  workers_["w1"]->process.end(SIGKILL);
  const auto service = serve({"--on-loss", "wait"});
  EXPECT_EQ(http_ask(address_, "GET", "/healthz").status, 503);
  std::thread client([&] { EXPECT_EQ(ask(1), 200); });
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

// Each worker runs whole frames.
TEST_F(CliServeLosses, ReplicasGoAndComeBack) {
  const auto service = serve({"--replicas"});
  while_asking([&] {
    wait_for_answers(30);
    const std::string listen = workers_["w1"]->address;
    workers_["w1"]->process.end(SIGKILL);
    wait_for_nodes(2);
    workers_["w0"]->process.end(SIGKILL);
    wait_for_nodes(1);
    wait_for_answers(20);
    start_worker("w1", listen);
    wait_for_nodes(2);
    wait_for_answers(20);
  });
  const json now = status();
  EXPECT_EQ(now["state"], "running");
  EXPECT_EQ(now["losses"], 2) << now.dump(2);
  EXPECT_EQ(now["returns"], 1) << now.dump(2);
  EXPECT_EQ(now["models"][0]["repeats"], repeats_.load());
  EXPECT_EQ(now["models"][0]["failed"], 0);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// Each loss says how many go on; the last one that no node is left.
TEST_F(CliServeLosses, ReplicasSayHowManyGoOn) {
  const Told told = shop_.script(
      "$SHOAL serve m.tflite --insecure --replicas --node-timeout 0.5 --http "
      "127.0.0.1:0 --workers " +
      workers_["w0"]->address + "," + workers_["w1"]->address + "," +
      workers_["w2"]->address +
      " >out 2>err & s=$!\n"
      "said() { for i in $(seq 1000); do tr -s ' \\n' ' ' <err | "
      "grep -q \"$1\" && return; sleep 0.02; done; echo no $1; }\n"
      "until grep -q listening out; do sleep 0.02; done\n"
      "kill -KILL " +
      std::to_string(workers_["w0"]->process.id()) +
      "; said 'going on with 2 nodes'\n"
      "kill -KILL " +
      std::to_string(workers_["w1"]->process.id()) +
      "; said 'going on with 1 node'; grep -c 'no node' err\n"
      "kill -KILL " +
      std::to_string(workers_["w2"]->process.id()) +
      "; said 'no node is left; waiting for nodes'\n"
      "kill -TERM $s; wait $s; echo $?");
  EXPECT_EQ(told.out, "0\n0\n") << shop_.read_text("err");
}

// The frame that it has is run again, and no other one waits for that.
TEST_F(CliServeLosses, AReplicaThatHangsHoldsUpItsFrameAlone) {
  const auto service = serve({"--replicas", "--node-timeout", "3"});
  EXPECT_EQ(ask(0), 200);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::vector<std::thread> clients;
  for (unsigned c = 0; c < 3; ++c) {
    clients.emplace_back([&, c] {
      while (repeats_ == 0 && std::chrono::steady_clock::now() < end) {
        EXPECT_EQ(ask(c), 200);
        ++answers_;
      }
    });
  }
  // While frames go: a node that has none is lost without a repeat.
  while (answers_ < 10 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  kill(workers_["w2"]->process.id(), SIGSTOP);
  for (std::thread& t : clients) t.join();
  EXPECT_EQ(repeats_, 1);
  EXPECT_GT(answers_, 50);
  kill(workers_["w2"]->process.id(), SIGCONT);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServeLosses, ReplicasKeepTheOrderOfAPipe) {
  const std::string addresses = workers_["w0"]->address + "," +
                                workers_["w1"]->address + "," +
                                workers_["w2"]->address;
  const Told told = shop_.script(
      "for i in $(seq 20); do cat in*.bin; done | $SHOAL serve m.tflite "
      "--frames-from - --insecure --quiet --replicas --workers " +
      addresses);
  ASSERT_EQ(told.code, 0) << told.err;
  const auto lines = lines_of(told.out);
  ASSERT_EQ(lines.size(), 20 * kAsked);
  for (size_t i = 0; i < lines.size(); ++i) {
    const json said = json::parse(lines[i]);
    EXPECT_EQ(said["frame"], i);
    EXPECT_EQ(said["output_sha256"], expected_[i % kAsked]);
  }
}

// One that is not there when the service begins is taken in when it is.
TEST_F(CliServeLosses, ReplicasBeginWithoutThoseThatAreNotThere) {
  const std::string listen = workers_["w0"]->address;
  workers_["w0"]->process.end(SIGKILL);
  const auto service = serve({"--replicas"});
  EXPECT_EQ(ask(0), 200);
  EXPECT_EQ(status()["nodes"][0]["state"], "lost");
  start_worker("w0", listen);
  wait_for_nodes(3);
  EXPECT_EQ(ask(1), 200);
  for (const char* const name : {"w0", "w1", "w2"}) {
    workers_[name]->process.end(SIGKILL);
  }
  wait_for_nodes(0);
  EXPECT_EQ(ask(2), 503);
  EXPECT_EQ(status()["state"], "waiting");
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// One that comes later and is too small does not end the service.
TEST_F(CliServeLosses, ReplicasGoOnWithoutOneThatIsTooSmall) {
  const std::string listen = workers_["w0"]->address;
  workers_["w0"]->process.end(SIGKILL);
  const auto service = serve({"--replicas"});
  EXPECT_EQ(ask(0), 200);
  const RunningWorker small(shop_, {"--insecure", "--name", "small", "--ram",
                                    "400", "--listen", listen});
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(ask(static_cast<size_t>(i) % kAsked), 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(status()["nodes"][0]["state"], "lost");
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServeLosses, WhatNoReplicaCanDoIsRefused) {
  shop_.write("keeps.tflite", keeping_model());
  const RunningWorker tiny(shop_,
                           {"--insecure", "--name", "tiny", "--ram", "400"});
  const std::string all = workers_["w0"]->address + "," + tiny.address;
  const struct {
    std::string model;
    std::vector<std::string> flags;
    int code;
    std::string says;
  } cases[] = {
      {"m.tflite", {"--workers", all}, 3, tiny.address + " alone: "},
      {"m.tflite", {}, 2, "none is named"},
      {"m.tflite",
       {"--workers", workers_["w0"]->address + "," + workers_["w0"]->address},
       2,
       "two workers have one address"},
      {"m.tflite", {"--workers", all, "--model", "a=m.tflite"}, 2, "one model"},
      {"m.tflite", {"--workers", all, "--state", "lose"}, 2, "sequence"},
      {"m.tflite", {"--workers", all, "--on-loss", "wait"}, 2, "another"},
      {"m.tflite", {"--workers", all, "--spares", all}, 2, "do without"},
      {"keeps.tflite",
       {"--workers", workers_["w0"]->address},
       2,
       "keeps variables"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> flags{"serve",       c.model,      "--http",
                                   "127.0.0.1:0", "--insecure", "--replicas"};
    flags.insert(flags.end(), c.flags.begin(), c.flags.end());
    const Told told = shop_.shoal(flags);
    EXPECT_EQ(told.code, c.code) << c.says << told.err;
    EXPECT_NE(told.err.find(c.says), std::string::npos) << told.err;
  }
}

}  // namespace
}  // namespace shoal
