// Frames from a pipe and from a folder.
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/cli/output.h"
#include "host/cli/serve.h"
#include "host/cli/threaded_feed.h"
#include "host/serve/frame_pipe.h"
#include "host/serve/watched_folder.h"

namespace shoal {
namespace {

class PipeFeed final : public ThreadedFeed {
 public:
  PipeFeed(FrameService& service, const std::string& path, bool prefixed,
           int64_t most_bytes, FeedEnds ended)
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
             int64_t most_bytes, FeedEnds ended)
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
        if (!take(*name, *name, read_file(path, kind_), path)) return;
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
                                          FeedEnds ended) {
  return std::make_unique<PipeFeed>(service, path, prefixed, most_bytes,
                                    std::move(ended));
}

std::unique_ptr<FrameFeed> feed_from_folder(FrameService& service,
                                            const std::string& folder,
                                            int64_t most_bytes,
                                            FeedEnds ended) {
  return std::make_unique<FolderFeed>(service, folder, most_bytes,
                                      std::move(ended));
}

}  // namespace shoal
