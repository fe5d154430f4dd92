#include "host/base/temporary_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "host/base/error.h"
#include "host/base/printable.h"

namespace shoal {
namespace {

// mkdtemp(3) puts other letters in their place.
const std::string kPattern(6, 'X');

struct Parent {
  std::string folder = "/tmp";
  std::string variable = {};  // the one that names it; empty if none does
};

// std::filesystem::temp_directory_path() reads the same variables, but its
// error names neither the variable nor the folder. An empty one counts as not
// set.
Parent parent_folder() {
  for (const char* const variable : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {
    const char* const value = getenv(variable);
    if (value && *value) return {value, variable};
  }
  return {};
}

[[noreturn]] void refuse(const Parent& parent, int why) {
  const std::string name = printable(parent.folder);
  const std::string set =
      "set TMPDIR to a folder that exists and can be written";
  throw Error(
      Exit::kInternal,
      (parent.variable.empty() ? name : parent.variable + "=" + name) +
          ": no temporary folder can be made there: " + std::strerror(why),
      parent.variable.empty() || parent.variable == "TMPDIR"
          ? set
          : set + kOrElse + "correct " + parent.variable);
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  const Parent parent = parent_folder();
  std::string name =
      (std::filesystem::path(parent.folder) / "shoal_").string() + kPattern;
  if (!mkdtemp(name.data())) refuse(parent, errno);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace shoal
