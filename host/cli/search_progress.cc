#include "host/cli/search_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "host/base/size.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

using std::chrono::milliseconds;
// Most searches are over by then.
constexpr milliseconds kFirst{1000}, kFirstLine{20'000};
constexpr milliseconds kNext{300}, kNextLine{20'000};

}  // namespace

SearchProgress::SearchProgress() : terminal_(isatty(STDERR_FILENO) == 1) {
  PlanProgress::watch(this);
}

SearchProgress::~SearchProgress() { PlanProgress::watch(nullptr); }

void SearchProgress::tried(int64_t plans) {
  const auto now = Clock::now();
  if (!under_way_) {
    under_way_ = true;
    start_ = said_ = now;
  }
  const bool first = said_ == start_;
  const milliseconds pause =
      terminal_ ? (first ? kFirst : kNext) : (first ? kFirstLine : kNextLine);
  if (now - said_ < pause) return;
  said_ = now;
  on_line_ = terminal_;
  const std::string line =
      fmt::format("planning: {} plans tried in {:.0f} s", format_count(plans),
                  std::chrono::duration<double>(now - start_).count());
  terminal_ ? tell_over(line) : tell("%s\n", line.c_str());
}

void SearchProgress::ended() {
  if (on_line_) tell_over("");
  on_line_ = under_way_ = false;
}

}  // namespace shoal
