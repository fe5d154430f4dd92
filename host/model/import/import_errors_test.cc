// The words of the main errors. Every case takes a good model, breaks one
// thing, and pins the code and the message.
#include <gtest/gtest.h>

#include <limits>

#include "host/base/error.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/broken_model.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const ModelBuilder::Scale kScale{0.05f, 4};

std::vector<int8_t> ones(int64_t count) {
  return std::vector<int8_t>(static_cast<size_t>(count), 1);
}

// A convolution of 1x6x6x2 to 1x6x6x3 and the numbers of its tensors.
struct Net {
  ModelBuilder b;
  int x, w, bias, y;
  Net() {
    x = b.input({1, 6, 6, 2}, kScale);
    w = b.weights({3, 3, 3, 2}, ones(54), {0.1f, 0.2f, 0.3f}, 0);
    bias = b.bias({1, 2, 3});
    y = b.conv(x, w, bias, kScale);
    b.rename(y, "conv");
    b.output(y);
  }
  RawTensor& tensor(int t) { return b.raw().tensors[static_cast<size_t>(t)]; }
  RawOp& op() { return b.raw().ops.back(); }
  // Replaces the output.
  void end(int t) { b.raw().outputs = {t}; }
};

using Case = BrokenModel<Net>;

class ImportErrors : public testing::TestWithParam<Case> {};

TEST_P(ImportErrors, SayWhereAndWhy) {
  Net net;
  GetParam().break_it(net);
  expect_broken(GetParam(), [&] { import_tflite(net.b.finish(), "m"); });
}

