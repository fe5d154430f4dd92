// The programs that spec/image.md shows byte by byte: they run and compute what
// the document says, and they are what the builder makes of their description.
#include <gtest/gtest.h>

#include <fstream>

#include "device/program/params.h"
#include "device/runtime/testing/cluster.h"
#include "device/runtime/testing/naive.h"
#include "device/runtime/testing/spec_table.h"
#include "device/runtime/testing/tape_twin.h"

namespace shoal::test {
namespace {

// Returns the text between ```NAME and ```.
std::string block(const std::string& name) {
  std::ifstream file(SHOAL_SOURCE_DIR "/spec/image.md");
  std::string text, line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (line == "```") inside = false;
    if (inside) text += line + "\n";
    if (line == "```" + name) inside = true;
  }
  return text;
}

// A pointwise convolution of 3x2 pixels from one channel to two, in a ring of
// two rows. Channel 0 is 2x - 1, channel 1 is -x, clamped to 100.
ProgramBuilder pointwise() {
  Filter f;
  f.r.op = OpCode::kConv;
  f.r.act_max = 100;
  f.out_c = 2;
  f.weights = {4, -2}, f.bias = {-2, 0};
  f.multipliers = {1 << 30, 1 << 30}, f.shifts = {0, 0};
  StageSpec s;
  const int x = s.buffer({3, 2, 1, 2}), y = s.buffer({3, 2, 2, 1});
  s.input(x, 0);
  s.actors.push_back(actor_of(f, s.read(x), s.write(y)));
  s.output(y, 0);
  ProgramBuilder p({s});
  return p;
}

// Stage 0 moves a picture of 3x8 into one of 4x9, kept whole, with -5 above
// and to the left; stage 1 takes the maximum over windows of 2x2, the last row
// of its output over the first of its input.
ProgramBuilder two_stages() {
  StageSpec s, t;
  const int x = s.buffer({3, 8, 1, 1});
  BufferSpec held{4, 9, 1};
  held.at = 32;
  const int m = s.buffer(held);
  s.input(x, 0);
  ActorSpec move;
  move.r.op = OpCode::kMove;
  move.r.in[0] = s.read(x), move.r.out = s.write(m);
  move.set_params(MoveParams{1, -1, 1, -1, 1, 0, -5});
  s.actors.push_back(move);
  held.flags = kBufferComplete;
  const int under = t.buffer(held);
  BufferSpec over{3, 8, 1};
  over.at = 16, over.overlay = under;
  const int y = t.buffer(over);
  ActorSpec most;
  most.r.op = OpCode::kMaxPool;
  most.r.kernel_h = most.r.part = most.r.kernel_w = 2;
  most.r.in[0] = t.read(under), most.r.out = t.write(y);
  t.actors.push_back(most);
  t.output(y, 0);
  ProgramBuilder p({s, t});
  return p;
}

// The coordinator sends 3 rows of 4 pixels and gets them back mirrored.
LinkedPrograms mirror() {
  StageSpec s;
  const int x = s.buffer({3, 4, 1, 1}), y = s.buffer({3, 4, 1, 2});
  s.receive(x, 0);
  ActorSpec move;
  move.r.op = OpCode::kMove;
  move.r.in[0] = s.read(x), move.r.out = s.write(y);
  move.set_params(MoveParams{1, 0, -1, 3, 1, 0, 0});
  s.actors.push_back(move);
  s.send(y, {1});
  LinkedPrograms all;
  all.nodes.resize(1);
  all.nodes[0].stages = {s};
  all.inputs = {0}, all.outputs = {1};
  all.window = 2;
  link_programs(all);
  return all;
}

void expect_table(const std::string& name, ProgramBuilder p) {
  const Bytes built = p.build();
  ASSERT_EQ(table_bytes(block(name)), built) << "spec/image.md should show\n"
                                             << SpecTable(built).text();
}

void expect_shown(const std::string& name, ProgramBuilder p) {
  expect_table(name, p);
  const Bytes image = p.build();
  const Bytes input = table_bytes(block(name + "-input"));
  const Bytes output = table_bytes(block(name + "-output"));
  ASSERT_FALSE(input.empty());
  RunOptions o;
  const RunResult run = run_program(image, {input}, o);
  EXPECT_EQ(run.status, Status::kOk);
  EXPECT_FALSE(run.spilled);
  EXPECT_EQ(run.outputs.at(0), output);
  o.arena_less = 1;
  EXPECT_EQ(run_program(image, {input}, o).status, Status::kArenaTooSmall);
}

TEST(Spec, TheProgramWithAPeer) {
  const LinkedPrograms all = mirror();
  expect_table("mirror", all.nodes[0]);
  const Bytes input = table_bytes(block("mirror-input"));
  const Bytes output = table_bytes(block("mirror-output"));
  ASSERT_EQ(input.size(), 12u);
  ClusterOptions o;
  o.frames = 1;
  const ClusterResult run = run_cluster(all, {{input}}, {12}, o);
  EXPECT_EQ(run.status, Status::kOk);
  EXPECT_FALSE(run.spilled);
  EXPECT_EQ(run.outputs.at(0).at(0), output);
}

TEST(Spec, ThePointwiseProgram) { expect_shown("pointwise", pointwise()); }
TEST(Spec, TheProgramOfTwoStages) { expect_shown("two-stages", two_stages()); }

}  // namespace
}  // namespace shoal::test
