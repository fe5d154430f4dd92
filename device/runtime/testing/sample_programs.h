// For tests and the fuzzer: small valid programs that between them have every
// table, every kind of buffer and most operators, and one way to try an image
// that may be anything.
#pragma once

#include <vector>

#include "device/link/cipher.h"
#include "device/program/params.h"
#include "device/runtime/testing/naive.h"
#include "device/runtime/testing/tape_twin.h"

namespace shoal::test {

struct Sample {
  ProgramBuilder program;
  std::vector<Bytes> inputs;
};

inline Sample sample_of(std::vector<StageSpec> stages,
                        std::vector<Bytes> inputs) {
  Sample sample;
  sample.program.stages = std::move(stages);
  sample.program.inputs = static_cast<int>(inputs.size());
  sample.inputs = std::move(inputs);
  return sample;
}

// Two stages: convolutions in a ring with a skip connection; then an overlay,
// a table, a mean over the rows and a softmax.
inline Sample two_stage_sample() {
  Random r(1);
  const Tensor x = random_tensor(r, 6, 4, 3);
  const Filter f = random_filter(r, OpCode::kConv, 3, 4, 3, 1, 1);
  const Filter d = random_filter(r, OpCode::kDepthwise, 4, 4, 3, 1, 1);
  StageSpec s, t;
  const int bx = s.buffer(x.buffer(3));
  const int bm = s.buffer(BufferSpec{6, 4, 4, 3});
  const int bd = s.buffer(BufferSpec{6, 4, 4, 1});
  BufferSpec held{6, 4, 4};
  held.at = 512;
  const int bh = s.buffer(held);
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(bm)));
  s.actors.back().chunks = {chunk_of(f, {0, 1}), chunk_of(f, {1, 3})};
  s.actors.push_back(actor_of(d, s.read(bm), s.write(bd)));
  s.actors.back().r.slices = 2;
  ActorSpec add;
  add.r.op = OpCode::kAdd;
  add.r.in[0] = s.read(bd), add.r.in[1] = s.read(bm);
  add.r.out = s.write(bh);
  add.set_params(AddParams{1, 2, 1 << 30, 0, 1 << 30, 0, 1 << 30, -19, 1});
  s.actors.push_back(add);

  held.flags = kBufferComplete;
  const int under = t.buffer(held);
  BufferSpec over{6, 4, 4};
  over.at = 496, over.overlay = under;
  const int bl = t.buffer(over);
  ActorSpec lut;
  lut.r.op = OpCode::kLut;
  lut.r.in[0] = t.read(under), lut.r.out = t.write(bl);
  lut.chunks = {{0, 4, 0, 0, Bytes(256, 7)}};
  t.actors.push_back(lut);
  const int bs = t.buffer(BufferSpec{1, 1, 4}), bo = t.buffer({1, 1, 4});
  ActorSpec mean;
  mean.r.op = OpCode::kReduceSum;
  mean.r.flags |= kReduceColumns;
  mean.r.in[0] = t.read(bl), mean.r.out = t.write(bs);
  mean.r.kernel_h = 6, mean.r.kernel_w = 4, mean.r.part = 2;
  mean.set_params(ReduceParams{24, 1 << 30, -4});
  t.actors.push_back(mean);
  ActorSpec soft;
  soft.r.op = OpCode::kSoftmax;
  soft.r.in[0] = t.read(bs), soft.r.out = t.write(bo);
  soft.set_params(SoftmaxParams{1 << 30, 22, -200});
  t.actors.push_back(soft);
  t.output(bo, 0);
  return sample_of({s, t}, {x.bytes()});
}

