// Models that compute in float32: what they become, and what is refused.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/model/graph/require_int8.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/broken_model.h"
#include "host/model/import/testing/model_builder.h"
#include "host/model/import/testing/sample_models.h"

namespace shoal {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// 1x6x6x2, padded to 1x8x8x2, a convolution to 1x6x6x3, LEAKY_RELU.
struct FloatNet {
  ModelBuilder b{Type::kFloat32};
  int x, padded, w, bias, y, z;
  FloatNet() {
    x = b.input({1, 6, 6, 2}, {});
    padded = b.padv2(x, {0, 1, 1, 0}, {0, 1, 1, 0}, -9);
    w = b.weights({3, 3, 3, 2}, std::vector<int8_t>(54, 3), {0.5f, 0.25f, 1.f},
                  0);
    bias = b.bias({1500, 2, -3000});
    y = b.conv(padded, w, bias, {}, {.same = false});
    b.rename(y, "conv");
    z = b.leaky_relu(y, 0.1f, {});
    b.output(z);
  }
  RawTensor& tensor(int t) { return b.raw().tensors[static_cast<size_t>(t)]; }
  RawOp& op(size_t i) { return b.raw().ops[i]; }
  void set(int t, float value) {
    std::memcpy(b.data(t).data(), &value, sizeof value);
  }
  Graph graph() const { return import_tflite(b.finish(), "m"); }
};

std::vector<float> reals(const Tensor& t) {
  std::vector<float> out(t.data.size() / sizeof(float));
  std::memcpy(out.data(), t.data.data(), t.data.size());
  return out;
}

TEST(ImportFloat, TensorsAndAttributes) {
  const FloatNet net;
  const Graph graph = net.graph();
  EXPECT_TRUE(is_float(graph));
  const auto tensor = [&graph](int t) {
    return graph.tensors[static_cast<size_t>(t)];
  };
  EXPECT_EQ(tensor(net.x).type, Type::kFloat32);
  EXPECT_TRUE(tensor(net.y).quant.scale.empty());
  const auto& pad = std::get<PadAttr>(graph.ops[0].attr);
  EXPECT_EQ(pad.real, -9.f);
  EXPECT_EQ(pad.value, 0);
  EXPECT_EQ(pad.before, (std::vector<int>{0, 1, 1, 0}));
  EXPECT_EQ(graph.ops[1].inputs, (std::vector<int>{net.padded, net.w, 6 - 1}));
  EXPECT_EQ(reals(tensor(net.bias)), (std::vector<float>{1.5f, 0.002f, -3.f}));
  EXPECT_EQ(reals(tensor(net.w))[0], 1.5f);
  EXPECT_EQ(reals(tensor(net.w))[18], 0.75f);
  EXPECT_EQ(std::get<AlphaAttr>(graph.ops[2].attr).value, 0.1f);
}

TEST(ImportFloat, InfinityIsAPadValueOnly) {
  FloatNet net;
  net.set(net.op(0).inputs[2], -kInf);
  EXPECT_EQ(std::get<PadAttr>(net.graph().ops[0].attr).real, -kInf);
}

// A converter writes half precision like this: w and bias behind DEQUANTIZE.
struct HalfNet : FloatNet {
  HalfNet() {
    half(w, {0x3E00, 0xC248, 0x0001, 0x83FF, 0x7BFF});
    half(bias, {0x0000, 0x8000, 0x0400});
  }
  void half(int t, const std::vector<uint16_t>& values) {
    const Shape shape = tensor(t).shape;
    std::vector<uint8_t> bytes(static_cast<size_t>(element_count(shape)) * 2,
                               0);
    std::memcpy(bytes.data(), values.data(), values.size() * 2);
    b.data(t) = bytes;
    tensor(t).type = kCodeFloat16;
    b.raw().tensors.push_back(tensor(t));
    RawTensor& real = b.raw().tensors.back();
    real.type = kCodeFloat32;
    real.buffer = 0;
    const int result = static_cast<int>(b.raw().tensors.size()) - 1;
    for (RawOp& op : b.raw().ops) {
      for (int& input : op.inputs) input = input == t ? result : input;
    }
    b.raw().ops.insert(b.raw().ops.begin(), RawOp{6, "", {t}, {result}, {}});
  }
};

TEST(ImportFloat, HalfPrecisionConstantsAreWidened) {
  const HalfNet net;
  const Graph graph = net.graph();
  ASSERT_EQ(graph.ops.size(), 3u);
  EXPECT_EQ(graph.ops[1].inputs,
            (std::vector<int>{net.padded, net.w, net.bias}));
  const auto constant = [&graph](int t) {
    return reals(graph.tensors[static_cast<size_t>(t)]);
  };
  std::vector<float> w = constant(net.w);
  EXPECT_EQ(w.size(), 54u);
  w.resize(6);
  EXPECT_EQ(w, (std::vector<float>{1.5f, -3.140625f, 0x1p-24f, -1023 * 0x1p-24f,
                                   65504.f, 0.f}));
  EXPECT_EQ(constant(net.bias), (std::vector<float>{0.f, -0.f, 0x1p-14f}));
}

// Dynamic range: bytes with scales, read by an operator of float32.
TEST(ImportFloat, WeightsOfBytesAreWidened) {
  FloatNet net;
  RawTensor& w = net.tensor(net.w);
  w.type = kCodeInt8;
  w.scale = {0.5f, 0.25f, 2.f};
  w.zero = {0, 0, 1};
  w.axis = 0;
  std::vector<uint8_t>& bytes = net.b.data(net.w);
  bytes.assign(54, 3);
  bytes[18] = 0xFE;
  const Graph graph = net.graph();
  EXPECT_TRUE(is_float(graph));
  const std::vector<float> wide =
      reals(graph.tensors[static_cast<size_t>(graph.ops[1].inputs[1])]);
  ASSERT_EQ(wide.size(), 54u);
  EXPECT_EQ(wide[0], 1.5f);
  EXPECT_EQ(wide[18], -0.5f);
  EXPECT_EQ(wide[36], 4.f);
}

TEST(ImportFloat, WeightsOfBytesHaveZeroPointsOfBytes) {
  for (const int64_t zero :
       {int64_t{-129}, int64_t{256}, std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()}) {
    FloatNet net;
    RawTensor& w = net.tensor(net.w);
    w.type = kCodeInt8;
    w.scale = {0.5f};
    w.zero = {zero};
    net.b.data(net.w).assign(54, 3);
    EXPECT_THROW(net.graph(), Error) << zero;
  }
}

TEST(ImportFloat, HalfPrecisionElsewhereIsRefused) {
  HalfNet net;
  net.tensor(net.op(0).outputs[0]).shape = {3, 1};
  try {
    net.graph();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kUnsupported);
    EXPECT_STREQ(error.what(),
                 "m: not supported:\n  op 0 DEQUANTIZE \"t5\": has an operand "
                 "of type FLOAT16, only int8, int16 and float32 are "
                 "computed");
  }
}

