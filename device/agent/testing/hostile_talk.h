// For tests and the fuzzer: a whole node, agent and runtime, to which somebody
// who may say anything talks: raw bytes, hellos, requests and rows, right ones
// and changed ones, sealed with the right keys, so that they reach what lies
// behind them; and what has been said before, again or changed under its seal,
// which must change nothing.
//
// A talk is bytes: sample, node (128: with a key, 192: with key pairs, else
// --insecure; 32: it holds a program and takes trials), then actions. The low
// three bits of an action's first byte b say what it is:
//   0     the node steps (b >> 3) + 1 times
//   1     (b >> 3) ms pass
//   2     a raw datagram: length, bytes
//   3     a hello, with the node's nonce if b & 8: place, change
//   4     a request: code, length, what it carries
//   5     the right request of code (b >> 3): place, change (0: none)
//   6     rows: peer, flags, length, items
//   7     what was said before: how long before, change at place (b >> 3)
// A change is an xor of the byte at this place; an odd one of begin changes
// the program instead.
#pragma once

#include <mbedtls/sha256.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <vector>

#include "device/agent/agent.h"
#include "device/link/cipher.h"
#include "device/link/wire.h"
#include "device/runtime/testing/hostile_session.h"

namespace shoal::test {

// Diffie-Hellman modulo 2^61 - 1 in place of X25519, a thousand times as fast:
// who talks has the secrets anyway.
inline const DiffieHellman& small_dh() {
  static constexpr auto kPower = [](const uint8_t* secret, const uint8_t* base,
                                    uint8_t* out) {
    constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
    __extension__ using Wide = unsigned __int128;
    uint64_t power, factor, result = 1;
    std::memcpy(&power, secret, sizeof power);
    std::memcpy(&factor, base, sizeof factor);
    for (factor %= kPrime; power != 0; power >>= 1) {
      if (power & 1) result = uint64_t(Wide(result) * factor % kPrime);
      factor = uint64_t(Wide(factor) * factor % kPrime);
    }
    std::memset(out, 0, kDhBytes);
    std::memcpy(out, &result, sizeof result);
    return result == 0 ? -1 : 0;
  };
  static constexpr DiffieHellman kDh = {
      [](const uint8_t* secret, uint8_t* out) {
        constexpr uint8_t kBase[kDhBytes] = {37};
        return kPower(secret, kBase, out);
      },
      kPower};
  return kDh;
}

class HostileTalk {
 public:
  static constexpr uint32_t kPayload = 256, kArenaBytes = 32 * 1024;
  static constexpr uint64_t kFrom = 9;

  HostileTalk(const LinkedPrograms& programs, size_t node, Mode mode,
              bool holds_one = false)
      : program_(programs.nodes[node]),
        image_(program_.build()),
        cipher_(mode == Mode::kInsecure ? checksum_only()
                                        : chacha20_poly1305()),
        mode_(mode) {
    transport_ = {this, kPayload, send, receive, now};
    AgentConfig c;
    c.transport = &transport_;
    c.cipher = &cipher_;
    c.insecure = mode == Mode::kInsecure;
    if (mode == Mode::kPreShared) std::memset(key_, 7, sizeof key_);
    std::memcpy(c.key, key_, sizeof key_);
    if (mode == Mode::kIdentity) {
      c.identity = &pair().node;
      c.dh = &small_dh();
    }
    c.entropy = [](void* self, void* out, uint32_t bytes) {
      std::memset(out, ++static_cast<HostileTalk*>(self)->drawn_, bytes);
      return 0;
    };
    c.entropy_user = this;
    c.name = "node", c.board = "board";
    c.arena = arena_.data(), c.arena_bytes = kArenaBytes;
    c.program = memory_.data();
    c.program_capacity = static_cast<uint32_t>(image_.size()) + 64;
    if (holds_one) {
      std::memcpy(held_.data(), image_.data(), image_.size());
      held_.data()[image_.size() / 2] ^= 1;
      c.program = nullptr, c.program_capacity = 0;
      c.built_in = held_.data();
      c.built_in_bytes = static_cast<uint32_t>(image_.size());
      c.takes_trials = true;
    }
    c.cycles = {"count", [] { return 0u; }};
    c.peers = reinterpret_cast<shoal_peer*>(peers_.data());
    c.max_peers = static_cast<uint16_t>(program_.peers.size());
    for (int i = 0; i < 3; ++i) c.packets[i] = packets_[i].data();
    must(agent.open(c) == Status::kOk);
    numbers_.resize(program_.peers.size());
  }

