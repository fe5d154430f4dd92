#include <unistd.h>

#include "tests/bounded_command.h"

namespace shoal {

void become_shoal(char** arguments) {
  execv(SHOAL_EXECUTABLE, arguments);
  _exit(127);
}

}  // namespace shoal
