// Nodes and a coordinator joined by a network in memory that copies datagrams
// and may lose, double and delay them. Who does something next is drawn by lot
// among those who can: a node that waits is left alone until a datagram comes
// or its timer passes, so that what a node forgets to do shows as a run that
// never ends.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "device/link/cipher.h"
#include "device/link/link.h"
#include "device/runtime/node.h"
#include "device/runtime/testing/linked_programs.h"
#include "device/runtime/testing/run_program.h"

namespace shoal {

// Makes a node count as if `frames` frames had gone by; for programs of one
// stage. The numbers rise in steps, because what is kept for later is compared
// mod 2^32.
struct NodeProbe {
  static void start_at(shoal_node& n, uint32_t frames) {
    Node& node = *reinterpret_cast<Node*>(n.opaque);
    for (uint32_t part = 1; part <= 16; ++part) {
      node.state_.ports.frames = part < 16 ? frames / 16 * part : frames;
      node.link_->begin_stage();
    }
  }
};

}  // namespace shoal

namespace shoal::test {

struct ClusterOptions {
  int frames = 3;
  uint32_t first_frame = 0;
  unsigned seed = 1;
  uint32_t max_payload = 1472;
  int lost = 0, doubled = 0;  // of 100 datagrams
  int delay_us = 300;         // at most
  long max_steps = 400000;
  bool mapped = true;
  shoal_pair* pair = nullptr;  // of all nodes
  // Called with the node that ends the run.
  std::function<void(shoal_node&)> failed = {};
  const shoal_cipher* cipher = &checksum_only();
  std::function<void(uint16_t node, const Firing&)> observer;
  std::function<void(uint16_t node, AlignedBytes& image)> change;
};

class Network {
 public:
  explicit Network(const ClusterOptions& o) : options_(o), random_(o.seed) {}

  uint64_t now() const { return now_; }
  void pass(uint64_t us) { now_ += us; }
  uint32_t random() { return static_cast<uint32_t>(random_()); }
  bool chance(int percent) { return int(random_() % 100) < percent; }

  void send(uint64_t from, uint64_t to, const uint8_t* data, uint32_t bytes) {
    if (chance(options_.lost)) return;
    for (int copies = chance(options_.doubled) ? 2 : 1; copies > 0; --copies) {
      const uint64_t delay = random() % (uint32_t(options_.delay_us) + 1);
      flying_.push_back({now_ + delay, from, to, Bytes(data, data + bytes)});
    }
  }
  // When the next datagram arrives (at `to`), ~0: none is under way.
  uint64_t next(uint64_t to) const {
    uint64_t at = ~uint64_t{0};
    for (const Packet& p : flying_) {
      if (p.to == to) at = std::min(at, p.at);
    }
    return at;
  }
  uint32_t receive(uint64_t to, uint64_t* from, uint8_t* data) {
    for (size_t i = 0; i < flying_.size(); ++i) {
      const Packet& p = flying_[i];
      if (p.to != to || p.at > now_) continue;
      *from = p.from;
      const auto bytes = static_cast<uint32_t>(p.bytes.size());
      std::memcpy(data, p.bytes.data(), bytes);
      flying_.erase(flying_.begin() + long(i));
      return bytes;
    }
    return 0;
  }

