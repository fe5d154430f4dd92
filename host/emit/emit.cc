#include "host/emit/emit.h"

#include <algorithm>
#include <cstring>

#include "device/program/image.h"
#include "device/program/record.h"
#include "device/program/seal.h"
#include "device/program/tag.h"
#include "host/base/error.h"
#include "host/emit/byte_writer.h"
#include "host/emit/record.h"

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
  std::vector<StageTables> stages;
  ChunkPool pool;
  std::vector<StageEntry> entries;
  std::vector<uint32_t> chunks;  // offsets
  uint32_t head_bytes = 0, image_bytes = 0;
};

Pieces make_pieces(const Net& net, const PlanNode& node) {
  Pieces p;
  for (size_t i = 0; i < net.inputs.size(); ++i) {
    p.ios.push_back(io_entry(node, Owner::kInput, static_cast<int>(i)));
  }
  for (size_t i = 0; i < net.outputs.size(); ++i) {
    p.ios.push_back(io_entry(node, Owner::kOutput, static_cast<int>(i)));
  }
  for (size_t s = 0; s < node.stages.size(); ++s) {
    p.stages.push_back(
        stage_tables(net, node.stages[s], static_cast<int>(s), p.pool));
  }
  p.head_bytes = head_bytes(static_cast<uint32_t>(p.stages.size()),
                            static_cast<uint32_t>(p.ios.size()));
  const std::vector<uint32_t> unplaced(p.pool.size());
  uint32_t at = p.head_bytes;
  for (const StageTables& stage : p.stages) {
    const auto bytes =
        static_cast<uint32_t>(record_image(stage, unplaced).size());
    p.entries.push_back({at, bytes});
    at += align_up(bytes);
  }
  for (uint32_t c = 0; c < p.pool.size(); ++c) {
    p.chunks.push_back(at);
    const uint64_t end =
        uint64_t{at} + p.pool.bytes(c).size() + kTagBytes + kAlign;
    if (end > 0x7FFFFFFF) {
      throw Error(Exit::kUnsupported, "the program exceeds 2 GB");
    }
    at = align_up(static_cast<uint32_t>(end - kAlign));
  }
  p.image_bytes = at;
  return p;
}

Header make_header(const Net& net, const Plan& plan, int node,
                   const Pieces& pieces) {
  const PlanNode& n = plan.nodes[node];
  const PlanLayout& l = n.layout;
  Header h{};
  h.magic = kImageMagic;
  h.version = kImageVersion;
  h.node = static_cast<uint16_t>(node);
  h.arithmetic = kArithmetic;
  h.generation = kGeneration;
  h.image_bytes = pieces.image_bytes;
  h.head_bytes = pieces.head_bytes;
  h.arena_bytes = n.arena_bytes;
  h.nodes = static_cast<uint16_t>(plan.nodes.size());
  h.stages = static_cast<uint16_t>(n.stages.size());
  h.inputs = static_cast<uint16_t>(net.inputs.size());
  h.outputs = static_cast<uint16_t>(net.outputs.size());
  h.cursors = l.cursors;
  h.cursor_count = l.cursor_count;
  h.states = l.states;
  h.state_count = l.state_count;
  h.record = l.record;
  h.record_bytes = l.record_bytes;
  h.head = l.head_bytes ? l.head : kNowhere;
  h.slots = l.slots;
  h.slot_bytes = l.slot_bytes;
  h.slot_count = l.slot_count;
  return h;
}

// The plan's identity: what every node is told to do, without its weights.
void set_plan_id(const Net& net, const Plan& plan, Header& header) {
  ByteWriter all;
  for (const PlanNode& node : plan.nodes) {
    const Pieces pieces = make_pieces(net, node);
    all.put(node.arena_bytes);
    for (const StageTables& stage : pieces.stages) {
      all.put_all(record_image(stage, pieces.chunks));
    }
  }
  const std::vector<uint8_t> bytes = all.take();
  make_tag(TagKind::kHead, 0, kGeneration, bytes.data(),
           static_cast<uint32_t>(bytes.size()), header.plan_id);
}

void copy_to(std::vector<uint8_t>& image, uint32_t at,
             const std::vector<uint8_t>& bytes) {
  std::copy(bytes.begin(), bytes.end(), image.begin() + at);
}

}  // namespace

std::vector<uint8_t> emit(const Net& net, const Plan& plan, int node) {
  const Pieces p = make_pieces(net, plan.nodes.at(node));
  Header header = make_header(net, plan, node, p);
  set_plan_id(net, plan, header);

  ByteWriter head;
  head.put(header);
  head.put_all(p.entries);
  head.put_all(p.ios);
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

}  // namespace shoal
