#include "host/program/emit/record.h"

#include <cstring>
#include <limits>
#include <string>

#include "device/program/chunk.h"
#include "device/program/params.h"
#include "host/base/error.h"
#include "host/plan/types/transposition.h"
#include "host/program/emit/byte_writer.h"

namespace shoal {
namespace {

// A number that does not fit is a planner's mistake.
void need_fit(bool fits, int64_t value) {
  if (fits) return;
  throw Error(Exit::kInternal, "the plan has a number that no record holds: " +
                                   std::to_string(value));
}

// Makes a narrower integer.
template <class T>
T fit(int64_t value) {
  const T narrow = static_cast<T>(value);
  need_fit(static_cast<int64_t>(narrow) == value, value);
  return narrow;
}

// The same for fields of fewer bits than any integer has.
uint32_t fit_bits(int64_t value, int bits) {
  need_fit(value >= 0 && value >> bits == 0, value);
  return static_cast<uint32_t>(value);
}
int32_t fit_pad(int64_t value) {
  constexpr int64_t kEnd = int64_t{1} << 27;
  need_fit(value >= -kEnd && value < kEnd, value);
  return static_cast<int32_t>(value);
}

uint16_t index_or_none(int index) {
  return index < 0 ? kNone : fit<uint16_t>(index);
}

// How far a port's box lies inside the view that its layer reads or writes.
struct PortOrigin {
  int y = 0, x = 0, c = 0;
};
PortOrigin origin(const Box& port, const View& view) {
  return {port.y0 - view.box.y0, port.x0 - view.box.x0, port.c0 - view.box.c0};
}

// Returns the layer that an actor without one performs: a copy.
Layer copy_layer(const Net& net, const PlanStage& stage, const PlanActor& a) {
  Layer layer;
  layer.op = OpCode::kMove;
  layer.name = "copy";
  const int tensor = stage.buffers.at(stage.ports.at(a.out).buffer).tensor;
  layer.in[0] = layer.out = {tensor, net.tensors.at(tensor).box()};
  layer.is_wide = net.tensors.at(tensor).element_bytes == 2;
  const MoveParams same{1, 0, 1, 0, 1, 0, 0};
  layer.params.resize(sizeof same / sizeof(int32_t));
  std::memcpy(layer.params.data(), &same, sizeof same);
  return layer;
}

class RecordBuilder {
 public:
  RecordBuilder(const Net& net, const PlanStage& stage,
                const PlanLayout& layout, int index, const StageLinks* links,
                bool has_store, ChunkPool& pool)
      : net_(net),
        stage_(stage),
        layout_(layout),
        links_(links),
        has_store_(has_store),
        pool_(pool) {
    tables_.index = fit<uint16_t>(index);
    if (links)
      tables_.streams = links->streams, tables_.targets = links->targets;
    tables_.slots = stage.slots, tables_.slot_bytes = stage.slot_bytes;
    tables_.slot_count = fit<uint16_t>(stage.slot_count);
  }

  StageTables build() {
    for (size_t i = 0; i < stage_.buffers.size(); ++i) put_buffer(int(i));
    for (size_t i = 0; i < stage_.ports.size(); ++i) put_port(int(i));
    for (const PlanActor& actor : stage_.actors) put_actor(actor);
    for (const PlanLoop& loop : stage_.loops) {
      tables_.loops.push_back(
          {fit<uint16_t>(loop.first_actor), fit<uint16_t>(loop.actors),
           fit<uint16_t>(loop.iterations), fit<uint16_t>(loop.band)});
    }
    for (const PlanRun& run : stage_.order) {
      tables_.order.push_back(
          {fit<uint16_t>(run.actor), fit<uint16_t>(run.firings)});
    }
    for (const PlanSpill& spill : stage_.spills) {
      tables_.spills.push_back({fit<uint16_t>(spill.port), 0,
                                fit<uint32_t>(spill.first_page),
                                fit<uint32_t>(spill.pages), spill.offset});
    }
    if (next_port_ != stage_.ports.size()) {
      throw Error(Exit::kInternal, "the plan's ports do not lie by buffer");
    }
    return std::move(tables_);
  }

 private:
  const Box& box(int port) const { return stage_.ports.at(port).box; }

  // The model may ask for more than the 255 that a record counts: an output
  // that is listed a thousand times has as many readers.
  uint8_t count_ports(int buffer, bool is_read) {
    constexpr int kMost = std::numeric_limits<uint8_t>::max();
    int n = 0;
    while (next_port_ < stage_.ports.size() &&
           stage_.ports[next_port_].buffer == buffer &&
           stage_.ports[next_port_].is_read == is_read) {
      ++next_port_, ++n;
    }
    if (n <= kMost) return static_cast<uint8_t>(n);
    throw Error(Exit::kUnsupported,
                "tensor " +
                    net_.tensors.at(stage_.buffers[buffer].tensor).name + ": " +
                    std::to_string(n) + " layers and outputs " +
                    (is_read ? "read" : "write") + " it on one node",
                "at most " + std::to_string(kMost) +
                    " can; list each output of the model once");
  }

