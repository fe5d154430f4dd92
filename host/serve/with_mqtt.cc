#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/descriptor.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/text_bytes.h"
#include "host/serve/mqtt.h"

namespace shoal {
namespace {

// A broker takes a client for gone after one and a half of it.
constexpr int kKeepAliveSeconds = 60;
constexpr int kQos = 1;
constexpr int kMostInFlight = 20;
constexpr std::chrono::milliseconds kFirstPause{100}, kLongestPause{2000};

std::pair<std::string, int> host_and_port(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon != std::string::npos && colon > 0) {
    const char* const end = address.data() + address.size();
    const auto [last, error] =
        std::from_chars(address.data() + colon + 1, end, port);
    if (error == std::errc() && last == end && port > 0 && port < 65536) {
      return {address.substr(0, colon), port};
    }
  }
  throw Error(Exit::kUsage,
              "--mqtt " + printable(address) + ": it is no HOST:PORT",
              "such as 127.0.0.1:1883");
}

void require_filter(const std::string& filter) {
  if (mosquitto_sub_topic_check(filter.c_str()) == MOSQ_ERR_SUCCESS) return;
  throw Error(Exit::kUsage, printable(filter) + ": it is no topic of MQTT",
              "such as frames/#");
}

// Once for the process; the library is not left, because other threads may use
// it until the end.
void use_library() {
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
}

}  // namespace

