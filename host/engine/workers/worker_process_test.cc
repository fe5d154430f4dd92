// Nodes as processes of their own, over UDP on the loopback interface and
// over a serial line (a pty).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "host/base/error.h"
#include "host/engine/coordinator/testing/small_run.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/testing/udp_worker.h"
#include "host/engine/workers/udp.h"
#include "host/engine/workers/worker.h"
#include "host/engine/workers/workers_engine.h"

namespace shoal {
namespace {

const std::vector<uint8_t>& input() {
  static const std::vector<uint8_t> bytes = noise_bytes(kSmallInput, 4);
  return bytes;
}

struct Ran {
  Bytes output;
  double frame_seconds = 0;
};

Ran run_over(const HostTransport& transport,
             const std::vector<WorkerAddress>& workers, int frames) {
  Coordinator coordinator(config_of(transport));
  coordinator.connect(workers);
  try {
    drive(coordinator, transport, nullptr,
          [&] { return coordinator.connected(); });
  } catch (const Error&) {
    stop_all(coordinator, transport);
    throw;
  }
  const Cluster cluster = cluster_of(coordinator, workers, nullptr);
  PlanRequest request = linked_nodes(cluster);
  request.max_payload = transport.transport().max_payload;
  const Prepared p = prepare(small_graph(), request);
  WorkersEngine engine(coordinator, transport,
                       std::make_shared<const Prepared>(p));
  Ran ran;
  int given = 0;
  engine.stream(
      [&]() -> std::optional<Bytes> {
        if (given++ == frames) return std::nullopt;
        return input();
      },
      [&](const Answer& a) {
        EXPECT_TRUE(ran.output.empty() || ran.output == a.output);
        ran.output = a.output;
      });
  EXPECT_EQ(engine.report().frames, frames);
  ran.frame_seconds = engine.report().seconds / frames;
  return ran;
}

struct Workers {
  explicit Workers(int count) {
    for (int i = 0; i < count; ++i) {
      workers.push_back(std::make_unique<UdpWorker>(i));
      addresses.push_back(workers.back()->address);
    }
  }
  Ran run(int frames) const {
    const UdpTransport udp(parse_udp_address("127.0.0.1:0", ""));
    return run_over(udp, addresses, frames);
  }
  // When nobody has them any more.
  Ran run_when_free(int frames) const {
    for (;;) {
      try {
        return run(frames);
      } catch (const Error& e) {
        if (e.code() != Exit::kBusy) throw;
      }
      usleep(100'000);
    }
  }
  std::vector<std::unique_ptr<UdpWorker>> workers;
  std::vector<WorkerAddress> addresses;
};

std::vector<uint8_t> expected() {
  return oracle_output(small_graph(), input());
}

TEST(Processes, GiveTheSameBytesOverUdp) {
  for (const int count : {1, 2, 4}) {
    const Workers cluster(count);
    EXPECT_EQ(cluster.run(50).output, expected()) << count;
    EXPECT_EQ(cluster.run(3).output, expected()) << count << ", again";
  }
}

TEST(Processes, AWorkerEndsOnASignal) {
  Workers cluster(1);
  EXPECT_EQ(cluster.run(1).output, expected());
  cluster.workers[0]->process.signal(SIGTERM);
  EXPECT_EQ(cluster.workers[0]->process.wait(), 0);
}

TEST(Processes, AKilledOrStoppedWorkerIsNamed) {
  for (const int number : {SIGKILL, SIGSTOP}) {
    Workers cluster(2);
    const UdpTransport udp(parse_udp_address("127.0.0.1:0", ""));
    Child later([&] {
      usleep(300'000);
      cluster.workers[1]->process.signal(number);
      return 0;
    });
    try {
      cluster.run(100'000'000);
      FAIL() << "it ended";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode) << e.what();
      EXPECT_NE(std::string(e.what()).find("node w1 ("), std::string::npos)
          << e.what();
    }
    // The other one is ready for the next run.
    cluster.addresses.pop_back();
    EXPECT_EQ(cluster.run(2).output, expected());
  }
}

TEST(Processes, AnInterruptedRunLeavesWorkersReady) {
  Workers cluster(2);
  for (const int number : {SIGINT, SIGTERM, SIGKILL}) {
    Child run([&] {
      // Jobs in the background of a script have it ignored.
      std::signal(SIGINT, SIG_DFL);
      cluster.run(100'000'000);
      return 0;
    });
    usleep(2'000'000);  // deployed by then, also on a busy machine
    run.signal(number);
    const int status = run.wait();
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), number);
    // A killed process gives nothing back.
    if (number == SIGKILL) {
      EXPECT_THROW(cluster.run(3), Error);
      EXPECT_EQ(cluster.run_when_free(3).output, expected());
    }
    EXPECT_EQ(cluster.run(3).output, expected());
  }
}

TEST(StopSignals, WhatWasIgnoredStaysIgnored) {
  auto* const before = std::signal(SIGINT, SIG_IGN);
  {
    StopSignals signals;
    raise(SIGINT);
    EXPECT_FALSE(signals.asked());
    raise(SIGTERM);
    EXPECT_TRUE(signals.asked());
    signals.take();
    EXPECT_FALSE(signals.asked());
  }
  std::signal(SIGINT, before);
}

TEST(Processes, OneNodeAtTheEndOfASerialLine) {
  const int line = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(line, 0);
  ASSERT_EQ(grantpt(line), 0);
  ASSERT_EQ(unlockpt(line), 0);
  const std::string device = ptsname(line);
  const SerialTransport here(line);
  Child worker([&] {
    SerialTransport serial(device);
    return serve(worker_options(0), serial);
  });
  EXPECT_EQ(run_over(here, {{"serial:" + device, kSerialAddress}}, 20).output,
            expected());
}

}  // namespace
}  // namespace shoal
