// For tests and the fuzzer: somebody on the wire between a real coordinator
// and real nodes, without their key. What he does to their datagrams follows
// from a script, and the run is judged by its output: it is exact, or the
// coordinator has thrown an Error, within a stated time of the virtual clock;
// somebody who can only add datagrams cannot even bring about an Error. He
// knows no more of a datagram than its bytes, the first of which is its kind.
//
// A script is bytes. The first is of flags: plan (3), he only adds (4), he
// begins when the nodes are in their run, not before they are connected (8),
// small datagrams (16), all have key pairs in place of one shared key (32).
// Then deeds, each for one datagram: low four bits of a byte say what (kPass
// and on, what it takes follows), the high ones how many datagrams pass before
// the next deed. Behind its end everything passes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/engine/coordinator/testing/lossy_net.h"
#include "host/engine/coordinator/testing/small_run.h"

namespace shoal {

class Meddler {
 public:
  enum Deed : uint8_t {
    kPass,       // and as many more as the next byte says
    kLose,       //
    kLoseMany,   // the next byte modulo 32 more
    kFlip,       // place (2 bytes), bit
    kCut,        // length (2)
    kExtend,     // count, bytes
    kWrite,      // place (2), count modulo 8, bytes
    kDouble,     //
    kReplay,     // which: one that was sent before, as it was
    kReflect,    //
    kElsewhere,  // whom: to somebody else
    kPretend,    // who: as if from somebody else
    kHold,       // count modulo 32: behind that many later ones
    kSplice,     // place (2), which: that one's end
    kRefuse,     // verdict: the nodes' answer, not signed, to this hello
    kMasks,      // kind: as if it were of another kind
  };
  static constexpr uint8_t kPlan = 3, kAdds = 4, kLate = 8, kSmall = 16,
                           kIdentities = 32;

  // The number of deeds of somebody who can only add datagrams.
  static constexpr int kPretences = 3;

  using Script = std::vector<uint8_t>;

  Meddler(LossyNet& net, const Script& script, size_t nodes, bool only_adds)
      : net_(net), script_(script), ends_(nodes + 1), only_adds_(only_adds) {
    net_.spy = [this](LossyNet::Datagram& d) { return sees(d); };
  }
  ~Meddler() { net_.spy = nullptr; }
  Meddler(const Meddler&) = delete;
  Meddler& operator=(const Meddler&) = delete;

  size_t deeds() const { return deeds_; }
  // The number of these deeds that met datagrams of handshakes.
  size_t handshake_deeds() const { return handshake_deeds_; }

 private:
  using Datagram = LossyNet::Datagram;
  struct Held {
    Datagram datagram;
    int behind;  // how many later ones
  };

  uint8_t next() { return at_ < script_.size() ? script_[at_++] : uint8_t{0}; }
  size_t next_place(size_t bytes) {
    const size_t low = next();
    return (low | size_t{next()} << 8) % bytes;
  }
  void send(Datagram d) {
    if (d.bytes.empty() || (only_adds_ && leads_astray(d))) return;
    d.bytes.resize(std::min<size_t>(d.bytes.size(), net_.max_payload));
    mine_ = true;
    net_.send(std::move(d));
    mine_ = false;
  }
  // Nodes that share a key take each other's hellos; the coordinator is told
  // that one is there twice.
  bool leads_astray(const Datagram& d) const {
    return d.bytes[0] == static_cast<uint8_t>(Kind::kHello) &&
           std::ranges::any_of(seen_, [&](const Datagram& other) {
             return other.bytes == d.bytes && other.to != d.to;
           });
  }
  void release() {
    for (size_t i = 0; i < held_.size();) {
      if (--held_[i].behind > 0) {
        ++i;
        continue;
      }
      Datagram d = std::move(held_[i].datagram);
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
      send(std::move(d));
    }
  }
  const Datagram& seen(uint8_t which) const {
    return seen_[seen_.size() - 1 - which % seen_.size()];
  }

  // Returns whether the datagram arrives as it is.
  bool sees(const Datagram& d) {
    if (mine_) return true;
    constexpr size_t kMemory = 200;
    if (seen_.size() == kMemory) seen_.erase(seen_.begin());
    seen_.push_back(d);
    release();
    if (losing_ > 0) {
      --losing_;
      return only_adds_;
    }
    if (passing_ > 0) {
      --passing_;
      return true;
    }
    if (at_ >= script_.size()) return true;
    const uint8_t deed = next();
    passing_ = deed >> 4;
    ++deeds_;
    const Kind kind = static_cast<Kind>(d.bytes[0]);
    handshake_deeds_ += kind == Kind::kHello || kind == Kind::kAnswer;
    return meddle(static_cast<Deed>(deed & 15), d) || only_adds_;
  }

