// The verbs for a program that runs them in its own process: words are parsed
// as the command line's are, what is printed goes to the listener of the
// thread (verb_listener.h), and errors are thrown. Settings of shoal.toml do
// not count.
#pragma once

#include <string>
#include <vector>

#include "host/cli/commands.h"

namespace shoal {

// Runs a verb: its name, then its arguments. Throws Error; PlanCancelled if the
// listener has stopped it.
void run_words(const std::vector<std::string>& words);

// Returns the flags of the verb `run`, for a program that gives and takes
// frames itself.
RunFlags parse_run(const std::vector<std::string>& words);

}  // namespace shoal
