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
      EXPECT_NE(error.fix(), "");
      const std::string what = error.what();
      return error.code() == Exit::kUsage ? what.substr(path.size()) : "";
    }
    return std::string("loaded");
  };
  EXPECT_EQ(message("\x89PNG"), ": no model, it is a PNG picture");
  EXPECT_EQ(message(std::string("BM\x10\0\0\0\0\0\0\0", 10)),
            ": no model, it is a BMP picture");
  EXPECT_EQ(message("version https://git-lfs.github.com/spec/v1"),
            ": no model, it is a pointer of Git LFS, not the file itself");
  EXPECT_EQ(message("BM"), "");  // damaged
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
