// Links that talk to each other in virtual time: nodes with byte streams
// between them, stages that nodes enter when they come to it, and a channel
// that loses, repeats, delays and reorders. Streams check what they are given:
// every byte once, the right one; nothing is read that was released.
//
//   World world(topology, channel, seed);
//   ASSERT_TRUE(world.run(seconds)) << world.state();
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "device/link/cipher.h"
#include "device/link/link.h"

namespace shoal::test {

using Bytes = std::vector<uint8_t>;

// A stream from one node's stage to another's.
struct Edge {
  int from = 0, to = 1;
  int from_stage = 0, to_stage = 0;
  uint32_t bytes = 1000;  // of a frame
  uint32_t from_ring = 500, to_ring = 500;
  // Its ring is the receiver's in the stage before as well: bytes may come
  // then, as many as the ring has.
  bool comes_early = false;
};

struct Topology {
  int nodes = 2, stages = 1, frames = 1;
  uint16_t window = 8;
  uint32_t gaps = 0;
  // The numbers with which the first frame begins, so that they may wrap.
  uint32_t first_offset = 0;
  uint64_t first_packet = 0;
  uint64_t key_packets = 0, key_us = 0;  // as in shoal_link
  std::vector<Edge> edges;
};

struct Channel {
  double loss = 0, duplication = 0, reordering = 0;
  double refusal = 0;  // of the sender's own transport
  uint32_t latency_us = 200;
  uint32_t max_payload = 1472;
  const shoal_cipher* cipher = &checksum_only();
};

struct Datagram {
  uint64_t at_us = 0, order = 0;
  uint64_t from = 0;  // address
  int to = 0;
  Bytes bytes;
  bool operator<(const Datagram& d) const {
    return at_us != d.at_us ? at_us > d.at_us : order > d.order;
  }
};

inline uint8_t stream_byte(int edge, uint32_t offset) {
  uint32_t v = (offset + static_cast<uint32_t>(edge) * 977u) * 2654435761u;
  return static_cast<uint8_t>(v >> 24 ^ v >> 11);
}

inline int32_t ahead(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b);
}

class World;

// One node: the streams of its stage, and its link.
class Node : public Streams {
 public:
  // One end of an edge in the stage under way.
  struct End {
    int edge = 0;
    uint32_t ring = 0, frame_end = 0;
    uint32_t made = 0, released = 0;    // sender
    uint32_t placed = 0, consumed = 0;  // receiver: all before these
    std::set<uint32_t> early;           // placed behind a gap
    bool comes_early = false;
  };

  Node(World& world, int number);

  uint32_t ready(uint16_t target) const override { return outs[target].made; }
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override {
    const End& e = outs[target];
    EXPECT_GE(ahead(offset, e.released), 0) << "released bytes are read";
    EXPECT_LE(ahead(offset + bytes, e.made), 0);
    for (uint32_t i = 0; i < bytes; ++i)
      to[i] = stream_byte(e.edge, offset + i);
  }
  void released(uint16_t target, uint32_t offset) override {
    End& e = outs[target];
    EXPECT_GT(ahead(offset, e.released), 0);
    EXPECT_LE(ahead(offset, e.made), 0);
    e.released = offset;
  }
  uint32_t limit(uint16_t stream) const override {
    const End& e = ins[stream];
    if (stream >= in_streams && !e.comes_early) return e.consumed;
    const uint32_t limit = e.consumed + e.ring;
    return ahead(limit, e.frame_end) > 0 ? e.frame_end : limit;
  }
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override {
    End& e = ins[stream];
    EXPECT_GE(ahead(offset, e.placed), 0);
    EXPECT_GT(bytes, 0u);
    EXPECT_LE(ahead(offset + bytes, limit(stream)), 0);
    for (uint32_t i = 0; i < bytes; ++i) {
      ASSERT_EQ(from[i], stream_byte(e.edge, offset + i)) << offset + i;
      ASSERT_TRUE(e.early.insert(offset + i).second) << "placed twice";
    }
    placed_bytes += bytes;
    if (stream >= in_streams) early_bytes += bytes;
  }
  void arrived(uint16_t stream, uint32_t offset) override {
    End& e = ins[stream];
    EXPECT_GT(ahead(offset, e.placed), 0);
    for (; e.placed != offset; ++e.placed) {
      ASSERT_EQ(e.early.erase(e.placed), 1u) << e.placed << " is missing";
    }
  }

