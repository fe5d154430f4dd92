// `shoal serve` by HTTP with TLS; cli_serve_test.cc is without.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/http_talk.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"

namespace shoal {
namespace {

using nlohmann::json;

class CliServeTls : public testing::Test {
 protected:
  void SetUp() override {
    if (!speaks_http(shop_)) GTEST_SKIP() << kNoHttp;
    if (!make_identity("own") || !make_identity("other")) {
      GTEST_SKIP() << "openssl is not installed";
    }
    shop_.write("m.tflite", worker_model());
    shop_.write("x.bin", noise<uint8_t>(kWorkerFrameBytes, 1));
  }

  // Writes NAME.pem, which signs itself, and NAME.key.
  bool make_identity(const std::string& name) const {
    return shop_
               .script(
                   "umask 077; openssl req -x509 -newkey ec -pkeyopt "
                   "ec_paramgen_curve:P-256 -nodes -keyout " +
                   name + ".key -out " + name +
                   ".pem -subj /CN=shoal "
                   "-addext subjectAltName=IP:127.0.0.1")
               .code == 0;
  }

  std::unique_ptr<Background> serve(std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {"serve", "m.tflite", "--http", "127.0.0.1:0", "--http-cert",
                 "own.pem", "--http-key", "own.key", "--quiet"});
    auto process = std::make_unique<Background>(shop_, more);
    const std::string line = process->line();
    EXPECT_EQ(line.rfind("listening on https://127.0.0.1:", 0), 0u) << line;
    address_ = line.substr(std::min<size_t>(line.size(), 21));
    return process;
  }

  // Posts x.bin as a client that believes `ca`; two requests on a connection.
  Told post(const std::string& ca) const {
    return shop_.script(
        "python3 - <<'END'\n"
        "import http.client, json, ssl\n"
        "trust = ssl.create_default_context(cafile='" +
        ca +
        "')\n"
        "c = http.client.HTTPSConnection('" +
        address_ +
        "', context=trust)\n"
        "for i in range(2):\n"
        "  c.request('POST', '/run', open('x.bin', 'rb').read())\n"
        "  r = c.getresponse(); a = json.loads(r.read())\n"
        "  print(r.status, a['output_sha256'])\n"
        "END\n");
  }
  // Returns what post() prints if all is right.
  std::string right() const {
    const Told told = shop_.shoal({"run", "m.tflite", "x.bin", "--json"});
    const std::string line =
        "200 " + json::parse(told.out)["output_sha256"].get<std::string>() +
        "\n";
    return line + line;
  }

  Workshop shop_;
  std::string address_;
};

TEST_F(CliServeTls, AnswersThoseWhoKnowItsCertificate) {
  const auto service = serve();
  EXPECT_EQ(post("own.pem").out, right());
  const Told stranger = post("other.pem");
  EXPECT_NE(stranger.code, 0);
  EXPECT_NE(stranger.err.find("CERTIFICATE_VERIFY_FAILED"), std::string::npos)
      << stranger.err;
  const auto watch = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"watch", address_, "--count", "1", "--json"});
    return shop_.shoal(flags);
  };
  const Told watched = watch({"--http-ca", "own.pem"});
  ASSERT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(json::parse(watched.out)["models"][0]["done"], 2);
  const Told wrong = watch({"--http-ca", "other.pem"});
  EXPECT_EQ(wrong.code, 6);
  EXPECT_NE(wrong.err.find("not one of other.pem"), std::string::npos)
      << wrong.err;
  const Told plain = watch({});
  EXPECT_EQ(plain.code, 6);
  EXPECT_NE(plain.err.find("--http-ca"), std::string::npos) << plain.err;
  const Told none = watch({"--http-ca", "own.key"});
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.err.find("has no certificate"), std::string::npos) << none.err;
  EXPECT_EQ(service->end(SIGTERM), 0);
}