  void step(int times) {
    for (; times > 0; --times) static_cast<void>(agent.step());
  }
  void pass_ms(uint32_t ms) { now_us_ += 1000 * ms; }
  void say(const Bytes& datagram) {
    if (datagram.empty()) return;
    const uint64_t before = taken();
    inbox_.push_back(datagram);
    step(1);
    said_.push_back({datagram, taken() > before});
  }
  // Whatever was said so long ago, changed or not.
  void say_again(size_t ago, uint8_t place, uint8_t change) {
    if (said_.empty()) return;
    const Said& old = said_[said_.size() - 1 - ago % said_.size()];
    Bytes d = old.datagram;
    d[place % d.size()] ^= change;
    const uint64_t before = taken();
    inbox_.push_back(d);
    step(1);
    if (mode_ != Mode::kInsecure && (change != 0 || old.taken))
      must(taken() <= before);
  }
  void hello(bool again, uint8_t place, uint8_t change) {
    if (mode_ == Mode::kIdentity) return key_hello(again, place, change);
    Hello h{};
    h.head = {Kind::kHello, kSessionVersion, mode_, Verdict::kChallenge,
              kArithmetic};
    h.body.code = kTakeOver;
    h.coordinator_nonce[0] = 1;
    if (again) std::memcpy(h.node_nonce, heard_.node_nonce, kNonceBytes);
    Bytes d(sizeof h);
    std::memcpy(d.data(), &h, sizeof h);
    d[place % (sizeof h - kMacBytes)] ^= change;
    std::memcpy(&h, d.data(), sizeof h);
    sign(key_, h);
    std::memcpy(d.data(), &h, sizeof h);
    say(d);
  }
  // A change is of what both sides must have heard alike, or of what is
  // sealed.
  void key_hello(bool again, uint8_t place, uint8_t change) {
    KeyHello h{};
    h.head = {Kind::kHello, kSessionVersion, mode_, Verdict::kChallenge,
              kArithmetic};
    HelloBody body{};
    body.code = kTakeOver;
    h.coordinator_nonce[0] = 1;
    if (again) std::memcpy(h.cookie, cookie_, sizeof cookie_);
    Bytes open(kOpenHelloBytes), sealed(sizeof body);
    std::memcpy(open.data(), &h, open.size());
    std::memcpy(sealed.data(), &body, sealed.size());
    const size_t at = place % (open.size() + (again ? sealed.size() : 0));
    (at < open.size() ? open[at] : sealed[at - open.size()]) ^= change;
    if (!again) return say(open);
    std::memcpy(&h, open.data(), open.size());
    uint8_t prologue[kPrologueBytes], ephemeral[kDhBytes];
    session_prologue(h, prologue);
    std::memset(ephemeral, ++ephemerals_, sizeof ephemeral);
    noise_.emplace(small_dh(), pair().coordinator, true, prologue,
                   kPrologueBytes);
    must(noise_->write_first(ephemeral, sealed.data(), sizeof body, h.key));
    Bytes d(sizeof h);
    std::memcpy(d.data(), &h, sizeof h);
    say(d);
  }
  void request(uint8_t code, const Bytes& carried) {
    const SessionHead head{Kind::kSession, kSessionVersion, 0, keys_.session,
                           number_++};
    const RequestHead r{static_cast<Request>(code), {}};
    Bytes d(sizeof head + sizeof r);
    std::memcpy(d.data(), &head, sizeof head);
    std::memcpy(d.data() + sizeof head, &r, sizeof r);
    d.insert(d.end(), carried.begin(), carried.end());
    say(sealed(d, sizeof head, session_nonce(head.packet), keys_.to_node));
  }
  void right_request(uint8_t code, uint8_t place, uint8_t change) {
    const auto changed = [&](Bytes b) {
      if (!b.empty()) b[place % b.size()] ^= change;
      return b;
    };
    // A changed program that is what was announced gets as far as the loader.
    if (static_cast<Request>(code) == Request::kBegin && change % 2 != 0) {
      image_[place * size_t{97} % image_.size()] ^= change;
      change = 0;
    }
    // Draws them as a coordinator does: rows of one run mean nothing in the
    // next.
    if (static_cast<Request>(code) == Request::kPeers && change == 0 &&
        agent.state() == AgentState::kReady) {
      ++secret_[0];
    }
    if (static_cast<Request>(code) != Request::kWrite) {
      return request(code, changed(carried(static_cast<Request>(code))));
    }
    for (uint32_t at = 0; at < image_.size(); at += 128) {
      Bytes b(4);
      put32(b.data(), at);
      const size_t end = std::min<size_t>(at + 128, image_.size());
      b.insert(b.end(), image_.begin() + at,
               image_.begin() + static_cast<std::ptrdiff_t>(end));
      request(code, at == 0 ? changed(b) : b);
    }
  }
  void rows(size_t peer, uint8_t flags, const Bytes& items) {
    peer %= numbers_.size();
    const uint64_t number = numbers_[peer]++;
    Bytes d(kDataHeadBytes);
    put_head(d.data(), {flags, program_.peers[peer].node, kEpoch,
                        static_cast<uint32_t>(number)});
    d.insert(d.end(), items.begin(), items.end());
    uint8_t key[kKeyBytes];
    data_key(secret_, kEpoch, program_.peers[peer].node, program_.node, key);
    say(sealed(d, kDataHeadBytes, number, key));
  }
  bool spilled() const {
    const auto over = [](const Fenced& f) { return f.spilled(); };
    return arena_.spilled() || memory_.spilled() || peers_.spilled() ||
           held_.spilled() || std::any_of(packets_, packets_ + 3, over);
  }