  void enter(int stage, int frame);
  bool stage_done() const;
  // Makes and consumes some bytes; whether there was anything to do.
  bool work(std::mt19937& random);
  uint32_t peer_index(int node) const;

  // In-streams of the next stage, if one of them comes early, behind those of
  // this one.
  std::vector<End> ins, outs;
  uint32_t in_streams = 0;
  Link link;
  shoal_link config{};
  shoal_transport transport{};
  std::vector<shoal_peer> peers;
  std::vector<PeerEntry> entries;
  LinkCounts counts;
  Bytes packet;
  std::vector<uint64_t> tables;
  int number;
  int stage = 0, frame = 0;
  bool finished = false;
  uint64_t wake_us = 0, placed_bytes = 0;
  uint64_t early_bytes = 0;  // placed before their stage
  std::vector<Datagram> inbox;

  PeerState& peer_state(uint16_t peer) {
    return reinterpret_cast<PeerState*>(table_bytes() +
                                        link_layout(counts).peers)[peer];
  }
  uint8_t* table_bytes() { return reinterpret_cast<uint8_t*>(tables.data()); }

 private:
  // In-streams of a stage; what the link is to have tables for of the next.
  uint32_t count_in(int of_stage) const;
  uint32_t count_early(int of_stage) const;
  void add_in(int of_stage, std::vector<StreamRecord>&);

  World& world_;
  std::vector<StreamRecord> streams_, next_;
  std::vector<TargetRecord> targets_;
};

class World {
 public:
  World(const Topology& topology, const Channel& channel, uint32_t seed)
      : topology(topology), channel(channel), random(seed) {
    number_edges();
    for (int i = 0; i < topology.nodes; ++i) {
      nodes.push_back(std::make_unique<Node>(*this, i));
    }
  }

  // Returns whether all nodes came to their end in time.
  bool run(double seconds) {
    const uint64_t end = static_cast<uint64_t>(seconds * 1e6);
    for (auto& n : nodes) {
      if (!n->finished && n->ins.empty() && n->outs.empty()) n->enter(0, 0);
    }
    while (now < end && !::testing::Test::HasFatalFailure()) {
      uint64_t next = Link::kNever;
      bool all = true;
      for (const auto& n : nodes) {
        next = std::min(next, n->wake_us);
        all &= n->finished;
      }
      if (all) return true;
      if (!flying.empty()) next = std::min(next, flying.top().at_us);
      if (next == Link::kNever) return false;  // all wait
      now = std::max(now, next);
      while (!flying.empty() && flying.top().at_us <= now) {
        Node& to = *nodes[static_cast<size_t>(flying.top().to)];
        to.inbox.push_back(flying.top());
        flying.pop();
      }
      for (auto& n : nodes) {
        if (!n->inbox.empty() || n->wake_us <= now) step(*n);
      }
    }
    return false;
  }

  void step(Node& n) {
    for (Datagram& d : n.inbox) {
      (void)n.link.receive(d.from, d.bytes.data(),
                           static_cast<uint32_t>(d.bytes.size()));
    }
    n.inbox.clear();
    bool worked = n.work(random);
    if (worked) n.link.wake();
    n.link.send(!worked);
    while (!n.finished && n.stage_done()) {
      worked = true;
      if (n.stage + 1 < topology.stages) {
        n.enter(n.stage + 1, n.frame);
      } else if (n.frame + 1 < topology.frames) {
        n.enter(0, n.frame + 1);
      } else {
        n.finished = true;
      }
    }
    n.wake_us = worked ? now + 1 + random() % 300 : n.link.next_timer_us();
    if (n.wake_us <= now) n.wake_us = now + 1;
  }

