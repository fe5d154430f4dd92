// Any datagrams with a right checksum, between anything that the node itself
// does: the link takes or refuses them, its books stay balanced, and its owner
// is never asked for what it has not, nor given what it has not allowed, nor
// given anything twice.
//
// The input is one byte, modulo 5 the length of the lists of gaps and from 5 on
// modulo 10 with rows that come a stage early, then a sequence of commands: one
// byte (which, modulo 8) and what belongs to it.
//   0..2  a datagram: flags, sender, steps of its number, length, items
//   3     raw bytes: length, bytes
//   4     bytes become ready: target, count
//   5     bytes are consumed: in-stream, count
//   6     time passes (units of 300 us), then send(flush): time, flush
//   7     the next stage
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "device/link/cipher.h"
#include "device/link/link.h"
#include "device/link/wire.h"

namespace {

using namespace shoal;

constexpr uint16_t kNode = 5;
constexpr uint32_t kRing = 300, kFrame = 1000, kPayload = 200, kEarly = 120;

void expect(bool ok) {
  if (!ok) __builtin_trap();
}
int32_t ahead(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b); }

// Stage 0: in-streams 0 (of peer 0) and 1 (of peer 1), targets 0 and 1.
// Stage 1: in-stream 2 (of peer 1), of which kEarly bytes may come in stage 0,
// target 2.
constexpr StreamRecord kStreams[2][2] = {
    {{0, 0, 0, 0, 0, 0}, {0, 1, 1, 1, 0, 0}}, {{0, 2, 1, 2, 0, 0}, {}}};
constexpr TargetRecord kTargets[2][2] = {{{0, 4}, {1, 6}}, {{1, 8}, {}}};

class Owner : public Streams {
 public:
  struct End {
    uint32_t made = 0, released = 0, placed = 0, consumed = 0, end = 0;
    std::bitset<kFrame> there = {};  // of the bytes of the frame
    uint32_t at(uint32_t offset) const { return offset - (end - kFrame); }
  };

  Owner(uint32_t gaps, bool early) : early_(early) {
    peers_[0].address = 10;
    peers_[1].address = 20;
    transport_ = {this, kPayload, send, nullptr, now};
    config_ = {&transport_, peers_, &checksum_only(), 3, packet_, 0, 0};
    counts_ = {2, 5, 3, 2, 3, gaps};
    tables_.resize(link_layout(counts_).bytes / 8);
    expect(link.open(config_, *this, kNode, kEntries, counts_,
                     reinterpret_cast<uint8_t*>(tables_.data())) ==
           Status::kOk);
    begin();
  }

