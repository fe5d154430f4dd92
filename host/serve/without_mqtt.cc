#include "host/base/error.h"
#include "host/serve/mqtt.h"

namespace shoal {
namespace {

Error no_mqtt() {
  return Error(Exit::kUnsupported, "this shoal was built without MQTT",
               "install libmosquitto (libmosquitto-dev) and build it again");
}

}  // namespace

class MqttClient::Work {};

bool has_mqtt() { return false; }

MqttClient::MqttClient(const MqttPlace&, std::string, Handler) {
  throw no_mqtt();
}
MqttClient::~MqttClient() = default;
std::string MqttClient::turn(int) { throw no_mqtt(); }
int MqttClient::publish(const std::string&, const std::string&) {
  throw no_mqtt();
}
int MqttClient::publish(const std::string&, std::span<const uint8_t>) {
  throw no_mqtt();
}
bool mqtt_takes(const std::string&, const std::string&) { throw no_mqtt(); }

}  // namespace shoal