  int send(Node& from, uint64_t address, const void* bytes, uint32_t count) {
    EXPECT_LE(count, channel.max_payload);
    if (chance(channel.refusal)) return -1;
    const uint8_t* b = static_cast<const uint8_t*>(bytes);
    Datagram d{now + channel.latency_us, 0, address_of(from.number),
               static_cast<int>(address) - 1, Bytes(b, b + count)};
    sent_bytes += count;
    if (record) recorded.push_back(d);
    if (chance(channel.loss)) return 0;
    const int copies = chance(channel.duplication) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      Datagram copy = d;
      if (chance(channel.reordering)) copy.at_us += random() % 1500;
      copy.order = ++order_;
      flying.push(std::move(copy));
    }
    return 0;
  }

  bool chance(double p) {
    return p > 0 && std::uniform_real_distribution<double>(0, 1)(random) < p;
  }
  static uint64_t address_of(int node) {
    return static_cast<uint64_t>(node) + 1;
  }

  std::string state() const {
    std::ostringstream s;
    s << "at " << now << " us";
    for (const auto& n : nodes) {
      const shoal_link_counters& c = n->link.counters();
      s << "\nnode " << n->number << " stage " << n->stage << " frame "
        << n->frame << (n->finished ? " finished" : "") << " sent " << c.sent
        << " received " << c.received << " rows " << c.row_bytes << " again "
        << c.resent_bytes << " early " << c.early << " stale " << c.stale;
      for (const Node::End& e : n->ins) {
        s << "\n  in " << e.edge << " placed " << e.placed << " consumed "
          << e.consumed << " of " << e.frame_end;
      }
      for (const Node::End& e : n->outs) {
        s << "\n  out " << e.edge << " made " << e.made << " released "
          << e.released << " of " << e.frame_end;
      }
    }
    return s.str();
  }

  Topology topology;
  Channel channel;
  std::mt19937 random;
  std::vector<std::unique_ptr<Node>> nodes;
  std::priority_queue<Datagram> flying;
  uint64_t now = 1, sent_bytes = 0;
  bool record = false;
  std::vector<Datagram> recorded;
  std::vector<uint16_t> in_number, out_number;  // of edges, at their nodes

 private:
  void number_edges() {
    in_number.assign(topology.edges.size(), 0);
    out_number = in_number;
    for (int n = 0; n < topology.nodes; ++n) {
      uint16_t in = 0, out = 0;
      for (int s = 0; s < topology.stages; ++s) {
        for (size_t e = 0; e < topology.edges.size(); ++e) {
          const Edge& edge = topology.edges[e];
          if (edge.to == n && edge.to_stage == s) in_number[e] = in++;
          if (edge.from == n && edge.from_stage == s) out_number[e] = out++;
        }
      }
    }
  }

  uint64_t order_ = 0;
};

inline Node::Node(World& world, int number) : number(number), world_(world) {
  const Topology& t = world.topology;
  for (int i = 0; i < t.nodes; ++i) {
    if (i == number) continue;
    shoal_peer peer{};
    peer.address = World::address_of(i);
    for (int k = 0; k < 32; ++k) {
      peer.send_key[k] = static_cast<uint8_t>(number * 16 + i);
      peer.receive_key[k] = static_cast<uint8_t>(i * 16 + number);
    }
    peers.push_back(peer);
    entries.push_back({static_cast<uint16_t>(i), t.window, 500});
    counts.windows += t.window;
  }
  counts.peers = static_cast<uint32_t>(peers.size());
  counts.gaps = t.gaps;
  for (int s = 0; s < t.stages; ++s) {
    const uint32_t in = count_in(s) + count_early(s + 1);
    uint32_t out = 0;
    for (const Edge& e : t.edges) {
      out += e.from == number && e.from_stage == s;
    }
    counts.targets += out;
    counts.stage_targets = std::max(counts.stage_targets, out);
    counts.stage_streams = std::max(counts.stage_streams, in);
  }
  transport.user = this;
  transport.max_payload = world.channel.max_payload;
  transport.send = [](void* user, uint64_t to, const void* bytes,
                      uint32_t count) {
    Node& n = *static_cast<Node*>(user);
    return n.world_.send(n, to, bytes, count);
  };
  transport.now_us = [](void* user) {
    return static_cast<Node*>(user)->world_.now;
  };
  packet.resize(transport.max_payload);
  config = {&transport,    peers.data(), world.channel.cipher, 7, packet.data(),
            t.key_packets, t.key_us};
  tables.resize(link_layout(counts).bytes / 8);
  EXPECT_EQ(link.open(config, *this, static_cast<uint16_t>(number),
                      entries.data(), counts, table_bytes()),
            Status::kOk);
  // Sets the state after the frames before the first one here.
  const LinkLayout layout = link_layout(counts);
  auto* limits = reinterpret_cast<uint32_t*>(table_bytes() + layout.limits);
  for (uint32_t i = 0; i < counts.targets; ++i) limits[i] = t.first_offset;
  for (uint16_t i = 0; i < counts.peers; ++i) {
    peer_state(i).next_packet = peer_state(i).newest = t.first_packet;
  }
}

