// int32 rows: split input channels, cut windows, loops.
#include <gtest/gtest.h>

#include "device/program/params.h"
#include "device/runtime/testing/expect_program.h"
#include "device/runtime/testing/naive.h"

namespace shoal::test {
namespace {

// The filter on input channels [in0, in0 + in_n); bias and zero points only
// where the sum begins.
ActorSpec channel_range(const Filter& f, int in0, int in_n, int in, int out) {
  ActorSpec a = actor_of(f, in, out);
  a.chunks = {chunk_of(f, {0, f.out_c, in0, in_n})};
  return a;
}

void expect_split_channels(bool requantize_apart) {
  Random r(requantize_apart ? 11 : 10);
  const Tensor x = random_tensor(r, 7, 5, 6);
  const Filter f = random_filter(r, OpCode::kConv, 6, 4, 3, 1, 1);
  const Tensor y = naive(f, x, 7, 5);
  StageSpec s;
  const int bx = s.buffer(x.buffer(3)), by = s.buffer(y.buffer(1));
  const Sums sums(7, 5, 4);
  const int b1 = s.buffer(sums.buffer(1));
  const int b2 = requantize_apart ? s.buffer(sums.buffer(2)) : by;
  s.input(bx, 0);
  BoxSpec first, second;
  first.c1 = 4, second.c0 = 4;
  s.actors.push_back(channel_range(f, 0, 4, s.read(bx, first), s.write(b1)));
  s.actors.back().r.flags = kActorInit;
  s.actors.push_back(channel_range(f, 4, 2, s.read(bx, second), s.write(b2)));
  s.actors.back().r.partial = s.read(b1);
  s.actors.back().r.slices = 2;
  s.actors.back().r.flags = requantize_apart ? 0 : kActorFinal;
  if (requantize_apart) {
    // A chunk without weights; what is added first is nothing.
    Filter q = f;
    q.r = ActorSpec::plain();
    q.r.op = OpCode::kRequantize;
    q.r.zero_out = f.r.zero_out, q.r.act_min = f.r.act_min;
    q.weights.clear(), q.in_c = 0;
    std::fill(q.bias.begin(), q.bias.end(), 0);
    ActorSpec a = actor_of(q, s.read(b2), s.write(by), 2);
    a.chunks = {chunk_of(q, {0, 1}), chunk_of(q, {1, 3})};
    s.actors.push_back(a);
    s.buffers[size_t(by)].slots = 2;
  }
  s.output(by, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
}

TEST(Sums, TwoRangesOfInputChannelsThenFinal) { expect_split_channels(false); }
TEST(Sums, RequantizeFinishesWhatOthersSummed) { expect_split_channels(true); }

TEST(Sums, SumsLeaveTheProgramAsInt32Rows) {
  Random r(12);
  const Tensor x = random_tensor(r, 4, 3, 5);
  const Filter f = random_filter(r, OpCode::kConv, 5, 3, 1);
  Sums y(4, 3, 3);
  for (int i = 0; i < 12; ++i) {
    for (int o = 0; o < 3; ++o) {
      y.at(i / 3, i % 3, o) =
          wrap(static_cast<uint32_t>(naive_sum(f, x, i / 3, i % 3, o)));
    }
  }
  StageSpec s;
  const int bx = s.buffer(x.buffer(2)), by = s.buffer(y.buffer(2));
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(by)));
  s.actors.back().r.flags = kActorInit;
  s.output(by, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
}

// A window as high as the picture, `part` kernel rows a firing; weights in
// one chunk or in one for each part, in one or two groups of channels.
void expect_cut(OpCode op, int stride, int part, bool by_part, int groups) {
  SCOPED_TRACE(testing::Message() << int(op) << " part " << part << " by part "
                                  << by_part << " groups " << groups);
  Random r(20);
  const Tensor x = random_tensor(r, 7, 7, 4);
  const int out_c = op == OpCode::kDepthwise ? 4 : 6;
  const Filter f =
      random_filter(r, op, 4, out_c, 7, stride, stride > 1 ? 3 : 0);
  const int n = stride > 1 ? 3 : 1;
  const Tensor y = naive(f, x, n, n);
  StageSpec s;
  // Overlapping windows need the rows again.
  const int bx = s.buffer(x.buffer(stride > 1 ? 7 : part));
  const int by = s.buffer(y.buffer(1));
  s.input(bx, 0);
  ActorSpec a = actor_of(f, s.read(bx), s.write(by));
  a.r.part = uint16_t(part);
  const int parts = ceil_div(7, part);
  a.parts = by_part ? parts : 1;
  a.chunks.clear();
  for (int p = 0; p < a.parts; ++p) {
    const int lo = by_part ? p * part : 0;
    const int hi = by_part ? std::min(7, lo + part) : 7;
    for (int g = 0; g < groups; ++g) {
      const int o0 = g * 2, o1 = g + 1 == groups ? out_c : 2;
      a.chunks.push_back(chunk_of(f, {o0, o1 - o0, 0, 0, lo, hi - lo}));
    }
  }
  s.actors.push_back(a);
  s.output(by, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
}

TEST(Sums, WindowsCutIntoParts) {
  for (int part : {1, 3, 6}) {
    for (bool by_part : {false, true}) {
      for (int groups : {1, 2}) {
        expect_cut(OpCode::kConv, 1, part, by_part, groups);
        expect_cut(OpCode::kDepthwise, 1, part, by_part, groups);
      }
    }
  }
  expect_cut(OpCode::kConv, 2, 3, true, 2);
  expect_cut(OpCode::kDepthwise, 2, 2, false, 1);
}

// An order may interrupt a row; the tape goes on with the right part.
TEST(Sums, ATapeThatBeginsARunInTheMiddleOfARow) {
  Random r(22);
  const Tensor x = random_tensor(r, 6, 6, 2);
  const Filter f = random_filter(r, OpCode::kConv, 2, 3, 6);
  StageSpec s;
  const Tensor y = naive(f, x, 1, 1);
  const int bx = s.buffer(x.buffer(6)), by = s.buffer(y.buffer());
  s.input(bx, 0);
  ActorSpec a = actor_of(f, s.read(bx), s.write(by));
  a.r.part = 2, a.parts = 3, a.tape = true;
  a.chunks.clear();
  for (int p = 0; p < 3; ++p) {
    a.chunks.push_back(chunk_of(f, {0, 3, 0, 0, 2 * p, 2}));
  }
  s.actors.push_back(a);
  s.output(by, 0);
  s.order = {{0, 1}, {0, 2}};
  s.slot_count = 3;
  ProgramBuilder p({s});
  RunOptions o;
  o.storage_delay = 1;
  expect_run(p.build(), {x.bytes()}, {y.bytes()}, o);
}

// Kernel rows go through the input backwards.
TEST(Sums, ATransposedWindowCutIntoParts) {
  Random r(21);
  const Tensor x = random_tensor(r, 5, 4, 3);
  const Filter f = random_filter(r, OpCode::kTransposeConv, 3, 2, 5, 2, 1);
  const Tensor y = naive(f, x, 10, 8);
  for (int part : {1, 2, 4}) {
    SCOPED_TRACE(part);
    StageSpec s;
    const int bx = s.buffer(x.buffer(4)), by = s.buffer(y.buffer(1));
    s.input(bx, 0);
    s.actors.push_back(actor_of(f, s.read(bx), s.write(by)));
    s.actors.back().r.part = uint16_t(part);
    s.output(by, 0);
    expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
  }
}

TEST(Sums, MeanOverAPictureTallerThanAWindowMayBe) {
  Random r(30);
  const Tensor x = random_tensor(r, 40, 5, 3);
  const ReduceParams mean{200, uniform(r, 1 << 30, kInt32Max), -7};
  Tensor y(1, 1, 3);
  for (int c = 0; c < 3; ++c) {
    int sum = -mean.count * 9;
    for (int i = 0; i < 200; ++i) sum += x.at(i / 5, i % 5, c);
    y.at(0, 0, c) = static_cast<int8_t>(
        clamp(requantize(sum, mean.multiplier, mean.shift) - 4, -128, 127));
  }
  StageSpec s;
  const int bx = s.buffer(x.buffer(4)), by = s.buffer(y.buffer());
  s.input(bx, 0);
  ActorSpec a;
  a.r.op = OpCode::kReduceSum;
  a.r.flags |= kReduceColumns;
  a.r.in[0] = s.read(bx), a.r.out = s.write(by);
  a.r.kernel_h = 40, a.r.kernel_w = 5, a.r.part = 3;
  a.r.zero_in = 9, a.r.zero_out = -4;
  a.set_params(mean);
  s.actors.push_back(a);
  s.output(by, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
}

// expand -> (table) -> depthwise 3x3 -> project, a group of hidden channels
// at a time; bands overlap in the hidden rows.
struct LoopCase {
  int stride, band, iterations;
  bool table, expand, partial;
};

void expect_loop(const LoopCase& c) {
  SCOPED_TRACE(testing::Message() << "stride " << c.stride << " band " << c.band
                                  << " iterations " << c.iterations << " table "
                                  << c.table << " expand " << c.expand);
  Random r(40);
  const int hidden_c = 8, in_c = c.expand ? 3 : hidden_c;
  const Tensor x = random_tensor(r, 9, 6, in_c);
  const Filter e = random_filter(r, OpCode::kConv, in_c, hidden_c, 1);
  const Filter d =
      random_filter(r, OpCode::kDepthwise, hidden_c, hidden_c, 3, c.stride, 1);
  const Filter q = random_filter(r, OpCode::kConv, hidden_c, 5, 1);
  const int rows = c.stride == 1 ? 9 : 5, columns = c.stride == 1 ? 6 : 3;
  std::vector<uint8_t> table(256);
  for (uint8_t& v : table) v = uint8_t(uniform(r, 0, 255));
  Tensor h = c.expand ? naive(e, x, 9, 6) : x;
  if (c.table) {
    for (int8_t& v : h.v) v = static_cast<int8_t>(table[size_t(v + 128)]);
  }
  const Tensor m = naive(d, h, rows, columns), y = naive(q, m, rows, columns);

  StageSpec s;
  const int window = (c.band - 1) * c.stride + 3;
  const int n = c.iterations, group = ceil_div(hidden_c, n);
  const int bx = s.buffer(x.buffer(std::min(9, window + 1)));
  const auto hidden = [&](const Tensor& t, int slots) {
    BufferSpec b = t.buffer(std::min(t.rows, slots));
    b.channels = group, b.flags = kBufferPrivate;
    return s.buffer(b);
  };
  s.input(bx, 0);
  const auto add = [&](ActorSpec a, const Filter* f, bool last) {
    a.r.loop = 0;
    if (f) {
      a.chunks.clear();
      for (int i = 0; i < n; ++i) {
        const int c0 = i * group, cn = std::min(group, hidden_c - c0);
        a.chunks.push_back(last ? chunk_of(*f, {0, 5, c0, cn})
                                : chunk_of(*f, {c0, cn}));
        if (last) {
          a.chunks.back().in0 = c0, a.chunks.back().in_n = cn;
        }
      }
      a.parts = last ? n : 1;
    }
    s.actors.push_back(a);
  };
  int at = s.read(bx);
  if (c.expand) {
    const int to = hidden(h, window);
    add(actor_of(e, at, s.write(to)), &e, false);
    at = s.read(to);
  }
  if (c.table) {
    const int to = hidden(h, window);
    ActorSpec t;
    t.r.op = OpCode::kLut;
    t.r.in[0] = uint16_t(at), t.r.out = s.write(to);
    t.chunks = {{0, group, 0, 0, table}};
    add(t, nullptr, false);
    at = s.read(to);
  }
  const int to = hidden(m, c.band), by = s.buffer(y.buffer(c.band));
  add(actor_of(d, at, s.write(to)), &d, false);
  add(actor_of(q, s.read(to), s.write(by)), &q, true);
  s.output(by, 0);
  if (c.partial) {
    // The sum goes on from int32 rows that another actor has begun.
    const Sums begun(rows, columns, 5);
    const int bp = s.buffer(begun.buffer(c.band));
    const int bz = s.buffer(BufferSpec{rows, columns, 1});
    s.input(bz, 1);
    Filter zero = q;
    zero.in_c = 1;
    zero.weights.assign(5, q.r.zero_weight);
    ActorSpec a = actor_of(zero, s.read(bz), s.write(bp));
    a.chunks = {chunk_of(q, {0, 5, 0, 1})};
    std::fill_n(a.chunks[0].bytes.begin(), 5, uint8_t(q.r.zero_weight));
    a.r.flags = kActorInit;
    s.actors.back().r.partial = s.read(bp);
    s.actors.back().r.flags = kActorFinal;
    s.actors.push_back(a);
  }
  const auto looped = uint16_t(s.actors.size() - (c.partial ? 1 : 0));
  s.loops = {{0, looped, uint16_t(n), uint16_t(c.band)}};
  ProgramBuilder p({s});
  std::vector<Bytes> inputs = {x.bytes()};
  if (c.partial) inputs.push_back(Bytes(size_t(rows * columns)));
  expect_program(p, inputs, {y.bytes()});
}

TEST(Sums, LoopsOverGroupsOfHiddenChannels) {
  for (int stride : {1, 2}) {
    for (int band : {1, 2, 4}) {
      for (int iterations : {1, 2, 3, 8}) {
        expect_loop({stride, band, iterations, false, true, false});
      }
    }
  }
  expect_loop({1, 2, 4, true, true, false});
  expect_loop({2, 3, 2, false, false, false});
  expect_loop({1, 3, 3, false, true, true});
}

}  // namespace
}  // namespace shoal::test
