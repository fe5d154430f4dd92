// Sums of bytes and time over runs of layers with every table of a search.
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

// A table of a search, and what the search asks of it for each segment.
struct PickedTable {
  const PassTable* table = nullptr;
  int index = 0;
  bool least = false;
  uint32_t chunk_limit = 0;
};

// By position: tensors whose use begins or ends there, and bytes of page
// buffers.
struct Positions {
  Positions(const Net&, const std::vector<TensorUses>&);
  std::vector<std::vector<int>> first, last;
  std::vector<int64_t> pages;
};

// Bytes and time of all segments that begin at `begin`, with every table. Each
// is computed from the segment that is one layer shorter when it is first
// needed.
class SegmentSums {
 public:
  SegmentSums(const Net& net, const std::vector<TensorUses>& uses,
              const std::vector<PickedTable>& tables, const Positions& at,
              int begin)
      : net_(net),
        uses_(uses),
        tables_(tables),
        at_(at),
        begin_(begin),
        inside_(tables.size()),
        time_(tables.size()),
        slot_(tables.size()),
        slot_ps_(tables.size()) {
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
    const int64_t* const from = sums_.data() + i * 2 * tables_.size();
    return {from, from + tables_.size(), least_[i].first, least_[i].second};
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
      add(&PassTable::ring_bytes, t, inside_);
    }
    if (position < static_cast<int>(net_.layers.size())) {
      add(&PassTable::sums_bytes, position, inside_);
      add(&PassTable::time_ps, position, time_);
      if (!tables_.front().table->slot_bytes.empty()) {
        raise(&PassTable::slot_bytes, position, slot_);
        raise(&PassTable::slot_ps, position, slot_ps_);
      }
    }
    const size_t count = tables_.size(), from = sums_.size();
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
  using Column = std::vector<int64_t> PassTable::*;
  void add(Column column, int i, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) {
      to[p] += (tables_[p].table->*column)[static_cast<size_t>(i)];
    }
  }
  void raise(Column column, int i, std::vector<int64_t>& to) {
    for (size_t p = 0; p < to.size(); ++p) {
      to[p] =
          std::max(to[p], (tables_[p].table->*column)[static_cast<size_t>(i)]);
    }
  }

  const Net& net_;
  const std::vector<TensorUses>& uses_;
  const std::vector<PickedTable>& tables_;
  const Positions& at_;
  int begin_;
  int64_t whole_ = 0;
  std::vector<int64_t> inside_, time_, slot_, slot_ps_;
  std::vector<int64_t> sums_;  // by end: bytes of all tables, then times
  std::vector<std::pair<int64_t, int64_t>> least_;  // by end
};

// Sums that searches with the same tables share, computed when they are first
// needed.
class SharedSums {
 public:
  // Keeps at most about `most_bytes` of sums.
  SharedSums(const Net& net, const std::vector<TensorUses>& uses,
             std::vector<PassTable> tables,
             size_t most_bytes = size_t{64} << 20)
      : net_(net),
        uses_(uses),
        tables_(std::move(tables)),
        most_bytes_(most_bytes),
        at_(net, uses) {
    for (const PassTable& t : tables_) {
      const auto index = static_cast<int>(&t - tables_.data());
      const PickedTable picked{&t, index, t.least, t.chunk_limit};
      picked_[false].push_back(picked);
      if (t.least) picked_[true].push_back(picked);
    }
  }
  SharedSums(const SharedSums&) = delete;
  SharedSums& operator=(const SharedSums&) = delete;

  const std::vector<PassTable>& tables() const { return tables_; }
  // Returns all tables, or only those that are marked least.
  const std::vector<PickedTable>& picked(bool least) const {
    return picked_[least];
  }
  // Returns the sums of a segment by picked table. Earlier results become
  // invalid.
  SegmentSums::Sums sums(bool least, Segment s) {
    auto& all = sums_[least];
    all.resize(at_.first.size());
    std::optional<SegmentSums>& from = all[static_cast<size_t>(s.begin)];
    if (!from) from.emplace(net_, uses_, picked_[least], at_, s.begin);
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
  const std::vector<PassTable> tables_;
  const size_t most_bytes_;
  const Positions at_;
  // Index 0 has all tables, index 1 the least ones.
  std::array<std::vector<PickedTable>, 2> picked_;
  std::array<std::vector<std::optional<SegmentSums>>, 2> sums_;  // by begin
  size_t kept_bytes_ = 0;
};

}  // namespace shoal
