// Coordinators that want the same workers, and how they leave them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/base/testing/noise.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"

namespace shoal {
namespace {

using Arguments = std::vector<std::string>;

class CliCoordinators : public testing::Test {
 protected:
  CliCoordinators() {
    shop_.write("m.tflite", worker_model());
    shop_.write("x.bin", noise<uint8_t>(16 * 12 * 3, 5));
  }

  static Arguments run(const std::string& workers, const Arguments& more) {
    Arguments all{"run", "m.tflite", "x.bin", "--workers", workers};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  const Workshop shop_;
};

// Whatever ends a command that can still do something gives its nodes back, so
// that the next one need not wait for a lease.
TEST_F(CliCoordinators, EveryEndGivesTheNodesBack) {
  const RunningWorker a(shop_, {"--insecure"}), b(shop_, {"--insecure"});
  const std::string workers = a.address + "," + b.address;
  const auto with = [&](const Arguments& more) {
    Arguments all = run(workers, {"--insecure"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const char* const asked = std::getenv("SHOAL_ENDS");
  const int rounds = asked ? std::atoi(asked) : 1;
  const auto is_busy = [&] { return shop_.shoal(with({})).code == 9; };
  // It waits, because a command that looks whether it runs may come first.
  const Arguments forever = with({"--frames", "100000000", "--wait", "60"});
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
      Background first(shop_, forever);
      for (int i = 0; i < 200 && !is_busy(); ++i) usleep(10'000);
      EXPECT_EQ(first.end(signal), 128 + signal);
      const Told next = shop_.shoal(with({}));
      EXPECT_EQ(next.code, 0) << "after signal " << signal << ": " << next.err;
    }
    Arguments ends = forever;
    ends.insert(ends.end(), {"--timeout", "1"});
    const Told late = shop_.shoal(ends);
    EXPECT_EQ(late.code, 8) << late.err;
    EXPECT_NE(late.err.find("ran past --timeout"), std::string::npos);
    EXPECT_EQ(shop_.shoal(with({})).code, 0) << "after --timeout";
  }
}

// Coordinators that start together may each get some of the nodes. One of them
// goes first and the others give way, so that one always runs; none leaves a
// lease. In every second round each wants two of the three nodes.
TEST_F(CliCoordinators, OneOfSeveralCoordinatorsRuns) {
  const RunningWorker a(shop_, {"--insecure"}), b(shop_, {"--insecure"}),
      c(shop_, {"--insecure"});
  const std::string ab = a.address + "," + b.address,
                    bc = b.address + "," + c.address,
                    ca = c.address + "," + a.address;
  const std::string wanted[][2] = {{ab + "," + c.address, ca + "," + b.address},
                                   {ab, ca}};
  const char* const asked = std::getenv("SHOAL_PAIRS");
  const int rounds = asked ? std::atoi(asked) : 4;
  ASSERT_EQ(shop_.shoal({"run", "m.tflite", "x.bin", "-o", "alone"}).code, 0);
  std::map<int, int> tally;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    std::deque<Background> all;
    const int count = 2 + round % 4;
    for (int i = 0; i < count; ++i) {
      const std::string out = "out" + std::to_string(i);
      std::filesystem::remove(shop_.path(out));
      const std::string& workers =
          round % 2 && i % 3 == 2 ? bc : wanted[round % 2][i % 2];
      all.emplace_back(shop_, run(workers, {"--insecure", "-o", out}));
    }
    int ran = 0;
    for (int i = 0; i < count; ++i) {
      const int code = all[static_cast<size_t>(i)].end(0);
      ++tally[code];
      EXPECT_TRUE(code == 0 || code == 9) << code;
      if (code != 0) continue;
      ++ran;
      EXPECT_EQ(shop_.read("out" + std::to_string(i)), shop_.read("alone"));
    }
    EXPECT_GE(ran, 1) << "round " << round << " of " << count;
    const Told next = shop_.shoal(run(ab + "," + c.address, {"--insecure"}));
    EXPECT_EQ(next.code, 0) << "round " << round << ": " << next.err;
  }
  std::printf("ends:");
  for (const auto& [code, n] : tally) std::printf(" %d of code %d", n, code);
  std::printf("\n");
}

// The plan of a long network takes many times as long as --timeout allows. A
// node that dies, or a signal, ends the search well before.
TEST_F(CliCoordinators, APlanIsNotSoughtAnyMoreForANodeThatDied) {
  ModelBuilder b;
  int x = b.input({1, 32, 32, 4}, {0.05f, -3});
  for (int layer = 0; layer < 300; ++layer) {
    const auto seed = static_cast<unsigned>(layer);
    const int w =
        b.weights({4, 3, 3, 4}, noise<int8_t>(144, seed), {0.004f}, 0);
    x = b.conv(x, w, -1, {0.05f, 2});
  }
  b.output(x);
  shop_.write("long.tflite", b.finish());
  shop_.write("long.bin", noise<uint8_t>(32 * 32 * 4, 5));
  std::vector<std::unique_ptr<RunningWorker>> workers;
  std::string addresses;
  for (int i = 0; i < 4; ++i) {
    workers.push_back(
        std::make_unique<RunningWorker>(shop_, Arguments{"--insecure"}));
    addresses += (i ? "," : "") + workers.back()->address;
  }
  const Arguments seek{"run",       "long.tflite", "long.bin",
                       "--workers", addresses,     "--insecure",
                       "--timeout", "15",          "--node-timeout",
                       "1",         "--wait",      "60"};
  const auto has_begun = [&] {
    const Told told =
        shop_.shoal({"discover", workers.back()->address, "--insecure"});
    return told.code == 9;
  };
  {
    Background interrupted(shop_, seek);
    for (int i = 0; i < 200 && !has_begun(); ++i) usleep(10'000);
    EXPECT_EQ(interrupted.end(SIGINT), 128 + SIGINT);
  }
  Background bereft(shop_, seek);
  for (int i = 0; i < 200 && !has_begun(); ++i) usleep(10'000);
  workers.back()->process.end(SIGKILL);
  EXPECT_EQ(bereft.end(0), 6);
}

}  // namespace
}  // namespace shoal
