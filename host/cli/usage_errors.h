// Errors of a command line: the word that is wrong, and the nearest that is
// right.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace shoal {

class Error;

std::vector<std::string> verb_names(const CLI::App&);

// Each throws Error(kUsage); those that do not return always.
[[noreturn]] void refuse_verb(const CLI::App&, const std::string& word);
void refuse_unknown_verb(const CLI::App&, int argc, char** argv);
// Refuses "--flag=", for which CLI11 takes the next word as the value.
void refuse_missing_value(const CLI::App&,
                          const std::vector<std::string>& words);
// Names the first flag that the verb lacks.
void refuse_unknown_flag(const CLI::App&);
// Says what CLI11 refuses.
[[noreturn]] void refuse_usage(const CLI::App&, const CLI::ParseError&);

// Returns the first example of the given verb if the error says that one of its
// operands is required, else "".
std::string example_of_verb(const CLI::App&, const Error&);

}  // namespace shoal