// A loop, and int32 rows between two actors that split its output's channels.
inline Sample loop_sample() {
  Random r(2);
  const Tensor x = random_tensor(r, 6, 5, 2);
  const Filter e = random_filter(r, OpCode::kConv, 2, 4, 1);
  const Filter d = random_filter(r, OpCode::kDepthwise, 4, 4, 3, 2, 1);
  const Filter q = random_filter(r, OpCode::kConv, 4, 4, 1);
  const Filter g = random_filter(r, OpCode::kConv, 4, 3, 1);
  StageSpec s;
  const int bx = s.buffer(x.buffer(4));
  BufferSpec h{6, 5, 2, 5}, m{3, 3, 2, 2};
  h.flags = m.flags = kBufferPrivate;
  const int bh = s.buffer(h), bm = s.buffer(m);
  const int by = s.buffer(BufferSpec{3, 3, 4, 2});
  const int bp = s.buffer(BufferSpec{3, 3, 3, 1, 4});
  const int bo = s.buffer(BufferSpec{3, 3, 3, 1});
  s.input(bx, 0);
  ActorSpec a = actor_of(e, s.read(bx), s.write(bh));
  a.chunks = {chunk_of(e, {0, 2}), chunk_of(e, {2, 2})};
  ActorSpec b = actor_of(d, s.read(bh), s.write(bm));
  b.chunks = {chunk_of(d, {0, 2}), chunk_of(d, {2, 2})};
  ActorSpec c = actor_of(q, s.read(bm), s.write(by));
  c.chunks = {chunk_of(q, {0, 4, 0, 2}), chunk_of(q, {0, 4, 2, 2})};
  c.parts = 2;
  for (int i = 0; i < 2; ++i) {
    c.chunks[size_t(i)].in0 = 2 * i, c.chunks[size_t(i)].in_n = 2;
  }
  a.r.loop = b.r.loop = c.r.loop = 0;
  s.actors = {a, b, c};
  s.loops = {{0, 3, 2, 2}};
  BoxSpec left, right;
  left.c1 = 1, right.c0 = 1;
  ActorSpec first = actor_of(g, s.read(by, left), s.write(bp));
  first.chunks = {chunk_of(g, {0, 3, 0, 1})};
  first.r.flags = kActorInit;
  ActorSpec second = actor_of(g, s.read(by, right), s.write(bo));
  second.chunks = {chunk_of(g, {0, 3, 1, 3})};
  second.r.flags = kActorFinal;
  second.r.partial = s.read(bp);
  s.actors.push_back(first), s.actors.push_back(second);
  s.output(bo, 0);
  return sample_of({s}, {x.bytes()});
}

// A program that only moves bytes, with a pool, kept cursors and a constant.
inline Sample move_sample() {
  Random r(3);
  const Tensor x = random_tensor(r, 4, 4, 2);
  StageSpec s;
  BufferSpec ring = x.buffer(3);
  ring.flags = kBufferKeep;
  const int bx = s.buffer(ring);
  s.input(bx, 0);
  int at = bx;
  const auto add = [&](ActorSpec a, BufferSpec out) {
    const int b = s.buffer(out);
    if (a.r.op != OpCode::kConstant) a.r.in[0] = s.read(at);
    a.r.out = s.write(b);
    s.actors.push_back(a);
    at = b;
  };
  const auto op = [](OpCode code) {
    ActorSpec a;
    a.r.op = code;
    return a;
  };
  ActorSpec a = op(OpCode::kMove);
  a.set_params(MoveParams{1, -1, 1, -1, 1, 0, 5});
  add(a, {6, 6, 2, 3});
  a = op(OpCode::kMaxPool);
  a.r.kernel_h = a.r.part = a.r.kernel_w = 3;
  add(a, {4, 4, 2, 4});
  a = op(OpCode::kSpaceToDepth);
  a.params = {2};
  add(a, {2, 2, 8, 1});
  a = op(OpCode::kResize);
  a.maps = {0, 0, 1, 0, 1, 1};
  add(a, {3, 3, 8, 3});
  a = op(OpCode::kTranspose);
  a.set_params(TransposeParams{{1, 8, 3, 3}, {0, 1, 24, 8}});
  add(a, {8, 3, 3, 4});
  a = op(OpCode::kReshape);
  add(a, {4, 6, 3, 2});
  const int moved = at;
  a = op(OpCode::kConstant);
  a.chunks = {{0, 1, 0, 0, Bytes(20, 3)}};
  a.chunks[0].out_n = 1;
  add(a, {1, 6, 3, 1});
  ActorSpec most = op(OpCode::kMaximum);
  most.r.in[0] = s.read(moved), most.r.in[1] = s.read(at);
  const int bo = s.buffer({4, 6, 3, 1});
  most.r.out = s.write(bo);
  s.actors.push_back(most);
  s.output(bo, 0);
  return sample_of({s}, {x.bytes()});
}

