// Small ONNX models with many operators: for damage tests and fuzz seeds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

struct SampleOnnx {
  std::string name;
  std::vector<uint8_t> file;
  bool is_tflite = true;  // can be: digits of sums, BOOL inputs are not
};
std::vector<SampleOnnx> sample_onnx();

}  // namespace shoal
