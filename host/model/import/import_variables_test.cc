// Variables of a file: what the graph has of them, and what is refused.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/broken_model.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const BuilderScale kVariableScale{0.05f, 4};

// 1x2x2x3 plus what a variable holds, which is assigned and read again.
struct VariableNet {
  ModelBuilder b;
  int x, v, before, sum, again;
  explicit VariableNet(Type type = Type::kInt8) : b(type) {
    x = b.input({1, 2, 2, 3}, kVariableScale);
    v = b.variable({1, 2, 2, 3}, kVariableScale, std::vector<int8_t>(12, 7));
    before = b.read_variable(v);
    sum = b.add(x, before, kVariableScale);
    b.assign_variable(v, sum);
    again = b.read_variable(v);
    b.output(again);
  }
  RawTensor& tensor(int t) { return b.raw().tensors[static_cast<size_t>(t)]; }
  // CALL_ONCE, VAR_HANDLE, READ_VARIABLE, ADD, ASSIGN_VARIABLE, READ_VARIABLE.
  RawOp& op(size_t i) { return b.raw().ops[i]; }
  RawSubgraph& once() { return b.raw().subgraphs[0]; }
};

TEST(ImportVariables, AreTwoTensors) {
  for (const Type type : {Type::kInt8, Type::kUint8}) {
    VariableNet net(type);
    const Graph g = import_tflite(net.b.finish(), "m");
    ASSERT_EQ(g.variables.size(), 1u);
    const Variable& v = g.variables[0];
    EXPECT_EQ(v.name, "v0");
    EXPECT_EQ(v.before, net.v);
    EXPECT_EQ(v.after, net.sum);
    EXPECT_EQ(v.initial, std::vector<uint8_t>(12, 7));
    const Tensor& before = g.tensors[static_cast<size_t>(v.before)];
    EXPECT_EQ(before.shape, (Shape{1, 2, 2, 3}));
    EXPECT_EQ(before.zero(), 4);
    // The first READ_VARIABLE is of `before`, the second of what was assigned.
    ASSERT_EQ(g.ops.size(), 3u);
    EXPECT_EQ(g.ops[0].kind, OpKind::kReadVariable);
    EXPECT_EQ(g.ops[0].inputs, std::vector<int>{net.v});
    EXPECT_EQ(g.ops[2].inputs, std::vector<int>{net.sum});
    EXPECT_EQ(g.file_numbers, (std::vector<int>{2, 3, 5}));
  }
}

TEST(ImportVariables, ThatAreNotAssignedKeepTheirValue) {
  ModelBuilder b;
  const int x = b.input({1, 2, 2, 3}, kVariableScale);
  const int v = b.variable({1, 2, 2, 3}, kVariableScale);
  b.output(b.add(x, b.read_variable(v), kVariableScale));
  b.variable({1, 9}, kVariableScale);  // nobody reads it
  const Graph g = import_tflite(b.finish(), "m");
  ASSERT_EQ(g.variables.size(), 1u);
  EXPECT_EQ(g.variables[0].after, g.variables[0].before);
  EXPECT_TRUE(g.variables[0].initial.empty());
}

using VariableCase = BrokenModel<VariableNet>;

class ImportVariableErrors : public testing::TestWithParam<VariableCase> {};

TEST_P(ImportVariableErrors, SayWhereAndWhy) {
  VariableNet net;
  GetParam().break_it(net);
  expect_broken(GetParam(), [&] { import_tflite(net.b.finish(), "m"); });
}

