// The verbs that print texts which are generated from the flags of all verbs.
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace shoal {

// The names that the user gave.
struct GeneratedFlags {
  std::string shell;  // of completion
  std::string verb;   // of man; empty: shoal itself
};

// completion and man. To be called after all other verbs are defined.
void add_generated(CLI::App&, GeneratedFlags&, int& code);

}  // namespace shoal
