// Temporary folders are made where the environment says; an error names the
// variable, its value and the reason.
#include "host/base/temporary_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <string>

#include "host/base/error.h"
#include "host/base/files.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

class TemporaryFolderTest : public testing::Test {
 protected:
  TemporaryFolderTest() {
    for (const char* const name : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {
      const char* const value = getenv(name);
      if (value) before_[name] = value;
      unsetenv(name);
    }
  }
  ~TemporaryFolderTest() override {
    for (const char* const name : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {
      unsetenv(name);
    }
    for (const auto& [name, value] : before_) {
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  static void refused(const std::string& what, const std::string& fix) {
    try {
      const TemporaryFolder folder;
      ADD_FAILURE() << "made in " << folder.path();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kInternal);
      EXPECT_EQ(std::string(e.what()), what);
      EXPECT_NE(e.fix().find(fix), std::string::npos) << e.fix();
    }
  }

 private:
  std::map<std::string, std::string> before_;
};

TEST_F(TemporaryFolderTest, IsMadeWhereTheEnvironmentSays) {
  const TemporaryFolder outer;
  EXPECT_EQ(outer.path().parent_path(), "/tmp");
  setenv("TMP", outer.path().c_str(), 1);
  setenv("TMPDIR", "", 1);
  fs::path made;
  {
    const TemporaryFolder inner;
    made = inner.path();
    EXPECT_EQ(made.parent_path(), outer.path());
    EXPECT_TRUE(fs::is_directory(made));
  }
  EXPECT_FALSE(fs::exists(made));
}

TEST_F(TemporaryFolderTest, AnErrorNamesTheVariable) {
  const TemporaryFolder outer;
  const std::string file = (outer.path() / "file").string();
  write_file(file, std::string("x"));
  setenv("TMPDIR", "/no/such", 1);
  refused(
      "TMPDIR=/no/such: no temporary folder can be made there: No such file or "
      "directory",
      "set TMPDIR");
  setenv("TMPDIR", file.c_str(), 1);
  refused("TMPDIR=" + file +
              ": no temporary folder can be made there: Not a directory",
          "set TMPDIR");
  unsetenv("TMPDIR");
  setenv("TEMP", "/no/\x1b[2J", 1);
  refused(
      "TEMP=/no/\\x1b[2J: no temporary folder can be made there: No such file "
      "or directory",
      "correct TEMP");
}

}  // namespace
}  // namespace shoal
