// Nodes that hear each other by a radio with the limits of ESP-NOW: frames of
// 250 bytes to one receiver, some of which are lost. The coordinator reaches
// them over a line to a process that bridges.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <map>
#include <memory>
#include <random>

#include "device/transport/mac_bridge.h"
#include "host/engine/coordinator/testing/small_run.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/radio.h"
#include "host/engine/workers/testing/udp_worker.h"
#include "host/engine/workers/workers_engine.h"

namespace shoal {
namespace {

constexpr uint64_t kFirstMac = 0x246F28000000;

// A board's radio: a socket to the air.
class RadioOfNode final : public HostTransport {
 public:
  explicit RadioOfNode(int air)
      : air_(air), frames_({this, send_frame, HostTransport::now_us}) {
    transport_ = frames_.transport();
    transport_.user = this;
    transport_.now_us = HostTransport::now_us;
    transport_.send = [](void* self, uint64_t to, const void* d, uint32_t n) {
      const shoal_transport& t =
          static_cast<RadioOfNode*>(self)->frames_.transport();
      return t.send(t.user, to, d, n);
    };
    transport_.receive = [](void* self, uint64_t* from, void* d, uint32_t n) {
      auto& r = *static_cast<RadioOfNode*>(self);
      r.hear();
      const shoal_transport& t = r.frames_.transport();
      return t.receive(t.user, from, d, n);
    };
  }

 private:
  static bool send_frame(void* self, const uint8_t* mac, const void* data,
                         uint32_t bytes) {
    std::array<uint8_t, kRadioMacBytes + kRadioPayload> frame;
    std::copy_n(mac, kRadioMacBytes, frame.begin());
    std::copy_n(static_cast<const uint8_t*>(data), bytes,
                frame.begin() + kRadioMacBytes);
    return send(static_cast<RadioOfNode*>(self)->air_, frame.data(),
                kRadioMacBytes + bytes, MSG_DONTWAIT) > 0;
  }
  void hear() {
    std::array<uint8_t, 1024> frame;
    for (int i = 0; i < 8; ++i) {
      const ssize_t n = recv(air_, frame.data(), frame.size(), MSG_DONTWAIT);
      if (n <= ssize_t{kRadioMacBytes}) return;
      frames_.came(frame.data(), frame.data() + kRadioMacBytes,
                   static_cast<uint32_t>(n) - kRadioMacBytes);
    }
  }
  int descriptor() const override { return air_; }
  bool has_fetched() const override { return frames_.has_some(); }

  int air_;
  MacFrames frames_;
};

// Carries a frame to the one whose MAC it has, or loses it.
struct Air {
  Air(size_t boards, unsigned lost_per_mille) : lost(lost_per_mille) {
    for (size_t i = 0; i < boards; ++i) {
      int ends[2];
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
      radio.push_back(ends[0]);
      here.push_back(ends[1]);
    }
  }
  [[noreturn]] void carry() {
    std::vector<pollfd> waiting;
    for (const int end : here) waiting.push_back({end, POLLIN, 0});
    for (;;) {
      poll(waiting.data(), waiting.size(), -1);
      for (size_t from = 0; from < here.size(); ++from) pass(from);
    }
  }
  void pass(size_t from) {
    std::array<uint8_t, 1024> frame;
    const ssize_t n =
        recv(here[from], frame.data(), frame.size(), MSG_DONTWAIT);
    if (n <= ssize_t{kRadioMacBytes} ||
        n > ssize_t{kRadioMacBytes + kRadioPayload} || random() % 1000 < lost) {
      return;
    }
    const uint64_t to = mac_address(frame.data()) - kFirstMac;
    if (to >= here.size()) return;
    write_mac(kFirstMac + from, frame.data());
    send(here[to], frame.data(), static_cast<size_t>(n), MSG_DONTWAIT);
  }
  std::vector<int> radio, here;
  unsigned lost;
  std::mt19937 random{1};
};

// The board with number 0: its line, and its radio.
[[noreturn]] void bridge(int line, int air) {
  RadioOfNode radio(air);
  BridgeLine to_computer({&line,
                          [](void* self, const void* data, uint32_t bytes) {
                            const ssize_t n =
                                write(*static_cast<int*>(self), data, bytes);
                            return n > 0 ? static_cast<uint32_t>(n) : 0;
                          },
                          [](void* self, void* to, uint32_t capacity) {
                            const ssize_t n =
                                read(*static_cast<int*>(self), to, capacity);
                            return n > 0 ? static_cast<uint32_t>(n) : 0;
                          }});
  for (;;) {
    if (pass_on(to_computer, radio.transport())) continue;
    pollfd waiting[] = {{line, POLLIN, 0}, {air, POLLIN, 0}};
    poll(waiting, 2, to_computer.has_more_to_send() ? 1 : 1000);
  }
}

class RadioProcesses : public testing::TestWithParam<unsigned> {};

TEST_P(RadioProcesses, FourNodesGiveTheSameBytes) {
  constexpr size_t kNodes = 4;
  Air air(kNodes + 1, GetParam());
  const int line = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_EQ(grantpt(line), 0);
  ASSERT_EQ(unlockpt(line), 0);
  const std::string device = ptsname(line);
  RadioTransport radio(device);  // raw from here on
  std::vector<std::unique_ptr<Child>> processes;
  processes.push_back(std::make_unique<Child>([&]() -> int { air.carry(); }));
  processes.push_back(
      std::make_unique<Child>([&]() -> int { bridge(line, air.radio[0]); }));
  std::vector<WorkerAddress> addresses;
  for (size_t i = 1; i <= kNodes; ++i) {
    processes.push_back(std::make_unique<Child>([&] {
      RadioOfNode node(air.radio[i]);
      return serve(worker_options(static_cast<int>(i)), node);
    }));
    addresses.push_back(
        {"espnow:" + device + "#" + std::to_string(i), kFirstMac + i, {}});
  }
  CoordinatorConfig config = config_of(radio);
  config.timeout_us = 5'000'000;
  Coordinator coordinator(std::move(config));
  coordinator.connect(addresses);
  drive(coordinator, radio, nullptr, [&] { return coordinator.connected(); });
  PlanRequest request =
      linked_nodes(cluster_of(coordinator, addresses, nullptr));
  request.max_payload = kRadioPayload;
  WorkersEngine engine(
      coordinator, radio,
      std::make_shared<const Prepared>(prepare(small_graph(), request)));
  const std::vector<uint8_t> input = noise_bytes(kSmallInput, 4);
  const std::vector<uint8_t> expected = oracle_output(small_graph(), input);
  int given = 0, answers = 0;
  engine.stream(
      [&]() -> std::optional<Bytes> {
        if (given++ == 10) return std::nullopt;
        return input;
      },
      [&](const Answer& a) {
        ++answers;
        EXPECT_EQ(a.output, expected);
      });
  EXPECT_EQ(answers, 10);
}
INSTANTIATE_TEST_SUITE_P(Lost, RadioProcesses, testing::Values(0u, 20u));

}  // namespace
}  // namespace shoal
