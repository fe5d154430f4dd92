// Makes a model's inputs of the bytes of a frame, wherever they came from, and
// JSON of the engine's output.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <semaphore>
#include <span>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/cli/results.h"
#include "host/data/input/input.h"
#include "host/serve/frame_desk.h"
#include "host/serve/http.h"
#include "host/serve/mqtt.h"

namespace shoal {

// Used by many threads at once.
class FrameService {
 public:
  // `name`: of a model besides the first one, else empty.
  FrameService(std::string name, FrameDesk&, Results&, const Graph&,
               InputOptions);

  const std::string& name() const { return name_; }
  // Where its frames are posted to.
  std::string path() const { return name_.empty() ? "/run" : "/run/" + name_; }

  // The inputs of a frame. Throws Error(kUsage, kCorrupt) for what is none.
  // `name` tells the kind if it ends in one.
  Bytes inputs(const std::string& name, std::span<const uint8_t> body);
  // The answer as `shoal run --json` prints it, with the frame's number; or
  // {"error"} with the reason.
  nlohmann::json answer(const std::string& name,
                        const std::shared_ptr<const Bytes>& body,
                        const FrameResult&);
  static nlohmann::json failure(const std::string& name, const Error&);

  // A place that frames came from has ended with this error, and the service
  // goes on.
  void place_ended(const Error&);
  // Returns what those errors say.
  std::vector<std::string> ended_places() const;

  // Counts bytes that are no frame.
  void count_bad() { ++bad_; }
  int64_t bad() const { return bad_; }
  FrameDesk& desk() { return desk_; }
  const FrameDesk& desk() const { return desk_; }
  const Graph& graph() const { return graph_; }

 private:
  // A small file may be a large picture, so only few are decoded at a time.
  static constexpr int kMostDecoded = 2;

  const std::string name_;
  FrameDesk& desk_;
  Results& results_;
  const Graph& graph_;
  const InputOptions options_;
  std::atomic<int64_t> bad_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> ended_places_;
  std::counting_semaphore<> decoding_{kMostDecoded};
};

// The first one is at /run, each other one at /run/NAME.
using ServedModels = std::vector<FrameService*>;

// Metrics in the text format of Prometheus, and the same as JSON for `watch`.
std::string metrics_text(const ServedModels&);
nlohmann::json status_json(const ServedModels&);

// How HTTP requests are answered:
//   POST /run      a picture or values: the answer as JSON
//   GET /healthz   200 while frames are run, else 503
//   GET /status    the service as JSON
//   GET /metrics   the same for Prometheus
HttpServer::Handler http_handler(const ServedModels&, double request_seconds);

// A thread that takes frames from a place until it ends or is told to.
class FrameFeed {
 public:
  virtual ~FrameFeed() = default;
  // Returns the error with which it ended by itself.
  virtual std::optional<Error> end() = 0;
};
// Called when a feed ends by itself, with its error if that is why; else null.
using FeedEnds = std::function<void(const Error*)>;
std::unique_ptr<FrameFeed> feed_from_pipe(FrameService&,
                                          const std::string& path,
                                          bool prefixed, int64_t most_bytes,
                                          FeedEnds ended);
std::unique_ptr<FrameFeed> feed_from_folder(FrameService&,
                                            const std::string& folder,
                                            int64_t most_bytes, FeedEnds ended);
std::unique_ptr<FrameFeed> feed_from_mqtt(FrameService&, const MqttFlags&,
                                          int64_t most_bytes, FeedEnds ended);
// Throws Error(kUsage, kUnsupported) for flags that no broker can serve.
void check_mqtt(const MqttFlags&);
MqttPlace mqtt_place(const MqttFlags&);

}  // namespace shoal
