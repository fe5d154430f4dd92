// Sparse constants (TensorFlow Lite's format, as its DENSIFY reads it) become
// dense ones. The tree of levels is walked from its root; each leaf is the next
// value of the buffer.
#include <algorithm>
#include <limits>

#include "host/base/error.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

constexpr int kDensifyCode = 124;

size_t element_bytes(int type) {
  switch (type) {
    case kCodeFloat32:
    case kCodeInt32:
      return 4;
    case kCodeFloat16:
      return 2;
    case kCodeInt8:
    case kCodeUint8:
      return 1;
    default:
      return 0;
  }
}

class SparseReader {
 public:
  SparseReader(const RawModel& raw, int number, const std::string& name)
      : raw_(raw),
        number_(number),
        name_(name),
        t_(raw.tensors[static_cast<size_t>(number)]),
        s_(*t_.sparsity) {}

  // `left`: bytes that constants may still unfold to.
  std::vector<uint8_t> read(size_t& left) {
    element_ = element_bytes(t_.type);
    if (element_ == 0) unsupported(text("a type of number ", t_.type));
    if (t_.buffer < raw_.buffers.size()) values_ = raw_.buffers[t_.buffer];
    require(values_.size() % element_ == 0, "its values end within one");
    check_axes();
    check_levels();
    const size_t bytes = element_ * static_cast<size_t>(elements_);
    if (bytes > left) {
      throw Error(Exit::kDoesNotFit,
                  title() + "unfolds to more bytes than memory has for it");
    }
    left -= bytes;
    dense_.assign(bytes, 0);
    at_.assign(s_.levels.size(), 0);
    walk(0, 0);
    require(next_ == values_.size(), "has more values than places");
    return std::move(dense_);
  }

 private:
  std::string title() const {
    return name_ + ": sparse " + tensor_title(raw_, number_) + ": ";
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(Exit::kUnsupported, title() + what);
  }
  void require(bool ok, const std::string& what) const {
    if (!ok) throw Error(Exit::kCorrupt, title() + what);
  }

  size_t rank() const { return t_.shape.size(); }

  // `order` is one of all axes, then one of all blocks.
  void check_axes() {
    constexpr size_t kMostAxes = 6;
    if (rank() > kMostAxes || s_.blocks.size() > rank()) {
      unsupported(text(rank(), " axes and ", s_.blocks.size(), " blocks"));
    }
    for (const int size : t_.shape) {
      require(size >= 1, text("size ", size, " of an axis"));
      elements_ *= size;
      if (elements_ > std::numeric_limits<int32_t>::max()) {
        unsupported("more than 2^31 elements");
      }
    }
    const size_t levels = rank() + s_.blocks.size();
    require(s_.order.size() == levels && s_.levels.size() == levels,
            text("has ", s_.levels.size(), " levels in an order of ",
                 s_.order.size(), ", expected ", levels));
    std::vector<bool> seen(levels, false);
    for (size_t i = 0; i < levels; ++i) {
      const int axis = s_.order[i];
      const size_t low = i < rank() ? 0 : rank();
      const size_t high = i < rank() ? rank() : levels;
      require(axis >= static_cast<int>(low) && axis < static_cast<int>(high) &&
                  !seen[static_cast<size_t>(axis)],
              text("level ", i, " is of axis ", axis));
      seen[static_cast<size_t>(axis)] = true;
      // Where blocks are listed in another order, interpreters disagree.
      if (i >= rank() && axis != static_cast<int>(i)) {
        unsupported("blocks in another order than their axes");
      }
    }
  }

  // Sizes: of the axes in blocks, and of the blocks.
  void check_levels() {
    sizes_.resize(s_.levels.size());
    for (size_t i = 0; i < rank(); ++i) sizes_[i] = t_.shape[i];
    int last = -1;
    for (size_t i = 0; i < s_.blocks.size(); ++i) {
      const int axis = s_.blocks[i];
      require(axis > last && axis < static_cast<int>(rank()),
              text("block ", i, " is of axis ", axis));
      last = axis;
      const RawSparseLevel& level = s_.levels[rank() + i];
      if (!level.dense) unsupported("a block that is sparse");
      int& size = sizes_[static_cast<size_t>(axis)];
      require(level.size >= 1 && size % level.size == 0,
              text("blocks of ", level.size, " in an axis of ", size));
      size /= level.size;
      sizes_[rank() + i] = level.size;
    }
    for (size_t i = 0; i < s_.levels.size(); ++i) {
      const int size = sizes_[static_cast<size_t>(s_.order[i])];
      const RawSparseLevel& level = s_.levels[i];
      if (level.dense) {
        require(level.size == size, text("level ", i, " has ", level.size,
                                         " places, expected ", size));
      }
    }
  }

