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
  EXPECT_EQ(message("\x89PNG"), ": is not a model but a PNG picture");
  EXPECT_EQ(message(std::string("BM\x10\0\0\0\0\0\0\0", 10)),
            ": is not a model but a BMP picture");
  EXPECT_EQ(message("version https://git-lfs.github.com/spec/v1"),
            ": is not a model but a pointer of Git LFS in place of the file");
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
