// Files of several subgraphs: signatures, composites, calls, and what is no
// such file.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

constexpr BuilderScale kIn{0.05f, 4}, kOut{0.03f, -9};
constexpr int kCall = 31;

// x times its LOGISTIC, in a subgraph of its own that the model calls.
struct Composite {
  ModelBuilder b;
  explicit Composite(int code = kCompositeCode) {
    const int x = b.input({1, 4, 3, 2}, kIn);
    const int y = b.mul(x, b.logistic(x), kOut);
    RawModel& raw = b.raw();
    raw.subgraphs = {{raw.tensors, raw.ops, {x}, {y}}};
    raw.ops.clear();
    raw.tensors = {raw.tensors[static_cast<size_t>(x)],
                   raw.tensors[static_cast<size_t>(y)]};
    raw.inputs = {0};
    raw.outputs = {1};
    RawOp call;
    call.code = code;
    call.inputs = {0};
    call.outputs = {1};
    call.options.subgraph = 1;
    if (code == kCall) call.options.code = static_cast<int>(OptionsCode::kCall);
    raw.ops.push_back(call);
  }
  RawOp& call() { return b.raw().ops[0]; }
  RawSubgraph& inner() { return b.raw().subgraphs[0]; }
};

Graph read_model(const ModelBuilder& b, const std::string& signature = "") {
  ImportOptions options;
  options.signature = signature;
  return import_tflite(b.finish(), "m", options);
}

TEST(Subgraphs, ACompositeIsItsDecomposition) {
  ModelBuilder plain;
  const int x = plain.input({1, 4, 3, 2}, kIn);
  plain.output(plain.mul(x, plain.logistic(x), kOut));
  const Graph wanted = read_model(plain);
  for (const int code : {kCompositeCode, kCall}) {
    const Composite net(code);
    const Graph g = read_model(net.b);
    ASSERT_EQ(g.ops.size(), 2u);
    EXPECT_EQ(g.ops[0].kind, OpKind::kLogistic);
    EXPECT_EQ(g.ops[1].kind, OpKind::kMul);
    EXPECT_EQ(g.ops[1].outputs, g.outputs);
    EXPECT_EQ(g.ops[0].inputs, g.inputs);
    EXPECT_EQ(g.tensors.size(), wanted.tensors.size());
  }
}

TEST(Subgraphs, OneIsCalledFromAnotherAndMoreThanOnce) {
  Composite net;
  RawModel& raw = net.b.raw();
  // The model calls subgraph 2, which calls subgraph 1 twice, one behind the
  // other: all three tensors are alike.
  RawSubgraph& first = raw.subgraphs[0];
  first.tensors.back().scale = {kIn.scale};
  first.tensors.back().zero = {kIn.zero};
  raw.tensors[1] = raw.tensors[0];
  RawSubgraph second;
  second.tensors = {raw.tensors[0], raw.tensors[0], raw.tensors[0]};
  second.inputs = {0};
  second.outputs = {2};
  second.ops = {raw.ops[0], raw.ops[0]};
  second.ops[0].outputs = {1};
  second.ops[1].inputs = {1};
  second.ops[1].outputs = {2};
  raw.subgraphs.push_back(second);
  raw.ops[0].options.subgraph = 2;
  EXPECT_EQ(read_model(net.b).ops.size(), 4u);
}

// A composite that hands on its input, and the same tensor twice.
TEST(Subgraphs, WhatIsHandedOnIsCopied) {
  Composite net;
  RawModel& raw = net.b.raw();
  raw.tensors = {raw.tensors[0], raw.tensors[0], raw.tensors[0]};
  raw.outputs = {1, 2};
  net.call().outputs = {1, 2};
  net.inner().ops.clear();
  net.inner().outputs = {0, 0};
  const Graph g = read_model(net.b);
  ASSERT_EQ(g.ops.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(g.ops[i].kind, OpKind::kReshape);
    EXPECT_EQ(g.ops[i].inputs, g.inputs);
    EXPECT_EQ(g.ops[i].outputs, (std::vector<int>{g.outputs[i]}));
  }
}

struct Bad {
  const char* name;
  void (*change)(Composite&);
  Exit code;
  const char* words;
};

class BadSubgraphs : public testing::TestWithParam<Bad> {};

