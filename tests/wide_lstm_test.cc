// UNIDIRECTIONAL_SEQUENCE_LSTM with int16 activations: what the definition of
// TensorFlow Lite Micro's kernel gives, on one node and on several, from frame
// to frame.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <ostream>
#include <random>
#include <utility>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_engine.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"
#include "host/oracle/int8/oracle.h"
#include "tests/judged_stream.h"

namespace shoal {
namespace {

using Frame = std::vector<uint8_t>;

struct WideCase {
  const char* name;
  int steps, inputs, units;
  float x_scale, weight_scale, hidden_scale;
  int cell_power;
  float clip;
  uint32_t seed;
  int64_t bias_scale;
  std::vector<int> wanted;  // hidden states of two frames
};
void PrintTo(const WideCase& c, std::ostream* out) { *out << c.name; }

// The values of the cases, by a rule that any language can repeat.
class WideNumbers {
 public:
  explicit WideNumbers(uint32_t seed) : state_(seed) {}
  int operator()(int below) {
    state_ = (state_ * 1103515245 + 12345) & 0x7FFFFFFF;
    return static_cast<int>(state_ >> 8) % below;
  }

 private:
  uint32_t state_;
};

struct WideModel {
  ModelBuilder b;
  std::vector<Frame> frames;

  explicit WideModel(const WideCase& c) {
    WideNumbers random(c.seed);
    ModelBuilder::LstmSpec spec;
    spec.units = c.units;
    for (int i = 0; i < 4 * c.units * (c.inputs + c.units); ++i) {
      spec.weights.push_back(static_cast<int8_t>(random(255) - 127));
    }
    spec.biases.assign(static_cast<size_t>(4 * c.units), 0);
    spec.weight_scale = c.weight_scale;
    spec.cell_scale = std::ldexp(1.F, c.cell_power);
    spec.clip = c.clip;
    spec.hidden = {c.hidden_scale, 0};
    const int x = b.input({1, c.steps, c.inputs}, {c.x_scale, 0});
    const int y = b.lstm(x, spec);
    b.output(y);
    for (const int t : {x, y, op().inputs[18]}) {
      b.raw().tensors[static_cast<size_t>(t)].type = kCodeInt16;
    }
    for (size_t gate = 0; gate < 4; ++gate) {
      std::vector<int32_t> words;
      for (int u = 0; u < c.units; ++u) {
        const int64_t bias = (random(20001) - 10000) * c.bias_scale;
        words.push_back(static_cast<int32_t>(bias));
        words.push_back(static_cast<int32_t>(bias >> 32));
      }
      set_bias(gate, b.numbers({2 * c.units}, words), c.units);
    }
    for (int f = 0; f < 2; ++f) {
      Frame frame;
      for (int i = 0; i < c.steps * c.inputs; ++i) {
        const int v = random(65536) - 32768;
        frame.push_back(static_cast<uint8_t>(v & 0xFF));
        frame.push_back(static_cast<uint8_t>(v >> 8 & 0xFF));
      }
      frames.push_back(std::move(frame));
    }
  }

