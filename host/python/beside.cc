#include "host/python/beside.h"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "host/cli/verb_listener.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/progress.h"

namespace shoal {
namespace {

namespace py = pybind11;

constexpr std::chrono::milliseconds kPause{100};

struct Step {
  std::string what;
  int64_t done = 0, of = 0;
};

// Keeps what is heard of the work until it is over.
class Ear final : public VerbListener, public PlanWatcher {
 public:
  void printed(const std::string& text) override {
    const std::lock_guard lock(mutex_);
    printed_ += text;
  }
  void told(const std::string& text) override {
    const std::lock_guard lock(mutex_);
    told_ += text;
  }
  void progressed(const std::string& what, int64_t done, int64_t of) override {
    const std::lock_guard lock(mutex_);
    step_ = Step{what, done, of};
  }
  void tried(int64_t plans) override { progressed("plans", plans, 0); }
  void ended() override {}

  void end() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }
  // Returns whether the work is over, after a while at most.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPause, [&] { return is_over_; });
  }
  std::optional<Step> step() {
    const std::lock_guard lock(mutex_);
    return std::exchange(step_, std::nullopt);
  }
  // Call these when the work is over.
  const std::string& all_printed() const { return printed_; }
  const std::string& all_told() const { return told_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string printed_, told_;
  std::optional<Step> step_;
  bool is_over_ = false;
};

// Signals are for the interpreter's threads.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void work_beside(Ear& ear, const std::function<void()>& work,
                 std::exception_ptr& failed) {
  block_signals();
  const VerbListening listening(ear);
  const PlanCancellation cancellation(ear.stopped());
  PlanProgress::watch(&ear);
  try {
    work();
  } catch (...) {
    failed = std::current_exception();
  }
  ear.end();
}

// Lets Python see a signal and the progress. Returns what that raised.
std::optional<py::error_already_set> look_up(Ear& ear,
                                             const py::object& progress) {
  if (PyErr_CheckSignals() != 0) return py::error_already_set();
  const std::optional<Step> step = ear.step();
  if (!step || progress.is_none()) return std::nullopt;
  try {
    progress(step->what, step->done, step->of);
  } catch (py::error_already_set& e) {
    return std::move(e);
  }
  return std::nullopt;
}

void log_notes(const std::string& notes) {
  if (notes.empty()) return;
  const py::object logger =
      py::module_::import("logging").attr("getLogger")("shoal");
  for (size_t at = 0; at < notes.size();) {
    const size_t end = std::min(notes.find('\n', at), notes.size());
    const std::string line = notes.substr(at, end - at);
    const bool doubts = line.starts_with("warning: ");
    logger.attr(doubts ? "warning" : "info")("%s", line);
    at = end + 1;
  }
}

}  // namespace

std::string run_beside(const py::object& progress,
                       const std::function<void()>& work) {
  Ear ear;
  std::exception_ptr failed;
  std::optional<py::error_already_set> raised;
  std::thread thread([&] { work_beside(ear, work, failed); });
  for (bool is_over = false; !is_over;) {
    {
      const py::gil_scoped_release unlocked;
      is_over = ear.wait();
    }
    if (raised) continue;
    raised = look_up(ear, progress);
    if (raised) ear.stop();
  }
  {
    const py::gil_scoped_release unlocked;
    thread.join();
  }
  if (raised) throw *std::move(raised);
  log_notes(ear.all_told());
  if (failed) std::rethrow_exception(failed);
  return ear.all_printed();
}

}  // namespace shoal
