// A stage as tests describe it; program_builder.h makes a program of several.
#pragma once

#include <cstring>
#include <vector>

#include "device/program/actor.h"

namespace shoal::test {

struct BufferSpec {
  int rows = 1, columns = 1, channels = 1;
  int slots = 0;  // 0: all rows
  int element_bytes = 1;
  int flags = 0;
  int overlay = -1;
  int64_t at = -1;  // offset after the fixed regions; -1: fresh memory
  int tensor = 0;
  int variable = -1;  // of the program, with flags that say so
};

struct BoxSpec {  // ends 0: the buffer's
  int y0 = 0, y1 = 0, x0 = 0, x1 = 0, c0 = 0, c1 = 0;
};

struct ChunkSpec {
  int out0 = 0, out_n = 0, in0 = 0, in_n = 0;
  std::vector<uint8_t> bytes;
};

struct ActorSpec {
  ActorRecord r = plain();
  std::vector<int32_t> params;
  std::vector<uint16_t> maps;
  std::vector<ChunkSpec> chunks;
  int parts = 1;
  bool tape = false;
  bool sram = false, keep = false;
  int bank = 0;  // that it stays in

  static ActorRecord plain() {
    ActorRecord r{};
    r.flags = kActorInit | kActorFinal;
    r.in[0] = r.in[1] = r.partial = r.weights = r.loop = kNone;
    r.band = r.part = r.slices = r.kernel_h = r.kernel_w = 1;
    r.stride_y = r.stride_x = r.dilation_y = r.dilation_x = 1;
    r.act_min = -128, r.act_max = 127;
    r.multiplier = 1;
    r.accumulator = kNowhere;
    return r;
  }
  template <class P>
  void set_params(const P& p) {
    params.resize(sizeof(P) / sizeof(int32_t));
    std::memcpy(params.data(), &p, sizeof(P));
  }
};

// The other end of a stream. What tests describe is the edge, a number that
// one target and one in-stream have in common; link_programs() finds the rest.
struct FarEnd {
  int edge;
  uint16_t peer = 0, there = 0;
};

struct StageSpec {
  struct Port {
    int buffer;
    bool is_read;
    BoxSpec box;
    PortOwner owner = PortOwner::kActor;
    int index = 0;  // input, output, or entry of `streams` or `spills`
  };
  struct Spill {
    uint16_t port;
    int number;  // of the ports that rows leave by, over all stages
  };
  struct Stream {
    bool in;
    std::vector<FarEnd> far;
    bool early = false;  // in the stage before, too, if that is mapped
  };
  std::vector<BufferSpec> buffers;
  std::vector<Port> ports;
  std::vector<ActorSpec> actors;
  std::vector<LoopRecord> loops;
  std::vector<OrderRun> order;
  std::vector<Stream> streams;
  std::vector<Spill> spills;
  uint32_t slot_count = 0;  // of the tape

  uint16_t buffer(const BufferSpec& b) {
    buffers.push_back(b);
    return static_cast<uint16_t>(buffers.size() - 1);
  }
  uint16_t port(int buffer, bool is_read, BoxSpec box) {
    const BufferSpec& b = buffers.at(static_cast<size_t>(buffer));
    if (!box.y1) box.y1 = b.rows;
    if (!box.x1) box.x1 = b.columns;
    if (!box.c1) box.c1 = b.channels;
    ports.push_back({buffer, is_read, box});
    return static_cast<uint16_t>(ports.size() - 1);
  }
  uint16_t read(int buffer, BoxSpec box = {}) {
    return port(buffer, true, box);
  }
  uint16_t write(int buffer, BoxSpec box = {}) {
    return port(buffer, false, box);
  }
  void input(int buffer, int number, BoxSpec box = {}) {
    const uint16_t p = write(buffer, box);
    ports[p].owner = PortOwner::kApi, ports[p].index = number;
  }
  void output(int buffer, int number, BoxSpec box = {}) {
    const uint16_t p = read(buffer, box);
    ports[p].owner = PortOwner::kApi, ports[p].index = number;
  }
  void stream(uint16_t port, const std::vector<int>& edges) {
    ports[port].owner = PortOwner::kStream;
    ports[port].index = static_cast<int>(streams.size());
    streams.push_back({!ports[port].is_read, {}, false});
    for (int edge : edges) streams.back().far.push_back({edge});
  }
  void receive(int buffer, int edge, BoxSpec box = {}) {
    stream(write(buffer, box), {edge});
  }
  void receive_early(int buffer, int edge, BoxSpec box = {}) {
    receive(buffer, edge, box);
    streams.back().early = true;
  }
  void send(int buffer, const std::vector<int>& edges, BoxSpec box = {}) {
    stream(read(buffer, box), edges);
  }
  // Rows leave as number `number`, or come back.
  void spill(uint16_t port, int number) {
    ports[port].owner = PortOwner::kSpill;
    ports[port].index = static_cast<int>(spills.size());
    spills.push_back({port, number});
  }
  void leave(int buffer, int number, BoxSpec box = {}) {
    spill(read(buffer, box), number);
  }
  void come_back(int buffer, int number, BoxSpec box = {}) {
    spill(write(buffer, box), number);
  }
  // The place of a stream in the program's table: in-streams come first.
  size_t place_of(size_t stream) const {
    size_t place = 0;
    for (size_t i = 0; i < streams.size(); ++i) {
      place += streams[i].in == streams[stream].in ? i < stream : streams[i].in;
    }
    return place;
  }
  // Every actor or loop to its end, one after another.
  void order_in_turn();
};

inline void StageSpec::order_in_turn() {
  for (size_t i = 0; i < actors.size(); ++i) {
    const ActorRecord& a = actors[i].r;
    const BoxSpec& out = ports[a.out].box;
    const int rows = out.y1 - out.y0;
    int firings = ceil_div(rows, a.band);
    if (is_cut(a)) firings = rows * ceil_div(a.kernel_h, a.part);
    if (a.loop != kNone) {
      const LoopRecord& l = loops[a.loop];
      if (l.first_actor != i) continue;
      const BoxSpec& end =
          ports[actors[l.first_actor + l.actors - 1u].r.out].box;
      firings = ceil_div(end.y1 - end.y0, l.band);
    }
    order.push_back({static_cast<uint16_t>(i), static_cast<uint16_t>(firings)});
  }
}

}  // namespace shoal::test
