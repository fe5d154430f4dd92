#include "host/program/emit/pieces.h"

#include <algorithm>

#include "device/program/io_pieces.h"
#include "device/program/record.h"
#include "device/program/sha256.h"
#include "host/base/error.h"
#include "host/plan/types/stream_table.h"
#include "host/plan/types/variables.h"
#include "host/program/emit/emit.h"
#include "host/program/emit/tape_order.h"

namespace shoal {
namespace {

// The ports through which the caller pushes input or takes output `index`; an
// input that is taken piece by piece has several.
void add_io_entries(const PlanNode& node, Owner owner, int index,
                    const Box& all, std::vector<IoEntry>& ios) {
  const size_t first = ios.size();
  for (size_t s = 0; s < node.stages.size(); ++s) {
    const PlanStage& stage = node.stages[s];
    for (size_t p = 0; p < stage.ports.size(); ++p) {
      const PlanPort& port = stage.ports[p];
      if (port.owner != owner || port.owner_index != index) continue;
      const PlanBuffer& buffer = stage.buffers.at(port.buffer);
      IoEntry entry{};
      entry.stage = static_cast<uint16_t>(s);
      entry.port = static_cast<uint16_t>(p);
      entry.rows = static_cast<uint32_t>(port.box.rows());
      entry.element_bytes = static_cast<uint32_t>(buffer.element_bytes);
      entry.is_output = owner == Owner::kOutput;
      entry.row_bytes = static_cast<uint32_t>(
          port.box.columns() * port.box.channels() * buffer.element_bytes);
      const auto skip = static_cast<uint32_t>(
          (port.box.x0 - all.x0) * port.box.channels() * buffer.element_bytes);
      if (skip > kMostSkipped) {
        throw Error(Exit::kInternal, "a piece of an input begins too far in");
      }
      entry.reserved = piece_field(ios.size() > first, skip);
      ios.push_back(entry);
    }
  }
  if (ios.size() == first) {
    throw Error(Exit::kInternal, "the plan leaves an input or output open");
  }
}

// Returns the inputs and outputs of a plan that is not linked: rows cross the C
// API.
std::vector<IoEntry> io_entries(const Net& net, const PlanNode& node) {
  std::vector<IoEntry> ios;
  for (size_t i = 0; i < net.inputs.size(); ++i) {
    add_io_entries(node, Owner::kInput, static_cast<int>(i),
                   net.inputs[i].place.view.box, ios);
  }
  for (size_t i = 0; i < net.outputs.size(); ++i) {
    add_io_entries(node, Owner::kOutput, static_cast<int>(i),
                   net.outputs[i].place.view.box, ios);
  }
  return ios;
}

// Pieces count as inputs of the program.
void number_inputs(ImagePieces& p) {
  for (size_t i = 0; i < p.ios.size() && !p.ios[i].is_output; ++i) {
    set_owner_index(p.stages[p.ios[i].stage].ports[p.ios[i].port],
                    static_cast<uint32_t>(i));
  }
}

void add_banks(const PlanNode& node, ImagePieces& p) {
  BankTable table{};
  bool any = false;
  for (size_t b = 0; b < node.banks.size(); ++b) {
    table.bytes[b] = node.banks[b].bytes;
    any |= table.bytes[b] > 0;
  }
  // Programs with weights of four bits or rows of int16 always have the table.
  if (any || node.layout.room_bytes > 0 || has_wide_rows(node.stages)) {
    p.banks = table;
  }
}

void add_variables(const Net& net, const PlanNode& node, ImagePieces& p) {
  for (const PlanVariable& v : node.variables) {
    VariableEntry e{};
    e.arena = v.offset;
    e.bytes = v.bytes();
    e.initial = kNowhere;
    const std::vector<int8_t> values = initial_values(net, v);
    if (values.size() == 1) {
      e.fill = values[0];
    } else {
      e.initial = static_cast<uint32_t>(p.initial.size());
      p.initial.insert(p.initial.end(), values.begin(), values.end());
    }
    p.variables.push_back(e);
  }
}

// Returns the next chunk's place behind one at `at`.
uint32_t behind(uint32_t at, uint32_t bytes) {
  const uint64_t end = uint64_t{at} + bytes + kTagBytes + kAlign;
  if (end > 0x7FFFFFFF) {
    throw Error(Exit::kUnsupported, "the program exceeds 2 GB");
  }
  return align_up(static_cast<uint32_t>(end - kAlign));
}

// Chunks of the program part, then those of the tape part.
void place_chunks(ImagePieces& p, uint32_t at) {
  p.chunks.resize(p.pool.size());
  const auto place = [&](uint32_t c) {
    p.chunks[c] = at;
    at = behind(at, p.pool.bytes(c));
  };
  for (uint32_t c = 0; c < p.pool.size(); ++c) {
    if (!p.pool.on_tape(c)) place(c);
  }
  p.program_bytes = at;
  p.tape = tape_order(p.stages, p.pool);
  for (const uint32_t c : p.tape) place(c);
  p.image_bytes = at;
}

void set_store_id(ImagePieces& p) {
  if (p.tape.empty()) return;
  Sha256 sha;
  for (const uint32_t c : p.tape) {
    const std::vector<uint8_t> bytes = p.pool.content(c);
    sha.add(bytes.data(), bytes.size());
  }
  uint8_t digest[32];
  if (!sha.finish(digest)) throw Error(Exit::kInternal, "SHA-256 failed");
  std::copy_n(digest, p.store_id.size(), p.store_id.begin());
}

void set_links(const ImagePieces& pieces, const PlanNode& node, Header& h) {
  h.peers = static_cast<uint16_t>(pieces.peers.size());
  if (h.peers == 0) return;
  h.link = node.layout.link;
  h.gaps = static_cast<uint16_t>(node.gaps);
  h.stage_streams = static_cast<uint16_t>(most_in_streams(node));
  for (const StageTables& s : pieces.stages) {
    const auto targets = static_cast<uint16_t>(s.targets.size());
    h.targets = static_cast<uint16_t>(h.targets + targets);
    h.stage_targets = std::max(h.stage_targets, targets);
  }
}

}  // namespace

ImagePieces make_pieces(const Net& net, const Plan& plan,
                        const std::vector<StreamEdge>& edges, int index) {
  const PlanNode& node = plan.nodes.at(index);
  ImagePieces p;
  std::vector<StageLinks> links;
  if (plan.linked) {
    p.peers = peer_entries(plan, node);
    links = node_links(edges, plan, index);
  } else {
    p.ios = io_entries(net, node);
  }
  for (size_t s = 0; s < node.stages.size(); ++s) {
    p.stages.push_back(stage_tables(
        net, node.stages[s], node.layout, static_cast<int>(s),
        plan.linked ? &links[s] : nullptr, reads_storage(node), p.pool));
  }
  number_inputs(p);
  add_banks(node, p);
  add_variables(net, node, p);
  p.head_bytes =
      head_bytes(static_cast<uint32_t>(p.stages.size()),
                 static_cast<uint32_t>(p.ios.size()),
                 static_cast<uint32_t>(p.peers.size()),
                 static_cast<uint32_t>(p.variables.size()),
                 static_cast<uint32_t>(p.initial.size()), p.banks.has_value());
  const std::vector<uint32_t> unplaced(p.pool.size());
  uint32_t at = p.head_bytes;
  for (const StageTables& stage : p.stages) {
    const auto bytes =
        static_cast<uint32_t>(record_image(stage, unplaced).size());
    p.entries.push_back({at, bytes});
    at += align_up(bytes);
  }
  place_chunks(p, at);
  set_store_id(p);
  return p;
}

Header make_header(const Plan& plan, int node, const ImagePieces& pieces) {
  const PlanNode& n = plan.nodes[node];
  const PlanLayout& l = n.layout;
  Header h{};
  h.magic = kImageMagic;
  h.version = kImageVersion;
  h.node = static_cast<uint16_t>(node);
  h.arithmetic = kArithmetic;
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
  if (!pieces.variables.empty()) h.version = kVariablesVersion;
  if (pieces.banks) h.version = kBanksVersion;
  if (l.room_bytes > 0) h.version = kInt4Version;
  if (has_wide_rows(n.stages)) h.version = kWideVersion;
  set_links(pieces, n, h);
  std::copy(pieces.store_id.begin(), pieces.store_id.end(), h.store_id);
  return h;
}

}  // namespace shoal
