// Rings, bands, slices and groups: chains of convolutions against the plain
// computation.
#include <gtest/gtest.h>

#include "device/runtime/testing/naive.h"

namespace shoal::test {
namespace {

int out_size(int in, const Filter& f) {
  return (in + 2 * f.r.pad_top - f.r.kernel_h) / f.r.stride_y + 1;
}

// Random chains; the arena is as the builder packed it.
struct Chain {
  ProgramBuilder program;
  Tensor in, out;
};

Chain random_chain(unsigned seed) {
  Random r(seed);
  Chain c;
  c.in =
      random_tensor(r, uniform(r, 5, 14), uniform(r, 3, 9), uniform(r, 1, 5));
  StageSpec s;
  Tensor at = c.in;
  int buffer = -1;
  const int layers = uniform(r, 1, 5);
  int last_need = 0;
  for (int i = 0; i < layers; ++i) {
    const bool depthwise = uniform(r, 0, 1);
    const int m = depthwise ? uniform(r, 1, 2) : 1;
    const int k = uniform(r, 1, 3), stride = uniform(r, 1, 2);
    const int out_c = depthwise ? at.channels * m : uniform(r, 1, 8);
    const Filter f =
        random_filter(r, depthwise ? OpCode::kDepthwise : OpCode::kConv,
                      at.channels, out_c, k, stride, k / 2, m);
    const int band = uniform(r, 1, 3);
    const int rows = out_size(at.rows, f), columns = out_size(at.columns, f);
    const int need = (band - 1) * stride + k;
    // The rows that a firing reads and those that the writer makes at once.
    const int slots = std::min(at.rows, need + last_need);
    const int b = s.buffer(at.buffer(slots));
    if (i == 0) {
      s.input(b, 0);
    } else {
      s.actors.back().r.out = s.write(buffer = b);
    }
    ActorSpec a = actor_of(f, s.read(b), 0, band);
    a.r.slices = static_cast<uint16_t>(uniform(r, 1, std::min(columns, 3)));
    if (out_c > 2 && out_c % 2 == 0) {
      a.chunks = {chunk_of(f, {0, 2}), chunk_of(f, {2, out_c - 2})};
    }
    s.actors.push_back(a);
    at = naive(f, at, rows, columns);
    last_need = band;
  }
  const int b = s.buffer(at.buffer(std::min(at.rows, last_need + 1)));
  s.actors.back().r.out = s.write(b);
  s.output(b, 0);
  c.out = at;
  c.program.stages = {s};
  return c;
}

TEST(Chain, RandomChainsEqualThePlainComputation) {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE(seed);
    Chain c = random_chain(seed);
    const Bytes image = c.program.build();
    RunOptions options;
    options.seed = seed;
    options.frames = 1 + seed % 3;
    const RunResult run = run_program(image, {c.in.bytes()}, options);
    ASSERT_EQ(run.status, Status::kOk)
        << int(run.fault.table) << " " << run.fault.index << " "
        << run.fault.check;
    EXPECT_FALSE(run.spilled);
    Bytes wanted;
    for (int i = 0; i < options.frames; ++i) {
      const Bytes frame = c.out.bytes();
      wanted.insert(wanted.end(), frame.begin(), frame.end());
    }
    ASSERT_EQ(run.outputs.at(0), wanted);
    options.arena_less = 1;
    EXPECT_EQ(run_program(image, {c.in.bytes()}, options).status,
              Status::kArenaTooSmall);
  }
}

}  // namespace
}  // namespace shoal::test
