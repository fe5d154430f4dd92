// Frames from a pipe and from a folder. Each feed has a thread that takes
// frames and one that tells their answers, in order.
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/cli/output.h"
#include "host/cli/serve.h"
#include "host/serve/frame_pipe.h"
#include "host/serve/wakeup.h"
#include "host/serve/watched_folder.h"

namespace shoal {
namespace {

// A line on stdout; several feeds may say one.
void say_line(const nlohmann::json& json) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  say_json_text(
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
      "\n");
  flush_output();
}

class ThreadedFeed : public FrameFeed {
 public:
  ThreadedFeed(FrameService& service, std::function<void()> ended)
      : service_(service), ended_(std::move(ended)) {}

  std::optional<Error> end() override {
    stop_.set();
    if (taking_.joinable()) taking_.join();
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      changed_.notify_all();
    }
    if (telling_.joinable()) telling_.join();
    return error_;
  }

 protected:
  struct Asked {
    std::string name;
    std::shared_ptr<const Bytes> body;
    std::optional<FrameDesk::Ticket> ticket;
    nlohmann::json failure;  // without a ticket
  };

  void start() {
    taking_ = std::thread([this] {
      try {
        take_all();
      } catch (const Error& e) {
        error_ = e;
      } catch (const std::exception& e) {
        error_ = Error(Exit::kInternal, e.what());
      }
      ended_();
    });
    telling_ = std::thread([this] { tell_all(); });
  }

  // Returns when there is no more to take.
  virtual void take_all() = 0;
  virtual void told(const std::string& name, const nlohmann::json& answer,
                    bool failed) = 0;

  int stop() const { return stop_.descriptor(); }
  // Returns false if the service ends.
  bool take(const std::string& name, const std::string& kind, Bytes bytes) {
    Asked asked{name, std::make_shared<const Bytes>(std::move(bytes)), {}, {}};
    try {
      asked.ticket =
          service_.desk().give_when_free(service_.inputs(kind, *asked.body));
      if (!asked.ticket) return false;
    } catch (const Error& e) {
      service_.count_bad();
      asked.failure = FrameService::failure(name, e);
    }
    add(std::move(asked));
    return true;
  }
  void take_failure(const std::string& name, const Error& e) {
    service_.count_bad();
    add({name, {}, {}, FrameService::failure(name, e)});
  }

 private:
  void add(Asked asked) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(asked));
    changed_.notify_all();
  }

  void tell_all() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return over_ || !asked_.empty(); });
      if (asked_.empty()) return;
      Asked asked = std::move(asked_.front());
      asked_.pop_front();
      lock.unlock();
      if (!asked.ticket) {
        told(asked.name, asked.failure, true);
        continue;
      }
      const FrameResult result = asked.ticket->get();
      told(asked.name, service_.answer(asked.name, asked.body, result),
           result.failure.has_value());
    }
  }

  FrameService& service_;
  const std::function<void()> ended_;
  const Wakeup stop_;
  std::optional<Error> error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Asked> asked_;
  bool over_ = false;
  std::thread taking_, telling_;
};

class PipeFeed final : public ThreadedFeed {
 public:
  PipeFeed(FrameService& service, const std::string& path, bool prefixed,
           int64_t most_bytes, std::function<void()> ended)
      : ThreadedFeed(service, std::move(ended)),
        name_(path == "-" ? "stdin" : path),
        kind_(prefixed ? "" : "frame.bin"),
        pipe_(path,
              prefixed ? std::optional<int64_t>()
                       : input_file_bytes(service.graph()),
              most_bytes) {
    start();
  }
  ~PipeFeed() override { static_cast<void>(end()); }

 private:
  void take_all() override {
    for (int64_t number = 0;; ++number) {
      const std::string name = name_ + " frame " + std::to_string(number);
      try {
        std::optional<Bytes> bytes = pipe_.next(stop());
        if (!bytes || !take(name, kind_, *std::move(bytes))) return;
      } catch (const Error& e) {
        take_failure(name, e);
        if (!pipe_.goes_on()) throw;
      }
    }
  }
  void told(const std::string&, const nlohmann::json& answer, bool) override {
    say_line(answer);
  }

  const std::string name_, kind_;
  FramePipe pipe_;
};

// A file that has its answer is moved to done/ or failed/ with that beside it:
// a service that starts again does not run it again, and runs what has none.
class FolderFeed final : public ThreadedFeed {
 public:
  FolderFeed(FrameService& service, const std::string& folder,
             int64_t most_bytes, std::function<void()> ended)
      : ThreadedFeed(service, std::move(ended)),
        folder_(folder),
        kind_{"a frame", most_bytes},
        watched_(folder) {
    for (const char* const inner : {"done", "failed"}) {
      make_folder((folder_ / inner).string());
    }
    start();
  }
  ~FolderFeed() override { static_cast<void>(end()); }

 private:
  void take_all() override {
    while (const std::optional<std::string> name = watched_.next(stop())) {
      const std::string path = (folder_ / *name).string();
      std::error_code error;
      if (!std::filesystem::exists(path, error)) continue;  // taken away
      try {
        if (!take(*name, *name, read_file(path, kind_))) return;
      } catch (const Error& e) {
        take_failure(*name, e);
      }
    }
  }

  void told(const std::string& name, const nlohmann::json& answer,
            bool failed) override {
    say_line(answer);
    const auto to = folder_ / (failed ? "failed" : "done") / name;
    try {
      write_file(to.string() + ".json",
                 printable_json(answer.dump(
                     2, ' ', false, nlohmann::json::error_handler_t::replace)) +
                     "\n");
      std::filesystem::rename(folder_ / name, to);
    } catch (const std::exception& e) {
      tell("warning: %s: its answer cannot be kept: %s\n", name.c_str(),
           e.what());
    }
  }

  const std::filesystem::path folder_;
  const FileKind kind_;
  WatchedFolder watched_;
};

}  // namespace

std::unique_ptr<FrameFeed> feed_from_pipe(FrameService& service,
                                          const std::string& path,
                                          bool prefixed, int64_t most_bytes,
                                          std::function<void()> ended) {
  return std::make_unique<PipeFeed>(service, path, prefixed, most_bytes,
                                    std::move(ended));
}

std::unique_ptr<FrameFeed> feed_from_folder(FrameService& service,
                                            const std::string& folder,
                                            int64_t most_bytes,
                                            std::function<void()> ended) {
  return std::make_unique<FolderFeed>(service, folder, most_bytes,
                                      std::move(ended));
}

}  // namespace shoal