TEST_P(BadSubgraphs, AreRefusedWithTheReason) {
  Composite net;
  GetParam().change(net);
  try {
    read_model(net.b);
    FAIL() << "imported";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), GetParam().code) << e.what();
    EXPECT_NE(std::string(e.what()).find(GetParam().words), std::string::npos)
        << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadSubgraphs,
    testing::Values(
        Bad{"CallsItself",
            [](Composite& n) { n.inner().ops.push_back(n.call()); },
            Exit::kCorrupt, "subgraph 1 calls itself"},
        Bad{"NoSubgraph", [](Composite& n) { n.call().options.subgraph = 2; },
            Exit::kCorrupt, "calls subgraph 2 of 2"},
        Bad{"TheFirst", [](Composite& n) { n.call().options.subgraph = 0; },
            Exit::kCorrupt, "calls subgraph 0 of 2"},
        Bad{"OtherCount", [](Composite& n) { n.inner().inputs.clear(); },
            Exit::kCorrupt, "has 1 inputs, its subgraph has 0"},
        Bad{"NoTensor", [](Composite& n) { n.inner().outputs = {77}; },
            Exit::kCorrupt, "its outputs are no tensors"},
        Bad{"NoTensorInside",
            [](Composite& n) { n.inner().ops[0].inputs = {99}; },
            Exit::kCorrupt, "subgraph 1: tensor 99 of"},
        Bad{"OtherScale",
            [](Composite& n) { n.inner().tensors[0].scale = {0.5f}; },
            Exit::kUnsupported, "another type, shape or scale"},
        Bad{"SameInputTwice",
            [](Composite& n) {
              n.inner().inputs = {0, 0};
              n.call().inputs = {0, 0};
            },
            Exit::kCorrupt, "has input 0 twice"},
        Bad{"ControlFlow", [](Composite& n) { n.call().code = 118; },
            Exit::kUnsupported, "control flow"}),
    [](const auto& info) { return info.param.name; });

// A few subgraphs that call each other twice would be 2^40 operators.
TEST(Subgraphs, EndlessCallsAreRefused) {
  Composite net;
  RawModel& raw = net.b.raw();
  raw.subgraphs[0].tensors.back() = raw.subgraphs[0].tensors.front();
  raw.tensors[1] = raw.tensors[0];
  for (int i = 1; i < 40; ++i) {
    RawSubgraph s;
    s.tensors = {raw.tensors[0], raw.tensors[0], raw.tensors[0]};
    s.inputs = {0};
    s.outputs = {2};
    s.ops = {raw.ops[0], raw.ops[0]};
    for (RawOp& op : s.ops) op.options.subgraph = i;
    s.ops[0].outputs = {1};
    s.ops[1].inputs = {1};
    s.ops[1].outputs = {2};
    raw.subgraphs.push_back(s);
  }
  raw.ops[0].options.subgraph = 40;
  EXPECT_THROW(read_model(net.b), Error);
}

// Two functions that share nothing, as `encode` and `decode`.
struct TwoSignatures {
  ModelBuilder b;
  TwoSignatures() {
    const int x = b.input({1, 4}, kIn);
    const int y = b.unary(OpKind::kRelu, x, kOut);
    RawModel& raw = b.raw();
    raw.subgraphs = {{raw.tensors, raw.ops, {x}, {y}}};
    raw.subgraphs[0].ops[0].code = op_info(OpKind::kAbs).code;
    raw.subgraphs[0].ops[0].options = {};
    raw.outputs = {y};
    raw.signatures = {{"encode", 0, {x}, {y}}, {"decode", 1, {x}, {y}}};
  }
  std::string refusal(const std::string& signature, Exit code) const {
    try {
      read_model(b, signature);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return std::string(e.what()) + "; " + e.fix();
    }
    return "imported";
  }
};

TEST(Signatures, EachIsAModel) {
  const TwoSignatures net;
  EXPECT_EQ(read_model(net.b, "encode").ops.at(0).kind, OpKind::kRelu);
  EXPECT_EQ(read_model(net.b, "decode").ops.at(0).kind, OpKind::kAbs);
  EXPECT_EQ(net.refusal("", Exit::kUsage),
            "m: has 2 signatures: encode, decode; choose one: --signature "
            "encode");
  EXPECT_EQ(net.refusal("coder", Exit::kUsage),
            "m: has no signature 'coder'; its signatures are encode, decode");
}

TEST(Signatures, TheOnlyOneIsTheDefault) {
  TwoSignatures net;
  net.b.raw().signatures.erase(net.b.raw().signatures.begin());
  EXPECT_EQ(read_model(net.b).ops.at(0).kind, OpKind::kAbs);
  net.b.raw().signatures.clear();
  EXPECT_EQ(read_model(net.b).ops.at(0).kind, OpKind::kRelu);
  EXPECT_EQ(net.refusal("encode", Exit::kUsage),
            "m: has no signature 'encode'; leave --signature out: the file "
            "has none");
}

TEST(Signatures, ThatNameNothing) {
  TwoSignatures net;
  net.b.raw().signatures[1].inputs = {9};
  EXPECT_NE(net.refusal("decode", Exit::kCorrupt)
                .find("tensor 9 is no input of its subgraph"),
            std::string::npos);
  net.b.raw().signatures[1] = {"decode", 7, {}, {}};
  EXPECT_NE(net.refusal("decode", Exit::kCorrupt).find("subgraph 7 of 2"),
            std::string::npos);
}

}  // namespace
}  // namespace shoal