 private:
  struct Packet {
    uint64_t at, from, to;
    Bytes bytes;
  };
  const ClusterOptions& options_;
  std::mt19937 random_;
  uint64_t now_ = 1;
  std::vector<Packet> flying_;
};

// A node's or the coordinator's end of the network.
class Socket {
 public:
  Socket(Network& net, uint64_t address, const std::vector<PeerEntry>& peers,
         const ClusterOptions& o)
      : net_(net), address_(address), packet_(o.max_payload) {
    transport_ = {this, o.max_payload, &send, &receive, &now};
    for (const PeerEntry& p : peers) {
      shoal_peer peer{};
      peer.address = address_of(p.node);
      peer.send_key[0] = key(address, peer.address);
      peer.receive_key[0] = key(peer.address, address);
      peers_.push_back(peer);
    }
    link = {&transport_, peers_.data(), o.cipher, 7, packet_.data(), 0, 0};
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  static uint64_t address_of(uint16_t node) { return node + 1u; }
  uint64_t next_datagram() const { return net_.next(address_); }

  shoal_link link;

 private:
  static uint8_t key(uint64_t from, uint64_t to) {
    return static_cast<uint8_t>(16 * from + to);
  }
  static Socket& of(void* user) { return *static_cast<Socket*>(user); }
  static int send(void* user, uint64_t to, const void* data, uint32_t bytes) {
    Socket& s = of(user);
    s.net_.send(s.address_, to, static_cast<const uint8_t*>(data), bytes);
    return 0;
  }
  static uint32_t receive(void* user, uint64_t* from, void* data, uint32_t) {
    Socket& s = of(user);
    return s.net_.receive(s.address_, from, static_cast<uint8_t*>(data));
  }
  static uint64_t now(void* user) { return of(user).net_.now(); }

  Network& net_;
  uint64_t address_;
  shoal_transport transport_;
  std::vector<shoal_peer> peers_;
  Bytes packet_;
};

class Party {
 public:
  virtual ~Party() = default;
  virtual Status step() = 0;
  virtual uint64_t timer() const = 0;
  virtual void receive(uint64_t from, uint8_t* data, uint32_t bytes) = 0;
  virtual Socket& socket() = 0;
  Status last = Status::kOk;
};

class NodeParty final : public Party {
 public:
  NodeParty(Network& net, const Bytes& image, uint16_t node,
            const std::vector<PeerEntry>& peers, const ClusterOptions& o)
      : image_(image),
        storage_(image, 1),
        socket_(net, Socket::address_of(node), peers, o) {
    if (o.change) o.change(node, image_);
    storage_.bytes() = image_.bytes();
    const auto* head = reinterpret_cast<const Header*>(image_.data());
    slots_ = head->image_bytes > head->program_bytes;
    arena_ = std::make_unique<Arena>(std::min(head->arena_bytes, kArenaCap));
    RunOptions most;
    most.arena_cap = kArenaCap;
    banks_ = std::make_unique<Banks>(image_.bytes(), most);
    config_.banks = banks_->table();
    config_.bank_count = kMaxBanks;
    store_ = storage_.interface();
    config_.image = o.mapped ? image_.data() : nullptr;
    config_.image_bytes = image_.size();
    config_.storage = &store_;
    config_.storage_bytes = image_.size();
    config_.link = &socket_.link;
    config_.pair = o.pair;
    if (o.observer) {
      observer_ = [&o, node](const Firing& f) { o.observer(node, f); };
      config_.tap = &call_observer;
      config_.tap_user = &observer_;
    }
    last = static_cast<Status>(
        shoal_open(&node_, &config_, arena_->data(), uint32_t(arena_->size())));
    if (o.first_frame) NodeProbe::start_at(node_, o.first_frame);
  }
  Status step() override { return static_cast<Status>(shoal_step(&node_)); }
  uint64_t timer() const override { return shoal_next_timer_us(&node_); }
  void receive(uint64_t from, uint8_t* data, uint32_t bytes) override {
    shoal_receive(&node_, from, data, bytes);
  }
  Socket& socket() override { return socket_; }
  bool spilled() { return arena_->spilled() || banks_->spilled(); }
  shoal_node& node() { return node_; }
  // Storage does not wake anybody.
  bool reads() const { return !config_.image || slots_; }

 private:
  static constexpr uint32_t kArenaCap = 1 << 16;

  AlignedBytes image_;
  SlowStorage storage_;
  FiringObserver observer_;
  Socket socket_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Banks> banks_;
  shoal_storage store_{};
  shoal_config config_{};
  shoal_node node_;
  bool slots_ = false;
};

// Sends every frame's inputs and takes its outputs, one frame at a time.
class CoordinatorParty final : public Party, private Streams {
 public:
  using Frames = std::vector<std::vector<Bytes>>;  // [input or output][frame]

