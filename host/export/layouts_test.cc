#include "host/export/layouts.h"

#include <gtest/gtest.h>

#include "host/base/error.h"

namespace shoal {
namespace {

Application of_size(size_t bytes) {
  Application a;
  a.image.resize(bytes);
  return a;
}

void expect_refused(const char* ecosystem, const Application& a) {
  try {
    check_image(find_ecosystem(ecosystem), a);
    ADD_FAILURE() << ecosystem << " took " << a.image.size() << " bytes";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUnsupported);
    EXPECT_NE(std::string(e.what()).find(ecosystem), std::string::npos);
  }
}

TEST(Ecosystems, HoldProgramsAsLargeAsTheirConstants) {
  for (const Ecosystem& e : ecosystems()) {
    EXPECT_NO_THROW(check_image(e, of_size(1 << 20))) << e.name;
  }
  expect_refused("esp-idf", of_size((1 << 20) + 1));
  EXPECT_NO_THROW(check_image(find_ecosystem("arduino"), of_size(4 << 20)));
  expect_refused("arduino", of_size((4 << 20) + 1));
  expect_refused("platformio", of_size((4 << 20) + 1));
  EXPECT_NO_THROW(check_image(find_ecosystem("c"), of_size(9 << 20)));
}

TEST(Ecosystems, AreKnownByName) {
  EXPECT_THROW(find_ecosystem("keil"), Error);
  EXPECT_THROW(check_board(find_ecosystem("pico-sdk"), "teensy41"), Error);
  EXPECT_NO_THROW(check_board(find_ecosystem("pico-sdk"), "rp2040"));
}

}  // namespace
}  // namespace shoal
