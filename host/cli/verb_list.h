// The verbs and their flags as plain data, for whatever is generated from
// them: completion for shells and manual pages.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace shoal {

struct ListedFlag {
  std::string name;                  // "--output"
  std::string letter;                // "-o", or empty
  std::string placeholder;           // "FILE"; empty: the flag takes no value
  std::string text;                  // with the default in brackets
  std::string group;                 // its heading in the help
  std::vector<std::string> choices;  // its values; empty: any
};

struct ListedOperand {
  std::string name;
  std::string text;
  std::vector<std::string> choices;
};

struct ListedVerb {
  std::string name;     // empty: shoal itself
  std::string usage;    // "Usage: shoal plan [FLAGS] MODEL"
  std::string text;     // one phrase
  std::string example;  // indented lines
  std::vector<ListedOperand> operands;
  std::vector<ListedFlag> flags;
};

// Returns shoal itself and then its verbs. To be called after style_help().
std::vector<ListedVerb> list_verbs(CLI::App&);

}  // namespace shoal
