#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "host/base/printable.h"
#include "host/cli/serve.h"

namespace shoal {
namespace {

class MetricsText {
 public:
  void begin(const char* name, const char* type, const char* help) {
    name_ = name;
    text_ +=
        fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  template <class T>
  void add(const std::string& labels, T value, const char* suffix = "") {
    text_ += fmt::format("{}{}{} {}\n", name_, suffix, labels, value);
  }
  template <class T>
  void one(const char* name, const char* type, const char* help, T value) {
    begin(name, type, help);
    add("", value);
  }
  std::string text() { return std::move(text_); }

 private:
  std::string name_, text_;
};

// A value of a label: what the format escapes, and nothing that a terminal
// would obey.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return '"' + out + '"';
}

std::string labels_of(const NodeStatus& n) {
  return "{node=" + quoted(n.name) + ",address=" + quoted(n.address) + "}";
}

std::string model_of(const FrameService& service) {
  return "model=" +
         quoted(service.name().empty() ? service.graph().name : service.name());
}

void add_frames(const ServedModels& models, MetricsText& m) {
  const auto each = [&](const char* name, const char* type, const char* help,
                        auto value) {
    m.begin(name, type, help);
    for (const FrameService* s : models) {
      m.add("{" + model_of(*s) + "}", value(s->desk().counts()));
    }
  };
  m.begin("shoal_frames_total", "counter",
          "Frames by what has become of them.");
  for (const FrameService* s : models) {
    const DeskCounts c = s->desk().counts();
    const std::pair<const char*, int64_t> results[] = {{"done", c.done},
                                                       {"failed", c.failed},
                                                       {"refused", c.refused},
                                                       {"bad", s->bad()}};
    for (const auto& [result, count] : results) {
      m.add(fmt::format("{{{},result=\"{}\"}}", model_of(*s), result), count);
    }
  }
  each("shoal_frame_repeats_total", "counter",
       "Frames that were run again after a loss.",
       [](const DeskCounts& c) { return c.repeats; });
  each("shoal_frames_waiting", "gauge", "Frames that wait.",
       [](const DeskCounts& c) { return c.waiting; });
  each("shoal_frames_under_way", "gauge", "Frames on the nodes.",
       [](const DeskCounts& c) { return c.under_way; });
  m.begin("shoal_frame_seconds", "histogram",
          "Seconds from a frame's arrival to its answer.");
  for (const FrameService* s : models) {
    const DeskCounts c = s->desk().counts();
    const std::string model = model_of(*s);
    for (size_t i = 0; i < c.buckets.size(); ++i) {
      m.add(fmt::format("{{{},le=\"{}\"}}", model, kFrameSeconds[i]),
            c.buckets[i], "_bucket");
    }
    m.add("{" + model + ",le=\"+Inf\"}", c.done, "_bucket");
    m.add("{" + model + "}", c.seconds, "_sum");
    m.add("{" + model + "}", c.done, "_count");
  }
}

void add_nodes(const ClusterStatus& cluster, MetricsText& m) {
  m.one("shoal_node_losses_total", "counter", "Nodes that were lost.",
        cluster.losses);
  m.one("shoal_node_returns_total", "counter",
        "Nodes that were taken in while frames came.", cluster.returns);
  const auto each = [&](const char* name, const char* type, const char* help,
                        auto value) {
    m.begin(name, type, help);
    for (const NodeStatus& n : cluster.nodes) m.add(labels_of(n), value(n));
  };
  each("shoal_node_up", "gauge", "1: the node takes part.",
       [](const NodeStatus& n) {
         return n.state == NodePresence::kRuns ? 1 : 0;
       });
  each("shoal_node_incarnation", "gauge", "How often the node was taken in.",
       [](const NodeStatus& n) { return n.incarnation; });
  each("shoal_node_round_trip_seconds", "gauge", "Mean of the last heartbeats.",
       [](const NodeStatus& n) {
         return static_cast<double>(n.round_trip_us) / 1e6;
       });
  each("shoal_node_sent_bytes", "gauge", "Bytes that it sent in this epoch.",
       [](const NodeStatus& n) { return n.sent_bytes; });
  each("shoal_node_resent_bytes", "gauge",
       "Bytes of rows that it sent again in this epoch.",
       [](const NodeStatus& n) { return n.resent_bytes; });
}

// Tells one service from the next one at its address.
const double kBeganS = std::chrono::duration<double>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();

// Returns what frames wait for; empty: they run.
std::string waits_for(const FrameDesk& desk) {
  const std::string still = desk.standstill();
  return still.empty() ? desk.cluster().waits : still;
}

const char* state_of(const FrameDesk& desk) {
  if (desk.closed()) return "stopping";
  return waits_for(desk).empty() ? "running" : "waiting";
}

}  // namespace

std::string metrics_text(const ServedModels& models) {
  MetricsText m;
  const FrameDesk& desk = models[0]->desk();
  m.one("shoal_ready", "gauge", "1: frames are run.",
        !desk.closed() && waits_for(desk).empty() ? 1 : 0);
  add_frames(models, m);
  add_nodes(desk.cluster(), m);
  return m.text();
}

// The desks of all models have the same nodes.
nlohmann::json status_json(const ServedModels& models) {
  const FrameDesk& desk = models[0]->desk();
  const ClusterStatus cluster = desk.cluster();
  nlohmann::json frames = nlohmann::json::array();
  for (const FrameService* s : models) {
    const DeskCounts c = s->desk().counts();
    frames.push_back({{"model", s->graph().name},
                      {"path", s->path()},
                      {"done", c.done},
                      {"failed", c.failed},
                      {"refused", c.refused},
                      {"bad", s->bad()},
                      {"repeats", c.repeats},
                      {"waiting", c.waiting},
                      {"under_way", c.under_way},
                      {"seconds", c.seconds}});
    if (c.sequence) frames.back()["sequence"] = *c.sequence;
  }
  nlohmann::json nodes = nlohmann::json::array();
  for (const NodeStatus& n : cluster.nodes) {
    nodes.push_back(
        {{"name", n.name},
         {"address", n.address},
         {"state", state_name(n.state)},
         {"incarnation", n.incarnation},
         {"round_trip_s", static_cast<double>(n.round_trip_us) / 1e6},
         {"epoch_frames", n.frames},
         {"sent_bytes", n.sent_bytes},
         {"resent_bytes", n.resent_bytes}});
  }
  return {{"state", state_of(desk)},
          {"reason", waits_for(desk)},
          {"models", std::move(frames)},
          {"nodes", std::move(nodes)},
          {"losses", cluster.losses},
          {"returns", cluster.returns},
          {"began_s", kBeganS},
          {"events", cluster.events},
          {"ended", models[0]->ended_places()}};
}

}  // namespace shoal
