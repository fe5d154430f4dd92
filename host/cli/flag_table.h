// How the help shows each flag: its group, its placeholder, and whether only
// --help-all lists it.
#pragma once

#include <string_view>

namespace shoal {

struct FlagStyle {
  const char* verbs;        // words between spaces; "": every verb
  std::string_view name;    // the long name, with its dashes
  const char* group;        // a heading of the help
  const char* placeholder;  // "": the flag takes no value
  bool is_rare;             // only --help-all lists it
};

// The headings in the order in which the help prints them.
extern const char* const kFlagGroups[];
extern const int kFlagGroupCount;

// Null if the table lacks the flag, which tests/cli/cli_help_test.cc sees.
const FlagStyle* find_flag_style(std::string_view verb, std::string_view name);

}  // namespace shoal
