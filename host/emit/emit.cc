#include "host/emit/emit.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "device/program/image.h"
#include "device/program/record.h"
#include "device/program/seal.h"
#include "device/program/sha256.h"
#include "device/program/tag.h"
#include "host/base/error.h"
#include "host/emit/byte_writer.h"
#include "host/emit/record.h"
#include "host/emit/stream_table.h"

namespace shoal {
namespace {

constexpr uint32_t kGeneration = 0;  // images are not yet replaced in place

// The port through which the caller pushes input or takes output `index`.
IoEntry io_entry(const PlanNode& node, Owner owner, int index) {
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const PlanStage& stage = node.stages[s];
    for (size_t p = 0; p < stage.ports.size(); ++p) {
      const PlanPort& port = stage.ports[p];
      if (port.owner != owner || port.owner_index != index) continue;
      const PlanBuffer& buffer = stage.buffers.at(port.buffer);
      IoEntry entry{};
      entry.stage = static_cast<uint16_t>(s);
      entry.port = static_cast<uint16_t>(p);
      entry.rows = static_cast<uint16_t>(port.box.rows());
      entry.element_bytes = static_cast<uint8_t>(buffer.element_bytes);
      entry.is_output = owner == Owner::kOutput;
      entry.row_bytes = static_cast<uint32_t>(
          port.box.columns() * port.box.channels() * buffer.element_bytes);
      return entry;
    }
  }
  throw Error(Exit::kInternal, "the plan leaves an input or output open");
}

// Where everything lies, and the pieces themselves.
struct Pieces {
  std::vector<IoEntry> ios;
  std::vector<PeerEntry> peers;
  std::vector<StageTables> stages;
  ChunkPool pool;
  std::vector<StageEntry> entries;
  std::vector<uint32_t> chunks;  // offsets
  uint32_t head_bytes = 0, program_bytes = 0, image_bytes = 0;
};

// Of a plan that is not linked: rows cross the C API.
std::vector<IoEntry> io_entries(const Net& net, const PlanNode& node) {
  std::vector<IoEntry> ios;
  for (size_t i = 0; i < net.inputs.size(); ++i) {
    ios.push_back(io_entry(node, Owner::kInput, static_cast<int>(i)));
  }
  for (size_t i = 0; i < net.outputs.size(); ++i) {
    ios.push_back(io_entry(node, Owner::kOutput, static_cast<int>(i)));
  }
  return ios;
}

std::vector<PeerEntry> peer_entries(const Plan& plan, const PlanNode& node) {
  std::vector<PeerEntry> peers;
  for (const PlanPeer& p : node.peers) {
    const bool coordinator = p.node == kCoordinatorNode;
    peers.push_back({coordinator ? kCoordinator : static_cast<uint16_t>(p.node),
                     static_cast<uint16_t>(p.window),
                     coordinator ? kCoordinatorPollGapUs
                                 : plan.nodes.at(p.node).poll_gap_us});
  }
  return peers;
}

bool has_store(const PlanNode& node) {
  if (node.layout.head_bytes || !node.storage.empty()) return true;
  for (const PlanStage& stage : node.stages) {
    for (const PlanActor& a : stage.actors) {
      if (a.weights.place == WeightPlace::kTape) return true;
    }
  }
  return false;
}

// Chunks of the program part, then those of the tape part.
void place_chunks(Pieces& p, uint32_t at) {
  p.chunks.resize(p.pool.size());
  for (const bool stored : {false, true}) {
    for (uint32_t c = 0; c < p.pool.size(); ++c) {
      if (p.pool.stored(c) != stored) continue;
      p.chunks[c] = at;
      const uint64_t end =
          uint64_t{at} + p.pool.bytes(c).size() + kTagBytes + kAlign;
      if (end > 0x7FFFFFFF) {
        throw Error(Exit::kUnsupported, "the program exceeds 2 GB");
      }
      at = align_up(static_cast<uint32_t>(end - kAlign));
    }
    (stored ? p.image_bytes : p.program_bytes) = at;
  }
}

Pieces make_pieces(const Net& net, const Plan& plan,
                   const std::vector<StreamEdge>& edges, int index) {
  const PlanNode& node = plan.nodes.at(index);
  Pieces p;
  std::vector<StageLinks> links;
  if (plan.linked) {
    p.peers = peer_entries(plan, node);
    links = node_links(edges, plan, index);
  } else {
    p.ios = io_entries(net, node);
  }
  for (size_t s = 0; s < node.stages.size(); ++s) {
    p.stages.push_back(stage_tables(net, node.stages[s], static_cast<int>(s),
                                    plan.linked ? &links[s] : nullptr,
                                    has_store(node), p.pool));
  }
  p.head_bytes = head_bytes(static_cast<uint32_t>(p.stages.size()),
                            static_cast<uint32_t>(p.ios.size()),
                            static_cast<uint32_t>(p.peers.size()));
  const std::vector<uint32_t> unplaced(p.pool.size());
  uint32_t at = p.head_bytes;
  for (const StageTables& stage : p.stages) {
    const auto bytes =
        static_cast<uint32_t>(record_image(stage, unplaced).size());
    p.entries.push_back({at, bytes});
    at += align_up(bytes);
  }
  place_chunks(p, at);
  return p;
}

void set_links(const Pieces& pieces, const PlanLayout& layout, Header& h) {
  h.peers = static_cast<uint16_t>(pieces.peers.size());
  if (h.peers == 0) return;
  h.link = layout.link;
  for (const StageTables& s : pieces.stages) {
    const auto targets = static_cast<uint16_t>(s.targets.size());
    uint16_t in_streams = 0;
    for (const StreamRecord& r : s.streams) in_streams += r.targets == 0;
    h.targets = static_cast<uint16_t>(h.targets + targets);
    h.stage_targets = std::max(h.stage_targets, targets);
    h.stage_streams = std::max(h.stage_streams, in_streams);
  }
}

void set_store_id(const Pieces& pieces, Header& h) {
  if (h.image_bytes == h.program_bytes) return;
  Sha256 sha;
  for (uint32_t c = 0; c < pieces.pool.size(); ++c) {
    if (!pieces.pool.stored(c)) continue;
    sha.add(pieces.pool.bytes(c).data(), pieces.pool.bytes(c).size());
  }
  uint8_t digest[32];
  if (!sha.finish(digest)) throw Error(Exit::kInternal, "SHA-256 failed");
  std::copy_n(digest, sizeof h.store_id, h.store_id);
}

Header make_header(const Plan& plan, int node, const Pieces& pieces) {
  const PlanNode& n = plan.nodes[node];
  const PlanLayout& l = n.layout;
  Header h{};
  h.magic = kImageMagic;
  h.version = kImageVersion;
  h.node = static_cast<uint16_t>(node);
  h.arithmetic = kArithmetic;
  h.generation = kGeneration;
  h.image_bytes = pieces.image_bytes;
  h.program_bytes = pieces.program_bytes;
  h.head_bytes = pieces.head_bytes;
  h.arena_bytes = n.arena_bytes;
  h.nodes = static_cast<uint16_t>(plan.nodes.size());
  h.stages = static_cast<uint16_t>(n.stages.size());
  for (const IoEntry& io : pieces.ios) ++(io.is_output ? h.outputs : h.inputs);
  h.cursors = l.cursors;
  h.cursor_count = l.cursor_count;
  h.states = l.states;
  h.state_count = l.state_count;
  h.record = l.record;
  h.record_bytes = l.record_bytes;
  h.head = l.head_bytes ? l.head : kNowhere;
  if (l.head_bytes) h.flags |= kImageUnmapped;
  h.keep = l.keep;
  h.keep_bytes = l.keep_bytes;
  h.spill = n.spill_pages ? l.spill : kNowhere;
  h.spill_pages = static_cast<uint32_t>(n.spill_pages);
  h.spill_page_bytes = n.spill_pages ? n.spill_page_bytes : 0;
  h.poll_gap_us = n.poll_gap_us;
  set_links(pieces, l, h);
  set_store_id(pieces, h);
  return h;
}

// The plan's identity: what every node is told to do, without its weights.
class PlanId {
 public:
  void add(const PlanNode& node, const Pieces& pieces) {
    all_.put(node.arena_bytes);
    all_.put_all(pieces.peers);
    for (const StageTables& stage : pieces.stages) {
      all_.put_all(record_image(stage, pieces.chunks));
    }
  }
  std::array<uint8_t, kTagBytes> finish() {
    std::array<uint8_t, kTagBytes> id;
    const std::vector<uint8_t> bytes = all_.take();
    make_tag(TagKind::kHead, 0, kGeneration, bytes.data(),
             static_cast<uint32_t>(bytes.size()), id.data());
    return id;
  }

