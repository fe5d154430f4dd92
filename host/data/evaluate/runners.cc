#include "host/data/evaluate/runners.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "host/base/error.h"
#include "host/base/floats.h"
#include "host/engine/local/local_node.h"
#include "host/engine/local/session.h"
#include "host/engine/workers/drive.h"
#include "host/oracle/float/float_oracle.h"

namespace shoal {
namespace {

// Runs work(0), ..., work(jobs - 1) at the same time. The first error ends the
// others after the frames that they are at.
template <class Work>
void in_threads(int jobs, Frames& frames, const Work& work) {
  std::mutex mutex;
  std::exception_ptr error;
  const auto guarded = [&](int job) {
    try {
      work(job);
    } catch (...) {
      {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
      frames.abandon();
    }
  };
  std::vector<std::jthread> threads;
  for (int job = 1; job < jobs; ++job) threads.emplace_back(guarded, job);
  guarded(0);
  threads.clear();
  if (error) std::rethrow_exception(error);
}

// More threads than frames would only wait.
int useful(int jobs, const Frames& frames) {
  return static_cast<int>(std::clamp<int64_t>(frames.left(), 1, jobs));
}

// Takes up to `most` frames; false: there are none.
bool take(Frames& frames, int most, std::vector<int64_t>& items) {
  items.clear();
  while (static_cast<int>(items.size()) < most) {
    const std::optional<int64_t> item = frames.next();
    if (!item) break;
    items.push_back(*item);
  }
  return !items.empty();
}

void run_node(const Prepared& p, const LocalNode& node, Frames& frames) {
  Session session(p.graph, p.net, node.source(), node.arena_bytes());
  const auto batch = static_cast<size_t>(p.net.frames);
  std::vector<int64_t> items;
  std::vector<uint8_t> input;
  while (take(frames, p.net.frames, items)) {
    input.clear();
    for (size_t f = 0; f < batch; ++f) {
      // What is left of the last batch repeats its last frame for nobody.
      const std::vector<uint8_t> one =
          frames.input(items[std::min(f, items.size() - 1)]);
      input.insert(input.end(), one.begin(), one.end());
    }
    const std::vector<uint8_t> outputs = session.run(input);
    const size_t bytes = outputs.size() / batch;
    for (size_t f = 0; f < items.size(); ++f) {
      frames.done(items[f], std::span(outputs).subspan(f * bytes, bytes));
    }
  }
}

// A cluster is told beforehand how many frames there will be.
void run_cluster(const Prepared& p, const Cluster& cluster, SimOptions options,
                 int64_t share, Frames& frames) {
  std::deque<int64_t> items;  // in flight
  options.frames = static_cast<int>(share);
  options.input = [&](int) {
    const std::optional<int64_t> item = frames.next();
    if (!item) throw Error(Exit::kInternal, "interrupted");
    items.push_back(*item);
    return frames.input(*item);
  };
  options.output = [&](int, const std::vector<uint8_t>& outputs) {
    frames.done(items.front(), outputs);
    items.pop_front();
  };
  simulate_cluster(p, cluster, {}, options);
}

}  // namespace

void answer_by_nodes(const Prepared& p, const StoreOptions& stores, int jobs,
                     Frames& frames) {
  jobs = useful(jobs, frames);
  std::vector<std::unique_ptr<LocalNode>> nodes;
  const auto add = [&] {
    nodes.push_back(std::make_unique<LocalNode>(p, StoreSettings{"", stores}));
  };
  add();
  // A program in memory is only read, a storage has one reader.
  const bool stored = nodes[0]->storage() != nullptr;
  while (stored && static_cast<int>(nodes.size()) < jobs) add();
  in_threads(jobs, frames, [&](int job) {
    run_node(p, *nodes[stored ? static_cast<size_t>(job) : 0], frames);
  });
}

void answer_by_clusters(const Prepared& p, const Cluster& cluster,
                        const SimOptions& options, int jobs, Frames& frames) {
  jobs = useful(jobs, frames);
  const int64_t left = frames.left();
  in_threads(jobs, frames, [&](int job) {
    const int64_t share = left / jobs + (job < left % jobs ? 1 : 0);
    if (share > 0) run_cluster(p, cluster, options, share, frames);
  });
}

void answer_by_workers(const Prepared& p, Coordinator& coordinator,
                       const HostTransport& transport, Frames& frames) {
  std::deque<int64_t> items;  // in flight
  const auto next = [&]() -> std::optional<std::vector<uint8_t>> {
    const std::optional<int64_t> item = frames.next();
    if (!item) return std::nullopt;
    items.push_back(*item);
    return frames.input(*item);
  };
  stream_frames(coordinator, transport, p, next,
                [&](const std::vector<uint8_t>& outputs) {
                  frames.done(items.front(), outputs);
                  items.pop_front();
                });
}

void answer_by_floats(const Graph& graph, int jobs, Frames& frames) {
  in_threads(useful(jobs, frames), frames, [&](int) {
    FloatOracle oracle(graph);
    while (const std::optional<int64_t> item = frames.next()) {
      oracle.run(floats_of(frames.input(*item)));
      frames.done(*item, bytes_of(oracle.output()));
    }
  });
}

}  // namespace shoal