  NodeAgent agent;

 private:
  static constexpr uint32_t kEpoch = 5;

  // A block of the bytes asked for, between two fences.
  class Fenced {
   public:
    explicit Fenced(size_t bytes) : blocks_(bytes / kAlign + 3), bytes_(bytes) {
      std::memset(blocks_.data(), kFence, blocks_.size() * kAlign);
      std::memset(data(), 0, bytes);
    }
    uint8_t* data() { return blocks_[1].bytes; }
    bool spilled() const {
      const uint8_t* const all = blocks_[0].bytes;
      const uint8_t* const end = all + blocks_.size() * kAlign;
      const auto touched = [](uint8_t b) { return b != kFence; };
      return std::any_of(all, all + kAlign, touched) ||
             std::any_of(all + kAlign + bytes_, end, touched);
    }

   private:
    static constexpr uint8_t kFence = 0xA5;
    struct alignas(kAlign) Block {
      uint8_t bytes[kAlign];
    };
    std::vector<Block> blocks_;
    size_t bytes_;
  };

  static void must(bool ok) {
    if (!ok) std::abort();
  }
  Bytes sealed(Bytes d, uint32_t head, uint64_t number,
               const uint8_t* key) const {
    const auto body = static_cast<uint32_t>(d.size()) - head;
    d.resize(d.size() + cipher_.tag_bytes);
    must(cipher_.seal(key, number, d.data(), head, d.data() + head, body) == 0);
    return d;
  }
  // A number that grows when the node takes something; a run's count goes with
  // it.
  uint64_t taken() const {
    const AgentCounters& c = agent.counters();
    uint64_t rows = 0;
    if (agent.state() == AgentState::kRunning) {
      rows = shoal_read_counters(&agent.node()).link.received;
    }
    return (uint64_t{c.sessions} + c.requests) << 32 | rows;
  }
  template <class T>
  static void append(Bytes& to, const T& value) {
    const auto* const at = reinterpret_cast<const uint8_t*>(&value);
    to.insert(to.end(), at, at + sizeof value);
  }
  Bytes carried(Request r) const {
    const auto count = static_cast<uint16_t>(program_.peers.size());
    Bytes b;
    if (r == Request::kBegin) {
      BeginRequest begin{static_cast<uint32_t>(image_.size()), {}};
      must(mbedtls_sha256_ret(image_.data(), image_.size(), begin.hash, 0) ==
           0);
      append(b, begin);
    } else if (r == Request::kPeers) {
      append(b, PeersRequest{kEpoch, program_.node, 0, count, 0});
      for (const PeerEntry& p : program_.peers) {
        PeerGrant grant{p.node, {}, p.node, {}};
        std::memcpy(grant.secret, secret_, sizeof secret_);
        append(b, grant);
      }
    } else if (r == Request::kStart) {
      append(b, StartRequest{kEpoch, program_.node, count});
    } else if (r == Request::kMeter) {
      append(b, MeterRequest{1});
    } else if (r == Request::kHeld) {
      append(b, HeldRequest{0});
    } else if (r == Request::kVariable) {
      append(b, VariableRequest{0, 0, 0, 4});
    } else if (r == Request::kKeep) {
      append(b, KeepRequest{64, 56, 0});
      b.insert(b.end(), 8, 0x5A);
    } else if (r == Request::kTell) {
      b.insert(b.end(), 8, 0x5A);
    }
    return b;
  }

