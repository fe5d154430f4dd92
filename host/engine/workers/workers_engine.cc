#include "host/engine/workers/workers_engine.h"

#include <algorithm>
#include <utility>

#include "host/base/size.h"
#include "host/engine/workers/drive.h"
#include "host/engine/workers/serve_frames.h"

namespace shoal {

int64_t deployed_bytes(const Coordinator& coordinator, const Prepared& p) {
  int64_t bytes = 0;
  for (size_t i = 0; i < p.images.size(); ++i) {
    const bool takes_part = !p.plan.nodes[i].stages.empty();
    const WorkerReport report = coordinator.report(static_cast<int>(i));
    if (!takes_part || report.held) continue;
    bytes += p.plan.nodes[i].program_bytes - report.found;
  }
  return bytes;
}

Error sequence_lost(const Error& why, int64_t frame, const Coordinator& c,
                    const Prepared& p) {
  std::vector<std::string> names;
  if (const std::optional<int> node = c.lost()) {
    for (const PlanVariable& v :
         p.plan.nodes[static_cast<size_t>(*node)].variables) {
      names.push_back(p.net.variables[static_cast<size_t>(v.variable)].name);
    }
  }
  const Error lost = sequence_lost(why, frame, names);
  if (!why.fix().empty()) return lost;
  return Error(lost.code(), lost.what(),
               "run it again from frame 0; --state mirror and --on-loss replan "
               "let a sequence go on");
}

std::string deployed_text(const Coordinator& coordinator, const Prepared& p) {
  int held = 0;
  int64_t found = 0;
  for (size_t i = 0; i < p.images.size(); ++i) {
    const WorkerReport report = coordinator.report(static_cast<int>(i));
    held += report.held ? 1 : 0;
    if (!report.held) found += report.found;
  }
  std::string text = "deployed " + format_bytes(deployed_bytes(coordinator, p));
  if (found > 0) {
    text += "; " + format_bytes(found) +
            " more were there from a deployment that broke off";
  }
  return text + "; " + std::to_string(held) + " of " +
         std::to_string(p.images.size()) + " nodes had their program";
}

WorkersEngine::WorkersEngine(Coordinator& coordinator,
                             const HostTransport& transport,
                             std::shared_ptr<const Prepared> prepared,
                             SequenceMirror* mirror, bool samples)
    : coordinator_(coordinator),
      transport_(transport),
      prepared_(std::move(prepared)),
      mirror_(mirror) {
  if (samples) sampler_.emplace();
}

void WorkersEngine::stream(const Next& next, const Take& take) {
  int64_t frame = 0;
  try {
    seconds_ += stream_frames(
        coordinator_, transport_, *prepared_, next,
        [&](const Bytes& output) {
          ++frames_, ++frame;
          take({output});
        },
        mirror_, sampler_ ? &*sampler_ : nullptr);
  } catch (const Error& e) {
    if (e.code() != Exit::kNode || !keeps_variables() || mirror_) throw;
    throw sequence_lost(e, frame, coordinator_, *prepared_);
  }
}

void WorkersEngine::serve(FrameSource& source, const Take& take) {
  try {
    serve_all(source, take);
    if (source.keeps_nodes()) return;
  } catch (...) {
    if (coordinator_.lost()) throw;
    const StopAtEnd stop(coordinator_, transport_);
    throw;
  }
  const StopAtEnd stop(coordinator_, transport_);
}

void WorkersEngine::serve_all(FrameSource& source, const Take& take) {
  {
    const StopSignals signals;
    coordinator_.deploy(*prepared_, Then::kStart, 0,
                        mirror_ ? mirror_->begin_epoch() : SequenceStart{});
    drive_on(coordinator_, transport_, signals,
             [&] { return coordinator_.started(); });
  }
  serve_frames(
      coordinator_, transport_, source,
      [&](const Bytes& output) {
        ++frames_;
        take({output});
      },
      [&] { source.heed(status()); }, mirror_);
}

ClusterStatus WorkersEngine::status() const {
  ClusterStatus status;
  const size_t nodes = prepared_->plan.nodes.size();
  for (size_t i = 0; i < nodes; ++i) {
    const WorkerReport report = coordinator_.report(static_cast<int>(i));
    NodeStatus node;
    node.name = coordinator_.identity(static_cast<int>(i)).name;
    const bool works = !prepared_->plan.nodes[i].stages.empty();
    node.state = works ? NodePresence::kRuns : NodePresence::kIdle;
    node.round_trip_us = report.round_trip_us;
    node.sent_bytes = report.last.sent_bytes;
    node.resent_bytes = report.last.resent_bytes;
    node.frames = report.last.frames;
    status.nodes.push_back(std::move(node));
  }
  return status;
}

std::string WorkersEngine::traffic_text() const {
  const shoal_link_counters own = coordinator_.counters();
  uint64_t sent = own.sent_bytes, rows = own.row_bytes;
  uint64_t again = own.resent_bytes;
  for (size_t i = 0; i < prepared_->images.size(); ++i) {
    const PingAnswer last = coordinator_.report(static_cast<int>(i)).last;
    sent += last.sent_bytes;
    rows += last.row_bytes;
    again += last.resent_bytes;
  }
  const auto count = static_cast<uint64_t>(std::max<int64_t>(frames_, 1));
  const auto a_frame = [count](uint64_t v) {
    return format_count(static_cast<int64_t>(v / count));
  };
  return "traffic  " + a_frame(sent) + " B a frame, " + a_frame(rows) +
         " of them rows, " + a_frame(again) + " sent again";
}

EngineReport WorkersEngine::report() const {
  EngineReport r;
  r.nodes = engine_nodes(prepared_->plan);
  r.prepared = prepared_;
  r.what = std::to_string(r.nodes.size()) +
           (r.nodes.size() == 1 ? " worker" : " workers");
  r.where = "on this computer";
  r.frames = r.runs = frames_;
  r.seconds = seconds_;
  if (sampler_) r.measured = sampler_->run();
  r.notes = {deployed_text(coordinator_, *prepared_), traffic_text()};
  return r;
}

}  // namespace shoal
