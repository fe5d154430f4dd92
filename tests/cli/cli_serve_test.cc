// `shoal serve`: frames by HTTP, a pipe and a folder, and clients that keep to
// no rules. One node; cli_serve_losses_test.cc has clusters.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/http_talk.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

class CliServe : public testing::Test {
 protected:
  CliServe() { shop_.write("m.tflite", worker_model()); }
  void SetUp() override {
    if (!speaks_http(shop_)) GTEST_SKIP() << kNoHttp;
  }

  // A service that listens, with these flags.
  std::unique_ptr<Background> serve(std::vector<std::string> flags) {
    flags.insert(flags.begin(),
                 {"serve", "m.tflite", "--http", "127.0.0.1:0", "--quiet"});
    auto process = std::make_unique<Background>(shop_, flags);
    const std::string line = process->line();
    EXPECT_EQ(line.rfind("listening on http://127.0.0.1:", 0), 0u) << line;
    address_ = line.substr(std::min<size_t>(line.size(), 20));
    return process;
  }

  static std::string frame(unsigned seed) {
    return text_of(noise<uint8_t>(kWorkerFrameBytes, seed));
  }

  // As `run --json` says it.
  std::string checksum(const std::string& bytes) {
    shop_.write("x.bin", {bytes.begin(), bytes.end()});
    const Told told = shop_.shoal({"run", "m.tflite", "x.bin", "--json"});
    EXPECT_EQ(told.code, 0) << told.err;
    return json::parse(told.out)["output_sha256"];
  }

  Workshop shop_;
  std::string address_;
};