  uint32_t ready(uint16_t t) const override { return outs.at(t).made; }
  void read(uint16_t t, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override {
    expect(bytes > 0 && ahead(offset, outs.at(t).released) >= 0);
    expect(ahead(offset + bytes, outs.at(t).made) <= 0);
    std::memset(to, 7, bytes);
  }
  void released(uint16_t t, uint32_t offset) override {
    expect(ahead(offset, outs.at(t).released) > 0);
    expect(ahead(offset, outs.at(t).made) <= 0);
    outs.at(t).released = offset;
  }
  uint32_t limit(uint16_t s) const override {
    const End& e = ins.at(s);
    expect(s < in_streams());
    if (s >= targets()) return e.consumed + kEarly;
    const uint32_t limit = e.consumed + kRing;
    return ahead(limit, e.end) > 0 ? e.end : limit;
  }
  void place(uint16_t s, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override {
    End& e = ins.at(s);
    expect(bytes > 0 && ahead(offset, e.placed) >= 0);
    expect(ahead(offset + bytes, limit(s)) <= 0);
    uint8_t sum = 0;  // all of them can be read
    for (uint32_t i = 0; i < bytes; ++i) sum = uint8_t(sum + from[i]);
    sum_ = sum;
    for (uint32_t i = 0; i < bytes; ++i) {
      expect(!e.there.test(e.at(offset + i)));
      e.there.set(e.at(offset + i));
    }
    placed_bytes_ += bytes;
  }
  void arrived(uint16_t s, uint32_t offset) override {
    End& e = ins.at(s);
    expect(ahead(offset, e.placed) > 0);
    while (e.placed != offset) expect(e.there.test(e.at(e.placed++)));
    expect(offset == e.end || !e.there.test(e.at(offset)));
  }

  void make(uint8_t which, uint8_t count) {
    End& e = outs[which % targets()];
    for (uint32_t n = count;
         n > 0 && e.made != e.end && e.made - e.released < kRing; --n) {
      ++e.made;
    }
    link.wake();
  }
  void consume(uint8_t which, uint8_t count) {
    End& e = ins[which % targets()];
    const uint32_t some = e.placed - e.consumed;
    e.consumed += count < some ? count : some;
    link.wake();
  }
  void pass(uint8_t time, bool flush) {
    now_us_ += time * 300u;
    link.send(flush);
    balance();
  }
  void next_stage() {
    stage_ ^= 1;
    if (stage_ == 0) ++frame_;
    begin();
  }
  void receive(std::vector<uint8_t> datagram) {
    (void)link.receive(30, datagram.data(),
                       static_cast<uint32_t>(datagram.size()));
    balance();
  }
  // The next number of this peer is so far from the last one.
  std::vector<uint8_t> seal(uint8_t flags, int peer, int step,
                            const uint8_t* items, uint32_t bytes) {
    numbers_[peer] += static_cast<uint64_t>(static_cast<int64_t>(step));
    std::vector<uint8_t> d(kDataHeadBytes);
    put_head(d.data(), {flags, kEntries[peer].node, 3,
                        static_cast<uint32_t>(numbers_[peer])});
    d.insert(d.end(), items, items + bytes);
    d.resize(d.size() + 4);
    (void)checksum_only().seal(nullptr, numbers_[peer], d.data(),
                               kDataHeadBytes, d.data() + kDataHeadBytes,
                               bytes);
    return d;
  }

  Link link;
  std::array<End, 3> ins;
  std::array<End, 2> outs;

 private:
  static constexpr PeerEntry kEntries[2] = {{1, 2, 100}, {2, 3, 0}};

  uint16_t targets() const { return stage_ == 0 ? 2 : 1; }
  // With those of the next stage.
  uint16_t in_streams() const { return stage_ == 0 && early_ ? 3 : targets(); }

  void begin() {
    const bool carries = stage_ == 1 && early_;
    const End carried = ins[2];
    LinkStage s{kStreams[stage_],
                kTargets[stage_],
                targets(),
                targets(),
                static_cast<uint16_t>(2 * stage_),
                static_cast<uint16_t>(2 * stage_),
                kStreams[1],
                static_cast<uint16_t>(in_streams() - targets())};
    link.begin_stage(s);
    const uint32_t start = frame_ * kFrame;
    const End fresh = {start, start, start, start, start + kFrame};
    for (uint16_t i = 0; i < targets(); ++i) {
      outs[i] = fresh;
      link.start_target(i, start);
    }
    for (uint16_t i = 0; i < in_streams(); ++i) {
      ins[i] = carries ? carried : fresh;
      link.start_stream(i, start);
    }
  }

  void balance() {
    const LinkLayout l = link_layout(counts_);
    const uint8_t* t = reinterpret_cast<uint8_t*>(tables_.data());
    const auto* peers = reinterpret_cast<const PeerState*>(t + l.peers);
    const auto* flights = reinterpret_cast<const Flight*>(t + l.flights);
    const auto* states = reinterpret_cast<const TargetState*>(t + l.targets);
    for (int p = 0; p < 2; ++p) {
      uint32_t used = 0, lost = 0;
      for (uint32_t i = 0; i < kEntries[p].window; ++i) {
        const Flight& f = flights[peers[p].first_flight + i];
        if (f.bytes == 0) continue;
        ++(is_lost(f) ? lost : used);
        expect(kTargets[stage_][f.target].peer == p);
        expect(ahead(f.offset + f.bytes, states[f.target].sent) <= 0);
      }
      expect(used == peers[p].in_flight && lost == peers[p].lost);
    }
    expect(link.counters().placed_bytes == placed_bytes_);
    const auto* ranges = reinterpret_cast<const Range*>(t + l.ranges);
    for (uint16_t i = 0; i < targets(); ++i) {
      expect(ahead(states[i].sent, states[i].acknowledged) >= 0);
      expect(ahead(states[i].reached, states[i].sent) >= 0);
      expect(ahead(outs[i].made, states[i].reached) >= 0);
      expect(states[i].acknowledged == outs[i].released);
    }
    for (uint16_t i = 0; i < in_streams(); ++i) {
      expect(link.received(i) == ins[i].placed);
      lists_what_is_there(ins[i], ranges + i * counts_.gaps);
    }
  }

  // Exactly, in order, without ranges that touch.
  void lists_what_is_there(const End& in, const Range* ranges) const {
    uint32_t next = in.at(in.placed);
    for (uint32_t i = 0; i < counts_.gaps; ++i) {
      if (ranges[i].begin == ranges[i].end) {
        expect(i + 1 == counts_.gaps ||
               ranges[i + 1].begin == ranges[i + 1].end);
        continue;
      }
      const uint32_t begin = in.at(ranges[i].begin), end = in.at(ranges[i].end);
      expect(next < begin && begin < end && end <= kFrame);
      for (; next < begin; ++next) expect(!in.there.test(next));
      for (; next < end; ++next) expect(in.there.test(next));
    }
    for (; next < kFrame; ++next) expect(!in.there.test(next));
  }

  static int send(void*, uint64_t, const void*, uint32_t bytes) {
    expect(bytes <= kPayload);
    return bytes % 13 == 0 ? -1 : 0;
  }
  static uint64_t now(void* user) { return static_cast<Owner*>(user)->now_us_; }

  shoal_transport transport_{};
  shoal_peer peers_[2]{};
  shoal_link config_{};
  uint8_t packet_[kPayload];
  LinkCounts counts_;
  std::vector<uint64_t> tables_;
  uint64_t now_us_ = 1, numbers_[2] = {};
  uint32_t frame_ = 0;
  int stage_ = 0;
  const bool early_;
  uint64_t placed_bytes_ = 0;
  volatile uint8_t sum_ = 0;
};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : next_(data), end_(data + size) {}
  bool empty() const { return next_ == end_; }
  uint8_t byte() { return empty() ? uint8_t{0} : *next_++; }
  std::vector<uint8_t> bytes(size_t count) {
    const size_t left = static_cast<size_t>(end_ - next_);
    const uint8_t* from = next_;
    next_ += count < left ? count : left;
    return {from, next_};
  }

 private:
  const uint8_t *next_, *end_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in(data, size);
  const uint32_t first = in.byte() % 10u;
  Owner owner(first % 5, first >= 5);
  while (!in.empty()) {
    switch (in.byte() % 8) {
      case 3:
        owner.receive(in.bytes(in.byte()));
        break;
      case 4: {
        const uint8_t which = in.byte();
        owner.make(which, in.byte());
        break;
      }
      case 5: {
        const uint8_t which = in.byte();
        owner.consume(which, in.byte());
        break;
      }
      case 6: {
        const uint8_t time = in.byte();
        owner.pass(time, in.byte() & 1);
        break;
      }
      case 7:
        owner.next_stage();
        break;
      default: {
        const uint8_t flags = in.byte();
        const int peer = in.byte() & 1;
        const int step = static_cast<int8_t>(in.byte());
        const std::vector<uint8_t> items = in.bytes(in.byte());
        owner.receive(owner.seal(flags, peer, step, items.data(),
                                 static_cast<uint32_t>(items.size())));
      }
    }
  }
  return 0;
}
