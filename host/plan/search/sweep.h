// Sums of bytes and time over runs of layers at every number of passes, over
// which searches for stages iterate.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/cost/tape.h"
#include "host/plan/search/stages.h"

namespace shoal {

// The tables with all values of one tensor or layer side by side, because a
// search iterates over hundreds of tables for one layer.
class TableColumns {
 public:
  // Uses all tables, or only those that are marked least.
  TableColumns(const std::vector<PassTable>& tables, bool least)
      : picked_(pick(tables, least)),
        kinds_(kinds(tables, picked_)),
        ring_(turned(tables, &PassTable::ring_bytes)),
        sums_(turned(tables, &PassTable::sums_bytes)),
        time_(turned(tables, &PassTable::time_ps)),
        slot_(turned(tables, &PassTable::slot_bytes)),
        slot_ps_(turned(tables, &PassTable::slot_ps)) {}

  const std::vector<int>& tables() const { return picked_; }
  size_t count() const { return picked_.size(); }
  // Properties of a table that a search needs.
  struct Kind {
    bool least = false;
    uint32_t chunk_limit = 0;
  };
  const Kind& kind(size_t p) const { return kinds_[p]; }
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
  static std::vector<Kind> kinds(const std::vector<PassTable>& tables,
                                 const std::vector<int>& picked) {
    std::vector<Kind> all;
    for (const int p : picked) {
      all.push_back({tables[p].least, tables[p].chunk_limit});
    }
    return all;
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
  std::vector<Kind> kinds_;
  std::vector<int64_t> ring_, sums_, time_, slot_, slot_ps_;
};

// By position: tensors whose use begins or ends there, and bytes of page
// buffers.
struct Positions {
  std::vector<std::vector<int>> first, last;
  std::vector<int64_t> pages;
};
Positions positions(const Net&, const std::vector<TensorUses>&);

// Bytes and time of all segments that begin at `begin`, at every number of
// passes. Each is computed from the segment that is one layer shorter when it
// is first needed.
class SegmentSums {
 public:
  SegmentSums(const Net& net, const std::vector<TensorUses>& uses,
              const TableColumns& columns, const Positions& at, int begin)
      : net_(net),
        uses_(uses),
        columns_(columns),
        at_(at),
        begin_(begin),
        inside_(columns.count()),
        time_(columns.count()),
        slot_(columns.count()),
        slot_ps_(columns.count()) {
    for (const TensorUses& t : uses_) {
      if (t.first >= 0 && t.first < begin && t.last >= begin) {
        whole_ += tensor_bytes(t);
      }
    }
  }

  // Returns the sums of the segment to `end`. Earlier results become invalid.
  struct Sums {
    const int64_t *bytes, *time_ps;  // indexed by table
    int64_t least_bytes, least_ps;   // least over all tables
  };
  Sums sums(int end) {
    while (std::ssize(least_) < end - begin_) {
      step(begin_ + static_cast<int>(least_.size()));
    }
    const auto i = static_cast<size_t>(end - begin_ - 1);
    const int64_t* const from = sums_.data() + i * 2 * columns_.count();
    return {from, from + columns_.count(), least_[i].first, least_[i].second};
  }
  size_t kept_bytes() const { return sums_.size() * sizeof(int64_t); }

 private:
  // Extends the sums by the layer at `position`.
  void step(int position) {
    whole_ += at_.pages[position];
    for (int t : at_.first[position]) whole_ += made_bytes(t);
    for (int t : at_.last[position]) {
      if (uses_[t].first < begin_) continue;
      whole_ -= made_bytes(t);
      add(columns_.ring_bytes(t), inside_);
    }
    if (position < static_cast<int>(net_.layers.size())) {
      add(columns_.sums_bytes(position), inside_);
      add(columns_.time_ps(position), time_);
      if (columns_.has_tape()) {
        raise(columns_.slot_bytes(position), slot_);
        raise(columns_.slot_ps(position), slot_ps_);
      }
    }
    const size_t count = columns_.count(), from = sums_.size();
    sums_.resize(from + 2 * count);
    int64_t* const bytes = sums_.data() + from;
    int64_t* const time_ps = bytes + count;
    for (size_t p = 0; p < count; ++p) {
      bytes[p] = whole_ + inside_[p] + kTapeSlots * slot_[p];
      // The core must wait for the first chunk.
      time_ps[p] = time_[p] + slot_ps_[p];
    }
    least_.emplace_back(*std::min_element(bytes, time_ps),
                        *std::min_element(time_ps, time_ps + count));
  }
  int64_t tensor_bytes(const TensorUses& t) const {
    return aligned(net_.tensors[&t - uses_.data()].bytes());
  }
  // Returns the bytes of a tensor that is made here, less the bytes of a dead
  // tensor that it may lie over: stages consume that one and keep this one.
  int64_t made_bytes(int t) const {
    const int64_t bytes = tensor_bytes(uses_[t]);
    const int under = net_.tensors[t].over;
    if (under < 0) return bytes;
    const TensorUses& u = uses_[under];
    if (u.first >= begin_ || u.last < begin_) return bytes;
    return bytes - std::min(bytes, tensor_bytes(u));
  }
  static void add(const int64_t* column, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) to[p] += column[p];
  }
  static void raise(const int64_t* column, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) to[p] = std::max(to[p], column[p]);
  }

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const TableColumns& columns_;
  const Positions& at_;
  int begin_;
  int64_t whole_ = 0;
  std::vector<int64_t> inside_, time_, slot_, slot_ps_;
  std::vector<int64_t> sums_;  // by end: bytes of all tables, then times
  std::vector<std::pair<int64_t, int64_t>> least_;  // by end
};

// Columns and sums that many searches with the same tables share, computed when
// they are first needed.
class TurnedTables {
 public:
  // Keeps at most about `most_bytes` of sums.
  TurnedTables(const Net& net, const std::vector<TensorUses>& uses,
               size_t most_bytes = size_t{64} << 20)
      : net_(net),
        uses_(uses),
        most_bytes_(most_bytes),
        at_(positions(net, uses)) {}

  const TableColumns& columns(const std::vector<PassTable>& tables,
                              bool least) {
    std::optional<TableColumns>& columns = columns_[least];
    if (!columns) columns.emplace(tables, least);
    return *columns;
  }
  // The columns must have been requested before. Earlier results become
  // invalid.
  SegmentSums::Sums sums(bool least, Segment s) {
    auto& all = sums_[least];
    all.resize(at_.first.size());
    std::optional<SegmentSums>& from = all[static_cast<size_t>(s.begin)];
    if (!from) from.emplace(net_, uses_, *columns_[least], at_, s.begin);
    const size_t before = from->kept_bytes();
    from->sums(s.end);
    kept_bytes_ += from->kept_bytes() - before;
    if (kept_bytes_ > most_bytes_) forget(&*from);
    return from->sums(s.end);
  }

 private:
  void forget(const SegmentSums* but) {
    for (auto& all : sums_) {
      for (std::optional<SegmentSums>& s : all) {
        if (s && &*s != but) s.reset();
      }
    }
    kept_bytes_ = but->kept_bytes();
  }

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const size_t most_bytes_;
  const Positions at_;
  // Index 0 has all tables, index 1 the least ones.
  std::array<std::optional<TableColumns>, 2> columns_;
  std::array<std::vector<std::optional<SegmentSums>>, 2> sums_;  // by begin
  size_t kept_bytes_ = 0;
};

}  // namespace shoal