TEST_F(CliServe, AnswersAsRunDoes) {
  const auto service = serve({});
  for (unsigned seed = 1; seed < 4; ++seed) {
    const HttpAnswer a = http_ask(address_, "POST", "/run", frame(seed));
    ASSERT_EQ(a.status, 200) << a.head << a.body;
    const json said = json::parse(a.body);
    EXPECT_EQ(said["output_sha256"], checksum(frame(seed)));
    EXPECT_EQ(said["frame"], seed - 1);
    EXPECT_EQ(said["repeats"], 0);
  }
  EXPECT_EQ(http_ask(address_, "GET", "/healthz").status, 200);
  const HttpAnswer metrics = http_ask(address_, "GET", "/metrics");
  EXPECT_NE(metrics.body.find("result=\"done\"} 3\n"), std::string::npos)
      << metrics.body;
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServe, TellsWhatIsNoFrame) {
  const auto service = serve({"--max-body", "4K"});
  const std::string plain = frame(1);
  struct Case {
    std::string method, path, body, headers;
    int status;
  };
  const Case cases[] = {
      {"POST", "/run", "not a picture", "", 400},
      {"POST", "/run", "", "", 400},
      {"POST", "/run", plain + "x", "", 400},
      {"POST", "/run", plain, "Content-Type: image/png\r\n", 400},
      {"POST", "/run", std::string(5000, 'x'), "", 413},
      {"POST", "/nowhere", plain, "", 404},
      {"GET", "/run", "", "", 404},
      {"PUT", "/run", "", "", 405},
      {"POST", "/run?name=x.npy", plain, "", 400},
      {"POST", "/run", plain, "Content-Encoding: gzip\r\n", 400},
      {"POST", "/run", plain, "Content-Type: multipart/form-data\r\n", 415},
      {"POST", "/run", plain, "Content-Length: 5\r\n", 400},
      {"POST", "/run", plain, "Transfer-Encoding: chunked\r\n", 400},
  };
  for (const Case& c : cases) {
    const HttpAnswer a =
        http_ask(address_, c.method, c.path, c.body, c.headers);
    EXPECT_EQ(a.status, c.status) << c.method << c.path << a.head << a.body;
    const json said = json::parse(a.body, nullptr, false);
    ASSERT_TRUE(said.is_object()) << a.body;
    EXPECT_FALSE(said["error"]["message"].get<std::string>().empty()) << a.body;
  }
  EXPECT_EQ(http_ask(address_, "POST", "/run", plain).status, 200);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// A service that others reach is asked for their token; the file is only the
// owner's.
TEST_F(CliServe, WantsItsToken) {
  const std::string token = "0123456789abcdef";
  shop_.write("token", {token.begin(), token.end()});
  std::filesystem::permissions(
      shop_.path("token"),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto service = serve({"--token", "token"});
  const std::string right = "Authorization: Bearer " + token + "\r\n";
  EXPECT_EQ(http_ask(address_, "POST", "/run", frame(1)).status, 401);
  EXPECT_EQ(http_ask(address_, "GET", "/metrics").status, 401);
  EXPECT_EQ(http_ask(address_, "GET", "/status", "",
                     "Authorization: Bearer 0123456789abcdeF\r\n")
                .status,
            401);
  EXPECT_EQ(http_ask(address_, "GET", "/healthz").status, 200);
  EXPECT_EQ(http_ask(address_, "POST", "/run", frame(1), right).status, 200);
  const Told watched = shop_.shoal(
      {"watch", address_, "--token", "token", "--count", "1", "--json"});
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(json::parse(watched.out)["models"][0]["done"], 1);
  EXPECT_EQ(shop_.shoal({"watch", address_, "--count", "1"}).code, 6);
  EXPECT_EQ(service->end(SIGTERM), 0);

  const Told open = shop_.shoal({"serve", "m.tflite", "--http", "0.0.0.0:0"});
  EXPECT_EQ(open.code, 2);
  EXPECT_NE(open.err.find("--no-token"), std::string::npos) << open.err;
}

TEST_F(CliServe, OutlivesHostileClients) {
  const auto service = serve(
      {"--request-timeout", "0.5", "--connections", "8", "--max-body", "64K"});
  const std::string post = "POST /run HTTP/1.1\r\nHost: x\r\n";
  const std::string plain = frame(1);
  // Each of them says something, and then nothing for ever, or goes.
  const std::string heads[] = {
      "",
      "P",
      "\r\n\r\n",
      std::string(100'000, 'a'),
      "GET / HTTP/9.9\r\n\r\n",
      "GET /" + std::string(9000, 'b') + " HTTP/1.1\r\n\r\n",
      post + "X: " + std::string(80'000, 'c') + "\r\n\r\n",
      post + "Content-Length: 576\r\n\r\n" + plain.substr(1),
      post + "Content-Length: 99999999999999999999\r\n\r\n",
      post + "Content-Length: -1\r\n\r\n",
      post + "Content-Length: 5 5\r\n\r\nabcde",
      post + "\r\n" + plain,
      post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + plain,
      post + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde",
      post + "Expect: 100-continue\r\nContent-Length: 576\r\n\r\n",
      post + "Content-Length: 576\r\nContent-Encoding: br\r\n\r\n" + plain,
  };
  for (const std::string& head : heads) {
    const HttpTalk gone(address_);
    gone.say(head);
    const HttpTalk ends(address_);
    ends.say(head);
    ends.say_no_more();
    const HttpTalk waits(address_);
    waits.say(head);
    // Meanwhile others are served.
    EXPECT_EQ(http_ask(address_, "POST", "/run", plain).status, 200) << head;
    std::string heard = waits.hear();
    const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    if (heard.starts_with(go_on)) heard.erase(0, go_on.size());
    EXPECT_EQ(heard.find("(silence)"), std::string::npos) << head;
    if (heard.empty()) continue;  // there was nothing to answer
    EXPECT_GE(http_answer(heard).status, 400) << heard;
  }
  // A client that asks and never reads.
  const HttpTalk deaf(address_);
  deaf.say("POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 576\r\n\r\n" +
           plain);
  EXPECT_EQ(http_ask(address_, "POST", "/run", plain).status, 200);
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// Where one request ends is known of those alone whose heads were read. Else
// what a proxy sends for one client would be another one's request.
TEST_F(CliServe, ReadsNothingBehindABadHead) {
  const auto service = serve({});
  const std::string next = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string post = "POST /run HTTP/1.1\r\nHost: x\r\n";
  const std::string heads[] = {
      "x\r\n",
      post + "X: " + std::string(9000, 'c') + "\r\n\r\n",
      post + "Range: bytes=x\r\nContent-Length: 100\r\n\r\n",
      post + "Content-Length: 1\r\nContent-Length: 100\r\n\r\nx",
      post + "Content-Length: 100\r\nContent-Type: multipart/form-data\r\n\r\n",
  };
  for (const std::string& head : heads) {
    const HttpTalk talk(address_);
    talk.say(head + next);
    const std::string heard = talk.hear();
    EXPECT_EQ(heard.find("(silence)"), std::string::npos) << heard;
    EXPECT_GE(http_answer(heard).status, 400) << heard;
    EXPECT_EQ(heard.find("HTTP/1.1", 1), std::string::npos) << heard;
  }
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServe, TurnsAwayWhatIsTooMuch) {
  const auto service = serve({"--connections", "2"});
  const HttpTalk one(address_), two(address_);
  one.say("P"), two.say("P");
  // Both are taken by now or soon.
  HttpAnswer a;
  for (int i = 0; i < 200 && a.status != 503; ++i) {
    a = http_ask(address_, "GET", "/status");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(a.status, 503) << a.head;
  EXPECT_NE(a.head.find("Retry-After: 1"), std::string::npos) << a.head;
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServe, FramesOfAPipe) {
  std::string all;
  for (unsigned seed = 0; seed < 20; ++seed) all += frame(seed);
  shop_.write("frames", {all.begin(), all.end()});
  const Told told = shop_.script(
      "cat frames | $SHOAL serve m.tflite --frames-from - --quiet");
  ASSERT_EQ(told.code, 0) << told.err;
  const auto lines = lines_of(told.out);
  ASSERT_EQ(lines.size(), 20u) << told.out;
  for (unsigned seed : {0u, 7u, 19u}) {
    const json said = json::parse(lines[seed]);
    EXPECT_EQ(said["frame"], seed);
    EXPECT_EQ(said["output_sha256"], checksum(frame(seed)));
  }
  // The last frame breaks off: the others have their answers.
  const Told part = shop_.script(
      "head -c 1500 frames | $SHOAL serve m.tflite --frames-from - --quiet");
  EXPECT_EQ(part.code, 7) << part.err;
  EXPECT_EQ(lines_of(part.out).size(), 3u) << part.out;
  EXPECT_NE(part.err.find("348 of 576 bytes"), std::string::npos) << part.err;
}

// Answers that nobody takes end a service as they end other verbs.
TEST_F(CliServe, AnswersThatNobodyReads) {
  shop_.write("frames", noise<uint8_t>(2000 * kWorkerFrameBytes, 5));
  const std::string serve =
      "$SHOAL serve m.tflite --frames-from frames --quiet ";
  EXPECT_EQ(shop_.script(serve + "| head -1 >one; echo ${PIPESTATUS[0]}").out,
            "141\n");
  const Told full = shop_.script(serve + ">/dev/full");
  EXPECT_EQ(full.code, 1) << full.err;
  EXPECT_NE(full.err.find("stdout: cannot be written"), std::string::npos)
      << full.err;
  // A reader that reads nothing.
  const Told idle = shop_.script(
      "mkfifo f; sleep 60 <f & reader=$!\n" + serve +
      ">f 2>err & s=$!\n"
      "sleep 2; kill -TERM $s; (sleep 30; kill -KILL $s) >/dev/null 2>&1 &\n"
      "wait $s; echo $?; kill $! $reader");
  EXPECT_NE(idle.out, "137\n") << shop_.read_text("err");
}

TEST_F(CliServe, FramesBehindTheirLength) {
  const std::string good = std::string("\x40\x02\0\0", 4) + frame(3);
  const std::string bad = std::string("\x05\0\0\0", 4) + "hello";
  const std::string huge = std::string("\xff\xff\xff\xff", 4);
  const std::string all = good + bad + good + huge + good;
  shop_.write("frames", {all.begin(), all.end()});
  const Told told = shop_.script(
      "$SHOAL serve m.tflite --frames-from - --length-prefix --quiet <frames");
  EXPECT_EQ(told.code, 7) << told.err;
  const auto lines = lines_of(told.out);
  ASSERT_EQ(lines.size(), 4u) << told.out;
  EXPECT_TRUE(json::parse(lines[0]).contains("output_sha256"));
  EXPECT_TRUE(json::parse(lines[1]).contains("error"));
  EXPECT_TRUE(json::parse(lines[2]).contains("output_sha256"));
  EXPECT_TRUE(json::parse(lines[3]).contains("error"));
}

// A FIFO has no end: the next writer goes on, behind one that broke off, too.
TEST_F(CliServe, FramesOfAFifo) {
  shop_.write("one", noise<uint8_t>(kWorkerFrameBytes, 5));
  const Told told = shop_.script(
      "mkfifo f; $SHOAL serve m.tflite --frames-from f --quiet >out 2>err & "
      "s=$!\n"
      "lines() { until [ $(wc -l <out) -ge $1 ]; do sleep 0.02; done; }\n"
      "cat one >f; lines 1; head -c 100 one >f; lines 2; cat one one >f; "
      "lines 4\n"
      "kill -TERM $s; wait $s; echo $? $(grep -c output_sha256 out)");
  EXPECT_EQ(told.out, "0 3\n") << told.err << shop_.read_text("err");
}

TEST_F(CliServe, FilesOfAFolder) {
  std::filesystem::create_directory(shop_.folder() / "in");
  shop_.write("in/a.bin", noise<uint8_t>(kWorkerFrameBytes, 5));
  shop_.write("in/b.bin", {1, 2, 3});
  const Told told = shop_.script(
      "$SHOAL serve m.tflite --watch-folder in --quiet >out 2>err & s=$!\n"
      "lines() { until [ $(wc -l <out) -ge $1 ]; do sleep 0.02; done; }\n"
      "lines 2; cp in/done/a.bin in/c.bin; lines 3\n"
      "until [ -e in/done/c.bin ]; do sleep 0.02; done\n"
      "kill -TERM $s; wait $s; echo $?; ls in/done in/failed");
  EXPECT_EQ(told.out,
            "0\nin/done:\na.bin\na.bin.json\nc.bin\nc.bin.json\n\n"
            "in/failed:\nb.bin\nb.bin.json\n")
      << told.err << shop_.read_text("err");
}

// A camera gives all of its pictures one name, and somebody may tidy up.
TEST_F(CliServe, FilesOfOneNameAreAllKept) {
  std::filesystem::create_directory(shop_.folder() / "in");
  for (unsigned i = 0; i < 4; ++i) {
    shop_.write("x" + std::to_string(i), noise<uint8_t>(kWorkerFrameBytes, i));
  }
  const Told told = shop_.script(
      "$SHOAL serve m.tflite --watch-folder in --quiet >out 2>err & s=$!\n"
      "until [ -d in/failed ]; do sleep 0.02; done\n"
      "give() { cp x$1 in/.new; mv in/.new in/a.bin; until [ -e in/done/$2 ]; "
      "do sleep 0.02; done; }\n"
      "give 0 a.bin; give 1 a.1.bin; give 2 a.2.bin\n"
      "cmp x0 in/done/a.bin && cmp x1 in/done/a.1.bin && cmp x2 "
      "in/done/a.2.bin; ls in/done\n"
      "rm -r in/done; give 3 a.bin; cmp x3 in/done/a.bin; ls in in/done\n"
      "kill -TERM $s; wait $s; echo $?");
  EXPECT_EQ(told.out,
            "a.1.bin\na.1.bin.json\na.2.bin\na.2.bin.json\na.bin\n"
            "a.bin.json\nin:\ndone\nfailed\n\nin/done:\na.bin\na.bin.json\n"
            "0\n")
      << told.err << shop_.read_text("err");
}

// While HTTP goes on, the end of a place is told at once.
TEST_F(CliServe, APlaceThatEndsBesideHttpIsNamed) {
  std::filesystem::create_directory(shop_.folder() / "in");
  shop_.write("part", noise<uint8_t>(100, 5));
  for (const char* const place :
       {"--watch-folder in", "--frames-from - <part"}) {
    const Told told = shop_.script(
        std::string("$SHOAL serve m.tflite --http 127.0.0.1:0 >out 2>err ") +
        place +
        " & s=$!\n"
        // Lines of stdout are answers.
        "until grep -q listening err; do sleep 0.02; done\n"
        "rm -rf in; for i in $(seq 500); do grep -q 'goes on' err && break; "
        "sleep 0.02; done; grep -c 'goes on' err\n"
        "a=$(sed -n 's,listening on http://,,p' err)\n"
        "$SHOAL watch $a --count 1 --json; kill -TERM $s; wait $s; echo $?");
    const bool is_folder = std::string(place).ends_with("in");
    const auto lines = lines_of(told.out);
    ASSERT_EQ(lines.size(), 3u) << told.out << told.err;
    EXPECT_EQ(lines[0], "1") << shop_.read_text("err");
    const json status = json::parse(lines[1]);
    EXPECT_EQ(status["state"], "running");
    ASSERT_EQ(status["ended"].size(), 1u) << lines[1];
    EXPECT_NE(status["ended"][0].get<std::string>().find(
                  is_folder ? "the watched folder has gone" : "100 of 576"),
              std::string::npos)
        << lines[1];
    EXPECT_EQ(lines[2], is_folder ? "2" : "7") << shop_.read_text("err");
    EXPECT_NE(shop_.read_text("err").find("ended before the service: "),
              std::string::npos);
  }
}

TEST_F(CliServe, AFolderThatGoesIsNamed) {
  std::filesystem::create_directory(shop_.folder() / "in");
  const Told told = shop_.script(
      "$SHOAL serve m.tflite --watch-folder in >out 2>err & s=$!\n"
      "until [ -d in/failed ]; do sleep 0.02; done; rm -r in; wait $s; echo "
      "$?");
  EXPECT_EQ(told.out, "2\n");
  EXPECT_NE(shop_.read_text("err").find("in: the watched folder has gone"),
            std::string::npos)
      << shop_.read_text("err");
}

}  // namespace
}  // namespace shoal
