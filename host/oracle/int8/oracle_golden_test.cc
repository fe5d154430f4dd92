// The golden set judges importer and oracle: every operator output of every
// case, byte for byte, by all columns of its trace.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "host/base/files.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/checksum.h"
#include "host/oracle/golden/testing/golden_cases.h"
#include "host/oracle/int8/oracle.h"
#include "tests/shared.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

Trace trace_of(const Graph& graph, const Values& values) {
  return make_trace(graph, [&](int tensor) {
    const Tensor& t = graph.tensors[tensor];
    return file_bytes(graph, tensor, t.constant ? t.data : values[tensor]);
  });
}

std::string text_of(const fs::path& file) {
  const auto bytes = read_file(file.string());
  return {bytes.begin(), bytes.end()};
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, EveryLayerOfEveryCase) {
  const fs::path folder = shared_dir() / "golden" / GetParam();
  const Graph graph = load_model(golden_model_file(GetParam()));
  const auto names = golden_cases(folder);
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const GoldenCase golden = read_golden_case(folder, name);
    const Values values = run_oracle(graph, golden.input);
    const Trace trace = trace_of(graph, values);
    const auto difference =
        first_difference(golden.trace, trace, Columns::kAll);
    EXPECT_FALSE(difference) << describe(*difference);
    EXPECT_EQ(format_trace(trace), text_of(folder / (name + ".layers.tsv")));
    EXPECT_EQ(model_output(graph, values), golden.output);
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, Golden,
                         testing::ValuesIn(golden_model_names()),
                         [](const auto& info) {
                           return test_name(info.param);
                         });

// Float models' traces too.
TEST(GoldenTraces, RoundTrip) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(shared_dir() / "golden")) {
    for (const std::string& name : golden_cases(entry.path())) {
      const std::string text = text_of(entry.path() / (name + ".layers.tsv"));
      EXPECT_EQ(format_trace(parse_trace(text)), text) << entry.path() << name;
      ++files;
    }
  }
  EXPECT_GE(files, 180);
}

// The one case of which the set keeps the raw bytes of every output.
TEST(GoldenLayers, RawBytes) {
  const fs::path folder = shared_dir() / "golden" / "vww_96_int8";
  const Graph graph = load_model(golden_model_file("vww_96_int8"));
  const GoldenCase golden = read_golden_case(folder, "grace_hopper");
  const Values values = run_oracle(graph, golden.input);
  int files = 0;
  for (int op = 0; op < static_cast<int>(graph.ops.size()); ++op) {
    const int t = graph.ops[op].outputs[0];
    char file[40];
    std::snprintf(file, sizeof file, "op%03d_t%03d.bin", op, t);
    const auto bytes =
        read_file((folder / "layers" / "grace_hopper" / file).string());
    const auto difference =
        first_difference(graph, op, t, bytes, file_bytes(graph, t, values[t]));
    EXPECT_FALSE(difference) << describe(*difference);
    ++files;
  }
  EXPECT_EQ(files, 31);
}

std::vector<uint8_t> flipped(std::vector<uint8_t> bytes) {
  for (uint8_t& b : bytes) b ^= 0x80;
  return bytes;
}

// The uint8 original has no results of its own in the set: it must equal its
// int8 shift.
TEST(Uint8Original, EqualsItsShift) {
  const std::string original = "mobilenet_v1_0.25_128_quant";
  const fs::path folder = shared_dir() / "golden" / (original + "_i8shift");
  const Graph graph = load_model(golden_model_file(original));
  const auto names = golden_cases(folder);
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const GoldenCase golden = read_golden_case(folder, name);
    const Values values = run_oracle(graph, flipped(golden.input));
    EXPECT_EQ(model_output(graph, values), flipped(golden.output));
    ASSERT_EQ(golden.trace.size(), graph.ops.size() + 1);
    for (size_t op = 0; op < graph.ops.size(); ++op) {
      const int t = graph.ops[op].outputs[0];
      EXPECT_EQ(graph.tensors[t].file_type, Type::kUint8);
      EXPECT_EQ(crc32_hex(values[t]), golden.trace[op + 1].crc32) << op;
    }
  }
}

}  // namespace
}  // namespace shoal
