// A network in virtual time that loses, doubles and delays datagrams, and nodes
// and a coordinator on it. Everything is decided by one seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "device/agent/agent.h"
#include "host/base/shared_key.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/coordinator/coordinator.h"

namespace shoal {

class LossyNet {
 public:
  struct Datagram {
    uint64_t from, to;
    std::vector<uint8_t> bytes;
  };

  explicit LossyNet(unsigned seed) : random_(seed) {}

  double loss = 0, doubling = 0;
  uint64_t delay_us = 200, jitter_us = 0;
  uint32_t max_payload = 1472;
  uint64_t now_us = 1000;
  // Sees and may change every datagram that is sent; false: it is lost.
  std::function<bool(Datagram&)> spy;

  // The transport of the end with this address; lives as long as the net.
  const shoal_transport& end(uint64_t address) {
    auto& end = ends_[address];
    if (!end) end = std::make_unique<End>(this, address, max_payload);
    return end->transport;
  }
  void send(Datagram d) {
    if (spy && !spy(d)) return;
    if (chance(loss)) return;
    deliver(d);
    if (chance(doubling)) deliver(d);
  }
  // When the next datagram arrives.
  uint64_t next_us() const {
    return under_way_.empty() ? UINT64_MAX : under_way_.begin()->first;
  }
  void arrive() {
    while (!under_way_.empty() && under_way_.begin()->first <= now_us) {
      Datagram& d = under_way_.begin()->second;
      const auto at = ends_.find(d.to);
      if (at != ends_.end()) at->second->inbox.push_back(std::move(d));
      under_way_.erase(under_way_.begin());
    }
  }

 private:
  struct End {
    End(LossyNet* n, uint64_t a, uint32_t payload) : net(n), address(a) {
      transport = {this, payload, send, receive, clock};
    }
    static int send(void* self, uint64_t to, const void* bytes, uint32_t n) {
      const End& e = *static_cast<End*>(self);
      const auto* const from = static_cast<const uint8_t*>(bytes);
      e.net->send({e.address, to, {from, from + n}});
      return 0;
    }
    static uint32_t receive(void* self, uint64_t* from, void* to,
                            uint32_t capacity) {
      End& e = *static_cast<End*>(self);
      if (e.inbox.empty()) return 0;
      const Datagram d = std::move(e.inbox.front());
      e.inbox.erase(e.inbox.begin());
      *from = d.from;
      const size_t n = std::min<size_t>(capacity, d.bytes.size());
      std::copy_n(d.bytes.begin(), n, static_cast<uint8_t*>(to));
      return static_cast<uint32_t>(n);
    }
    static uint64_t clock(void* self) {
      return static_cast<End*>(self)->net->now_us;
    }
    LossyNet* net;
    uint64_t address;
    shoal_transport transport;
    std::vector<Datagram> inbox;
  };

  bool chance(double p) {
    return p > 0 && std::uniform_real_distribution<>(0, 1)(random_) < p;
  }
  void deliver(const Datagram& d) {
    const uint64_t late = jitter_us ? std::uniform_int_distribution<uint64_t>(
                                          0, jitter_us)(random_)
                                    : 0;
    under_way_.emplace(now_us + delay_us + late, d);
  }

  std::mt19937 random_;
  std::map<uint64_t, std::unique_ptr<End>> ends_;
  std::multimap<uint64_t, Datagram> under_way_;
};

struct TestNodeOptions {
  std::string name = "node", board = "host";
  uint32_t arena_bytes = 64 * 1024, program_bytes = 256 * 1024;
  SharedKey key{};
  bool insecure = false;
  std::optional<SecretKey> identity;
  PublicKey coordinator{};  // with identities
  const DiffieHellman* dh = &x25519_mbedtls();
  KeyLimits key_limits;
  const shoal_transport* transport = nullptr;  // else the net's own
  // 16-byte aligned; outlives the node. Empty: it takes programs.
  std::span<const uint8_t> built_in;
  // Keeps its programs instead of memory; outlives the node.
  ProgramStore* programs = nullptr;
  bool seals_programs = false;
  shoal_pair* pair = nullptr;  // started; outlives the node
  bool one_core = false;
  bool hears_leader = true;  // what it says when it leads
  std::function<void(const LeaderSaid&)> said = [](const LeaderSaid&) {};
};

inline PublicKey public_key(const SecretKey& secret) {
  PublicKey out{};
  x25519_mbedtls().public_key(secret.data(), out.data());
  return out;
}

// One node: the agent with all of its memory.
class TestNode {
 public:
  TestNode(LossyNet& net, uint64_t address, const TestNodeOptions& options)
      : options_(options),
        random_(static_cast<unsigned>(address)),
        arena_(options.arena_bytes),
        program_(options.program_bytes),
        peers_(80) {
    config_.transport =
        options.transport ? options.transport : &net.end(address);
    config_.insecure = options.insecure;
    config_.cipher = options.insecure ? &checksum_only() : &chacha20_poly1305();
    if (!options.insecure) std::ranges::copy(options.key, config_.key);
    if (options.identity) {
      config_.dh = options.dh;
      config_.identity = &identity_;
      make_identity(*config_.dh, options.identity->data(),
                    options.coordinator.data(), identity_);
    }
    config_.key_limits = options.key_limits;
    config_.entropy = [](void* self, void* out, uint32_t bytes) {
      for (uint32_t i = 0; i < bytes; ++i) {
        static_cast<uint8_t*>(out)[i] =
            static_cast<uint8_t>(static_cast<TestNode*>(self)->random_());
      }
      return 0;
    };
    config_.entropy_user = this;
    config_.name = options_.name.c_str();
    config_.board = options_.board.c_str();
    config_.arena = arena_.data();
    config_.arena_bytes = arena_.bytes();
    config_.program = program_.data();
    config_.program_capacity = program_.bytes();
    if (!options_.built_in.empty()) {
      config_.program = nullptr;
      config_.built_in = options_.built_in.data();
      config_.built_in_bytes = static_cast<uint32_t>(options_.built_in.size());
    }
    config_.programs = options_.programs;
    config_.seals_programs = options_.seals_programs;
    config_.pair = options_.pair;
    config_.one_core = options_.one_core;
    config_.leader = make_leader;
    if (options_.hears_leader) {
      config_.said = [](void* self, const LeaderSaid& s) {
        static_cast<TestNode*>(self)->options_.said(s);
      };
      config_.said_user = this;
    }
    config_.peers = peers_.data();
    config_.max_peers = static_cast<uint16_t>(peers_.size());
    for (int i = 0; i < 3; ++i) {
      packets_[i].resize(net.max_payload);
      config_.packets[i] = packets_[i].data();
    }
    restart();
  }

