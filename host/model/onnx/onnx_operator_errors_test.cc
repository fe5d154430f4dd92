// The words of the errors of operators other than windows.
#include <gtest/gtest.h>

#include <limits>

#include "host/model/onnx/testing/error_case.h"

namespace shoal {
namespace {

class OnnxOperatorErrors : public testing::TestWithParam<OnnxErrorCase> {};

TEST_P(OnnxOperatorErrors, SayWhereAndWhy) { expect_error(GetParam()); }

const OnnxErrorCase kOthers[] = {
    {"inputs", [](OnnxBuilder& b) { unary(b, "Relu", {}, {"x"}); },
     "m: node 0 Relu \"y\": has 2 inputs"},
    {"missing", [](OnnxBuilder& b) { unary(b, "Add", {}, {""}); },
     "m: node 0 Add \"y\": input 1 is missing"},
    {"broadcast",
     [](OnnxBuilder& b) {
       b.floats("c", {3}, {1, 2, 3});
       unary(b, "Add", {}, {"c"});
     },
     "m: node 0 Add \"y\": shapes 1x2x4x4 and 3 do not broadcast; make the "
     "sizes of an axis equal, or one of them 1 (a mask is as long as its "
     "sequence)"},
    {"power",
     [](OnnxBuilder& b) {
       b.number("e", 1.5f);
       unary(b, "Pow", {}, {"e"});
     },
     "m: not supported:\n  node 0 Pow \"y\": an exponent of 1.5; 3, 2, 1, 1/2, "
     "-1/2 and -1 are",
     kNo},
    {"powers",
     [](OnnxBuilder& b) {
       b.floats("e", {4}, {1, 2, 1, 2});
       unary(b, "Pow", {}, {"e"});
     },
     "m: not supported:\n  node 0 Pow \"y\": exponents that differ; use a Pow "
     "for each",
     kNo},
    {"groups",
     [](OnnxBuilder& b) {
       b.floats("s", {2}, {1, 2});
       unary(b, "GroupNormalization", {{"num_groups", int64_t{3}}}, {"s", "s"});
     },
     "m: node 0 GroupNormalization \"y\": 2 channels in 3 groups"},
    {"block_far",
     [](OnnxBuilder& b) {
       unary(b, "SpaceToDepth", {{"blocksize", int64_t{256}}});
     },
     "m: not supported:\n  node 0 SpaceToDepth \"y\": blocksize of 256, the "
     "limit is 255; use a smaller one",
     kNo},
    {"group_scales",
     [](OnnxBuilder& b) {
       b.floats("s", {3}, {1, 2, 3});
       unary(b, "InstanceNormalization", {}, {"s", "s"});
     },
     "m: node 0 InstanceNormalization \"y\": scale has 3 elements, expected 2"},
    {"last_place",
     [](OnnxBuilder& b) {
       unary(b, "ArgMax", {{"select_last_index", int64_t{1}}});
     },
     "m: not supported:\n  node 0 ArgMax \"y\": the last of equal elements; "
     "the "
     "first one is taken",
     kNo},
    {"running_axis",
     [](OnnxBuilder& b) {
       b.ints("a", {}, {-5});
       unary(b, "CumSum", {}, {"a"});
     },
     "m: node 0 CumSum \"y\": axis -5 of 4 axes"},
    {"gather_nd",
     [](OnnxBuilder& b) {
       b.ints("i", {1, 2}, {0, 2});
       unary(b, "GatherND", {}, {"i"});
     },
     "m: node 0 GatherND \"y\": index 2 of 2 elements"},
    {"zero",
     [](OnnxBuilder& b) {
       b.number("c", 0);
       unary(b, "Div", {}, {"c"});
     },
     "m: node 0 Div \"y\": a division by zero"},
    {"reshape",
     [](OnnxBuilder& b) {
       b.ints("s", {2}, {1, 31});
       unary(b, "Reshape", {}, {"s"});
     },
     "m: node 0 Reshape \"y\": from 1x2x4x4 to 1x31 changes the number of "
     "elements; export with an equal number (attention's heads must divide its "
     "width)"},
    {"reshape_computed", [](OnnxBuilder& b) { unary(b, "Reshape", {}, {"x"}); },
     "m: not supported:\n  node 0 Reshape \"y\": a shape that \"x\" computes; "
     "only constant ones are supported",
     kNo},
    {"axis",
     [](OnnxBuilder& b) {
       unary(b, "Softmax", {{"axis", int64_t{4}}});
     },
     "m: node 0 Softmax \"y\": axis 4 of 4 axes"},
    {"permutation",
     [](OnnxBuilder& b) {
       unary(b, "Transpose", {{"perm", Ints{0, 1, 1, 3}}});
     },
     "m: node 0 Transpose \"y\": axis 1 is no axis or appears twice"},
    {"squeeze",
     [](OnnxBuilder& b) {
       b.ints("a", {1}, {1});
       unary(b, "Squeeze", {}, {"a"});
     },
     "m: node 0 Squeeze \"y\": axis 1 of size 2 cannot be squeezed"},
    {"concat",
     [](OnnxBuilder& b) {
       b.node("Transpose", {"x"}, "z", {{"perm", Ints{0, 2, 1, 3}}});
       unary(b, "Concat", {{"axis", int64_t{3}}}, {"z"});
     },
     "m: node 1 Concat \"y\": operands differ in other axes than 3: 1x4x2x4 "
     "and 1x2x4x4"},
    {"split",
     [](OnnxBuilder& b) {
       b.ints("s", {1}, {3});
       unary(b, "Split", {{"axis", int64_t{1}}}, {"s"});
     },
     "m: node 0 Split \"y\": a part of size 3"},
    {"slice_empty",
     [](OnnxBuilder& b) {
       b.ints("s", {1}, {4});
       unary(b, "Slice", {}, {"s", "s"});
     },
     "m: not supported:\n  node 0 Slice \"y\": axis 0 is empty; leave out what "
     "takes no element",
     kNo},
    {"slice_step",
     [](OnnxBuilder& b) {
       b.ints("s", {1}, {0});
       unary(b, "Slice", {}, {"s", "s", "s", "s"});
     },
     "m: node 0 Slice \"y\": a step of 0"},
    {"pad_mode",
     [](OnnxBuilder& b) {
       b.ints("p", {8}, Ints(8, 1));
       unary(b, "Pad", {{"mode", std::string("wrap")}}, {"p"});
     },
     "m: not supported:\n  node 0 Pad \"y\": mode \"wrap\"; use constant or "
     "reflect",
     kNo},
    {"pad_reflect",
     [](OnnxBuilder& b) {
       b.ints("p", {8}, {0, 0, 0, 3, 0, 0, 4, 0});
       unary(b, "Pad", {{"mode", std::string("reflect")}}, {"p"});
     },
     "m: node 0 Pad \"y\": axis 2 of size 4 mirrors at most 3, not 4"},
    {"pool_of_a_batch",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, 4, 4});
       b.ints("p", {8}, {7, 0, 0, 0, 0, 0, 0, 0});
       b.node("Pad", {"x", "p"}, {"frames"});
       b.node("AveragePool", {"frames"}, {"y"}, {{"kernel_shape", Ints{2, 2}}});
       b.output("y", {});
     },
     "m: not supported:\n  node 1 AveragePool \"y\": a batch of 8; a batch of "
     "n is n frames: give the shape of one with --input-shape",
     kNo},
    {"gather",
     [](OnnxBuilder& b) {
       b.ints("i", {2}, {0, 1});
       unary(b, "Gather", {}, {"i"});
     },
     "m: node 0 Gather \"y\": index 1 of 1 elements"},
    {"expand",
     [](OnnxBuilder& b) {
       b.ints("s", {2}, {3, 3});
       unary(b, "Expand", {}, {"s"});
     },
     "m: node 0 Expand \"y\": shapes 1x2x4x4 and 3x3 do not broadcast; make "
     "the sizes of an axis equal, or one of them 1 (a mask is as long as its "
     "sequence)"},
    {"depth",
     [](OnnxBuilder& b) {
       unary(b, "DepthToSpace", {{"blocksize", int64_t{2}}});
     },
     "m: node 0 DepthToSpace \"y\": blocks of 2 in 1x2x4x4"},
    {"resize_mode",
     [](OnnxBuilder& b) {
       b.floats("s", {4}, {1, 1, 2, 2});
       unary(b, "Resize", {{"mode", std::string("sinc")}}, {"", "s"});
     },
     "m: not supported:\n  node 0 Resize \"y\": mode \"sinc\"; use linear, "
     "cubic or nearest",
     kNo},
    {"resize_far",
     [](OnnxBuilder& b) {
       b.ints("s", {4}, {1, 2, 4, 65536});
       unary(b, "Resize", {}, {"", "", "s"});
     },
     "m: not supported:\n  node 0 Resize \"y\": an axis of 65536, the limit is "
     "65535; use a smaller one",
     kNo},
    {"resize_coordinates",
     [](OnnxBuilder& b) {
       b.floats("s", {4}, {1, 1, 2, 2});
       unary(b, "Resize",
             {{"mode", std::string("linear")},
              {"coordinate_transformation_mode", std::string("third_pixel")}},
             {"", "s"});
     },
     "m: not supported:\n  node 0 Resize \"y\": coordinates \"third_pixel\"; "
     "use half_pixel",
     kNo},
    {"corners_of_a_scaled_length",
     [](OnnxBuilder& b) {
       b.floats("s", {4}, {1, 1, 0.6f, 0.6f});
       unary(b, "Resize",
             {{"mode", std::string("linear")},
              {"coordinate_transformation_mode", std::string("align_corners")}},
             {"", "s"});
     },
     "m: not supported:\n  node 0 Resize \"y\": coordinates \"align_corners\" "
     "from 1x2x4x4 to 1x2x2x2; give sizes, half_pixel",
     kNo},
    {"matmul",
     [](OnnxBuilder& b) {
       b.node("Flatten", {"x"}, "f");
       unary(b, "MatMul", {}, {"f"});
     },
     "m: node 1 MatMul \"y\": shapes 1x2x4x4 and 1x32 have no product"},
    {"matrix",
     [](OnnxBuilder& b) {
       b.floats("w", {3, 2}, some_floats(6));
       unary(b, "MatMul", {}, {"w"});
     },
     "m: node 0 MatMul \"y\": an input of shape 1x2x4x4 for a matrix of 3 "
     "rows"},
    {"training",
     [](OnnxBuilder& b) {
       b.floats("c", {2}, {1, 2});
       unary(b, "BatchNormalization", {{"training_mode", int64_t{1}}},
             {"c", "c", "c", "c"});
     },
     "m: not supported:\n  node 0 BatchNormalization \"y\": training mode; "
     "export with model.eval()",
     kNo},
    {"training_by_results",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, 4, 4});
       b.floats("c", {2}, {1, 2});
       b.node("BatchNormalization", {"x", "c", "c", "c", "c"},
              std::vector<std::string>{"y", "mean", "variance"});
       b.output("y");
     },
     "m: not supported:\n  node 0 BatchNormalization \"y\": training mode; "
     "export with model.eval()",
     kNo},
    {"variance",
     [](OnnxBuilder& b) {
       b.floats("c", {2}, {1, -2});
       unary(b, "BatchNormalization", {}, {"c", "c", "c", "c"});
     },
     "m: node 0 BatchNormalization \"y\": variance of -2 of channel 1"},
    {"clip",
     [](OnnxBuilder& b) {
       b.number("low", std::numeric_limits<float>::quiet_NaN());
       unary(b, "Clip", {}, {"low"});
     },
     "m: node 0 Clip \"y\": a limit is not a number"},
    {"cast",
     [](OnnxBuilder& b) {
       unary(b, "Cast", {{"to", int64_t{7}}});
     },
     "m: not supported:\n  node 0 Cast \"y\": a cast to INT64; export in "
     "float32",
     kNo},
    {"cast_to_bytes",
     [](OnnxBuilder& b) {
       unary(b, "Cast", {{"to", int64_t{2}}});
     },
     "m: not supported:\n  node 0 Cast \"y\": a cast to UINT8; round by a "
     "QuantizeLinear, or do this cast behind the network",
     kNo},
    {"scales_of_channels",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, 4, 4});
       b.floats("s", {2}, {1, 2});
       b.bytes("z", {2}, {0, 0});
       b.node("QuantizeLinear", {"x", "s", "z"}, "q", {{"axis", int64_t{1}}});
       b.node("DequantizeLinear", {"q", "s", "z"}, "y", {{"axis", int64_t{1}}});
       b.output("y");
     },
     "m: not supported:\n  node 0 QuantizeLinear \"q\": scales per channel of "
     "a "
     "computed tensor; quantize activations with one scale, weights by channel "
     "(ONNX Runtime's per_channel does so)",
     kNo},
    {"constant_operand",
     [](OnnxBuilder& b) {
       b.floats("c", {2}, {1, 2});
       b.node("Softsign", {"c"}, "z");
       unary(b, "Add", {}, {"z"});
     },
     "m: not supported:\n  node 0 Softsign \"z\": input \"c\" is a constant; "
     "compute it before the export",
     kNo},
    {"integers_divided",
     [](OnnxBuilder& b) {
       b.ints("c", {1}, {0});
       b.node("Div", {"c", "c"}, "z");
       unary(b, "Reshape", {}, {"z"});
     },
     "m: node 0 Div \"z\": a division by zero"},
    {"more_results",
     [](OnnxBuilder& b) {
       b.input("x", {1, 2, 4, 4});
       b.node("Relu", {"x"}, std::vector<std::string>{"n", "more"});
       b.node("Add", {"n", "more"}, "y");
       b.output("y");
     },
     "m: not supported:\n  node 0 Relu \"n\": its result 1, \"more\"; leave "
     "out what reads it, or compute it by other operators",
     kNo},
    {"not_finite",
     [](OnnxBuilder& b) {
       b.number("c", std::numeric_limits<float>::infinity());
       unary(b, "Add", {}, {"c"});
     },
     "m: not supported:\n  node 0 Add \"y\": \"c\": holds inf", kNo},
    {"endless_factor",
     [](OnnxBuilder& b) {
       b.number("c", -std::numeric_limits<float>::infinity());
       unary(b, "Mul", {}, {"c"});
     },
     "m: not supported:\n  node 0 Mul \"y\": \"c\": holds -inf", kNo},
    {"unfolding",
     [](OnnxBuilder& b) {
       b.ints("s", {2}, {1 << 12, 1 << 12});
       b.node("ConstantOfShape", {"s"}, "z");
       unary(b, "Reshape", {}, {"z"});
     },
     "m: constants unfold to more bytes than memory has for them",
     Exit::kDoesNotFit},
};

INSTANTIATE_TEST_SUITE_P(Nodes, OnnxOperatorErrors, testing::ValuesIn(kOthers),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shoal
