// Writes the seed corpus of fuzz_onnx: seed_onnx DIR.
#include <cstdio>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/model/onnx/testing/sample_onnx.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_onnx DIR\n");
    return 2;
  }
  try {
    const std::string folder = std::string(argv[1]) + "/";
    for (const auto& sample : shoal::sample_onnx()) {
      shoal::write_file(folder + sample.name + ".onnx", sample.file);
    }
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