  void begin_session(const SessionKeys& keys) {
    if (keys.session != keys_.session) number_ = 0;
    keys_ = keys;
  }
  void hear_key_answer(const uint8_t* d, uint32_t bytes) {
    KeyHello answer{};
    const bool whole = bytes == sizeof answer;
    if (d[0] != static_cast<uint8_t>(Kind::kAnswer) ||
        (bytes != kOpenHelloBytes && !whole)) {
      return;
    }
    std::memcpy(&answer, d, bytes);
    if (answer.head.verdict == Verdict::kChallenge) {
      std::memcpy(cookie_, answer.cookie, sizeof cookie_);
    }
    HelloBody body;
    uint8_t said[sizeof body];
    if (!whole || !noise_ ||
        !noise_->read_second(answer.key, said, sizeof said)) {
      return;
    }
    std::memcpy(&body, said, sizeof body);
    if (body.code != static_cast<uint8_t>(Verdict::kAccepted)) return;
    SessionKeys keys;
    noise_->split(keys.to_node, keys.to_coordinator);
    std::memcpy(&keys.session, noise_->hash(), sizeof keys.session);
    begin_session(keys);
    noise_.reset();
  }
  // The identities of both sides, made once.
  struct Pair {
    Identity coordinator, node;
  };
  static const Pair& pair() {
    static const Pair both = [] {
      constexpr uint8_t kBoth[2][kDhBytes] = {{3}, {5}};
      uint8_t known[2][kDhBytes];
      const DiffieHellman& dh = small_dh();
      for (int i = 0; i < 2; ++i) must(!dh.public_key(kBoth[i], known[i]));
      Pair p{};
      must(make_identity(dh, kBoth[0], known[1], p.coordinator));
      must(make_identity(dh, kBoth[1], known[0], p.node));
      return p;
    }();
    return both;
  }

  static int send(void* self, uint64_t, const void* bytes, uint32_t count) {
    auto& t = *static_cast<HostileTalk*>(self);
    const auto* const d = static_cast<const uint8_t*>(bytes);
    must(count > 0 && count <= kPayload);
    if (t.mode_ == Mode::kIdentity) t.hear_key_answer(d, count);
    // An unsigned answer may be shorter.
    else if (d[0] == static_cast<uint8_t>(Kind::kAnswer) &&
             count == sizeof t.heard_) {
      std::memcpy(&t.heard_, d, sizeof t.heard_);
      if (t.heard_.head.verdict == Verdict::kAccepted) {
        const SessionKeys keys = session_keys(
            t.key_, t.heard_.coordinator_nonce, t.heard_.node_nonce);
        t.begin_session(keys);
      }
    }
    return count % 13 == 0 ? -1 : 0;
  }
  static uint32_t receive(void* self, uint64_t* from, void* to,
                          uint32_t capacity) {
    auto& t = *static_cast<HostileTalk*>(self);
    if (t.inbox_.empty()) return 0;
    const Bytes d = std::move(t.inbox_.front());
    t.inbox_.pop_front();
    const size_t bytes = std::min<size_t>(d.size(), capacity);
    std::memcpy(to, d.data(), bytes);
    *from = kFrom;
    return static_cast<uint32_t>(bytes);
  }
  static uint64_t now(void* self) {
    return static_cast<HostileTalk*>(self)->now_us_;
  }

  struct Said {
    Bytes datagram;
    bool taken;  // by the node
  };

