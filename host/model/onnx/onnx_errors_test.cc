// The words of the main errors: a good model, one thing broken, the code and
// the message.
#include <gtest/gtest.h>

#include <limits>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/error_case.h"

namespace shoal {
namespace {

class OnnxErrors : public testing::TestWithParam<OnnxErrorCase> {};

TEST_P(OnnxErrors, SayWhereAndWhy) { expect_error(GetParam()); }

// y = Conv(x, w), 1x2x5x5 to 1x3x5x5.
void conv(OnnxBuilder& b, const std::vector<OnnxField>& attributes = {},
          const Ints& weights = {3, 2, 3, 3}) {
  b.input("x", {1, 2, 5, 5});
  int64_t count = 1;
  for (const int64_t d : weights) count *= d;
  b.floats("w", weights, some_floats(count));
  b.node("Conv", {"x", "w"}, "y", attributes);
  b.output("y");
}
const OnnxErrorCase kFiles[] = {
    {"no_input",
     [](OnnxBuilder& b) {
       b.floats("x", {1, 2}, {1, 2});
       b.node("Relu", {"x"}, "y");
       b.output("y");
     },
     "m: has no input"},
    {"no_output",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2});
     },
     "m: has no output"},
    {"output_of_nobody",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2});
       b.output("y");
     },
     "m: model outputs: \"y\" is made by nobody"},
    {"constant_output",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2});
       b.node("Shape", {"x"}, "y");
       b.output("y");
     },
     "m: model output \"y\": is a constant", kNo},
    {"unknown_value",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2});
       b.node("Add", {"x", "z"}, "y");
       b.output("y");
     },
     "m: node 0 Add \"y\": \"z\" is made by nobody"},
    {"cycle",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2});
       b.node("Add", {"x", "y"}, "z");
       b.node("Relu", {"z"}, "y");
       b.output("y");
     },
     "m: node 0 Add \"z\": \"y\" is read before it is made"},
    {"made_twice",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.node("Tanh", {"x"}, "y");
     },
     "m: node 1 Tanh \"y\": \"y\" is made twice"},
    {"constant_twice",
     [](OnnxBuilder& b) {
       conv(b);
       b.number("w", 1);
     },
     "m: initializers: \"w\" is made twice"},
    {"input_twice",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.input("x", {1, 2});
     },
     "m: model inputs: \"x\" is made twice"},
    {"output_twice",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.output("y");
     },
     "m: model outputs: \"y\" is named twice"},
    {"negative_size",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, -8, 4});
       b.node("Relu", {"x"}, "y");
       b.output("y");
     },
     "m: model input \"x\": size -8 of an axis"},
    {"no_number",
     [](OnnxBuilder& b) {
       unary(b, "LeakyRelu",
             {{"alpha", std::numeric_limits<float>::quiet_NaN()}});
     },
     "m: node 0 LeakyRelu \"y\": attribute alpha is not a number"},
    {"opset_low",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_opset(-1);
     },
     "m: opset -1", kNo},
    {"opset_high",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_opset(26);
     },
     "m: opset 26", kNo},
    {"opset_none",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_opset(0);
     },
     "m: names no opset of ai.onnx"},
    {"opset_of_trees",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_opset_domain("ai.onnx.ml");
     },
     "m: has operators of ai.onnx.ml alone, not of ai.onnx", kNo},
    {"domain",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_domain("com.microsoft");
     },
     "m: not supported:\n  node 0 com.microsoft.Relu \"y\": an operator "
     "outside of ai.onnx; save the model without ONNX Runtime's "
     "optimizations, or leave this operator out when quantizing",
     kNo},
    {"other_domain",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_domain("mine");
     },
     "m: not supported:\n  node 0 mine.Relu \"y\": an operator outside of "
     "ai.onnx; export it as operators of ai.onnx",
     kNo},
    {"control_flow", [](OnnxBuilder& b) { unary(b, "Loop"); },
     "m: not supported:\n  node 0 Loop \"y\": control flow is not computed; "
     "export with fixed sizes, so that the exporter can write it out",
     kNo},
    {"functions",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_function();
     },
     "m: functions of its own", kNo},
    {"sparse",
     [](OnnxBuilder& b) {
       unary(b, "Relu");
       b.break_sparse();
     },
     "m: sparse constants", kNo},
    {"external",
     [](OnnxBuilder& b) {
       conv(b);
       b.move_outside("w.data", "", "");
     },
     "m: initializer \"w\": its data are in another file", kNo},
    {"constant_size",
     [](OnnxBuilder& b) {
       conv(b);
       b.break_size();
     },
     "m: initializer \"w\": has 217 bytes of data, 3x2x3x3 FLOAT needs 216"},
    {"constant_dims",
     [](OnnxBuilder& b) {
       b.floats("w", {1 << 20, 1 << 20}, {});
     },
     "m: initializer \"w\": more than 2^31 elements"},
    {"constant_negative", [](OnnxBuilder& b) { b.floats("w", {-1}, {}); },
     "m: initializer \"w\": size -1 of an axis"},
    {"half_floats",
     [](OnnxBuilder& b) {
       conv(b);
       b.break_type(10);
     },
     "m: not supported:\n  node 0 Conv \"y\": weights of type FLOAT16; export "
     "in float32",
     kNo},
    {"input_type",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2}, 7);
       b.node("Relu", {"x"}, "y");
       b.output("y");
     },
     "m: not supported:\n  model input \"x\": has type INT64, only FLOAT, "
     "INT8, UINT8 and BOOL are taken",
     kNo},
    {"open_height",
     [](OnnxBuilder& b) {
       b.input("x", {-1, 3, -1, 8});
       b.node("Relu", {"x"}, "y");
       b.output("y");
     },
     "m: not supported:\n  model input \"x\": the size of axis 2 is open "
     "(\"n\")",
     kNo},
    {"open_height_and_more",
     [](OnnxBuilder& b) {
       b.input("x", {-1, 3, -1, 8});
       b.input("k", {1, 2}, 7);
       b.node("Relu", {"x"}, "r");
       b.node("Foo", {"r", "k"}, "y");
       b.output("y");
     },
     "m: not supported:\n  model input \"x\": the size of axis 2 is open "
     "(\"n\")\n  model input \"k\": has type INT64, only FLOAT, INT8, "
     "UINT8 and BOOL are taken\n  node 1 Foo \"y\": no operator of TensorFlow "
     "Lite that "
     "shoal computes; compose it of those that `shoal ops` lists",
     kNo},
    {"batch",
     [](OnnxBuilder& b) {
       b.input("x", {4, 3, 8, 8});
       b.node("MaxPool", {"x"}, "y", {{"kernel_shape", Ints{2, 2}}});
       b.output("y");
     },
     "m: not supported:\n  node 0 MaxPool \"y\": a batch of 4; a batch of n is "
     "n frames: give the shape of one with --input-shape",
     kNo},
    {"no_shape",
     [](OnnxBuilder& b) {
       b.input("x", {});
       b.node("Relu", {"x"}, "y");
       b.output("y");
     },
     "m: model input \"x\": has no shape", kNo},
    {"all_at_once",
     [](OnnxBuilder& b) {
       unary(b, "Det");
       b.node("Scan", {"y"}, "z");
       b.node("Relu", {"z"}, "r");
       b.node("Foo", {"r"}, "out");
       b.output("out");
     },
     "m: not supported:\n"
     "  node 0 Det \"y\": no operator of TensorFlow Lite that shoal "
     "computes; compose it of those that `shoal ops` lists\n"
     "  node 1 Scan \"z\": control flow is not computed; export with fixed "
     "sizes, so that the exporter can write it out\n"
     "  node 3 Foo \"out\": no operator of TensorFlow Lite that shoal "
     "computes; compose it of those that `shoal ops` lists",
     kNo},
};

