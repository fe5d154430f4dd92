// Each operator says where an output element comes from. Neighbours along the
// last axis that stay neighbours move together, as one run.
#include "host/oracle/int8/movement.h"

#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/model/graph/quantize.h"
#include "host/oracle/int8/strides.h"

namespace shoal::oracle {
namespace {

struct Move : OpView {
  const ByteOperands& bytes;
  // The float oracle moves whole numbers as floats.
  int element_bytes() const {
    const auto count = static_cast<size_t>(element_count(out().shape));
    return static_cast<int>(bytes.outputs[0].size() / count);
  }
};

// source(out index, in index) sets where a run comes from; false leaves the
// output as it is.
template <class Source>
void gather(const Move& m, int run, Source source) {
  const int size = m.element_bytes() * run;
  const Shape in = in_runs(m.in().shape, run);
  const Strides strides = strides_of(in);
  const uint8_t* const x = m.bytes.inputs[0].data();
  uint8_t* y = m.bytes.outputs[0].data();
  Index from(in.size(), 0);
  for_each_index(in_runs(m.out().shape, run), [&](const Index& at) {
    if (source(at, from)) {
      std::memcpy(y, x + offset_of(from, strides) * size, size);
    }
    y += size;
  });
}

void copy(const Move& m) {
  std::ranges::copy(m.bytes.inputs[0], m.bytes.outputs[0].begin());
}

void fill(std::span<uint8_t> bytes, Type type, const PadAttr& a) {
  if (type != Type::kFloat32) {
    std::ranges::fill(bytes, static_cast<uint8_t>(a.value));
    return;
  }
  for (size_t i = 0; i < bytes.size(); i += sizeof a.real) {
    std::memcpy(&bytes[i], &a.real, sizeof a.real);
  }
}

void pad(const Move& m) {
  const auto& a = m.attr<PadAttr>();
  const Shape& shape = m.in().shape;
  fill(m.bytes.outputs[0], m.out().type, a);
  const bool channels =
      !shape.empty() && (a.before.back() != 0 || a.after.back() != 0);
  gather(m, channels ? 1 : last_axis(shape), [&](const Index& at, Index& from) {
    for (size_t i = 0; i < at.size(); ++i) {
      from[i] = at[i] - a.before[i];
      if (from[i] < 0 || from[i] >= shape[i]) return false;
    }
    return true;
  });
}

void mirror(const Move& m) {
  const auto& a = m.attr<MirrorAttr>();
  const Shape& shape = m.in().shape;
  gather(m, 1, [&](const Index& at, Index& from) {
    for (size_t i = 0; i < at.size(); ++i) {
      from[i] = mirrored_index(at[i] - a.before[i], shape[i], a.repeats_edge);
    }
    return true;
  });
}

void transpose(const Move& m) {
  const auto& perm = m.attr<TransposeAttr>().perm;
  const Shape& shape = m.in().shape;
  const bool kept =
      !perm.empty() && perm.back() == static_cast<int>(perm.size()) - 1;
  gather(m, kept ? shape.back() : 1, [&](const Index& at, Index& from) {
    for (size_t i = 0; i < at.size(); ++i) from[perm[i]] = at[i];
    return true;
  });
}

void slice(const Move& m) {
  const auto& a = m.attr<SliceAttr>();
  gather(m, 1, [&](const Index& at, Index& from) {
    size_t o = 0;
    for (size_t i = 0; i < from.size(); ++i) {
      const int step = a.dropped[i] ? 0 : at[o++];
      from[i] = a.begin[i] + step * a.stride[i];
    }
    return true;
  });
}

void resize(const Move& m) {
  const auto& a = m.attr<ResizeAttr>();
  const Shape &in = m.in().shape, &out = m.out().shape;
  const auto rows = nearest_indices(in[1], out[1], a);
  const auto columns = nearest_indices(in[2], out[2], a);
  gather(m, in[3], [&](const Index& at, Index& from) {
    from = {at[0], rows[at[1]], columns[at[2]], 0};
    return true;
  });
}

void space_to_depth(const Move& m) {
  const int block = m.attr<BlockAttr>().block;
  gather(m, m.in().shape[3], [&](const Index& at, Index& from) {
    const int place = at[3];  // dy * block + dx
    from = {at[0], at[1] * block + place / block, at[2] * block + place % block,
            0};
    return true;
  });
}

void depth_to_space(const Move& m) {
  const int block = m.attr<BlockAttr>().block;
  gather(m, m.out().shape[3], [&](const Index& at, Index& from) {
    const int place = at[1] % block * block + at[2] % block;
    from = {at[0], at[1] / block, at[2] / block, place};
    return true;
  });
}

void blocks(const Move& m) {
  m.op().kind == OpKind::kSpaceToDepth ? space_to_depth(m) : depth_to_space(m);
}

void take(const Move& m) {
  const auto& a = m.attr<GatherAttr>();
  const Shape& shape = m.in().shape;
  int64_t outer = 1, size = 1, inner = m.element_bytes();
  for (int i = 0; i < static_cast<int>(shape.size()); ++i) {
    int64_t& part = i < a.axis ? outer : i < a.axis + a.count ? size : inner;
    part *= shape[i];
  }
  uint8_t* y = m.bytes.outputs[0].data();
  for (int64_t o = 0; o < outer; ++o) {
    for (const int index : a.indices) {
      std::memcpy(y, m.bytes.inputs[0].data() + (o * size + index) * inner,
                  inner);
      y += inner;
    }
  }
}

// Batch number (dy * block + dx) * batches + n has the places dy, dx of each
// block of picture n.
void batches(const Move& m) {
  const auto& a = m.attr<BatchesAttr>();
  const bool splits = m.op().kind == OpKind::kSpaceToBatchNd;
  const Shape &in = m.in().shape, &out = m.out().shape;
  if (splits) {
    PadAttr zero;
    zero.value = m.out().zero();
    fill(m.bytes.outputs[0], m.out().type, zero);
  }
  const Shape& wide = splits ? in : out;
  gather(m, last_axis(in), [&](const Index& at, Index& from) {
    int batch = at[0];
    from = at;
    if (splits) {
      int place = batch / in[0];
      from[0] = batch % in[0];
      for (size_t i = a.block.size(); i-- > 0;) {
        from[i + 1] = at[i + 1] * a.block[i] + place % a.block[i] - a.before[i];
        place /= a.block[i];
        if (from[i + 1] < 0 || from[i + 1] >= wide[i + 1]) return false;
      }
      return true;
    }
    int place = 0;
    for (size_t i = 0; i < a.block.size(); ++i) {
      const int whole = at[i + 1] + a.before[i];
      place = place * a.block[i] + whole % a.block[i];
      from[i + 1] = whole / a.block[i];
    }
    from[0] = place * out[0] + batch;
    return true;
  });
}

// Calls f(byte in the whole, byte in the part, bytes) for the runs of a part
// that starts at `start` of the axis. Returns where the next one starts.
template <class F>
int for_each_run(const Shape& whole, const Shape& part, int axis, int start,
                 int element_bytes, F f) {
  const Strides strides = strides_of(whole);
  const int size = part.back() * element_bytes;
  int64_t at_part = 0;
  for_each_index(in_runs(part, part.back()), [&](const Index& at) {
    const int64_t element = offset_of(at, strides) + start * strides[axis];
    f(element * element_bytes, at_part, size);
    at_part += size;
  });
  return start + part[axis];
}

void join(const Move& m) {
  const int axis = m.attr<AxisAttr>().axis;
  uint8_t* const y = m.bytes.outputs[0].data();
  int start = 0;
  for (size_t k = 0; k < m.op().inputs.size(); ++k) {
    const uint8_t* const x = m.bytes.inputs[k].data();
    start = for_each_run(
        m.out().shape, part_shape(m.in(k).shape, m.out().shape, axis), axis,
        start, m.element_bytes(), [&](int64_t whole, int64_t part, int size) {
          std::memcpy(y + whole, x + part, size);
        });
  }
}

void split(const Move& m) {
  const int axis = m.attr<AxisAttr>().axis;
  const uint8_t* const x = m.bytes.inputs[0].data();
  int start = 0;
  for (size_t k = 0; k < m.op().outputs.size(); ++k) {
    uint8_t* const y = m.bytes.outputs[k].data();
    start = for_each_run(
        m.in().shape, part_shape(m.out(k).shape, m.in().shape, axis), axis,
        start, m.element_bytes(), [&](int64_t whole, int64_t part, int size) {
          std::memcpy(y + part, x + whole, size);
        });
  }
}

constexpr ByClass<void (*)(const Move&)> kMoves({{OpClass::kJoin, join},
                                                 {OpClass::kPad, pad},
                                                 {OpClass::kMirror, mirror},
                                                 {OpClass::kReshape, copy},
                                                 {OpClass::kTranspose,
                                                  transpose},
                                                 {OpClass::kSlice, slice},
                                                 {OpClass::kSplit, split},
                                                 {OpClass::kGather, take},
                                                 {OpClass::kBatches, batches},
                                                 {OpClass::kResize, resize},
                                                 {OpClass::kBlocks, blocks}});

}  // namespace

void movement(const OpView& op, const ByteOperands& bytes) {
  const Move m{op, bytes};
  const auto move = kMoves[class_of(op.op().kind)];
  if (move == nullptr) {
    throw Error(Exit::kInternal, "no operator that moves elements");
  }
  move(m);
}

}  // namespace shoal::oracle
