// Small files that the importer rewrites before it looks at operators: where
// damage tests and fuzzing reach its passes.
#pragma once

#include <vector>

#include "host/model/import/testing/sample_models.h"

namespace shoal {

// Sparse weights, float32 between bytes, variables of float32, bytes at the end
// of a float32 network, a custom TRANSPOSE_CONV, shapes that are left open,
// weights of four bits.
std::vector<SampleModel> rewritten_models();

}  // namespace shoal