TEST(ImportFloat, EveryOperatorButConversions) {
  size_t ops = 0;
  for (const SampleModel& sample : sample_models(1, Type::kFloat32)) {
    const Graph graph = import_tflite(sample.file, sample.name);
    EXPECT_TRUE(is_float(graph));
    ops += graph.ops.size();
  }
  EXPECT_GT(ops, 30u);
}

TEST(ImportFloat, RunsOnlyOnceItIsQuantized) {
  const Graph graph = FloatNet().graph();
  try {
    require_int8(graph);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kUnsupported);
    EXPECT_STREQ(error.what(), "m: computes in float32");
    EXPECT_EQ(error.fix(),
              "quantize it: shoal quantize m --calibrate DIR -o int8.tflite");
  }
  require_int8(import_tflite(sample_models()[3].file, "float ends"));
}

using FloatCase = BrokenModel<FloatNet>;

class ImportFloatErrors : public testing::TestWithParam<FloatCase> {};

TEST_P(ImportFloatErrors, SayWhereAndWhy) {
  FloatNet net;
  GetParam().break_it(net);
  expect_broken(GetParam(), [&] { net.graph(); });
}

const FloatCase kFloatCases[] = {
    {"weight_nan", [](FloatNet& n) { n.set(n.w, kNan); },
     "m: op 1 CONV_2D \"conv\": \"t4\" has the value nan at 0"},
    {"bias_infinite", [](FloatNet& n) { n.set(n.bias, kInf); },
     "m: op 1 CONV_2D \"conv\": \"t5\" has the value inf at 0"},
    {"pad_nan", [](FloatNet& n) { n.set(n.op(0).inputs[2], kNan); },
     "m: op 0 PADV2 \"t2\": a pad value of nan"},
    {"pad_values", [](FloatNet& n) { n.op(0).inputs[2] = n.bias; },
     "m: op 0 PADV2 \"t2\": a pad value of shape 3"},
    {"pad_computed", [](FloatNet& n) { n.op(0).inputs[2] = n.x; },
     "m: not supported:\n  op 0 PADV2 \"t2\": a pad value that is not "
     "constant",
     Exit::kUnsupported},
    {"bias_length", [](FloatNet& n) { n.op(1).inputs[2] = n.w; },
     "m: op 1 CONV_2D \"conv\": bias has 54 elements, expected 3"},
    {"bias_int32", [](FloatNet& n) { n.tensor(n.bias).type = kCodeInt32; },
     "m: not supported:\n  op 1 CONV_2D \"conv\": bias of type INT32",
     Exit::kUnsupported},
    {"weights_computed", [](FloatNet& n) { n.op(1).inputs[1] = n.x; },
     "m: not supported:\n  op 1 CONV_2D \"conv\": weights that are not "
     "constant",
     Exit::kUnsupported},
    {"weights_missing_bytes", [](FloatNet& n) { n.b.data(n.w).pop_back(); },
     "m: tensor 4 \"t4\": has 215 bytes of data, 3x3x3x2 FLOAT32 needs 216"},
    {"output_size", [](FloatNet& n) { n.tensor(n.y).shape[2] = 5; },
     "m: op 1 CONV_2D \"conv\": output width is 5, but input 8, kernel 3, "
     "stride 1 and VALID padding give 6"},
    {"alpha", [](FloatNet& n) { n.op(2).options.value = kNan; },
     "m: op 2 LEAKY_RELU \"t7\": alpha is not finite"},
    {"int32_data", [](FloatNet& n) { n.tensor(n.y).type = kCodeInt32; },
     "m: not supported:\n"
     "  op 1 CONV_2D \"conv\": \"conv\" is INT32, the model computes in "
     "float32\n"
     "  op 2 LEAKY_RELU \"t7\": \"conv\" is INT32, the model computes in "
     "float32",
     Exit::kUnsupported},
    {"integer_input",
     [](FloatNet& n) {
       n.b.raw().inputs.push_back(n.b.numbers({1}, {1}));
       n.tensor(n.b.raw().inputs[1]).buffer = 0;
     },
     "m: not supported:\n  model input tensor 8 \"t8\": is not float32",
     Exit::kUnsupported},
    {"quantized_inside",
     [](FloatNet& n) {
       const int q = n.b.quantize(n.z, {0.1f, 0});
       const int sum = n.b.add(q, q, {});
       n.tensor(sum) = n.tensor(q);
       n.b.raw().outputs = {n.b.dequantize(sum)};
     },
     "m: not supported:\n  op 3 QUANTIZE \"t8\", op 4 ADD \"t8\", op 5 "
     "DEQUANTIZE \"t10\": compute in int8, other operators in float32",
     Exit::kUnsupported},
    {"quantized_to_float",
     [](FloatNet& n) {
       const int q = n.b.quantize(n.z, {0.1f, 0}, Type::kFloat32);
       n.b.raw().outputs = {q};
     },
     "m: op 3 QUANTIZE \"t8\": converts float32 to float32"},
    {"float64", [](FloatNet& n) { n.tensor(n.y).type = 10; },
     "m: not supported:\n"
     "  op 1 CONV_2D \"conv\": has an operand of type FLOAT64, only int8, "
     "int16 and "
     "float32 are computed\n"
     "  op 2 LEAKY_RELU \"t7\": has an operand of type FLOAT64, only int8, "
     "int16 and "
     "float32 are computed",
     Exit::kUnsupported},
};
INSTANTIATE_TEST_SUITE_P(All, ImportFloatErrors, testing::ValuesIn(kFloatCases),
                         [](const testing::TestParamInfo<FloatCase>& info) {
                           return info.param.name;
                         });

// Truth values are numbers to what computes with them; at an output they stay
// bytes.
TEST(ImportFloat, ACastOfTruthsIsAChoiceOfOneAndZero) {
  ModelBuilder b(Type::kFloat32);
  const int x = b.input({1, 4}, {});
  const int y = b.unary(OpKind::kRelu, x, {});
  const int truth = b.truths(OpKind::kGreater, x, y);
  b.output(b.add(b.cast(truth, Type::kFloat32), x, {}));
  const Graph g = import_tflite(b.finish(), "m");
  ASSERT_EQ(g.ops.size(), 4U);
  EXPECT_EQ(g.ops[2].kind, OpKind::kSelectV2);
  const auto value = [&](size_t operand) {
    float v = -1;
    const int t = g.ops[2].inputs[operand];
    std::memcpy(&v, g.tensors[static_cast<size_t>(t)].data.data(), sizeof v);
    return v;
  };
  EXPECT_EQ(value(1), 1);
  EXPECT_EQ(value(2), 0);
}

}  // namespace
}  // namespace shoal