  void put_buffer(int index) {
    const PlanBuffer& b = stage_.buffers[index];
    BufferRecord r{};
    r.tensor = fit<uint16_t>(b.tensor);
    r.element_bytes = fit_bits(b.element_bytes, 3);
    if (b.is_private) r.flags |= kBufferPrivate;
    if (b.complete) r.flags |= kBufferComplete;
    if (b.variable >= 0) r.flags |= kBufferVariable;
    r.rows = fit_bits(b.box.rows(), 25);
    r.channels = fit<uint16_t>(b.box.channels());
    r.slots = fit_bits(b.slots, 25);
    r.row_bytes = b.row_bytes();
    r.offset = b.offset;
    r.first_port = fit<uint16_t>(int64_t(next_port_));
    r.writers = count_ports(index, false);
    r.readers = count_ports(index, true);
    r.overlay = index_or_none(b.overlay);
    r.base = kNone;
    tables_.buffers.push_back(r);
  }

  void put_port(int index) {
    const PlanPort& p = stage_.ports[index];
    const PlanBuffer& buffer = stage_.buffers.at(p.buffer);
    PortRecord r{};
    r.buffer = fit_bits(p.buffer, 11);
    r.is_read = p.is_read;
    set_owner(index, r);
    r.cursor = buffer.is_private ? kNone : fit<uint16_t>(index);
    r.y0 = fit_bits(p.box.y0 - buffer.box.y0, 24);
    r.row_count = fit_bits(p.box.rows(), 25);
    r.x0 = fit<uint16_t>(p.box.x0 - buffer.box.x0);
    r.x1 = fit<uint16_t>(p.box.x1 - buffer.box.x0);
    r.c0 = fit<uint16_t>(p.box.c0 - buffer.box.c0);
    r.c1 = fit<uint16_t>(p.box.c1 - buffer.box.c0);
    tables_.ports.push_back(r);
  }

  void set_owner(int port, PortRecord& r) const {
    const PlanPort& p = stage_.ports[port];
    set_owner_index(r, fit_bits(p.owner_index, 15));
    PortOwner owner = PortOwner::kStream;
    if (p.owner == Owner::kActor) {
      owner = PortOwner::kActor;
    } else if (p.owner == Owner::kSpill) {
      owner = PortOwner::kSpill;
    } else if (!links_) {
      owner = PortOwner::kApi;
    } else {
      set_owner_index(r, fit_bits(links_->entry.at(port), 15));
    }
    r.owned_by = static_cast<uint32_t>(owner);
  }

  void put_actor(const PlanActor& a) {
    if (a.copy) {
      put_actor(a, copy_layer(net_, stage_, a));
    } else {
      put_actor(a, net_.layers.at(a.layer));
    }
  }

  void put_actor(const PlanActor& a, const Layer& layer) {
    ActorRecord r;
    std::memset(&r, 0, sizeof r);
    r.op = layer.op;
    if (a.init) r.flags |= kActorInit;
    if (a.final) r.flags |= kActorFinal;
    if (layer.reduce_columns) r.flags |= kReduceColumns;
    if (layer.reduce_channels) r.flags |= kReduceChannels;
    r.layer = index_or_none(a.layer);
    r.in[0] = index_or_none(a.in[0]);
    r.in[1] = index_or_none(a.in[1]);
    r.partial = index_or_none(a.partial);
    r.out = index_or_none(a.out);
    r.loop = index_or_none(a.loop);
    r.band = fit<uint16_t>(a.band);
    r.part = fit<uint16_t>(a.part);
    r.slices = fit<uint16_t>(a.slices);
    put_window(a, layer, r);
    r.is_wide = layer.is_wide;
    r.zero_in = fit<int8_t>(layer.zero_in);
    r.zero_weight = fit<int8_t>(layer.zero_weight);
    r.zero_out = fit<int8_t>(layer.zero_out);
    r.act_min = fit<int8_t>(layer.act_min);
    r.act_max = fit<int8_t>(layer.act_max);
    r.param = layer.op == OpCode::kResize
                  ? put_maps(a, layer)
                  : fit<uint16_t>(int64_t(tables_.params.size()));
    put_params(a, layer);
    r.weights = a.weights.chunks.empty() ? kNone : put_weights(a, layer);
    if (layer.weights.int4) {
      r.room16 = fit<uint16_t>(layout_.room_bytes / kAlign);
      tables_.room = layout_.room;
    }
    r.accumulator = a.accumulator_bytes ? a.accumulator : kNowhere;
    tables_.actors.push_back(r);
  }

