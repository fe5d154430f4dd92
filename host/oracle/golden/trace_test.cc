#include "host/oracle/golden/trace.h"

#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

Graph one_relu() {
  Graph graph;
  graph.tensors.resize(2);
  Tensor& in = graph.tensors[0];
  in.name = "in";
  in.shape = {1, 2, 3};
  in.file_type = Type::kUint8;
  in.quant = {{0.1f}, {-28}, 0};
  Tensor& out = graph.tensors[1];
  out.name = "out";
  out.shape = {1, 2, 3};
  out.type = out.file_type = Type::kFloat32;
  graph.ops = {{OpKind::kDequantize, {0}, {1}, {}}};
  graph.inputs = {0};
  graph.outputs = {1};
  return graph;
}

std::vector<uint8_t> floats(std::vector<float> values) {
  const auto* raw = reinterpret_cast<const uint8_t*>(values.data());
  return {raw, raw + values.size() * sizeof(float)};
}

const std::vector<uint8_t> kIn = {0, 1, 255, 3, 4, 5};

Trace trace_of(const Graph& graph) {
  return make_trace(graph, [](int tensor) {
    return tensor == 0 ? kIn : floats({0.1f, 1, -2.5f, 3, 4, 1e20f});
  });
}

TEST(Checksum, KnownValues) {
  const uint8_t abc[] = {'a', 'b', 'c'};
  EXPECT_EQ(crc32_hex(abc), "352441c2");
  EXPECT_EQ(sha256_hex(abc),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(crc32_hex({}), "00000000");
}

TEST(Trace, LinesInTheFilesTypes) {
  const Trace trace = trace_of(one_relu());
  ASSERT_EQ(trace.size(), 2u);
  const TraceLine& in = trace[0];
  EXPECT_EQ(in.op + in.opcode + in.tensor + in.name, "inINPUT0in");
  EXPECT_EQ(in.type + " " + in.shape, "UINT8 1x2x3");
  EXPECT_EQ(in.scale, "0.100000001");
  EXPECT_EQ(in.zero_point, "100");
  EXPECT_EQ(in.bytes, "6");
  EXPECT_EQ(in.min + " " + in.max, "0 255");
  EXPECT_EQ(in.first16, "0,1,255,3,4,5");
  const TraceLine& out = trace[1];
  EXPECT_EQ(out.op + out.opcode, "000DEQUANTIZE");
  EXPECT_EQ(out.scale + out.zero_point, "--");
  EXPECT_EQ(out.bytes, "24");
  EXPECT_EQ(out.first16, "0.100000001,1,-2.5,3,4,1.00000002e+20");
}

TEST(Trace, RoundTripAndBadLines) {
  const Trace trace = trace_of(one_relu());
  const std::string text = format_trace(trace);
  EXPECT_TRUE(
      text.starts_with("#op\topcode\ttensor\tname\ttype\tshape\t"
                       "scale\tzero_point\tbytes\tcrc32\tsha256\t"
                       "min\tmax\tfirst16\nin\tINPUT\t0\tin\t"));
  EXPECT_EQ(parse_trace(text), trace);
  EXPECT_TRUE(parse_trace("").empty());
  EXPECT_THROW(parse_trace(text + "one\ttwo\n"), Error);
}

TEST(Trace, FirstDifference) {
  const Trace trace = trace_of(one_relu());
  EXPECT_FALSE(first_difference(trace, trace, Columns::kAll));
  Trace other = trace;
  other[1].min = "7";
  EXPECT_FALSE(first_difference(trace, other, Columns::kMust));
  const auto loose = first_difference(trace, other, Columns::kAll);
  ASSERT_TRUE(loose);
  EXPECT_EQ(describe(*loose),
            "000 DEQUANTIZE tensor 1 (out): min is 7, expected -2.5");
  other[0].crc32 = "00000000";
  EXPECT_EQ(first_difference(trace, other, Columns::kMust)->what, "crc32");
  other = trace;
  other.pop_back();
  EXPECT_EQ(describe(*first_difference(trace, other, Columns::kMust)),
            "000 DEQUANTIZE tensor 1 (out): missing");
  EXPECT_EQ(describe(*first_difference(other, trace, Columns::kMust)),
            "000 DEQUANTIZE tensor 1 (out): not expected");
}

TEST(Values, FirstDifferenceNamesPositionAndValues) {
  const Graph graph = one_relu();
  EXPECT_FALSE(first_difference(graph, -1, 0, kIn, kIn));
  auto other = kIn;
  other[5] = 200;
  EXPECT_EQ(describe(*first_difference(graph, -1, 0, kIn, other)),
            "in INPUT tensor 0 (in): value at [0, 1, 2] is 200, expected 5");
  const auto a = floats({0, 1, 2, 3, 4, 5}), b = floats({0, 1, 2, -3, 4, 5});
  EXPECT_EQ(
      describe(*first_difference(graph, 0, 1, a, b)),
      "000 DEQUANTIZE tensor 1 (out): value at [0, 1, 0] is -3, expected 3");
  other.pop_back();
  EXPECT_EQ(first_difference(graph, -1, 0, kIn, other)->what, "bytes");
}

}  // namespace
}  // namespace shoal
