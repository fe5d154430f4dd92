#include "host/engine/workers/drive.h"

#include <algorithm>
#include <chrono>

#include "host/base/error.h"
#include "host/board/said_board.h"

namespace shoal {

bool drive(Coordinator& coordinator, const HostTransport& transport,
           const StopSignals* signals, const std::function<bool()>& done,
           uint64_t look_us) {
  const shoal_transport& t = transport.transport();
  for (;;) {
    coordinator.poll();
    if (done()) return true;
    if (signals && signals->asked()) return false;
    uint64_t until = coordinator.next_timer_us();
    if (look_us != UINT64_MAX) {
      until = std::min(until, t.now_us(t.user) + look_us);
    }
    transport.wait(until, signals ? signals->descriptor() : -1);
  }
}

void stop_all(Coordinator& coordinator, const HostTransport& transport) {
  coordinator.stop();
  drive(coordinator, transport, nullptr,
        [&coordinator] { return coordinator.stopped(); });
}

StopAtEnd::~StopAtEnd() {
  try {
    stop_all(coordinator_, transport_);
  } catch (const std::exception&) {
    // The caller hears of what ended the run; this error would only hide it.
  }
}

namespace {

std::string interrupted_text(Coordinator::StopCount nodes) {
  if (nodes.asked == 0) return "interrupted; no node had begun";
  std::string text = "interrupted; " + std::to_string(nodes.answered) + " of " +
                     std::to_string(nodes.asked) + " nodes have been stopped";
  if (nodes.answered < nodes.asked) {
    text += ", the others did not answer and are left alone";
  }
  return text;
}

}  // namespace

void drive_on(Coordinator& coordinator, const HostTransport& transport,
              const StopSignals& signals, const std::function<bool()>& done,
              uint64_t look_us) {
  if (drive(coordinator, transport, &signals, done, look_us)) return;
  // Here, because the signal acts as soon as nobody holds it back.
  stop_all(coordinator, transport);
  const std::string text = interrupted_text(coordinator.stop_count());
  coordinator.hint(text);
  throw Error(Exit::kInternal, text);
}

void deploy_programs(Coordinator& coordinator, const HostTransport& transport,
                     const Prepared& prepared) {
  const StopSignals signals;
  const StopAtEnd stop(coordinator, transport);
  coordinator.deploy(prepared, Then::kHold);
  drive_on(coordinator, transport, signals,
           [&] { return coordinator.deployed(); });
}

double stream_frames(
    Coordinator& coordinator, const HostTransport& transport,
    const Prepared& prepared,
    const std::function<std::optional<std::vector<uint8_t>>()>& next,
    const std::function<void(const std::vector<uint8_t>&)>& take,
    SequenceMirror* mirror, Sampler* sampler) {
  const StopSignals signals;
  const StopAtEnd stop(coordinator, transport);
  if (sampler) sampler->ask_for(coordinator, prepared.plan);
  coordinator.deploy(prepared, Then::kStart, 0,
                     mirror ? mirror->begin_epoch() : SequenceStart{});
  drive_on(coordinator, transport, signals,
           [&] { return coordinator.started(); });
  coordinator.log("every node has its program and has started it");
  return run_frames(coordinator, transport, signals, next, take, mirror,
                    sampler);
}

double run_frames(
    Coordinator& coordinator, const HostTransport& transport,
    const StopSignals& signals,
    const std::function<std::optional<std::vector<uint8_t>>()>& next,
    const std::function<void(const std::vector<uint8_t>&)>& take,
    SequenceMirror* mirror, Sampler* sampler) {
  using Clock = std::chrono::steady_clock;
  int64_t in_flight = 0;
  bool ended = false;
  const auto start = Clock::now();
  const auto has_room = [&] {
    return coordinator.free_frames() > 0 && !(mirror && mirror->is_due());
  };
  const auto run = [&] {
    if (sampler) sampler->look(coordinator, coordinator.now_us());
    do {
      while (!ended && has_room()) {
        const std::optional<std::vector<uint8_t>> input = next();
        ended = !input;
        if (!input) break;
        if (sampler) sampler->began(coordinator.now_us());
        coordinator.submit(*input);
        if (mirror) mirror->submitted();
        ++in_flight;
      }
      while (const auto output = coordinator.result()) {
        --in_flight;
        if (sampler) sampler->ended(coordinator.now_us());
        take(*output);
      }
      if (in_flight > 0) return false;
      if (mirror && !mirror->follow(coordinator)) return false;
    } while (!ended && has_room());
    return ended;
  };
  drive_on(coordinator, transport, signals, run,
           sampler ? Sampler::kEveryUs : UINT64_MAX);
  const std::chrono::duration<double> took = Clock::now() - start;
  if (sampler) {
    // All frames have ended. The nodes have worked since they were asked last.
    const uint64_t until = coordinator.now_us() + Sampler::kLastUs;
    drive_on(
        coordinator, transport, signals,
        [&] {
          const uint64_t now = coordinator.now_us();
          return sampler->ask_last(coordinator, now) || now >= until;
        },
        Sampler::kEveryUs);
  }
  return took.count();
}

namespace {

Error other_node(const std::string& label, const WorkerIdentity& w,
                 const ClusterNode& node) {
  return Error(Exit::kUsage,
               "the node at " + label + " is " + w.name + ", " + w.board +
                   "; the cluster file says " + node.name + ", " +
                   node.board.said_by_nodes(),
               is_built_in(w.facts)
                   ? "the project that was exported for node " + node.name +
                         " belongs on that board"
                   : "`shoal worker --name " + node.name + " --board " +
                         node.board.said_by_nodes() + "`");
}

}  // namespace

Cluster cluster_of(const Coordinator& coordinator,
                   const std::vector<WorkerAddress>& workers,
                   const Cluster* given) {
  Cluster cluster;
  if (given) cluster = *given;
  cluster.nodes.resize(workers.size());
  for (size_t i = 0; i < workers.size(); ++i) {
    const WorkerIdentity& w = coordinator.identity(static_cast<int>(i));
    ClusterNode& node = cluster.nodes[i];
    const bool built_in = is_built_in(w.facts);
    if (!given && built_in) {
      throw Error(Exit::kUsage,
                  "node " + w.name +
                      " was exported with its program, and without the cluster "
                      "file of that export shoal cannot plan for it",
                  "give --cluster with that file");
    }
    if (!given) {
      node.name = w.name;
      node.address = workers[i].label;
      const Board* const board = said_board(w.board);
      if (!board) {
        throw Error(Exit::kUsage,
                    "the node at " + workers[i].label +
                        " says that its board is '" + w.board +
                        "', which this shoal does not know",
                    "give --cluster with a file that describes the board");
      }
      node.board = *board;
      node.rating = board_rating(node.board);
    } else if (node.name != w.name || node.board.said_by_nodes() != w.board) {
      throw other_node(workers[i].label, w, node);
    }
    if (w.one_core) use_one_core(node);
    if (!node.board.flash_mapped) node.sealed = w.wants_sealed;
    if (built_in) {
      hold_in_flash(node);
      continue;
    }
    const auto least = [](std::optional<int64_t>& value, int64_t limit) {
      const bool lower = !value || limit < *value;
      if (lower) value = limit;
      return lower;
    };
    if (least(node.ram, w.facts.arena_bytes)) {
      node.ram_source = "what node " + w.name + " has";
    }
    least(node.flash, w.facts.program_capacity);
  }
  return cluster;
}

}  // namespace shoal
