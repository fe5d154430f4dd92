// The command line: arguments to verbs.
#pragma once

namespace shoal {

// Runs the tool; prints its errors and returns its exit code.
int run_app(int argc, char** argv);

}  // namespace shoal
