#include "device/runtime/testing/hostile_session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "device/link/wire.h"
#include "device/runtime/testing/linked_samples.h"

namespace shoal::test {
namespace {

constexpr uint32_t kSessionPayload = 256;

class HostileSession {
 public:
  HostileSession(const LinkedPrograms& programs, size_t node)
      : program_(programs.nodes[node]),
        net_(options_),
        node_(net_, program_.build(), program_.node, program_.peers, options_),
        packets_(program_.peers.size()) {}

  size_t peers() const { return packets_.size(); }
  void step(int times) {
    for (; times > 0; --times) node_.last = node_.step();
  }
  void pass_ms(uint32_t ms) { net_.pass(1000 * ms); }
  void receive(size_t peer, uint8_t flags, const uint8_t* items, size_t bytes) {
    const uint32_t tag = options_.cipher->tag_bytes;
    Bytes d(kDataHeadBytes + bytes + tag);
    const uint64_t packet = packets_[peer]++;
    const shoal_link& link = node_.socket().link;
    put_head(d.data(), {flags, program_.peers[peer].node, link.epoch,
                        static_cast<uint32_t>(packet)});
    if (bytes) std::memcpy(d.data() + kDataHeadBytes, items, bytes);
    if (options_.cipher->seal(link.peers[peer].receive_key, packet, d.data(),
                              kDataHeadBytes, d.data() + kDataHeadBytes,
                              static_cast<uint32_t>(bytes)) != 0) {
      std::abort();
    }
    node_.receive(link.peers[peer].address, d.data(), uint32_t(d.size()));
  }
  shoal_link_counters counters() {
    return shoal_read_counters(&node_.node()).link;
  }
  bool spilled() { return node_.spilled(); }

 private:
  static ClusterOptions deaf() {
    ClusterOptions o;
    o.lost = 100, o.max_payload = kSessionPayload;
    return o;
  }
  const ClusterOptions options_ = deaf();
  ProgramBuilder program_;
  Network net_;
  NodeParty node_;
  std::vector<uint64_t> packets_;
};

}  // namespace

const std::vector<LinkedPrograms>& session_programs() {
  static const std::vector<LinkedPrograms> all = [] {
    std::vector<LinkedPrograms> programs;
    for (LinkedSample& s : linked_samples()) {
      link_programs(s.programs);
      programs.push_back(s.programs);
    }
    return programs;
  }();
  return all;
}

shoal_link_counters try_session(const Bytes& session) {
  if (session.size() < 2) return {};
  const LinkedPrograms& programs =
      session_programs()[session[0] % session_programs().size()];
  HostileSession node(programs, session[1] % programs.nodes.size());
  size_t at = 2;
  const auto next = [&]() -> uint8_t {
    return at < session.size() ? session[at++] : uint8_t{0};
  };
  while (at < session.size()) {
    const uint8_t action = next();
    if (action % 4 == 0) {
      node.step((action >> 2) + 1);
    } else if (action % 4 == 1) {
      node.pass_ms(action >> 2);
    } else {
      const size_t peer = next() % node.peers();
      const uint8_t flags = next(), low = next(), high = next();
      const size_t bytes =
          std::min<size_t>((high << 8 | low) % 512, session.size() - at);
      node.receive(peer, flags, session.data() + at, bytes);
      at += bytes;
    }
  }
  if (node.spilled()) std::abort();
  return node.counters();
}

Bytes random_session(Random& r) {
  const auto sample = uint8_t(r() % session_programs().size());
  LinkedPrograms programs = session_programs()[sample];
  const auto node = uint8_t(r() % programs.nodes.size());
  ProgramBuilder& program = programs.nodes[node];
  std::vector<std::vector<uint16_t>> streams(program.peers.size());
  std::vector<std::vector<uint16_t>> targets(program.peers.size());
  linking::each_end(program, [&](auto& s, FarEnd& f, uint16_t number) {
    (s.in ? streams : targets)[f.peer].push_back(number);
  });
  const auto one_of = [&](const std::vector<uint16_t>& own) {
    return own.empty() || r() % 20 == 0 ? uint16_t(r() % 8)
                                        : own[r() % own.size()];
  };
  Bytes s = {sample, node};
  std::vector<uint32_t> offset(8);
  for (int actions = uniform(r, 1, 60); actions > 0; --actions) {
    if (r() % 3 == 0) {
      s.push_back(uint8_t(4 * uniform(r, 0, 20) + int(r() % 8 == 0)));
      continue;
    }
    const auto peer = uint8_t(r() % program.peers.size());
    uint8_t items[kSessionPayload];
    ItemWriter writer(items, items + sizeof items);
    for (int k = uniform(r, 1, 4); k > 0; --k) {
      const int what = uniform(r, 0, 9);
      if (what < 1) {
        writer.ack(uint32_t(uniform(r, 0, 5)), r());
      } else if (what < 3) {
        writer.credit(one_of(targets[peer]), uint32_t(uniform(r, 0, 900)));
      } else if (writer.room() > 60) {
        const uint16_t number = one_of(streams[peer]);
        uint32_t& next = offset[number];
        const auto length = uint16_t(uniform(r, 1, 40));
        std::memset(writer.fragment(number, next, length), number, length);
        if (r() % 8) next += length;
        if (r() % 50 == 0) next = r();
      }
    }
    const auto bytes = uint16_t(writer.end() - items);
    const auto flags = uint8_t(r() % 40 == 0);
    s.insert(s.end(), {2, peer, flags, uint8_t(bytes), uint8_t(bytes >> 8)});
    s.insert(s.end(), items, items + bytes);
  }
  return s;
}

}  // namespace shoal::test