const OnnxErrorCase kWindows[] = {
    {"attribute_kind",
     [](OnnxBuilder& b) {
       conv(b, {{"group", 1.f}});
     },
     "m: node 0 Conv \"y\": attribute group is not an integer"},
    {"attribute_twice",
     [](OnnxBuilder& b) {
       conv(b, {{"group", int64_t{1}}, {"group", int64_t{1}}});
     },
     "m: node \"\": two attributes \"group\""},
    {"strides",
     [](OnnxBuilder& b) {
       conv(b, {{"strides", Ints{1, 0}}});
     },
     "m: node 0 Conv \"y\": strides of 0"},
    {"stride_far",
     [](OnnxBuilder& b) {
       conv(b, {{"strides", Ints{1, 65536}}});
     },
     "m: not supported:\n  node 0 Conv \"y\": strides of 65536, the limit is "
     "65535; cut the input into shorter frames",
     kNo},
    {"dilation_far",
     [](OnnxBuilder& b) {
       conv(b, {{"dilations", Ints{65536, 1}}});
     },
     "m: not supported:\n  node 0 Conv \"y\": dilations of 65536, the limit is "
     "65535; cut the input into shorter frames",
     kNo},
    {"window_far",
     [](OnnxBuilder& b) {
       conv(b, {{"dilations", Ints{65535, 1}}});
     },
     "m: node 0 Conv \"y\": a window of 131071 over 5 elements with pads 0 and "
     "0"},
    {"pads_far",
     [](OnnxBuilder& b) {
       conv(b, {{"pads", Ints{0, 65536, 0, 0}}});
     },
     "m: not supported:\n  node 0 Conv \"y\": pads of 65536, the limit is "
     "65535; use a smaller one",
     kNo},
    {"pool_far",
     [](OnnxBuilder& b) {
       unary(b, "MaxPool", {{"kernel_shape", Ints{65536, 1}}});
     },
     "m: not supported:\n  node 0 MaxPool \"y\": kernel of 65536, the limit is "
     "65535; cut the input into shorter frames",
     kNo},
    {"stride_count",
     [](OnnxBuilder& b) {
       conv(b, {{"strides", Ints{1}}});
     },
     "m: node 0 Conv \"y\": strides has 1 numbers, expected 2"},
    {"pads",
     [](OnnxBuilder& b) {
       conv(b, {{"pads", Ints{1, 1}}});
     },
     "m: node 0 Conv \"y\": pads has 2 numbers, expected 4"},
    {"pads_negative",
     [](OnnxBuilder& b) {
       conv(b, {{"pads", Ints{0, -1, 0, 0}}});
     },
     "m: not supported:\n  node 0 Conv \"y\": negative pads; use Slice", kNo},
    {"auto_pad",
     [](OnnxBuilder& b) {
       conv(b, {{"auto_pad", std::string("SAME")}});
     },
     "m: node 0 Conv \"y\": auto_pad \"SAME\""},
    {"window",
     [](OnnxBuilder& b) {
       conv(b, {}, {3, 2, 7, 3});
     },
     "m: node 0 Conv \"y\": a window of 7 over 5 elements with pads 0 and 0"},
    {"channels",
     [](OnnxBuilder& b) {
       conv(b, {}, {3, 3, 3, 3});
     },
     "m: node 0 Conv \"y\": weights of shape 3x3x3x3 in 1 groups on 2 "
     "channels"},
    {"groups",
     [](OnnxBuilder& b) {
       conv(b, {{"group", int64_t{3}}});
     },
     "m: node 0 Conv \"y\": weights of shape 3x2x3x3 in 3 groups on 2 "
     "channels"},
    {"kernel",
     [](OnnxBuilder& b) {
       conv(b, {{"kernel_shape", Ints{3, 5}}});
     },
     "m: node 0 Conv \"y\": kernel_shape is not that of the weights 3x2x3x3"},
    {"computed_weights",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, 5, 5});
       b.node("Conv", {"x", "x"}, "y");
       b.output("y");
     },
     "m: not supported:\n  node 0 Conv \"y\": weights that \"x\" computes; "
     "only constant ones are supported",
     kNo},
    {"conv_3d",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, 5, 5, 5});
       b.floats("w", {3, 2, 3, 3, 3}, some_floats(162));
       b.node("Conv", {"x", "w"}, "y");
       b.output("y");
     },
     "m: not supported:\n  node 0 Conv \"y\": an input of 5 axes; "
     "convolutions have 3 or 4",
     kNo},
    {"conv_1d_of_a_picture",
     [](OnnxBuilder& b) {
       conv(b, {}, {3, 2, 3});
     },
     "m: node 0 Conv \"y\": weights of shape 3x2x3"},
    {"bias",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, 5, 5});
       b.floats("w", {3, 2, 3, 3}, some_floats(54));
       b.floats("c", {2}, {1, 2});
       b.node("Conv", {"x", "w", "c"}, "y");
       b.output("y");
     },
     "m: node 0 Conv \"y\": bias has 2 elements, expected 3"},
    {"pool_dilated",
     [](OnnxBuilder& b) {
       unary(b, "MaxPool",
             {{"kernel_shape", Ints{2, 2}},
              {"dilations", Ints{2, 2}},
              {"auto_pad", std::string("SAME_UPPER")}});
     },
     "m: not supported:\n  node 0 MaxPool \"y\": auto_pad SAME_UPPER with "
     "dilations, which ONNX and ONNX Runtime pad differently; use pads",
     kNo},
    {"pool_kernel", [](OnnxBuilder& b) { unary(b, "MaxPool"); },
     "m: node 0 MaxPool \"y\": kernel_shape has 0 numbers, expected 2"},
};

