#include "host/engine/workers/leader_image.h"

#include <algorithm>
#include <cstring>

#include "device/agent/leader_image.h"
#include "host/base/error.h"
#include "host/engine/common/frame.h"
#include "host/plan/types/coordinator_counts.h"

namespace shoal {
namespace {

template <class T>
void append_record(std::vector<uint8_t>& to, const T& value) {
  const size_t at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

void append_name(std::vector<uint8_t>& to, const std::string& name) {
  to.resize(to.size() + kLeaderName);
  const size_t bytes = std::min<size_t>(name.size(), kLeaderName - 1);
  std::memcpy(to.data() + to.size() - kLeaderName, name.data(), bytes);
}

LeaderBox leader_box(const Box& box, const Box& whole) {
  const auto u = [](int64_t v) { return static_cast<uint32_t>(v); };
  const bool rows = box.channels() == whole.channels();
  LeaderBox b{};
  b.first = u(((box.y0 - whole.y0) * whole.columns() + (box.x0 - whole.x0)) *
                  whole.channels() +
              (box.c0 - whole.c0));
  b.run = u(rows ? box.columns() * box.channels() : box.channels());
  b.runs = rows ? 1 : u(box.columns());
  b.step = u(whole.channels());
  b.rows = u(box.elements()) / (b.run * b.runs);
  b.row_step = u(whole.columns() * whole.channels());
  return b;
}

}  // namespace

std::vector<uint8_t> leader_image(const Prepared& p, const LeaderFacts& facts) {
  const auto edges = stream_edges(p.plan);
  const CoordinatorLinks links =
      coordinator_links(edges, p.plan, kCoordinatorWindow);
  const bool one = p.net.inputs.size() == 1 && p.net.outputs.size() == 1 &&
                   std::ranges::all_of(edges, [](const StreamEdge& e) {
                     return e.kind == Owner::kStream || e.element_bytes == 1;
                   });
  if (!one) {
    throw Error(Exit::kUnsupported,
                "a board starts frames only of models with one input and one "
                "output of int8 or uint8",
                "use a computer as coordinator: `shoal run`");
  }
  const Box in = p.net.inputs[0].place.view.box;
  const Box out = p.net.outputs[0].place.view.box;
  const NodeRows rows = input_rows(p.graph, p.net, facts.input);
  std::vector<LeaderBox> targets(links.targets.size());
  std::vector<LeaderBox> streams(links.streams.size());
  for (const StreamEdge& e : edges) {
    if (e.kind == Owner::kInput) {
      targets.at(e.from.number) = leader_box(e.box, in);
    } else if (e.kind == Owner::kOutput) {
      streams.at(e.to.number) = leader_box(e.box, out);
    }
  }
  LeaderHeader h{};
  h.magic = kLeaderMagic;
  h.version = kLeaderVersion;
  h.peers = static_cast<uint16_t>(links.peers.size());
  h.targets = static_cast<uint16_t>(targets.size());
  h.streams = static_cast<uint16_t>(streams.size());
  h.window = kCoordinatorWindow;
  h.gaps = static_cast<uint16_t>(coordinator_counts(links).gaps);
  h.arithmetic = kArithmetic;
  h.picture_bytes = static_cast<uint32_t>(rows.at(0).size());
  h.output_bytes = static_cast<uint32_t>(out.elements());
  h.classes = static_cast<uint32_t>(
      std::min<size_t>(facts.labels.size(), h.output_bytes));
  h.every_ms = facts.every_ms;
  h.bytes = leader_layout(h).bytes;
  std::vector<uint8_t> image;
  append_record(image, h);
  for (const auto& v : links.peers) append_record(image, v);
  for (const auto& v : links.targets) append_record(image, v);
  for (const auto& v : links.streams) append_record(image, v);
  for (const auto& v : targets) append_record(image, v);
  for (const auto& v : streams) append_record(image, v);
  for (const auto& v : links.peers) {
    append_name(image, p.plan.nodes.at(v.node).name);
  }
  for (size_t i = 0; i < h.classes; ++i) append_name(image, facts.labels[i]);
  image.insert(image.end(), rows[0].begin(), rows[0].end());
  if (check_leader(h, static_cast<uint32_t>(image.size())) != Status::kOk) {
    throw Error(Exit::kUnsupported,
                "the picture or the result is too large for a board that "
                "starts frames",
                "use a computer as coordinator: `shoal run`");
  }
  return image;
}

}  // namespace shoal
