// Writes the seed corpus of fuzz_import: seed_import DIR.
#include <cstdio>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/model/import/testing/detector.h"
#include "host/model/import/testing/rewritten_models.h"
#include "host/model/import/testing/sample_models.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_import DIR\n");
    return 2;
  }
  try {
    const std::string folder = std::string(argv[1]) + "/";
    for (const auto& sample : shoal::sample_models()) {
      shoal::write_file(folder + sample.name + ".tflite", sample.file);
    }
    for (const auto& sample : shoal::sample_models(1, shoal::Type::kFloat32)) {
      shoal::write_file(folder + "float_" + sample.name + ".tflite",
                        sample.file);
    }
    for (const auto& sample : shoal::rewritten_models()) {
      shoal::write_file(folder + sample.name + ".tflite", sample.file);
    }
    shoal::write_file(folder + "detector.tflite", shoal::detector().finish());
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