INSTANTIATE_TEST_SUITE_P(Files, OnnxErrors, testing::ValuesIn(kFiles),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Windows, OnnxErrors, testing::ValuesIn(kWindows),
                         [](const auto& info) { return info.param.name; });
std::string fix_of(const OnnxBuilder& b) {
  try {
    import_onnx(b.finish(), "m");
  } catch (const Error& error) {
    return error.fix();
  }
  return "none: it was imported";
}

TEST(OnnxErrors, TheFixComesAlong) {
  OnnxBuilder b;
  b.input("x", {1, 3, -1, -1});
  b.node("Relu", {"x"}, "y");
  b.output("y");
  EXPECT_EQ(fix_of(b),
            "--input-shape x=1x3x320x320, or export with fixed sizes "
            "(torch: no dynamic_axes but axis 0)");
}

TEST(OnnxErrors, TheFixHasTheRanksOfAllOpenInputs) {
  OnnxBuilder b;
  b.input("x", {-1, -1});
  b.input("state", {2, -1, 128});
  b.input("fixed", {1, 3});
  b.node("Relu", {"x"}, "y");
  b.output("y");
  const std::string fix = fix_of(b);
  EXPECT_TRUE(fix.starts_with(
      "--input-shape x=1x128 --input-shape state=2x128x128, or export"))
      << fix;
}

TEST(OnnxErrors, OtherFilesAreNoOnnx) {
  std::vector<uint8_t> tflite{0x1c, 0, 0, 0, 'T', 'F', 'L', '3', 0, 0};
  tflite.resize(100);
  EXPECT_FALSE(is_onnx(tflite));
  EXPECT_FALSE(is_onnx({}));
  const std::vector<uint8_t> png{0x89, 'P', 'N', 'G'};
  EXPECT_FALSE(is_onnx(png));
  OnnxBuilder b;
  EXPECT_TRUE(is_onnx(b.finish()));
  // The version, then the name of who made it.
  std::vector<uint8_t> made{8, 7, 0x12, 5, 'T', 'F', 'L', '3', '9'};
  made.resize(100);
  EXPECT_TRUE(is_onnx(made));
}

}  // namespace
}  // namespace shoal
