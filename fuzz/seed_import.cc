// Writes the seed corpus of fuzz_import: seed_import DIR.
#include <cstdio>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/import/sample_models.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_import DIR\n");
    return 2;
  }
  try {
    for (const shoal::SampleModel& sample : shoal::sample_models()) {
      shoal::write_file(std::string(argv[1]) + "/" + sample.name + ".tflite",
                        sample.file);
    }
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