  void restart(Fall why = Fall::kNotKnown, uint32_t at = 0) {
    config_.fell = why, config_.fell_at = at;
    agent = NodeAgent();
    opened_ = agent.open(config_) == Status::kOk;
  }
  bool opened() const { return opened_; }
  bool intact() const { return arena_.intact() && program_.intact(); }
  const std::vector<shoal_peer>& peers() const { return peers_; }

  NodeAgent agent;
  bool silent = false;  // as if it were stopped or gone

 private:
  TestNodeOptions options_;
  std::mt19937 random_;
  Arena arena_, program_;
  std::vector<shoal_peer> peers_;
  std::vector<uint8_t> packets_[3];
  Identity identity_{};
  AgentConfig config_;
  bool opened_ = false;
};

// A coordinator at address 1 and nodes at 2, 3, ...
class TestCluster {
 public:
  explicit TestCluster(unsigned seed, uint32_t max_payload = 1472)
      : net(seed), random_(seed + 1) {
    net.max_payload = max_payload;
    config.entropy = [this](std::span<uint8_t> out) {
      for (uint8_t& b : out) b = static_cast<uint8_t>(random_());
    };
    config.key.fill(7);
    options.key = config.key;
  }

  // From now on all have key pairs.
  void use_identities() {
    config.identity.emplace().fill(42);
    options.coordinator = public_key(*config.identity);
    with_identities_ = true;
  }
  TestNode& add_node() {
    if (with_identities_) {
      options.identity.emplace().fill(static_cast<uint8_t>(nodes.size() + 1));
    }
    options.name = "node" + std::to_string(nodes.size());
    return add_node(options);
  }
  TestNode& add_node(const TestNodeOptions& o) {
    const uint64_t address = nodes.size() + 2;
    nodes.push_back(std::make_unique<TestNode>(net, address, o));
    addresses.push_back({"at" + std::to_string(address), address, {}});
    if (o.identity) addresses.back().public_key = public_key(*o.identity);
    return *nodes.back();
  }
  Coordinator& coordinate() {
    config.transport = &net.end(1);
    config.name = "c" + std::to_string(++coordinators_);
    coordinator = std::make_unique<Coordinator>(config);
    coordinator->connect(addresses);
    return *coordinator;
  }

  // Lets time pass until `done`; false if `limit_us` of it have passed.
  bool run(const std::function<bool()>& done, uint64_t limit_us = 60'000'000) {
    const uint64_t end = net.now_us + limit_us;
    while (!done()) {
      net.arrive();
      uint64_t next = std::min(net.next_us(), end);
      for (auto& n : nodes) {
        if (n->silent) continue;
        for (int i = 0; n->agent.step() == Status::kOk; ++i) {
          if (i > 10'000'000) return false;
        }
        next = std::min(next, n->agent.next_timer_us());
      }
      if (coordinator) {
        coordinator->poll();
        next = std::min(next, coordinator->next_timer_us());
      }
      if (done()) return true;
      if (net.now_us >= end) return false;
      net.now_us = std::max(net.now_us + 1, std::min(next, net.next_us()));
    }
    return true;
  }
  bool connect() {
    coordinate();
    return run([this] { return coordinator->connected(); });
  }
  bool stop() {
    coordinator->stop();
    return run([this] { return coordinator->stopped(); });
  }

  LossyNet net;
  CoordinatorConfig config;
  TestNodeOptions options;
  std::vector<std::unique_ptr<TestNode>> nodes;
  std::vector<WorkerAddress> addresses;
  std::unique_ptr<Coordinator> coordinator;

 private:
  std::mt19937 random_;
  int coordinators_ = 0;
  bool with_identities_ = false;
};

}  // namespace shoal