// A body of many records, and an answer that is cut into some.
TEST_F(CliServeTls, TakesWhatIsLong) {
  const auto service = serve({"--max-body", "400K"});
  const Told told = shop_.script(
      "python3 - <<'END'\n"
      "import http.client, json, ssl\n"
      "trust = ssl.create_default_context(cafile='own.pem')\n"
      "for bytes in 300000, 500000:\n"
      "  c = http.client.HTTPSConnection('" +
      address_ +
      "', context=trust)\n"
      "  c.request('POST', '/run', bytes * b'x')\n"
      "  print(c.getresponse().status)\n"
      "END\n");
  EXPECT_EQ(told.out, "400\n413\n") << told.err;
  EXPECT_EQ(post("own.pem").out, right());
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServeTls, OutlivesThoseWhoSpeakNone) {
  const auto service = serve({"--request-timeout", "2"});
  const HttpAnswer plain = http_ask(address_, "GET", "/healthz");
  EXPECT_EQ(plain.status, 400) << plain.head;
  EXPECT_NE(plain.body.find("https://"), std::string::npos) << plain.body;
  const std::string starts[] = {"", "P", "nonsense\r\n\r\n",
                                std::string("\x16\x03\x01\x02\x00\x01", 6),
                                std::string(70'000, '\x16')};
  for (const std::string& start : starts) {
    const HttpTalk gone(address_);
    gone.say(start);
    const HttpTalk ends(address_);
    ends.say(start);
    ends.say_no_more();
    const HttpTalk waits(address_);
    waits.say(start);
    EXPECT_EQ(post("own.pem").out, right()) << start.size();
    EXPECT_EQ(waits.hear().find("(silence)"), std::string::npos);
  }
  EXPECT_EQ(service->end(SIGTERM), 0);
}

TEST_F(CliServeTls, SilentClientsHoldNoSignalUp) {
  const auto service = serve({"--request-timeout", "3600"});
  const HttpTalk silent(address_), begins(address_);
  begins.say(std::string("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_EQ(post("own.pem").out, right());
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(service->end(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST_F(CliServeTls, WhatNoServerCanUseIsRefused) {
  shop_.script(
      "umask 077; cp own.key open.key; chmod 644 open.key; echo x >text; "
      "openssl pkey -in own.key -aes256 -passout pass:secret -out "
      "locked.key; { cat own.pem; head -c 200 other.pem; echo; } >torn.pem");
  const struct {
    std::string certificate, key, says;
  } cases[] = {
      {"own.pem", "other.key", "not the key of the certificate own.pem"},
      {"own.pem", "own.pem", "no private key"},
      {"own.pem", "text", "no private key"},
      {"own.pem", "locked.key", "has a password"},
      {"own.pem", "open.key", "every user of this machine"},
      {"own.pem", "none.key", "none.key"},
      {"none.pem", "own.key", "none.pem"},
      {"text", "own.key", "it is no certificate"},
      {"own.key", "own.key", "it is no certificate"},
      {"torn.pem", "own.key", "behind the first one"},
      {"", "own.key", "is empty"},
      {"own.pem", "", "is empty"},
  };
  for (const auto& c : cases) {
    const Told told =
        shop_.shoal({"serve", "m.tflite", "--http", "127.0.0.1:0",
                     "--http-cert", c.certificate, "--http-key", c.key});
    EXPECT_EQ(told.code, 2) << c.says << told.err;
    EXPECT_NE(told.err.find(c.says), std::string::npos) << c.says << told.err;
  }
  EXPECT_EQ(shop_.shoal({"serve", "m.tflite", "--http-cert", "own.pem"}).code,
            2);
  const Told other =
      shop_.shoal({"serve", "m.tflite", "--frames-from", "-", "--http-cert",
                   "own.pem", "--http-key", "own.key"});
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("--http-cert is for --http"), std::string::npos);
  // TLS hides what is said, and not who says it.
  const Told open =
      shop_.shoal({"serve", "m.tflite", "--http", "0.0.0.0:0", "--http-cert",
                   "own.pem", "--http-key", "own.key"});
  EXPECT_EQ(open.code, 2);
  EXPECT_NE(open.err.find("--no-token"), std::string::npos) << open.err;
}

}  // namespace
}  // namespace shoal
