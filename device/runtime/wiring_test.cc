// Ports, cursors, overlays, stages: hand-made programs in which tensors meet.
#include <gtest/gtest.h>

#include "device/program/params.h"
#include "device/runtime/testing/expect_program.h"
#include "device/runtime/testing/naive.h"

namespace shoal::test {
namespace {

AddParams random_add(Random& r) {
  return {uniform(r, -128, 127),
          uniform(r, -128, 127),
          uniform(r, 1 << 30, kInt32Max),
          uniform(r, -4, 0),
          uniform(r, 1 << 30, kInt32Max),
          uniform(r, -4, 0),
          uniform(r, 1 << 30, kInt32Max),
          uniform(r, -20, -17),
          1};
}

Tensor naive_add(const AddParams& p, const Tensor& a, const Tensor& b) {
  Tensor out(a.rows, a.columns, a.channels);
  for (size_t i = 0; i < a.v.size(); ++i) {
    const int32_t x =
        requantize((a.v[i] - p.zero0) * (1 << 20), p.multiplier0, p.shift0);
    const int32_t y =
        requantize((b.v[i] - p.zero1) * (1 << 20), p.multiplier1, p.shift1);
    const int32_t v =
        requantize(wrap_add(x, p.sign * y), p.multiplier_out, p.shift_out);
    out.v[i] = static_cast<int8_t>(clamp(v, -128, 127));
  }
  return out;
}

ActorSpec add_actor(const AddParams& p, int a, int b, int out) {
  ActorSpec s;
  s.r.op = OpCode::kAdd;
  s.r.in[0] = uint16_t(a), s.r.in[1] = uint16_t(b), s.r.out = uint16_t(out);
  s.set_params(p);
  return s;
}

// Rows [y0, y1) and channels [c0, c1).
Tensor part(const Tensor& t, int y0, int y1, int c0, int c1) {
  Tensor out(y1 - y0, t.columns, c1 - c0);
  for (int y = y0; y < y1; ++y) {
    for (int x = 0; x < t.columns; ++x) {
      for (int c = c0; c < c1; ++c) out.at(y - y0, x, c - c0) = t.at(y, x, c);
    }
  }
  return out;
}

void paste(const Tensor& from, Tensor& to, int y0, int c0) {
  for (int y = 0; y < from.rows; ++y) {
    for (int x = 0; x < from.columns; ++x) {
      for (int c = 0; c < from.channels; ++c) {
        to.at(y0 + y, x, c0 + c) = from.at(y, x, c);
      }
    }
  }
}

TEST(Wiring, TwoWritersShareTheRowsOfOneBuffer) {
  Random r(1);
  const Tensor a = random_tensor(r, 5, 4, 2), b = random_tensor(r, 4, 4, 3);
  const Filter f = random_filter(r, OpCode::kConv, 2, 3, 1);
  const Filter g = random_filter(r, OpCode::kConv, 3, 3, 3, 1, 1);
  Tensor both(9, 4, 3);
  paste(naive(f, a, 5, 4), both, 0, 0);
  paste(naive(g, b, 4, 4), both, 5, 0);
  StageSpec s;
  const int ba = s.buffer(a.buffer(2)), bb = s.buffer(b.buffer(3));
  const int bo = s.buffer(both.buffer());
  s.input(ba, 0), s.input(bb, 1);
  s.actors.push_back(actor_of(f, s.read(ba), s.write(bo, {0, 5})));
  s.actors.push_back(actor_of(g, s.read(bb), s.write(bo, {5, 9})));
  s.output(bo, 0);
  expect_program(ProgramBuilder({s}), {a.bytes(), b.bytes()}, {both.bytes()});
}

TEST(Wiring, ALaggingReaderHoldsTheRingForTheSkipConnection) {
  Random r(2);
  const Tensor x = random_tensor(r, 12, 5, 4);
  const Filter f = random_filter(r, OpCode::kConv, 4, 6, 3, 1, 1);
  const Filter g = random_filter(r, OpCode::kConv, 6, 4, 3, 1, 1);
  const AddParams add = random_add(r);
  const Tensor m = naive(f, x, 12, 5), n = naive(g, m, 12, 5);
  StageSpec s;
  const int bx = s.buffer(x.buffer(5)), bm = s.buffer(m.buffer(3));
  const int bn = s.buffer(n.buffer(1)), bo = s.buffer(x.buffer(1));
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(bm)));
  s.actors.push_back(actor_of(g, s.read(bm), s.write(bn)));
  s.actors.push_back(add_actor(add, s.read(bn), s.read(bx), s.write(bo)));
  s.output(bo, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()},
                 {naive_add(add, n, x).bytes()});
}

