// Small models that together use every operator: for tests of everything that
// takes a model, for damage tests and as the seeds of fuzzing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct SampleModel {
  std::string name;
  std::vector<uint8_t> file;
};

// Each a few KB. Values depend on `seed` alone; a `file_type` of kUint8 gives
// models that import to the same graphs, kFloat32 models that compute in
// float32 (without QUANTIZE and DEQUANTIZE, except for constants of half
// precision).
std::vector<SampleModel> sample_models(uint32_t seed = 1,
                                       Type file_type = Type::kInt8);

}  // namespace shoal
