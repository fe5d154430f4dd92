// The options of the verbs for a service; each runs its command when the verb
// is given, and sets `code` to what that returns.
#pragma once

#include "host/cli/flags.h"

namespace shoal {

void add_serve(CLI::App&, ServeFlags&, int& code);
void add_watch(CLI::App&, WatchFlags&, int& code);

}  // namespace shoal
