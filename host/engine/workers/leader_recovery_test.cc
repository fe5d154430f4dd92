// A leader and its nodes in virtual time: nodes die, start again and come back
// at any moment, on networks that lose datagrams, and each frame has the bytes
// that it would have had.
#include <gtest/gtest.h>
#include <mbedtls/sha256.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>

#include "device/storage/program_memory.h"
#include "host/engine/coordinator/testing/cluster_run.h"
#include "host/engine/workers/leader_image.h"

namespace shoal {
namespace {

constexpr uint64_t kSecond = 1'000'000;

// The memory of a node's programs, which outlives its starts.
struct Kept {
  explicit Kept(uint32_t bytes) : room(bytes / 16 + 1) {
    memory.open(reinterpret_cast<uint8_t*>(room.data()), bytes);
  }
  struct alignas(16) Block {
    uint8_t bytes[16];
  };
  std::vector<Block> room;
  ProgramMemory memory;
};

// The plans of that many equal nodes, sought once.
struct Planned {
  Planned(int nodes, const std::string& strategy) {
    PlanRequest request = linked_nodes(
        uniform_cluster(nodes, find_board("host"), std::nullopt), strategy);
    request.max_payload = 1472;
    prepared = prepare(small_graph(), request);
    FallbackPlans plans(prepared.graph, std::nullopt);
    plans.keep(request, prepared.plan);
    plans.make(request);
    fallbacks = plans.made().value();
  }
  Prepared prepared;
  Fallbacks fallbacks;
};
const Planned& planned(int nodes, const std::string& strategy) {
  static std::map<std::pair<int, std::string>, Planned> all;
  return all.try_emplace({nodes, strategy}, nodes, strategy).first->second;
}

struct Said {
  LeaderEvent event;
  uint32_t frame;
  std::string name;
  uint64_t at_us;
};

class Led {
 public:
  explicit Led(int nodes, unsigned seed, bool insecure = false,
               const std::string& strategy = "spatial")
      : c(seed),
        planned_(planned(nodes, strategy)),
        p(planned_.prepared),
        input_(noise_bytes(kSmallInput, seed)) {
    c.config.insecure = c.options.insecure = insecure;
    for (int i = 0; i <= nodes; ++i) {
      c.options.programs = &kept_.emplace_back(256 * 1024).memory;
      if (i == nodes) {
        c.options.said = [this](const LeaderSaid& s) { hear(s); };
      }
      c.add_node();
    }
    leader_ = c.addresses.back();
    c.addresses.pop_back();
    exact_ = oracle_output(p.graph, input_);
  }

  // Deploys as `shoal deploy --leader` does; the coordinators are gone then.
  void deploy(bool with_fallbacks = true, uint32_t every_ms = 20) {
    ASSERT_TRUE(c.connect());
    LeaderFacts facts;
    facts.input = input_;
    facts.every_ms = every_ms;
    facts.lease_ms = 5000;
    for (const WorkerAddress& a : c.addresses) {
      facts.addresses.push_back(a.address);
    }
    if (with_fallbacks) facts.fallbacks = planned_.fallbacks;
    for (size_t lost = 0; lost < facts.fallbacks.size(); ++lost) {
      hold(*facts.fallbacks[lost], lost);
    }
    image_ = leader_image(p, facts);
    CoordinatorConfig config = c.config;
    config.transport = &c.net.end(99);
    config.number = c.coordinator->number();
    Coordinator own(config);
    own.connect({leader_});
    const auto run_until = [&](const std::function<bool()>& done) {
      ASSERT_TRUE(c.run([&] {
        own.poll();
        return done();
      }));
    };
    run_until([&] { return own.connected(); });
    EXPECT_LE(leader_arena_bytes(image_), own.identity(0).facts.arena_bytes);
    int open = 0;
    bool held = false;
    const auto ask = [&](Request r, std::vector<uint8_t> data) {
      ++open;
      own.ask(0, r, std::move(data),
              [&, r](Reply reply, std::span<const uint8_t> data) {
                --open;
                EXPECT_EQ(reply, Reply::kOk);
                if (r == Request::kBegin && data[0] == 1) held = true;
              });
    };
    const auto answered = [&] { return open == 0; };
    BeginRequest begin{static_cast<uint32_t>(image_.size()), {}};
    mbedtls_sha256_ret(image_.data(), image_.size(), begin.hash, 0);
    ask(Request::kBegin, bytes_of(begin));
    run_until(answered);
    for (uint32_t at = 0; !held && at < image_.size(); at += 500) {
      std::vector<uint8_t> piece = bytes_of(at);
      const size_t end = std::min<size_t>(image_.size(), at + 500);
      piece.insert(piece.end(), image_.begin() + at, image_.begin() + end);
      ask(Request::kWrite, std::move(piece));
    }
    ask(Request::kEnd, {});
    run_until(answered);
    c.coordinator->deploy(p, Then::kHandOver, leader_.address);
    run_until([&] { return c.coordinator->stopped(); });
    const CoordinatorPlace place = c.coordinator->place();
    const auto all = static_cast<uint16_t>(place.peers.size());
    for (uint16_t i = 0; i < all; ++i) {
      std::vector<uint8_t> data =
          bytes_of(PeersRequest{place.epoch, kCoordinator, i, 1, 0});
      const auto grant = bytes_of(place.peers[i]);
      data.insert(data.end(), grant.begin(), grant.end());
      ask(Request::kPeers, std::move(data));
    }
    ask(Request::kStart,
        bytes_of(StartRequest{place.epoch, kCoordinator, all}));
    run_until(answered);
    c.coordinator.reset();
  }

