// A Mosquitto on loopback for tests, and a client that publishes frames and
// collects answers.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/serve/mqtt.h"
#include "tests/command.h"
#include "tests/free_port.h"

namespace shoal {

// Returns where Mosquitto is, or an empty text.
inline std::string mosquitto_path() {
  for (const char* path : {"/usr/sbin/mosquitto", "/usr/bin/mosquitto",
                           "/usr/local/sbin/mosquitto"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

class MqttBroker {
 public:
  // `settings`: more lines of its configuration. It keeps sessions and messages
  // in the workshop while it is stopped.
  MqttBroker(const Workshop& shop, const std::string& settings)
      : shop_(shop), port_(free_port(SOCK_STREAM)) {
    // Started as root it would change to a user who may not write there.
    const std::string text =
        "listener " + std::to_string(port_) +
        " 127.0.0.1\npersistence true\npersistence_location " + shop.path("") +
        "/\nuser root\n" + settings;
    shop.write("broker.conf", {text.begin(), text.end()});
    start();
  }
  ~MqttBroker() { stop(); }
  MqttBroker(const MqttBroker&) = delete;
  MqttBroker& operator=(const MqttBroker&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void start() {
    const std::string program = mosquitto_path();
    const std::string config = shop_.path("broker.conf");
    process_ = fork();
    if (process_ == 0) {
      const int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, 1), dup2(nowhere, 2);
      execl(program.c_str(), "mosquitto", "-c", config.c_str(), nullptr);
      _exit(127);
    }
  }
  void stop() {
    if (process_ <= 0) return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }

 private:
  const Workshop& shop_;
  const int port_;
  pid_t process_ = -1;
};

// The answers of a service, by their ids; a frame that was run twice has two.
class MqttCamera {
 public:
  explicit MqttCamera(const MqttPlace& place)
      : client_(place, "answers/#",
                {[this](const MqttMessage& m) { hear(m); },
                 [this](int) { --without_receipt_; },
                 [this] { is_ready_ = true; }}) {}

  void send(const std::string& id, const std::string& bytes) {
    ++without_receipt_;
    client_.publish("frames/" + id,
                    std::span(reinterpret_cast<const uint8_t*>(bytes.data()),
                              bytes.size()));
  }
  // Lets messages come until `done`; false after half a minute.
  template <class Done>
  bool wait(Done done) {
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      if (std::chrono::steady_clock::now() > until) return false;
      client_.turn(10);
    }
    return true;
  }
  bool wait_until_ready() {
    return wait([this] { return is_ready_; });
  }
  bool wait_for(size_t count) {
    return wait(
        [&] { return answers.size() >= count && without_receipt_ == 0; });
  }

  std::map<std::string, std::vector<nlohmann::json>> answers;

 private:
  void hear(const MqttMessage& m) {
    const nlohmann::json answer =
        nlohmann::json::parse(m.bytes.begin(), m.bytes.end());
    const std::string id = answer.at("id");
    EXPECT_EQ(m.topic, "answers/" + id);
    answers[id].push_back(answer);
  }

  bool is_ready_ = false;
  int without_receipt_ = 0;
  MqttClient client_;
};

}  // namespace shoal
