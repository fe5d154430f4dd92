// Ranks that are threads of one process, for tests.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/ranks/team.h"

namespace shoal {

struct Mailboxes {
  explicit Mailboxes(int ranks) : packets(static_cast<size_t>(ranks)) {}
  std::mutex mutex;
  std::vector<std::deque<Ranks::Packet>> packets;
};

struct Aborted {
  int code;
};

class ThreadRank final : public Ranks {
 public:
  ThreadRank(Mailboxes& boxes, int rank) : boxes_(boxes), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(boxes_.packets.size()); }
  void send(int to, std::span<const uint8_t> bytes) override {
    const std::lock_guard lock(boxes_.mutex);
    boxes_.packets[static_cast<size_t>(to)].push_back(
        {rank_, {bytes.begin(), bytes.end()}});
  }
  std::optional<Packet> poll() override {
    const std::lock_guard lock(boxes_.mutex);
    auto& mine = boxes_.packets[static_cast<size_t>(rank_)];
    if (mine.empty()) return std::nullopt;
    Packet packet = std::move(mine.front());
    mine.pop_front();
    return packet;
  }
  void abort(int code) override { throw Aborted{code}; }

 private:
  Mailboxes& boxes_;
  const int rank_;
};

// Runs it as the command line runs a verb; returns what rank 0 would print.
inline std::optional<Error> run_team(int ranks,
                                     const std::function<void(Team&)>& verb) {
  Mailboxes boxes(ranks);
  std::optional<Error> told;
  const auto run = [&](int rank) {
    Team team(std::make_unique<ThreadRank>(boxes, rank));
    std::optional<Error> error;
    try {
      verb(team);
    } catch (const Stopped&) {
    } catch (...) {
      error = error_of(std::current_exception());
    }
    const std::optional<Error> other = team.close(error);
    if (rank == 0) told = error ? error : other;
  };
  std::vector<std::jthread> threads;
  for (int rank = 1; rank < ranks; ++rank) threads.emplace_back(run, rank);
  run(0);
  threads.clear();
  return told;
}

}  // namespace shoal
