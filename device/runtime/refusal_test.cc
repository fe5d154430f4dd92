// One wrong field each, sealed again: the loader must refuse it, and say in
// which table.
#include <gtest/gtest.h>

#include <functional>

#include "device/program/check.h"
#include "device/runtime/testing/int4_twin.h"
#include "device/runtime/testing/linked_samples.h"
#include "device/runtime/testing/sample_programs.h"

namespace shoal::test {
namespace {

// The tables of one stage, to be changed.
struct Tables {
  Header* head;
  IoEntry* ios;
  StageHeader* header;
  BufferRecord* buffers;
  PortRecord* ports;
  ActorRecord* actors;
  LoopRecord* loops;
  WeightRecord* weights;
  ChunkRecord* chunks;
  int32_t* params;
  uint16_t* maps;
  OrderRun* order;
  PeerEntry* peers;
  StreamRecord* streams;
  TargetRecord* targets;
  SpillRecord* spills;
  BankTable* banks;
  VariableHeader* kept;
  VariableEntry* variables;
  uint8_t* image;
};

Tables tables_of(AlignedBytes& image, uint32_t stage) {
  const HeadView h = view_head(image.data());
  const StageView s = view_stage(image.data() + h.stages[stage].offset);
  const auto open = [](const auto* p) {
    return const_cast<std::remove_cvref_t<decltype(*p)>*>(p);
  };
  return {
      open(h.header),  open(h.ios),     open(s.header),      open(s.buffers),
      open(s.ports),   open(s.actors),  open(s.loops),       open(s.weights),
      open(s.chunks),  open(s.params),  open(s.maps),        open(s.order),
      open(h.peers),   open(s.streams), open(s.targets),     open(s.spills),
      open(h.banks()), open(h.kept()),  open(h.variables()), image.data()};
}

void swap_owners(PortRecord& a, PortRecord& b) {
  const uint32_t index = a.owner_index();
  set_owner_index(a, b.owner_index());
  set_owner_index(b, index);
}

using Change = std::function<void(Tables&)>;

// In stage `stage` of the sample.
void refuse(Sample sample, uint32_t stage, Table table, const Change& change,
            int line = __builtin_LINE()) {
  SCOPED_TRACE(testing::Message() << "line " << line);
  AlignedBytes image(sample.program.build());
  Tables t = tables_of(image, stage);
  change(t);
  seal_image(image.data(), image.size());
  const RunResult run = try_image(image.bytes(), sample.program.mapped);
  EXPECT_EQ(run.status, Status::kBadRecord);
  EXPECT_EQ(run.fault.table, table);
}

TEST(Refusal, Buffers) {
  const Sample s = two_stage_sample();
  const Table b = Table::kBuffer;
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].row_bytes += 4; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].slots = 0; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].slots = 7; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].offset += 8; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].offset = 0; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[3].offset += 1024; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[1].offset = t.buffers[0].offset; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[1].first_port = 1; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].flags = kBufferComplete; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].element_bytes = 2; });
  refuse(s, 1, b, [](Tables& t) { t.buffers[1].overlay = kNone; });
  refuse(s, 1, b, [](Tables& t) { t.buffers[1].overlay = 1; });
  refuse(s, 1, b, [](Tables& t) { t.buffers[1].overlay = 9; });
  refuse(s, 0, b, [](Tables& t) { t.ports[1].cursor = t.ports[0].cursor; });
  refuse(s, 0, b, [](Tables& t) { t.ports[7].cursor = 500; });
}