const Case kStructure[] = {
    {"no_input", [](Net& n) { n.b.raw().inputs.clear(); }, "m: has no input"},
    {"no_operator", [](Net& n) { n.b.raw().ops.clear(); },
     "m: has no operator"},
    {"input_index", [](Net& n) { n.op().inputs[0] = 99; },
     "m: op 0 CONV_2D \"conv\": tensor 99 of 4"},
    {"output_index", [](Net& n) { n.op().outputs[0] = -1; },
     "m: op 0 CONV_2D: tensor -1 of 4"},
    {"reads_itself", [](Net& n) { n.op().inputs[0] = n.y; },
     "m: op 0 CONV_2D \"conv\": tensor 3 \"conv\" is read before it is made"},
    {"writes_constant", [](Net& n) { n.op().outputs[0] = n.w; },
     "m: op 0 CONV_2D \"t1\": tensor 1 \"t1\" is a constant or made twice"},
    {"made_twice", [](Net& n) { n.b.raw().ops.push_back(n.op()); },
     "m: op 1 CONV_2D \"conv\": tensor 3 \"conv\" is a constant or made "
     "twice"},
    {"constant_input", [](Net& n) { n.b.raw().inputs.push_back(n.w); },
     "m: model inputs: tensor 1 \"t1\" is a constant or made twice"},
    {"output_never_made",
     [](Net& n) {
       n.b.raw().tensors.push_back(n.tensor(n.y));
       n.end(4);
     },
     "m: model outputs: tensor 4 \"conv\" is read before it is made"},
};
const Case kTensors[] = {
    {"buffer_index", [](Net& n) { n.tensor(n.y).buffer = 77; },
     "m: tensor 3 \"conv\": buffer 77 of 3"},
    {"buffer_size", [](Net& n) { n.b.data(n.w).pop_back(); },
     "m: tensor 1 \"t1\": has 53 bytes of data, 3x3x3x2 INT8 needs 54"},
    {"size_zero", [](Net& n) { n.tensor(n.y).shape[1] = 0; },
     "m: tensor 3 \"conv\": size 0 of an axis"},
    {"open_shape", [](Net& n) { n.tensor(n.x).shape[0] = -1; },
     "m: tensor 0 \"t0\": an open shape; say the inputs' with --input-shape",
     Exit::kUnsupported},
    {"too_many",
     [](Net& n) {
       n.tensor(n.x).shape = {65535, 65535, 65535, 65535};
     },
     "m: tensor 0 \"t0\": more than 2^31 bytes", Exit::kUnsupported},
    {"signature",
     [](Net& n) {
       n.tensor(n.x).signature = {-1, 6, 7, 2};
     },
     "m: tensor 0 \"t0\": shape 1x6x6x2 is not of the shape signature "
     "-1x6x7x2"},
    {"scale_negative", [](Net& n) { n.tensor(n.x).scale = {-1}; },
     "m: tensor 0 \"t0\": scale -1 is not a positive number up to 2^60"},
    {"scale_large", [](Net& n) { n.tensor(n.x).scale = {0x1p61f}; },
     "m: tensor 0 \"t0\": scale 2.30584e+18 is not a positive number up to "
     "2^60"},
    {"scale_nan",
     [](Net& n) {
       n.tensor(n.x).scale = {std::numeric_limits<float>::quiet_NaN()};
     },
     "m: tensor 0 \"t0\": scale nan is not a positive number up to 2^60"},
    {"scales", [](Net& n) { n.tensor(n.w).scale.pop_back(); },
     "m: tensor 1 \"t1\": 2 scales but 3 zero points"},
    {"channels", [](Net& n) { n.tensor(n.w).axis = 3; },
     "m: tensor 1 \"t1\": 3 scales for 2 channels"},
    {"axis", [](Net& n) { n.tensor(n.w).axis = -1; },
     "m: tensor 1 \"t1\": scales along axis -1 of 4"},
    {"zero_point", [](Net& n) { n.tensor(n.y).zero = {128}; },
     "m: tensor 3 \"conv\": zero point 128 is outside -128..127"},
    {"variable", [](Net& n) { n.tensor(n.y).variable = true; },
     "m: not supported:\n  op 0 CONV_2D \"conv\": keeps tensor 3 \"conv\" from "
     "frame to frame",
     Exit::kUnsupported},
    {"variable_that_nobody_makes",
     [](Net& n) {
       n.b.raw().tensors.push_back(n.tensor(n.y));
       n.b.raw().tensors.back().variable = true;
       n.op().inputs.push_back(4);
       n.op().code = 27;
     },
     "m: not supported:\n  op 0 SVDF \"conv\": end the model before it, or "
     "retrain without it",
     Exit::kUnsupported},
};
const Case kConvolution[] = {
    {"no_options", [](Net& n) { n.op().options.code = 0; },
     "m: op 0 CONV_2D \"conv\": has no options"},
    {"other_options",
     [](Net& n) {
       n.op().options.code = static_cast<int>(OptionsCode::kSoftmax);
     },
     "m: op 0 CONV_2D \"conv\": has options of type 9, expected 1"},
    {"operands", [](Net& n) { n.op().inputs.resize(1); },
     "m: op 0 CONV_2D \"conv\": has 1 inputs"},
    {"missing", [](Net& n) { n.op().inputs[1] = -1; },
     "m: op 0 CONV_2D \"conv\": input 1 is missing"},
    {"bias_length",
     [](Net& n) {
       n.tensor(n.bias).shape = {2};
       n.b.data(n.bias).resize(8);
     },
     "m: op 0 CONV_2D \"conv\": bias has 2 elements, expected 3"},
    {"bias_type", [](Net& n) { n.op().inputs[2] = n.w; },
     "m: not supported:\n  op 0 CONV_2D \"conv\": bias of type INT8",
     Exit::kUnsupported},
    {"output_size", [](Net& n) { n.tensor(n.y).shape[2] = 5; },
     "m: op 0 CONV_2D \"conv\": output width is 5, but input 6, kernel 3, "
     "stride 1 and SAME padding give 6"},
    {"valid_size", [](Net& n) { n.op().options.padding = kPaddingValid; },
     "m: op 0 CONV_2D \"conv\": output height is 6, but input 6, kernel 3, "
     "stride 1 and VALID padding give 4"},
    {"stride", [](Net& n) { n.op().options.stride_h = 0; },
     "m: op 0 CONV_2D \"conv\": stride of 0"},
    {"stride_far", [](Net& n) { n.op().options.stride_h = 65536; },
     "m: not supported:\n  op 0 CONV_2D \"conv\": a stride of 65536, the limit "
     "is 65535; cut the input into shorter frames",
     Exit::kUnsupported},
    {"dilation", [](Net& n) { n.op().options.dilation_w = -2; },
     "m: op 0 CONV_2D \"conv\": dilation of -2"},
    {"window", [](Net& n) { n.op().options.dilation_w = 2147483647; },
     "m: not supported:\n  op 0 CONV_2D \"conv\": a dilation of 2147483647, "
     "the limit is 65535; cut the input into shorter frames",
     Exit::kUnsupported},
    {"padding", [](Net& n) { n.op().options.padding = 2; },
     "m: op 0 CONV_2D \"conv\": padding of number 2"},
    {"channels_out", [](Net& n) { n.tensor(n.y).shape[3] = 4; },
     "m: op 0 CONV_2D \"conv\": output has 4 channels, expected 3"},
    {"channels_in", [](Net& n) { n.tensor(n.x).shape[3] = 5; },
     "m: op 0 CONV_2D \"conv\": weights take 2 channels, the input has 5"},
    {"grouped", [](Net& n) { n.tensor(n.x).shape[3] = 4; },
     "m: not supported:\n  op 0 CONV_2D \"conv\": a grouped convolution (4 "
     "channels, 2 per group); use one CONV_2D per group",
     Exit::kUnsupported},
    {"batch", [](Net& n) { n.tensor(n.x).shape[0] = 4; },
     "m: op 0 CONV_2D \"conv\": output has a batch of 1, expected 4"},
    {"tanh", [](Net& n) { n.op().options.activation = 4; },
     "m: not supported:\n  op 0 CONV_2D \"conv\": a fused TANH; use the "
     "operator TANH",
     Exit::kUnsupported},
    {"weight_axis", [](Net& n) { n.tensor(n.w).axis = 1; },
     "m: op 0 CONV_2D \"conv\": weights have their scales along axis 1, "
     "expected 0"},
    {"input_scale",
     [](Net& n) {
       n.tensor(n.x).scale.clear();
       n.tensor(n.x).zero.clear();
     },
     "m: not supported:\n  op 0 CONV_2D \"conv\": \"t0\" is int8 and has no "
     "scale",
     Exit::kUnsupported},
    {"types_mixed", [](Net& n) { n.tensor(n.y).type = kCodeUint8; },
     "m: op 0 CONV_2D \"conv\": \"conv\" is UINT8, the input is INT8"},
};
const Case kOthers[] = {
    {"broadcast", [](Net& n) { n.end(n.b.add(n.y, n.x, kScale)); },
     "m: op 1 ADD \"t4\": shapes 1x6x6x3 and 1x6x6x2 do not broadcast; "
     "make the sizes of an axis equal, or one of them 1 (a mask is as long as "
     "its sequence)"},
    {"sum_scale",
     [](Net& n) {
       n.end(n.b.add(n.y, n.y, {1e-9f, 0}));
     },
     "m: not supported:\n  op 1 ADD \"t4\": output scale 1e-09 is too small "
     "for inputs of scales 0.05 and 0.05",
     Exit::kUnsupported},
    {"reshape",
     [](Net& n) {
       n.end(n.b.reshape(n.y, {1, 107}));
     },
     "m: op 1 RESHAPE \"t5\": from 1x6x6x3 to 1x107 changes the number of "
     "elements; export with an equal number (attention's heads must divide its "
     "width)"},
    {"axis_of_mean",
     [](Net& n) {
       n.end(n.b.reduce(OpKind::kMean, n.y, {1}, true, kScale));
       n.b.data(n.op().inputs[1])[0] = 4;
     },
     "m: op 1 MEAN \"t5\": axis 4 of 4 axes"},
    {"permutation",
     [](Net& n) {
       n.end(n.b.transpose(n.y, {0, 1, 2, 3}));
       n.b.data(n.op().inputs[1])[4] = 2;
     },
     "m: op 1 TRANSPOSE \"t5\": axis 2 appears twice"},
    {"split",
     [](Net& n) {
       n.b.split(n.y, 3, 3);
       n.op().options.num_splits = 2;
     },
     "m: op 1 SPLIT \"t5\": 2 parts but 3 outputs"},
    {"concat_inputs",
     [](Net& n) { n.end(n.b.concatenation(std::vector<int>(11, n.y), 3)); },
     "m: not supported:\n  op 1 CONCATENATION \"t4\": 11 inputs; chain "
     "several with at most 10",
     Exit::kUnsupported},
    {"concat_scale",
     [](Net& n) {
       const int y = n.b.concatenation({n.y, n.y}, 3);
       n.tensor(y).zero = {5};
       n.end(y);
     },
     "m: op 1 CONCATENATION \"t4\": \"conv\" and \"t4\" need the same scale "
     "and zero point"},
    {"computed_axes",
     [](Net& n) {
       const int axes = n.b.reshape(n.y, {4});
       n.tensor(axes).type = kCodeInt32;
       n.end(n.b.transpose(n.y, {0, 1, 2, 3}));
       n.op().inputs[1] = axes;
     },
     "m: not supported:\n  op 1 RESHAPE \"t5\": \"t5\" is INT32, only int8 "
     "is computed\n  op 2 TRANSPOSE \"t7\": axes that are not constant",
     Exit::kUnsupported},
    {"pad_negative",
     [](Net& n) {
       n.end(n.b.pad(n.y, {0, 1, 0, 0}, {0, 0, 0, 0}));
       n.b.data(n.op().inputs[1])[11] = 0x80;
     },
     "m: op 1 PAD \"t5\": a padding is negative"},
    {"reflect_more_than_there_is",
     [](Net& n) {
       n.end(n.b.mirror_pad(n.y, {0, 5, 0, 0}, {0, 6, 0, 0}));
     },
     "m: op 1 MIRROR_PAD \"t5\": axis 1 of size 6 mirrors at most 5, not 6"},
    {"symmetric_more_than_there_is",
     [](Net& n) {
       n.end(n.b.mirror_pad(n.y, {0, 0, 0, 4}, {0, 6, 0, 0}, true));
     },
     "m: op 1 MIRROR_PAD \"t5\": axis 3 of size 3 mirrors at most 3, not 4"},
    {"mirror_mode",
     [](Net& n) {
       n.end(n.b.mirror_pad(n.y, {0, 1, 0, 0}, {0, 0, 0, 0}));
       n.op().options.mode = 2;
     },
     "m: op 1 MIRROR_PAD \"t5\": mode of number 2"},
    {"mirror_negative",
     [](Net& n) {
       n.end(n.b.mirror_pad(n.y, {0, 1, 0, 0}, {0, 0, 0, 0}));
       n.b.data(n.op().inputs[1])[11] = 0x80;
     },
     "m: op 1 MIRROR_PAD \"t5\": a padding is negative"},
    {"mirror_size",
     [](Net& n) {
       n.end(n.b.mirror_pad(n.y, {0, 1, 0, 0}, {0, 0, 0, 0}));
       n.b.data(n.op().inputs[1])[8] = 2;
     },
     "m: op 1 MIRROR_PAD \"t5\": axis 1 is 7 after padding, expected 8"},
    {"pack_axis",
     [](Net& n) {
       n.end(n.b.pack({n.y, n.y}, 1));
       n.op().options.axis = 5;
     },
     "m: op 1 PACK \"t4\": axis 5 of 5 axes"},
    {"pack_count",
     [](Net& n) {
       n.end(n.b.pack({n.y, n.y}, 1));
       n.op().options.num_splits = 3;
     },
     "m: op 1 PACK \"t4\": 3 parts but 2 inputs"},
    {"pack_shapes",
     [](Net& n) {
       n.end(n.b.pack({n.y, n.x}, 1));
     },
     "m: op 1 PACK \"t4\": \"t0\" has shape 1x6x6x2, expected 1x6x6x3"},
    {"unpack_axis",
     [](Net& n) {
       n.b.unpack(n.y, 3);
       n.op().options.axis = -5;
     },
     "m: op 1 UNPACK \"t4\": axis -5 of 4 axes"},
    {"unpack_count",
     [](Net& n) {
       n.b.unpack(n.y, 3);
       n.op().outputs.pop_back();
     },
     "m: op 1 UNPACK \"t4\": 3 parts and 2 outputs of an axis of size 3"},
    {"unpack_number",
     [](Net& n) {
       n.b.unpack(n.y, 3);
       n.op().options.num_splits = 2;
     },
     "m: op 1 UNPACK \"t4\": 2 parts and 3 outputs of an axis of size 3"},
    {"stride_zero",
     [](Net& n) {
       n.end(n.b.strided_slice(n.y, {.begin = {0, 0, 0, 0},
                                     .end = {1, 6, 6, 3},
                                     .stride = {1, 1, 1, 1}}));
       n.b.data(n.op().inputs[3])[4] = 0;
     },
     "m: op 1 STRIDED_SLICE \"t7\": axis 1 has stride 0"},
    {"softmax_scale",
     [](Net& n) {
       n.end(n.b.softmax(n.y));
       n.tensor(n.b.raw().outputs[0]).zero = {0};
     },
     "m: op 1 SOFTMAX \"t4\": output needs scale 1/256 and zero point -128, "
     "it has 0.00390625 and 0"},
    {"softmax_classes",
     [](Net& n) {
       n.end(n.b.softmax(n.b.input({1, 4096}, kScale)));
     },
     "m: not supported:\n  op 1 SOFTMAX \"t5\": a row of 4096 classes, the "
     "limit is 4095",
     Exit::kUnsupported},
    {"depth_multiplier",
     [](Net& n) {
       const int w = n.b.weights({1, 1, 1, 6}, ones(6), {1}, 3);
       n.end(n.b.depthwise(n.y, w, -1, kScale));
       n.op().options.depth_multiplier = 3;
     },
     "m: op 1 DEPTHWISE_CONV_2D \"t5\": 3 channels times depth multiplier 3 "
     "are not the 6 of the weights"},
    {"rows",
     [](Net& n) {
       const int w = n.b.weights({2, 5}, ones(10), {1}, 0);
       n.end(n.b.fully_connected(n.y, w, -1, kScale));
     },
     "m: op 1 FULLY_CONNECTED \"t5\": input of 108 elements is not rows of "
     "5"},
};
const Case kUnsupported[] = {
    {"operators",
     [](Net& n) {
       for (const int code : {23, 12345, 32}) {
         n.end(n.b.unary(OpKind::kRelu, n.y, kScale));
         n.op().code = code;
       }
       n.op().custom = "Flex";
     },
     "m: not supported:\n"
     "  op 2 operator 12345 \"t5\": end the model before it, or retrain "
     "without it\n"
     "  op 3 CUSTOM \"Flex\" \"t6\": end the model before it, or retrain "
     "without it",
     Exit::kUnsupported},
    {"int16_with_a_zero_point", [](Net& n) { n.tensor(n.x).type = kCodeInt16; },
     "m: tensor 0 \"t0\": int16 with the zero point 4; quantize with symmetric "
     "ranges, whose zero point is 0",
     Exit::kUnsupported},
    {"hybrid",
     [](Net& n) { n.tensor(n.x).type = n.tensor(n.y).type = kCodeFloat32; },
     "m: not supported:\n  op 0 CONV_2D \"conv\": bias of type INT32",
     Exit::kUnsupported},
    {"float_input",
     [](Net& n) {
       n.b.float_input({1, 4});
     },
     "m: not supported:\n  model input tensor 4 \"t4\": is float32 and no "
     "QUANTIZE reads it",
     Exit::kUnsupported},
    {"output_type",
     [](Net& n) {
       n.b.data(n.bias)[3] = 1;  // 2^24: no byte, no place
       n.end(n.bias);
     },
     "m: not supported:\n  model output tensor 2 \"t2\": is neither int8, "
     "uint8, int16 nor float32",
     Exit::kUnsupported},
    {"float_in_the_middle",
     [](Net& n) {
       const int real = n.b.dequantize(n.y);
       const int mean = n.b.reduce(OpKind::kMean, real, {1}, true, {});
       n.tensor(mean).type = kCodeFloat32;
       n.end(n.b.quantize(mean, kScale));
     },
     "m: not supported:\n  op 2 MEAN \"t6\", op 3 QUANTIZE \"t7\": compute in "
     "float32, other operators in int8",
     Exit::kUnsupported},
    {"several_operators",
     [](Net& n) {
       n.op().options.activation = 4;
       n.b.add(n.y, n.y, {1e-9f, 0});
     },
     "m: not supported:\n  op 0 CONV_2D \"conv\": a fused TANH; use the "
     "operator TANH\n  op 1 ADD \"t4\": output scale 1e-09 is too small for "
     "inputs of scales 0.05 and 0.05",
     Exit::kUnsupported},
};

