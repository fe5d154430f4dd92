// For tests and the fuzzer: small programs of one to three nodes that between
// them have every use of a stream, with several frames of inputs and the
// outputs that the plainest computation gives.
#pragma once

#include <string>
#include <vector>

#include "device/program/params.h"
#include "device/runtime/testing/linked_programs.h"
#include "device/runtime/testing/naive.h"

namespace shoal::test {

struct LinkedSample {
  std::string name;
  LinkedPrograms programs;
  std::vector<std::vector<Bytes>> inputs, wanted;  // [edge][frame]
};

inline constexpr int kSampleFrames = 3;

template <class T>
TensorOf<T> box_of(const TensorOf<T>& t, BoxSpec b) {
  if (!b.y1) b.y1 = t.rows;
  if (!b.x1) b.x1 = t.columns;
  if (!b.c1) b.c1 = t.channels;
  TensorOf<T> out(b.y1 - b.y0, b.x1 - b.x0, b.c1 - b.c0);
  for (int y = 0; y < out.rows; ++y) {
    for (int x = 0; x < out.columns; ++x) {
      for (int c = 0; c < out.channels; ++c) {
        out.at(y, x, c) = t.at(b.y0 + y, b.x0 + x, b.c0 + c);
      }
    }
  }
  return out;
}

// An actor with the part of the filter that the cut says.
inline ActorSpec cut_actor(const Filter& f, int in, int out, Cut cut = {}) {
  ActorSpec a = actor_of(f, in, out);
  a.chunks = {chunk_of(f, cut)};
  a.chunks[0].out0 = 0;
  return a;
}

inline ActorSpec copy_actor(int in, int out) {
  ActorSpec a;
  a.r.op = OpCode::kMove;
  a.r.in[0] = uint16_t(in), a.r.out = uint16_t(out);
  a.set_params(MoveParams{1, 0, 1, 0, 1, 0, 0});
  return a;
}

inline Filter conv(Random& r, int in_c, int out_c, int k = 3) {
  return random_filter(r, OpCode::kConv, in_c, out_c, k, 1, k / 2);
}

// Frames of random inputs, boxes of them to the nodes, and boxes of what
// `compute` makes of them.
class SampleMaker {
 public:
  SampleMaker(const std::string& name, Random& r, int rows, int columns,
              int channels)
      : random_(r) {
    sample.name = name;
    for (int f = 0; f < kSampleFrames; ++f) {
      inputs_.push_back(random_tensor(random_, rows, columns, channels));
    }
  }
  void input(int edge, BoxSpec box = {}) {
    sample.programs.inputs.push_back(edge);
    sample.inputs.emplace_back();
    for (const Tensor& t : inputs_) {
      sample.inputs.back().push_back(box_of(t, box).bytes());
    }
  }
  template <class Compute>
  void output(int edge, BoxSpec box, const Compute& compute) {
    sample.programs.outputs.push_back(edge);
    sample.wanted.emplace_back();
    for (const Tensor& t : inputs_) {
      sample.wanted.back().push_back(box_of(compute(t), box).bytes());
    }
  }
  void node(std::vector<StageSpec> stages) {
    sample.programs.nodes.emplace_back().stages = std::move(stages);
  }
  LinkedSample sample;