TEST(Refusal, Variables) {
  const Sample s = variable_sample();
  const Table v = Table::kVariable;
  refuse(s, 0, v, [](Tables& t) { t.variables[0].arena = 0; });
  refuse(s, 0, v, [](Tables& t) { t.variables[0].arena += 4; });
  refuse(s, 0, v, [](Tables& t) { t.variables[1].arena -= 16; });
  refuse(s, 0, v, [](Tables& t) { t.variables[0].bytes = 0; });
  refuse(s, 0, v, [](Tables& t) { t.variables[0].bytes = 0x40000000; });
  refuse(s, 0, v, [](Tables& t) { t.variables[0].initial = 1; });
  refuse(s, 0, v, [](Tables& t) { t.variables[0].initial = kNowhere - 1; });
  refuse(s, 0, v, [](Tables& t) { t.variables[0].fill = 1; });
  refuse(s, 0, v, [](Tables& t) { t.variables[1].reserved[2] = 1; });
  const Table h = Table::kHeader;
  refuse(s, 0, h, [](Tables& t) { t.variables[1].arena += 4096; });
  refuse(s, 0, h, [](Tables& t) { t.kept->variables = 1; });
  refuse(s, 0, h, [](Tables& t) { t.kept->variables = 0; });
  refuse(s, 0, h, [](Tables& t) { t.kept->variables = 0xFFFF; });
  refuse(s, 0, h, [](Tables& t) { t.head->version = kImageVersion; });
  refuse(s, 0, h, [](Tables& t) { t.kept->initial_bytes += 16; });
  refuse(s, 0, h, [](Tables& t) { t.kept->initial_bytes = 0xFFFFFFF0; });
  refuse(s, 0, h, [](Tables& t) { t.kept->reserved = 1; });
  // Before the frame: 1, 3; after it: 2, 4.
  const Table b = Table::kBuffer;
  refuse(s, 0, b, [](Tables& t) { t.buffers[1].flags = kBufferComplete; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[2].flags = 0; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[1].flags = kBufferVariable; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[2].flags |= kBufferComplete; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[2].flags |= kBufferPrivate; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[1].offset += 16; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[2].offset -= 16; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[2].slots = 2; });
  refuse(s, 0, b,
         [](Tables& t) { t.buffers[2].rows = t.buffers[2].slots = 2; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[5].overlay = 1; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[2].overlay = 5; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].flags |= kBufferVariable; });
  refuse(s, 0, b, [](Tables& t) { t.buffers[0].rows = kMaxRows + 1; });
  // 2^31 bytes, of which two rows are held.
  refuse(s, 0, b, [](Tables& t) {
    t.buffers[0].rows = kMaxRows, t.buffers[0].slots = 2;
    t.buffers[0].channels = 128, t.buffers[0].row_bytes = 128;
  });
}

TEST(Refusal, PortsAndIos) {
  const Sample s = two_stage_sample();
  const Table p = Table::kPort;
  refuse(s, 0, p, [](Tables& t) { t.ports[0].row_count = 7; });
  refuse(s, 0, p, [](Tables& t) { t.ports[0].x1 = 5; });
  refuse(s, 0, p, [](Tables& t) { t.ports[0].row_count |= 1 << 16; });
  refuse(s, 0, p, [](Tables& t) { t.ports[0].y0 = 1 << 16; });
  refuse(s, 0, p, [](Tables& t) { t.ports[0].unused = 1; });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[0].unused = 1; });
  refuse(s, 0, p, [](Tables& t) { t.ports[0].c1 = 4; });
  refuse(s, 0, p, [](Tables& t) { t.ports[0].c1 = 0; });
  refuse(s, 0, p, [](Tables& t) { t.ports[0].buffer = 1; });
  refuse(s, 0, p, [](Tables& t) { t.ports[1].is_read = 0; });
  refuse(s, 0, p, [](Tables& t) { set_owner_index(t.ports[1], 1); });
  refuse(s, 0, p, [](Tables& t) { set_owner_index(t.ports[1], 99); });
  refuse(s, 0, p,
         [](Tables& t) { t.ports[1].owned_by = uint32_t(PortOwner::kStream); });
  refuse(s, 0, p, [](Tables& t) { set_owner_index(t.ports[0], 1); });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[0].row_bytes += 1; });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[0].is_output = 1; });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[0].reserved = 1; });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[0].reserved = 2; });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[1].reserved = 1; });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[1].reserved = 1 << 16; });
  refuse(s, 0, Table::kIo, [](Tables& t) { t.ios[1].stage = 2; });
}

