#include "host/model/onnx/testing/sample_onnx.h"

#include "host/model/onnx/testing/onnx_builder.h"

namespace shoal {
namespace {

std::vector<uint8_t> convolutions() {
  OnnxBuilder b;
  b.input("x", {-1, 2, 9, 8});
  b.floats("w", {4, 2, 3, 3}, some_floats(72));
  b.floats("c", {4}, some_floats(4));
  b.node("Conv", {"x", "w", "c"}, "y",
         {{"pads", Ints{1, 1, 1, 1}}, {"strides", Ints{2, 2}}});
  for (const char* name : {"gamma", "beta", "mean"}) {
    b.floats(name, {4}, some_floats(4, name[0]));
  }
  b.floats("variance", {4}, {1, 2, 3, 4});
  b.node("BatchNormalization", {"y", "gamma", "beta", "mean", "variance"}, "n");
  b.number("low", 0);
  b.number("high", 6);
  b.node("Clip", {"n", "low", "high"}, "r");
  b.floats("d", {4, 1, 3, 3}, some_floats(36));
  b.node("Conv", {"r", "d"}, "z",
         {{"group", int64_t{4}}, {"pads", Ints{1, 1, 1, 1}}});
  b.node("Add", {"r", "z"}, "s");
  b.node("GlobalAveragePool", {"s"}, "p");
  b.node("Flatten", {"p"}, "f");
  b.floats("m", {3, 4}, some_floats(12));
  b.floats("k", {3}, some_floats(3));
  b.node("Gemm", {"f", "m", "k"}, "g", {{"transB", int64_t{1}}});
  b.node("Softmax", {"g"}, "out", {{"axis", int64_t{1}}});
  b.output("out");
  return b.finish();
}

std::vector<uint8_t> shapes() {
  OnnxBuilder b(11);
  b.input("x", {1, 4, 4, 6});
  b.node("Shape", {"x"}, "shape");
  b.ints("zero", {}, {0});
  b.node("Gather", {"shape", "zero"}, "batch");
  b.node("Unsqueeze", {"batch"}, "batch1", {{"axes", Ints{0}}});
  b.ints("rest", {4}, {2, 2, 4, 6});
  b.node("Concat", {"batch1", "rest"}, "five", {{"axis", int64_t{0}}});
  b.node("Reshape", {"x", "five"}, "split");
  b.node("Transpose", {"split"}, "moved", {{"perm", Ints{0, 2, 1, 3, 4}}});
  b.ints("four", {4}, {0, 4, 4, -1});
  b.node("Reshape", {"moved", "four"}, "shuffled");
  b.floats("scales", {4}, {1, 1, 2, 2});
  b.floats("roi", {0}, {});
  b.node("Resize", {"shuffled", "roi", "scales"}, "large",
         {{"mode", std::string("nearest")},
          {"coordinate_transformation_mode", std::string("asymmetric")},
          {"nearest_mode", std::string("floor")}});
  b.node("MaxPool", {"large"}, "small",
         {{"kernel_shape", Ints{3, 3}},
          {"strides", Ints{2, 2}},
          {"pads", Ints{1, 1, 1, 1}},
          {"ceil_mode", int64_t{0}}});
  b.node("Concat", {"small", "x"}, "both", {{"axis", int64_t{1}}});
  b.node("Split", {"both"}, {"a", "b"}, {{"axis", int64_t{1}}});
  b.node("Mul", {"a", "b"}, "product");
  b.ints("around", {8}, {0, 0, 0, 1, 0, 0, 0, 0});
  b.node("Pad", {"product", "around"}, "bordered",
         {{"mode", std::string("reflect")}});
  b.ints("begin", {1}, {2});
  b.ints("end", {1}, {1 << 30});
  b.ints("axis", {1}, {3});
  b.node("Slice", {"bordered", "begin", "end", "axis"}, "cut");
  b.node("Flatten", {"cut"}, "flat");
  b.floats("m", {80, 2}, some_floats(160));
  b.node("MatMul", {"flat", "m"}, "dense");
  b.floats("k", {2}, some_floats(2));
  b.node("Add", {"dense", "k"}, "out");
  b.output("out");
  return b.finish();
}

std::vector<uint8_t> quantized() {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4});
  const std::string x = b.rounded("x", 0.5f, 3);
  b.node("MaxPool", {x}, "pool",
         {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  const std::string pool = b.rounded("pool", 0.5f, 3);
  const std::string w = b.weights("w", {2, 2, 1, 1}, {1, 0, -1, 1}, {1.f});
  b.node("Conv", {pool, w}, "y");
  const std::string y = b.rounded("y", 0.5f, -7);
  b.node("Flatten", {y}, "out");
  b.output("out");
  return b.finish();
}

std::vector<uint8_t> functions() {
  OnnxBuilder b(17);
  b.input("x", {1, 4, 5, 6});
  b.floats("s", {4}, some_floats(4));
  b.node("InstanceNormalization", {"x", "s", "s"}, "i");
  b.node("GroupNormalization", {"i", "s", "s"}, "g",
         {{"num_groups", int64_t{2}}});
  b.ints("sizes", {4}, {1, 4, 10, 9});
  b.node("Resize", {"g", "", "", "sizes"}, "r",
         {{"mode", std::string("linear")}});
  b.ints("indices", {3}, {3, 0, -1});
  b.node("Gather", {"r", "indices"}, "c", {{"axis", int64_t{1}}});
  b.number("two", 2);
  b.node("Pow", {"c", "two"}, "p");
  b.node("Sqrt", {"p"}, "q");
  b.node("Exp", {"q"}, "e");
  b.node("Div", {"c", "e"}, "d");
  b.ints("axis", {}, {2});
  b.node("CumSum", {"d", "axis"}, "m");
  b.node("Transpose", {"m"}, "t", {{"perm", Ints{0, 1, 3, 2}}});
  b.node("MatMul", {"m", "t"}, "n");
  b.node("LogSoftmax", {"n"}, "l", {{"axis", int64_t{-1}}});
  b.node("ReduceMin", {"l"}, "least", {{"axes", Ints{3}}});
  b.output("least");
  b.node("ArgMax", {"l"}, "places", {{"axis", int64_t{1}}});
  b.output("places", 7);
  return b.finish();
}

std::vector<uint8_t> integers() {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4});
  b.number("s", 0.5f);
  b.bytes("z", {}, {3});
  b.node("QuantizeLinear", {"x", "s", "z"}, "q");
  b.bytes("w", {2, 2, 1, 1}, {1, 0, -1, 1});
  b.bytes("zw", {}, {1});
  b.node("ConvInteger", {"q", "w", "z", "zw"}, "n");
  b.int32s("c", {2, 1, 1}, {5, -6});
  b.node("Add", {"n", "c"}, "m");
  b.node("Cast", {"m"}, "f", {{"to", int64_t{1}}});
  b.node("Mul", {"f", "s"}, "y");
  b.output(b.rounded("y", 0.5f, -7));
  return b.finish();
}

