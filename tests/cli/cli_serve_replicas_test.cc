// `shoal serve --replicas`: each worker runs whole frames, and some of them die
// or come later.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/keeping_model.h"
#include "tests/cli/serve_losses.h"

namespace shoal {
namespace {

class CliServeReplicas : public ServeLosses {};

// Each worker runs whole frames.
TEST_F(CliServeReplicas, GoAndComeBack) {
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
TEST_F(CliServeReplicas, SayHowManyGoOn) {
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
TEST_F(CliServeReplicas, AReplicaThatHangsHoldsUpItsFrameAlone) {
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

TEST_F(CliServeReplicas, KeepTheOrderOfAPipe) {
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
TEST_F(CliServeReplicas, BeginWithoutThoseThatAreNotThere) {
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
TEST_F(CliServeReplicas, GoOnWithoutOneThatIsTooSmall) {
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

TEST_F(CliServeReplicas, WhatNoReplicaCanDoIsRefused) {
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
