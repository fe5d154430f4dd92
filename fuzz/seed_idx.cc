// Writes the seed corpus of fuzz_idx: seed_idx DIR.
#include <cstdio>
#include <string>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/data/dataset/testing/idx_files.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_idx DIR\n");
    return 2;
  }
  const std::string folder = argv[1];
  std::vector<uint8_t> values;
  for (int i = 0; i < 60; ++i) values.push_back(static_cast<uint8_t>(i * 7));
  const std::vector<uint8_t> labels = shoal::make_idx({5}, {3, 1, 4, 1, 5});
  const std::vector<uint8_t> grey = shoal::make_idx({3, 4, 5}, values);
  try {
    shoal::write_file(folder + "/labels", labels);
    shoal::write_file(folder + "/labels.gz", shoal::gzip(labels));
    shoal::write_file(folder + "/grey", grey);
    shoal::write_file(folder + "/grey.gz", shoal::gzip(grey));
    shoal::write_file(folder + "/colour",
                      shoal::make_idx({2, 2, 5, 3}, values));
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