  ProgramBuilder program_;
  Bytes image_;
  const shoal_cipher& cipher_;
  const Mode mode_;
  uint8_t key_[kKeyBytes] = {};
  uint8_t secret_[kKeyBytes] = {};
  uint8_t drawn_ = 0;
  std::vector<Said> said_;
  Fenced arena_{kArenaBytes}, memory_{image_.size() + 64};
  Fenced held_{image_.size()};
  Fenced peers_{program_.peers.size() * sizeof(shoal_peer)};
  Fenced packets_[3] = {Fenced(kPayload), Fenced(kPayload), Fenced(kPayload)};
  shoal_transport transport_{};
  std::deque<Bytes> inbox_;
  uint64_t now_us_ = 1000;
  Hello heard_{};
  uint8_t cookie_[sizeof KeyHello::cookie] = {};
  uint8_t ephemerals_ = 0;
  std::optional<NoiseKk> noise_;
  SessionKeys keys_{};
  uint32_t number_ = 0;
  std::vector<uint64_t> numbers_;
};

struct TalkOutcome {
  Mode mode = Mode::kInsecure;
  AgentCounters counters{};
  AgentState state = AgentState::kEmpty;
  shoal_link_counters link{};  // of the run at the end
};

// Aborts if a byte outside the node's memory was written or a datagram too
// long was sent; the sanitizers watch the rest.
inline TalkOutcome try_talk(const Bytes& talk) {
  if (talk.size() < 2) return {};
  const LinkedPrograms& programs =
      session_programs()[talk[0] % session_programs().size()];
  const Mode mode = talk[1] < 128   ? Mode::kInsecure
                    : talk[1] < 192 ? Mode::kPreShared
                                    : Mode::kIdentity;
  HostileTalk node(programs, talk[1] % 32 % programs.nodes.size(), mode,
                   (talk[1] & 32) != 0);
  size_t at = 2;
  const auto next = [&]() -> uint8_t {
    return at < talk.size() ? talk[at++] : uint8_t{0};
  };
  const auto some = [&]() {
    const size_t bytes = std::min<size_t>(next(), talk.size() - at);
    const auto from = talk.begin() + static_cast<std::ptrdiff_t>(at);
    at += bytes;
    return Bytes(from, from + static_cast<std::ptrdiff_t>(bytes));
  };
  while (at < talk.size()) {
    const uint8_t action = next();
    const auto more = static_cast<uint8_t>(action >> 3);
    uint8_t first = 0, second = 0;
    if (action % 8 >= 3) first = next();
    if (action % 8 != 4 && action % 8 >= 3) second = next();
    switch (action % 8) {
      case 0:
        node.step(more + 1);
        break;
      case 1:
        node.pass_ms(more);
        break;
      case 2:
        node.say(some());
        break;
      case 3:
        node.hello(more & 1, first, second);
        break;
      case 4:
        node.request(first, some());
        break;
      case 5:
        node.right_request(more, first, second);
        break;
      case 6:
        node.rows(first, second, some());
        break;
      default:
        node.say_again(first, more, second);
    }
  }
  if (node.spilled()) std::abort();
  TalkOutcome o{mode, node.agent.counters(), node.agent.state(), {}};
  if (o.state == AgentState::kRunning) {
    o.link = shoal_read_counters(&node.agent.node()).link;
  }
  return o;
}

// A talk that leads somewhere: mostly right up to the start, then rows as in
// random_session() and anything between them.
inline Bytes random_talk(Random& r) {
  const Bytes session = random_session(r);
  constexpr uint8_t kModes[] = {0, 64, 128, 192};
  Bytes t = {session[0], uint8_t(session[1] % 64 | kModes[r() % 4])};
  const auto change = [&] {
    const bool some = r() % 40 == 0;
    t.push_back(uint8_t(r()));
    t.push_back(uint8_t(some ? r() : 0));
  };
  const auto ask = [&](Request q) {
    t.push_back(uint8_t(5 | int(q) << 3));
    change();
  };
  const auto connect = [&] {
    for (const uint8_t hello : {3, 11}) t.push_back(hello), change();
    for (const Request q : {Request::kBegin, Request::kWrite, Request::kEnd,
                            Request::kPeers, Request::kStart}) {
      ask(q);
    }
    t.push_back(uint8_t(8 * 31));
  };
  connect();
  for (size_t at = 2; at < session.size();) {
    const uint8_t action = session[at++];
    if (action % 4 < 2) {
      t.push_back(uint8_t(8 * (action >> 2) + action % 4));
      continue;
    }
    const uint16_t bytes = get16(&session[at + 2]);
    const auto some = uint8_t(std::min<uint16_t>(bytes, 255));
    const auto items = session.begin() + static_cast<std::ptrdiff_t>(at) + 4;
    const int what = uniform(r, 0, 39);
    if (what == 0) t.push_back(2);
    if (what == 1) t.insert(t.end(), {4, uint8_t(uniform(r, 0, 10))});
    if (what > 1) t.insert(t.end(), {6, session[at], session[at + 1]});
    t.push_back(some);
    t.insert(t.end(), items, items + some);
    at += size_t{4} + bytes;
    if (what < 8) ask(static_cast<Request>(uniform(r, 0, 14)));
    if (what == 8) connect();
    if (what % 4 == 1) {
      t.insert(t.end(), {uint8_t(7 | int(r() % 32) << 3), uint8_t(r() % 16),
                         uint8_t(r() % 3 ? 1u << r() % 8 : 0)});
    }
    if (what == 9) {  // more peers than there are
      ask(Request::kStop), ask(Request::kPeers);
      t.insert(t.end(), {5 | int(Request::kPeers) << 3,
                         offsetof(PeersRequest, first), uint8_t(r() % 4)});
    }
  }
  return t;
}

}  // namespace shoal::test