// One row less in the skipped ring and nothing can move: it waits, for ever.
TEST(Wiring, ARingThatIsTooSmallWaits) {
  Random r(2);
  const Tensor x = random_tensor(r, 12, 5, 4);
  const Filter f = random_filter(r, OpCode::kConv, 4, 6, 3, 1, 1);
  const Filter g = random_filter(r, OpCode::kConv, 6, 4, 3, 1, 1);
  StageSpec s;
  const int bx = s.buffer(x.buffer(2)), bm = s.buffer(BufferSpec{12, 5, 6, 3});
  const int bn = s.buffer(x.buffer(1)), bo = s.buffer(x.buffer(1));
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(bm)));
  s.actors.push_back(actor_of(g, s.read(bm), s.write(bn)));
  s.actors.push_back(
      add_actor(random_add(r), s.read(bn), s.read(bx), s.write(bo)));
  s.output(bo, 0);
  ProgramBuilder p({s});
  RunOptions o;
  o.max_steps = 3000;
  const RunResult run = run_program(p.build(), {x.bytes()}, o);
  EXPECT_EQ(run.status, Status::kWait);
  EXPECT_FALSE(run.spilled);
}

TEST(Wiring, ConcatenationIsTwoWritersAndTheCallerWritesOne) {
  Random r(3);
  const Tensor x = random_tensor(r, 6, 5, 3), y = random_tensor(r, 6, 5, 2);
  const Filter f = random_filter(r, OpCode::kConv, 3, 4, 3, 1, 1);
  const Filter g = random_filter(r, OpCode::kConv, 5, 3, 1);
  Tensor joined(6, 5, 6);
  paste(naive(f, x, 6, 5), joined, 0, 0);
  paste(y, joined, 0, 4);
  // The reader takes channels 1..6, not all of them.
  const Tensor seen = part(joined, 0, 6, 1, 6);
  StageSpec s;
  const int bx = s.buffer(x.buffer(3)), bj = s.buffer(joined.buffer(2));
  const Tensor out = naive(g, seen, 6, 5);
  const int bo = s.buffer(out.buffer(2));
  s.input(bx, 0);
  BoxSpec left, right, reader;
  left.c1 = 4, right.c0 = 4, reader.c0 = 1;
  s.actors.push_back(actor_of(f, s.read(bx), s.write(bj, left)));
  s.input(bj, 1, right);
  s.actors.push_back(actor_of(g, s.read(bj, reader), s.write(bo)));
  s.output(bo, 0);
  BoxSpec tail;
  tail.c0 = 4;
  s.output(bj, 1, tail);
  expect_program(ProgramBuilder({s}), {x.bytes(), y.bytes()},
                 {out.bytes(), y.bytes()});
}

TEST(Wiring, AnOutputLiesOverItsInputSomeRowsBehind) {
  Random r(4);
  const Tensor x = random_tensor(r, 10, 4, 4);
  const Filter f = random_filter(r, OpCode::kConv, 4, 4, 3, 1, 1);
  const Tensor y = naive(f, x, 10, 4);
  for (int lead : {2, 3}) {
    SCOPED_TRACE(lead);
    StageSpec s;
    BufferSpec under = x.buffer(), over = y.buffer();
    over.at = 0, under.at = lead * 16;
    over.overlay = 0;
    const int bx = s.buffer(under), by = s.buffer(over);
    s.input(bx, 0);
    s.actors.push_back(actor_of(f, s.read(bx), s.write(by)));
    s.output(by, 0);
    expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
  }
}

// Rows of another height, the over-lying buffer partly beyond its input, and
// the input made by an earlier stage.
TEST(Wiring, AnOverlayOfOtherRowsInALaterStage) {
  Random r(5);
  const Tensor x = random_tensor(r, 9, 4, 3);
  const Filter f = random_filter(r, OpCode::kConv, 3, 8, 1);
  const Filter g = random_filter(r, OpCode::kDepthwise, 8, 8, 3, 2, 1);
  const Tensor m = naive(f, x, 9, 4), y = naive(g, m, 5, 2);
  StageSpec first, second;
  BufferSpec bm = m.buffer();
  bm.at = 48;
  const int in = first.buffer(x.buffer(2)), mid = first.buffer(bm);
  first.buffers[size_t(in)].at = 512;
  first.input(in, 0);
  first.actors.push_back(actor_of(f, first.read(in), first.write(mid), 2));
  bm.flags = kBufferComplete;
  const int under = second.buffer(bm);
  BufferSpec by = y.buffer();
  by.at = 16, by.overlay = under;
  const int over = second.buffer(by);
  second.actors.push_back(actor_of(g, second.read(under), second.write(over)));
  second.output(over, 0);
  expect_program(ProgramBuilder({first, second}), {x.bytes()}, {y.bytes()});
}

