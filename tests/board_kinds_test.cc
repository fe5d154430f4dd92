// Every board that boots in QEMU, each CPU with its own build of the device
// code: exact at every layer, its memory as its profile says, its faults told.
// board_boot_test.cc looks closer at one of them.
#include <gtest/gtest.h>

#include <random>

#include "host/base/error.h"
#include "host/engine/board/storage_image.h"
#include "host/engine/common/frame.h"
#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/model/import/import.h"
#include "host/oracle/int8/oracle.h"
#include "host/quantize/quantize.h"
#include "host/quantize/testing/float_net.h"
#include "tests/board_emulated.h"
#include "tests/random_net.h"

namespace shoal {
namespace {

std::vector<std::string> booting_boards() {
  std::vector<std::string> names;
  for (const std::string& id : board_ids()) {
    const Board& b = find_board(id);
    if (b.emulator && b.emulator->storage_bytes > 0) names.push_back(id);
  }
  return names;
}

class BoardKinds : public testing::TestWithParam<std::string> {
 protected:
  const Board& board() const { return find_board(GetParam()); }
  EmulateOptions options(FiringObserver observer = {}) const {
    return emulated_board(observer, GetParam());
  }
  void expect_exact(Graph graph, const std::vector<uint8_t>& input,
                    Objective objective) const {
    PlanRequest request = one_node(board());
    request.objective = objective;
    const Prepared p = prepare(std::move(graph), request);
    const std::vector<uint8_t> storage =
        storage_image(GetParam(), p.images[0],
                      {frame_rows(p.graph, p.net, input)}, int64_t{1} << 24);
    TraceCollector trace(p.graph, p.net, p.plan);
    const Emulated e = emulate(options(trace.observer()), storage);
    const Values oracle = run_oracle(p.graph, input);
    EXPECT_EQ(file_outputs(p.graph, p.net, e.outputs.at(0)),
              model_output(p.graph, oracle));
    const Values traced = trace.values(input);
    for (const Op& op : p.graph.ops) {
      for (const int t : op.outputs) {
        EXPECT_EQ(traced[static_cast<size_t>(t)],
                  oracle[static_cast<size_t>(t)])
            << "tensor " << t;
      }
    }
    EXPECT_EQ(e.end.arena_bytes, p.plan.nodes[0].arena_bytes);
    EXPECT_EQ(emulate(options(), storage).outputs, e.outputs);
  }
  int64_t instructions(Graph graph, const std::vector<uint8_t>& input) const {
    const Prepared p = prepare(std::move(graph), one_node(board()));
    const std::vector<uint8_t> storage =
        storage_image(GetParam(), p.images[0],
                      {frame_rows(p.graph, p.net, input)}, int64_t{1} << 24);
    return emulate(options(), storage).frame_instructions;
  }
  // Returns the error of a run with this word on the command line.
  std::string complaint(const char* command) const {
    EmulateOptions o = options();
    o.command = command;
    try {
      emulate(o, std::vector<uint8_t>(64));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode) << e.what();
      return e.what();
    }
    return "";
  }
};

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos)
      << "'" << part << "' is not in: " << text;
}

TEST_P(BoardKinds, RandomNetworksAreExactAtEveryLayer) {
  for (const uint32_t seed : {103u, 108u, 111u}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const NetRecipe recipe = random_recipe(seed);
    Graph graph = import_tflite(random_model(recipe), "random");
    std::mt19937 random(recipe.seed);
    const std::vector<uint8_t> input = random_input(graph, random);
    expect_exact(std::move(graph), input,
                 seed % 2 ? Objective::kRam : Objective::kLatency);
  }
}

// By the kernels of the core's family: windows of one piece and of several,
// sums of 32 bits and of 64, channels beside the vectors.
TEST_P(BoardKinds, NetworksOf16BitsAreExactAtEveryLayer) {
  FloatNet net(5);
  const NetWindow same{.kernel = 3, .same = true};
  int x = net.input({1, 10, 10, 3});
  x = net.conv(x, 21, same);
  x = net.depthwise(x, {.kernel = 3, .stride = 2, .same = true});
  x = net.depthwise(x, {.kernel = 5, .same = true});
  x = net.conv(x, 64, {.kernel = 1});
  x = net.conv(x, 6, same);
  net.output(net.dense(net.reshape(x, {1, 150}), 9));
  QuantizeOptions wide;
  wide.int16 = true;
  std::vector<uint8_t> input(600);
  for (uint8_t& b : input) b = static_cast<uint8_t>(net.random()());
  expect_exact(quantize_unseen(net.graph(), wide), input, Objective::kRam);
}

// As quantized ONNX models round, beside TensorFlow Lite's way.
TEST_P(BoardKinds, ResultsThatRoundOnceCostNoMore) {
  FloatNet net(6);
  int x = net.input({1, 24, 24, 16});
  x = net.conv(x, 32, {.kernel = 3, .same = true});
  x = net.depthwise(x, {.kernel = 3, .same = true});
  net.output(net.conv(x, 32, {.kernel = 1}));
  const Graph twice = quantize_unseen(net.graph(), {});
  Graph once = twice;
  for (const Op& op : once.ops) {
    for (const int t : op.outputs) {
      once.tensors.at(static_cast<size_t>(t)).quant.rounds_once = true;
    }
  }
  std::vector<uint8_t> input(24 * 24 * 16);
  for (uint8_t& b : input) b = static_cast<uint8_t>(net.random()());
  expect_exact(once, input, Objective::kLatency);
  const int64_t limit = instructions(twice, input) * 105 / 100;
  EXPECT_LE(instructions(once, input), limit);
}

TEST_P(BoardKinds, MemoryIsWhatTheProfileSays) {
  EmulateOptions o = options();
  o.command = "test=storage sizes";
  const Emulated e = emulate(o, std::vector<uint8_t>(64));
  EXPECT_EQ(board().fixed_kind, "measured");
  EXPECT_EQ(e.memory.fixed_bytes, board().fixed_bytes());
  EXPECT_EQ(e.end.arena_available, board().arena_limit());
  EXPECT_GT(e.memory.stack_used, 0u);
}

TEST_P(BoardKinds, StackOverflowIsReported) {
  expect_part(complaint("test=stack"), GetParam() + ": stack overflow");
}

TEST_P(BoardKinds, MemoryBehindTheEndFaults) {
  const std::string text = complaint("test=memory");
  expect_part(text, "fault at pc 0x");
  expect_part(text, "address 0x");
}

TEST_P(BoardKinds, AStorageThatHoldsNothingIsRefused) {
  try {
    emulate(options(), std::vector<uint8_t>(64));
    FAIL() << "it ran";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt);
    expect_part(e.what(), GetParam() + ": the storage holds nothing");
  }
}

INSTANTIATE_TEST_SUITE_P(All, BoardKinds, testing::ValuesIn(booting_boards()),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace shoal