  CoordinatorParty(Network& net, const CoordinatorTables& t,
                   const Frames& inputs, const std::vector<uint32_t>& outputs,
                   const ClusterOptions& o)
      : tables_(t),
        socket_(net, Socket::address_of(kCoordinator), t.peers, o),
        inputs_(inputs),
        frames_(uint32_t(o.frames)),
        first_(o.first_frame) {
    for (uint32_t bytes : outputs) {
      outputs_.emplace_back(frames_, Bytes(bytes));
    }
    placed_.resize(outputs.size());
    LinkCounts n;
    n.peers = uint32_t(t.peers.size());
    for (const PeerEntry& p : t.peers) n.windows += p.window;
    n.targets = n.stage_targets = uint32_t(t.targets.size());
    n.stage_streams = uint32_t(t.streams.size());
    memory_ = std::make_unique<AlignedBytes>(Bytes(link_layout(n).bytes));
    last = link_.open(socket_.link, *this, kCoordinator, t.peers.data(), n,
                      memory_->data());
    for (uint32_t part = 0; part < 16; ++part) begin(first_ / 16 * part);
    begin(first_);
  }
  Status step() override {
    if (!ended() && complete()) {
      ++frame_;
      if (!ended()) begin(first_ + frame_);
    }
    if (!ended()) link_.send(true);
    return Status::kWait;
  }
  bool ended() const { return frame_ == frames_; }
  uint64_t timer() const override { return link_.next_timer_us(); }
  void receive(uint64_t from, uint8_t* data, uint32_t bytes) override {
    if (link_.receive(from, data, bytes) != Status::kOk) ++refused_;
  }
  Socket& socket() override { return socket_; }
  const Frames& outputs() const { return outputs_; }

 private:
  uint32_t size(uint16_t target) const {
    return uint32_t(inputs_[target][0].size());
  }
  uint32_t start(uint32_t bytes) const { return (first_ + frame_) * bytes; }
  uint32_t end(uint16_t target) const {
    return start(size(target)) + size(target);
  }
  void begin(uint32_t number) {
    const auto in = uint16_t(tables_.streams.size());
    const auto out = uint16_t(tables_.targets.size());
    link_.begin_stage(
        {tables_.streams.data(), tables_.targets.data(), in, out, 0, 0});
    for (uint16_t i = 0; i < in; ++i) {
      placed_[i] = 0;
      link_.start_stream(i, number * uint32_t(outputs_[i][0].size()));
    }
    for (uint16_t t = 0; t < out; ++t) {
      link_.start_target(t, number * size(t));
    }
    link_.wake();
  }
  bool complete() const {
    for (uint16_t t = 0; t < inputs_.size(); ++t) {
      if (link_.acknowledged(t) != end(t)) return false;
    }
    for (size_t i = 0; i < placed_.size(); ++i) {
      if (placed_[i] != outputs_[i][frame_].size()) return false;
    }
    return true;
  }
  uint32_t ready(uint16_t target) const override { return end(target); }
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override {
    const uint32_t at = offset - start(size(target));
    std::memcpy(to, inputs_[target][frame_].data() + at, bytes);
  }
  void released(uint16_t, uint32_t) override {}
  uint32_t limit(uint16_t stream) const override {
    const auto bytes = uint32_t(outputs_[stream][0].size());
    return start(bytes) + bytes;
  }
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override {
    Bytes& to = outputs_[stream][frame_];
    const uint32_t at = offset - start(uint32_t(to.size()));
    if (at < placed_[stream] || at + bytes > to.size()) std::abort();
    std::memcpy(to.data() + at, from, bytes);
  }
  void arrived(uint16_t stream, uint32_t offset) override {
    const auto bytes = uint32_t(outputs_[stream][0].size());
    placed_[stream] = offset - start(bytes);
  }

