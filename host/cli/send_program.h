// `shoal send --program`: a network in the place of one of a board that runs
// alone.
#pragma once

#include "host/cli/commands.h"

namespace shoal {

int send_program_command(const SendFlags&);

}  // namespace shoal
