// Where the data lies that tests share with the world outside the repository:
// $SHOAL_SHARED, else ../shared beside the repository. A test that needs it
// asks here; without the data, and without the variable, it is skipped.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace shoal {

// Ends the test program: with 77 (CTest: skipped) if the default folder is
// missing, with 1 if SHOAL_SHARED names no folder with a golden set.
inline std::filesystem::path shared_dir() {
  const char* chosen = std::getenv("SHOAL_SHARED");
  const std::filesystem::path folder =
      chosen ? std::filesystem::path(chosen)
             : (std::filesystem::path(SHOAL_SOURCE_DIR) / ".." / "shared")
                   .lexically_normal();
  if (std::filesystem::is_directory(folder / "golden") &&
      std::filesystem::is_directory(folder / "models")) {
    return folder;
  }
  std::fprintf(stderr, "%s: %s holds no golden/ and models/\n",
               chosen ? "SHOAL_SHARED is wrong" : "skipped",
               folder.string().c_str());
  std::exit(chosen ? 1 : 77);
}

}  // namespace shoal
