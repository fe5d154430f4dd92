#include "host/cli/file_names.h"

#include <filesystem>
#include <system_error>

#include "host/base/error.h"
#include "host/base/files.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

bool is_something_else(const std::string& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status);
}

// Under whatever names: links, and paths that lead there another way.
bool are_same(const std::string& a, const std::string& b) {
  std::error_code failed;
  if (fs::equivalent(a, b, failed) && !failed) return true;
  const auto plain = [&](const std::string& path) {
    const fs::path whole = fs::absolute(path, failed);
    return failed ? fs::path() : fs::weakly_canonical(whole, failed);
  };
  const fs::path one = plain(a), other = plain(b);
  return !one.empty() && one == other;
}

void refuse_same(const FileArgument& input, const FileArgument& output,
                 const char* why) {
  if (input.path.empty() || is_something_else(output.path) ||
      !are_same(input.path, output.path)) {
    return;
  }
  throw Error(Exit::kUsage,
              output.name + " " + output.path + ": " + why + input.name,
              "name another file");
}

}  // namespace

std::optional<std::pair<std::string, std::string>> named_file(
    const std::string& argument) {
  const size_t sign = argument.find('=');
  std::error_code error;
  if (sign == std::string::npos || sign == 0 || sign + 1 == argument.size() ||
      argument.starts_with("random:") || fs::exists(argument, error)) {
    return std::nullopt;
  }
  return std::pair{argument.substr(0, sign), argument.substr(sign + 1)};
}

void check_files(const std::vector<FileArgument>& inputs,
                 const std::vector<FileArgument>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const FileArgument& output = outputs[i];
    if (output.path.empty()) continue;
    check_writable(output.path);
    for (const FileArgument& input : inputs) {
      refuse_same(input, output, "would replace ");
    }
    for (size_t j = 0; j < i; ++j) {
      refuse_same(outputs[j], output, "is the file of ");
    }
  }
}

}  // namespace shoal
