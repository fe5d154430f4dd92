// One thing that is wrong with an ONNX file, and the words of the error.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"

namespace shoal {

inline constexpr Exit kNo = Exit::kUnsupported;

struct OnnxErrorCase {
  const char* name;
  std::function<void(OnnxBuilder&)> make;
  const char* what;
  Exit code = Exit::kCorrupt;
};
inline void PrintTo(const OnnxErrorCase& c, std::ostream* out) {
  *out << c.name;
}

inline void expect_error(const OnnxErrorCase& c) {
  OnnxBuilder b;
  c.make(b);
  try {
    import_onnx(b.finish(), "m");
    ADD_FAILURE() << "imported";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), c.what);
    EXPECT_EQ(error.code(), c.code);
  }
}

// y = type(x), of 1x2x4x4.
inline void unary(OnnxBuilder& b, const std::string& type,
                  const std::vector<OnnxField>& attributes = {},
                  const std::vector<std::string>& more = {}) {
  b.input("x", {1, 2, 4, 4});
  std::vector<std::string> inputs{"x"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  b.node(type, inputs, "y", attributes);
  b.output("y");
}

}  // namespace shoal
