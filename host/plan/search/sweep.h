// Bytes and time of runs of layers at every number of passes, summed up layer
// by layer: what searches for stages go over.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/cost/tape.h"
#include "host/plan/search/stages.h"

namespace shoal {

// What the tables have, with all tables' values of one tensor or layer side by
// side: the search goes over all tables of one layer, hundreds of them.
class TableColumns {
 public:
  // Of all tables, or of the least ones.
  TableColumns(const std::vector<PassTable>& tables, bool least)
      : picked_(pick(tables, least)),
        ring_(turned(tables, &PassTable::ring_bytes)),
        sums_(turned(tables, &PassTable::sums_bytes)),
        time_(turned(tables, &PassTable::time_ps)),
        slot_(turned(tables, &PassTable::slot_bytes)),
        slot_ps_(turned(tables, &PassTable::slot_ps)) {}

  const std::vector<int>& tables() const { return picked_; }
  size_t count() const { return picked_.size(); }
  const int64_t* ring_bytes(int tensor) const { return row(ring_, tensor); }
  const int64_t* sums_bytes(int layer) const { return row(sums_, layer); }
  const int64_t* time_ps(int layer) const { return row(time_, layer); }
  bool has_tape() const { return !slot_.empty(); }
  const int64_t* slot_bytes(int layer) const { return row(slot_, layer); }
  const int64_t* slot_ps(int layer) const { return row(slot_ps_, layer); }

 private:
  static std::vector<int> pick(const std::vector<PassTable>& tables,
                               bool least) {
    std::vector<int> picked;
    for (size_t p = 0; p < tables.size(); ++p) {
      if (!least || tables[p].least) picked.push_back(static_cast<int>(p));
    }
    return picked;
  }
  std::vector<int64_t> turned(const std::vector<PassTable>& tables,
                              std::vector<int64_t> PassTable::*column) const {
    const size_t count = (tables.front().*column).size();
    std::vector<int64_t> all(count * picked_.size());
    for (size_t p = 0; p < picked_.size(); ++p) {
      for (size_t i = 0; i < count; ++i) {
        all[i * picked_.size() + p] = (tables[picked_[p]].*column)[i];
      }
    }
    return all;
  }
  const int64_t* row(const std::vector<int64_t>& all, int i) const {
    return all.data() + static_cast<size_t>(i) * picked_.size();
  }

  std::vector<int> picked_;
  std::vector<int64_t> ring_, sums_, time_, slot_, slot_ps_;
};

// By position: tensors whose use begins or ends there, bytes of page buffers.
struct Positions {
  std::vector<std::vector<int>> first, last;
  std::vector<int64_t> pages;
};
Positions positions(const Net&, const std::vector<TensorUses>&);

// Bytes and time of the segment [begin, end) at every number of passes, as
// `end` moves on.
class StageSweep {
 public:
  StageSweep(const StageSearch& search, const TableColumns& columns, int begin)
      : s_(search),
        columns_(columns),
        begin_(begin),
        inside_(columns.count()),
        time_(columns.count()),
        slot_(columns.count()),
        slot_ps_(columns.count()) {
    for (const TensorUses& t : s_.uses) {
      if (t.first >= 0 && t.first < begin && t.last >= begin) {
        whole_ += tensor_bytes(t);
      }
    }
  }

  // Adds the layer at `position`.
  void step(int position, const Positions& at) {
    whole_ += at.pages[position];
    for (int t : at.first[position]) whole_ += tensor_bytes(s_.uses[t]);
    for (int t : at.last[position]) {
      if (s_.uses[t].first < begin_) continue;
      whole_ -= tensor_bytes(s_.uses[t]);
      add(columns_.ring_bytes(t), inside_);
    }
    if (position >= static_cast<int>(s_.net.layers.size())) return;
    add(columns_.sums_bytes(position), inside_);
    add(columns_.time_ps(position), time_);
    if (!columns_.has_tape()) return;
    raise(columns_.slot_bytes(position), slot_);
    raise(columns_.slot_ps(position), slot_ps_);
  }

  const TableColumns& columns() const { return columns_; }
  int64_t bytes(size_t table) const {
    return whole_ + inside_[table] + kTapeSlots * slot_[table];
  }
  // The core waits for the first chunk.
  int64_t time_ps(size_t table) const { return time_[table] + slot_ps_[table]; }

 private:
  int64_t tensor_bytes(const TensorUses& t) const {
    return aligned(s_.net.tensors[&t - s_.uses.data()].bytes());
  }
  static void add(const int64_t* column, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) to[p] += column[p];
  }
  static void raise(const int64_t* column, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) to[p] = std::max(to[p], column[p]);
  }

  const StageSearch& s_;
  const TableColumns& columns_;
  int begin_;
  int64_t whole_ = 0;
  std::vector<int64_t> inside_, time_, slot_, slot_ps_;
};

// What many searches with the same tables have in common, found when it is
// first asked for.
class TurnedTables {
 public:
  TurnedTables(const Net& net, const std::vector<TensorUses>& uses)
      : at_(positions(net, uses)) {}

  const Positions& at() const { return at_; }
  const TableColumns& columns(const std::vector<PassTable>& tables,
                              bool least) {
    std::optional<TableColumns>& columns = columns_[least];
    if (!columns) columns.emplace(tables, least);
    return *columns;
  }

 private:
  const Positions at_;
  std::array<std::optional<TableColumns>, 2> columns_;  // of all, of the least
};

}  // namespace shoal