  // Returns whether the original arrives too, if that is up to the meddler.
  bool meddle(Deed deed, const Datagram& d) {
    Datagram other = d;
    std::vector<uint8_t>& bytes = other.bytes;
    switch (deed) {
      case kPass:
        passing_ += next();
        return true;
      case kLose:
        return false;
      case kLoseMany:
        losing_ = next() % 32;
        return false;
      case kFlip:
      case kCut:
      case kExtend:
      case kWrite:
      case kSplice:
      case kMasks:
        change(deed, bytes);
        send(std::move(other));
        return false;
      case kDouble:
        break;
      case kReplay:
        other = seen(next());
        break;
      case kRefuse:
        refuse(bytes);
        [[fallthrough]];
      case kReflect:
        std::swap(other.from, other.to);
        break;
      case kElsewhere:
        other.to = 1 + next() % ends_;
        break;
      case kPretend:
        // Each costs the time until a heartbeat goes back to where the node is.
        if (only_adds_ && ++pretended_ > kPretences) break;
        other.from = 1 + next() % (ends_ + 1);  // one of them is nobody
        break;
      case kHold:
        held_.push_back({std::move(other), 1 + next() % 32});
        return false;
    }
    send(std::move(other));
    return true;
  }
  void refuse(std::vector<uint8_t>& bytes) {
    bytes[0] = static_cast<uint8_t>(Kind::kAnswer);
    if (bytes.size() <= 3) return;
    bytes[3] = next();
    // With identities an answer that is not sealed ends behind the cookie.
    if (bytes[2] == static_cast<uint8_t>(Mode::kIdentity)) {
      bytes.resize(std::min<size_t>(bytes.size(), kOpenHelloBytes));
      return;
    }
    const size_t mac = std::min<size_t>(bytes.size(), kMacBytes);
    std::fill(bytes.end() - static_cast<std::ptrdiff_t>(mac), bytes.end(), 0);
  }
  void change(Deed deed, std::vector<uint8_t>& bytes) {
    const size_t place =
        deed == kExtend || deed == kMasks ? 0 : next_place(bytes.size());
    const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(place);
    if (deed == kFlip) *here ^= static_cast<uint8_t>(1u << next() % 8);
    if (deed == kCut) bytes.erase(here, bytes.end());
    if (deed == kMasks) bytes[0] = static_cast<uint8_t>(1 + next() % 4);
    if (deed == kExtend) {
      for (int i = next(); i > 0; --i) bytes.push_back(next());
    }
    if (deed == kWrite) {
      const size_t count = 1 + next() % 8;
      for (size_t i = place; i < std::min(place + count, bytes.size()); ++i) {
        bytes[i] = next();
      }
    }
    if (deed != kSplice) return;
    const std::vector<uint8_t>& end = seen(next()).bytes;
    if (end.size() <= place) return;
    bytes.erase(here, bytes.end());
    bytes.insert(bytes.end(), end.begin() + static_cast<std::ptrdiff_t>(place),
                 end.end());
  }

