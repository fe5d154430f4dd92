// Files that MODEL may name and that are none.
#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/model/import/import.h"

namespace shoal {
namespace {

TEST(LoadModel, OfAnotherKindOfFile) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& begin) {
    const std::string path = (folder.path() / "m.tflite").string();
    write_file(path, begin + std::string(100, ' '));
    try {
      load_model(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Exit::kUsage) << begin;
      EXPECT_NE(error.fix(), "");
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message("\x89PNG"), "m.tflite: no model, it is a PNG picture");
  EXPECT_EQ(message("BM"), "m.tflite: no model, it is a BMP picture");
  EXPECT_EQ(message("version https://git-lfs.github.com/spec/v1"),
            "m.tflite: no model, it is a pointer of Git LFS, not the file "
            "itself");
}

TEST(LoadModel, MissingFileIsAUsageError) {
  try {
    load_model("no/such/model.tflite");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kUsage);
  }
}

}  // namespace
}  // namespace shoal