std::vector<uint8_t> weighted() {
  OnnxBuilder b(18);
  b.input("x", {1, 1, 3, 4});
  b.ints("sizes", {4}, {1, 1, 5, 3});
  b.node("Resize", {"x", "", "", "sizes"}, "r",
         {{"mode", std::string("cubic")}});
  b.ints("i", {2, 3}, {0, 0, 1, 0, 0, -1});
  b.floats("u", {2, 3}, some_floats(6));
  b.node("ScatterND", {"r", "i", "u"}, "t");
  b.ints("j", {1, 1, 1, 2}, {2, 0});
  b.node("GatherElements", {"t", "j"}, "g", {{"axis", int64_t{3}}});
  b.node("Flatten", {"g"}, "h");
  b.node("DynamicQuantizeLinear", {"h"},
         std::vector<std::string>{"q", "sq", "zq"});
  b.bytes("w", {2, 2}, {1, 2, 3, 4});
  b.node("MatMulInteger", {"q", "w", "zq"}, "n");
  b.node("Cast", {"n"}, "f", {{"to", int64_t{1}}});
  b.node("Mul", {"f", "sq"}, "y");
  b.output("y");
  return b.finish();
}

std::vector<uint8_t> windows() {
  OnnxBuilder b(19);
  b.input("x", {1, 2, 9, 8});
  b.node("MaxPool", {"x"}, "m",
         {{"kernel_shape", Ints{3, 2}},
          {"dilations", Ints{2, 3}},
          {"pads", Ints{1, 2, 2, 1}},
          {"strides", Ints{2, 1}}});
  b.floats("w", {2, 1, 2, 3}, some_floats(12));
  b.node("ConvTranspose", {"m", "w"}, "t",
         {{"group", int64_t{2}},
          {"dilations", Ints{3, 2}},
          {"strides", Ints{2, 2}}});
  b.node("AveragePool", {"t"}, "y",
         {{"kernel_shape", Ints{2, 2}},
          {"dilations", Ints{2, 1}},
          {"pads", Ints{1, 0, 0, 1}}});
  b.output("y");
  return b.finish();
}

