// Writes the seed corpus of fuzz_cluster: seed_cluster DIR.
#include <cstdio>
#include <string>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/engine/coordinator/testing/meddler.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_cluster DIR\n");
    return 2;
  }
  try {
    for (unsigned seed = 0; seed < 24; ++seed) {
      shoal::write_file(std::string(argv[1]) + "/script" + std::to_string(seed),
                        shoal::random_script(seed));
    }
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
