// A file cut at every byte, and with one bit flipped at every byte: an error
// with a code of its own, or a legal graph.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"
#include "host/model/onnx/testing/sample_onnx.h"

namespace shoal {
namespace {

struct DamageTally {
  int corrupt = 0, unsupported = 0, legal = 0;
};

// Expects what every later step relies on.
void expect_legal(const Graph& graph) {
  const auto tensors = static_cast<int>(graph.tensors.size());
  for (const Tensor& t : graph.tensors) {
    EXPECT_GE(element_count(t.shape), 1);
    const int64_t bytes = element_count(t.shape) * type_bytes(t.type);
    EXPECT_LT(bytes, int64_t{1} << 31);
    EXPECT_EQ(static_cast<int64_t>(t.data.size()), t.constant ? bytes : 0);
  }
  std::vector<bool> ready(graph.tensors.size(), false);
  for (size_t i = 0; i < ready.size(); ++i)
    ready[i] = graph.tensors[i].constant;
  for (const int t : graph.inputs) ready.at(static_cast<size_t>(t)) = true;
  for (const Op& op : graph.ops) {
    ASSERT_FALSE(op.inputs.empty());
    for (const int t : op.inputs) {
      ASSERT_GE(t, -1);
      ASSERT_LT(t, tensors);
      EXPECT_TRUE(t < 0 || ready[static_cast<size_t>(t)]);
    }
    for (const int t : op.outputs) ready.at(static_cast<size_t>(t)) = true;
  }
  for (const int t : graph.outputs)
    EXPECT_TRUE(ready.at(static_cast<size_t>(t)));
}

void try_import(std::span<const uint8_t> file, DamageTally& tally) {
  try {
    expect_legal(import_onnx(file, "model"));
    ++tally.legal;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "");
    EXPECT_TRUE(error.code() == Exit::kCorrupt ||
                error.code() == Exit::kUnsupported)
        << error.what();
    ++(error.code() == Exit::kCorrupt ? tally.corrupt : tally.unsupported);
  }
}

TEST(OnnxDamage, TruncationAtEveryByteIsAnError) {
  for (const SampleOnnx& sample : sample_onnx()) {
    DamageTally tally;
    for (size_t bytes = 0; bytes < sample.file.size(); ++bytes) {
      // A copy of that very size, so that reading past it is seen.
      const std::vector<uint8_t> cut(
          sample.file.begin(),
          sample.file.begin() + static_cast<std::ptrdiff_t>(bytes));
      try_import(cut, tally);
    }
    EXPECT_EQ(tally.legal, 0) << sample.name;
    EXPECT_EQ(tally.unsupported, 0) << sample.name;
    try_import(sample.file, tally);
    EXPECT_EQ(tally.legal, 1) << sample.name;
  }
}

TEST(OnnxDamage, OneFlippedBitAtEveryByte) {
  for (const SampleOnnx& sample : sample_onnx()) {
    DamageTally tally;
    std::vector<uint8_t> file = sample.file;
    for (size_t i = 0; i < file.size(); ++i) {
      const auto bit = static_cast<uint8_t>(1u << (i * 3 % 8));
      file[i] ^= bit;
      try_import(file, tally);
      file[i] ^= bit;
    }
    EXPECT_GT(tally.corrupt, 0) << sample.name;
    EXPECT_GT(tally.unsupported, 0) << sample.name;
    EXPECT_GT(tally.legal, 0) << sample.name;
  }
}

// Several bytes changed at once, small numbers more often than others.
TEST(OnnxDamage, RandomBytes) {
  const uint32_t seed = 20261120;
  SCOPED_TRACE(seed);
  std::mt19937 rng(seed);
  DamageTally tally;
  for (const SampleOnnx& sample : sample_onnx()) {
    for (int run = 0; run < 1000; ++run) {
      std::vector<uint8_t> file = sample.file;
      for (uint32_t bytes = 1 + rng() % 4; bytes > 0; --bytes) {
        const uint32_t value = rng() % 2 == 0 ? rng() : rng() % 16 - 2;
        file[rng() % file.size()] = static_cast<uint8_t>(value);
      }
      try_import(file, tally);
    }
  }
  EXPECT_GT(tally.corrupt, 0);
  EXPECT_GT(tally.unsupported, 0);
  EXPECT_GT(tally.legal, 0);
}

TEST(OnnxDamage, SeedsOfTheFuzzTargetAreLegal) {
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           SHOAL_SOURCE_DIR "/fuzz/corpus/onnx")) {
    EXPECT_NO_THROW(import_onnx(read_file(entry.path()), "m")) << entry.path();
    ++seeds;
  }
  EXPECT_GE(seeds, 3);
}

// Messages inside of messages end the reading, not the stack.
TEST(OnnxDamage, DeepNesting) {
  std::string inner;
  for (int depth = 0; depth < 2000; ++depth) {
    // GraphProto.node.attribute.g, each with its length in front.
    for (const char tag : {'\x32', '\x2a', '\x0a'}) {
      std::string length;
      for (size_t n = inner.size(); true; n >>= 7) {
        length.push_back(static_cast<char>(n > 127 ? (n & 127) | 128 : n));
        if (n <= 127) break;
      }
      inner = tag + length + inner;
    }
  }
  std::string file = "\x08\x08\x3a";
  for (size_t n = inner.size(); true; n >>= 7) {
    file.push_back(static_cast<char>(n > 127 ? (n & 127) | 128 : n));
    if (n <= 127) break;
  }
  file += inner;
  DamageTally tally;
  try_import({reinterpret_cast<const uint8_t*>(file.data()), file.size()},
             tally);
  EXPECT_EQ(tally.corrupt, 1);
}

// One constant read by many layers must not unfold without bound.
TEST(OnnxDamage, SharedConstantsDoNotUnfold) {
  OnnxBuilder b;
  b.input("x0", {1, 256, 1, 1});
  b.floats("w", {256, 256, 1, 1}, some_floats(65536));
  for (int i = 0; i < 60; ++i) {
    b.node("Conv", {"x" + std::to_string(i), "w"},
           {"x" + std::to_string(i + 1)});
  }
  b.output("x60");
  expect_throws([&] { import_onnx(b.finish(), "m"); }, Exit::kDoesNotFit,
                "unfold");
}

}  // namespace
}  // namespace shoal
