// A service on three workers that die and come back, and clients that compare
// each answer.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/http_talk.h"
#include "tests/cli/running_worker.h"
#include "tests/command.h"

namespace shoal {

class ServeLosses : public testing::Test {
 protected:
  using json = nlohmann::json;
  static constexpr unsigned kAsked = 16;

  ServeLosses() {
    shop_.write("m.tflite", worker_model());
    for (unsigned seed = 0; seed < kAsked; ++seed) {
      shop_.write("in" + std::to_string(seed + 10) + ".bin",
                  noise<uint8_t>(kWorkerFrameBytes, seed));
    }
    expected_ = checksums("m.tflite");
    for (int i = 0; i < 3; ++i) start_worker("w" + std::to_string(i));
  }

  void SetUp() override {
    if (!speaks_http(shop_)) GTEST_SKIP() << kNoHttp;
  }

  // Returns the checksums of the model's answers, as `run` has them.
  std::vector<std::string> checksums(const std::string& model) {
    const Told told = shop_.script("$SHOAL run " + model + " in*.bin --json");
    EXPECT_EQ(told.code, 0) << told.err;
    const json answers = json::parse(told.out);
    std::vector<std::string> sums;
    for (const json& r : answers["results"]) sums.push_back(r["output_sha256"]);
    return sums;
  }

  void start_worker(const std::string& name, const std::string& listen = "") {
    std::vector<std::string> flags{"--insecure", "--name", name};
    if (!listen.empty()) flags.insert(flags.end(), {"--listen", listen});
    workers_[name] = std::make_unique<RunningWorker>(shop_, flags, name);
  }

  std::unique_ptr<Background> serve(std::vector<std::string> more = {},
                                    const std::string& at = "127.0.0.1:0") {
    std::vector<std::string> flags{"serve",
                                   "m.tflite",
                                   "--insecure",
                                   "--http",
                                   at,
                                   "--strategy",
                                   "spatial",
                                   "--quiet",
                                   "--workers",
                                   workers_["w0"]->address + "," +
                                       workers_["w1"]->address + "," +
                                       workers_["w2"]->address};
    flags.insert(flags.end(), more.begin(), more.end());
    if (std::ranges::find(more, "--node-timeout") == more.end()) {
      flags.insert(flags.end(), {"--node-timeout", "0.5"});
    }
    auto process = std::make_unique<Background>(shop_, flags);
    const std::string line = process->line();
    EXPECT_EQ(line.rfind("listening on http://127.0.0.1:", 0), 0u) << line;
    address_ = line.substr(std::min<size_t>(line.size(), 20));
    return process;
  }

  // One frame; returns its status.
  int ask(unsigned seed) {
    const auto bytes = noise<uint8_t>(kWorkerFrameBytes, seed);
    const HttpAnswer a = http_ask(address_, "POST", "/run", text_of(bytes));
    const json said = json::parse(a.body, nullptr, false);
    if (a.status == 200) {
      EXPECT_EQ(said.value("output_sha256", ""), expected_[seed]) << a.body;
      repeats_ += said.value("repeats", 0);
    }
    return a.status;
  }

  // Asks from two threads until the test has done its work; all answers must
  // be right ones.
  void while_asking(const std::function<void()>& work) {
    std::atomic<bool> over = false;
    std::atomic<int> bad = 0;
    std::vector<std::thread> clients;
    for (unsigned c = 0; c < 2; ++c) {
      clients.emplace_back([&, c] {
        for (unsigned i = c; !over; ++i) {
          if (ask(i % kAsked) == 200) {
            ++answers_;
          } else {
            ++bad;
          }
        }
      });
    }
    work();
    over = true;
    for (std::thread& t : clients) t.join();
    EXPECT_EQ(bad, 0);
  }

  void wait_for_answers(int64_t more) const {
    for (const int64_t until = answers_ + more; answers_ < until;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  json status() {
    return json::parse(http_ask(address_, "GET", "/status").body);
  }

  // Waits until that number of nodes run.
  void wait_for_nodes(int wanted) {
    for (int i = 0; i < 2000; ++i) {
      int run = 0;
      const json now = status();
      for (const json& n : now["nodes"]) run += n["state"] == "runs";
      if (run == wanted) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << status().dump(2);
  }

  void wait_for_event(const std::string& part) {
    for (int i = 0; i < 2000; ++i) {
      const json now = status();
      for (const json& e : now["events"]) {
        if (e.get<std::string>().find(part) != std::string::npos) return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << status().dump(2);
  }

  Workshop shop_;
  std::vector<std::string> expected_;
  std::map<std::string, std::unique_ptr<RunningWorker>> workers_;
  std::string address_;
  std::atomic<int64_t> answers_ = 0, repeats_ = 0;
};

}  // namespace shoal