// Operators that came later, each with one thing wrong.
const Case kLater[] = {
    {"bilinear_both_ways",
     [](Net& n) { n.end(n.b.resize_bilinear(n.x, 9, 9, true, true)); },
     "m: op 1 RESIZE_BILINEAR \"t5\": both aligned corners and half pixel "
     "centers"},
    {"divisor_of_zero",
     [](Net& n) {
       const int c = n.b.constant({1}, {4}, kScale);
       n.end(n.b.binary(OpKind::kDiv, n.y, c, kScale));
     },
     "m: not supported:\n  op 1 DIV \"t5\": a division by zero",
     Exit::kUnsupported},
    {"square_scale",
     [](Net& n) {
       n.end(n.b.binary(OpKind::kSquaredDifference, n.y, n.y, {1e-9f, 0}));
     },
     "m: not supported:\n  op 1 SQUARED_DIFFERENCE \"t4\": output scale 1e-09 "
     "is too small for inputs of scales 0.05 and 0.05",
     Exit::kUnsupported},
    {"log_softmax_scale",
     [](Net& n) { n.end(n.b.unary(OpKind::kLogSoftmax, n.y, kScale)); },
     "m: op 1 LOG_SOFTMAX \"t4\": output needs scale 1/16 and zero point 127, "
     "it has 0.05 and 4"},
    {"cumsum_axis",
     [](Net& n) { n.end(n.b.cumsum(n.y, 4, false, false, kScale)); },
     "m: op 1 CUMSUM \"t5\": axis 4 of 4 axes"},
    {"matmul_sides",
     [](Net& n) { n.end(n.b.batch_matmul(n.y, n.y, false, false, kScale)); },
     "m: op 1 BATCH_MATMUL \"t4\": rows of 3 times columns of 6"},
    {"gather_index",
     [](Net& n) {
       n.end(n.b.gather(n.y, 3, {0, 3}));
     },
     "m: op 1 GATHER \"t5\": index 3 of 3 elements"},
    {"gather_nd_index",
     [](Net& n) {
       n.end(n.b.gather_nd(n.y, {1, 2}, {0, -1}));
     },
     "m: op 1 GATHER_ND \"t5\": index -1 of 6 elements"},
    {"gather_nd_depth",
     [](Net& n) {
       const int t = n.b.gather_nd(n.y, {1, 2}, {0, 1});
       n.tensor(n.op().inputs[1]).shape = {2, 1};
       n.end(t);
     },
     "m: op 1 GATHER_ND \"t5\": \"t5\" has shape 1x6x3, expected 2x6x6x3"},
    {"split_v_sizes",
     [](Net& n) {
       n.end(n.b.split_v(n.y, 3, {1, 1})[0]);
     },
     "m: op 1 SPLIT_V \"t6\": parts are not the 3 of axis 3"},
    {"space_to_batch_block",
     [](Net& n) {
       n.end(n.b.space_to_batch(n.y, {4, 1}, {0, 0, 0, 0}));
     },
     "m: op 1 SPACE_TO_BATCH_ND \"t6\": axis 1 of size 6 in blocks of 4"},
    {"space_to_batch_far",
     [](Net& n) {
       n.end(n.b.space_to_batch(n.y, {1, 1}, {16777211, 0, 0, 0}));
     },
     "m: not supported:\n  op 1 SPACE_TO_BATCH_ND \"t6\": axis 1 with a size "
     "of 16777217, the limit is 16777216; cut the input into smaller frames",
     Exit::kUnsupported},
    {"batch_to_space_batch",
     [](Net& n) {
       n.end(n.b.batch_to_space(n.y, {1, 2}, {0, 0, 0, 0}));
     },
     "m: tensor 6 \"t6\": size 0 of an axis"},
    {"batch_to_space_crops",
     [](Net& n) {
       n.end(n.b.batch_to_space(n.y, {1, 1}, {3, 3, 0, 0}));
     },
     "m: tensor 6 \"t6\": size 0 of an axis"},
};

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Structure, ImportErrors, testing::ValuesIn(kStructure),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Tensors, ImportErrors, testing::ValuesIn(kTensors),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Convolution, ImportErrors,
                         testing::ValuesIn(kConvolution), case_name);
