// Boxes of more rows than 16 bits count, and windows whose steps
// need all of theirs.
#include <gtest/gtest.h>

#include "device/program/params.h"
#include "device/runtime/testing/expect_program.h"
#include "device/runtime/testing/naive.h"

namespace shoal::test {
namespace {

ProgramBuilder one_actor(const Tensor& x, const Filter& f, const Tensor& y,
                         int slots, int slices = 1) {
  StageSpec s;
  const int in = s.buffer(x.buffer(slots)), out = s.buffer(y.buffer(1));
  s.input(in, 0);
  s.actors.push_back(actor_of(f, s.read(in), s.write(out)));
  s.actors.back().r.slices = uint16_t(slices);
  s.output(out, 0);
  ProgramBuilder p({s});
  return p;
}

TEST(Wide, RowsStridesAndDilations) {
  Random r(49);
  const Tensor x = random_tensor(r, 70000, 1, 1);
  const Filter near = line_filter(r, 3, 256, 1000, 0);
  const Tensor y = naive(near, x, (70000 - 2001) / 256 + 1, 1);
  expect_program(one_actor(x, near, y, 2100), {x.bytes()}, {y.bytes()});
  const Filter far = line_filter(r, 3, 10000, 65535, 65535);
  const Tensor z = naive(far, x, 7, 1);
  expect_program(one_actor(x, far, z, 0), {x.bytes()}, {z.bytes()});
}

TEST(Wide, Columns) {
  Random r(50);
  const Tensor x = random_tensor(r, 2, 65535, 1);
  const Filter f = along_columns(line_filter(r, 3, 300, 40000, 40000));
  const Tensor y = naive(f, x, 2, 65535 / 300 + 1);
  expect_program(one_actor(x, f, y, 1, 3), {x.bytes()}, {y.bytes()});
}

ActorSpec copy_of(int in, int out) {
  ActorSpec a;
  a.r.op = OpCode::kMove;
  a.r.in[0] = uint16_t(in), a.r.out = uint16_t(out);
  a.set_params(MoveParams{1, 0, 1, 0, 1, 0, 0});
  return a;
}

// Both halves of a box are copied by an actor each, so that ends of ports lie
// above 16 bits.
TEST(Wide, BoxesBeginAnywhere) {
  Random r(51);
  const Tensor x = random_tensor(r, 70000, 1, 1);
  StageSpec s;
  const int in = s.buffer(x.buffer()), out = s.buffer(x.buffer());
  s.input(in, 0);
  for (bool second : {false, true}) {
    BoxSpec box;
    (second ? box.y0 : box.y1) = 66000;
    s.actors.push_back(copy_of(s.read(in, box), s.write(out, box)));
    s.actors.back().r.band = 7;
  }
  s.output(out, 0);
  expect_program(ProgramBuilder({s}), {x.bytes()}, {x.bytes()});
}

}  // namespace
}  // namespace shoal::test
