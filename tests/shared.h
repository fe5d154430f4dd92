// Where the data lies that tests share with the world outside the repository:
// $SHOAL_SHARED, else ../shared beside the repository. A test that needs it
// asks here; without the data, and without the variable, it is skipped.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

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

// The models that have a folder of the golden set, but the float originals,
// which have no int8 meaning.
inline std::vector<std::string> golden_model_names() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(shared_dir() / "golden")) {
    const std::string name = entry.path().filename().string();
    const bool real = name == "ad01_fp32" || name == "pretrainedResnet" ||
                      name == "vww_96_float";
    if (entry.is_directory() && !real) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::string golden_model_file(const std::string& name) {
  const std::filesystem::path models = shared_dir() / "models";
  const std::filesystem::path file = models / (name + ".tflite");
  return std::filesystem::exists(file)
             ? file.string()
             : (models / "synth" / (name + ".tflite")).string();
}

// For the names of parameterized tests.
inline std::string test_name(std::string text) {
  for (char& c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z');
    if (!plain) c = '_';
  }
  return text;
}

}  // namespace shoal
