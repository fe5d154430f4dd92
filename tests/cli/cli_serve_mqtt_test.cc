// `shoal serve` with an MQTT broker: a real one, on loopback.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/files.h"
#include "host/base/text_bytes.h"
#include "tests/cli/mqtt_broker.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

class CliServeMqtt : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_mqtt()) {
      GTEST_SKIP() << "this shoal was built without MQTT, because there was no "
                      "libmosquitto";
    }
    if (mosquitto_path().empty()) {
      GTEST_SKIP() << "mosquitto is missing (tools/setup.sh tests)";
    }
    shop_.write("m.tflite", worker_model());
  }

  MqttBroker& begin(const std::string& settings = "allow_anonymous true\n") {
    broker_ = std::make_unique<MqttBroker>(shop_, settings);
    return *broker_;
  }
  MqttCamera& watch(MqttPlace place = {}) {
    place.address = broker_->address();
    place.client = "camera";
    camera_ = std::make_unique<MqttCamera>(place);
    EXPECT_TRUE(camera_->wait_until_ready());
    return *camera_;
  }
  std::vector<std::string> flags(const std::vector<std::string>& more) const {
    std::vector<std::string> all = {
        "serve",    "m.tflite",   "--mqtt",  broker_->address(), "--mqtt-in",
        "frames/#", "--mqtt-out", "answers", "--quiet"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::unique_ptr<Background> serve(const std::vector<std::string>& more = {}) {
    auto process = std::make_unique<Background>(shop_, flags(more));
    EXPECT_EQ(process->line(),
              "frames come from mqtt://" + broker_->address() + " frames/#");
    return process;
  }

  // Writes ca.pem, which signs itself, and key.pem.
  bool make_certificate() const {
    return shop_
               .script(
                   "openssl req -x509 -newkey rsa:2048 -nodes -keyout "
                   "key.pem -out ca.pem -subj /CN=broker "
                   "-addext subjectAltName=IP:127.0.0.1")
               .code == 0;
  }
  static std::string frame(unsigned seed) {
    const auto bytes = noise<uint8_t>(kWorkerFrameBytes, seed);
    return {bytes.begin(), bytes.end()};
  }
  void expect_right(const std::string& id, unsigned seed) {
    shop_.write("x.bin", noise<uint8_t>(kWorkerFrameBytes, seed));
    const Told told = shop_.shoal({"run", "m.tflite", "x.bin", "--json"});
    ASSERT_EQ(camera_->answers.count(id), 1u) << id;
    for (const json& answer : camera_->answers[id]) {
      EXPECT_EQ(answer.at("output_sha256"),
                json::parse(told.out).at("output_sha256"))
          << answer;
    }
  }

  Workshop shop_;
  std::unique_ptr<MqttBroker> broker_;
  std::unique_ptr<MqttCamera> camera_;
};

TEST_F(CliServeMqtt, AnswersGoToTheirTopic) {
  begin();
  MqttCamera& camera = watch();
  const auto service = serve({"--max-body", "4K"});
  camera.send("gate/1", frame(1));
  camera.send("gate/2", frame(2));
  camera.send("torn", frame(3).substr(1));
  camera.send("huge", std::string(5000, 'x'));
  camera.send("gate/3", frame(3));
  ASSERT_TRUE(camera.wait_for(5));
  expect_right("gate/1", 1);
  expect_right("gate/3", 3);
  EXPECT_TRUE(camera.answers["torn"][0].contains("error"));
  EXPECT_NE(camera.answers["huge"][0]["error"].dump().find("5,000 bytes"),
            std::string::npos)
      << camera.answers["huge"][0];
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServeMqtt, ABrokerThatIsStoppedLosesNoFrame) {
  MqttBroker& broker = begin();
  MqttCamera& camera = watch();
  const auto service = serve();
  for (unsigned i = 0; i < 8; ++i) {
    camera.send("before" + std::to_string(i), frame(i));
  }
  ASSERT_TRUE(camera.wait_for(1));
  broker.stop();
  for (unsigned i = 0; i < 8; ++i) {
    camera.send("while" + std::to_string(i), frame(i));
  }
  broker.start();
  ASSERT_TRUE(camera.wait_for(16)) << camera.answers.size();
  expect_right("before7", 7);
  expect_right("while7", 7);
}

TEST_F(CliServeMqtt, AServiceThatIsKilledLosesNoFrame) {
  begin();
  MqttCamera& camera = watch();
  const std::vector<std::string> spool = {"--mqtt-spool", shop_.path("spool")};
  auto service = serve(spool);
  for (unsigned i = 0; i < 12; ++i) {
    camera.send(std::to_string(i), frame(i));
  }
  ASSERT_TRUE(camera.wait_for(1));
  service->end(SIGKILL);
  service = serve(spool);
  ASSERT_TRUE(camera.wait_for(12)) << camera.answers.size();
  expect_right("0", 0);
  expect_right("11", 11);
  service->end(SIGTERM);
  for (const auto& left :
       std::filesystem::directory_iterator(shop_.path("spool"))) {
    ADD_FAILURE() << left.path();
  }
}

// The disk is full from some frame on: what is not in the spool is run all the
// same.
TEST_F(CliServeMqtt, AFullDiskForTheSpoolLosesNoFrame) {
  begin();
  MqttCamera& camera = watch();
  const auto service = serve({"--mqtt-spool", shop_.path("spool")});
  camera.send("before", frame(1));
  ASSERT_TRUE(camera.wait_for(1));
  const rlimit nothing{0, RLIM_INFINITY};
  ASSERT_EQ(prlimit(service->id(), RLIMIT_FSIZE, &nothing, nullptr), 0);
  for (unsigned i = 0; i < 4; ++i) camera.send(std::to_string(i), frame(i));
  ASSERT_TRUE(camera.wait_for(5)) << camera.answers.size();
  expect_right("before", 1);
  expect_right("3", 3);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// Frames whose answers nobody takes stay in the spool, and are answered by the
// next service.
TEST_F(CliServeMqtt, ABrokerThatIsAwayAtTheEndLosesNoFrame) {
  MqttBroker& broker = begin();
  broker.stop();
  std::filesystem::create_directory(shop_.path("spool"));
  const std::string spooled = "frames/late\n" + frame(5);
  shop_.write("spool/00000000000000000001.frame",
              {spooled.begin(), spooled.end()});
  const std::vector<std::string> spool = {"--mqtt-spool", shop_.path("spool")};
  const Told told = shop_.script(
      "$SHOAL serve m.tflite --mqtt " + broker.address() +
      " --mqtt-in 'frames/#' --mqtt-out answers --mqtt-spool spool >told 2>&1 "
      "& service=$!\n"
      "until grep -q 'have no answer yet' told && grep -q '^warning: ' told\n"
      "do sleep 0.01; done\n"
      "kill -TERM $service; wait $service; code=$?; cat told; exit $code");
  EXPECT_EQ(told.code, 6) << told.out;
  EXPECT_NE(told.out.find("has not taken 1 answer"), std::string::npos)
      << told.out;
  EXPECT_EQ(told.out.find("1 answers"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("their frames are in the spool"), std::string::npos)
      << told.out;
  broker.start();
  MqttCamera& camera = watch();
  const auto service = serve(spool);
  ASSERT_TRUE(camera.wait_for(1));
  expect_right("late", 5);
}

// Whatever the moment is: the library would never send what it is given while
// another thread connects it.
TEST_F(CliServeMqtt, WhatIsPublishedWhileConnectingReachesTheBroker) {
  begin();
  watch();
  constexpr int kClients = 300;
  for (int i = 0; i < kClients; ++i) {
    MqttPlace place;
    place.address = "localhost" + broker_->address().substr(9);
    place.client = "client" + std::to_string(i);
    bool has_receipt = false;
    MqttClient client(place, "", {{}, [&](int) { has_receipt = true; }, {}});
    static_cast<void>(client.turn(0));  // begins to connect
    const auto moment =
        std::chrono::steady_clock::now() + std::chrono::microseconds(2 * i);
    while (std::chrono::steady_clock::now() < moment) continue;
    client.publish("answers/x", std::string(R"({"id": "x"})"));
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!has_receipt && std::chrono::steady_clock::now() < until) {
      static_cast<void>(client.turn(10));
    }
    ASSERT_TRUE(has_receipt) << i;
  }
  ASSERT_TRUE(camera_->wait([&] {
    return camera_->answers["x"].size() >= kClients;
  })) << camera_->answers["x"].size();
}

// A host that is off does not even refuse connections; one that hangs accepts
// them and says nothing.
TEST_F(CliServeMqtt, ABrokerThatIsSilentHoldsNoSignalUp) {
  if (!make_certificate()) GTEST_SKIP() << "openssl is not installed";
  for (const std::string connections : {"4", "0"}) {
    for (const std::string tls : {"", "--mqtt-ca ca.pem"}) {
      const Told told = shop_.script(
          "cat >silent.py <<'END'\n"
          "import socket, time\n"
          "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)\n"
          "all = [socket.socket() for _ in range(" +
          connections +
          ")]\n"
          "for c in all: c.setblocking(False); c.connect_ex(s.getsockname())\n"
          "print(s.getsockname()[1], flush=True); time.sleep(60)\n"
          "END\n"
          "rm -f port; python3 silent.py >port & silent=$!\n"
          "until [ -s port ]; do sleep 0.02; done\n"
          "$SHOAL serve m.tflite --mqtt 127.0.0.1:$(cat port) --mqtt-in in "
          "--mqtt-out out " +
          tls +
          " >told 2>&1 & service=$!\n"
          "sleep 2; kill -TERM $service\n"
          "for i in $(seq 100); do kill -0 $service || break; sleep 0.1; done\n"
          "kill -KILL $service; wait $service; echo $?; kill $silent");
      EXPECT_EQ(told.out, "0\n")
          << connections << tls << shop_.read_text("told");
    }
  }
}

// As `localhost` often has: one address that refuses, and the broker's.
TEST_F(CliServeMqtt, AllAddressesOfABrokerAreTried) {
  shop_.script("printf '::1 broker\\n127.0.0.1 broker\\n' >hosts");
  const std::string with_hosts =
      "unshare -rm bash -c 'mount --bind hosts /etc/hosts && ";
  if (shop_.script(with_hosts + "true'").code != 0) {
    GTEST_SKIP() << "no namespace of its own for /etc/hosts";
  }
  const std::string address = begin().address();
  const std::string port = address.substr(address.find(':') + 1);
  const Told told = shop_.script(
      with_hosts + "exec $SHOAL serve m.tflite --mqtt broker:" + port +
      " --mqtt-in in --mqtt-out out' >told 2>&1 & service=$!\n"
      "for i in $(seq 100); do grep -q 'frames come' told && break; sleep 0.1; "
      "done\n"
      "kill -TERM $service; wait $service; cat told");
  EXPECT_NE(told.out.find("frames come from mqtt://broker:" + port),
            std::string::npos)
      << told.out;
}

TEST_F(CliServeMqtt, PasswordsAreAsked) {
  const std::string file = shop_.path("passwords");
  if (shop_.script("mosquitto_passwd -b -c passwords cam right").code != 0) {
    GTEST_SKIP() << "mosquitto_passwd is not installed";
  }
  begin("allow_anonymous false\npassword_file " + file + "\n");
  MqttPlace place;
  place.user = "cam", place.password = "right";
  MqttCamera& camera = watch(place);
  const auto login = [&](const std::string& text) {
    EXPECT_TRUE(write_secret(shop_.path("login"), text, Existing::kReplaced));
    return std::vector<std::string>{"--mqtt-login", shop_.path("login")};
  };
  const Told wrong = shop_.shoal(flags(login("cam:wrong\n")));
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("refuses this client"), std::string::npos)
      << wrong.err;
  const auto service = serve(login("cam:right\n"));
  camera.send("1", frame(1));
  ASSERT_TRUE(camera.wait_for(1));
  expect_right("1", 1);
}

TEST_F(CliServeMqtt, SpeaksTls) {
  const std::string key = shop_.path("key.pem"), ca = shop_.path("ca.pem");
  if (!make_certificate()) GTEST_SKIP() << "openssl is not installed";
  begin("allow_anonymous true\ncertfile " + ca + "\nkeyfile " + key + "\n");
  MqttPlace place;
  place.ca = ca;
  MqttCamera& camera = watch(place);
  const auto service = serve({"--mqtt-ca", ca});
  camera.send("1", frame(1));
  ASSERT_TRUE(camera.wait_for(1));
  expect_right("1", 1);
}

TEST_F(CliServeMqtt, WhatCannotWorkIsRefused) {
  const struct {
    std::vector<std::string> flags;
    std::string says;
  } cases[] = {
      {{"--mqtt-in", "a"}, "need --mqtt"},
      {{"--mqtt", "127.0.0.1:1"}, "needs the topics"},
      {{"--mqtt", "x", "--mqtt-in", "a", "--mqtt-out", "b"}, "no HOST:PORT"},
      {{"--mqtt", "h:1", "--mqtt-in", "a#", "--mqtt-out", "b"}, "no topic"},
      {{"--mqtt", "h:1", "--mqtt-in", "a/#", "--mqtt-out", "a/b"}, "come back"},
      {{"--mqtt", "h:1", "--mqtt-in", "a", "--mqtt-out", "b/#"}, "wildcards"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> all = {"serve", "m.tflite"};
    all.insert(all.end(), c.flags.begin(), c.flags.end());
    const Told told = shop_.shoal(all);
    EXPECT_EQ(told.code, 2) << c.says << told.err;
    EXPECT_NE(told.err.find(c.says), std::string::npos) << told.err;
  }
}

}  // namespace
}  // namespace shoal