 private:
  ByteWriter all_;
};

void copy_to(std::vector<uint8_t>& image, uint32_t at,
             const std::vector<uint8_t>& bytes) {
  std::copy(bytes.begin(), bytes.end(), image.begin() + at);
}

class Emitter {
 public:
  Emitter(const Net& net, const Plan& plan) : net_(net), plan_(plan) {
    if (plan.linked) edges_ = stream_edges(plan);
    PlanId id;
    for (size_t n = 0; n < plan.nodes.size(); ++n) {
      id.add(plan.nodes[n], pieces(static_cast<int>(n)));
    }
    id_ = id.finish();
  }

  std::vector<uint8_t> image(int node) const {
    const Pieces p = pieces(node);
    Header header = make_header(plan_, node, p);
    std::copy(id_.begin(), id_.end(), header.plan_id);
    ByteWriter head;
    head.put(header);
    head.put_all(p.entries);
    head.put_all(p.ios);
    head.put_all(p.peers);
    std::vector<uint8_t> image = head.take();
    image.resize(p.image_bytes);
    for (size_t s = 0; s < p.stages.size(); ++s) {
      copy_to(image, p.entries[s].offset, record_image(p.stages[s], p.chunks));
    }
    for (uint32_t c = 0; c < p.pool.size(); ++c) {
      copy_to(image, p.chunks[c], p.pool.bytes(c));
    }
    seal_image(image.data(), p.image_bytes);
    return image;
  }

 private:
  Pieces pieces(int node) const {
    return make_pieces(net_, plan_, edges_, node);
  }

  const Net& net_;
  const Plan& plan_;
  std::vector<StreamEdge> edges_;
  std::array<uint8_t, kTagBytes> id_{};
};

}  // namespace

std::vector<uint8_t> emit(const Net& net, const Plan& plan, int node) {
  return Emitter(net, plan).image(node);
}

std::vector<std::vector<uint8_t>> emit_all(const Net& net, const Plan& plan) {
  const Emitter emitter(net, plan);
  std::vector<std::vector<uint8_t>> images;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    images.push_back(emitter.image(static_cast<int>(n)));
  }
  return images;
}

}  // namespace shoal
