// `shoal serve` with a sequence in a file: whatever is killed and however
// often, every answer is the one that a service which lives has.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/model/import/import.h"
#include "host/oracle/golden/checksum.h"
#include "host/oracle/int8/oracle.h"
#include "tests/cli/http_talk.h"
#include "tests/cli/keeping_model.h"
#include "tests/cli/mqtt_broker.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

constexpr int kSentFrames = 60;

std::string input_of(int frame) {
  return text_of(
      noise<uint8_t>(kKeepingFrameBytes, 100 + static_cast<unsigned>(frame)));
}

class CliServeSequence : public testing::Test {
 protected:
  CliServeSequence() {
    shop_.write("m.tflite", keeping_model());
    const Graph g = import_tflite(keeping_model(), "m");
    Kept kept = initial_values(g);
    for (int f = 0; f < kSentFrames; ++f) {
      const std::string input = input_of(f);
      expected_.push_back(sha256_hex(model_output(
          g, run_oracle(g, std::vector<uint8_t>(input.begin(), input.end()),
                        kept))));
    }
    for (int i = 0; i < 3; ++i) start_worker(i);
  }
  void SetUp() override {
    if (!speaks_http(shop_)) GTEST_SKIP() << kNoHttp;
  }

  void start_worker(int i, const std::string& listen = "127.0.0.1:0") {
    workers_[i] = std::make_unique<RunningWorker>(
        shop_,
        std::vector<std::string>{"--insecure", "--name",
                                 "w" + std::to_string(i), "--listen", listen});
  }
  std::vector<std::string> flags(const std::vector<std::string>& more,
                                 const std::string& state = "mirror:4:s") {
    std::vector<std::string> all{"serve",
                                 "m.tflite",
                                 "--insecure",
                                 "--strategy",
                                 "spatial",
                                 "--node-timeout",
                                 "0.5",
                                 "--quiet",
                                 "--state",
                                 state,
                                 "--workers",
                                 workers_[0]->address + "," +
                                     workers_[1]->address + "," +
                                     workers_[2]->address};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void serve_http(const std::string& state = "mirror:4:s") {
    service_ = std::make_unique<Background>(
        shop_,
        flags({"--http", address_.empty() ? "127.0.0.1:0" : address_}, state));
    const std::string line = service_->line();
    ASSERT_EQ(line.rfind("listening on http://127.0.0.1:", 0), 0u) << line;
    address_ = line.substr(20);
  }
  // Returns how many frames of the sequence have their answers.
  int64_t frames_done() {
    const json now = json::parse(http_ask(address_, "GET", "/status").body);
    return now.at("models").at(0).value("sequence", int64_t{-1});
  }
  void ask(int frame) {
    const HttpAnswer a = http_ask(address_, "POST", "/run", input_of(frame));
    ASSERT_EQ(a.status, 200) << a.body;
    const json said = json::parse(a.body);
    EXPECT_EQ(said["output_sha256"], expected_[static_cast<size_t>(frame)])
        << a.body;
    EXPECT_EQ(said["frame"], frame);
  }
  void expect_refused(int code, const std::string& what,
                      const std::vector<std::string>& flags) {
    const Told told = shop_.shoal(flags);
    EXPECT_EQ(told.code, code) << told.err;
    EXPECT_NE(told.err.find(what), std::string::npos) << told.err;
  }

  Workshop shop_;
  std::vector<std::string> expected_;
  std::map<int, std::unique_ptr<RunningWorker>> workers_;
  std::unique_ptr<Background> service_;
  std::string address_;
};

// The client has each answer before it sends the next frame.
TEST_F(CliServeSequence, AKilledServiceGoesOnWithTheNextFrame) {
  serve_http();
  for (int f = 0; f < kSentFrames; ++f) {
    ASSERT_NO_FATAL_FAILURE(ask(f));
    if (f % 13 == 5) {
      service_->end(SIGKILL);
      serve_http();
      EXPECT_EQ(frames_done(), f + 1);
    }
    if (f == 20) {  // a node and the service at once
      const std::string listen = workers_[1]->address;
      workers_[1]->process.end(SIGKILL);
      service_->end(SIGKILL);
      start_worker(1, listen);
      serve_http();
    }
    if (f == 40) {
      workers_[2]->process.end(SIGKILL);
    }
  }
  EXPECT_EQ(service_->end(SIGTERM), 0);
}

// A frame is under way when the service dies: it is in the sequence, or it is
// not, and the number says which.
TEST_F(CliServeSequence, AFrameThatIsUnderWayIsInTheSequenceOrNot) {
  serve_http();
  int killed = 0;
  for (int f = 0; f < kSentFrames;) {
    if (f % 10 != 9) {
      ASSERT_NO_FATAL_FAILURE(ask(f++));
      continue;
    }
    {
      const HttpTalk talk(address_);
      const std::string input = input_of(f);
      talk.say("POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: " +
               std::to_string(input.size()) + "\r\n\r\n" + input);
      shop_.script("sleep 0.00" + std::to_string(killed));
      service_->end(SIGKILL);
      ++killed;
    }
    serve_http();
    const int64_t done = frames_done();
    if (done == f) {
      ASSERT_NO_FATAL_FAILURE(ask(f));
    } else {
      EXPECT_EQ(done, f + 1);
    }
    ++f;
  }
  EXPECT_EQ(killed, 6);
}

TEST_F(CliServeSequence, TheSpoolsFramesAreRunOnce) {
  if (!has_mqtt() || mosquitto_path().empty()) {
    GTEST_SKIP() << "there is no libmosquitto or mosquitto";
  }
  const MqttBroker broker(shop_, "allow_anonymous true\n");
  MqttPlace place;
  place.address = broker.address();
  place.client = "camera";
  MqttCamera camera(place);
  ASSERT_TRUE(camera.wait_until_ready());
  const auto serve = [&] {
    service_ = std::make_unique<Background>(
        shop_, flags({"--mqtt", broker.address(), "--mqtt-in", "frames/#",
                      "--mqtt-out", "answers", "--mqtt-spool", "spool"}));
    ASSERT_EQ(service_->line().rfind("frames come from mqtt://", 0), 0u);
  };
  ASSERT_NO_FATAL_FAILURE(serve());
  for (int f = 0; f < kSentFrames; ++f)
    camera.send(std::to_string(f), input_of(f));
  for (size_t answers = 3; answers < kSentFrames; answers += 11) {
    ASSERT_TRUE(camera.wait([&] { return camera.answers.size() >= answers; }));
    service_->end(SIGKILL);
    ASSERT_NO_FATAL_FAILURE(serve());
  }
  ASSERT_TRUE(camera.wait_for(kSentFrames)) << camera.answers.size();
  for (int f = 0; f < kSentFrames; ++f) {
    for (const json& answer : camera.answers[std::to_string(f)]) {
      EXPECT_EQ(answer.value("output_sha256", ""),
                expected_[static_cast<size_t>(f)])
          << answer;
      EXPECT_EQ(answer["frame"], f);
    }
  }
  EXPECT_EQ(service_->end(SIGTERM), 0);
}

TEST_F(CliServeSequence, AFoldersFramesAreRunOnce) {
  std::filesystem::create_directory(shop_.path("in"));
  for (int f = 0; f < kSentFrames; ++f) {
    const std::string input = input_of(f);
    shop_.write("in/" + std::to_string(100 + f) + ".bin",
                {input.begin(), input.end()});
  }
  // Frames go on until the signal comes, so that there may be few left. One
  // that has its answer may not have been moved.
  const auto left = [&] {
    int frames = kSentFrames - 1;
    for (int f = 0; f < kSentFrames; ++f) {
      const std::string answer =
          "in/done/" + std::to_string(100 + f) + ".bin.json";
      if (std::filesystem::exists(shop_.path(answer))) --frames;
    }
    return frames;
  };
  for (int lines = 1; lines < kSentFrames; lines += 14) {
    const int most = std::min(lines % 20, left());
    service_ =
        std::make_unique<Background>(shop_, flags({"--watch-folder", "in"}));
    for (int i = 0; i < most; ++i) ASSERT_NE(service_->line(), "");
    service_->end(SIGKILL);
  }
  service_ =
      std::make_unique<Background>(shop_, flags({"--watch-folder", "in"}));
  const std::string last =
      "in/done/" + std::to_string(100 + kSentFrames - 1) + ".bin";
  for (int i = 0; i < 3000 && !std::filesystem::exists(shop_.path(last)); ++i) {
    shop_.script("sleep 0.01");
  }
  for (int f = 0; f < kSentFrames; ++f) {
    const json answer = json::parse(
        shop_.read_text("in/done/" + std::to_string(100 + f) + ".bin.json"));
    EXPECT_EQ(answer["output_sha256"], expected_[static_cast<size_t>(f)])
        << answer;
    EXPECT_EQ(answer["frame"], f);
  }
  EXPECT_EQ(service_->end(SIGTERM), 0);
}

// Without a file: the coordinator and one node are gone, two nodes kept the
// sequence.
TEST_F(CliServeSequence, ASequenceAtPeersOutlivesItsServiceAndANode) {
  ASSERT_NO_FATAL_FAILURE(serve_http("peers:4"));
  for (int f = 0; f < kSentFrames; ++f) {
    ASSERT_NO_FATAL_FAILURE(ask(f));
    if (f % 12 != 7) continue;
    // Each of the three in turn, both that keep it among them.
    const int node = f / 12 % 3;
    const std::string listen = workers_[node]->address;
    service_->end(SIGKILL);
    workers_[node]->process.end(SIGKILL);
    if (f % 24 == 7) start_worker(node, listen);
    ASSERT_NO_FATAL_FAILURE(serve_http("peers:4"));
    EXPECT_EQ(frames_done(), f + 1);
    if (f % 24 != 7) start_worker(node, listen);
  }
  // Both of them at once are not outlived, and that is told.
  service_->end(SIGKILL);
  for (const int node : {0, 1}) workers_[node]->process.end(SIGKILL);
  expect_refused(6, "which may keep it, is not there",
                 flags({"--http", "127.0.0.1:0"}, "peers:4"));
}

// A service stands while another one goes on with its nodes. It never answers a
// frame of a sequence that is no longer its own.
TEST_F(CliServeSequence, AServiceThatWasOvertakenEnds) {
  for (const bool lives : {false, true}) {
    SCOPED_TRACE(lives ? "the other one lives" : "the other one is gone");
    for (int i = 0; i < 3; ++i) start_worker(i);
    address_.clear();
    ASSERT_NO_FATAL_FAILURE(serve_http("peers:4"));
    const std::string address = address_;
    for (int f = 0; f < 6; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
    kill(service_->id(), SIGSTOP);
    const std::unique_ptr<Background> stands = std::move(service_);
    address_.clear();
    ASSERT_NO_FATAL_FAILURE(serve_http("peers:4"));
    for (int f = 6; f < 11; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
    if (!lives) service_->end(SIGKILL);
    kill(stands->id(), SIGCONT);
    const HttpAnswer a = http_ask(address, "POST", "/run", input_of(6));
    EXPECT_NE(a.status, 200) << a.body;
    EXPECT_NE(stands->end(0), 0);
    if (!lives) {
      ASSERT_NO_FATAL_FAILURE(serve_http("peers:4"));
    }
    for (int f = 11; f < 15; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
    service_->end(SIGKILL);
  }
}

// Nothing is answered that would be lost.
TEST_F(CliServeSequence, AFullDiskEndsTheServiceAndNotTheSequence) {
  serve_http();
  for (int f = 0; f < 5; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
  const rlimit nothing{0, RLIM_INFINITY};
  ASSERT_EQ(prlimit(service_->id(), RLIMIT_FSIZE, &nothing, nullptr), 0);
  const HttpAnswer a = http_ask(address_, "POST", "/run", input_of(5));
  EXPECT_EQ(a.status, 500) << a.body;
  EXPECT_NE(a.body.find("s: cannot be written"), std::string::npos) << a.body;
  EXPECT_EQ(service_->end(0), 1);
  serve_http();
  for (int f = 5; f < 10; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
}

// Too few nodes end the service with the number; the next one goes on.
TEST_F(CliServeSequence, WithoutNodesItStopsAndGoesOn) {
  serve_http();
  for (int f = 0; f < 6; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
  std::vector<std::string> places;
  for (int i = 0; i < 3; ++i) {
    places.push_back(workers_[i]->address);
    workers_[i]->process.end(SIGKILL);
  }
  const HttpAnswer a = http_ask(address_, "POST", "/run", input_of(6));
  EXPECT_EQ(a.status, 503) << a.body;
  EXPECT_NE(a.body.find("the sequence stops before frame 6"), std::string::npos)
      << a.body;
  EXPECT_EQ(service_->end(0), 6);
  for (int i = 0; i < 3; ++i) start_worker(i, places[static_cast<size_t>(i)]);
  serve_http();
  for (int f = 6; f < 12; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
}

TEST_F(CliServeSequence, AWrongFileIsRefusedByName) {
  serve_http();
  for (int f = 0; f < 6; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
  const auto http = [&](const std::string& state) {
    return flags({"--http", "127.0.0.1:0", "--wait", "3"}, state);
  };
  // Workers have one service, a file has one, too.
  expect_refused(9, "w", flags({"--http", "127.0.0.1:0"}));
  service_->end(SIGKILL);
  std::vector<uint8_t> file = shop_.read("s");
  file[file.size() / 2] ^= 4;
  shop_.write("flipped", file);
  expect_refused(7, "flipped: it is ", http("mirror:4:flipped"));
  std::vector<std::string> other = http("mirror:4:s");
  shop_.write("n.tflite", keeping_model(2));
  other[1] = "n.tflite";
  expect_refused(2, "s: it is the sequence of another model, m", other);
  shop_.write("w.tflite", worker_model());
  other[1] = "w.tflite";
  expect_refused(2, "w.tflite keeps no variables", other);
  std::vector<std::string> two = http("mirror:4:s");
  two.insert(two.end(), {"--model", "w=w.tflite"});
  expect_refused(2, "the sequence of one model", two);
  expect_refused(2, "nodes keep no names of frames",
                 flags({"--watch-folder", "in"}, "peers"));
  std::vector<std::string> spares = http("peers");
  spares.insert(spares.end(), {"--spares", workers_[2]->address});
  expect_refused(2, "--state peers does not go with --spares", spares);
  expect_refused(2, "peers:FRAMES with 1 to", http("peers:0"));
  expect_refused(2, "peers:FRAMES with 1 to", http("peers:5:f"));
  two[9] = "peers";
  expect_refused(2, "nodes keep the sequence of one model", two);
  shop_.write("x.bin", noise<uint8_t>(kKeepingFrameBytes, 1));
  expect_refused(2, "`shoal serve`",
                 {"run", "m.tflite", "x.bin", "--stream", "--insecure",
                  "--state", "mirror:4:s", "--workers", workers_[0]->address});
  serve_http();
  for (int f = 6; f < 8; ++f) ASSERT_NO_FATAL_FAILURE(ask(f));
}

}  // namespace
}  // namespace shoal