  LossyNet& net_;
  const Script script_;
  const size_t ends_;
  const bool only_adds_;
  size_t at_ = 0, deeds_ = 0, handshake_deeds_ = 0;
  int passing_ = 0, losing_ = 0, pretended_ = 0;
  bool mine_ = false;
  std::vector<Datagram> seen_;
  std::vector<Held> held_;
};

struct MeddledRun {
  std::string fault;  // of shoal; empty: none
  unsigned frames = 0;
  size_t deeds = 0, handshake_deeds = 0;
  std::string error;  // that ended the run
};

namespace meddling {

constexpr uint64_t kTimeoutUs = 1'000'000;  // of the coordinator
constexpr uint64_t kLimitUs = 60'000'000;   // of virtual time, for each step
constexpr unsigned kFrames = 6;

inline const Prepared& plan_of(uint8_t flags) {
  static const auto plans = [] {
    std::vector<Prepared> all;
    for (const uint32_t payload : {1472u, 160u}) {
      all.push_back(small_linked(2, "spatial", payload));
      all.push_back(small_linked(3, "kernel", payload));
      all.push_back(small_linked(2, "layer", payload));
      all.push_back(small_linked(1, "spatial", payload));
    }
    return all;
  }();
  return plans[(flags & Meddler::kPlan) + (flags & Meddler::kSmall ? 4u : 0u)];
}

// All frames; "" or what is wrong with them.
inline std::string run_frames(TestCluster& c, unsigned& got) {
  static const auto expected = [] {
    std::vector<std::vector<uint8_t>> all;
    for (unsigned i = 0; i < kFrames; ++i) {
      all.push_back(oracle_output(small_graph(), noise_bytes(kSmallInput, i)));
    }
    return all;
  }();
  unsigned submitted = 0;
  bool equal = true;
  const bool ended = c.run(
      [&] {
        while (submitted < kFrames && c.coordinator->free_frames() > 0) {
          c.coordinator->submit(noise_bytes(kSmallInput, submitted++));
        }
        while (const auto out = c.coordinator->result()) {
          equal &= *out == expected[got++];
        }
        return got == kFrames || !equal;
      },
      kLimitUs);
  if (!equal) return "frame " + std::to_string(got - 1) + " is wrong";
  return ended ? "" : "no end of the frames";
}

inline std::string run_all(TestCluster& c, const Prepared& p,
                           const std::function<void()>& started,
                           unsigned& frames) {
  c.coordinate();
  if (!c.run([&] { return c.coordinator->connected(); }, kLimitUs)) {
    return "no end of connecting";
  }
  c.coordinator->deploy(p);
  if (!c.run([&] { return c.coordinator->started(); }, kLimitUs)) {
    return "no end of deploying";
  }
  started();
  return run_frames(c, frames);
}

}  // namespace meddling

// Runs a few frames under the script; then, without the script, a new
// coordinator finds the nodes intact.
inline MeddledRun run_meddled(const Meddler::Script& script) {
  MeddledRun run;
  if (script.empty()) return run;
  const uint8_t flags = script[0];
  const Prepared& p = meddling::plan_of(flags);
  const bool only_adds = flags & Meddler::kAdds;
  TestCluster c(flags, flags & Meddler::kSmall ? 160 : 1472);
  c.config.timeout_us = meddling::kTimeoutUs;
  if (flags & Meddler::kIdentities) c.use_identities();
  while (c.nodes.size() < p.images.size()) c.add_node();
  std::optional<Meddler> meddler;
  const auto begin = [&] {
    if (meddler) return;
    meddler.emplace(c.net, Meddler::Script(script.begin() + 1, script.end()),
                    c.nodes.size(), only_adds);
  };
  if (!(flags & Meddler::kLate)) begin();
  try {
    run.fault = meddling::run_all(c, p, begin, run.frames);
  } catch (const Error& e) {
    run.error = e.what();
    const bool is_typed = e.code() == Exit::kNode || e.code() == Exit::kBusy;
    if (!is_typed || only_adds) run.fault = "error: " + run.error;
  }
  if (meddler) {
    run.deeds = meddler->deeds();
    run.handshake_deeds = meddler->handshake_deeds();
  }
  meddler.reset();
  for (const auto& n : c.nodes) {
    if (!n->intact()) run.fault += "; a node wrote outside its memory";
  }
  if (!run.fault.empty()) return run;
  c.coordinator.reset();
  c.run([] { return false; }, meddling::kLimitUs);
  unsigned again = 0;
  try {
    run.fault = meddling::run_all(
        c, p, [] {}, again);
  } catch (const Error& e) {
    run.fault = e.what();
  }
  if (!run.fault.empty()) run.fault = "the next run: " + run.fault;
  return run;
}

// Deeds of all kinds, more of them that leave a run alive. Half of the seeds
// give key pairs.
inline Meddler::Script random_script(unsigned seed) {
  std::mt19937 random(seed);
  const auto any = [&](unsigned below) {
    return static_cast<uint8_t>(random() % below);
  };
  Meddler::Script s = {any(64)};
  const unsigned busy = 1 + random() % 16;  // fewer pass between deeds
  for (int deeds = 5 + any(120); deeds > 0; --deeds) {
    uint8_t deed = any(16);
    if (deed == Meddler::kLoseMany && random() % 4) deed = Meddler::kLose;
    s.push_back(static_cast<uint8_t>(deed | any(16 / busy) << 4));
    for (int i = 0; i < 3; ++i) s.push_back(any(256));
    if (deed == Meddler::kPass) s[s.size() - 3] %= 32;
  }
  return s;
}

}  // namespace shoal
