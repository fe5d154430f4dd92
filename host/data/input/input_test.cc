#include "host/data/input/input.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/data/array/npy.h"

namespace shoal {
namespace {

Graph model(Type type, Type file_type, Shape shape) {
  Graph g;
  Tensor t;
  t.name = "in";
  t.type = type;
  t.file_type = file_type;
  t.shape = std::move(shape);
  t.quant = {{0.5f}, {3}, 0};
  g.tensors.push_back(t);
  g.inputs = {0};
  return g;
}

std::vector<uint8_t> floats(std::initializer_list<float> values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

std::vector<uint8_t> input(const Graph& g, const Array& a) {
  return file_input(g, "a.npy", format_npy(a), {});
}

std::string refusal(const Graph& g, const std::string& name,
                    const std::vector<uint8_t>& file) {
  try {
    file_input(g, name, file, {});
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what();
  }
  return "accepted";
}

TEST(FileInput, AnArrayOfTheInputsTypeIsItsBytes) {
  const Graph g = model(Type::kInt8, Type::kInt8, {1, 1, 2, 2});
  const std::vector<uint8_t> bytes = {1, 2, 254, 255};
  EXPECT_EQ(input(g, {"i1", {1, 1, 2, 2}, bytes}), bytes);
  EXPECT_EQ(input(g, {"i1", {2, 2}, bytes}), bytes);  // without the batch
}

TEST(FileInput, RealValuesAreQuantizedAsTheInputIs) {
  const auto real = floats({0, 0.25f, -1, 1000});
  const Graph i8 = model(Type::kInt8, Type::kInt8, {1, 4});
  EXPECT_EQ(input(i8, {"f4", {1, 4}, real}),
            (std::vector<uint8_t>{3, 4, 1, 127}));
  const Graph u8 = model(Type::kInt8, Type::kUint8, {1, 4});
  EXPECT_EQ(input(u8, {"f4", {4}, real}),
            (std::vector<uint8_t>{131, 132, 129, 255}));
  const auto bad = floats({0, 0, std::numeric_limits<float>::quiet_NaN(), 0});
  EXPECT_EQ(refusal(i8, "a.npy", format_npy({"f4", {1, 4}, bad})),
            "a.npy: value 2 is not a number");
}

TEST(FileInput, RealValuesThatCannotBeMeantAreDoubted) {
  const Graph g = model(Type::kInt8, Type::kInt8, {1, 4});
  const auto doubt_in = [&](const std::string& name,
                            const std::vector<uint8_t>& file) {
    InputRemarks remarks{.note = "", .doubt = "of another file"};
    file_input(g, name, file, {}, &remarks);
    return remarks.doubt;
  };
  const auto doubt = [&](std::initializer_list<float> values) {
    return doubt_in("a.npy", format_npy({"f4", {1, 4}, floats(values)}));
  };
  EXPECT_EQ(doubt({-60, 0, 30, 60}), "");
  EXPECT_EQ(doubt({0, 0, 0, 0}), "");
  EXPECT_EQ(doubt({0, 100, 200, 255}),
            "a.npy: 75.0 % of the values lie outside of what the input holds "
            "(-65.5 to 62): were they normalized as in training?");
  EXPECT_EQ(doubt({0, 0.2f, 0.5f, 1}),
            "a.npy: all values (0 to 1) lie within 4 of the input's 256 steps "
            "(-65.5 to 62): were they normalized as in training?");
  const Array bytes{"i1", {1, 4}, {1, 2, 3, 4}};
  EXPECT_EQ(doubt_in("a.npy", format_npy(bytes)), "");
  EXPECT_EQ(doubt_in("a.bin", bytes.bytes), "");
}

TEST(FileInput, WhatIsNoNumberIsRefused) {
  const Graph g = model(Type::kFloat32, Type::kFloat32, {1, 4});
  EXPECT_EQ(input(g, {"f4", {1, 4}, floats({1, 2, 3, 4})}),
            floats({1, 2, 3, 4}));
  const auto bad = floats({1, 2, NAN, 4});
  EXPECT_EQ(refusal(g, "a.bin", bad), "a.bin: value 2 is not a number");
  EXPECT_EQ(refusal(g, "a.npy", format_npy({"f4", {1, 4}, bad})),
            "a.npy: value 2 is not a number");
  EXPECT_EQ(refusal(g, "a.bin", floats({1, 2, 3, -INFINITY})),
            "a.bin: value 3 is not a number");
}

TEST(FileInput, BytesOfRowsColumnsAndColoursAreAPicture) {
  const Graph g = model(Type::kInt8, Type::kInt8, {1, 1, 2, 3});
  const std::vector<uint8_t> rgb = {0, 128, 255, 10, 20, 30};
  std::vector<uint8_t> want;
  for (const uint8_t p : rgb) want.push_back(p ^ 0x80);
  EXPECT_EQ(input(g, {"u1", {1, 2, 3}, rgb}), want);
  EXPECT_EQ(input(g, {"u1", {1, 1, 2, 3}, rgb}), want);
  // Grey, and of another size.
  EXPECT_EQ(input(g, {"u1", {1, 1, 1}, {7}}),
            std::vector<uint8_t>(6, 7 ^ 0x80));
}

TEST(FileInput, RealValuesInABinAreAskedAbout) {
  const Graph g = model(Type::kInt8, Type::kInt8, {1, 4});
  const auto real = floats({0, 0.25f, -1, 1000});
  EXPECT_EQ(refusal(g, "a.bin", real),
            "a.bin: 16 bytes, the model's input has 4; are they its 4 values "
            "in float32?");
  InputOptions options;
  options.real_bins = true;
  EXPECT_EQ(file_input(g, "a.bin", real, options),
            (std::vector<uint8_t>{3, 4, 1, 127}));
  EXPECT_THROW(file_input(g, "a.bin", floats({1}), options), Error);
}

TEST(FileInput, WhatDoesNotGoInIsExplained) {
  const Graph g = model(Type::kInt8, Type::kInt8, {1, 2, 2});
  EXPECT_EQ(refusal(g, "a.npy", format_npy({"i1", {5}, {1, 2, 3, 4, 5}})),
            "a.npy: 5 values of type i1, input 'in' has 1x2x2 of i1");
  EXPECT_EQ(refusal(g, "a.bin", {1, 2, 3}),
            "a.bin: 3 bytes, the model's input has 4");
}

}  // namespace
}  // namespace shoal
