#include "host/cli/service_token.h"

#include <algorithm>
#include <cstdlib>

#include "host/base/error.h"
#include "host/base/files.h"

namespace shoal {

std::string service_token(const std::string& file) {
  std::string token;
  if (!file.empty()) {
    const auto bytes = read_secret(file);
    token.assign(bytes.begin(), bytes.end());
    token = token.substr(0, token.find_first_of("\r\n"));
  } else if (const char* const set = std::getenv("SHOAL_TOKEN")) {
    token = set;
  } else {
    return "";
  }
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