TEST(Refusal, Actors) {
  const Sample s = two_stage_sample(), m = move_sample();
  const Table a = Table::kActor;
  refuse(s, 0, a, [](Tables& t) { t.actors[0].op = OpCode(0); });
  refuse(s, 0, a, [](Tables& t) { t.actors[0].op = OpCode(23); });
  refuse(s, 0, a, [](Tables& t) { t.actors[0].flags = kActorInit; });
  refuse(s, 0, a, [](Tables& t) { t.actors[0].stride_x = 0; });
  // Its weights are not there.
  refuse(s, 0, Table::kChunk, [](Tables& t) { t.actors[0].kernel_w = 40; });
  refuse(s, 0, a, [](Tables& t) { t.actors[0].slices = 5; });
  refuse(s, 0, a, [](Tables& t) { t.actors[0].band = 0; });
  refuse(s, 0, a, [](Tables& t) {
    t.actors[0].act_max = -128, t.actors[0].act_min = 0;
  });
  refuse(s, 0, a, [](Tables& t) { t.actors[0].unused = 1; });
  refuse(s, 0, a, [](Tables& t) { t.actors[1].multiplier = 2; });
  // Places beyond 31 bits.
  refuse(s, 0, a, [](Tables& t) {
    t.actors[0].kernel_w = 40000, t.actors[0].dilation_x = 60000;
  });
  refuse(s, 0, a, [](Tables& t) {
    t.actors[0].kernel_h = 40000, t.actors[0].dilation_y = 60000;
  });
  refuse(s, 0, a, [](Tables& t) {
    t.actors[0].kernel_w = 10000, t.actors[0].dilation_x = 65535;
    t.actors[0].pad_left = (1 << 27) - 1;
  });
  refuse(s, 0, a, [](Tables& t) { t.actors[2].param = 60000; });
  refuse(s, 0, a, [](Tables& t) { t.params[3] = 31; });
  refuse(s, 1, a, [](Tables& t) { t.actors[1].accumulator = kNowhere; });
  refuse(s, 1, a, [](Tables& t) { t.actors[1].accumulator += 1 << 16; });
  refuse(s, 1, a, [](Tables& t) { t.actors[1].band = 2; });
  refuse(s, 1, a, [](Tables& t) { t.actors[1].kernel_h = 7; });
  refuse(s, 1, a, [](Tables& t) { t.params[0] = 0; });
  refuse(s, 1, a, [](Tables& t) { t.params[4] = 40; });
  refuse(m, 0, a, [](Tables& t) { t.maps[4] = 2; });
  refuse(m, 0, a, [](Tables& t) { t.maps[1] = 0xFFFF; });
  refuse(m, 0, a, [](Tables& t) { t.params[0] = 1 << 30; });
  refuse(m, 0, a, [](Tables& t) { t.params[7] = 3; });
  refuse(m, 0, a, [](Tables& t) { t.params[13] = 9; });
}

// A kernel has pointers for 16 rows.
TEST(Refusal, MoreRowsThanAKernelHasPointersFor) {
  StageSpec s;
  const int in = s.buffer({40, 1, 1}), out = s.buffer({1, 1, 1});
  s.input(in, 0);
  ActorSpec a;
  a.r.op = OpCode::kReduceMax;
  a.r.in[0] = s.read(in), a.r.out = s.write(out);
  a.r.kernel_h = 40, a.r.part = 16;
  s.actors.push_back(a);
  s.output(out, 0);
  Sample sample;
  sample.program.stages = {s};
  EXPECT_EQ(try_image(sample.program.build(), true).status, Status::kOk);
  refuse(sample, 0, Table::kActor, [](Tables& t) { t.actors[0].part = 17; });
}

// Ports that are legal by themselves but not for their operator.
TEST(Refusal, Shapes) {
  const Sample m = move_sample(), s = two_stage_sample();
  const auto narrower = [](int actor, int operand) {
    return [=](Tables& t) {
      const ActorRecord& a = t.actors[actor];
      --t.ports[operand < 0 ? a.out : a.in[operand]].c1;
    };
  };
  refuse(m, 0, Table::kActor, narrower(1, -1));  // pool
  refuse(m, 0, Table::kActor, narrower(2, 0));   // space to depth
  refuse(m, 0, Table::kActor, narrower(3, 0));   // resize
  refuse(m, 0, Table::kActor, narrower(4, 0));   // transpose
  refuse(m, 0, Table::kActor, narrower(5, 0));   // reshape
  refuse(m, 0, Table::kActor, narrower(7, 1));   // maximum
  refuse(s, 1, Table::kActor, narrower(0, 0));   // table
  refuse(s, 1, Table::kActor, narrower(1, -1));  // mean
  refuse(s, 0, Table::kActor, narrower(1, 0));   // depthwise
  refuse(s, 0, Table::kChunk, narrower(0, 0));   // convolution
}