  // in-box row = oy * stride - pad' + ky * dilation for the row oy of the out
  // port's box: the pads move by where the two boxes begin in their views.
  void put_window(const PlanActor& a, const Layer& layer, ActorRecord& r) {
    r.kernel_h = fit<uint16_t>(layer.kernel_h);
    r.kernel_w = fit<uint16_t>(layer.kernel_w);
    r.stride_y = fit<uint16_t>(layer.stride_y);
    r.stride_x = fit<uint16_t>(layer.stride_x);
    r.dilation_y = fit<uint16_t>(layer.dilation_y);
    r.dilation_x = fit<uint16_t>(layer.dilation_x);
    r.multiplier = fit<uint16_t>(layer.depth_multiplier);
    if (a.in[0] < 0) return;
    const PortOrigin in = origin(box(a.in[0]), layer.in[0]);
    const PortOrigin out = origin(box(a.out), layer.out);
    int64_t top = layer.pad_top, left = layer.pad_left;
    if (layer.op == OpCode::kTransposeConv) {
      top += out.y - int64_t{in.y} * layer.stride_y;
      left += out.x - int64_t{in.x} * layer.stride_x;
    } else {
      top += in.y - int64_t{out.y} * layer.stride_y;
      left += in.x - int64_t{out.x} * layer.stride_x;
    }
    r.pad_top = fit_pad(top);
    r.pad_left = fit_pad(left);
  }

  void put_params(const PlanActor& a, const Layer& layer) {
    std::vector<int32_t> params = layer.params;
    if (layer.op == OpCode::kMove) {
      MoveParams m;
      if (params.size() * sizeof(int32_t) != sizeof m) {
        throw Error(Exit::kInternal, layer.name + ": not a move's parameters");
      }
      std::memcpy(&m, params.data(), sizeof m);
      const PortOrigin in = origin(box(a.in[0]), layer.in[0]);
      const PortOrigin out = origin(box(a.out), layer.out);
      m.base_y += out.y * m.stride_y - in.y;
      m.base_x += out.x * m.stride_x - in.x;
      m.base_c += out.c * m.stride_c - in.c;
      std::memcpy(params.data(), &m, sizeof m);
    }
    if (layer.op == OpCode::kBilinear) {
      BilinearParams m;
      if (params.size() * sizeof(int32_t) != sizeof m) {
        throw Error(Exit::kInternal, layer.name + ": not two lines");
      }
      std::memcpy(&m, params.data(), sizeof m);
      const PortOrigin in = origin(box(a.in[0]), layer.in[0]);
      const PortOrigin out = origin(box(a.out), layer.out);
      m.base_y += out.y * m.scale_y - 1024 * in.y;
      m.base_x += out.x * m.scale_x - 1024 * in.x;
      std::memcpy(params.data(), &m, sizeof m);
    }
    if (layer.op == OpCode::kTranspose) {
      params = transposed_params(layer, box(a.in[0]), box(a.out));
    }
    tables_.params.insert(tables_.params.end(), params.begin(), params.end());
  }

  uint16_t put_maps(const PlanActor& a, const Layer& layer) {
    const uint16_t first = fit<uint16_t>(int64_t(tables_.maps.size()));
    const PortOrigin in = origin(box(a.in[0]), layer.in[0]);
    const PortOrigin out = origin(box(a.out), layer.out);
    for (int y = 0; y < box(a.out).rows(); ++y) {
      tables_.maps.push_back(fit<uint16_t>(layer.row_map.at(y + out.y) - in.y));
    }
    for (int x = 0; x < box(a.out).columns(); ++x) {
      tables_.maps.push_back(
          fit<uint16_t>(layer.column_map.at(x + out.x) - in.x));
    }
    return first;
  }

  uint16_t put_weights(const PlanActor& a, const Layer& layer) {
    const PlanWeights& w = a.weights;
    WeightRecord r{};
    r.first_chunk = fit<uint16_t>(int64_t(tables_.chunks.size()));
    r.parts = fit<uint16_t>(w.parts);
    r.groups = fit<uint16_t>(w.groups);
    r.place = w.place;
    r.flags = w.keep ? kWeightsKeep : 0;
    r.flags |= fit<uint8_t>(2 * w.bank);
    r.arena = w.place == WeightPlace::kSram ? w.offset : 0;
    for (const PlanChunk& chunk : w.chunks) put_chunk(a, layer, chunk);
    tables_.weights.push_back(r);
    return fit<uint16_t>(int64_t(tables_.weights.size()) - 1);
  }

