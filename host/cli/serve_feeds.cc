// Frames from a pipe and from a folder.
#include <filesystem>
#include <functional>
#include <map>
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
    if (!is_file_kept()) {
      tell(
          "warning: %s: the file has gone or changed since, so its answer is "
          "on stdout alone\n",
          name.c_str());
      return;
    }
    try {
      const auto to = free_place(failed ? "failed" : "done", name);
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

  // Returns where to move a file: its name is numbered if another one has it.
  // The inner folder may have been removed; the watched one is not made again.
  std::filesystem::path free_place(const char* inner, const std::string& name) {
    const auto folder = folder_ / inner;
    std::filesystem::create_directory(folder);
    const std::filesystem::path file(name);
    std::filesystem::path to = folder / file;
    // An answer without its file is of a service that was killed in between; it
    // runs the file again.
    const auto is_taken = [](const std::filesystem::path& path) {
      return std::filesystem::exists(path) ||
             std::filesystem::exists(path.string() + ".json.json");
    };
    if (!is_taken(to)) return to;
    int64_t& number = numbers_[to.string()];
    do {
      to = folder / (file.stem().string() + "." + std::to_string(++number) +
                     file.extension().string());
    } while (is_taken(to));
    return to;
  }

  const std::filesystem::path folder_;
  const FileKind kind_;
  WatchedFolder watched_;
  // It holds the last number taken in each place, so that a camera's
  // thousandth file of one name looks for one place.
  std::map<std::string, int64_t> numbers_;
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
