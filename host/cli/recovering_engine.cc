#include "host/cli/recovering_engine.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  const auto now = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(now - start).count();
}

// Requires nodes that take another program when one of them is lost.
void require_other_programs(const WorkerCluster& workers) {
  const size_t nodes = workers.cluster().nodes.size();
  for (size_t n = 0; n < nodes; ++n) {
    const WorkerIdentity& node =
        workers.coordinator().identity(static_cast<int>(n));
    if (!is_built_in(node.facts)) continue;
    throw Error(Exit::kUsage,
                "--on-loss replan needs nodes that take programs, and node " +
                    node.name + " holds the one that it was exported with",
                "leave out --on-loss replan");
  }
}

std::string frame_text(const std::string& what, int64_t frame) {
  return fmt::format("{}; frame {} has no answer", what, frame);
}

}  // namespace

RecoveringEngine::RecoveringEngine(WorkerCluster& workers, Graph graph,
                                   bool replans)
    : workers_(workers), graph_(std::move(graph)), replans_(replans) {
  try {
    open();
  } catch (const Error& e) {
    // A node that was never there is a mistake; one that dies while a plan is
    // sought is a loss.
    const std::optional<int> node = workers_.coordinator().lost();
    if (!replans_ || e.code() != Exit::kNode || !node ||
        !workers_.were_connected()) {
      throw;
    }
    recover(e, *node);
  }
}

void RecoveringEngine::open() {
  fallbacks_.reset();
  auto p = std::make_shared<const Prepared>(workers_.prepare(graph_));
  if (replans_) require_other_programs(workers_);
  engine_ = std::make_unique<WorkersEngine>(workers_.coordinator(),
                                            workers_.transport(), std::move(p));
  if (repeats()) {
    fallbacks_.emplace(graph_, workers_.request());
  }
}

void RecoveringEngine::stream(const Next& next, const Take& take) {
  std::optional<std::chrono::steady_clock::time_point> start;
  double took = 0;  // until the last answer
  const Next first_next = [&] {
    if (!start) start = std::chrono::steady_clock::now();
    return next();
  };
  const Take last_take = [&](const Answer& answer) {
    took = seconds_since(*start);
    take(answer);
  };
  under_way_.clear();
  for (;;) {
    try {
      stream_on(first_next, last_take);
      seconds_ += took;
      return;
    } catch (const Error& e) {
      const std::optional<int> node = workers_.coordinator().lost();
      if (e.code() != Exit::kNode || keeps_variables()) throw;
      if (!node || !repeats()) {
        throw Error(e.code(), frame_text(e.what(), frames_), e.fix());
      }
      recover(e, *node);
    }
  }
}

void RecoveringEngine::stream_on(const Next& next, const Take& take) {
  given_ = 0;
  const auto next_input = [&]() -> std::optional<Bytes> {
    if (given_ == under_way_.size()) {
      std::optional<Bytes> input = next();
      if (!input || !repeats()) return input;
      under_way_.push_back(*std::move(input));
    }
    return under_way_[given_++];
  };
  engine_->stream(next_input, [&](const Answer& answer) {
    if (repeats()) under_way_.pop_front(), --given_;
    ++frames_;
    take(answer);
  });
}

// More nodes may be lost while the others connect: each is left out in turn.
void RecoveringEngine::recover(const Error& why, int node) {
  const auto start = std::chrono::steady_clock::now();
  std::string said = why.what();
  for (bool opened = false; !opened;) {
    std::optional<PlanText> beforehand;
    if (fallbacks_) {
      beforehand = fallbacks_->without(static_cast<size_t>(node));
      fallbacks_.reset();
    }
    const size_t left = workers_.leave_out(node, std::move(beforehand));
    if (left == 0) {
      throw Error(Exit::kNode, frame_text(said + "; no node is left", frames_),
                  why.fix());
    }
    losses_.push_back(fmt::format("{}, in frame {}", said, frames_));
    tell("warning: %s; going on with %zu %s\n", losses_.back().c_str(), left,
         left == 1 ? "node" : "nodes");
    opened = open_without(said, node);
  }
  tell("frame %lld is run again, %.2f s after the loss was seen\n",
       static_cast<long long>(frames_), seconds_since(start));
}

bool RecoveringEngine::open_without(std::string& said, int& node) {
  try {
    open();
    return true;
  } catch (const Error& e) {
    if (e.code() == Exit::kDoesNotFit) {
      throw Error(
          Exit::kNode,
          frame_text(
              said + ", and those left cannot hold the network: " + e.what(),
              frames_),
          e.fix());
    }
    const std::optional<int> next = workers_.coordinator().lost();
    if (e.code() != Exit::kNode || !next) throw;
    said = e.what();
    node = *next;
    return false;
  }
}

EngineReport RecoveringEngine::report() const {
  EngineReport r = engine_->report();
  r.frames = r.runs = frames_;
  r.seconds = seconds_;
  for (const std::string& loss : losses_) r.notes.push_back("lost     " + loss);
  return r;
}

}  // namespace shoal