// The writer of the overlay waits for a reader that is none of its business:
// rows that the caller takes.
TEST(Wiring, AnOverlayGoesOnWhenTheCallerHasTakenTheInput) {
  Random r(14);
  const Tensor x = random_tensor(r, 6, 4, 4);
  const Filter f = random_filter(r, OpCode::kConv, 4, 4, 1);
  StageSpec s;
  BufferSpec under = x.buffer(), over = x.buffer();
  over.at = 0, under.at = 16, over.overlay = 0;
  const int bx = s.buffer(under), by = s.buffer(over);
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(by)));
  s.output(by, 0);
  s.output(bx, 1);
  expect_program(ProgramBuilder({s}), {x.bytes()},
                 {naive(f, x, 6, 4).bytes(), x.bytes()});
}

// The only reader needs three rows of forty and has passed all of them while
// the caller still pushes the last ones, over which the output lies.
TEST(Wiring, AnOverlayWaitsForRowsThatNobodyReads) {
  Random r(17);
  const Tensor x = random_tensor(r, 40, 4, 4);
  Tensor top(3, 4, 4);
  std::copy_n(x.v.begin(), top.v.size(), top.v.begin());
  const Filter f = random_filter(r, OpCode::kConv, 4, 4, 1);
  const Filter g = random_filter(r, OpCode::kConv, 4, 4, 1);
  const Tensor m = naive(f, top, 3, 4), y = naive(g, m, 3, 4);
  StageSpec making, giving;
  BufferSpec under = x.buffer(), over = y.buffer();
  under.at = 0, over.at = 36 * 16, over.overlay = 0;
  const int bx = making.buffer(under), by = making.buffer(over);
  BufferSpec between = m.buffer();
  between.at = 40 * 16;
  const int bm = making.buffer(between);
  making.input(bx, 0);
  BoxSpec read;
  read.y1 = 3;
  making.actors.push_back(actor_of(f, making.read(bx, read), making.write(bm)));
  making.actors.push_back(actor_of(g, making.read(bm), making.write(by)));
  over.overlay = -1, over.flags = kBufferComplete;
  giving.output(giving.buffer(over), 0);
  expect_program(ProgramBuilder({making, giving}), {x.bytes()}, {y.bytes()});
}

// Without the rule these overlays would destroy rows that are still needed:
// row r of the output would lie on a row that the firing for r + 1 reads.
TEST(Wiring, AnOverlayWithTooSmallALeadWaits) {
  Random r(4);
  const Tensor x = random_tensor(r, 10, 4, 4);
  const Filter f = random_filter(r, OpCode::kConv, 4, 4, 3, 1, 1);
  for (int lead : {0, 1}) {
    StageSpec s;
    BufferSpec under = x.buffer(), over = x.buffer();
    over.at = 0, under.at = lead * 16, over.overlay = 0;
    const int bx = s.buffer(under), by = s.buffer(over);
    s.input(bx, 0);
    s.actors.push_back(actor_of(f, s.read(bx), s.write(by)));
    s.output(by, 0);
    ProgramBuilder p({s});
    RunOptions o;
    o.max_steps = 3000;
    EXPECT_EQ(run_program(p.build(), {x.bytes()}, o).status, Status::kWait);
  }
}

TEST(Wiring, StagesReadWhatEarlierOnesCompleted) {
  Random r(6);
  const Tensor x = random_tensor(r, 8, 6, 3);
  const Filter f = random_filter(r, OpCode::kConv, 3, 4, 3, 1, 1);
  const Filter g = random_filter(r, OpCode::kDepthwise, 4, 4, 3, 2, 1);
  const Filter h = random_filter(r, OpCode::kConv, 4, 5, 1);
  const Tensor a = naive(f, x, 8, 6), b = naive(g, a, 4, 3);
  const Tensor c = naive(h, b, 4, 3);
  StageSpec one, two, three;
  const int x1 = one.buffer(x.buffer(4));
  BufferSpec held = a.buffer();
  held.at = 1024;
  const int a1 = one.buffer(held);
  one.input(x1, 0);
  one.actors.push_back(actor_of(f, one.read(x1), one.write(a1), 2));
  held.flags = kBufferComplete;
  const int a2 = two.buffer(held);
  BufferSpec small = b.buffer();
  small.at = 256;
  const int b2 = two.buffer(small);
  two.actors.push_back(actor_of(g, two.read(a2), two.write(b2)));
  small.flags = kBufferComplete;
  const int b3 = three.buffer(small), c3 = three.buffer(c.buffer(1));
  three.actors.push_back(actor_of(h, three.read(b3), three.write(c3)));
  three.output(c3, 0);
  const int a3 = three.buffer(held);
  three.output(a3, 1);
  expect_program(ProgramBuilder({one, two, three}), {x.bytes()},
                 {c.bytes(), a.bytes()});
}

