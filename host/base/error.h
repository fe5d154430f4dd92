// The one exception of the host: thrown where something is wrong, printed
// once, in the command line's main.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace shoal {

enum class Exit : int {
  kOk = 0,
  kInternal = 1,
  kUsage = 2,
  kDoesNotFit = 3,
  kUnsupported = 4,
  kDiffers = 5,
  kNode = 6,
  kCorrupt = 7,
  kTimeout = 8,
  kBusy = 9,  // another one owns it
};

// Between changes each of which would help.
inline constexpr char kOrElse[] = "\n  or ";

// `what` names the thing and the numbers; `fix` is the smallest change that
// would help, empty if there is none, or several with kOrElse between them.
class Error : public std::runtime_error {
 public:
  Error(Exit code, const std::string& what, std::string fix = {})
      : std::runtime_error(what), code_(code), fix_(std::move(fix)) {}
  Exit code() const { return code_; }
  const std::string& fix() const { return fix_; }

 private:
  Exit code_;
  std::string fix_;
};

}  // namespace shoal
