#include "host/cli/service_token.h"

#include <algorithm>
#include <cstdlib>

#include "host/base/error.h"
#include "host/base/files.h"

namespace shoal {

std::string secret_of(const std::string& file, const char* variable) {
  if (file.empty()) {
    const char* const set = std::getenv(variable);
    return set ? set : "";
  }
  const auto bytes = read_secret(file);
  const std::string text(bytes.begin(), bytes.end());
  return text.substr(0, text.find_first_of("\r\n"));
}

std::string service_token(const std::string& file) {
  const bool is_given = !file.empty() || std::getenv("SHOAL_TOKEN");
  if (!is_given) return "";
  const std::string token = secret_of(file, "SHOAL_TOKEN");
  const auto fits = [](char c) { return c > ' ' && c < 0x7F; };
  if (token.size() >= 16 && token.size() <= 1024 &&
      std::ranges::all_of(token, fits)) {
    return token;
  }
  throw Error(Exit::kUsage,
              (file.empty() ? "SHOAL_TOKEN" : file) +
                  ": a token has 16 to 1,024 printable characters without "
                  "blanks",
              "`openssl rand -hex 16 > token; chmod 600 token`");
}

}  // namespace shoal