const VariableCase kVariableCases[] = {
    {"Unnamed", [](VariableNet& n) { n.op(1).options.code = 0; },
     "m: op 1 VAR_HANDLE \"v0 handle\": does not make the handle of a variable "
     "with a name"},
    {"ReadOfNoHandle", [](VariableNet& n) { n.op(2).inputs = {n.x}; },
     "m: op 2 READ_VARIABLE \"t2\": its first input is no variable's handle"},
    {"ReadBeforeTheHandle", [](VariableNet& n) { std::swap(n.op(1), n.op(2)); },
     "m: op 1 READ_VARIABLE \"t2\": its first input is no variable's handle"},
    {"AssignedBeforeItIsMade",
     [](VariableNet& n) { std::swap(n.op(3), n.op(4)); },
     "m: op 3 ASSIGN_VARIABLE: tensor 3 \"t3\" is read before it is made"},
    {"AssignedNothing", [](VariableNet& n) { n.op(4).inputs = {n.v}; },
     "m: op 4 ASSIGN_VARIABLE: does not assign one tensor to one variable"},
    {"AssignedATensorThatIsNotThere",
     [](VariableNet& n) {
       n.op(4).inputs = {n.v, 99};
     },
     "m: op 4 ASSIGN_VARIABLE: tensor 99 of 5"},
    {"AddedAsAHandle",
     [](VariableNet& n) {
       n.op(3).inputs = {n.x, n.v};
     },
     "m: op 3 ADD \"t3\": computes with a variable's handle"},
    {"HandleAsOutput", [](VariableNet& n) { n.b.raw().outputs = {n.v}; },
     "m: a variable is a model output"},
    {"HandleTwice", [](VariableNet& n) { n.b.raw().ops.push_back(n.op(1)); },
     "m: op 6 VAR_HANDLE \"v0 handle\": its handle is made twice"},
    {"OtherShape",
     [](VariableNet& n) {
       n.tensor(n.before).shape = {1, 1, 1, 3};
     },
     "m: not supported:\n  op 2 READ_VARIABLE \"t2\": variable \"v0\" has "
     "another type, shape or scale elsewhere",
     Exit::kUnsupported},
    {"OtherScale", [](VariableNet& n) { n.tensor(n.sum).scale = {0.5f}; },
     "m: not supported:\n  op 4 ASSIGN_VARIABLE: variable \"v0\" has another "
     "type, shape or scale elsewhere",
     Exit::kUnsupported},
    {"Float", [](VariableNet& n) { n.once().tensors[1].type = kCodeFloat32; },
     "m: op 0 CALL_ONCE: a variable is set to a constant of another size"},
    {"Int32", [](VariableNet& n) { n.tensor(n.before).type = kCodeInt32; },
     "m: not supported:\n  op 2 READ_VARIABLE \"t2\": variable \"v0\" is not "
     "of int8, uint8, int16 or float32 elements",
     Exit::kUnsupported},
    {"NoSubgraph", [](VariableNet& n) { n.op(0).options.subgraph = 2; },
     "m: op 0 CALL_ONCE: subgraph 2 is not there to be called"},
    {"ItsOwnGraph", [](VariableNet& n) { n.op(0).options.subgraph = 0; },
     "m: op 0 CALL_ONCE: subgraph 0 is not there to be called"},
    {"OnceTooLate",
     [](VariableNet& n) {
       const RawOp once = n.op(0);
       n.b.raw().ops.erase(n.b.raw().ops.begin());
       n.b.raw().ops.push_back(once);
     },
     "m: not supported:\n  op 5 CALL_ONCE: variables are used before it sets "
     "them",
     Exit::kUnsupported},
    {"OnceComputes", [](VariableNet& n) { n.once().ops[1].code = 0; },
     "m: not supported:\n  op 0 CALL_ONCE: it runs ADD, only constants are "
     "assigned before the first frame",
     Exit::kUnsupported},
    {"OnceSetsToNothing",
     [](VariableNet& n) { n.once().tensors[1].buffer = 0; },
     "m: op 0 CALL_ONCE: an ASSIGN_VARIABLE assigns what is no constant"},
    {"OnceSetsToMore",
     [](VariableNet& n) {
       n.once().tensors[1].shape = {1, 2, 2, 2};
     },
     "m: op 0 CALL_ONCE: a variable is set to a constant of another size"},
    {"SubgraphsWithoutACall", [](VariableNet& n) { n.op(0).code = 0; },
     "m: op 0 ADD: has no output"},
};

INSTANTIATE_TEST_SUITE_P(All, ImportVariableErrors,
                         testing::ValuesIn(kVariableCases),
                         [](const auto& info) { return info.param.name; });

// Every byte of a file cut off, every bit turned: an error, or a model.
TEST(ImportVariables, DamageIsAnErrorOrAModel) {
  VariableNet net;
  const std::vector<uint8_t> file = net.b.finish();
  const auto import = [](const std::vector<uint8_t>& bytes) {
    try {
      import_tflite(bytes, "m");
      return 1;
    } catch (const Error& e) {
      EXPECT_NE(e.code(), Exit::kInternal) << e.what();
      return 0;
    }
  };
  for (size_t bytes = 0; bytes < file.size(); bytes += 3) {
    EXPECT_EQ(import({file.begin(), file.begin() + ptrdiff_t(bytes)}), 0);
  }
  int models = 0;
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    std::vector<uint8_t> bent = file;
    bent[bit / 8] = static_cast<uint8_t>(bent[bit / 8] ^ 1 << bit % 8);
    models += import(bent);
  }
  EXPECT_GT(models, 100);
}

}  // namespace
}  // namespace shoal
