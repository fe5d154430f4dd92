// The error that a file ends in.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"

namespace shoal {

// Returns Error(kOk, "imported") if there is none.
inline Error import_error(const std::vector<uint8_t>& file,
                          const ImportOptions& options = {}) {
  try {
    import_onnx(file, "m", options);
  } catch (const Error& error) {
    return error;
  }
  return Error(Exit::kOk, "imported");
}

}  // namespace shoal