// Two variables of 3 x 2 x 2: the largest values so far, from a pattern on, and
// the frame before. The output is the larger of both.
inline Sample variable_sample() {
  Random r(5);
  const Tensor x = random_tensor(r, 3, 2, 2);
  StageSpec s;
  const int bx = s.buffer(x.buffer());
  const auto kept = [&](int variable, int flags) {
    BufferSpec b{3, 2, 2};
    b.flags = kBufferVariable | flags;
    b.variable = variable;
    return s.buffer(b);
  };
  const int largest = kept(0, kBufferComplete), next = kept(0, 0);
  const int last = kept(1, kBufferComplete), now = kept(1, 0);
  const int bm = s.buffer({3, 2, 2}), by = s.buffer({3, 2, 2});
  s.input(bx, 0);
  const auto add = [&](OpCode op, int a, int b, int to) {
    ActorSpec actor;
    actor.r.op = op;
    actor.r.in[0] = s.read(a);
    if (b >= 0) actor.r.in[1] = s.read(b);
    actor.r.out = s.write(to);
    if (b < 0) actor.set_params(MoveParams{1, 0, 1, 0, 1, 0, 0});
    s.actors.push_back(actor);
  };
  add(OpCode::kMaximum, largest, bx, bm);
  add(OpCode::kMove, bm, -1, next);
  add(OpCode::kMove, bx, -1, now);
  add(OpCode::kMaximum, bm, last, by);
  s.output(by, 0);
  Sample sample;
  sample.program.stages = {s};
  Bytes pattern(12);
  for (uint8_t& b : pattern) b = static_cast<uint8_t>(r());
  sample.program.variables = {{12, pattern, 0}, {12, {}, -7}};
  for (int frame = 0; frame < 4; ++frame) {
    const Tensor next_frame = random_tensor(r, 3, 2, 2);
    for (const int32_t v : next_frame.v) {
      if (sample.inputs.empty()) sample.inputs.emplace_back();
      sample.inputs[0].push_back(static_cast<uint8_t>(v));
    }
  }
  return sample;
}

// Steps of a recurrent actor, in chunks of at most three units.
inline ActorSpec lstm_actor(Random& r, int inputs, int units) {
  ActorSpec a;
  a.r.op = OpCode::kLstm;
  a.r.zero_out = -3;
  LstmParams p{};
  for (LstmGate& gate : p.gates) gate = {1500000000, -4, 1300000000, -3};
  p.keep_multiplier = p.add_multiplier = 1 << 30, p.keep_shift = -14;
  p.add_shift = -18;
  p.hidden_multiplier = 1100000000, p.hidden_shift = -22;
  p.tanh_multiplier = 6, p.clip = 30000;
  for (int k = 0; k < 128; ++k) {
    const auto low = static_cast<uint32_t>(32768 + 120 * 2 * k);
    p.table[k] = low | (low + 120) << 16;
  }
  a.set_params(p);
  const auto unit = static_cast<size_t>(lstm_unit_bytes(inputs, units));
  for (int first = 0; first < units; first += 3) {
    ChunkSpec c{first, std::min(3, units - first), 0, 1, {}};
    c.bytes.resize(static_cast<size_t>(c.out_n) * unit);
    for (size_t i = 0; i < c.bytes.size(); ++i) {
      const bool is_high = i % unit < kLstmBiasBytes && i % 4 > 1;
      c.bytes[i] = is_high ? 0 : static_cast<uint8_t>(r());
    }
    a.chunks.push_back(c);
  }
  return a;
}

