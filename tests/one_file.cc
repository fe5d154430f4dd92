// The main of a folder's tests: PROGRAM foo_test.cc runs what stands in that
// file, PROGRAM alone everything; gtest's own flags narrow it further. Of a
// file the suites whose names end in Long, and instantiations named so, run
// with SHOAL_LONG set, and then they alone do (ctest --preset long).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

bool is_long(std::string_view suite) {
  return suite.starts_with("Long/") || suite.ends_with("Long");
}

// The full names of the tests in `file`, as a filter; empty: there are none.
std::string tests_in(std::string_view file) {
  const bool are_long = std::getenv("SHOAL_LONG") != nullptr;
  std::string names;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    if (is_long(suite.name()) != are_long) continue;
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const testing::TestInfo& test = *suite.GetTestInfo(j);
      std::string_view source = test.file();
      source.remove_prefix(source.rfind('/') + 1);
      if (source != file) continue;
      if (!names.empty()) names += ':';
      names += std::string(suite.name()) + "." + test.name();
    }
  }
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1) {
    const std::string names = tests_in(argv[1]);
    if (names.empty()) {
      std::fprintf(stderr, "no tests in %s\n", argv[1]);
      return 1;
    }
    if (testing::GTEST_FLAG(filter) == "*") {
      testing::GTEST_FLAG(filter) = names;
    }
  }
  return RUN_ALL_TESTS();
}