TEST(Refusal, WeightsAndLoops) {
  const Sample s = two_stage_sample(), l = loop_sample();
  const Table w = Table::kWeights, c = Table::kChunk;
  refuse(s, 0, w, [](Tables& t) { t.weights[0].first_chunk = 1; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].parts = 2; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].place = WeightPlace::kTape; });
  refuse(s, 0, w, [](Tables& t) { t.chunks[1].out0 = 2; });
  refuse(s, 0, w, [](Tables& t) { t.chunks[1].out_n = 2; });
  refuse(s, 0, c, [](Tables& t) { t.chunks[0].bytes += 4; });
  refuse(s, 0, c, [](Tables& t) { t.chunks[0].bytes -= 4; });
  refuse(s, 0, c, [](Tables& t) { t.chunks[0].offset += 8; });
  refuse(s, 0, c, [](Tables& t) { t.chunks[0].offset = t.head->image_bytes; });
  refuse(s, 0, c, [](Tables& t) { t.chunks[0].in_n = 2; });
  for (int shift : {-32, 31}) {
    refuse(s, 0, c, [=](Tables& t) {
      const ChunkRecord& last = t.chunks[1];
      t.image[last.offset + last.bytes - 4] = uint8_t(shift);
    });
  }
  const Table p = Table::kLoop;
  refuse(l, 0, p, [](Tables& t) { t.loops[0].actors = 2; });
  refuse(l, 0, p, [](Tables& t) { t.loops[0].first_actor = 1; });
  refuse(l, 0, p, [](Tables& t) { t.buffers[1].slots = 4; });
  refuse(l, 0, Table::kActor, [](Tables& t) { t.loops[0].band = 3; });
  refuse(l, 0, w, [](Tables& t) { t.loops[0].iterations = 3; });
  refuse(l, 0, c, [](Tables& t) { t.chunks[4].in_n = 3; });
  refuse(l, 0, p, [](Tables& t) { t.actors[1].loop = kNone; });
}

TEST(Refusal, Orders) {
  Sample s = two_stage_sample();
  s.program = on_tape(s.program, s.inputs, true);
  refuse(s, 0, Table::kOrder, [](Tables& t) { t.order[0].firings = 0; });
  refuse(s, 0, Table::kOrder, [](Tables& t) { t.order[0].actor = 3; });
  refuse(s, 0, Table::kStage, [](Tables& t) { ++t.order[0].firings; });
  Sample l = loop_sample();
  l.program = on_tape(l.program, l.inputs, true);
  refuse(l, 0, Table::kOrder, [](Tables& t) { t.order[0].actor = 1; });
}

// In a stage of a node of the sample.
void refuse(LinkedSample sample, int node, uint32_t stage, Table table,
            const Change& change, int line = __builtin_LINE()) {
  link_programs(sample.programs);
  Sample one;
  one.program = sample.programs.nodes[size_t(node)];
  EXPECT_EQ(try_image(one.program.build(), true).status, Status::kWait);
  refuse(one, stage, table, change, line);
}

TEST(Refusal, Peers) {
  const LinkedSample s = gather_sample();
  const Table p = Table::kPeer, h = Table::kHeader;
  refuse(s, 0, 0, p, [](Tables& t) { t.peers[1].node = t.peers[0].node; });
  refuse(s, 0, 0, p, [](Tables& t) { t.peers[1].node = 0; });
  refuse(s, 0, 0, p, [](Tables& t) { t.peers[0].node = 3; });
  refuse(s, 0, 0, p, [](Tables& t) { t.peers[0].window = 0; });
  refuse(s, 0, 0, p, [](Tables& t) { t.peers[0].window = 1025; });
  refuse(s, 0, 0, h, [](Tables& t) { t.peers[0].window = 1024; });
  refuse(s, 0, 0, h, [](Tables& t) { t.head->peers = 5; });
  refuse(s, 0, 0, h, [](Tables& t) { t.head->inputs = 1; });
  refuse(s, 0, 0, h, [](Tables& t) { t.head->link += 8; });
  refuse(s, 0, 0, h, [](Tables& t) { t.head->link = t.head->states; });
  refuse(s, 0, 0, h, [](Tables& t) { t.head->link = t.head->arena_bytes; });
  refuse(s, 0, 0, h, [](Tables& t) { t.head->gaps = kMaxGaps + 1; });
  // The link's tables reach into the first buffer.
  const Table b = Table::kBuffer;
  refuse(s, 0, 0, b, [](Tables& t) { t.head->link += 16; });
  refuse(s, 0, 0, b, [](Tables& t) { t.head->stage_streams += 2; });
  refuse(s, 0, 0, b, [](Tables& t) { t.head->gaps = 4; });
  refuse(s, 0, 0, b, [](Tables& t) { t.peers[0].window += 1; });
}