 private:
  Random& random_;
  std::vector<Tensor> inputs_;
};

// Two nodes, each with half of the rows; the tensor between two convolutions
// is held whole, one row of it is the neighbour's.
inline LinkedSample halo_sample() {
  Random r(11);
  const Filter f = conv(r, 2, 3), g = conv(r, 3, 2);
  SampleMaker m("halo", r, 8, 6, 2);
  const auto all = [&](const Tensor& x) {
    return naive(g, naive(f, x, 8, 6), 8, 6);
  };
  for (int n = 0; n < 2; ++n) {
    const int top = 3 * n;  // rows above this node's buffers
    StageSpec s, t;
    BufferSpec held{5, 6, 3};
    held.at = 0;
    const int bm = s.buffer(held), bx = s.buffer({5, 6, 2, 3});
    const BoxSpec own{n, n + 4}, theirs{n ? 0 : 4, n ? 1 : 5};
    const BoxSpec edge{n ? 1 : 3, n ? 2 : 4};
    s.receive(bx, n);
    s.actors.push_back(actor_of(f, s.read(bx), s.write(bm, own)));
    s.actors[0].r.pad_top = int16_t(1 - n);
    s.send(bm, {10 + n}, edge);
    s.receive(bm, 11 - n, theirs);
    held.flags = kBufferComplete;
    const int bh = t.buffer(held), by = t.buffer({4, 6, 2, 2});
    t.actors.push_back(actor_of(g, t.read(bh), t.write(by)));
    t.actors[0].r.pad_top = int16_t(1 - n);
    t.send(by, {20 + n});
    m.node({s, t});
    m.input(n, {top, top + 5});
    m.output(20 + n, {4 * n, 4 * n + 4}, all);
  }
  return m.sample;
}

// Three nodes, each with a third of the output channels of two convolutions;
// all channels meet in rings of three rows with three writers, a copy and two
// streams, and what a node makes goes to two targets.
inline LinkedSample gather_sample() {
  Random r(12);
  const Filter f = conv(r, 3, 6), g = conv(r, 6, 6);
  SampleMaker m("gather", r, 8, 5, 3);
  for (int n = 0; n < 3; ++n) {
    StageSpec s;
    const int bx = s.buffer({8, 5, 3, 3}), bh = s.buffer({8, 5, 2, 2});
    const int bm = s.buffer({8, 5, 6, 3}), by = s.buffer({8, 5, 2, 1});
    const auto box = [](int node) {
      BoxSpec b;
      b.c0 = 2 * node, b.c1 = 2 * node + 2;
      return b;
    };
    const int next = (n + 1) % 3, other = (n + 2) % 3;
    s.receive(bx, n);
    s.actors.push_back(cut_actor(f, s.read(bx), s.write(bh), {2 * n, 2}));
    s.send(bh, {100 + 10 * n + next, 100 + 10 * n + other});
    s.actors.push_back(copy_actor(s.read(bh), s.write(bm, box(n))));
    s.receive(bm, 100 + 10 * next + n, box(next));
    s.receive(bm, 100 + 10 * other + n, box(other));
    s.actors.push_back(cut_actor(g, s.read(bm), s.write(by), {2 * n, 2}));
    s.send(by, {20 + n});
    m.node({s});
    m.input(n);
    m.output(20 + n, box(n), [&](const Tensor& x) {
      return naive(g, naive(f, x, 8, 5), 8, 5);
    });
  }
  return m.sample;
}

// Three nodes one after another; all rings have one row. The second one keeps
// its cursors over the frames.
inline LinkedSample pipeline_sample() {
  Random r(13);
  const Filter f[] = {conv(r, 2, 3, 1), conv(r, 3, 4, 1), conv(r, 4, 2, 1)};
  SampleMaker m("pipeline", r, 7, 4, 2);
  for (int n = 0; n < 3; ++n) {
    StageSpec s;
    BufferSpec in{7, 4, f[n].in_c, 1}, out{7, 4, f[n].out_c, 1};
    if (n == 1) in.flags = out.flags = kBufferKeep;
    const int bx = s.buffer(in), by = s.buffer(out);
    s.receive(bx, n);
    s.actors.push_back(actor_of(f[n], s.read(bx), s.write(by)));
    s.actors[0].r.slices = 2;
    s.send(by, {n + 1});
    m.node({s});
  }
  m.input(0);
  m.output(3, {}, [&](const Tensor& x) {
    return naive(f[2], naive(f[1], naive(f[0], x, 7, 4), 7, 4), 7, 4);
  });
  return m.sample;
}

// Three nodes, each with a third of the input channels; int32 rows go from
// one to the next.
inline LinkedSample sums_sample() {
  Random r(14);
  const Filter f = conv(r, 6, 3);
  SampleMaker m("sums", r, 6, 5, 6);
  for (int n = 0; n < 3; ++n) {
    StageSpec s;
    const int bx = s.buffer({6, 5, 2, 3});
    const int by = s.buffer({6, 5, 3, n == 1 ? 2 : 1, n == 2 ? 1 : 4});
    s.receive(bx, n);
    ActorSpec a = cut_actor(f, s.read(bx), s.write(by), {0, 3, 2 * n, 2});
    a.r.flags = n == 0 ? kActorInit : n == 2 ? kActorFinal : 0;
    if (n > 0) {
      const int bp = s.buffer({6, 5, 3, 1, 4});
      s.receive(bp, 9 + n);
      a.r.partial = s.read(bp);
    }
    s.actors.push_back(a);
    s.send(by, {n == 2 ? 20 : 10 + n});
    m.node({s});
    BoxSpec box;
    box.c0 = 2 * n, box.c1 = 2 * n + 2;
    m.input(n, box);
  }
  m.output(20, {}, [&](const Tensor& x) { return naive(f, x, 6, 5); });
  return m.sample;
}

// Two nodes, each with half of the columns; one column of each goes to the
// other, row by row, into rings that keep their cursors.
inline LinkedSample columns_sample() {
  Random r(15);
  const Filter f = conv(r, 2, 3), g = conv(r, 3, 2);
  SampleMaker m("columns", r, 7, 8, 2);
  const auto columns = [](int x0, int x1) {
    BoxSpec b;
    b.x0 = x0, b.x1 = x1;
    return b;
  };
  for (int n = 0; n < 2; ++n) {
    StageSpec s;
    BufferSpec middle{7, 5, 3, 4};
    middle.flags = kBufferKeep;
    const int bx = s.buffer({7, 5, 2, 3}), bm = s.buffer(middle);
    const int bh = s.buffer({7, 4, 3, 1}), by = s.buffer({7, 4, 2, 2});
    s.receive(bx, n);
    s.actors.push_back(actor_of(f, s.read(bx), s.write(bh)));
    s.actors[0].r.pad_left = int16_t(1 - n);
    s.actors.push_back(copy_actor(s.read(bh), s.write(bm, columns(n, n + 4))));
    s.receive(bm, 11 - n, n ? columns(0, 1) : columns(4, 5));
    s.send(bh, {10 + n}, n ? columns(0, 1) : columns(3, 4));
    s.actors.push_back(actor_of(g, s.read(bm), s.write(by)));
    s.actors[2].r.pad_left = int16_t(1 - n);
    s.send(by, {20 + n});
    m.node({s});
    m.input(n, columns(3 * n, 3 * n + 5));
    m.output(20 + n, columns(4 * n, 4 * n + 4), [&](const Tensor& x) {
      return naive(g, naive(f, x, 7, 8), 7, 8);
    });
  }
  return m.sample;
}

// One node: a stream fills a buffer held whole; in the next stage that buffer
// is sent and read while another stream's rows take its place.
inline LinkedSample overlay_sample() {
  Random r(16);
  const Filter f = conv(r, 3, 2);
  SampleMaker m("overlay", r, 6, 4, 3);
  StageSpec s, t;
  BufferSpec held{6, 4, 3};
  held.at = 16;
  s.receive(s.buffer(held), 0);
  held.flags = kBufferComplete;
  const int under = t.buffer(held);
  BufferSpec over{6, 4, 3};
  over.at = 0, over.overlay = under;
  const int bo = t.buffer(over), by = t.buffer({6, 4, 2, 1});
  t.actors.push_back(actor_of(f, t.read(under), t.write(by)));
  t.receive(bo, 1);
  t.send(by, {20});
  t.send(under, {21}, {1, 5});
  t.send(bo, {22});
  m.node({s, t});
  m.input(0), m.input(1);
  const auto same = [](const Tensor& x) { return x; };
  m.output(20, {}, [&](const Tensor& x) { return naive(f, x, 6, 4); });
  m.output(21, {1, 5}, same);
  m.output(22, {}, same);
  return m.sample;
}

// Two nodes that exchange all they have made from stage to stage: into a ring,
// then into a box. Both may have rows before their stage begins.
inline LinkedSample early_sample() {
  Random r(17);
  const Filter f[] = {conv(r, 2, 2), conv(r, 2, 2)};
  const Filter g[] = {conv(r, 2, 2), conv(r, 2, 2)};
  SampleMaker m("early", r, 7, 4, 2);
  const auto box = [](int at, int slots, int flags = 0) {
    BufferSpec b{7, 4, 2, slots};
    b.at = at, b.flags = flags;
    return b;
  };
  const int kX = 0, kH = 64, kRing = 128, kY = 160, kZ = 224, kOut = 288;
  for (int n = 0; n < 2; ++n) {
    StageSpec s, t, u;
    const int bx = s.buffer(box(kX, 3)), made = s.buffer(box(kH, 7));
    s.receive(bx, n);
    s.actors.push_back(actor_of(f[n], s.read(bx), s.write(made)));
    const int bh = t.buffer(box(kH, 7, kBufferComplete));
    const int ring = t.buffer(box(kRing, 3)), by = t.buffer(box(kY, 7));
    t.receive_early(ring, 101 - n);
    t.actors.push_back(actor_of(g[n], t.read(ring), t.write(by)));
    t.send(bh, {100 + n});
    const int whole = u.buffer(box(kY, 7, kBufferComplete));
    const int bz = u.buffer(box(kZ, 7)), out = u.buffer(box(kOut, 1));
    u.receive_early(bz, 201 - n);
    u.actors.push_back(copy_actor(u.read(bz), u.write(out)));
    u.send(whole, {200 + n});
    u.send(out, {20 + n});
    m.node({s, t, u});
    m.input(n);
    m.output(20 + n, {}, [&](const Tensor& x) {
      return naive(g[1 - n], naive(f[n], x, 7, 4), 7, 4);
    });
  }
  return m.sample;
}

inline std::vector<LinkedSample> linked_samples() {
  return {halo_sample(),    gather_sample(),  pipeline_sample(), sums_sample(),
          columns_sample(), overlay_sample(), early_sample()};
}

}  // namespace shoal::test
