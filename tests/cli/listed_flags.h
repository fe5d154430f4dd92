// The verbs and flags that the help lists, for tests that want all of them.
#pragma once

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/command.h"
#include "tests/expect_told.h"

namespace shoal {

// The verbs that `shoal --help` lists.
inline std::vector<std::string> listed_verbs(const Workshop& shop) {
  const std::string all = expect_ok(shop, {"--help"}).out;
  const std::regex verb("\n  ([a-z-]+) {2,}");
  std::vector<std::string> names;
  for (std::sregex_iterator v(all.begin(), all.end(), verb), end; v != end;
       ++v) {
    if ((*v)[1].str()[0] != '-') names.push_back((*v)[1]);
  }
  return names;
}

// The flags that a help lists, with their dashes.
inline std::set<std::string> listed_flags(const std::string& help) {
  const std::regex line("^  (-[a-zA-Z],)?(--[a-z-]+)(,-[a-zA-Z])?( .*)?$");
  std::set<std::string> flags;
  for (const std::string& l : lines_of(help)) {
    std::smatch found;
    if (std::regex_match(l, found, line)) flags.insert(found[2]);
  }
  return flags;
}

}  // namespace shoal
