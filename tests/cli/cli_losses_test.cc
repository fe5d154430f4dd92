// Workers that are killed while frames run: with `--on-loss replan` every frame
// has its bytes; else the error names the node and the frame.
#include <gtest/gtest.h>
#include <sys/types.h>

#include <csignal>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "device/base/crc32c.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {
namespace {

constexpr int kInputs = 1000;

class CliLosses : public testing::Test {
 protected:
  CliLosses() {
    shop_.write("m.tflite", worker_model());
    std::filesystem::create_directory(shop_.folder() / "in");
    for (int i = 0; i < kInputs; ++i) {
      shop_.write("in/" + std::to_string(1000 + i) + ".bin",
                  noise<uint8_t>(16 * 12 * 3, static_cast<unsigned>(i)));
    }
    for (int i = 0; i < 4; ++i) {
      workers_.emplace_back(shop_,
                            std::vector<std::string>{"--insecure", "--name",
                                                     "w" + std::to_string(i)});
      addresses_ += (i > 0 ? "," : "") + workers_.back().address;
    }
  }

  // Runs all inputs again and again until `kills` workers were killed, one
  // after the other, in the midst of it; prints the outputs' checksums.
  Told run(const std::string& flags, const std::vector<pid_t>& kills) {
    std::string script =
        "$SHOAL run m.tflite in --output-dir out --insecure --workers " +
        addresses_ + " --strategy spatial --node-timeout 1 " + flags +
        " >told 2>&1 & run=$!\n"
        "seen() { [ $(ls out 2>/dev/null | wc -l) -ge $1 ]; }\n";
    int at = 40;
    for (const pid_t worker : kills) {
      script += "until seen " + std::to_string(at) +
                " || ! kill -0 $run; do sleep 0.01; done\nkill -9 " +
                std::to_string(worker) + "\n";
      at += 100;
    }
    return shop_.script(script + "wait $run; code=$?; cat told; exit $code");
  }

  void expect_exact_outputs() {
    const Told alone =
        shop_.shoal({"run", "m.tflite", "in", "--output-dir", "alone"});
    ASSERT_EQ(alone.code, 0) << alone.err;
    const Told same = shop_.script("diff -r out alone && ls out/*.npy | wc -l");
    EXPECT_EQ(same.code, 0) << same.out << same.err;
    EXPECT_EQ(same.out, std::to_string(kInputs) + "\n");
  }

  Workshop shop_;
  std::deque<RunningWorker> workers_;
  std::string addresses_;
};

TEST_F(CliLosses, FramesGoOnWithoutANodeThatIsKilled) {
  const Told told = run("--on-loss replan", {workers_[2].process.id()});
  EXPECT_EQ(told.code, 0) << told.out;
  EXPECT_NE(told.out.find("node w2 ("), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("going on with 3 nodes"), std::string::npos);
  expect_exact_outputs();
}

TEST_F(CliLosses, FramesGoOnWithTheLastNode) {
  const Told told = run("--on-loss replan",
                        {workers_[0].process.id(), workers_[3].process.id(),
                         workers_[1].process.id()});
  EXPECT_EQ(told.code, 0) << told.out;
  EXPECT_NE(told.out.find("going on with 1 node\n"), std::string::npos)
      << told.out;
  expect_exact_outputs();
}

TEST_F(CliLosses, WithoutANodeLeftTheFrameIsNamed) {
  std::vector<pid_t> all;
  for (const auto& worker : workers_) all.push_back(worker.process.id());
  const Told told = run("--on-loss replan", all);
  EXPECT_EQ(told.code, 6) << told.out;
  EXPECT_NE(told.out.find("no node is left; frame "), std::string::npos)
      << told.out;
}

// A worker that was never there is a wrong address, not a loss.
TEST_F(CliLosses, AnAddressWithoutAWorkerIsNoLoss) {
  workers_[1].process.end(SIGTERM);
  const Told told = run("--on-loss replan", {});
  EXPECT_EQ(told.code, 6) << told.out;
  EXPECT_NE(told.out.find("no answer within"), std::string::npos) << told.out;
  EXPECT_EQ(told.out.find("going on with"), std::string::npos) << told.out;
}

TEST_F(CliLosses, FailNamesTheFrame) {
  const Told told = run("--on-loss fail", {workers_[1].process.id()});
  EXPECT_EQ(told.code, 6) << told.out;
  EXPECT_NE(told.out.find("node w1 ("), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("has no answer"), std::string::npos) << told.out;
}

// There is no computer: one more worker starts the frames, and has the programs
// for a loss laid on the others beforehand.
TEST_F(CliLosses, ALeaderGoesOnWithoutANodeThatIsKilled) {
  ASSERT_EQ(
      shop_.shoal({"run", "m.tflite", "in/1000.bin", "-o", "one.out"}).code, 0);
  const std::vector<uint8_t> exact = shop_.read("one.out");
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x",
                crc32c(0, exact.data(), static_cast<uint32_t>(exact.size())));
  RunningWorker bell(shop_, {"--insecure", "--verbose"});
  const Told told = shop_.shoal(
      {"deploy", "m.tflite", "--workers", addresses_, "--insecure",
       "--strategy", "spatial", "--leader", bell.address, "--picture",
       "in/1000.bin", "--every", "0.001", "--node-timeout", "1"});
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(
      told.err.find("4 nodes hold 6 programs for the loss of any one of them"),
      std::string::npos)
      << told.err;
  EXPECT_NE(told.err.find("goes on without any one of its nodes"),
            std::string::npos)
      << told.err;
  int frame = 0;
  const auto expect_exact_frames = [&](int count, std::string line) {
    for (const int end = frame + count; frame < end; ++frame) {
      if (line.empty()) line = bell.process.line();
      ASSERT_EQ(line.rfind("frame " + std::to_string(frame) + ": class ", 0),
                0u)
          << line;
      ASSERT_NE(line.find(std::string(", CRC-32C ") + crc), line.npos) << line;
      line.clear();
    }
  };
  expect_exact_frames(50, "");
  const auto go_on_after = [&](int signal, const std::string& text) {
    kill(workers_[1].process.id(), signal);
    for (int i = 0; i < 100'000; ++i) {
      const std::string line = bell.process.line();
      if (line.ends_with(text)) return;
      expect_exact_frames(1, line);
      if (HasFatalFailure()) return;
    }
    FAIL() << "no '" << text << "'";
  };
  // One that hangs for a while comes back with its programs.
  go_on_after(SIGSTOP, " goes on without node w1");
  expect_exact_frames(50, "");
  go_on_after(SIGCONT, " goes on with node w1 again");
  expect_exact_frames(50, "");
  go_on_after(SIGKILL, " goes on without node w1");
  expect_exact_frames(50, "");
}

}  // namespace
}  // namespace shoal
