#include "host/plan/tokens/tokens.h"

#include <algorithm>
#include <limits>

#include "host/plan/types/loop.h"
#include "host/plan/types/uses.h"

namespace shoal {

StageTokens::StageTokens(const Net& net, const PlanStage& stage,
                         const std::vector<StreamTie>& ties)
    : net_(net) {
  for (const PlanBuffer& b : stage.buffers) {
    buffers_.push_back(
        {{}, {}, b.slots, b.overlay, b.row_bytes(), b.offset, b.bytes()});
  }
  for (const PlanPort& p : stage.ports) {
    const int index = static_cast<int>(ports_.size());
    Buffer& b = buffers_[p.buffer];
    const int origin = stage.buffers[p.buffer].box.y0;
    ports_.push_back({p.buffer, p.box.y0 - origin, p.box.y1 - origin, 0, -1});
    // A stream reads once for each target.
    if (p.owner == Owner::kStream && p.is_read && !ties.empty()) continue;
    (p.is_read ? b.reads : b.writes).push_back(index);
  }
  for (const PlanActor& a : stage.actors) {
    if (a.loop < 0) {
      add_actor(net, stage, a);
    } else if (stage.loops[a.loop].first_actor == processes()) {
      add_loop(net, stage, stage.loops[a.loop]);
    } else {
      processes_.push_back({});  // fires within its loop
      processes_.back().index = a.layer;
    }
  }
  for (size_t p = 0; p < stage.ports.size(); ++p) {
    const Owner owner = stage.ports[p].owner;
    if (owner != Owner::kActor && (owner != Owner::kStream || ties.empty())) {
      add_api(stage.ports[p], static_cast<int>(p));
    }
  }
  first_stream_ = processes();
  for (const StreamTie& tie : ties) add_stream(stage.ports[tie.from], tie);
  find_touched();
  peak_.assign(buffers_.size(), 0);
  reset();
}

void StageTokens::add_actor(const Net& net, const PlanStage& stage,
                            const PlanActor& a) {
  Process process;
  process.index = a.layer;
  process.out = a.out;
  const Box& out = stage.ports[a.out].box;
  const int ports[kIns] = {a.in[0], a.in[1], a.partial};
  for (int i = 0; i < kIns; ++i) {
    process.in[i] = ports[i];
    if (ports[i] >= 0) ports_[ports[i]].process = processes();
    if (a.copy || i == 2) {
      // The rule is row by row. Rows that are read with the first part of a
      // window are released with the last part.
      RowRule& rule = process.rule[i];
      rule.op = OpCode::kConv;
      rule.out_rows = rule.in_rows = out.rows();
      rule.kernel_h = a.copy ? 1 : net.layers[a.layer].kernel_h;
      rule.dilation_y = 0;
      rule.band = a.band;
      rule.part = a.copy ? 1 : a.part;
      continue;
    }
    const Box in = ports[i] < 0 ? Box{} : stage.ports[ports[i]].box;
    process.maps[i] = std::make_shared<std::vector<uint16_t>>();
    process.rule[i] = row_rule(net.layers[a.layer], i, {a.band, a.part}, in,
                               out, *process.maps[i]);
  }
  if (a.copy) process.kind = "copy";
  ports_[a.out].process = processes();
  process.count = firing_count(process.rule[0]);
  processes_.push_back(std::move(process));
}

void StageTokens::add_loop(const Net& net, const PlanStage& stage,
                           const PlanLoop& loop) {
  const PlanActor& first = stage.actors[loop.first_actor];
  const PlanActor& last = stage.actors[loop.first_actor + loop.actors - 1];
  Process process;
  process.index = first.layer;
  process.in[0] = first.in[0];
  process.in[2] = last.partial;
  process.out = last.out;
  for (int port : {first.in[0], last.partial, last.out}) {
    if (port >= 0) ports_[port].process = processes();
  }
  RowRule rows;
  rows.op = OpCode::kConv;  // row by row
  rows.out_rows = rows.in_rows = stage.ports[last.out].box.rows();
  rows.band = loop.band;
  for (RowRule& rule : process.rule) rule = rows;
  process.count = firing_count(rows);
  const std::vector<RowRule> rules = loop_rules(loop_layers(net, stage, loop));
  for (int k = 0; k < process.count; ++k) {
    const FiringRange f = firing_range(rows, k);
    RowRange band{f.out_lo, f.out_hi};
    for (size_t j = rules.size(); j-- > 0;) {
      band = needed_rows(rules[j], band.lo, band.hi, 0, rules[j].kernel_h);
    }
    process.needs.push_back(band);
  }
  processes_.push_back(std::move(process));
}

RowRange StageTokens::needed(const Process& a, int operand) {
  if (operand == 0 && !a.needs.empty()) return a.needs[a.fired];
  return needed_rows(a.rule[operand], a.fired);
}

int StageTokens::given_back(const Process& a, int operand) {
  if (operand == 0 && a.fired + 1 < static_cast<int>(a.needs.size())) {
    return a.needs[a.fired + 1].lo;
  }
  // After its last firing a loop has no row left to read.
  if (operand == 0 && !a.needs.empty()) return std::numeric_limits<int>::max();
  return released_rows(a.rule[operand], a.fired);
}

StageTokens::Process StageTokens::by_row(const PlanPort& p) {
  Process process;
  process.is_by_row = true;
  RowRule& rule = process.rule[0];
  rule.op = OpCode::kLut;
  rule.out_rows = rule.in_rows = p.box.rows();
  process.count = rule.out_rows;
  process.index = p.owner_index;
  return process;
}

void StageTokens::add_api(const PlanPort& p, int port) {
  Process process = by_row(p);
  ports_[port].process = processes();
  const bool spill = p.owner == Owner::kSpill;
  if (!p.is_read) {
    process.kind = spill ? "spill" : "input";
    process.out = port;
    inputs_.push_back(processes());
  } else {
    process.kind = spill ? "spill" : "output";
    process.in[0] = port;
    outputs_.push_back(processes());
  }
  processes_.push_back(process);
}

void StageTokens::add_stream(const PlanPort& p, StreamTie tie) {
  Process process = by_row(p);
  process.kind = "stream";
  process.in[0] = static_cast<int>(ports_.size());
  process.out = tie.to;
  Port reader = ports_[tie.from];
  reader.process = ports_[tie.to].process = processes();
  buffers_[p.buffer].reads.push_back(process.in[0]);
  ports_.push_back(reader);
  processes_.push_back(process);
}

void StageTokens::find_touched() {
  // Ports that write what lies over a buffer. With many nodes side by side,
  // looking through all buffers for each process would take too long.
  std::vector<std::vector<int>> over(buffers_.size());
  for (const Buffer& b : buffers_) {
    if (b.overlay < 0) continue;
    buffers_[b.overlay].is_overlaid = true;
    over[b.overlay].insert(over[b.overlay].end(), b.writes.begin(),
                           b.writes.end());
  }
  touched_.resize(processes_.size());
  for (int a = 0; a < processes(); ++a) {
    std::vector<int>& list = touched_[a];
    list.push_back(a);
    const auto add = [&](const std::vector<int>& ports) {
      for (int p : ports) list.push_back(ports_[p].process);
    };
    if (processes_[a].out >= 0) {
      const int buffer = ports_[processes_[a].out].buffer;
      add(buffers_[buffer].reads);
      add(buffers_[buffer].writes);
      add(over[buffer]);
    }
    for (int in : processes_[a].in) {
      if (in < 0) continue;
      add(buffers_[ports_[in].buffer].writes);
      add(over[ports_[in].buffer]);
    }
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
}

void StageTokens::reset() {
  left_ = 0;
  for (Process& a : processes_) {
    a.fired = 0;
    if (a.count > 0) ++left_;
  }
  for (Process& a : processes_) find_next(a);
  for (Port& p : ports_) p.cursor = p.y0;
  for (Buffer& b : buffers_) {
    find_least(b.writes, b.made);
    find_least(b.reads, b.released);
  }
}

void StageTokens::find_least(const std::vector<int>& ports,
                             Buffer::Least& least) const {
  least = {std::numeric_limits<int>::max(), 0};
  for (int index : ports) {
    const Port& p = ports_[index];
    if (p.cursor >= p.y1 || p.cursor > least.row) continue;
    if (p.cursor < least.row) least = {p.cursor, 0};
    ++least.ports;
  }
}

// Moves a port's cursor. Returns whether the least of all cursors moved.
bool StageTokens::advance(const std::vector<int>& ports, Buffer::Least& least,
                          int port, int row) {
  Port& p = ports_[port];
  const bool was_least = p.cursor < p.y1 && p.cursor == least.row;
  if (row == p.cursor) return false;
  p.cursor = row;
  if (!was_least || --least.ports > 0) return false;
  find_least(ports, least);
  return true;
}

void StageTokens::find_next(Process& a) {
  if (a.fired >= a.count) return;
  for (int i = 0; i < kIns; ++i) {
    if (a.in[i] < 0) continue;
    const Port& p = ports_[a.in[i]];
    const RowRange need = needed(a, i);
    a.in_buffer[i] = p.buffer;
    a.wanted[i] =
        need.lo < need.hi ? p.y0 + need.hi : std::numeric_limits<int>::min();
  }
  const FiringRange f = firing_range(a.rule[0], a.fired);
  const int origin = a.out < 0 ? 0 : ports_[a.out].y0;
  a.lo = origin + f.out_lo, a.hi = origin + f.out_hi;
  a.last_part = f.last_part;
}

std::string StageTokens::name(int process) const {
  const Process& a = processes_[process];
  if (a.kind == std::string("copy")) return a.kind;
  std::string text = std::string(a.kind) + " " + std::to_string(a.index);
  if (a.kind == std::string("layer")) text += " " + net_.layers[a.index].name;
  return text;
}

int StageTokens::unready_port(int buffer, int hi) const {
  const Buffer& b = buffers_[buffer];
  if (b.made.row >= hi) return -1;
  for (int w : b.writes) {
    const Port& p = ports_[w];
    if (p.cursor < p.y1 && p.cursor < hi) return w;
  }
  return -1;
}

int StageTokens::missing_writer(int process) const {
  const Process& a = processes_[process];
  for (int i = 0; i < kIns; ++i) {
    if (a.in[i] < 0) continue;
    const int w = unready_port(a.in_buffer[i], a.wanted[i]);
    if (w >= 0) return ports_[w].process;
  }
  return -1;
}

bool StageTokens::inputs_ready(int process) const {
  const Process& a = processes_[process];
  for (int i = 0; i < kIns; ++i) {
    if (a.in[i] < 0) continue;
    if (buffers_[a.in_buffer[i]].made.row < a.wanted[i]) return false;
  }
  return true;
}

int StageTokens::released(int buffer) const {
  return buffers_[buffer].released.row;
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
  // Rows that readers skip may still be under way, too.
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

bool StageTokens::output_free(int process) const {
  const Process& a = processes_[process];
  if (a.out < 0) return true;
  const Port& p = ports_[a.out];
  const Buffer& b = buffers_[p.buffer];
  const int lo = a.lo, hi = a.hi;
  if (hi - lo > b.slots || hi - b.slots > released(p.buffer)) return false;
  // A row that readers skip may still be under way to the slot.
  if (!b.reads.empty() && hi - b.slots > b.made.row) return false;
  return b.overlay < 0 || overlay_free(b, lo, hi);
}

int StageTokens::rows_ready(int process) const {
  const Port& p = ports_[processes_[process].in[0]];
  return std::clamp(buffers_[p.buffer].made.row, p.y0, p.y1) - p.y0;
}

int StageTokens::rows_free(int process) const {
  const Port& p = ports_[processes_[process].out];
  const Buffer& b = buffers_[p.buffer];
  // A slot has one row at a time, even where no reader reads the rows between.
  int64_t end = int64_t{p.cursor} + b.slots;
  end = std::min<int64_t>(end, int64_t{b.released.row} + b.slots);
  if (b.writes.size() > 1 && !b.reads.empty()) {
    end = std::min<int64_t>(end, int64_t{b.made.row} + b.slots);
  }
  if (p.cursor >= p.y1) end = p.y1;
  return static_cast<int>(std::clamp<int64_t>(end, p.y0, p.y1)) - p.y0;
}

int64_t StageTokens::next_write_end(int process, int firings) const {
  const Process& a = processes_[process];
  return (a.hi + firings - 1) * buffers_[ports_[a.out].buffer].row_bytes;
}

bool StageTokens::writes(int process, int buffer) const {
  return out_buffer(process) == buffer;
}

int StageTokens::out_buffer(int process) const {
  const int out = processes_[process].out;
  return out < 0 ? -1 : ports_[out].buffer;
}

int StageTokens::in_buffer(int process, int operand) const {
  const int in = processes_[process].in[operand];
  return in < 0 ? -1 : ports_[in].buffer;
}

bool StageTokens::fire(int process) {
  Process& a = processes_[process];
  bool news = false;
  if (a.out >= 0) {
    const Port& p = ports_[a.out];
    Buffer& b = buffers_[p.buffer];
    const int lo = a.lo, hi = a.hi;
    const int kept = std::max(hi - lo, hi - released(p.buffer));
    peak_[p.buffer] = std::max(peak_[p.buffer], kept);
    if (a.last_part) news = advance(b.writes, b.made, a.out, hi);
  }
  for (int i = 0; i < kIns; ++i) {
    if (a.in[i] < 0) continue;
    const Port& p = ports_[a.in[i]];
    Buffer& b = buffers_[p.buffer];
    news |= advance(b.reads, b.released, a.in[i],
                    std::min(p.y1 - p.y0, given_back(a, i)) + p.y0);
  }
  if (++a.fired == a.count) --left_;
  find_next(a);
  return news;
}

bool StageTokens::fire(int process, int firings) {
  Process& a = processes_[process];
  if (firings > 1) {
    // The last row alone determines the state that all of them leave.
    a.fired += firings - 1;
    find_next(a);
  }
  return fire(process);
}

int StageTokens::firings_in_a_row(int process) const {
  const Process& a = processes_[process];
  if (!can_fire(process)) return 0;
  if (!a.is_by_row) return 1;
  int rows = a.count - a.fired;
  if (a.in[0] >= 0) rows = std::min(rows, rows_ready(process) - a.fired);
  if (a.out >= 0) {
    if (buffers_[out_buffer(process)].overlay >= 0) return 1;
    rows = std::min(rows, rows_free(process) - a.fired);
  }
  return std::max(rows, 1);
}

int StageTokens::unnoticed_firings(int process) const {
  const Process& a = processes_[process];
  if (!a.is_by_row || a.in[0] >= 0) return 1;
  const Buffer& b = buffers_[out_buffer(process)];
  if (b.writes.size() > 1 || b.is_overlaid) return 1;
  int rows = firings_in_a_row(process);
  for (const int port : b.reads) {
    if (ports_[port].process < 0) return 1;
    const Process& reader = processes_[ports_[port].process];
    for (int i = 0; i < kIns; ++i) {
      if (reader.in[i] != port || reader.wanted[i] <= b.made.row) continue;
      rows = std::min(rows, reader.wanted[i] - b.made.row);
    }
  }
  return std::max(rows, 1);
}

}  // namespace shoal
