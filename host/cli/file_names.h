// The files that a verb was given, looked at before its work begins: what it
// is to write must not be what it reads, nor another of its outputs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shoal {

// Which argument, and what it says; one that is empty was not given.
struct FileArgument {
  std::string name, path;
};

// Throws Error(kUsage) for outputs that are inputs, each other or folders, and
// Error(kInternal) for those that cannot be written, as far as it can be seen.
// Devices and pipes may be anything.
void check_files(const std::vector<FileArgument>& inputs,
                 const std::vector<FileArgument>& outputs);

// Returns the name and the file of NAME=FILE, which names the file of a model's
// input; none: it is no such argument, or a file has that whole name.
std::optional<std::pair<std::string, std::string>> named_file(
    const std::string& argument);

}  // namespace shoal