// Steps of a loop with two states, in chunks of at most three units. Both
// phases have a product of the step's row, the first one of the first state
// and the second of what the first makes; then their sum, its product with the
// second state, a function of it.
inline ActorSpec cell_actor(Random& r, int inputs, int units) {
  ActorSpec a;
  a.r.op = OpCode::kCell;
  CellParams p{};
  int ops = 0;
  const auto add = [&](CellCode code, int first, int second) -> CellOp& {
    CellOp& op = p.op[ops++];
    op = {static_cast<int32_t>(code), first, second, 3, -128, 127, {}};
    return op;
  };
  const AddParams sum{3, 3, 1 << 30, -1, 1 << 30, 0, 1 << 30, -18, -1};
  for (const int vector : {1, 3}) {
    const int k = ops;
    add(CellCode::kDot, 0, 0), add(CellCode::kDot, vector, 0);
    std::memcpy(add(CellCode::kAdd, k, k + 1).params, &sum, sizeof sum);
    p.phase[p.phases++] = {ops, k + 2};
  }
  p.input_dots = p.state_dots = 1;
  add(CellCode::kState, 1, 0);
  const MulParams product{3, -2, 1 << 30, -5};
  std::memcpy(add(CellCode::kMul, 5, 6).params, &product, sizeof product);
  add(CellCode::kTable, 7, 1);
  for (uint32_t& word : p.table[1]) word = static_cast<uint32_t>(r());
  p.states = 2;
  p.phase[1] = {ops, 8};
  p.after[0] = 8, p.after[1] = 7;
  const auto unit = static_cast<size_t>(cell_unit_bytes(p, inputs, units));
  p.unit_bytes = static_cast<int32_t>(unit);
  a.set_params(p);
  const int places = p.phases * units;
  for (int first = 0; first < places; first += 3) {
    ChunkSpec c{first, std::min(3, places - first), 0, 1, {}};
    c.bytes.resize(static_cast<size_t>(c.out_n) * unit);
    for (size_t i = 0; i < c.bytes.size(); ++i) {
      c.bytes[i] = static_cast<uint8_t>(r());
      const size_t at = i % unit;
      if (at < 2 * kCellDotBytes && at % 12 > 1) c.bytes[i] = 0;
      if (at < 2 * kCellDotBytes && at % 12 == 7) c.bytes[i] = 0x50;
      if (at < 2 * kCellDotBytes && at % 12 >= 8) c.bytes[i] = 0xFF;
      if (at < 2 * kCellDotBytes && at % 12 == 8) c.bytes[i] = 0xF9;
    }
    a.chunks.push_back(c);
  }
  return a;
}

// Makes the actor read the rows of `x` from the state `before` on.
template <class T>
Sample sequence_of(const TensorOf<T>& x, const TensorOf<T>& before,
                   const BufferSpec& out, ActorSpec a) {
  StageSpec s;
  const int bx = s.buffer(x.buffer()), bs = s.buffer(before.buffer());
  const int by = s.buffer(out);
  s.input(bx, 0), s.input(bs, 1);
  a.r.in[0] = s.read(bx), a.r.in[1] = s.read(bs), a.r.out = s.write(by);
  s.actors.push_back(std::move(a));
  s.output(by, 0);
  return sample_of({s}, {x.bytes(), before.bytes()});
}

// The same sequence with elements of 16 bits.
inline Sample wide_steps_sample() {
  Random r(8);
  TensorOf<int16_t> x(5, 1, 3), before(2, 1, 4);
  for (TensorOf<int16_t>* t : {&x, &before}) {
    for (int16_t& v : t->v) v = static_cast<int16_t>(uniform(r, -32768, 32767));
  }
  ActorSpec a = lstm_actor(r, 3, 4);
  LstmParams p;
  std::memcpy(&p, a.params.data(), sizeof p);
  for (LstmGate& gate : p.gates) gate = {22000, -6, 20000, -5};
  a.params.clear();
  a.set_params(p);
  for (const int32_t v : {-32768, 32767, 1}) a.params.push_back(v);
  a.r.is_wide = 1, a.r.zero_out = 0;
  return sequence_of(x, before, BufferSpec{6, 1, 4, 2, 2}, std::move(a));
}

// A sequence of five steps behind one another.
inline Sample steps_sample(OpCode op) {
  Random r(7);
  const int states = op == OpCode::kLstm ? 3 : 2;
  const Tensor x = random_tensor(r, 5, 1, 3),
               before = random_tensor(r, states, 1, 4);
  const int phases = op == OpCode::kLstm ? 1 : 2;
  return sequence_of(
      x, before, BufferSpec{4 + states, 1, 4 * phases, 2},
      op == OpCode::kLstm ? lstm_actor(r, 3, 4) : cell_actor(r, 3, 4));
}