inline uint32_t Node::peer_index(int node) const {
  return static_cast<uint32_t>(node < number ? node : node - 1);
}

inline uint32_t Node::count_in(int of_stage) const {
  uint32_t n = 0;
  for (const Edge& e : world_.topology.edges) {
    n += e.to == number && e.to_stage == of_stage;
  }
  return n;
}

inline uint32_t Node::count_early(int of_stage) const {
  for (const Edge& e : world_.topology.edges) {
    if (e.to == number && e.to_stage == of_stage && e.comes_early) {
      return count_in(of_stage);
    }
  }
  return 0;
}

inline void Node::add_in(int of_stage, std::vector<StreamRecord>& to) {
  const Topology& t = world_.topology;
  for (size_t e = 0; e < t.edges.size(); ++e) {
    const Edge& edge = t.edges[e];
    if (edge.to != number || edge.to_stage != of_stage) continue;
    const uint32_t start =
        t.first_offset + static_cast<uint32_t>(frame) * edge.bytes;
    ins.push_back({static_cast<int>(e),
                   edge.to_ring,
                   start + edge.bytes,
                   0,
                   0,
                   start,
                   start,
                   {},
                   edge.comes_early});
    to.push_back({0, world_.in_number[e],
                  static_cast<uint16_t>(peer_index(edge.from)),
                  world_.out_number[e], 0, 0});
  }
}

inline void Node::enter(int new_stage, int new_frame) {
  const Topology& t = world_.topology;
  // The bytes that have come of them stay.
  std::vector<End> early;
  if (new_stage == stage + 1) {
    early.assign(ins.begin() + in_streams, ins.end());
  }
  stage = new_stage;
  frame = new_frame;
  ins.clear();
  outs.clear();
  streams_.clear();
  next_.clear();
  targets_.clear();
  add_in(stage, streams_);
  in_streams = static_cast<uint32_t>(ins.size());
  std::copy(early.begin(), early.end(), ins.begin());
  LinkStage s;
  for (int before = 0; before < stage; ++before) {
    s.first_stream = static_cast<uint16_t>(s.first_stream + count_in(before));
  }
  if (count_early(stage + 1) > 0) add_in(stage + 1, next_);
  for (size_t e = 0; e < t.edges.size(); ++e) {
    const Edge& edge = t.edges[e];
    const uint32_t start =
        t.first_offset + static_cast<uint32_t>(frame) * edge.bytes;
    const uint32_t end = start + edge.bytes;
    const int id = static_cast<int>(e);
    if (edge.from == number && edge.from_stage == stage) {
      if (outs.empty()) s.first_target = world_.out_number[e];
      outs.push_back({id, edge.from_ring, end, start, start, 0, 0, {}, false});
      targets_.push_back(
          {static_cast<uint16_t>(peer_index(edge.to)), world_.in_number[e]});
    }
  }
  s.streams = streams_.data();
  s.targets = targets_.data();
  s.in_streams = static_cast<uint16_t>(in_streams);
  s.next = next_.data();
  s.next_in_streams = static_cast<uint16_t>(next_.size());
  s.target_count = static_cast<uint16_t>(outs.size());
  link.begin_stage(s);
  for (uint16_t i = 0; i < ins.size(); ++i) {
    link.start_stream(i, ins[i].placed);
    EXPECT_EQ(link.received(i), ins[i].placed);
  }
  for (uint16_t i = 0; i < outs.size(); ++i) {
    link.start_target(i, outs[i].made);
  }
}

inline bool Node::stage_done() const {
  for (uint32_t i = 0; i < in_streams; ++i) {
    if (ins[i].consumed != ins[i].frame_end) return false;
  }
  for (const End& e : outs) {
    if (e.released != e.frame_end) return false;
  }
  return true;
}

inline bool Node::work(std::mt19937& random) {
  bool worked = false;
  for (uint32_t i = 0; i < in_streams; ++i) {
    End& e = ins[i];
    const uint32_t some = e.placed - e.consumed;
    if (some == 0) continue;
    e.consumed += 1 + random() % some;
    worked = true;
  }
  for (End& e : outs) {
    uint32_t space = e.released + e.ring - e.made;
    if (e.frame_end - e.made < space) space = e.frame_end - e.made;
    if (space == 0) continue;
    e.made += 1 + random() % space;
    worked = true;
  }
  return worked;
}

}  // namespace shoal::test
