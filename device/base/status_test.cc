#include "device/base/status.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace shoal {
namespace {

// The header's own list, so that none is forgotten.
TEST(Status, EachOfTheHeaderHasATextOfItsOwn) {
  std::ifstream file(SHOAL_SOURCE_DIR "/device/shoal.h");
  std::stringstream text;
  text << file.rdbuf();
  const std::string header = text.str();
  const std::regex entry("\\bSHOAL_[A-Z_]+ = (-?[0-9]+),");
  std::set<int> values;
  std::set<std::string> texts;
  for (std::sregex_iterator i(header.begin(), header.end(), entry), end;
       i != end; ++i) {
    const int value = std::atoi((*i)[1].str().c_str());
    EXPECT_TRUE(values.insert(value).second) << (*i)[0];
    const char* const said =
        shoal_status_text(static_cast<shoal_status>(value));
    EXPECT_TRUE(texts.insert(said).second) << (*i)[0] << " " << said;
  }
  EXPECT_EQ(values.size(), 21u);
  EXPECT_EQ(*values.rbegin(), SHOAL_WAIT);
}

TEST(Status, ErrorsAreBelowZero) {
  EXPECT_FALSE(failed(Status::kOk));
  EXPECT_FALSE(failed(Status::kWait));
  EXPECT_TRUE(failed(Status::kBadArgument));
  EXPECT_EQ(static_cast<int>(Status::kOtherWriter), SHOAL_OTHER_WRITER);
  EXPECT_EQ(static_cast<int>(Status::kBankTooSmall), SHOAL_BANK_TOO_SMALL);
  EXPECT_EQ(static_cast<int>(Status::kSecondCore), SHOAL_SECOND_CORE);
}

}  // namespace
}  // namespace shoal
