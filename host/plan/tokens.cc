#include "host/plan/tokens.h"

#include <algorithm>
#include <limits>

#include "host/plan/uses.h"

namespace shoal {

StageTokens::StageTokens(const Net& net, const PlanStage& stage) : net_(net) {
  for (const PlanBuffer& b : stage.buffers) {
    buffers_.push_back(
        {{}, {}, b.slots, b.overlay, b.row_bytes(), b.offset, b.bytes()});
  }
  for (const PlanPort& p : stage.ports) {
    const int index = static_cast<int>(ports_.size());
    Buffer& b = buffers_[p.buffer];
    const int origin = stage.buffers[p.buffer].box.y0;
    (p.is_read ? b.reads : b.writes).push_back(index);
    ports_.push_back({p.buffer, p.box.y0 - origin, p.box.y1 - origin, 0, -1});
  }
  for (const PlanActor& a : stage.actors) add_actor(net, a);
  for (size_t p = 0; p < stage.ports.size(); ++p) {
    if (stage.ports[p].owner != Owner::kActor) {
      add_api(stage.ports[p], static_cast<int>(p));
    }
  }
  find_touched();
  peak_.assign(buffers_.size(), 0);
  reset();
}

void StageTokens::add_actor(const Net& net, const PlanActor& a) {
  Agent agent;
  agent.index = a.layer;
  agent.out = a.out;
  for (int i = 0; i < 2; ++i) {
    agent.in[i] = a.in[i];
    agent.rule[i] = row_rule(net, a.layer, i, {a.band, a.part});
    if (a.in[i] >= 0) ports_[a.in[i]].agent = agents();
  }
  ports_[a.out].agent = agents();
  agent.count = firing_count(agent.rule[0]);
  agents_.push_back(agent);
}

void StageTokens::add_api(const PlanPort& p, int port) {
  Agent agent;
  RowRule& rule = agent.rule[0];
  rule.op = OpCode::kLut;  // row by row
  rule.out_rows = rule.in_rows = p.box.rows();
  agent.count = rule.out_rows;
  agent.index = p.owner_index;
  agent.rule[1] = rule;
  ports_[port].agent = agents();
  if (p.owner == Owner::kInput) {
    agent.kind = "input";
    agent.out = port;
    inputs_.push_back(agents());
  } else {
    agent.kind = "output";
    agent.in[0] = port;
    outputs_.push_back(agents());
  }
  agents_.push_back(agent);
}

void StageTokens::find_touched() {
  touched_.resize(agents_.size());
  for (int a = 0; a < agents(); ++a) {
    std::vector<int>& list = touched_[a];
    list.push_back(a);
    const auto add = [&](const std::vector<int>& ports) {
      for (int p : ports) list.push_back(ports_[p].agent);
    };
    const auto add_overlays = [&](int under) {
      for (const Buffer& b : buffers_) {
        if (b.overlay == under) add(b.writes);
      }
    };
    if (agents_[a].out >= 0) {
      add(buffers_[ports_[agents_[a].out].buffer].reads);
      add(buffers_[ports_[agents_[a].out].buffer].writes);
      add_overlays(ports_[agents_[a].out].buffer);
    }
    for (int in : agents_[a].in) {
      if (in < 0) continue;
      add(buffers_[ports_[in].buffer].writes);
      add_overlays(ports_[in].buffer);
    }
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
}

void StageTokens::reset() {
  left_ = 0;
  for (Agent& a : agents_) {
    a.fired = 0;
    if (a.count > 0) ++left_;
  }
  for (Port& p : ports_) p.cursor = p.y0;
}

std::string StageTokens::name(int agent) const {
  const Agent& a = agents_[agent];
  std::string text = std::string(a.kind) + " " + std::to_string(a.index);
  if (agent <
      static_cast<int>(agents_.size() - inputs_.size() - outputs_.size())) {
    text += " " + net_.layers[a.index].name;
  }
  return text;
}

int StageTokens::unready_port(int buffer, int lo, int hi) const {
  const Buffer& b = buffers_[buffer];
  if (lo >= hi) return -1;
  for (int w : b.writes) {
    const Port& p = ports_[w];
    if (p.cursor < p.y1 && p.cursor < hi) return w;
  }
  return -1;
}

int StageTokens::missing_writer(int agent) const {
  const Agent& a = agents_[agent];
  for (int i = 0; i < 2; ++i) {
    if (a.in[i] < 0) continue;
    const Port& p = ports_[a.in[i]];
    const RowRange need = needed_rows(a.rule[i], a.fired);
    const int w = unready_port(p.buffer, p.y0 + need.lo, p.y0 + need.hi);
    if (w >= 0) return ports_[w].agent;
  }
  return -1;
}

bool StageTokens::inputs_ready(int agent) const {
  return missing_writer(agent) < 0;
}

int StageTokens::released(int buffer) const {
  int rows = std::numeric_limits<int>::max();
  for (int r : buffers_[buffer].reads) {
    const Port& p = ports_[r];
    if (p.cursor < p.y1) rows = std::min(rows, p.cursor);
  }
  return rows;
}

bool StageTokens::holds_rows(int buffer) const {
  int made = 0;
  for (int w : buffers_[buffer].writes) {
    const Port& p = ports_[w];
    if (p.cursor > p.y0) made = std::max(made, p.cursor);
  }
  return released(buffer) < made;
}

bool StageTokens::overlay_free(const Buffer& out, int lo, int hi) const {
  const Buffer& under = buffers_[out.overlay];
  int64_t used =
      std::min<int64_t>(released(out.overlay), under.bytes / under.row_bytes);
  // Rows that its readers skip may still be on their way, too.
  for (int w : under.writes) {
    const Port& p = ports_[w];
    if (p.cursor < p.y1) used = std::min<int64_t>(used, p.cursor);
  }
  const int64_t from = under.offset + used * under.row_bytes;
  const int64_t to = under.offset + under.bytes;
  if (from >= to) return true;
  for (int row = lo; row < hi; ++row) {
    const int64_t at = out.offset + row % out.slots * out.row_bytes;
    if (at < to && from < at + out.row_bytes) return false;
  }
  return true;
}

bool StageTokens::output_free(int agent) const {
  const Agent& a = agents_[agent];
  if (a.out < 0) return true;
  const Port& p = ports_[a.out];
  const Buffer& b = buffers_[p.buffer];
  const FiringRange f = firing_range(a.rule[0], a.fired);
  const int lo = p.y0 + f.out_lo, hi = p.y0 + f.out_hi;
  if (hi - lo > b.slots || hi - b.slots > released(p.buffer)) return false;
  // A row that a reader skips may still be on its way to the slot.
  for (int w : b.writes) {
    if (b.reads.empty()) break;
    const Port& other = ports_[w];
    const bool ended = other.cursor >= other.y1;
    if (w != a.out && !ended && hi - b.slots > other.cursor) return false;
  }
  return b.overlay < 0 || overlay_free(b, lo, hi);
}

int64_t StageTokens::next_write_end(int agent) const {
  const Agent& a = agents_[agent];
  const Port& p = ports_[a.out];
  const FiringRange f = firing_range(a.rule[0], a.fired);
  return (p.y0 + f.out_hi) * buffers_[p.buffer].row_bytes;
}

bool StageTokens::writes(int agent, int buffer) const {
  return out_buffer(agent) == buffer;
}

int StageTokens::out_buffer(int agent) const {
  const int out = agents_[agent].out;
  return out < 0 ? -1 : ports_[out].buffer;
}

void StageTokens::fire(int agent) {
  Agent& a = agents_[agent];
  if (a.out >= 0) {
    Port& p = ports_[a.out];
    const FiringRange f = firing_range(a.rule[0], a.fired);
    const int lo = p.y0 + f.out_lo, hi = p.y0 + f.out_hi;
    const int kept = std::max(hi - lo, hi - released(p.buffer));
    peak_[p.buffer] = std::max(peak_[p.buffer], kept);
    if (f.last_part) p.cursor = hi;
  }
  for (int i = 0; i < 2; ++i) {
    if (a.in[i] < 0) continue;
    Port& p = ports_[a.in[i]];
    p.cursor = p.y0 + released_rows(a.rule[i], a.fired);
  }
  if (++a.fired == a.count) --left_;
}

}  // namespace shoal
