#include "host/base/temporary_folder.h"

#include <stdlib.h>

#include <string>
#include <system_error>

#include "host/base/error.h"

namespace shoal {
namespace {

// mkdtemp(3) puts other letters in their place.
const std::string kPattern(6, 'X');

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name =
      (std::filesystem::temp_directory_path() / "shoal_").string() + kPattern;
  if (!mkdtemp(name.data())) {
    throw Error(Exit::kInternal, name + ": no folder can be made there",
                "TMPDIR names another place");
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace shoal
