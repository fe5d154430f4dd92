// Operators that move elements and compute nothing: each says where an output
// element comes from.
#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/graph/quantize.h"
#include "host/oracle/call.h"
#include "host/oracle/index.h"

namespace shoal::oracle {
namespace {

void copy_element(std::span<uint8_t> to, int64_t to_element,
                  std::span<const uint8_t> from, int64_t from_element,
                  int size) {
  std::memcpy(to.data() + to_element * size, from.data() + from_element * size,
              size);
}

// source(out index, in index) sets where the element comes from; false
// leaves the output what `fill` says.
template <class Source>
void gather(const Call& call, uint8_t fill, Source source) {
  const auto x = call.bytes();
  const auto y = call.result_bytes();
  std::fill(y.begin(), y.end(), fill);
  const int size = type_bytes(call.in().type);
  const Strides strides = strides_of(call.in().shape);
  Index from(call.in().shape.size(), 0);
  int64_t o = 0;
  for_each_index(call.out().shape, [&](const Index& at) {
    if (source(at, from)) {
      copy_element(y, o, x, offset_of(from, strides), size);
    }
    ++o;
  });
}

void copy(const Call& call) {
  const auto x = call.bytes();
  std::copy(x.begin(), x.end(), call.result_bytes().begin());
}

void pad(const Call& call) {
  const auto& a = call.attr<PadAttr>();
  const Shape& shape = call.in().shape;
  gather(call, static_cast<uint8_t>(a.value),
         [&](const Index& at, Index& from) {
           for (size_t i = 0; i < at.size(); ++i) {
             from[i] = at[i] - a.before[i];
             if (from[i] < 0 || from[i] >= shape[i]) return false;
           }
           return true;
         });
}

void transpose(const Call& call) {
  const auto& perm = call.attr<TransposeAttr>().perm;
  gather(call, 0, [&](const Index& at, Index& from) {
    for (size_t i = 0; i < at.size(); ++i) from[perm[i]] = at[i];
    return true;
  });
}

void slice(const Call& call) {
  const auto& a = call.attr<SliceAttr>();
  gather(call, 0, [&](const Index& at, Index& from) {
    size_t o = 0;
    for (size_t i = 0; i < from.size(); ++i) {
      const int step = a.dropped[i] ? 0 : at[o++];
      from[i] = a.begin[i] + step * a.stride[i];
    }
    return true;
  });
}

void resize(const Call& call) {
  const auto& a = call.attr<ResizeAttr>();
  const Shape &in = call.in().shape, &out = call.out().shape;
  const auto rows = nearest_indices(in[1], out[1], a);
  const auto columns = nearest_indices(in[2], out[2], a);
  gather(call, 0, [&](const Index& at, Index& from) {
    from = {at[0], rows[at[1]], columns[at[2]], at[3]};
    return true;
  });
}

void space_to_depth(const Call& call) {
  const int block = call.attr<BlockAttr>().block;
  const int channels = call.in().shape[3];
  gather(call, 0, [&](const Index& at, Index& from) {
    const int place = at[3] / channels;  // dy * block + dx
    from = {at[0], at[1] * block + place / block, at[2] * block + place % block,
            at[3] % channels};
    return true;
  });
}

void depth_to_space(const Call& call) {
  const int block = call.attr<BlockAttr>().block;
  const int channels = call.out().shape[3];
  gather(call, 0, [&](const Index& at, Index& from) {
    const int place = at[1] % block * block + at[2] % block;
    from = {at[0], at[1] / block, at[2] / block, place * channels + at[3]};
    return true;
  });
}

void concatenate(const Call& call) {
  const int axis = call.attr<AxisAttr>().axis;
  const int size = type_bytes(call.out().type);
  const Strides strides = strides_of(call.out().shape);
  const auto y = call.result_bytes();
  int64_t start = 0;
  for (size_t k = 0; k < call.op().inputs.size(); ++k) {
    const auto x = call.bytes(k);
    int64_t i = 0;
    for_each_index(call.in(k).shape, [&](const Index& at) {
      copy_element(y, start + offset_of(at, strides), x, i++, size);
    });
    start += call.in(k).shape[axis] * strides[axis];
  }
}

void split(const Call& call) {
  const int axis = call.attr<AxisAttr>().axis;
  const int size = type_bytes(call.in().type);
  const Strides strides = strides_of(call.in().shape);
  const auto x = call.bytes();
  int64_t start = 0;
  for (size_t k = 0; k < call.op().outputs.size(); ++k) {
    const auto y = call.result_bytes(k);
    int64_t o = 0;
    for_each_index(call.out(k).shape, [&](const Index& at) {
      copy_element(y, o++, x, start + offset_of(at, strides), size);
    });
    start += call.out(k).shape[axis] * strides[axis];
  }
}

}  // namespace

void movement(const Call& call) {
  switch (call.op().kind) {
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kExpandDims:
      return copy(call);
    case OpKind::kPad:
    case OpKind::kPadv2:
      return pad(call);
    case OpKind::kTranspose:
      return transpose(call);
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
      return slice(call);
    case OpKind::kResizeNearestNeighbor:
      return resize(call);
    case OpKind::kSpaceToDepth:
      return space_to_depth(call);
    case OpKind::kDepthToSpace:
      return depth_to_space(call);
    case OpKind::kConcatenation:
      return concatenate(call);
    case OpKind::kSplit:
      return split(call);
    default:
      throw Error(Exit::kInternal, "no operator that moves elements");
  }
}

}  // namespace shoal::oracle