// More rows than 16 bits count, or as many columns as they do, and long steps.
inline Sample wide_sample(bool columns) {
  Random r(5);
  Filter f = line_filter(r, 3, 20000, 1000, 500);
  if (columns) f = along_columns(f);
  const Tensor x =
      columns ? random_tensor(r, 1, 65535, 1) : random_tensor(r, 66000, 1, 1);
  StageSpec s;
  const int in = s.buffer(x.buffer(columns ? 1 : 2001));
  const int out = s.buffer(BufferSpec{columns ? 1 : 4, columns ? 4 : 1, 2, 1});
  s.input(in, 0);
  s.actors.push_back(actor_of(f, s.read(in), s.write(out)));
  s.actors.back().r.slices = columns ? 2 : 1;
  s.output(out, 0);
  return sample_of({s}, {x.bytes()});
}

// Elements of 16 bits: a convolution with long sums whose window is cut, the
// logistic function, and the way to int8.
inline Sample int16_sample() {
  Random r(6);
  TensorOf<int16_t> x(6, 4, 2);
  for (int16_t& v : x.v) v = static_cast<int16_t>(uniform(r, -32768, 32767));
  Filter f = random_filter(r, OpCode::kConv, 2, 3, 3, 1, 1);
  f.r.zero_in = f.r.zero_weight = f.r.zero_out = 0;
  for (size_t o = 0; o < 3; ++o) {
    f.multipliers[o] = uniform(r, 1 << 14, (1 << 15) - 1) - (1 << 16);
    f.shifts[o] = uniform(r, -9, -6);
  }
  StageSpec s;
  const int bx = s.buffer(x.buffer(4));
  const int bm = s.buffer(BufferSpec{6, 4, 3, 2, 2});
  const int bl = s.buffer(BufferSpec{6, 4, 3, 2, 2});
  const int by = s.buffer(BufferSpec{6, 4, 3, 2});
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(bm)));
  s.actors[0].set_params(WideParams{-30000, 32767, 1});
  s.actors[0].r.part = 2;
  const auto add = [&s](OpCode op, int from, int to) -> ActorSpec& {
    ActorSpec& a = s.actors.emplace_back();
    a.r.op = op;
    a.r.in[0] = s.read(from), a.r.out = s.write(to);
    return a;
  };
  SigmoidParams p{24576, 1, 0, {}};
  for (uint32_t k = 0; k < 128; ++k) {
    p.table[k] = (32768 + 256 * k) | (32896 + 256 * k) << 16;
  }
  add(OpCode::kSigmoid, bm, bl).set_params(p);
  add(OpCode::kRescale, bl, by)
      .set_params(
          RescaleParams{2, 1, 0, -128, 1 << 30, -6, 1 << 30, -6, -128, 127});
  for (ActorSpec& a : s.actors) a.r.is_wide = 1;
  s.output(by, 0);
  return sample_of({s}, {x.bytes()});
}

inline std::vector<Sample> sample_programs() {
  std::vector<Sample> samples{wide_sample(false), wide_sample(true)};
  for (Sample s :
       {two_stage_sample(), loop_sample(), move_sample(), variable_sample(),
        int16_sample(), steps_sample(OpCode::kLstm), wide_steps_sample(),
        steps_sample(OpCode::kCell)}) {
    samples.push_back(s);
    s.program = on_tape(s.program, s.inputs, false);
    samples.push_back(s);
  }
  return samples;
}

