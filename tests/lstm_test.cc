// Recurrent layers: what they take of memory, and files that are refused.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <random>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

// A convolution along time, an LSTM, a fully connected layer for each step.
struct Recurrent {
  ModelBuilder b;
  int y = 0;
  explicit Recurrent(int steps, int units = 12) {
    std::mt19937 random(3);
    const auto bytes = [&random](int count) {
      std::vector<int8_t> all(static_cast<size_t>(count));
      for (int8_t& v : all) v = static_cast<int8_t>(random() % 200);
      return all;
    };
    const int x = b.input({1, steps, 1, 6}, {0.05f, 3});
    const int conv = b.conv(x, b.weights({8, 3, 1, 6}, bytes(144), {0.01f}, 0),
                            -1, {0.1f, -4});
    ModelBuilder::LstmSpec l;
    l.units = units;
    l.weights = bytes(4 * units * (8 + units));
    l.biases.assign(static_cast<size_t>(4 * units), 50);
    l.hidden = {0.008f, 2};
    y = b.lstm(b.reshape(conv, {1, steps, 8}), l);
    b.output(b.fully_connected(
        y, b.weights({3, units}, bytes(3 * units), {0.01f}, 0), -1, {0.1f, 0},
        Activation::kNone, true));
  }
  RawOp& op() {
    for (RawOp& op : b.raw().ops) {
      if (op.code == op_info(OpKind::kLstm).code) return op;
    }
    return b.raw().ops.back();
  }
  RawTensor& tensor(int operand) {
    const int t = op().inputs[static_cast<size_t>(operand)];
    return b.raw().tensors[static_cast<size_t>(t)];
  }
};

uint32_t arena_of(int steps) {
  PlanRequest request = one_node(find_board("host"));
  request.objective = Objective::kRam;
  const Graph g = import_tflite(Recurrent(steps).b.finish(), "m");
  return static_cast<uint32_t>(prepare(g, request).plan.nodes[0].arena_bytes);
}

TEST(Lstm, MemoryDoesNotGrowWithTheSequence) {
  EXPECT_EQ(arena_of(10), arena_of(1000));
  EXPECT_EQ(arena_of(10), arena_of(20000));
}

struct LstmCase {
  const char* name;
  std::function<void(Recurrent&)> break_it;
  const char* what;  // ends so
  Exit code = Exit::kUnsupported;
};
void PrintTo(const LstmCase& c, std::ostream* out) { *out << c.name; }

class LstmErrors : public testing::TestWithParam<LstmCase> {};

TEST_P(LstmErrors, SayWhatToDo) {
  Recurrent net(5);
  GetParam().break_it(net);
  try {
    import_tflite(net.b.finish(), "m");
    ADD_FAILURE() << "imported";
  } catch (const Error& error) {
    const std::string what = error.what(), end = GetParam().what;
    EXPECT_NE(what.find(end), std::string::npos) << what;
    EXPECT_EQ(error.code(), GetParam().code) << what;
  }
}

const LstmCase kLstmCases[] = {
    {"Peephole", [](Recurrent& n) { n.op().inputs[9] = n.op().inputs[12]; },
     "peephole weights; TensorFlow Lite Micro computes none; build the layer "
     "without"},
    {"Projection", [](Recurrent& n) { n.op().inputs[16] = n.op().inputs[5]; },
     "a projection; TensorFlow Lite Micro computes none"},
    {"Norm", [](Recurrent& n) { n.op().inputs[20] = n.op().inputs[12]; },
     "layer normalization inside; TensorFlow Lite Micro computes none"},
    {"Coupled", [](Recurrent& n) { n.op().inputs[1] = n.op().inputs[5] = -1; },
     "a coupled input and forget gate (CIFG); build the layer with four "
     "gates"},
    {"CellScale", [](Recurrent& n) { n.tensor(19).scale = {0.0005f}; },
     "cell states of scale 0.0005, which is no power of two from 2^-24 to 2^0; "
     "convert the float model again"},
    {"CellZero", [](Recurrent& n) { n.tensor(19).zero = {1}; },
     "cell states with a zero point; convert the float model again"},
    {"FloatState", [](Recurrent& n) { n.tensor(18).type = kCodeFloat32; },
     "computes in float32; convert it to int8 with sample inputs"},
    {"WideState",
     [](Recurrent& n) {
       n.tensor(18).type = kCodeInt16;
       n.tensor(18).zero = {0};
     },
     "is INT16, the input is INT8", Exit::kCorrupt},
    {"NarrowCell", [](Recurrent& n) { n.tensor(19).type = kCodeInt8; },
     "its states are not of int8 and int16"},
    {"NoScale",
     [](Recurrent& n) {
       n.tensor(19).scale.clear();
       n.tensor(19).zero.clear();
     },
     "a state without one scale and zero point"},
    {"NoVariable", [](Recurrent& n) { n.tensor(18).variable = false; },
     "its states are no variables"},
    {"OneState", [](Recurrent& n) { n.op().inputs[19] = n.op().inputs[18]; },
     "shares a state with another operator, or has one for both"},
    {"Sigmoid", [](Recurrent& n) { n.op().options.activation = 0; },
     "another activation than TANH"},
    {"ZeroPoint", [](Recurrent& n) { n.tensor(6).zero = {3}; },
     "weights with a scale for each channel or a zero point"},
    {"TwentyInputs", [](Recurrent& n) { n.op().inputs.resize(20); },
     "has 20 inputs and 1 outputs", Exit::kCorrupt},
    {"MissingState", [](Recurrent& n) { n.op().inputs[18] = -1; },
     "tensor -1 of", Exit::kCorrupt},
    {"OtherUnits",
     [](Recurrent& n) {
       n.tensor(19).shape = {1, 11};
     },
     "a hidden state of 12 elements and a cell state of 11", Exit::kCorrupt},
    {"OtherWeights",
     [](Recurrent& n) {
       n.tensor(7).shape = {6, 24};
     },
     "has shape 6x24, expected 12x12", Exit::kCorrupt},
    {"HugeState",
     [](Recurrent& n) {
       n.tensor(18).shape = {1 << 30, 1 << 30};
     },
     "a state of more than 65535 elements"},
};
INSTANTIATE_TEST_SUITE_P(Import, LstmErrors, testing::ValuesIn(kLstmCases),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shoal