// The last input row is not needed by any firing, yet belongs to its frame.
TEST(Wiring, AFrameTakesAllItsRows) {
  Random r(7);
  const Tensor x = random_tensor(r, 8, 3, 2);
  const Filter f = random_filter(r, OpCode::kConv, 2, 2, 1, 3);
  const Tensor y = naive(f, x, 2, 1);
  StageSpec s;
  const int bx = s.buffer(x.buffer(1)), by = s.buffer(y.buffer(1));
  s.input(bx, 0);
  s.actors.push_back(actor_of(f, s.read(bx), s.write(by)));
  s.output(by, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
}

TEST(Wiring, KeptCursorsCountOverFramesInRingsOfOddSize) {
  Random r(8);
  const Tensor x = random_tensor(r, 7, 3, 2);
  const Filter f = random_filter(r, OpCode::kConv, 2, 3, 3, 1, 1);
  const Filter g = random_filter(r, OpCode::kConv, 3, 2, 3, 1, 1);
  const Tensor m = naive(f, x, 7, 3), y = naive(g, m, 7, 3);
  StageSpec s;
  BufferSpec bx = x.buffer(5), bm = m.buffer(3), by = y.buffer(2);
  bx.flags = bm.flags = by.flags = kBufferKeep;
  const int ix = s.buffer(bx), im = s.buffer(bm), iy = s.buffer(by);
  s.input(ix, 0);
  s.actors.push_back(actor_of(f, s.read(ix), s.write(im)));
  s.actors.push_back(actor_of(g, s.read(im), s.write(iy)));
  s.output(iy, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {y.bytes()});
}

// Kept cursors go back before they overflow, and no row changes its slot.
TEST(Wiring, KeptCursorsGoBackByWholeTurnsOfTheRing) {
  Random r(9);
  const Tensor x = random_tensor(r, 7, 3, 2);
  const Filter f = random_filter(r, OpCode::kConv, 2, 3, 3, 1, 1);
  const Bytes wanted = naive(f, x, 7, 3).bytes();
  StageSpec s;
  BufferSpec bx = x.buffer(5), by{7, 3, 3, 2};
  bx.flags = by.flags = kBufferKeep;
  const int ix = s.buffer(bx), iy = s.buffer(by);
  s.input(ix, 0);
  s.actors.push_back(actor_of(f, s.read(ix), s.write(iy)));
  s.output(iy, 0);
  ProgramBuilder p({s});
  AlignedBytes image(p.build());
  const Header& h = *reinterpret_cast<const Header*>(image.data());
  Arena arena(h.arena_bytes);
  shoal_config config{};
  config.image = image.data(), config.image_bytes = image.size();
  shoal_node node;
  ASSERT_EQ(shoal_open(&node, &config, arena.data(), h.arena_bytes), SHOAL_OK);
  // Sets base, write and read cursor of each buffer as if many frames had
  // passed.
  auto* cursors = reinterpret_cast<uint32_t*>(arena.data() + h.cursors);
  const uint32_t many = 0x3FFFFFF8;
  for (int i = 0; i < 6; ++i) cursors[i] = many;
  for (int frame = 0; frame < 6; ++frame) {
    uint32_t sent = 0, got = 0;
    Bytes out(wanted.size());
    for (int step = 0;
         step < 200 && (got < 7 || int(shoal_frames(&node)) <= frame); ++step) {
      if (sent < 7) {
        sent +=
            shoal_push_rows(&node, 0, x.bytes().data() + sent * 6, 7 - sent);
      }
      ASSERT_GE(shoal_step(&node), SHOAL_OK);
      if (got < 7) {
        got += shoal_take_rows(&node, 0, out.data() + got * 9, 7 - got);
      }
    }
    ASSERT_EQ(out, wanted) << frame;
    ASSERT_LT(cursors[0], 0x40000000u);
  }
  EXPECT_LT(cursors[0], 100u);
  EXPECT_FALSE(arena.spilled());
}

}  // namespace
}  // namespace shoal::test