TEST(Refusal, StreamsThatComeEarly) {
  const LinkedSample e = early_sample();
  const Table s = Table::kStream;
  // In-stream 0, out-stream 1; the ring is buffer 1, what the stage before has
  // lies at its buffers' offsets.
  refuse(e, 0, 0, s, [](Tables& t) { t.streams[0].reserved = 1; });
  refuse(e, 0, 1, s, [](Tables& t) { t.streams[0].reserved = 2; });
  refuse(e, 0, 1, s, [](Tables& t) { t.streams[1].reserved = 1; });
  refuse(e, 0, 2, s, [](Tables& t) { t.streams[2].reserved = 1; });
  // Where the stage before has its input.
  refuse(e, 0, 1, s, [](Tables& t) { t.buffers[1].offset -= 128; });
  refuse(e, 0, 1, Table::kStage, [](Tables& t) { t.head->stage_streams = 1; });
  // Where it has an accumulator, behind its buffers.
  LinkedSample sums = early_sample();
  StageSpec& before = sums.programs.nodes[0].stages[0];
  BufferSpec mean{1, 1, 2};
  mean.at = 48;
  ActorSpec reduce;
  reduce.r.op = OpCode::kReduceSum;
  reduce.r.flags |= kReduceColumns;
  reduce.r.in[0] = before.read(0);
  reduce.r.out = before.write(before.buffer(mean));
  reduce.r.kernel_h = 7, reduce.r.kernel_w = 4, reduce.r.part = 2;
  reduce.set_params(ReduceParams{28, 1 << 30, -4});
  before.actors.push_back(reduce);
  sums.programs.nodes[0].stages[1].buffers[1].at = 384;
  refuse(sums, 0, 1, s, [](Tables& t) { t.buffers[1].offset -= 256; });
}

TEST(Refusal, Streams) {
  const LinkedSample g = gather_sample(), h = halo_sample();
  const Table s = Table::kStream, t = Table::kTarget, p = Table::kPort;
  // In-streams 0 to 2, out-streams 3 (two targets) and 4.
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[0].number = 1; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[2].number = 1; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[0].peer = 3; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[0].targets = 1; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[0].reserved = 1; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[3].reserved = 1; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[3].peer = 0; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[3].number = 1; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[3].there = 1; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[3].targets = 0; });
  refuse(g, 0, 0, s, [](Tables& t) { t.streams[4].targets = 2; });
  refuse(g, 0, 0, s, [](Tables& t) { --t.streams[3].targets; });
  refuse(g, 0, 0, t, [](Tables& t) { t.targets[1].peer = 3; });
  refuse(g, 0, 0, t, [](Tables& t) { t.targets[1] = t.targets[0]; });
  refuse(g, 0, 0, Table::kStage, [](Tables& t) { t.head->stage_streams = 2; });
  refuse(g, 0, 0, Table::kStage, [](Tables& t) { t.head->stage_targets = 2; });
  refuse(g, 0, 0, Table::kStage, [](Tables& t) { t.head->targets = 2; });
  // A port and its stream name each other, and the same direction.
  refuse(g, 0, 0, p, [](Tables& t) { t.streams[0].port = 60; });
  refuse(g, 0, 0, p, [](Tables& t) { t.streams[0].port = t.streams[1].port; });
  refuse(g, 0, 0, p,
         [](Tables& t) { set_owner_index(t.ports[t.streams[1].port], 0); });
  refuse(g, 0, 0, p,
         [](Tables& t) { set_owner_index(t.ports[t.streams[1].port], 5); });
  refuse(g, 0, 0, p, [](Tables& t) {
    t.ports[t.streams[1].port].owned_by = uint32_t(PortOwner::kApi);
  });
  refuse(g, 0, 0, s, [](Tables& t) {
    std::swap(t.streams[2].port, t.streams[3].port);
    swap_owners(t.ports[t.streams[2].port], t.ports[t.streams[3].port]);
  });
  refuse(g, 0, 0, s, [](Tables& t) {
    std::swap(t.streams[2], t.streams[3]);
    swap_owners(t.ports[t.streams[2].port], t.ports[t.streams[3].port]);
  });
  // Numbers go on from stage to stage, and end where the head says.
  refuse(h, 0, 1, s, [](Tables& t) { t.streams[0].number = 0; });
  refuse(h, 0, 1, Table::kStage, [](Tables& t) { t.head->targets = 3; });
  // Without peers there are no streams.
  refuse(two_stage_sample(), 0, Table::kHeader,
         [](Tables& t) { t.head->targets = 1; });
  refuse(two_stage_sample(), 0, Table::kHeader,
         [](Tables& t) { t.head->stage_targets = 1; });
  refuse(two_stage_sample(), 0, Table::kHeader,
         [](Tables& t) { t.head->stage_streams = 1; });
  refuse(two_stage_sample(), 0, Table::kHeader,
         [](Tables& t) { t.head->link = 16; });
}

