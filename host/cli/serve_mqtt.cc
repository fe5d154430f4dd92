// Frames from an MQTT broker, and their answers to it.
//
// The broker keeps this client's session, and hears of a message when its
// handler has returned: then the frame is in the spool, if there is one. It
// leaves that when the broker has the answer. So a broker or a service that is
// killed loses no frame. One that the broker sends again while it is in the
// spool is the same; one without a spool may be run twice, and both answers
// have its id.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/text_bytes.h"
#include "host/cli/output.h"
#include "host/cli/serve.h"
#include "host/cli/service_token.h"
#include "host/cli/threaded_feed.h"
#include "host/oracle/golden/checksum.h"
#include "host/serve/mqtt.h"

namespace shoal {
namespace {

constexpr int kTurnMs = 20;
// For the broker to take the last answers.
constexpr std::chrono::seconds kLastAnswers{10};
constexpr size_t kIdDigits = 16;
constexpr char kSpooled[] = ".frame";

// Returns what the wildcard at the end of a filter stands for; empty: it has
// none.
std::string behind_wildcard(const std::string& filter,
                            const std::string& topic) {
  if (!filter.ends_with("/#")) return "";
  const size_t prefix = filter.size() - 1;
  return topic.size() > prefix ? topic.substr(prefix) : "";
}

std::pair<std::string, std::string> login_of(const std::string& file) {
  if (file.empty() && !std::getenv("SHOAL_MQTT_LOGIN")) return {};
  const std::string text = secret_of(file, "SHOAL_MQTT_LOGIN");
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0) {
    throw Error(
        Exit::kUsage,
        (file.empty() ? "SHOAL_MQTT_LOGIN" : file) + ": it is no USER:PASSWORD",
        "a first line such as camera:secret");
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// Two services that take the same frames at the same broker share a session
// and end each other's connections; so each has its own frames.
std::string client_name(const MqttFlags& flags) {
  return "shoal-" +
         sha256_hex(std::vector<uint8_t>(flags.in.begin(), flags.in.end()))
             .substr(0, kIdDigits);
}

class MqttFeed final : public ThreadedFeed {
 public:
  MqttFeed(FrameService& service, const MqttFlags& flags, int64_t most_bytes,
           FeedEnds ended)
      : ThreadedFeed(service, std::move(ended)),
        flags_(flags),
        most_bytes_(most_bytes),
        client_(mqtt_place(flags), flags.in,
                {[this](const MqttMessage& m) { hear(m); },
                 [this](int number) { forget(number); },
                 [this] { tell_where(); }}) {
    if (!flags_.spool.empty()) find_spooled();
    start();
  }
  ~MqttFeed() override { static_cast<void>(end()); }

 private:
  struct Frame {
    std::string topic;  // of the answer
    std::string id;
    std::string spooled;  // file, or empty
  };
  struct Arrived {
    Frame frame;
    Bytes bytes;
    std::optional<Error> failure;
  };

  // Messages that were received before the service was killed come first.
  void find_spooled() {
    make_folder(flags_.spool);
    std::vector<std::string> names;
    std::vector<std::filesystem::path> unfinished;
    for (const auto& entry :
         std::filesystem::directory_iterator(flags_.spool)) {
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() == kSpooled) {
        names.push_back(entry.path().string());
      } else if (name.starts_with(".shoal-")) {
        // A write that was killed; the broker sends its message again.
        unfinished.push_back(entry.path());
      }
    }
    for (const auto& path : unfinished) std::filesystem::remove(path);
    std::ranges::sort(names);
    const FileKind kind{"a frame of the spool", most_bytes_ + 65536};
    for (const std::string& name : names) {
      const Bytes file = read_file(name, kind);
      const auto line = std::ranges::find(file, uint8_t{'\n'});
      if (line == file.end()) {
        throw Error(Exit::kCorrupt, printable(name) + ": it is no frame",
                    "take it out of the spool");
      }
      add(std::string(file.begin(), line), Bytes(line + 1, file.end()), name);
      const std::string stem = std::filesystem::path(name).stem().string();
      char* behind = nullptr;
      number_ = std::max(number_, std::strtoull(stem.c_str(), &behind, 10));
      if (*behind == '-') sent_as_[std::atoi(behind + 1)] = name;
    }
    if (!names.empty()) {
      tell("%s: %zu frames have no answer yet\n", flags_.spool.c_str(),
           names.size());
    }
  }

  void add(const std::string& topic, Bytes bytes, const std::string& spooled) {
    const std::string behind = behind_wildcard(flags_.in, topic);
    Frame frame{flags_.out, behind, spooled};
    if (behind.empty()) {
      frame.id = sha256_hex(bytes).substr(0, kIdDigits);
    } else {
      frame.topic += "/" + behind;
    }
    arrived_.push_back({std::move(frame), std::move(bytes), {}});
  }

  // Returns the file. No error leaves the handler of a library in C: where the
  // spool fails, the frame is run all the same.
  std::string spooled(const MqttMessage& m) {
    if (flags_.spool.empty()) return "";
    std::string name = std::to_string(++number_);
    name.insert(0, 20 - name.size(), '0');
    std::string file =
        flags_.spool + "/" + name + "-" + std::to_string(m.number) + kSpooled;
    try {
      static_cast<void>(
          write_secret(file, spooled_text(m), Existing::kReplaced));
    } catch (const Error& e) {
      tell("warning: a frame is not in the spool: %s\n", e.what());
      return "";
    }
    sent_as_[m.number] = file;
    return file;
  }
  static std::string spooled_text(const MqttMessage& m) {
    return m.topic + "\n" + std::string(m.bytes.begin(), m.bytes.end());
  }
  // A broker that did not hear of a message sends it again.
  bool is_in_spool(const MqttMessage& m) const {
    const auto at = sent_as_.find(m.number);
    if (at == sent_as_.end()) return false;
    try {
      return std::ranges::equal(read_file(at->second),
                                bytes_of(spooled_text(m)));
    } catch (const Error&) {  // the frame has its answer
      return false;
    }
  }

  void hear(const MqttMessage& m) {
    if (m.is_retained) {
      tell("warning: %s: a retained message is no new frame\n",
           printable(m.topic).c_str());
      return;
    }
    const auto bytes = static_cast<int64_t>(m.bytes.size());
    if (bytes > most_bytes_) {
      add(m.topic, {}, "");
      arrived_.back().failure.emplace(
          Exit::kUsage,
          "the message has " + format_count(bytes) + " bytes, and " +
              format_count(most_bytes_) + " are allowed",
          "a smaller one, or a larger --max-body");
      return;
    }
    if (is_in_spool(m)) return;
    add(m.topic, {m.bytes.begin(), m.bytes.end()}, spooled(m));
  }

  void take_all() override {
    using Clock = std::chrono::steady_clock;
    std::optional<Clock::time_point> until;
    bool was_there = true;
    for (;;) {
      const std::string away = client_.turn(kTurnMs);
      while (!arrived_.empty()) {
        Arrived a = std::move(arrived_.front());
        arrived_.pop_front();
        give(std::move(a));
      }
      // The frames of the spool have begun when this is said.
      if (away.empty() != was_there && away != "connecting") {
        was_there = away.empty();
        tell("%s\n", was_there ? "the MQTT broker is there again"
                               : ("warning: " + away).c_str());
      }
      pollfd p{stop(), POLLIN, 0};
      if (!until && poll(&p, 1, 0) > 0) until = Clock::now() + kLastAnswers;
      if (!until) continue;
      if (without_answer() == 0) {
        if (left_ > 0) {
          tell("%s: %zu frames wait for the next start\n", flags_.spool.c_str(),
               left_);
        }
        return;
      }
      if (Clock::now() > *until) {
        throw Error(Exit::kNode,
                    "the MQTT broker " + flags_.address + " has not taken " +
                        std::to_string(without_answer()) +
                        (without_answer() == 1 ? " answer" : " answers"),
                    flags_.spool.empty()
                        ? "--mqtt-spool keeps their frames"
                        : "start again: their frames are in the spool");
      }
    }
  }

  void give(Arrived a) {
    const std::string id = a.frame.id;
    const Frame frame = a.frame;
    {
      const std::lock_guard lock(frames_mutex_);
      taken_.push_back(std::move(a.frame));
    }
    if (a.failure) return take_failure(id, *a.failure);
    if (take(id, "", std::move(a.bytes), frame.spooled)) return;
    {
      const std::lock_guard lock(frames_mutex_);
      taken_.pop_back();
    }
    if (!frame.spooled.empty()) {
      ++left_;
      return;
    }
    send(frame,
         FrameService::failure(id, Error(Exit::kBusy, "the service is stopping",
                                         "send it again")));
  }

  // Frames are told in the order in which they were taken.
  void told(const std::string&, const nlohmann::json& answer, bool) override {
    Frame frame;
    {
      const std::lock_guard lock(frames_mutex_);
      frame = taken_.front();
    }
    try {
      send(frame, answer);
    } catch (const Error& e) {
      tell("warning: an answer cannot be published: %s\n", e.what());
    }
    const std::lock_guard lock(frames_mutex_);
    taken_.pop_front();
  }

  void send(const Frame& frame, nlohmann::json answer) {
    answer["id"] = frame.id;
    const std::string text = printable_json(
        answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    const std::lock_guard lock(frames_mutex_);
    sent_[client_.publish(frame.topic, text)] = frame.spooled;
  }

  // The broker has the answer.
  void forget(int number) {
    const std::lock_guard lock(frames_mutex_);
    const auto at = sent_.find(number);
    if (at == sent_.end()) return;
    std::error_code error;
    if (!at->second.empty()) std::filesystem::remove(at->second, error);
    sent_.erase(at);
  }

  size_t without_answer() {
    const std::lock_guard lock(frames_mutex_);
    return taken_.size() + sent_.size();
  }

  void tell_where() {
    if (std::exchange(is_told_, true)) return;
    say("frames come from mqtt://%s %s\n", flags_.address.c_str(),
        printable(flags_.in).c_str());
    flush_output();
  }

  const MqttFlags flags_;
  const int64_t most_bytes_;
  unsigned long long number_ = 0;       // of the last spooled frame
  std::map<int, std::string> sent_as_;  // spooled files by the broker's number
  std::deque<Arrived> arrived_;         // of the thread that takes
  size_t left_ = 0;                     // in the spool, not begun
  bool is_told_ = false;
  std::mutex frames_mutex_;
  std::deque<Frame> taken_;          // without an answer
  std::map<int, std::string> sent_;  // answers that the broker has not yet
  MqttClient client_;
};

}  // namespace

MqttPlace mqtt_place(const MqttFlags& flags) {
  const auto [user, password] = login_of(flags.login);
  return {flags.address, client_name(flags), user, password, flags.ca};
}

void check_mqtt(const MqttFlags& flags) {
  if (flags.address.empty()) {
    if ((flags.in + flags.out + flags.login + flags.ca + flags.spool).empty()) {
      return;
    }
    throw Error(Exit::kUsage, "the flags of MQTT need --mqtt",
                "--mqtt HOST:PORT, or leave them out");
  }
  if (flags.in.empty() || flags.out.empty()) {
    throw Error(Exit::kUsage, "--mqtt needs the topics of frames and answers",
                "such as --mqtt-in frames/# --mqtt-out answers");
  }
  if (!has_mqtt()) {
    throw Error(Exit::kUnsupported, "this shoal was built without MQTT",
                "install libmosquitto (libmosquitto-dev) and build it again");
  }
  if (flags.out.find_first_of("+#") != std::string::npos) {
    throw Error(Exit::kUsage,
                "--mqtt-out " + printable(flags.out) +
                    ": answers go to one topic, without wildcards",
                "such as answers");
  }
  if (mqtt_takes(flags.in, flags.out) ||
      mqtt_takes(flags.in, flags.out + "/x")) {
    throw Error(Exit::kUsage,
                "--mqtt-out " + printable(flags.out) +
                    ": its answers would come back as frames of --mqtt-in",
                "another topic");
  }
  const bool is_here = flags.address.starts_with("127.") ||
                       flags.address.starts_with("localhost:");
  if (flags.ca.empty() && !is_here && !login_of(flags.login).first.empty()) {
    tell("warning: --mqtt %s: the password is sent without TLS (--mqtt-ca)\n",
         flags.address.c_str());
  }
}

std::unique_ptr<FrameFeed> feed_from_mqtt(FrameService& service,
                                          const MqttFlags& flags,
                                          int64_t most_bytes, FeedEnds ended) {
  return std::make_unique<MqttFeed>(service, flags, most_bytes,
                                    std::move(ended));
}

}  // namespace shoal
