// The help of the command line: 80 columns, flags in groups, rare ones only
// under --help-all, and words near one that was mistyped.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace shoal {

// Gives every flag of every verb its group and placeholder, and all verbs the
// formatter. To be called after all flags are defined.
void style_help(CLI::App&);

// Returns " [VALUE]" of a flag that shows its default; else nothing.
std::string default_of(const CLI::Option&);
// Returns "Usage: shoal plan [FLAGS] MODEL".
std::string usage_of(const CLI::App&, const std::string& name);

// The most similar of `words`, at most two letters away; empty if none is.
std::string nearest_word(const std::string& word,
                         const std::vector<std::string>& words);

// The flags of a verb with their dashes, such as "-o" and "--output".
std::vector<std::string> flag_names(const CLI::App&);

}  // namespace shoal