TEST(Refusal, AFrameOfHalfTheOffsets) {
  StageSpec s;
  const int b = s.buffer({65535, 33, 1000, 1});
  s.receive(b, 0);
  s.send(b, {1});
  LinkedSample sample;
  sample.programs.nodes.resize(1);
  sample.programs.inputs = {0}, sample.programs.outputs = {1};
  sample.programs.nodes[0].stages = {s};
  link_programs(sample.programs);
  Bytes image = sample.programs.nodes[0].build();
  const RunResult run = try_image(image, true);
  EXPECT_EQ(run.status, Status::kBadRecord);
  EXPECT_EQ(run.fault.table, Table::kBuffer);
  sample.programs.nodes[0].stages[0].buffers[0].rows = 65000;
  for (auto& p : sample.programs.nodes[0].stages[0].ports) p.box.y1 = 65000;
  image = sample.programs.nodes[0].build();
  EXPECT_EQ(try_image(image, true).status, Status::kWait);
}

TEST(Refusal, SetsInSram) {
  Sample s = two_stage_sample(), k = s;
  s.program = in_sram(s.program, false, true);
  k.program = in_sram(k.program, true, true);
  const Table w = Table::kWeights, c = Table::kChunk, h = Table::kHeader;
  refuse(s, 0, w, [](Tables& t) { t.weights[0].flags = 2; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].arena += 8; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].arena = 0; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].arena = 1u << 30; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].place = WeightPlace(3); });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].place = WeightPlace::kMapped; });
  refuse(s, 0, w, [](Tables& t) { t.weights[1].arena = t.weights[0].arena; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].arena = t.buffers[0].offset; });
  refuse(s, 0, c, [](Tables& t) { t.chunks[0].offset -= 16; });
  refuse(s, 0, c, [](Tables& t) { t.chunks[0].offset = t.head->image_bytes; });
  refuse(k, 0, w, [](Tables& t) { t.weights[1].arena = t.weights[0].arena; });
  refuse(k, 0, w, [](Tables& t) { t.weights[0].arena -= 16; });
  refuse(k, 1, w, [](Tables& t) { t.weights[0].arena = t.head->keep; });
  refuse(k, 1, w, [](Tables& t) { t.head->keep_bytes -= 16; });
  refuse(k, 0, Table::kBuffer, [](Tables& t) { t.head->keep += 16; });
  refuse(k, 0, h, [](Tables& t) { t.head->keep = 0; });
}