INSTANTIATE_TEST_SUITE_P(Others, ImportErrors, testing::ValuesIn(kOthers),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Later, ImportErrors, testing::ValuesIn(kLater),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Unsupported, ImportErrors,
                         testing::ValuesIn(kUnsupported), case_name);

TEST(ImportErrorsAlone, OfNoModelAtAll) {
  const auto message = [](const std::vector<uint8_t>& bytes) {
    try {
      import_tflite(bytes, "m");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Exit::kCorrupt);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message({}), "m: is not a .tflite file");
  EXPECT_EQ(message(std::vector<uint8_t>(100, 7)), "m: is not a .tflite file");
  Net net;
  std::vector<uint8_t> half = net.b.finish();
  half.resize(half.size() / 2);
  EXPECT_EQ(
      message(half),
      "m: is damaged, because a table or vector reaches outside the file");
}

TEST(ImportErrorsAlone, CompiledForAnAccelerator) {
  for (const char* const custom : {"ethos-u", "edgetpu-custom-op"}) {
    Net net;
    net.op().code = 32;
    net.op().custom = custom;
    // Its scratch memory comes from nowhere.
    net.op().inputs[1] = net.y;
    try {
      import_tflite(net.b.finish(), "m");
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Exit::kUnsupported);
      EXPECT_TRUE(std::string(error.what()).starts_with("m: compiled for"))
          << error.what();
    }
  }
}

// TensorFlow Lite does not read these parts of a bias.
TEST(ImportErrorsAlone, ABiasHasOneAxis) {
  Net net;
  net.tensor(net.bias).scale = {1, 2, 3};
  net.tensor(net.bias).zero = {0, 0, 0};
  net.tensor(net.bias).axis = 3;
  const Graph graph = import_tflite(net.b.finish(), "m");
  const Tensor& bias = graph.tensors[static_cast<size_t>(net.bias)];
  EXPECT_EQ(bias.quant.axis, 0);
  EXPECT_EQ(bias.quant.scale.size(), 3u);
}

TEST(ImportErrorsAlone, LongNamesAreCut) {
  Net net;
  net.b.rename(net.y, std::string(5000, 'n'));
  net.op().inputs[0] = 99;
  try {
    import_tflite(net.b.finish(), "m");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_LT(std::string(error.what()).size(), 200u);
  }
}

}  // namespace
}  // namespace shoal
