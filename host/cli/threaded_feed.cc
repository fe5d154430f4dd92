#include "host/cli/threaded_feed.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "host/base/error.h"
#include "host/cli/output.h"

namespace shoal {

void say_line(const nlohmann::json& json) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  say_json_text(
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
      "\n");
  flush_output();
}

ThreadedFeed::ThreadedFeed(FrameService& service, FeedEnds ended)
    : service_(service), ended_(std::move(ended)) {}

std::optional<Error> ThreadedFeed::end() {
  stop_.set();
  if (taking_.joinable()) taking_.join();
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  if (telling_.joinable()) telling_.join();
  return error_ ? error_ : telling_error_;
}

void ThreadedFeed::start() {
  taking_ = std::thread([this] {
    try {
      take_all();
    } catch (const Error& e) {
      error_ = e;
    } catch (const std::exception& e) {
      error_ = Error(Exit::kInternal, e.what());
    }
    ended_(error_ ? &*error_ : nullptr);
  });
  telling_ = std::thread([this] {
    try {
      tell_all();
    } catch (const Error& e) {
      stop_telling(e);
    } catch (const std::exception& e) {
      stop_telling(Error(Exit::kInternal, e.what()));
    }
  });
}

// Answers that nobody hears end the service.
void ThreadedFeed::stop_telling(const Error& why) {
  telling_error_ = why;
  // A write without a reader leaves its signal with the thread that wrote.
  sigset_t pending;
  if (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1) {
    kill(getpid(), SIGPIPE);
  }
  stop_.set();
  service_.desk().close();
}

bool ThreadedFeed::take(const std::string& name, const std::string& kind,
                        Bytes bytes, const std::string& path) {
  Asked asked{name, std::make_shared<const Bytes>(std::move(bytes)), {}, {}};
  asked.file = kept_file(path);
  try {
    asked.ticket = service_.desk().give_when_free(
        service_.inputs(kind, *asked.body), asked.file);
    if (!asked.ticket) return false;
  } catch (const Error& e) {
    service_.count_bad();
    asked.failure = FrameService::failure(name, e);
  }
  add(std::move(asked));
  return true;
}

void ThreadedFeed::take_failure(const std::string& name, const Error& e) {
  service_.count_bad();
  add({name, {}, {}, FrameService::failure(name, e)});
}

bool ThreadedFeed::is_file_kept() const {
  return told_file_.empty() || is_kept(told_file_);
}

void ThreadedFeed::add(Asked asked) {
  const std::lock_guard lock(mutex_);
  asked_.push_back(std::move(asked));
  changed_.notify_all();
}

void ThreadedFeed::tell_all() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_ || !asked_.empty(); });
    if (asked_.empty()) return;
    Asked asked = std::move(asked_.front());
    asked_.pop_front();
    lock.unlock();
    told_file_ = asked.file;
    if (!asked.ticket) {
      told(asked.name, asked.failure, true);
      continue;
    }
    const FrameResult result = asked.ticket->get();
    told(asked.name, service_.answer(asked.name, asked.body, result),
         result.failure.has_value());
  }
}

}  // namespace shoal