  const CoordinatorTables tables_;
  Socket socket_;
  Frames inputs_, outputs_;
  std::vector<uint32_t> placed_;
  const uint32_t frames_, first_;
  uint32_t frame_ = 0, refused_ = 0;
  std::unique_ptr<AlignedBytes> memory_;
  Link link_;
};

struct ClusterResult {
  Status status = Status::kOk;  // of the node that failed; kWait: no end
  int node = -1;
  shoal_fault fault{};
  bool spilled = false;
  long steps = 0;
  CoordinatorParty::Frames outputs;
  std::vector<shoal_link_counters> counters;  // by node
};

// `images`: one per node. `outputs`: bytes of a frame of each.
inline ClusterResult run_images(const std::vector<Bytes>& images,
                                const CoordinatorTables& tables,
                                const CoordinatorParty::Frames& inputs,
                                const std::vector<uint32_t>& outputs,
                                const ClusterOptions& o) {
  Network net(o);
  std::vector<std::unique_ptr<NodeParty>> nodes;
  std::vector<Party*> parties;
  CoordinatorParty coordinator(net, tables, inputs, outputs, o);
  for (const Bytes& image : images) {
    const HeadView head = view_head(image.data());
    nodes.push_back(std::make_unique<NodeParty>(
        net, image, head.header->node,
        std::vector(head.peers, head.peers + head.header->peers), o));
    parties.push_back(nodes.back().get());
  }
  parties.push_back(&coordinator);
  ClusterResult result;
  const auto finish = [&](Status status, int node) {
    result.status = status, result.node = node;
    if (node >= 0) {
      shoal_node& of = nodes[size_t(node)]->node();
      result.fault = shoal_last_fault(&of);
      if (o.failed) o.failed(of);
    }
    for (auto& n : nodes) {
      result.spilled |= n->spilled();
      result.counters.push_back(shoal_read_counters(&n->node()).link);
    }
    result.outputs = coordinator.outputs();
    return result;
  };
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (failed(nodes[n]->last)) return finish(nodes[n]->last, int(n));
  }
  Bytes datagram(o.max_payload);
  while (!coordinator.ended()) {
    if (++result.steps > o.max_steps) return finish(Status::kWait, -1);
    // The parties that can do something, or the time when the next one can.
    std::vector<size_t> able;
    uint64_t next = ~uint64_t{0};
    for (size_t i = 0; i < parties.size(); ++i) {
      Party& p = *parties[i];
      const uint64_t at = std::min(p.timer(), p.socket().next_datagram());
      const bool reads = i < nodes.size() && nodes[i]->reads();
      if (p.last == Status::kOk || at <= net.now() || reads) able.push_back(i);
      next = std::min(next, at);
    }
    if (able.empty()) {
      if (next == ~uint64_t{0}) return finish(Status::kWait, -1);
      net.pass(next - net.now());
      continue;
    }
    net.pass(net.random() % 20);
    const size_t i = able[net.random() % able.size()];
    Party& p = *parties[i];
    const shoal_transport& t = *p.socket().link.transport;
    uint64_t from = 0;
    for (uint32_t k = net.random() % 4; k > 0; --k) {
      const uint32_t bytes =
          t.receive(t.user, &from, datagram.data(), o.max_payload);
      if (bytes == 0) break;
      p.receive(from, datagram.data(), bytes);
    }
    p.last = p.step();
    if (failed(p.last)) return finish(p.last, int(i));
  }
  return finish(Status::kOk, -1);
}

inline ClusterResult run_cluster(LinkedPrograms programs,
                                 const CoordinatorParty::Frames& inputs,
                                 const std::vector<uint32_t>& outputs,
                                 const ClusterOptions& o) {
  const CoordinatorTables tables = link_programs(programs);
  std::vector<Bytes> images;
  for (ProgramBuilder& p : programs.nodes) {
    p.mapped = o.mapped;
    images.push_back(p.build());
  }
  return run_images(images, tables, inputs, outputs, o);
}

}  // namespace shoal::test