  bool in_tape_part(WeightPlace place) const {
    return place == WeightPlace::kTape ||
           (place == WeightPlace::kSram && has_store_);
  }

  bool ends_loop(const PlanActor& a) const {
    return a.loop >= 0 &&
           !stage_.buffers[stage_.ports.at(a.out).buffer].is_private;
  }

  void put_chunk(const PlanActor& a, const Layer& layer, const PlanChunk& c) {
    const bool rows = layer.op == OpCode::kConstant;
    const PortOrigin out = origin(box(a.out), layer.out);
    ChunkCut cut;
    cut.out0 = c.out0, cut.out_n = c.out_n;
    cut.column0 = out.x, cut.column_n = box(a.out).columns();
    cut.channel0 = out.c, cut.channel_n = box(a.out).channels();
    cut.ky_n = layer.kernel_h;
    if (a.in[0] >= 0) {
      cut.in0 = origin(box(a.in[0]), layer.in[0]).c;
      cut.in_n = box(a.in[0]).channels();
    }
    ChunkRecord r{};
    r.in_n = fit<uint16_t>(layer.kernel_h);
    if (a.part < layer.kernel_h) {
      cut.ky0 = c.in0, cut.ky_n = c.in_n;
      r.in0 = fit<uint16_t>(c.in0), r.in_n = fit<uint16_t>(c.in_n);
    } else if (ends_loop(a)) {
      cut.in0 = c.in0, cut.in_n = c.in_n;
      r.in0 = fit<uint16_t>(c.in0), r.in_n = fit<uint16_t>(c.in_n);
    }
    // A private buffer holds one iteration, whichever channels these are; a
    // loop over a part of the channels counts them from its first one.
    const bool is_private =
        stage_.buffers[stage_.ports[a.out].buffer].is_private;
    const int first = is_private ? a.weights.chunks[0].out0
                      : rows     ? out.y
                                 : out.c;
    r.out0 = fit<uint16_t>(c.out0 - first);
    r.out_n = fit<uint16_t>(c.out_n);
    r.offset = pool_.add(layer, cut, in_tape_part(a.weights.place));
    r.bytes = pool_.bytes(r.offset);
    tables_.chunks.push_back(r);
  }

  const Net& net_;
  const PlanStage& stage_;
  const PlanLayout& layout_;
  const StageLinks* const links_;
  const bool has_store_;
  ChunkPool& pool_;
  StageTables tables_;
  size_t next_port_ = 0;
};

StageHeader stage_header(const StageTables& t) {
  const auto count = [](const auto& table) {
    return fit<uint16_t>(int64_t(table.size()));
  };
  StageHeader h{};
  h.magic = kStageMagic;
  h.index = t.index;
  h.buffers = count(t.buffers);
  h.ports = count(t.ports);
  h.actors = count(t.actors);
  h.loops = count(t.loops);
  h.weights = count(t.weights);
  h.chunks = count(t.chunks);
  h.params = count(t.params);
  h.maps = count(t.maps);
  h.order = count(t.order);
  h.streams = count(t.streams);
  h.targets = count(t.targets);
  h.spills = count(t.spills);
  h.slots = t.slots;
  h.slot_bytes = t.slot_bytes;
  h.slot_count = t.slot_count;
  h.room = t.room;
  return h;
}

}  // namespace

StageTables stage_tables(const Net& net, const PlanStage& stage,
                         const PlanLayout& layout, int index,
                         const StageLinks* links, bool has_store,
                         ChunkPool& pool) {
  return RecordBuilder(net, stage, layout, index, links, has_store, pool)
      .build();
}

std::vector<uint8_t> record_image(const StageTables& t,
                                  const std::vector<uint32_t>& chunk_offsets) {
  std::vector<ChunkRecord> chunks = t.chunks;
  for (ChunkRecord& c : chunks) c.offset = chunk_offsets.at(c.offset);
  ByteWriter w;
  w.put(stage_header(t));
  const auto table = [&](const auto& rows) {
    w.put_all(rows);
    w.pad(4);
  };
  table(t.buffers);
  table(t.ports);
  table(t.actors);
  table(t.loops);
  table(t.weights);
  table(chunks);
  table(t.params);
  table(t.maps);
  table(t.order);
  table(t.streams);
  table(t.targets);
  table(t.spills);
  w.pad(kAlign);
  const uint32_t bytes = w.size() + kTagBytes;
  std::vector<uint8_t> record = w.take();
  record.resize(bytes);
  std::memcpy(record.data() + offsetof(StageHeader, bytes), &bytes,
              sizeof bytes);
  return record;
}

}  // namespace shoal