// A tensor of 6 rows leaves in one stage, as rows come, and comes back in the
// two behind it: in the first as a whole, in the second its upper rows, beside
// what the first has made. Pages hold 112 bytes, rows 40.
inline Sample spill_sample() {
  Random r(9);
  const Tensor x = random_tensor(r, 6, 5, 8);
  const Filter f = random_filter(r, OpCode::kConv, 8, 8, 3, 1, 1);
  const Filter g = random_filter(r, OpCode::kConv, 8, 8, 3, 1, 1);
  StageSpec s, t, u;
  const int bx = s.buffer(x.buffer(3));
  const int by = s.buffer(BufferSpec{6, 5, 8, 2});
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(by)));
  s.leave(by, 0);

  const int bz = t.buffer(BufferSpec{6, 5, 8, 3});
  const int bw = t.buffer(BufferSpec{6, 5, 8, 1});
  t.come_back(bz, 0);
  t.actors.push_back(actor_of(g, t.read(bz), t.write(bw)));
  t.leave(bw, 1);

  const int b1 = u.buffer(BufferSpec{6, 5, 8, 2});
  const int b2 = u.buffer(BufferSpec{6, 5, 8, 1});
  const int bo = u.buffer(BufferSpec{6, 5, 8, 1});
  u.come_back(b1, 0);
  u.come_back(b2, 1);
  ActorSpec most;
  most.r.op = OpCode::kMaximum;
  most.r.in[0] = u.read(b1), most.r.in[1] = u.read(b2);
  most.r.out = u.write(bo);
  u.actors.push_back(most);
  u.output(bo, 0);
  Sample sample;
  sample.program.stages = {s, t, u};
  sample.program.page_bytes = 128;
  sample.inputs = {x.bytes()};
  return sample;
}

// Programs that read chunks from storage: a tape, sets in SRAM and its banks,
// both.
inline std::vector<Sample> stored_samples() {
  std::vector<Sample> samples;
  for (const Sample& s : {two_stage_sample(), loop_sample()}) {
    for (bool mapped : {true, false}) {
      const ProgramBuilder tape = on_tape(s.program, s.inputs, mapped);
      samples.push_back({tape, s.inputs});
      for (bool keep : {true, false}) {
        samples.push_back({in_sram(s.program, keep, mapped), s.inputs});
      }
      samples.push_back({in_banks(s.program, mapped), s.inputs});
      ProgramBuilder both = tape;
      bool sram = false;
      for (StageSpec& stage : both.stages) {
        for (ActorSpec& a : stage.actors) {
          sram = !sram;
          a.tape = !sram, a.sram = sram;
        }
      }
      samples.push_back({both, s.inputs});
    }
  }
  return samples;
}

inline std::vector<Sample> all_samples() {
  std::vector<Sample> samples = sample_programs();
  for (const Sample& s : stored_samples()) samples.push_back(s);
  samples.push_back(spill_sample());
  return samples;
}

// A link that nobody answers.
class DeafLink {
 public:
  DeafLink() : packet_(256), peers_(kMaxPeers) {
    transport_ = {this, 256, &send, &receive, &now};
    link = {
        &transport_, peers_.data(), &checksum_only(), 1, packet_.data(), 0, 0};
  }
  DeafLink(const DeafLink&) = delete;
  DeafLink& operator=(const DeafLink&) = delete;
  shoal_link link;

 private:
  static int send(void*, uint64_t, const void*, uint32_t) { return 0; }
  static uint32_t receive(void*, uint64_t*, void*, uint32_t) { return 0; }
  static uint64_t now(void* user) {
    return static_cast<DeafLink*>(user)->now_ += 500;
  }
  uint64_t now_ = 0;
  shoal_transport transport_;
  Bytes packet_;
  std::vector<shoal_peer> peers_;
};

// Returns whether the image says that it has spills, in a way that a storage
// can have.
inline bool image_has_spills(const Bytes& image) {
  if (image.size() < sizeof(Header)) return false;
  Header h;
  std::memcpy(&h, image.data(), sizeof h);
  return h.spill_pages && h.spill_page_bytes % 16 == 0 &&
         h.spill_page_bytes >= 128 && h.spill_page_bytes < 1 << 12;
}

// Runs whatever the image is for a bounded number of steps, with inputs of
// its own. Aborts if a byte outside the arena was written; the sanitizers
// watch the rest.
inline RunResult try_image(const Bytes& image, bool mapped) {
  RunOptions o;
  o.mapped = mapped;
  o.storage_delay = 1;
  o.max_steps = 3000;
  o.arena_cap = 1 << 17;
  o.keep_outputs = false;
  o.spill_blocks = image_has_spills(image) ? 24 : 0;
  DeafLink deaf;
  o.link = &deaf.link;
  static const std::vector<Bytes> anything(4, Bytes(1 << 17, 0x35));
  RunResult result = run_program(image, anything, o);
  if (result.spilled) std::abort();
  return result;
}

}  // namespace shoal::test