  NodeAgent& agent() { return c.nodes.back()->agent; }
  // The node has nothing but its programs.
  void restart(size_t node) { c.nodes[node]->restart(); }
  // It does not even have these.
  void forget(size_t node) {
    Kept& kept = kept_[node];
    kept.memory = {};
    kept.memory.open(reinterpret_cast<uint8_t*>(kept.room.data()), 256 * 1024);
    c.nodes[node]->restart();
  }
  bool run_for(uint64_t us) {
    c.run([] { return false; }, us);
    return agent().state() == AgentState::kRunning;
  }
  bool run_frames(uint32_t more, uint64_t limit_us = 60 * kSecond) {
    const uint32_t until = frames + more;
    return c.run([&] { return frames >= until; }, limit_us);
  }
  // Waits until the leader has told this of the node.
  bool run_until(LeaderEvent event, const std::string& name,
                 uint64_t limit_us = 30 * kSecond) {
    return c.run([&] { return has_told(event, name); }, limit_us);
  }
  bool has_told(LeaderEvent event, const std::string& name) const {
    return std::ranges::any_of(told, [&](const Said& s) {
      return s.event == event && s.name == name;
    });
  }

  TestCluster c;
  const Planned& planned_;
  const Prepared& p;
  std::vector<Said> told;  // without classes
  uint32_t frames = 0;     // exact ones, counted from 0

 private:
  template <class T>
  static std::vector<uint8_t> bytes_of(const T& value) {
    std::vector<uint8_t> data(sizeof value);
    std::memcpy(data.data(), &value, sizeof value);
    return data;
  }
  void hold(const Fallback& f, size_t lost) {
    Prepared round;
    round.plan.linked = true;
    round.plan.nodes.resize(c.addresses.size());
    round.images.resize(c.addresses.size());
    for (size_t i = 0; i < c.addresses.size(); ++i) {
      if (i == lost) continue;
      const size_t role = i < lost ? i : i - 1;
      round.plan.nodes[i] = f.plan.nodes[role];
      round.images[i] = f.images[role];
    }
    c.coordinator->deploy(round, Then::kHold);
    ASSERT_TRUE(c.run([&] { return c.coordinator->deployed(); }));
  }
  void hear(const LeaderSaid& s) {
    if (s.event != LeaderEvent::kClass) {
      told.push_back({s.event, s.frame, s.name, c.net.now_us});
      return;
    }
    EXPECT_EQ(s.frame, frames);
    EXPECT_EQ(std::vector<uint8_t>(s.output, s.output + s.output_bytes), exact_)
        << "frame " << s.frame;
    ++frames;
  }

