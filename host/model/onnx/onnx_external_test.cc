// Weights in a file beside the model: the same as inside, and refused where
// the file is not what the model says.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/onnx_builder.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

void small_net(OnnxBuilder& b) {
  b.input("x", {1, 2, 4, 4});
  b.floats("w", {3, 2, 1, 1}, {1, 2, 3, -4, 5, -6});
}

class OnnxExternal : public testing::Test {
 protected:
  // The model with its weights in a file of this name. Writes "m.data".
  std::vector<uint8_t> model(const std::string& location,
                             const std::string& offset = "8",
                             const std::string& length = "24") {
    OnnxBuilder b;
    small_net(b);
    const std::string weights = b.move_outside(location, offset, length);
    EXPECT_EQ(weights.size(), 24u);
    b.node("Conv", {"x", "w"}, "y");
    b.output("y");
    std::vector<uint8_t> data(8, 0xEE);
    data.insert(data.end(), weights.begin(), weights.end());
    write_file((folder_.path() / "m.data").string(), data);
    return b.finish();
  }
  Graph import(const std::vector<uint8_t>& file) const {
    ImportOptions options;
    options.folder = folder_.path().string();
    return import_onnx(file, "m", options);
  }
  void expect_refused(const std::vector<uint8_t>& file, Exit code,
                      const std::string& text) const {
    try {
      import(file);
      ADD_FAILURE() << "imported; " << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find(text), std::string::npos)
          << e.what();
    }
  }

  const TemporaryFolder folder_;
};

TEST_F(OnnxExternal, WeightsBesideAModelAreItsOwn) {
  OnnxBuilder whole;
  small_net(whole);
  whole.node("Conv", {"x", "w"}, "y");
  whole.output("y");
  const Graph a = import_onnx(whole.finish(), "m"), b = import(model("m.data"));
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t t = 0; t < a.tensors.size(); ++t) {
    EXPECT_EQ(a.tensors[t].data, b.tensors[t].data) << a.tensors[t].name;
  }
  EXPECT_NO_THROW(import(model("m.data", "8", "")));  // to the end of the file
}

TEST_F(OnnxExternal, WhatIsNotBesideItIsRefused) {
  const std::string beside = "which is no file beside the model";
  for (const char* location :
       {"", "..", ".", "../m.data", "/etc/passwd", "a/m.data", "a\\m.data"}) {
    expect_refused(model(location), Exit::kUnsupported, beside);
  }
  expect_refused(model("none.data"), Exit::kUsage, "there is no such file");
  fs::create_directory(folder_.path() / "d");
  expect_refused(model("d"), Exit::kUsage, "which is a directory");
  const TemporaryFolder other;
  write_file((other.path() / "far").string(), std::vector<uint8_t>(32));
  fs::create_symlink(other.path() / "far", folder_.path() / "near");
  expect_refused(model("near"), Exit::kUnsupported,
                 "a link that leads out of the model's folder");
  fs::create_symlink("/dev/zero", folder_.path() / "endless");
  expect_refused(model("endless"), Exit::kUnsupported, "a link that leads out");
  fs::create_symlink("nowhere", folder_.path() / "broken");
  expect_refused(model("broken"), Exit::kUsage, "there is no such file");
  fs::create_symlink("m.data", folder_.path() / "alias");
  EXPECT_NO_THROW(import(model("alias")));
}

TEST_F(OnnxExternal, NumbersThatMakeNoSenseAreNamed) {
  expect_refused(model("m.data", "x", "24"), Exit::kCorrupt,
                 "the offset of its data is \"x\"");
  expect_refused(model("m.data", "8", "-1"), Exit::kCorrupt,
                 "the length of its data is \"-1\"");
  expect_refused(model("m.data", "9", "24"), Exit::kCorrupt, "which has 32");
  expect_refused(model("m.data", "33", ""), Exit::kCorrupt, "which has 32");
  expect_refused(model("m.data", "9223372036854775807", "9223372036854775807"),
                 Exit::kCorrupt, "which has 32");
  // Another length than the tensor needs.
  expect_refused(model("m.data", "8", "20"), Exit::kCorrupt, "20 bytes");
  expect_refused(model("m.data", "0", ""), Exit::kCorrupt, "32 bytes");
}

}  // namespace
}  // namespace shoal
