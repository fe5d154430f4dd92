#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/units.h"
#include "host/cli/commands.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/service_token.h"
#include "host/serve/http.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr double kPatience = 5;  // seconds

// Returns the status; another server may send any JSON.
json look(const WatchFlags& flags, const std::string& token) {
  const std::string text =
      http_get({flags.address, token, flags.ca}, "/status", kPatience);
  json status = json::parse(text, nullptr, false);
  const auto is_list = [&](const char* name) {
    return status.contains(name) && status[name].is_array();
  };
  if (!status.is_object() || !is_list("nodes") || !is_list("events") ||
      !is_list("models")) {
    throw Error(Exit::kNode, flags.address + ": this is no `shoal serve`",
                "the address that `shoal serve` prints");
  }
  return status;
}

std::string text_at(const json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) return "";
  const json& value = object[name];
  return value.is_string() ? printable(value.get<std::string>()) : "";
}

double number_at(const json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) return 0;
  return object[name].is_number() ? object[name].get<double>() : 0;
}

std::string count_at(const json& object, const char* name) {
  const double value = number_at(object, name);
  const bool fits = value >= 0 && value < 9e15;
  return fits ? format_count(static_cast<int64_t>(value)) : "?";
}

void print_nodes(const json& nodes) {
  say("  %-16s %-22s %-6s %6s %12s %12s\n", "node", "address", "state",
      "joined", "round trip", "sent again");
  for (const json& n : nodes) {
    const double trip = number_at(n, "round_trip_s");
    say("  %-16s %-22s %-6s %6s %12s %10s B\n", text_at(n, "name").c_str(),
        text_at(n, "address").c_str(), text_at(n, "state").c_str(),
        count_at(n, "incarnation").c_str(),
        trip > 0 ? format_time(trip).c_str() : "-",
        count_at(n, "resent_bytes").c_str());
  }
}

// Returns the sum over all models.
double sum_of(const json& status, const char* name) {
  double sum = 0;
  for (const json& m : status["models"]) sum += number_at(m, name);
  return sum;
}

void print(const json& status, double frames_per_s,
           const std::vector<std::string>& news) {
  const std::string reason = text_at(status, "reason");
  say("%s%s%s; %s frames/s; nodes lost: %s, taken in again: %s\n",
      text_at(status, "state").c_str(), reason.empty() ? "" : ": ",
      reason.c_str(), format_three_digits(frames_per_s).c_str(),
      count_at(status, "losses").c_str(), count_at(status, "returns").c_str());
  for (const json& m : status["models"]) {
    say("  %s at %s: %s done, %s run again, %s failed, %s refused, %s wait\n",
        text_at(m, "model").c_str(), text_at(m, "path").c_str(),
        count_at(m, "done").c_str(), count_at(m, "repeats").c_str(),
        count_at(m, "failed").c_str(), count_at(m, "refused").c_str(),
        count_at(m, "waiting").c_str());
  }
  if (!status["nodes"].empty()) print_nodes(status["nodes"]);
  for (const std::string& event : news) say("  %s\n", event.c_str());
}

// The service tells its last events each time.
class Events {
 public:
  // Returns those that were not among the ones before.
  std::vector<std::string> news(const json& events) {
    std::vector<std::string> now;
    for (const json& e : events) {
      if (e.is_string()) now.push_back(printable(e.get<std::string>()));
    }
    size_t known = std::min(before_.size(), now.size());
    while (!std::equal(now.begin(), now.begin() + static_cast<ptrdiff_t>(known),
                       before_.end() - static_cast<ptrdiff_t>(known))) {
      --known;
    }
    before_ = now;
    now.erase(now.begin(), now.begin() + static_cast<ptrdiff_t>(known));
    return now;
  }

 private:
  std::vector<std::string> before_;
};

// A service, from one look at it to the next.
class Watched {
 public:
  explicit Watched(bool prints_json) : prints_json_(prints_json) {}

  void answered(json status) {
    const Clock::time_point now = Clock::now();
    const double done = sum_of(status, "done");
    const double began = number_at(status, "began_s");
    const bool is_new = done_ && began != began_;
    const double rate = done_ && !is_new ? (done - *done_) / since(at_) : 0;
    std::vector<std::string> news = events_.news(status["events"]);
    if (silent_at_) {
      news.insert(news.begin(), (is_new ? "a new service answers, after "
                                        : "the service answers again, after ") +
                                    format_time(since(*silent_at_)));
    }
    silent_at_.reset();
    if (prints_json_) {
      print_line(std::move(status), rate);
    } else {
      print(status, rate, news);
    }
    done_ = done;
    began_ = began;
    at_ = now;
  }

  void silent(const std::string& why) {
    if (!silent_at_) silent_at_ = at_;
    const std::string text = why + ", for " + format_time(since(*silent_at_));
    if (prints_json_) {
      print_line({{"state", "silent"},
                  {"reason", text},
                  {"models", json::array()},
                  {"nodes", json::array()},
                  {"events", json::array()}},
                 0);
    } else {
      say("%s\n", text.c_str());
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double since(Clock::time_point at) {
    return std::chrono::duration<double>(Clock::now() - at).count();
  }
  static void print_line(json status, double frames_per_s) {
    status["frames_per_s"] = frames_per_s;
    say_json_text(status.dump(-1, ' ', false, json::error_handler_t::replace) +
                  "\n");
  }

  const bool prints_json_;
  std::optional<double> done_;
  double began_ = 0;                            // of the service
  Clock::time_point at_;                        // of the last answer
  std::optional<Clock::time_point> silent_at_;  // since then
  Events events_;
};

}  // namespace

int watch_command(const WatchFlags& flags) {
  const std::string token = service_token(flags.token);
  check_files({{"--token", flags.token}, {"--http-ca", flags.ca}}, {});
  if (!flags.ca.empty()) read_file(flags.ca, files::kData);
  Watched watched(flags.json);
  for (int looks = 0; flags.count == 0 || looks < flags.count; ++looks) {
    if (looks > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(flags.every));
    }
    try {
      watched.answered(look(flags, token));
    } catch (const Error& e) {
      // A service that is started again is watched on.
      if (looks == 0 || e.code() != Exit::kNode) throw;
      watched.silent(e.what());
    }
    flush_output();
  }
  return 0;
}

}  // namespace shoal
