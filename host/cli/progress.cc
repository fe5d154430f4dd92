#include "host/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/output.h"
#include "host/cli/verb_listener.h"
#include "host/plan/types/deadline.h"

namespace shoal {

bool shows_progress() {
  return isatty(STDERR_FILENO) == 1 && !tells_little() &&
         !VerbListening::current();
}

std::string clock_text(double seconds) {
  const auto s = static_cast<int64_t>(seconds + 0.5);
  const int64_t minutes = s / 60;
  return minutes < 60 ? fmt::format("{}:{:02}", minutes, s % 60)
                      : fmt::format("{}:{:02}:{:02}", minutes / 60,
                                    minutes % 60, s % 60);
}

Progress::Progress(std::string what, int64_t before)
    : what_(std::move(what)),
      before_(before),
      listener_(VerbListening::current()),
      done_(before) {
  if (shows_progress()) thread_ = std::thread([this] { repeat(); });
}

Progress::~Progress() { end(); }

void Progress::say(int64_t done, int64_t of) {
  if (listener_) {
    listener_->progressed(what_, done, of);
    if (listener_->stopped()) throw PlanCancelled();
  }
  const std::lock_guard lock(mutex_);
  done_ = done;
  of_ = of;
}

double Progress::end() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    thread_.join();
    if (std::exchange(on_line_, false)) tell_over("");
  }
  return seconds();
}

void Progress::repeat() {
  std::unique_lock lock(mutex_);
  auto pause = kProgressFirst;
  while (!changed_.wait_for(lock, pause, [this] { return over_; })) {
    pause = kProgressNext;
    on_line_ = true;
    tell_over(line());
  }
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

std::string Progress::line() const {
  const double passed = seconds();
  if (of_ == 0 || ran() == 0) {
    return fmt::format("{}: {} so far", what_, clock_text(passed));
  }
  const double rate = static_cast<double>(ran()) / passed;
  return fmt::format("{} of {} {}, {} a second, {} left", format_count(done_),
                     format_count(of_), what_, format_three_digits(rate),
                     clock_text(static_cast<double>(of_ - done_) / rate));
}

}  // namespace shoal
