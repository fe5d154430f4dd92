// An MQTT client by libmosquitto, where it was there when shoal was built. Its
// session outlives connections: a broker that keeps sessions loses no message
// of QoS 1 while either side is away.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace shoal {

bool has_mqtt();

struct MqttPlace {
  std::string address;         // HOST:PORT of the broker
  std::string client;          // name of the session
  std::string user, password;  // empty: none
  std::string ca;              // PEM file; with it the connection uses TLS
};

struct MqttMessage {
  std::string topic;
  std::span<const uint8_t> bytes;
  bool is_retained = false;  // was there before anybody asked for it
  int number = 0;  // the broker's; the same if it sends the message again
};

class MqttClient {
 public:
  // Called in the thread of turn().
  struct Handler {
    // The broker hears that the message has come when this has returned.
    std::function<void(const MqttMessage&)> message;
    std::function<void(int number)> acknowledged;  // of publish()
    std::function<void()> subscribed;
  };

  // Asks for `filter`, if it is not empty. Throws Error(kUsage) for what is no
  // address or filter, and for a file of certificates that cannot be read.
  MqttClient(const MqttPlace&, std::string filter, Handler);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  // Sends and receives, and connects where there is no connection, for up to
  // `milliseconds`. Returns why there is none, or an empty text. Throws
  // Error(kUsage) if the broker refuses the client.
  std::string turn(int milliseconds);
  // From any thread: a message of QoS 1, sent again until the broker has it.
  // Returns its number. Throws Error(kUsage) for what is no topic.
  int publish(const std::string& topic, const std::string& text);
  int publish(const std::string& topic, std::span<const uint8_t> bytes);

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

// Returns whether a filter takes a topic. Throws Error(kUsage) for what is no
// filter.
bool mqtt_takes(const std::string& filter, const std::string& topic);

}  // namespace shoal