  void walk(size_t level, size_t node) {
    if (level == s_.levels.size()) return place();
    const RawSparseLevel& l = s_.levels[level];
    const int size = sizes_[static_cast<size_t>(s_.order[level])];
    if (l.dense) {
      for (int i = 0; i < size; ++i) {
        at_[level] = i;
        walk(level + 1,
             node * static_cast<size_t>(size) + static_cast<size_t>(i));
      }
      return;
    }
    require(node + 1 < l.segments.size(),
            text("level ", level, " has no segment ", node));
    const int begin = l.segments[node], end = l.segments[node + 1];
    require(
        begin >= 0 && begin <= end &&
            static_cast<size_t>(end) <= l.indexes.size() && end - begin <= size,
        text("segment ", node, " of level ", level, " is ", begin, "..", end));
    for (int i = begin; i < end; ++i) {
      at_[level] = l.indexes[static_cast<size_t>(i)];
      require(at_[level] >= 0 && at_[level] < size &&
                  (i == begin ||
                   at_[level] > l.indexes[static_cast<size_t>(i) - 1]),
              text("index ", at_[level], " of level ", level));
      walk(level + 1, static_cast<size_t>(i));
    }
  }

  void place() {
    std::vector<size_t> where(rank(), 0);
    for (size_t i = 0; i < at_.size(); ++i) {
      const auto axis = static_cast<size_t>(s_.order[i]);
      const auto value = static_cast<size_t>(at_[i]);
      if (axis < rank()) {
        where[axis] += value * block_of(axis);
      } else {
        where[static_cast<size_t>(s_.blocks[axis - rank()])] += value;
      }
    }
    size_t index = 0;
    for (size_t a = 0; a < rank(); ++a) {
      index = index * static_cast<size_t>(t_.shape[a]) + where[a];
    }
    require(next_ + element_ <= values_.size(), "has fewer values than places");
    std::copy_n(&values_[next_], element_, &dense_[element_ * index]);
    next_ += element_;
  }

  size_t block_of(size_t axis) const {
    for (size_t i = 0; i < s_.blocks.size(); ++i) {
      if (static_cast<size_t>(s_.blocks[i]) == axis) {
        return static_cast<size_t>(sizes_[rank() + i]);
      }
    }
    return 1;
  }

  const RawModel& raw_;
  int number_;
  const std::string& name_;
  const RawTensor& t_;
  const RawSparsity& s_;
  std::span<const uint8_t> values_;
  std::vector<uint8_t> dense_;
  size_t element_ = 0, next_ = 0;
  int64_t elements_ = 1;
  std::vector<int> sizes_;  // of axes and blocks
  std::vector<int> at_;     // where the walk is, by level
};

// Nobody reads it, so it may be of a type that is not computed.
void blank(RawTensor& t) {
  RawTensor nothing;
  nothing.name = std::move(t.name);
  t = std::move(nothing);
}

}  // namespace

void densify(RawModel& raw, MadeBytes& made, size_t most_bytes,
             const std::string& name) {
  for (size_t i = 0; i < raw.tensors.size(); ++i) {
    RawTensor& t = raw.tensors[i];
    if (!t.sparsity) continue;
    made.push_back(
        SparseReader(raw, static_cast<int>(i), name).read(most_bytes));
    t.buffer = static_cast<uint32_t>(raw.buffers.size());
    raw.buffers.emplace_back(made.back());
    t.sparsity.reset();
  }
  // A converted DENSIFY leaves two tensors of the same bytes.
  std::vector<int> copied;
  std::erase_if(raw.ops, [&](const RawOp& op) {
    if (op.code != kDensifyCode || op.inputs.size() != 1 ||
        op.outputs.size() != 1 || op.inputs[0] < 0) {
      return false;
    }
    const RawTensor& x = raw.tensors[static_cast<size_t>(op.inputs[0])];
    RawTensor& y = raw.tensors[static_cast<size_t>(op.outputs[0])];
    if (x.buffer >= raw.buffers.size() || raw.buffers[x.buffer].empty() ||
        x.type != y.type || x.shape != y.shape) {
      return false;
    }
    y.buffer = x.buffer;
    copied.push_back(op.inputs[0]);
    return true;
  });
  for (const int t : copied) {
    const bool read = std::ranges::any_of(raw.ops, [t](const RawOp& op) {
      return std::ranges::find(op.inputs, t) != op.inputs.end();
    });
    if (!read) blank(raw.tensors[static_cast<size_t>(t)]);
  }
}

}  // namespace shoal