  std::deque<Kept> kept_;
  WorkerAddress leader_;
  std::vector<uint8_t> input_, exact_, image_;
};

TEST(LeaderRecovery, WithoutFaultsNothingIsTold) {
  for (const bool insecure : {false, true}) {
    Led led(3, 1, insecure);
    led.deploy();
    EXPECT_TRUE(led.run_frames(200));
    EXPECT_TRUE(led.told.empty());
  }
}

TEST(LeaderRecovery, ANodeThatDiesIsSeenWithinItsBound) {
  for (size_t lost : {0u, 1u, 2u}) {
    SCOPED_TRACE(lost);
    Led led(3, 2);
    led.deploy();
    ASSERT_TRUE(led.run_frames(3));
    led.c.nodes[lost]->silent = true;
    const uint64_t died = led.c.net.now_us;
    const std::string name = "node" + std::to_string(lost);
    ASSERT_TRUE(led.run_until(LeaderEvent::kWithout, name));
    // Three heartbeats; it may die between two frames.
    EXPECT_LE(led.c.net.now_us - died, 20'000 + 300'000 + 100'000u);
    EXPECT_TRUE(led.run_frames(20, 2 * kSecond));
    EXPECT_EQ(led.told.size(), 1u);
  }
}

// At any moment of a frame, with losses and without.
TEST(LeaderRecovery, AFrameIsExactWheneverItsNodeDies) {
  for (const double loss : {0.0, 0.05}) {
    for (unsigned moment = 0; moment < 60; ++moment) {
      SCOPED_TRACE(std::to_string(moment) + ", loss " + std::to_string(loss));
      Led led(3, 100 + moment, moment % 2 == 0);
      led.deploy(true, 1);
      led.c.net.loss = loss;
      ASSERT_TRUE(led.run_frames(2));
      ASSERT_TRUE(led.run_for(1 + 73 * moment));
      const size_t lost = moment % 3;
      led.c.nodes[lost]->silent = true;
      EXPECT_TRUE(led.run_frames(5));
      EXPECT_TRUE(
          led.has_told(LeaderEvent::kWithout, "node" + std::to_string(lost)));
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(LeaderRecovery, ANodeThatIsBackIsTakenIn) {
  Led led(3, 4);
  led.deploy();
  ASSERT_TRUE(led.run_frames(3));
  for (int i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    led.told.clear();
    led.c.nodes[1]->silent = true;
    ASSERT_TRUE(led.run_until(LeaderEvent::kWithout, "node1"));
    EXPECT_TRUE(led.run_frames(5));
    led.restart(1);
    led.c.nodes[1]->silent = false;
    // The more often it was lost, the later it is asked.
    ASSERT_TRUE(led.run_until(LeaderEvent::kWith, "node1"));
    EXPECT_TRUE(led.run_frames(5));
    EXPECT_EQ(led.told.size(), 2u);
  }
}

// It answers all the time, and has nothing of its run.
TEST(LeaderRecovery, ANodeThatStartsAgainInAFrameIsStarted) {
  for (unsigned moment = 0; moment < 30; ++moment) {
    SCOPED_TRACE(moment);
    Led led(3, 200 + moment);
    led.deploy(true, 1);
    ASSERT_TRUE(led.run_frames(2));
    ASSERT_TRUE(led.run_for(1 + 97 * moment));
    led.restart(moment % 3);
    EXPECT_TRUE(led.run_frames(20, 5 * kSecond));
    EXPECT_TRUE(led.told.empty());
    if (testing::Test::HasFailure()) return;
  }
}

// A worker process that starts again has no program: only a computer helps.
TEST(LeaderRecovery, ANodeThatLacksItsProgramIsLeftOut) {
  Led led(3, 5);
  led.deploy();
  ASSERT_TRUE(led.run_frames(3));
  led.forget(2);
  ASSERT_TRUE(led.run_until(LeaderEvent::kWithout, "node2"));
  EXPECT_TRUE(led.run_frames(100));
  EXPECT_TRUE(led.has_told(LeaderEvent::kLacks, "node2"));
  EXPECT_EQ(led.told.size(), 2u);
}

TEST(LeaderRecovery, WithoutAPlanTheFrameWaitsForItsNodes) {
  Led led(3, 6);
  led.deploy();
  ASSERT_TRUE(led.run_frames(3));
  led.c.nodes[0]->silent = led.c.nodes[2]->silent = true;
  ASSERT_TRUE(led.run_until(LeaderEvent::kWaits, "node0"));
  const uint32_t before = led.frames;
  ASSERT_TRUE(led.run_for(20 * kSecond));
  EXPECT_EQ(led.frames, before);
  EXPECT_TRUE(led.has_told(LeaderEvent::kWaits, "node2"));
  EXPECT_EQ(led.told.size(), 2u);
  // With one of them it goes on.
  led.c.nodes[2]->silent = false;
  ASSERT_TRUE(led.run_until(LeaderEvent::kWithout, "node0"));
  EXPECT_TRUE(led.run_frames(5));
  led.c.nodes[0]->silent = false;
  ASSERT_TRUE(led.run_until(LeaderEvent::kWith, "node0"));
  EXPECT_TRUE(led.run_frames(5));
}

TEST(LeaderRecovery, WithoutProgramsForALossItWaitsToo) {
  Led led(2, 7);
  led.deploy(false);
  ASSERT_TRUE(led.run_frames(3));
  led.c.nodes[1]->silent = true;
  ASSERT_TRUE(led.run_until(LeaderEvent::kWaits, "node1"));
  led.restart(1);
  led.c.nodes[1]->silent = false;
  EXPECT_TRUE(led.run_frames(5));
}

// A false alarm costs a repeated frame, never a byte.
TEST(LeaderRecovery, LossAndDisorderCostTimeAtMost) {
  Led led(4, 8);
  led.deploy(true, 1);
  led.c.net.loss = 0.3;
  led.c.net.doubling = 0.2;
  led.c.net.jitter_us = 20'000;
  EXPECT_TRUE(led.run_frames(300, 3000 * kSecond));
}

// Five per cent are lost: no alarm at all.
TEST(LeaderRecovery, LossesAreNoAlarm) {
  Led led(4, 9);
  led.deploy(true, 1);
  led.c.net.loss = 0.05;
  int takes = 0;
  led.c.net.spy = [&](const LossyNet::Datagram& d) {
    Hello h{};
    if (d.bytes.size() == sizeof h && d.bytes[0] == 1) {
      std::memcpy(&h, d.bytes.data(), sizeof h);
      takes += (h.body.code & kTakeOver) != 0;
    }
    return true;
  };
  EXPECT_TRUE(led.run_frames(3000, 3000 * kSecond));
  EXPECT_TRUE(led.told.empty());
  EXPECT_EQ(takes, 0);
}

// The leader itself stands still for a while: nobody is given up.
TEST(LeaderRecovery, ALeaderThatStoppedHasNobodyToBlame) {
  Led led(3, 10);
  led.deploy(true, 1);
  for (unsigned i = 0; i < 20; ++i) {
    ASSERT_TRUE(led.run_frames(3));
    led.c.nodes.back()->silent = true;
    led.c.run([] { return false; }, 700'000 + 333 * i);
    led.c.nodes.back()->silent = false;
    ASSERT_TRUE(led.run_frames(3));
  }
  EXPECT_TRUE(led.told.empty());
}

// Nodes that answer, and with which nothing moves: each is left out in turn
// until the frame ends.
class LeaderRecoveryStanding : public testing::Test {
 protected:
  // Drops what `lost` says of the nodes from a moment of a frame on, and
  // returns which node is left out then.
  static std::string left_out(
      Led& led, unsigned moment,
      const std::function<bool(const LossyNet::Datagram&)>& lost) {
    led.deploy(true, 500);
    EXPECT_TRUE(led.run_frames(3));
    EXPECT_TRUE(led.run_for(500'000 - 2000 + 97 * moment));
    led.c.net.spy = [lost](LossyNet::Datagram& d) { return !lost(d); };
    EXPECT_TRUE(led.run_frames(3, 60 * kSecond));
    std::string name;
    for (const Said& s : led.told) {
      if (s.event == LeaderEvent::kWithout) name = s.name;
    }
    return name;
  }
  // Takes all nodes in again when nothing is lost any more.
  static void expect_all_again(Led& led, const std::string& name) {
    led.c.net.spy = nullptr;
    led.told.clear();
    EXPECT_TRUE(led.run_until(LeaderEvent::kWith, name, 100 * kSecond));
    EXPECT_TRUE(led.run_frames(5));
    EXPECT_EQ(led.told.size(), 1u);
  }
};

TEST_F(LeaderRecoveryStanding, ACutLinkTakesOneOfItsEndsOut) {
  for (unsigned moment = 0; moment < 24; ++moment) {
    SCOPED_TRACE(moment);
    Led led(3, 300 + moment, moment % 2 == 0, "kernel");
    const auto& streams = led.p.plan.streams;
    std::vector<std::pair<int, int>> links;
    for (const PlanStream& s : streams) {
      for (const auto& to : s.to) {
        if (s.from.node >= 0 && to.node >= 0)
          links.push_back({s.from.node, to.node});
      }
    }
    ASSERT_FALSE(links.empty());
    const auto [from, to] = links[moment % links.size()];
    const auto a = static_cast<uint64_t>(from) + 2;  // addresses
    const auto b = static_cast<uint64_t>(to) + 2;
    const std::string name =
        left_out(led, moment, [=](const LossyNet::Datagram& d) {
          return (d.from == a && d.to == b) || (d.from == b && d.to == a);
        });
    EXPECT_TRUE(name == "node" + std::to_string(a - 2) ||
                name == "node" + std::to_string(b - 2))
        << name;
    if (moment % 8 == 0) expect_all_again(led, name);
    if (testing::Test::HasFailure()) return;
  }
}

TEST_F(LeaderRecoveryStanding, ANodeThatAnswersAndSendsNothingIsLeftOut) {
  for (unsigned moment = 0; moment < 24; ++moment) {
    SCOPED_TRACE(moment);
    Led led(3, 400 + moment, moment % 2 == 0);
    const uint64_t hung = 2 + moment % 3;
    const std::string name =
        left_out(led, moment, [=](const LossyNet::Datagram& d) {
          return d.from == hung && d.bytes[0] == kDataKind;
        });
    EXPECT_EQ(name, "node" + std::to_string(hung - 2));
    if (moment % 8 == 0) expect_all_again(led, name);
    if (testing::Test::HasFailure()) return;
  }
}

// Nothing moves, whichever node is left out: each is tried for twice as long as
// the one before it, and is lost no more often for that.
TEST_F(LeaderRecoveryStanding, NodesThatAreTriedInVainKeepTheirLosses) {
  Led led(3, 500);
  led.deploy(true, 500);
  EXPECT_TRUE(led.run_frames(3));
  led.c.net.spy = [](const LossyNet::Datagram& d) {
    return d.bytes[0] != kDataKind;
  };
  EXPECT_TRUE(led.run_for(320 * kSecond));
  std::vector<std::string> tried;
  for (const Said& s : led.told) {
    if (s.event == LeaderEvent::kWithout) tried.push_back(s.name);
  }
  EXPECT_EQ(tried.size(), 5u);
  led.c.net.spy = nullptr;
  EXPECT_TRUE(led.run_frames(3));
  // One that was tried in vain is asked soon when it is lost.
  ASSERT_GE(tried.size(), 2u);
  const std::string& name = tried[tried.size() - 2];
  const auto node = static_cast<size_t>(name.back() - '0');
  led.c.nodes[node]->silent = true;
  EXPECT_TRUE(led.run_for(3 * kSecond));
  led.c.nodes[node]->silent = false;
  EXPECT_TRUE(led.run_frames(3, 8 * kSecond));
}

TEST(LeaderRecovery, ANodeThatIsTakenOverEndsIt) {
  Led led(3, 11);
  led.deploy();
  ASSERT_TRUE(led.run_frames(3));
  const auto addresses = led.c.addresses;
  led.c.config.take_over = true;
  led.c.addresses = {addresses[1]};
  ASSERT_TRUE(led.c.connect());
  ASSERT_TRUE(led.run_until(LeaderEvent::kTaken, "node1"));
  EXPECT_EQ(led.agent().state(), AgentState::kFaulted);
  ASSERT_TRUE(led.c.stop());
  // It leads again when it is told to.
  led.c.addresses = addresses;
  led.told.clear();
  led.frames = 0;
  led.deploy();
  EXPECT_TRUE(led.run_frames(5));
  EXPECT_TRUE(led.told.empty());
}

}  // namespace
}  // namespace shoal
