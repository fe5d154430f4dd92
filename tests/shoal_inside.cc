// The test program holds the objects of `shoal`; by the linker's --wrap=main
// its own main comes first and that of `shoal` keeps another name.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/bounded_command.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
extern "C" int __real_main(int count, char** arguments);
extern "C" int __wrap_main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}

namespace shoal {

void become_shoal(char** arguments) {
  int count = 0;
  while (arguments[count]) ++count;
  std::exit(__real_main(count, arguments));
}

}  // namespace shoal
// NOLINTEND(bugprone-reserved-identifier)