// Sums of groups, and of two products, at outputs of INT32; a product of two
// computed matrices; a clamped product and another.
std::vector<uint8_t> sums() {
  OnnxBuilder b;
  b.input("x", {1, 4, 2, 2}, 3);
  b.bytes("zx", {}, {-3});
  b.bytes("w", {4, 2, 1, 1}, some_bytes(8, 4));
  b.node("ConvInteger", {"x", "w", "zx"}, "groups", {{"group", int64_t{2}}});
  b.ints("rows", {3}, {1, 4, 4});
  b.node("Reshape", {"x", "rows"}, "r");
  b.node("MatMulInteger", {"r", "r", "zx", "zx"}, "pair");
  b.node("Cast", {"pair"}, "real", {{"to", int64_t{1}}});
  b.number("s", 0.01F);
  b.node("Mul", {"real", "s"}, "scaled");
  b.node("QuantizeLinear", {"scaled", "s", "zx"}, "q");
  b.ints("row", {2}, {1, 16});
  b.node("Reshape", {"q", "row"}, "flat");
  b.bytes("u", {16, 2}, some_bytes(32, 5));
  b.bytes("v", {16, 2}, some_bytes(32, 6));
  b.int32s("c", {2}, {100, -3000});
  b.node("MatMulInteger", {"flat", "u"}, "n");
  b.node("MatMulInteger", {"flat", "v"}, "m");
  b.node("Add", {"m", "c"}, "added");
  b.node("Concat", {"n", "added"}, "joined", {{"axis", int64_t{1}}});
  b.node("Max", {"n", "c"}, "clamped");
  b.node("Add", {"clamped", "m"}, "sum");
  b.node("Cast", {"sum"}, "number", {{"to", int64_t{1}}});
  b.node("Mul", {"number", "s"}, "t");
  b.number("sy", 2);
  b.node("QuantizeLinear", {"t", "sy", "zx"}, "y");
  b.output("groups", 6);
  b.output("joined", 6);
  b.output("y", 3);
  return b.finish();
}

// A mask of BOOL beside bytes.
std::vector<uint8_t> mask() {
  OnnxBuilder b;
  b.input("x", {1, 2, 3, 3}, 3);
  b.input("keep", {1, 1, 3, 3}, 9);
  b.number("sx", 0.5F);
  b.bytes("zx", {}, {7});
  b.node("DequantizeLinear", {"x", "sx", "zx"}, "r");
  b.number("zero", 0);
  b.node("Where", {"keep", "r", "zero"}, "kept");
  b.node("QuantizeLinear", {"kept", "sx", "zx"}, "y");
  b.output("y", 3);
  return b.finish();
}

}  // namespace

std::vector<SampleOnnx> sample_onnx() {
  return {{"convolutions", convolutions()}, {"shapes", shapes()},
          {"quantized", quantized()},       {"functions", functions()},
          {"integers", integers()},         {"weighted", weighted()},
          {"windows", windows()},           {"sums", sums(), false},
          {"mask", mask(), false}};
}

}  // namespace shoal
