// A file cut at every byte, and with one bit flipped at every byte: an error
// with a code of its own, or a legal graph.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/detector.h"
#include "host/model/import/testing/model_builder.h"
#include "host/model/import/testing/rewritten_models.h"
#include "host/model/import/testing/sample_models.h"

namespace shoal {
namespace {

// Those that compute in float32, and those of the importer's passes.
std::vector<SampleModel> more_samples() {
  std::vector<SampleModel> out = sample_models(1, Type::kFloat32);
  for (SampleModel& sample : out) sample.name += " in float32";
  for (SampleModel& sample : rewritten_models()) {
    out.push_back(std::move(sample));
  }
  out.push_back({"detector", detector().finish()});
  out.push_back({"detector of joined boxes",
                 detector(Type::kUint8, detector_settings(), true).finish()});
  return out;
}
std::vector<SampleModel> all_samples() {
  std::vector<SampleModel> out = more_samples();
  for (SampleModel& sample : sample_models()) out.push_back(std::move(sample));
  return out;
}

struct Tally {
  int corrupt = 0, unsupported = 0, legal = 0;
};

// Expects what every later step relies on; repeats the checks of the importer.
void expect_legal(const Graph& graph) {
  const bool floats = is_float(graph);
  for (const Tensor& t : graph.tensors) {
    EXPECT_GE(element_count(t.shape), 1);
    EXPECT_LT(element_count(t.shape) * type_bytes(t.type), int64_t{1} << 31);
    EXPECT_EQ(t.quant.scale.size(), t.quant.zero.size());
    if (t.constant) {
      EXPECT_EQ(static_cast<int64_t>(t.data.size()),
                element_count(t.shape) * type_bytes(t.type));
    } else {
      EXPECT_TRUE(t.data.empty());
    }
  }
  for (const Op& op : graph.ops) {
    EXPECT_FALSE(op.inputs.empty());
    for (const int t : op.inputs) {
      EXPECT_GE(t, -1);
      EXPECT_LT(t, static_cast<int>(graph.tensors.size()));
      if (floats && t >= 0) {
        const Tensor& x = graph.tensors[static_cast<size_t>(t)];
        EXPECT_TRUE(x.type == Type::kFloat32 || is_bool(x) ||
                    (is_wide(x.type) && !x.constant));
      }
    }
  }
}

// Expects what the computation of the operator relies on.
void expect_legal(const DetectionOp& op, const Graph& graph) {
  EXPECT_EQ(wrong_with(op), std::nullopt);
  const auto values = [&](const DetectionOperand& x) {
    int64_t sum = 0;
    for (const auto& part : x.parts) {
      const int t = graph.outputs.at(static_cast<size_t>(part.output));
      sum += element_count(graph.tensors[static_cast<size_t>(t)].shape);
    }
    return sum;
  };
  EXPECT_EQ(values(op.boxes), int64_t{op.candidates} * op.values);
  EXPECT_EQ(values(op.scores),
            op.candidates * (int64_t{op.classes} + op.background));
}

void try_import(std::span<const uint8_t> file, Tally& tally) {
  try {
    std::optional<DetectionOp> detection;
    const Graph graph = import_tflite(file, "model", {}, &detection);
    expect_legal(graph);
    if (detection) expect_legal(*detection, graph);
    ++tally.legal;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "");
    EXPECT_TRUE(error.code() == Exit::kCorrupt ||
                error.code() == Exit::kUnsupported ||
                error.code() == Exit::kDoesNotFit)
        << error.what();
    ++(error.code() == Exit::kCorrupt ? tally.corrupt : tally.unsupported);
  }
}

TEST(ImportDamage, TruncationAtEveryByteIsAnError) {
  for (const SampleModel& sample : all_samples()) {
    Tally tally;
    for (size_t bytes = 0; bytes < sample.file.size(); ++bytes) {
      // A copy of that very size, so that reading past it is seen.
      const std::vector<uint8_t> cut(
          sample.file.begin(),
          sample.file.begin() + static_cast<std::ptrdiff_t>(bytes));
      try_import(cut, tally);
    }
    EXPECT_EQ(tally.legal, 0) << sample.name;
  }
}

// hostile_model_test flips those of sample_models(), and runs what is legal.
TEST(ImportDamage, OneFlippedBitAtEveryByte) {
  for (const SampleModel& sample : more_samples()) {
    Tally tally;
    std::vector<uint8_t> file = sample.file;
    for (size_t i = 0; i < file.size(); ++i) {
      const auto bit = static_cast<uint8_t>(1u << (i * 5 % 8));
      file[i] ^= bit;
      try_import(file, tally);
      file[i] ^= bit;
    }
    EXPECT_GT(tally.corrupt, 0) << sample.name;
    EXPECT_GT(tally.legal, 0) << sample.name;
  }
}

// Several words changed at once, small numbers more often than others.
TEST(ImportDamage, RandomWords) {
  const uint32_t seed = 20240611;
  SCOPED_TRACE(seed);
  std::mt19937 rng(seed);
  Tally tally;
  for (const SampleModel& sample : all_samples()) {
    for (int run = 0; run < 500; ++run) {
      std::vector<uint8_t> file = sample.file;
      for (uint32_t words = 1 + rng() % 4; words > 0; --words) {
        const uint32_t value = rng() % 2 == 0 ? rng() : rng() % 16 - 2;
        std::memcpy(&file[rng() % (file.size() / 4) * 4], &value, 4);
      }
      try_import(file, tally);
    }
  }
  EXPECT_GT(tally.corrupt, 0);
  EXPECT_GT(tally.unsupported, 0);
  EXPECT_GT(tally.legal, 0);
}

TEST(ImportDamage, SeedsOfTheFuzzTargetAreLegal) {
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           SHOAL_SOURCE_DIR "/fuzz/corpus/import")) {
    EXPECT_NO_THROW(load_model(entry.path())) << entry.path();
    ++seeds;
  }
  EXPECT_GE(seeds, 8);
}

// A vector of tensors that all are one table, or constants that all share one
// buffer, must not unfold without bound.
TEST(ImportDamage, SharedBuffersDoNotUnfold) {
  ModelBuilder b;
  const int x = b.input({1, 4096}, {1, 0});
  const int c = b.constant({1, 4096}, std::vector<int8_t>(4096, 1), {1, 0});
  b.output(b.add(x, c, {1, 0}));
  const RawTensor tensor = b.raw().tensors[static_cast<size_t>(c)];
  for (int i = 0; i < 200; ++i) b.raw().tensors.push_back(tensor);
  expect_throws([&] { import_tflite(b.finish(), "model"); }, Exit::kDoesNotFit,
                "unfold");
}

TEST(ImportDamage, UnalignedBytesAreReadAlike) {
  const std::vector<uint8_t> file = sample_models()[0].file;
  std::vector<uint8_t> shifted(file.size() + 1);
  std::copy(file.begin(), file.end(), shifted.begin() + 1);
  const Graph a = import_tflite(file, "model");
  const Graph b = import_tflite(std::span(shifted).subspan(1), "model");
  EXPECT_EQ(a.tensors.size(), b.tensors.size());
  EXPECT_EQ(a.tensors[1].data, b.tensors[1].data);
}

}  // namespace
}  // namespace shoal