class MqttClient::Work {
 public:
  Work(const MqttPlace& place, std::string filter, Handler handler)
      : place_(place),
        at_(host_and_port(place.address)),
        filter_(std::move(filter)),
        handler_(std::move(handler)) {
    use_library();
    if (!filter_.empty()) require_filter(filter_);
    kept_.reset(mosquitto_new(place_.client.c_str(), false, this),
                mosquitto_destroy);
    client_ = kept_.get();
    if (!client_) throw Error(Exit::kInternal, "there is no MQTT client");
    // The library then queues acknowledgements, so they go behind the handler.
    mosquitto_threaded_set(client_, true);
    mosquitto_max_inflight_messages_set(client_, kMostInFlight);
    mosquitto_connect_callback_set(client_, connected);
    mosquitto_message_callback_set(client_, came);
    mosquitto_publish_callback_set(client_, published);
    mosquitto_subscribe_callback_set(client_, subscribed);
    if (!place_.user.empty()) {
      mosquitto_username_pw_set(client_, place_.user.c_str(),
                                place_.password.c_str());
    }
    if (!place_.ca.empty() &&
        mosquitto_tls_set(client_, place_.ca.c_str(), nullptr, nullptr, nullptr,
                          nullptr) != MOSQ_ERR_SUCCESS) {
      mosquitto_destroy(client_);
      throw Error(Exit::kUsage,
                  printable(place_.ca) + ": the certificates cannot be used",
                  "a PEM file with the authority's certificate");
    }
  }
  ~Work() {
    if (attempt_.valid()) return;  // its thread has the client
    mosquitto_disconnect(client_);
    mosquitto_loop(client_, 0, 1);
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  std::string turn(int milliseconds) {
    const std::chrono::milliseconds time(milliseconds);
    Result result;
    if (attempt_.valid()) {
      if (attempt_.wait_for(time) != std::future_status::ready) return why();
      result = attempt_.get();
    } else if (mosquitto_socket(client_) < 0) {
      if (Clock::now() >= again_at_) {
        connect();
      } else {
        std::this_thread::sleep_for(time);
      }
      return why();
    }
    if (result.error == MOSQ_ERR_SUCCESS) {
      result.error = mosquitto_loop(client_, milliseconds, 1);
      result.number = errno;
    }
    if (refused_) throw Error(*refused_);
    const std::lock_guard lock(mutex_);
    if (result.error != MOSQ_ERR_SUCCESS) {
      why_ =
          "the MQTT broker " + place_.address + ": " +
          (result.error == MOSQ_ERR_ERRNO ? error_text(result.number)
                                          : mosquitto_strerror(result.error));
      is_connected_ = false;
      again_at_ = Clock::now() + pause_;
      pause_ = std::min(2 * pause_, kLongestPause);
    }
    if (is_connected_) hand_over();
    return is_connected_ ? "" : why();
  }

  int publish(const std::string& topic, std::span<const uint8_t> bytes) {
    int error = mosquitto_pub_topic_check(topic.c_str());
    if (bytes.size() > MQTT_MAX_PAYLOAD) error = MOSQ_ERR_PAYLOAD_SIZE;
    if (error != MOSQ_ERR_SUCCESS) {
      throw Error(Exit::kUsage,
                  printable(topic) + ": nothing can be " +
                      "published there: " + mosquitto_strerror(error));
    }
    const std::lock_guard lock(mutex_);
    waiting_.push_back({++last_number_, topic, {bytes.begin(), bytes.end()}});
    if (is_connected_) hand_over();
    return last_number_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Result {
    int error = MOSQ_ERR_SUCCESS;
    int number = 0;  // errno, for MOSQ_ERR_ERRNO
  };
  struct Outgoing {
    int number = 0;
    std::string topic;
    std::vector<uint8_t> bytes;
  };

  // The library keeps what it was given until the broker has it, except that it
  // never sends what came while another thread connects, after it had reset its
  // list and before it had a socket. So messages wait here for a connection.
  // The caller has the mutex.
  void hand_over() {
    for (; !waiting_.empty(); waiting_.pop_front()) {
      const Outgoing& out = waiting_.front();
      int id = 0;
      const int error = mosquitto_publish(client_, &id, out.topic.c_str(),
                                          static_cast<int>(out.bytes.size()),
                                          out.bytes.data(), kQos, false);
      // If the connection was lost a moment ago, it goes with the next one.
      if (error != MOSQ_ERR_SUCCESS && error != MOSQ_ERR_NO_CONN &&
          error != MOSQ_ERR_CONN_LOST) {
        throw Error(Exit::kInternal, printable(out.topic) +
                                         ": nothing can be published: " +
                                         mosquitto_strerror(error));
      }
      numbers_[id] = out.number;
    }
  }

  // Looking a name up, and each of its addresses in turn if nothing answers
  // there, may take minutes, which the caller does not wait. The library's own
  // way to connect beside the caller tries the first address only.
  void connect() {
    std::promise<Result> done;
    attempt_ = done.get_future();
    std::thread([client = kept_, at = at_, done = std::move(done)]() mutable {
      const int error = mosquitto_connect(client.get(), at.first.c_str(),
                                          at.second, kKeepAliveSeconds);
      done.set_value({error, errno});
    }).detach();
  }

  std::string why() const { return why_.empty() ? "connecting" : why_; }

  static Work& self(void* user) { return *static_cast<Work*>(user); }
  static void connected(mosquitto* client, void* user, int code) {
    Work& work = self(user);
    if (code != 0) {
      // 3: the server is not available, which passes.
      if (code == 3) return;
      work.refused_.emplace(
          Exit::kUsage,
          "the MQTT broker " + work.place_.address +
              " refuses this client: " + mosquitto_connack_string(code),
          "another user or password (--mqtt-login)");
      return;
    }
    {
      const std::lock_guard lock(work.mutex_);
      work.is_connected_ = true;
    }
    work.why_.clear();
    work.pause_ = kFirstPause;
    if (!work.filter_.empty()) {
      mosquitto_subscribe(client, nullptr, work.filter_.c_str(), kQos);
    }
  }
  static void came(mosquitto*, void* user, const mosquitto_message* m) {
    const auto* const bytes = static_cast<const uint8_t*>(m->payload);
    self(user).handler_.message({m->topic,
                                 {bytes, static_cast<size_t>(m->payloadlen)},
                                 m->retain,
                                 m->mid});
  }
  static void published(mosquitto*, void* user, int id) {
    Work& work = self(user);
    int number = 0;
    {
      const std::lock_guard lock(work.mutex_);
      const auto at = work.numbers_.find(id);
      if (at == work.numbers_.end()) return;
      number = at->second;
      work.numbers_.erase(at);
    }
    if (work.handler_.acknowledged) work.handler_.acknowledged(number);
  }
  static void subscribed(mosquitto*, void* user, int, int, const int*) {
    if (self(user).handler_.subscribed) self(user).handler_.subscribed();
  }

  const MqttPlace place_;
  const std::pair<std::string, int> at_;  // host, port
  const std::string filter_;
  const Handler handler_;
  std::shared_ptr<mosquitto> kept_;
  mosquitto* client_ = nullptr;
  std::future<Result> attempt_;  // valid while a thread connects
  std::optional<Error> refused_;
  std::string why_;
  Clock::time_point again_at_;
  std::chrono::milliseconds pause_ = kFirstPause;

  std::mutex mutex_;  // of what follows
  bool is_connected_ = false;
  int last_number_ = 0;
  std::deque<Outgoing> waiting_;
  std::map<int, int> numbers_;  // of messages, by what the library calls them
};

bool has_mqtt() { return true; }

MqttClient::MqttClient(const MqttPlace& place, std::string filter,
                       Handler handler)
    : work_(std::make_unique<Work>(place, std::move(filter),
                                   std::move(handler))) {}
MqttClient::~MqttClient() = default;

std::string MqttClient::turn(int milliseconds) {
  return work_->turn(milliseconds);
}

int MqttClient::publish(const std::string& topic, const std::string& text) {
  return work_->publish(topic, bytes_of(text));
}

int MqttClient::publish(const std::string& topic,
                        std::span<const uint8_t> bytes) {
  return work_->publish(topic, bytes);
}

bool mqtt_takes(const std::string& filter, const std::string& topic) {
  require_filter(filter);
  bool takes = false;
  return mosquitto_topic_matches_sub(filter.c_str(), topic.c_str(), &takes) ==
             MOSQ_ERR_SUCCESS &&
         takes;
}

}  // namespace shoal
