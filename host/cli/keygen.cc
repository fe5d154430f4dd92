#include "host/cli/commands.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/engine/workers/identity_file.h"
#include "host/engine/workers/key_file.h"

namespace shoal {

int keygen_command(const KeygenFlags& flags) {
  if (!flags.show.empty()) {
    const PublicKey key = public_key_of(read_identity_file(flags.show));
    say("%s\n", public_key_text(key).c_str());
    return 0;
  }
  if (flags.identity) {
    const std::string file =
        flags.output.empty() ? kIdentityFile : flags.output;
    check_files({}, {{"--output", file}});
    const PublicKey key = make_identity_file(file, flags.force);
    tell("%s: a new identity, whose public key follows\n", file.c_str());
    say("%s\n", public_key_text(key).c_str());
    return 0;
  }
  const std::string file = flags.output.empty() ? kKeyFile : flags.output;
  check_files({}, {{"--output", file}});
  make_key_file(file, flags.force);
  say("%s: a new key; every node and `shoal run` need this file\n",
      file.c_str());
  return 0;
}

}  // namespace shoal