TEST(Refusal, SetsInBanks) {
  Sample s = two_stage_sample();
  // The last of three sets lies in the second stage.
  s.program = in_sram(s.program, true, true);
  for (StageSpec& stage : s.program.stages) {
    for (ActorSpec& a : stage.actors) a.bank = 1;
  }
  const Table w = Table::kWeights, h = Table::kHeader, b = Table::kBank;
  refuse(s, 0, w, [](Tables& t) { t.weights[0].flags = kWeightsBank; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].flags |= 8; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].flags = 2; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].flags = 5; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].flags = 1; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].arena += 8; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].arena = 1u << 30; });
  refuse(s, 0, w, [](Tables& t) { t.weights[0].arena = 0xFFFFFFF0; });
  refuse(s, 0, w, [](Tables& t) { t.weights[1].arena = t.weights[0].arena; });
  refuse(s, 1, w, [](Tables& t) { t.weights[0].arena = 0; });
  refuse(s, 1, w, [](Tables& t) { t.banks->bytes[0] -= 16; });
  refuse(s, 0, b, [](Tables& t) { t.banks->bytes[0] -= 8; });
  refuse(s, 0, b, [](Tables& t) { t.banks->bytes[2] = 0x80000000; });
  refuse(s, 0, b, [](Tables& t) { t.banks->bytes[0] = 0; });
  refuse(s, 0, b, [](Tables& t) { t.banks->reserved = 1; });
  refuse(s, 0, h, [](Tables& t) { t.kept->reserved = 1; });
  refuse(s, 0, h, [](Tables& t) { t.kept->variables = 1; });
  refuse(s, 0, h, [](Tables& t) { t.kept->initial_bytes = 16; });
  refuse(s, 0, h, [](Tables& t) { t.head->version = kImageVersion; });
  refuse(s, 0, h, [](Tables& t) { t.head->version = kVariablesVersion; });
  refuse(variable_sample(), 0, h,
         [](Tables& t) { t.head->version = kBanksVersion; });
}

TEST(Refusal, RoomForWeightsOfFourBits) {
  Sample s = two_stage_sample();
  s.program = in_int4(s.program, 128);
  const Table a = Table::kActor, g = Table::kStage;
  refuse(s, 0, a, [](Tables& t) { t.header->room = 0; });
  refuse(s, 0, a, [](Tables& t) { t.header->room += 8; });
  refuse(s, 0, a, [](Tables& t) { t.header->room += 1u << 20; });
  refuse(s, 0, a, [](Tables& t) { t.header->room = 0x80000000; });
  refuse(s, 0, g, [](Tables& t) { t.header->room = t.buffers[0].offset; });
  refuse(s, 0, a, [](Tables& t) {
    for (uint16_t i = 0; i < t.header->actors; ++i) {
      if (t.actors[i].room16) t.actors[i].room16 = 7;
    }
  });
  refuse(s, 0, a, [](Tables& t) {
    for (uint16_t i = 0; i < t.header->actors; ++i) {
      if (t.actors[i].room16) t.actors[i].room16 = 0xFFFF;
    }
  });
  refuse(s, 0, Table::kChunk, [](Tables& t) {
    for (uint16_t i = 0; i < t.header->actors; ++i) t.actors[i].room16 = 0;
  });
  // Another operator has none, nor has an earlier version.
  Sample moved = move_sample();
  refuse(moved, 0, a, [](Tables& t) { t.actors[0].room16 = 8; });
  refuse(two_stage_sample(), 0, g,
         [](Tables& t) { t.header->room = t.buffers[0].offset; });
}

// A bank that is not there, that is a byte too small, that is not aligned.
TEST(Refusal, BanksThatTheNodeLacks) {
  Sample s = two_stage_sample();
  s.program = in_banks(s.program, true);
  const Bytes image = s.program.build();
  RunOptions o;
  o.storage_delay = 0;
  EXPECT_EQ(run_program(image, s.inputs, o).status, Status::kOk);
  for (uint16_t b = 0; b < kMaxBanks; ++b) {
    RunOptions less = o;
    less.bank_less[b] = 1;
    const RunResult run = run_program(image, s.inputs, less);
    EXPECT_EQ(run.status, Status::kBankTooSmall);
    EXPECT_EQ(run.fault.table, Table::kBank);
    EXPECT_EQ(run.fault.index, b);
  }
  o.banks = false;
  const RunResult none = run_program(image, s.inputs, o);
  EXPECT_EQ(none.status, Status::kBankTooSmall);
  EXPECT_EQ(none.fault.index, 0);
}

