#include "host/check/testing/hand_plans.h"

#include <algorithm>
#include <numeric>

#include "device/program/chunk.h"
#include "device/program/record.h"
#include "device/program/spill_layout.h"

namespace shoal {

namespace {

// Rows that an actor of a loop makes in a frame: those that each band needs of
// it, through the windows of the layers behind it.
int64_t looped_rows(const Net& net, const PlanStage& stage,
                    const PlanLoop& loop, int actor) {
  const int last = loop.first_actor + loop.actors - 1;
  const Box& out = stage.ports[stage.actors[last].out].box;
  int64_t sum = 0;
  for (int y = out.y0; y < out.y1; y += loop.band) {
    int lo = y, hi = std::min(y + loop.band, out.y1);
    for (int j = last; j > actor; --j) {
      const Layer& l = net.layers[stage.actors[j].layer];
      lo = std::max(lo * l.stride_y - l.pad_top, l.in[0].box.y0);
      hi = std::min((hi - 1) * l.stride_y - l.pad_top + l.kernel_h,
                    l.in[0].box.y1);
    }
    sum += hi - lo;
  }
  return sum;
}

}  // namespace

void HandPlan::stage() {
  node_.stages.emplace_back();
  wanted_.emplace_back();
}

int HandPlan::buffer(int tensor, int slots, BufferOptions o) {
  return part(tensor, net_.tensors[tensor].box(), slots, o);
}

int HandPlan::part(int tensor, const Box& box, int slots, BufferOptions o) {
  const int here = static_cast<int>(node_.stages.size()) - 1;
  PlanBuffer b;
  b.tensor = tensor;
  b.box = box;
  b.element_bytes =
      o.element_bytes ? o.element_bytes : net_.tensors[tensor].element_bytes;
  b.slots = slots ? slots : b.box.rows();
  b.complete = o.complete;
  b.overlay = o.overlay;
  b.first_stage = o.first_stage < 0 ? here : o.first_stage;
  b.last_stage = o.last_stage < 0 ? here : o.last_stage;
  now().buffers.push_back(b);
  wanted_.back().push_back(o.offset);
  return static_cast<int>(now().buffers.size()) - 1;
}

int HandPlan::find_buffer(int tensor) {
  const auto& all = now().buffers;
  const auto at = std::ranges::find(all, tensor, &PlanBuffer::tensor);
  return static_cast<int>(at - all.begin());
}

// The part of this box that a port sees: a private buffer is always touched
// whole.
Box HandPlan::box_in(int buffer, const Box& wanted) {
  const PlanBuffer& b = now().buffers[buffer];
  return b.is_private ? b.box : wanted;
}

int HandPlan::port(int buffer, const Box& box, bool is_read, Owner owner,
                   int owner_index) {
  now().ports.push_back(
      {buffer, box_in(buffer, box), is_read, owner, owner_index});
  return static_cast<int>(now().ports.size()) - 1;
}

PlanActor& HandPlan::add_actor(int layer, int band, int part) {
  const Layer& l = net_.layers[layer];
  const int index = static_cast<int>(now().actors.size());
  PlanActor a;
  a.layer = layer;
  a.band = band;
  a.part = part ? part : l.kernel_h;
  for (int i = 0; i < 2; ++i) {
    if (l.in[i].tensor < 0) continue;
    a.in[i] = port(find_buffer(l.in[i].tensor), l.in[i].box, true,
                   Owner::kActor, index);
  }
  a.out =
      port(find_buffer(l.out.tensor), l.out.box, false, Owner::kActor, index);
  now().actors.push_back(a);
  return now().actors.back();
}

// Even groups of output channels; parts are kernel rows, or input channels.
void HandPlan::add_chunks(PlanActor& a, int parts, int groups, bool by_input) {
  const Layer& l = net_.layers[a.layer];
  if (l.weights.empty()) return;
  a.weights.parts = parts;
  a.weights.groups = groups;
  const int channels = l.out.box.channels();
  const int inputs = l.in[0].box.channels();
  for (int p = 0; p < parts; ++p) {
    int from = p * a.part, to = std::min(from + a.part, l.kernel_h);
    if (by_input) from = p * inputs / parts, to = (p + 1) * inputs / parts;
    for (int g = 0; g < groups; ++g) {
      const int c0 = g * channels / groups;
      const int c1 = (g + 1) * channels / groups;
      a.weights.chunks.push_back({c0, c1 - c0, from, to - from});
    }
  }
}

int HandPlan::actor(int layer, int band, int part, int groups) {
  const Layer& l = net_.layers[layer];
  PlanActor& a = add_actor(layer, band, part);
  const int parts = (l.kernel_h + a.part - 1) / a.part;
  if (parts > 1) {
    a.accumulator_bytes =
        static_cast<uint32_t>(4 * l.out.box.columns() * l.out.box.channels());
  }
  add_chunks(a, parts, groups, false);
  return static_cast<int>(now().actors.size()) - 1;
}

void HandPlan::tile(int layer, const Box& out, const Box& in) {
  const Layer& l = net_.layers[layer];
  PlanActor& a = add_actor(layer, 1, 0);
  now().ports[a.out].box = out;
  now().ports[a.in[0]].box = in;
  if (l.weights.empty()) return;
  const int first = out.c0 - l.out.box.c0;
  a.weights.chunks = {{first, out.channels(), 0, l.kernel_h}};
}

void HandPlan::private_buffer(int tensor, int slots, int channels) {
  PlanBuffer& b = now().buffers[buffer(tensor, slots)];
  b.is_private = true;
  b.box.c1 = channels;
}

void HandPlan::loop(int first_layer, int layers, int iterations, int band) {
  const int index = static_cast<int>(now().loops.size());
  const int first = static_cast<int>(now().actors.size());
  for (int j = 0; j < layers; ++j) {
    const bool last = j + 1 == layers;
    PlanActor& a = add_actor(first_layer + j, last ? band : 1, 0);
    const Box& out = net_.layers[a.layer].out.box;
    a.loop = index;
    add_chunks(a, last ? iterations : 1, last ? 1 : iterations, last);
    if (last) {
      a.accumulator_bytes =
          static_cast<uint32_t>(4 * band * out.columns() * out.channels());
    }
  }
  now().loops.push_back({first, layers, iterations, band});
}

void HandPlan::cut_conv(int layer, int channel) {
  const View& out = net_.layers[layer].out;
  PlanActor low = add_actor(layer, 1, 0);
  const int first = static_cast<int>(now().actors.size()) - 1;
  PlanActor high = add_actor(layer, 1, 0);
  const int sums = buffer(out.tensor, 1);
  now().buffers[sums].element_bytes = 4;
  now().ports[low.out].buffer = sums;
  now().ports[low.in[0]].box.c1 = channel;
  now().ports[high.in[0]].box.c0 = channel;
  low.final = high.init = false;
  high.partial = port(sums, out.box, true, Owner::kActor, first + 1);
  add_chunks(low, 1, 1, false);
  add_chunks(high, 1, 1, false);
  now().actors[first] = low;
  now().actors[first + 1] = high;
}

PlanActor& HandPlan::add_share(const HandShare& s) {
  const int index = static_cast<int>(now().actors.size());
  PlanActor a;
  a.band = s.band;
  a.init = s.partial < 0;
  a.final = s.final;
  for (int i = 0; i < 2; ++i) {
    if (s.in[i] < 0) continue;
    a.in[i] = port(s.in[i], s.in_box[i], true, Owner::kActor, index);
  }
  if (s.partial >= 0) {
    a.partial = port(s.partial, s.out_box, true, Owner::kActor, index);
  }
  a.out = port(s.out, s.out_box, false, Owner::kActor, index);
  now().actors.push_back(a);
  return now().actors.back();
}

void HandPlan::share(int layer, const HandShare& s) {
  const Layer& l = net_.layers[layer];
  PlanActor& a = add_share(s);
  a.layer = layer;
  a.part = l.kernel_h;
  if (l.weights.empty()) return;
  const int first = s.out_box.c0 - l.out.box.c0;
  a.weights.chunks = {{first, s.out_box.channels(), 0, l.kernel_h}};
}

void HandPlan::copy(int from, int to, const Box& box) {
  PlanActor& a = add_share(
      {.out = to, .out_box = box, .in = {from, -1}, .in_box = {box, {}}});
  a.copy = true;
}

void HandPlan::loop_part(int first_layer, int layers, int iterations, int c0,
                         int c1, const HandShare& share) {
  const int first = static_cast<int>(now().actors.size());
  loop(first_layer, layers, iterations, share.band);
  const auto cut = [&](int i) { return c0 + i * (c1 - c0) / iterations; };
  for (int j = 0; j < layers; ++j) {
    const bool last = j + 1 == layers;
    for (int i = 0; i < iterations; ++i) {
      PlanChunk& c = now().actors[first + j].weights.chunks[i];
      (last ? c.in0 : c.out0) = cut(i);
      (last ? c.in_n : c.out_n) = cut(i + 1) - cut(i);
    }
  }
  now().ports[now().actors[first].in[0]].buffer = share.in[0];
  PlanActor& last = now().actors.back();
  now().ports[last.out].buffer = share.out;
  last.final = share.final;
  if (share.partial < 0) return;
  last.init = false;
  last.partial = port(share.partial, share.out_box, true, Owner::kActor,
                      first + layers - 1);
}

void HandPlan::input(int index, int buffer, const Box& box) {
  port(buffer, box, false, Owner::kInput, index);
}

void HandPlan::output(int index, int buffer, const Box& box) {
  port(buffer, box, true, Owner::kOutput, index);
}

void HandPlan::input(int index) {
  const View& v = net_.inputs[index].place.view;
  port(find_buffer(v.tensor), v.box, false, Owner::kInput, index);
}

void HandPlan::output(int index) {
  const View& v = net_.outputs[index].place.view;
  port(find_buffer(v.tensor), v.box, true, Owner::kOutput, index);
}

void HandPlan::order(std::vector<PlanRun> runs) {
  now().order = std::move(runs);
}

void HandPlan::spill(int buffer, uint32_t page_bytes) {
  const PlanBuffer& b = now().buffers[buffer];
  const int index = static_cast<int>(now().spills.size());
  const int64_t bytes = b.box.elements() * b.element_bytes;
  const uint32_t payload = page_payload(page_bytes);
  const int pages = static_cast<int>((bytes + payload - 1) / payload);
  const int at = port(buffer, b.box, true, Owner::kSpill, index);
  now().spills.push_back({at, node_.spill_pages, pages, 0});
  node_.spill_page_bytes = page_bytes;
  node_.spill_pages += pages;
  node_.storage = "file";
}

void HandPlan::read_back(int buffer) {
  const PlanBuffer& b = now().buffers[buffer];
  const int index = static_cast<int>(now().spills.size());
  PlanSpill back;
  for (const PlanStage& stage : node_.stages) {
    for (const PlanSpill& s : stage.spills) {
      const PlanPort& from = stage.ports[s.port];
      const PlanBuffer& written = stage.buffers[from.buffer];
      if (from.is_read && written.tensor == b.tensor && from.box == b.box) {
        back = s;
      }
    }
  }
  back.port = port(buffer, b.box, false, Owner::kSpill, index);
  now().spills.push_back(back);
}

void HandPlan::in_sram(bool keep) {
  PlanWeights& w = now().actors.back().weights;
  w.place = WeightPlace::kSram;
  w.keep = keep;
}

void HandPlan::sort_ports(PlanStage& stage) {
  std::vector<int> by(stage.ports.size());
  std::iota(by.begin(), by.end(), 0);
  std::ranges::stable_sort(by, {}, [&](int p) {
    return 2 * stage.ports[p].buffer + (stage.ports[p].is_read ? 1 : 0);
  });
  std::vector<PlanPort> sorted;
  std::vector<int> where(by.size());
  for (int p : by) {
    where[p] = static_cast<int>(sorted.size());
    sorted.push_back(stage.ports[p]);
  }
  stage.ports = sorted;
  for (PlanSpill& spill : stage.spills) spill.port = where[spill.port];
  for (PlanActor& a : stage.actors) {
    for (int* p : {&a.in[0], &a.in[1], &a.partial, &a.out}) {
      if (*p >= 0) *p = where[*p];
    }
  }
}

uint32_t HandPlan::record_size(const PlanStage& s) const {
  StageCounts n;
  n.buffers = static_cast<uint16_t>(s.buffers.size());
  n.ports = static_cast<uint16_t>(s.ports.size());
  n.actors = static_cast<uint16_t>(s.actors.size());
  n.loops = static_cast<uint16_t>(s.loops.size());
  n.order = static_cast<uint16_t>(s.order.size());
  n.spills = static_cast<uint16_t>(s.spills.size());
  for (const PlanActor& a : s.actors) {
    if (a.weights.chunks.empty()) continue;
    n.weights += 1;
    n.chunks += static_cast<uint16_t>(a.weights.chunks.size());
    n.params += static_cast<uint16_t>(net_.layers[a.layer].params.size());
  }
  return record_bytes(n);
}

uint32_t hand_chunk_bytes(const Net& net, const PlanStage& s,
                          const PlanActor& a, const PlanChunk& c) {
  const Layer& l = net.layers[a.layer];
  const bool ends_loop =
      a.loop >= 0 && !s.buffers[s.ports[a.out].buffer].is_private;
  int64_t taps = int64_t{1} * c.in_n * l.kernel_w;
  if (ends_loop) {
    taps *= l.kernel_h;
  } else if (l.op != OpCode::kDepthwise) {
    const Box& in = s.ports[a.in[0]].box;
    const bool inner = s.buffers[s.ports[a.in[0]].buffer].is_private;
    taps *= inner ? l.in[0].box.channels() : in.channels();
  }
  return chunk_layout(static_cast<uint32_t>(taps * c.out_n),
                      static_cast<uint32_t>(c.out_n), true)
      .bytes;
}

// Chunks that are not in SRAM come from the tape, through two slots.
void HandPlan::place_weights(PlanStage& s) {
  if (!tape_) return;
  uint32_t chunk = 0;
  for (PlanActor& a : s.actors) {
    if (a.weights.place == WeightPlace::kSram) continue;
    a.weights.place = WeightPlace::kTape;
    for (const PlanChunk& c : a.weights.chunks) {
      chunk = std::max(chunk, hand_chunk_bytes(net_, s, a, c));
    }
  }
  if (chunk == 0) return;
  s.slot_bytes = align_up(chunk + kTagBytes);
  s.slot_count = 2;
}

uint32_t HandPlan::sram_bytes(const PlanStage& s, const PlanActor& a) const {
  uint32_t bytes = 0;
  for (const PlanChunk& c : a.weights.chunks) {
    bytes += align_up(hand_chunk_bytes(net_, s, a, c) + kTagBytes);
  }
  return bytes;
}

void HandPlan::place_kept() {
  PlanLayout& l = node_.layout;
  for (PlanStage& s : node_.stages) {
    for (PlanActor& a : s.actors) {
      if (!a.weights.keep) continue;
      a.weights.offset = l.keep + l.keep_bytes;
      l.keep_bytes += sram_bytes(s, a);
    }
  }
}

void HandPlan::place_fixed() {
  PlanLayout& l = node_.layout;
  for (PlanStage& s : node_.stages) {
    l.cursor_count = std::max(l.cursor_count, uint32_t(s.ports.size()));
    l.state_count = std::max(l.state_count, uint32_t(s.actors.size()));
    place_weights(s);
    if (unmapped_) l.record_bytes = std::max(l.record_bytes, record_size(s));
  }
  if (unmapped_) {
    l.head_bytes = head_bytes(
        static_cast<uint32_t>(node_.stages.size()),
        static_cast<uint32_t>(net_.inputs.size() + net_.outputs.size()));
  }
  node_.mapped = !unmapped_;
  if (tape_) node_.storage = "file";
  l.states = align_up(4 * l.cursor_count);
  l.head = align_up(l.states +
                    l.state_count * static_cast<uint32_t>(sizeof(ActorState)));
  l.record = align_up(l.head + l.head_bytes);
  l.keep = align_up(l.record + l.record_bytes);
  place_kept();
  l.spill = align_up(l.keep + l.keep_bytes);
  const auto pages = static_cast<uint32_t>(node_.spill_pages);
  l.spill_bytes = pages ? spill_state_bytes(pages) : 0;
  l.link = align_up(l.spill + l.spill_bytes);
  l.link_bytes = link_layout(link_).bytes;
  l.buffers = align_up(l.link + l.link_bytes);
}

// Places the areas through which data passes from and to storage, behind `end`.
uint32_t HandPlan::place_stored(PlanStage& stage, uint32_t end) {
  if (stage.slot_count) {
    stage.slots = align_up(end);
    end = stage.slots + stage.slot_bytes * stage.slot_count;
  }
  for (PlanSpill& spill : stage.spills) {
    spill.offset = align_up(end);
    end = spill.offset + node_.spill_page_bytes;
  }
  for (PlanActor& a : stage.actors) {
    if (a.weights.place != WeightPlace::kSram || a.weights.keep) continue;
    a.weights.offset = align_up(end);
    end = a.weights.offset + sram_bytes(stage, a);
  }
  return end;
}

void HandPlan::pack() {
  place_fixed();
  const PlanLayout& l = node_.layout;
  for (size_t s = 0; s < node_.stages.size(); ++s) {
    PlanStage& stage = node_.stages[s];
    uint32_t end = l.buffers;
    for (size_t b = 0; b < stage.buffers.size(); ++b) {
      PlanBuffer& buffer = stage.buffers[b];
      const int64_t wanted = wanted_[s][b];
      buffer.offset = wanted < 0 ? align_up(end)
                                 : l.buffers + static_cast<uint32_t>(wanted);
      end = std::max(end, buffer.offset + buffer.bytes());
    }
    for (PlanActor& a : stage.actors) {
      if (!a.accumulator_bytes) continue;
      a.accumulator = align_up(end);
      end = a.accumulator + a.accumulator_bytes;
    }
    end = place_stored(stage, end);
    stage.arena_bytes = end;
    node_.arena_bytes = std::max(node_.arena_bytes, end);
  }
}

int HandPlan::summed_channels(const PlanStage& stage, const PlanActor& a) {
  if (a.loop < 0) return stage.ports[a.in[0]].box.channels();
  const PlanChunk &c = a.weights.chunks.front(), &d = a.weights.chunks.back();
  return d.in0 + d.in_n - c.in0;
}

void HandPlan::count_weights(PlanStage& stage, const PlanWeights& w,
                             int64_t bytes) {
  const int64_t tags = kTagBytes * static_cast<int64_t>(w.chunks.size());
  if (w.place == WeightPlace::kMapped) {
    node_.flash_weight_bytes += bytes;
    return;
  }
  const bool sram = w.place == WeightPlace::kSram;
  (sram ? node_.sram_weight_bytes : node_.tape_bytes) += bytes;
  if (!w.keep) stage.storage_read_bytes += bytes + tags;
}

void HandPlan::count() {
  for (PlanStage& stage : node_.stages) {
    for (const PlanSpill& spill : stage.spills) {
      const int64_t bytes = int64_t{spill.pages} * node_.spill_page_bytes;
      stage.storage_read_bytes += bytes;
      if (!stage.ports[spill.port].is_read) continue;
      stage.storage_written_bytes += bytes;
      node_.storage_written_bytes += bytes;
    }
    for (const PlanActor& a : stage.actors) {
      if (a.copy) {
        const int rows = stage.ports[a.out].box.rows();
        stage.firings += (rows + a.band - 1) / a.band;
        continue;
      }
      const Layer& l = net_.layers[a.layer];
      const PlanPort& out = stage.ports[a.out];
      const bool inner = stage.buffers[out.buffer].is_private;
      const int64_t steps = (out.box.rows() + a.band - 1) / a.band;
      int64_t bytes = 0;
      for (const PlanChunk& c : a.weights.chunks) {
        bytes += hand_chunk_bytes(net_, stage, a, c);
      }
      stage.weight_read_bytes += steps * bytes;
      count_weights(stage, a.weights, bytes);
      int64_t macs = l.macs / l.out.box.elements();
      if (inner) {
        const PlanChunk &c = a.weights.chunks.front(),
                        &d = a.weights.chunks.back();
        macs *= looped_rows(net_, stage, stage.loops[a.loop],
                            static_cast<int>(&a - stage.actors.data())) *
                out.box.columns() * (d.out0 + d.out_n - c.out0);
      } else {
        macs *= out.box.elements();
      }
      if (!(a.init && a.final)) {
        macs = macs / l.in[0].box.channels() * summed_channels(stage, a);
      }
      stage.macs += macs;
      if (inner) continue;
      stage.firings += steps * ((l.kernel_h + a.part - 1) / a.part);
    }
    node_.macs += stage.macs;
    node_.storage_read_bytes += stage.storage_read_bytes;
    node_.weight_read_bytes += stage.weight_read_bytes;
  }
}

Plan HandPlan::finish() {
  for (PlanStage& stage : node_.stages) sort_ports(stage);
  pack();
  count();
  Plan plan;
  plan.nodes.push_back(node_);
  plan.macs = node_.macs;
  plan.model_macs = net_.model_macs;
  return plan;
}

Plan plain_plan(const Net& net) {
  HandPlan p(net);
  p.stage();
  for (size_t t = 0; t < net.tensors.size(); ++t) p.buffer(static_cast<int>(t));
  for (size_t i = 0; i < net.inputs.size(); ++i) p.input(static_cast<int>(i));
  for (size_t l = 0; l < net.layers.size(); ++l) {
    p.actor(static_cast<int>(l), 1, std::min(net.layers[l].kernel_h, 16));
  }
  for (size_t o = 0; o < net.outputs.size(); ++o) p.output(static_cast<int>(o));
  return p.finish();
}

}  // namespace shoal
