// formats: what stands in the files that people write and shoal prints.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/cli/commands.h"
#include "host/cli/output.h"

namespace shoal {

const char* formats_text();  // spec/files.md, compiled in

namespace {

struct Format {
  std::string name, text;
};

// The sections of the page; each begins with "## NAME".
std::vector<Format> formats() {
  const std::string page = formats_text();
  const std::string mark = "\n## ";
  std::vector<Format> all;
  for (size_t at = page.find(mark); at != std::string::npos;) {
    const size_t name = at + mark.size();
    const size_t line = page.find('\n', name);
    at = page.find(mark, line);
    const size_t end = at == std::string::npos ? page.size() : at + 1;
    all.push_back({page.substr(name, line - name),
                   page.substr(name - 3, end - (name - 3))});
  }
  return all;
}

}  // namespace

int formats_command(const FormatsFlags& flags) {
  std::string names;
  auto list = nlohmann::json::array();
  for (const Format& f : formats()) {
    if (f.name == flags.name) {
      if (flags.json) {
        say_json({{"name", f.name}, {"markdown", f.text}});
      } else {
        say_text(f.text);
      }
      return 0;
    }
    names += (names.empty() ? "" : ", ") + f.name;
    list.push_back(f.name);
  }
  if (!flags.name.empty()) {
    throw Error(Exit::kUsage, "no format \"" + flags.name + "\"",
                "one of: " + names);
  }
  if (flags.json) {
    say_json({{"formats", list}});
  } else {
    for (const auto& name : list) {
      say("%s\n", name.get<std::string>().c_str());
    }
  }
  return 0;
}

}  // namespace shoal
