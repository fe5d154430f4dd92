// Networks exported by torch, computed by the float oracle on torch's input:
// torch's own output to 1e-4 of its largest value.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "host/base/files.h"
#include "host/model/onnx/model.h"
#include "host/model/onnx/onnx.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

const std::string kData = SHOAL_SOURCE_DIR "/host/model/onnx/testdata/";

std::vector<float> floats_of(const std::string& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

void expect_torch(const std::vector<uint8_t>& file,
                  const std::vector<float>& input,
                  const std::vector<float>& expected) {
  ASSERT_TRUE(is_onnx(file));
  const Graph graph = import_onnx(file, "m");
  FloatOracle oracle(graph);
  oracle.run(input);
  const std::vector<float> made = oracle.output();
  ASSERT_EQ(made.size(), expected.size());
  float largest = 0, worst = 0;
  for (size_t i = 0; i < made.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    worst = std::max(worst, std::abs(made[i] - expected[i]));
  }
  EXPECT_GT(largest, 0);
  EXPECT_LE(worst, 1e-4f * largest);
}

class OnnxTorch : public testing::TestWithParam<const char*> {};

TEST_P(OnnxTorch, FloatsAgree) {
  const std::string path = kData + GetParam();
  expect_torch(read_file(path + ".onnx"), floats_of(path + ".input.bin"),
               floats_of(path + ".output.bin"));
}
INSTANTIATE_TEST_SUITE_P(Networks, OnnxTorch,
                         testing::Values("mobilenet_v2", "resnet18",
                                         "squeezenet", "vgg_like", "unet"),
                         [](const auto& info) { return info.param; });

// Each of testdata/operators.py's files carries its input and output.
TEST(OnnxOperators, FloatsAgree) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(kData + "operators")) {
    SCOPED_TRACE(entry.path().filename().string());
    const std::vector<uint8_t> file = read_file(entry.path());
    const auto model = onnx_import::decode_onnx(file, "m");
    std::vector<float> input, output;
    for (const auto& constant : model.constants) {
      if (constant->name == "test.input") input = constant->floats;
      if (constant->name == "test.output") output = constant->floats;
    }
    expect_torch(file, input, output);
    ++files;
  }
  EXPECT_GE(files, 70);
}

}  // namespace
}  // namespace shoal