TEST(Refusal, BanksThatBreakTheContract) {
  const Bytes image = two_stage_sample().program.build();
  AlignedBytes memory(image);
  Arena arena(reinterpret_cast<const Header*>(image.data())->arena_bytes);
  Arena bank(64);
  const auto opened = [&](const shoal_bank* banks, uint32_t count) {
    shoal_config config{};
    config.image = memory.data(), config.image_bytes = memory.size();
    config.banks = banks, config.bank_count = count;
    shoal_node node;
    return Status(shoal_open(&node, &config, arena.data(),
                             static_cast<uint32_t>(arena.size())));
  };
  const shoal_bank good{bank.data(), 64}, none{nullptr, 0};
  EXPECT_FALSE(failed(opened(&good, 1)));
  EXPECT_FALSE(failed(opened(&none, 1)));
  const shoal_bank odd{bank.data() + 8, 48}, missing{nullptr, 16};
  EXPECT_EQ(opened(&odd, 1), Status::kBadArgument);
  EXPECT_EQ(opened(&missing, 1), Status::kBadArgument);
  EXPECT_EQ(opened(nullptr, 1), Status::kBadArgument);
}

TEST(Refusal, Spills) {
  const Sample s = spill_sample();
  const Table r = Table::kSpill, h = Table::kHeader, p = Table::kPort;
  refuse(s, 0, h, [](Tables& t) { t.head->spill = kNowhere; });
  refuse(s, 0, h, [](Tables& t) { t.head->spill_pages = 0; });
  refuse(s, 0, h, [](Tables& t) { t.head->spill_pages = 1u << 30; });
  refuse(s, 0, h, [](Tables& t) { t.head->spill_page_bytes = 16; });
  refuse(s, 0, h, [](Tables& t) { t.head->spill_page_bytes += 8; });
  refuse(s, 2, Table::kStage, [](Tables& t) { --t.head->spill_pages; });
  refuse(s, 0, p, [](Tables& t) { t.spills[0].port = 0; });
  refuse(s, 0, p, [](Tables& t) { t.spills[0].port = 99; });
  refuse(s, 0, p, [](Tables& t) { set_owner_index(t.ports[3], 1); });
  refuse(s, 0, r, [](Tables& t) { t.spills[0].reserved = 1; });
  refuse(s, 0, r, [](Tables& t) { ++t.spills[0].pages; });
  refuse(s, 0, r, [](Tables& t) { ++t.spills[0].first_page; });
  refuse(s, 0, r, [](Tables& t) { t.spills[0].buffer = 0; });
  refuse(s, 0, r, [](Tables& t) { t.spills[0].buffer += 8; });
  refuse(s, 0, r, [](Tables& t) { t.spills[0].buffer = 1u << 30; });
  refuse(s, 0, r, [](Tables& t) { t.spills[0].buffer = t.buffers[0].offset; });
  // Pages that no earlier stage has written.
  refuse(s, 1, r, [](Tables& t) { t.spills[0].first_page = 1; });
  refuse(s, 1, r, [](Tables& t) { t.spills[0].first_page = kNowhere; });
}

TEST(Refusal, Headers) {
  const Sample s = two_stage_sample();
  const Table h = Table::kHeader;
  refuse(s, 0, h, [](Tables& t) { t.head->flags = kImageUnmapped; });
  refuse(s, 0, h, [](Tables& t) { t.head->flags = 4; });
  refuse(s, 0, h, [](Tables& t) { t.head->program_bytes -= 8; });
  refuse(s, 0, h, [](Tables& t) { t.head->peers = 1; });
  refuse(s, 0, h, [](Tables& t) { t.head->states = t.head->cursors; });
  refuse(s, 0, h, [](Tables& t) { t.head->gaps = 1; });
  refuse(s, 0, Table::kStage, [](Tables& t) { t.header->streams = 1; });
  refuse(s, 0, Table::kStage, [](Tables& t) { t.header->index = 1; });
  refuse(s, 0, Table::kStage, [](Tables& t) { t.header->room = 1; });
  refuse(s, 0, Table::kStage, [](Tables& t) { t.header->spills = 9; });
  refuse(s, 0, Table::kStage, [](Tables& t) { t.header->slot_count = 2; });
  refuse(s, 0, Table::kStage, [](Tables& t) { t.header->actors += 1; });
  refuse(s, 0, Table::kStage, [](Tables& t) { t.head->state_count = 2; });
}

}  // namespace
}  // namespace shoal::test
