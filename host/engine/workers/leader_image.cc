#include "host/engine/workers/leader_image.h"

#include <mbedtls/sha256.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "device/agent/leader.h"
#include "host/base/error.h"
#include "host/engine/common/frame.h"
#include "host/plan/types/stream_table.h"

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

// The coordinator's ends of a plan, and what its nodes run.
struct PlanTables {
  LeaderPlan head{};
  std::vector<uint8_t> bytes;
};

std::vector<LeaderRole> leader_roles(
    const Plan& plan, const std::vector<std::vector<uint8_t>>& images,
    std::vector<uint16_t>& links) {
  std::vector<LeaderRole> roles;
  for (size_t i = 0; i < images.size(); ++i) {
    const PlanNode& node = plan.nodes[i];
    LeaderRole& role = roles.emplace_back();
    role.first_link = static_cast<uint32_t>(links.size());
    if (node.stages.empty()) continue;
    mbedtls_sha256_ret(images[i].data(), images[i].size(), role.hash, 0);
    Header header;
    std::memcpy(&header, images[i].data(), sizeof header);
    if (header.flags & kStoreSealed) role.generation = generation_of(header);
    role.program_bytes = static_cast<uint32_t>(images[i].size());
    role.poll_gap_us = node.poll_gap_us;
    role.links = static_cast<uint16_t>(node.peers.size());
    for (const PlanPeer& p : node.peers) {
      links.push_back(p.node == kCoordinatorNode
                          ? kCoordinator
                          : static_cast<uint16_t>(p.node));
    }
  }
  return roles;
}

PlanTables plan_tables(const Net& net, const Plan& plan,
                       const std::vector<std::vector<uint8_t>>& images) {
  const auto edges = stream_edges(plan);
  const CoordinatorLinks links =
      coordinator_links(edges, plan, kCoordinatorWindow);
  const bool one = net.inputs.size() == 1 && net.outputs.size() == 1 &&
                   std::ranges::all_of(edges, [](const StreamEdge& e) {
                     return e.kind == Owner::kStream || e.element_bytes == 1;
                   });
  if (!one) {
    throw Error(Exit::kUnsupported,
                "a board starts frames only of models with one input and one "
                "output of int8 or uint8",
                "use a computer as coordinator: `shoal run`");
  }
  const Box in = net.inputs[0].place.view.box;
  const Box out = net.outputs[0].place.view.box;
  std::vector<LeaderBox> targets(links.targets.size());
  std::vector<LeaderBox> streams(links.streams.size());
  for (const StreamEdge& e : edges) {
    if (e.kind == Owner::kInput) {
      targets.at(e.from.number) = leader_box(e.box, in);
    } else if (e.kind == Owner::kOutput) {
      streams.at(e.to.number) = leader_box(e.box, out);
    }
  }
  std::vector<uint16_t> role_links;
  // A frame of a model with variables cannot be repeated.
  std::vector<LeaderRole> roles;
  if (net.variables.empty()) roles = leader_roles(plan, images, role_links);
  PlanTables t;
  t.head.peers = static_cast<uint16_t>(links.peers.size());
  t.head.targets = static_cast<uint16_t>(targets.size());
  t.head.streams = static_cast<uint16_t>(streams.size());
  t.head.roles = static_cast<uint16_t>(roles.size());
  t.head.links = static_cast<uint32_t>(role_links.size());
  for (const auto& v : links.peers) append_record(t.bytes, v);
  for (const auto& v : links.targets) append_record(t.bytes, v);
  for (const auto& v : links.streams) append_record(t.bytes, v);
  for (const auto& v : targets) append_record(t.bytes, v);
  for (const auto& v : streams) append_record(t.bytes, v);
  for (const auto& v : roles) append_record(t.bytes, v);
  for (const auto& v : role_links) append_record(t.bytes, v);
  return t;
}

}  // namespace

std::vector<uint8_t> leader_image(const Prepared& p, const LeaderFacts& facts) {
  std::vector<PlanTables> plans{plan_tables(p.net, p.plan, p.images)};
  std::map<const Fallback*, uint16_t> places;
  std::vector<LeaderNode> nodes(p.plan.nodes.size());
  for (size_t n = 0; n < nodes.size(); ++n) {
    nodes[n].address = facts.addresses.at(n);
    p.plan.nodes[n].name.copy(nodes[n].name, kLeaderName - 1);
    if (n >= facts.fallbacks.size() || !facts.fallbacks[n]) continue;
    const Fallback& f = *facts.fallbacks[n];
    const auto [at, fresh] =
        places.try_emplace(&f, static_cast<uint16_t>(plans.size()));
    if (fresh) plans.push_back(plan_tables(p.net, f.plan, f.images));
    nodes[n].fallback = at->second;
  }
  const NodeRows rows = input_rows(p.graph, p.net, facts.input);
  LeaderHeader h{};
  h.magic = kLeaderMagic;
  h.version = kLeaderVersion;
  h.nodes = static_cast<uint16_t>(nodes.size());
  h.plans = static_cast<uint16_t>(plans.size());
  h.window = kCoordinatorWindow;
  h.gaps = static_cast<uint16_t>(coordinator_counts({}).gaps);
  h.lease_ms = facts.lease_ms;
  h.arithmetic = kArithmetic;
  h.picture_bytes = static_cast<uint32_t>(rows.at(0).size());
  h.output_bytes =
      static_cast<uint32_t>(p.net.outputs[0].place.view.box.elements());
  h.classes = static_cast<uint32_t>(
      std::min<size_t>(facts.labels.size(), h.output_bytes));
  h.every_ms = facts.every_ms;
  uint32_t at = leader_layout(h).tables;
  for (PlanTables& t : plans) {
    t.head.at = at;
    at += static_cast<uint32_t>(t.bytes.size());
  }
  h.bytes = at + h.picture_bytes;
  std::vector<uint8_t> image;
  append_record(image, h);
  for (const PlanTables& t : plans) append_record(image, t.head);
  for (const LeaderNode& n : nodes) append_record(image, n);
  for (size_t i = 0; i < h.classes; ++i) append_name(image, facts.labels[i]);
  for (const PlanTables& t : plans) {
    image.insert(image.end(), t.bytes.begin(), t.bytes.end());
  }
  image.insert(image.end(), rows[0].begin(), rows[0].end());
  const bool good =
      check_leader(h, static_cast<uint32_t>(image.size())) == Status::kOk &&
      std::ranges::all_of(plans, [&](const PlanTables& t) {
        return check_leader_plan(h, t.head, &t == plans.data());
      });
  if (!good) {
    throw Error(Exit::kUnsupported,
                "the picture or the result is too large for a board that "
                "starts frames",
                "use a computer as coordinator: `shoal run`");
  }
  return image;
}

uint32_t leader_arena_bytes(std::span<const uint8_t> image) {
  LeaderHeader h;
  std::memcpy(&h, image.data(), sizeof h);
  LeaderNeeds needs;
  for (size_t i = 0; i < h.plans; ++i) {
    LeaderPlan p;
    std::memcpy(&p, image.data() + leader_layout(h).plans + i * sizeof p,
                sizeof p);
    add_needs(h, p, needs);
  }
  return leader_arena_bytes(h, needs);
}

}  // namespace shoal