  RawOp& op() {
    RawOp* found = nullptr;
    for (RawOp& op : b.raw().ops) {
      if (op.code == op_info(OpKind::kLstm).code) found = &op;
    }
    return *found;
  }
  RawTensor& tensor(int operand) {
    const int t = op().inputs[static_cast<size_t>(operand)];
    return b.raw().tensors[static_cast<size_t>(t)];
  }
  void set_bias(size_t gate, int words, int units) {
    RawTensor& t = b.raw().tensors[static_cast<size_t>(words)];
    t.type = kCodeInt64;
    t.shape = {units};
    op().inputs[12 + gate] = words;
  }
};

std::vector<int> numbers_of(const Frame& bytes) {
  std::vector<int> all;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    all.push_back(static_cast<int16_t>(bytes[i] | bytes[i + 1] << 8));
  }
  return all;
}

// The hidden states that an engine makes of the frames, layer by layer as the
// oracle has them.
std::vector<int> judged_states(const Graph& g, const std::vector<Frame>& frames,
                               Engine& engine) {
  std::vector<int> states;
  EXPECT_EQ(judge_stream(g, frames, engine,
                         [&](const Answer& a) {
                           for (const int n : numbers_of(a.output)) {
                             states.push_back(n);
                           }
                         }),
            "");
  return states;
}

class WideLstm : public testing::TestWithParam<WideCase> {};

TEST_P(WideLstm, GivesTheKernelsNumbersOnEveryPlan) {
  const WideCase& c = GetParam();
  WideModel model(c);
  const Graph g = import_tflite(model.b.finish(), "m");
  PlanRequest request = one_node(find_board("host"));
  for (const Objective objective : {Objective::kRam, Objective::kLatency}) {
    request.objective = objective;
    auto alone = std::make_shared<const Prepared>(prepare(g, request));
    EXPECT_EQ(judged_states(g, model.frames, *node_engine(alone, {}, true)),
              c.wanted);
    Header h;
    std::memcpy(&h, alone->images[0].data(), sizeof h);
    EXPECT_EQ(h.version, kWideVersion);
  }
  for (const int nodes : {2, 4}) {
    EXPECT_EQ(judged_states(g, model.frames, *free_nodes(g, nodes)), c.wanted)
        << nodes << " nodes";
  }
}

// A plain reference written from the kernel's definition gave these numbers.
const WideCase kWideCases[] = {
    {"Scales",
     4,
     5,
     3,
     0x1p-15F,
     0.01F,
     0x1p-15F,
     -11,
     0,
     1,
     1,
     {1678,  804,   6757,  -117, 1825, 7627,   534,   -800,
      14396, -5214, 4833,  8538, 2769, -10149, 22515, 5046,
      -1785, 9339,  -5373, 2410, 1000, -6629,  6330,  2501}},
    {"LongBiasesAndClip",
     3,
     600,
     3,
     6e-6F,
     0.0005F,
     3.1e-5F,
     -9,
     0.03F,
     2,
     300000,
     {-2, -160, 5, -6, -152, 6, -6, -187, 5, -5, -210, 5, -6, -188, 0, -5, -178,
      6}},
    {"FullCell",
     3,
     2,
     3,
     0x1p-15F,
     0.02F,
     2.7e-5F,
     -15,
     0,
     3,
     1000,
     {946, 26622, 26770, 610, 27056, 27085, 1149, 23329, 27946, 2689, 26544,
      28156, 1827, 27184, 27885, 3387, 27931, 28150}}};
INSTANTIATE_TEST_SUITE_P(Import, WideLstm, testing::ValuesIn(kWideCases),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

uint32_t wide_arena(int steps) {
  WideCase c = kWideCases[0];
  c.steps = steps;
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  const Graph g = import_tflite(WideModel(c).b.finish(), "m");
  return static_cast<uint32_t>(prepare(g, request).plan.nodes[0].arena_bytes);
}

TEST(WideLstmMemory, DoesNotGrowWithTheSequence) {
  EXPECT_EQ(wide_arena(10), wide_arena(1000));
}

TEST(WideLstmBias, MayBeOfInt32) {
  WideModel model(kWideCases[0]);
  for (size_t gate = 0; gate < 4; ++gate) {
    model.op().inputs[12 + gate] = model.b.numbers({3}, {70000, -5, 0});
  }
  WideModel same(kWideCases[0]);
  for (size_t gate = 0; gate < 4; ++gate) {
    same.set_bias(gate, same.b.numbers({6}, {70000, 0, -5, -1, 0, 0}), 3);
  }
  const Graph narrow = import_tflite(model.b.finish(), "m");
  const Graph wide = import_tflite(same.b.finish(), "m");
  EXPECT_EQ(model_output(narrow, run_oracle(narrow, model.frames[0])),
            model_output(wide, run_oracle(wide, model.frames[0])));
}

struct WideRefusal {
  const char* name;
  void (*break_it)(WideModel&);
  const char* what;
};
void PrintTo(const WideRefusal& c, std::ostream* out) { *out << c.name; }

class WideLstmErrors : public testing::TestWithParam<WideRefusal> {};

TEST_P(WideLstmErrors, SayWhatToDo) {
  WideModel model(kWideCases[0]);
  GetParam().break_it(model);
  try {
    import_tflite(model.b.finish(), "m");
    ADD_FAILURE() << "imported";
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(GetParam().what), std::string::npos) << what;
  }
}

const WideRefusal kWideRefusals[] = {
    {"ZeroPoint", [](WideModel& m) { m.tensor(0).zero = {3}; },
     "int16 with the zero point 3; quantize with symmetric"},
    {"HugeBias",
     [](WideModel& m) {
       m.set_bias(2, m.b.numbers({6}, {0, 128, 0, 0, 0, 0}), 3);
     },
     "a bias of 549755813888, more than 40 bits; use larger scales"},
    {"BytesBefore", [](WideModel& m) { m.tensor(0).type = kCodeInt8; },
     "is INT16, the input is INT8"},
    {"StateOfBytes", [](WideModel& m) { m.tensor(18).type = kCodeInt8; },
     "is INT8, the input is INT16"},
    {"WideWeights", [](WideModel& m) { m.tensor(3).type = kCodeInt16; },
     "bytes of data"},
    {"CellScale", [](WideModel& m) { m.tensor(19).scale = {0.0005F}; },
     "which is no power of two"},
};
INSTANTIATE_TEST_SUITE_P(Import, WideLstmErrors,
                         testing::ValuesIn(kWideRefusals),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

}  // namespace
}  // namespace shoal
