
#include "host/cli/commands.h"
#include "host/cli/output.h"
#include "host/cluster/key_file.h"

namespace shoal {

int keygen_command(const KeygenFlags& flags) {
  make_key_file(flags.output, flags.force);
  say("%s: a new key; every node and `shoal run` need this file\n",
      flags.output.c_str());
  return 0;
}

}  // namespace shoal
