#include "host/check/tokens.h"

#include <algorithm>

namespace shoal {
namespace {

constexpr int kNothing = -1;

bool meet(const Box& a, const Box& b) {  // in columns and channels
  return a.x0 < b.x1 && b.x0 < a.x1 && a.c0 < b.c1 && b.c0 < a.c1;
}

int next_slot(const Instance& i, int slot) {
  return slot + 1 == i.buffer.slots ? 0 : slot + 1;
}

}  // namespace

Tokens::Tokens(const Net& net, const PlanNode& node, const Instances& instances,
               Findings& found)
    : node_(node), instances_(instances), found_(found) {
  for (const PlanStage& s : node.stages) {
    stages_.push_back(processes_of(net, s));
  }
  for (int s = 0; s < static_cast<int>(node.stages.size()); ++s) {
    find_meeting(s);
  }
  partners_.resize(instances.all.size());
  for (size_t i = 0; i < instances.all.size(); ++i) {
    const Instance& a = instances.all[i];
    held_.emplace_back(a.writers.size() * size_t(a.buffer.slots), kNothing);
    for (size_t j = 0; j < instances.all.size(); ++j) {
      const Instance& b = instances.all[j];
      if (i != j && a.begin() < b.end() && b.begin() < a.end()) {
        partners_[i].push_back(static_cast<int>(j));
      }
    }
  }
}

void Tokens::find_meeting(int s) {
  meeting_.emplace_back();
  const std::vector<PlanPort>& ports = node_.stages[s].ports;
  for (int p = 0; p < static_cast<int>(ports.size()); ++p) {
    std::vector<int> here;
    const auto& writers =
        instances_.all[instances_.of[s][ports[p].buffer]].writers;
    for (int w = 0; w < static_cast<int>(writers.size()); ++w) {
      if (!meet(writers[w].box, ports[p].box)) continue;
      const bool self = writers[w].stage == s && writers[w].port == p;
      here.insert(self ? here.begin() : here.end(), w);
    }
    meeting_.back().push_back(here);
  }
}

// Cursors start again in every stage; what an earlier one filled stays.
void Tokens::enter(int s) {
  stage_ = s;
  fired_.assign(processes().size(), 0);
  left_ = 0;
  for (const Process& a : processes()) left_ += a.firings > 0 ? 1 : 0;
  cursor_.clear();
  of_buffer_.assign(stage().buffers.size(), {});
  for (size_t p = 0; p < stage().ports.size(); ++p) {
    const PlanPort& port = stage().ports[p];
    cursor_.push_back(port.box.y0);
    of_buffer_[port.buffer].push_back(static_cast<int>(p));
  }
  low_.assign(2 * stage().buffers.size(), {});
  for (int b = 0; b < static_cast<int>(stage().buffers.size()); ++b) {
    find_low(b, false), find_low(b, true);
  }
  changed_.clear();
  for (size_t i = 0; i < instances_.all.size(); ++i) {
    if (instances_.all[i].buffer.first_stage == s) {
      std::ranges::fill(held_[i], kNothing);
    }
  }
}

void Tokens::find_low(int buffer, bool is_read) {
  Low found;
  for (int p : of_buffer_[buffer]) {
    if (stage().ports[p].is_read != is_read) continue;
    if (cursor_[p] < found.value) found = {cursor_[p], 0};
    found.ports += cursor_[p] == found.value;
  }
  low_[2 * size_t(buffer) + is_read] = found;
}

bool Tokens::ready(int port, Interval rows) const {
  return rows.size() == 0 ||
         low(stage().ports[port].buffer, false).value >= rows.hi;
}

bool Tokens::space(int port, Interval rows) const {
  if (rows.size() == 0) return true;
  const int index = stage().ports[port].buffer;
  const PlanBuffer& b = stage().buffers[index];
  const Low &readers = low(index, true), &writers = low(index, false);
  // Another writer's row may still be on its way to the slot, even if every
  // reader skips it.
  if (readers.ports > 0 &&
      std::min(readers.value, writers.value) + b.slots < rows.hi) {
    return false;
  }
  return b.overlay < 0 || clear_of_overlaid(b, rows);
}

// The rows may not touch rows of the buffer below that are still to be
// written or read.
bool Tokens::clear_of_overlaid(const PlanBuffer& b, Interval rows) const {
  const PlanBuffer& under = stage().buffers[b.overlay];
  const int released = std::min(
      {under.box.y1, low(b.overlay, false).value, low(b.overlay, true).value});
  const uint64_t size = under.row_bytes();
  const uint64_t first =
      under.offset + size * static_cast<uint64_t>(released - under.box.y0);
  const uint64_t last = under.offset + size * uint64_t(under.box.rows());
  if (first == last) return true;
  for (int y = rows.lo; y < rows.hi; ++y) {
    const uint64_t begin =
        b.offset + uint64_t{b.row_bytes()} * uint64_t(y - b.box.y0);
    if (begin < last && begin + b.row_bytes() > first) return false;
  }
  return true;
}

bool Tokens::can_fire(int a) const {
  const Process& process = processes()[a];
  const int f = fired_[a];
  if (f >= process.firings) return false;
  for (const Process::Read& r : process.reads) {
    if (!ready(r.port, r.rows[f])) return false;
  }
  return process.out < 0 || space(process.out, process.made[f]);
}

void Tokens::fire(int a) {
  const Process& process = processes()[a];
  const int f = fired_[a]++;
  if (f + 1 == process.firings) --left_;
  for (const Process::Read& r : process.reads) {
    read(process.name, r.port, r.rows[f]);
  }
  if (process.out >= 0) {
    write(process.out, process.made[f]);
    if (process.made[f].size() > 0) advance(process.out, process.made[f].hi);
  }
  // A firing may not write over what it reads.
  for (const Process::Read& r : process.reads) {
    read(process.name, r.port, r.rows[f]);
  }
  for (const Process::Read& r : process.reads) advance(r.port, r.released[f]);
}

void Tokens::put_rows(int port, Interval rows) {
  write(port, rows);
  advance(port, rows.hi);
}

// A port that has come to the end of its box holds nobody up any more.
void Tokens::advance(int port, int row) {
  const PlanPort& p = stage().ports[port];
  const bool ended = row >= p.box.y1;
  const int to = ended ? stage().buffers[p.buffer].box.y1 : row;
  const int from = cursor_[port];
  if (to <= from) return;
  cursor_[port] = to;
  Low& lowest = low_[2 * size_t(p.buffer) + p.is_read];
  if (from != lowest.value || --lowest.ports > 0) return;
  find_low(p.buffer, p.is_read);
  changed_.push_back(p.buffer);
}

void Tokens::read(const std::string& who, int port, Interval rows) {
  const PlanPort& p = stage().ports[port];
  const int i = instances_.of[stage_][p.buffer];
  const Instance& from = instances_.all[i];
  const int first = std::max(rows.lo, p.box.y0);
  int slot = (first - from.buffer.box.y0) % from.buffer.slots;
  for (int y = first; y < rows.hi; ++y, slot = next_slot(from, slot)) {
    for (int w : meeting_[stage_][port]) {
      const Box& box = from.writers[w].box;
      if (y < box.y0 || y >= box.y1 || held(i, slot, w) == y) continue;
      found_.add("stage ", stage_, ": ", who, " reads row ", y, " of tensor ",
                 from.buffer.tensor, ", which is not there");
      return;
    }
  }
}

void Tokens::write(int port, Interval rows) {
  const PlanPort& p = stage().ports[port];
  const int i = instances_.of[stage_][p.buffer];
  const Instance& to = instances_.all[i];
  const std::vector<int>& writers = meeting_[stage_][port];
  int slot = (rows.lo - to.buffer.box.y0) % to.buffer.slots;
  for (int y = rows.lo; y < rows.hi; ++y, slot = next_slot(to, slot)) {
    for (int w : writers) {
      if (held(i, slot, w) != y) held(i, slot, w) = kNothing;
    }
    held(i, slot, writers.front()) = y;
    const uint64_t at =
        to.begin() + uint64_t{to.buffer.row_bytes()} * uint64_t(slot);
    for (int other : partners_[i]) {
      overwrite(other, at, at + to.buffer.row_bytes());
    }
  }
}

// The rows that another instance held in these bytes are gone.
void Tokens::overwrite(int instance, uint64_t begin, uint64_t end) {
  const Instance& other = instances_.all[instance];
  begin = std::max(begin, other.begin());
  end = std::min(end, other.end());
  if (begin >= end) return;
  const uint64_t size = other.buffer.row_bytes();
  const int last = static_cast<int>((end - 1 - other.begin()) / size);
  for (int slot = static_cast<int>((begin - other.begin()) / size);
       slot <= last; ++slot) {
    for (size_t w = 0; w < other.writers.size(); ++w) {
      held(instance, slot, w) = kNothing;
    }
  }
}

}  // namespace shoal
