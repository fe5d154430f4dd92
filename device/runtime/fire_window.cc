// Slices of operators with a window.
#include "device/kernels/kernels.h"
#include "device/program/chunk.h"
#include "device/program/params.h"
#include "device/runtime/modules.h"

namespace shoal {
namespace {

// Returns the input row that kernel row ky of output row oy reads, or -1.
int input_row(const Slice& s, int oy, int ky) {
  const ActorRecord& a = *s.actor;
  RowRule rule;
  rule.op = a.op, rule.in_rows = s.in[0].rows;
  rule.stride_y = a.stride_y, rule.dilation_y = a.dilation_y;
  rule.pad_top = a.pad_top;
  return window_row(rule, oy, ky);
}

inline void find_window(const Slice& s, int oy, const int8_t** rows) {
  const ActorRecord& a = *s.actor;
  const Rows& in = s.in[0];
  const int8_t** const end = rows + (s.ky_hi - s.ky_lo);
  if (a.op == OpCode::kTransposeConv) {
    for (int ky = s.ky_lo; rows < end; ++ky) {
      const int iy = input_row(s, oy, ky);
      *rows++ = iy < 0 ? nullptr : in.bytes(iy) + s.in0;
    }
    return;
  }
  const int step = a.dilation_y, all = in.rows, channel = s.in0;
  int iy = oy * a.stride_y - a.pad_top + s.ky_lo * step;
  for (; rows < end; iy += step) {
    *rows++ = iy < 0 || iy >= all ? nullptr : in.bytes(iy) + channel;
  }
}

// Where it is rare.
[[gnu::noinline, gnu::cold]] void window_rows(const Slice& s, int oy,
                                              const int8_t** rows) {
  find_window(s, oy, rows);
}

int32_t* int32_row(const Rows& rows, int y) {
  return reinterpret_cast<int32_t*>(rows.at(y));
}

// Where the sums of output row oy come from and go to; null for the bias and
// for int8 rows.
struct Sums {
  const int32_t* in;
  int32_t* out;
  int stride;
};

[[gnu::cold]] Sums sums_of(const Slice& s, int oy) {
  const ActorRecord& a = *s.actor;
  const bool init = a.flags & kActorInit, ends = a.flags & kActorFinal;
  Sums sums{nullptr, nullptr, 0};
  int32_t* own = nullptr;
  if (!ends) sums.stride = s.out.stride;
  if (!init) sums.stride = s.partial.stride;
  if (s.sums) {
    sums.stride = s.out.channels;
    own = s.sums + (oy - s.sums_row) * s.out.columns * s.out.channels + s.out0;
  }
  if (!s.first) {
    sums.in = own;
  } else if (!init) {
    sums.in = int32_row(s.partial, oy) + s.out0;
  }
  if (!s.last) {
    sums.out = own;
  } else if (!ends) {
    sums.out = int32_row(s.out, oy) + s.out0;
  }
  return sums;
}

int8_t* out_row(const Slice& s, int oy) {
  return reinterpret_cast<int8_t*>(s.out.at(oy)) + s.out0;
}

// Returns whether row y + 1 begins where row y ends, pixel after pixel.
bool adjacent(const Rows& rows, uint32_t element_bytes, int y) {
  const uint32_t row =
      static_cast<uint32_t>(rows.columns * rows.stride) * element_bytes;
  return rows.row_bytes == row && rows.at(y + 1) == rows.at(y) + row;
}

// A 1x1 window knows nothing of rows: those of a firing that lie together are
// one long row to the kernel, which then goes through its weights once.
bool is_pointwise(const Slice& s) {
  const ActorRecord& a = *s.actor;
  return a.op == OpCode::kConv && a.kernel_h == 1 && a.kernel_w == 1 &&
         a.stride_x == 1 && a.stride_y == 1 && a.pad_left == 0 && s.x0 == 0 &&
         s.x1 == s.out.columns && s.in[0].columns == s.x1;
}

// Returns the rows from oy on that are one to the kernel.
int rows_together(const Slice& s, int oy) {
  const uint32_t out_bytes = s.actor->flags & kActorFinal ? 1 : 4;
  const bool out = s.last, partial = s.first && !(s.actor->flags & kActorInit);
  int n = 1;
  for (; oy + n < s.hi; ++n) {
    const int y = oy + n - 1, iy = input_row(s, y, 0);
    if (iy < 0 || input_row(s, y + 1, 0) != iy + 1 ||
        !adjacent(s.in[0], 1, iy) || (out && !adjacent(s.out, out_bytes, y)) ||
        (partial && !adjacent(s.partial, 4, y))) {
      break;
    }
  }
  return n;
}

// Returns the rows from oy on that one call of the depthwise kernel may make:
// as many as pointers have room, up to the end of the ring.
int rows_of_call(const Slice& s, int oy) {
  const int most = kMaxWindowRows / (s.ky_hi - s.ky_lo);
  int n = 1;
  while (n < most && oy + n < s.hi &&
         s.out.at(oy + n) == s.out.at(oy + n - 1) + s.out.row_bytes) {
    ++n;
  }
  return n;
}

// `many`: the kernel takes further rows of a call. Small, as plain actors have
// their own way.
[[gnu::cold]] void fire_taps(const Slice& s, void (*kernel)(const ConvArgs&),
                             bool many) {
  const ActorRecord& a = *s.actor;
  const int8_t* rows[kMaxWindowRows];
  ConvArgs c;
  c.rows = rows;
  c.kernel_h = s.ky_hi - s.ky_lo, c.kernel_w = a.kernel_w;
  c.in_w = s.in[0].columns, c.in_stride = s.in[0].stride, c.in_c = s.in_n;
  c.stride_x = a.stride_x, c.dilation_x = a.dilation_x;
  c.pad_left = a.pad_left;
  c.x0 = s.x0, c.x1 = s.x1;
  c.channels = s.out_n, c.multiplier = a.multiplier;
  c.weights = s.weights, c.weight_stride = s.weight_stride;
  c.bias = s.bias, c.multipliers = s.multipliers, c.shifts = s.shifts;
  c.zero_in = a.zero_in, c.zero_weight = a.zero_weight;
  c.zero_out = a.zero_out, c.act_min = a.act_min, c.act_max = a.act_max;
  c.out_stride = s.out.stride;
  const Int4Weights int4 = {reinterpret_cast<const uint8_t*>(s.weights),
                            s.first_weight, s.room,
                            static_cast<int>(room_bytes(a))};
  if (has_int4_weights(a)) {
    c.int4 = &int4;
    kernel = modules.int4[static_cast<int>(a.op) - 1];
  }
  const bool pointwise = is_pointwise(s);
  for (int oy = s.lo, count = 1; oy < s.hi; oy += count) {
    const Sums sums = sums_of(s, oy);
    if (pointwise) {
      count = rows_together(s, oy);
      c.in_w = c.x1 = count * s.out.columns;
    } else if (many && !sums.in && !sums.out) {
      count = rows_of_call(s, oy);
      c.more_rows = count - 1;
      c.out_row = static_cast<int>(s.out.row_bytes);
    }
    for (int i = 0; i < (pointwise ? 1 : count); ++i) {
      find_window(s, oy + i, rows + i * c.kernel_h);
    }
    c.partial_in = sums.in, c.partial_out = sums.out;
    c.partial_stride = sums.stride;
    c.out = out_row(s, oy);
    kernel(c);
  }
}

int least(int a, int b) { return a < b ? a : b; }
int least(int a, int b, int c) { return least(least(a, b), c); }
int least(int a, int b, int c, int d) { return least(least(a, b), c, d); }

// Where rows of int8 lie, without what else Rows knows.
struct Ring {
  int8_t* memory;  // slot 0, at the box's first column and channel
  uint32_t row_bytes, slots, first;

  Ring(const Ports& ports, const PortRecord& p, const BufferRecord& b) {
    uint8_t* at = ports.arena + b.offset + (uint32_t{p.x0} * b.channels + p.c0);
    if (b.flags & kBufferVariable && ports.frames & 1) {
      const uint32_t stride = variable_stride(b.rows * b.row_bytes);
      at = p.is_read ? at + stride : at - stride;
    }
    memory = reinterpret_cast<int8_t*>(at);
    row_bytes = b.row_bytes, slots = b.slots;
    first = ports.base(b) + p.y0;
  }

  uint32_t slot(int y) const {
    const uint32_t slot = first + static_cast<uint32_t>(y);
    return slot >= slots ? slot % slots : slot;
  }
  int8_t* at(uint32_t slot) const { return memory + slot * row_bytes; }
};

// Returns the output channel of the buffer at which the slice begins.
uint16_t first_out(const PlainSlice& s) {
  const SlicePart p = part_of(s);
  const bool behind = p.axis == Axis::kChannels && p.second;
  return behind ? static_cast<uint16_t>(s.chunk.out0 + p.at) : s.chunk.out0;
}

void take_part(const SlicePart& p, OpCode op, ConvArgs& c) {
  if (p.axis == Axis::kColumns) {
    (p.second ? c.x0 : c.x1) = c.x0 + p.at;
  } else if (p.axis == Axis::kChannels && p.second) {
    c.channels -= p.at;
    c.weights += p.at * (op == OpCode::kConv ? c.weight_stride : 1);
    c.bias += p.at, c.multipliers += p.at, c.shifts += p.at;
  } else if (p.axis == Axis::kChannels) {
    c.channels = p.at;
  }
}

// Sets the arguments of a plain actor that are the same for each of its rows.
[[gnu::noinline]] void set_plain(const PlainSlice& s, ConvArgs& c) {
  const ActorRecord& a = s.actor;
  const PortRecord &in = *s.ends.in, &out = *s.ends.out;
  c.kernel_h = a.kernel_h, c.kernel_w = a.kernel_w;
  c.in_w = columns(in), c.in_stride = s.ends.read->channels;
  c.in_c = channels(in);
  c.stride_x = a.stride_x, c.dilation_x = a.dilation_x;
  c.pad_left = a.pad_left;
  c.x0 = 0, c.x1 = columns(out);
  if (a.slices > 1) {
    const int all = c.x1;
    c.x0 = all * s.slice / a.slices, c.x1 = all * (s.slice + 1) / a.slices;
  }
  c.multiplier = a.multiplier;
  c.zero_in = a.zero_in, c.zero_weight = a.zero_weight;
  c.zero_out = a.zero_out, c.act_min = a.act_min, c.act_max = a.act_max;
  c.partial_in = nullptr, c.partial_out = nullptr, c.partial_stride = 0;
  c.out_stride = s.ends.made->channels;
  const int n = s.chunk.out_n;
  c.channels = n;
  c.weights = reinterpret_cast<const int8_t*>(s.bytes);
  c.weight_stride =
      a.op == OpCode::kConv ? a.kernel_h * a.kernel_w * c.in_c : n;
  const uint8_t* quantized =
      s.bytes + s.chunk.bytes - quantized_bytes(s.chunk.out_n);
  c.bias = reinterpret_cast<const int32_t*>(quantized);
  c.multipliers = c.bias + n;
  c.shifts = reinterpret_cast<const int8_t*>(c.multipliers + n);
  take_part(part_of(s), a.op, c);
}

Int4Weights int4_of(const PlainSlice& s) {
  uint8_t* const room = s.ports.arena + s.ports.stage.header->room;
  return {s.bytes, 0, reinterpret_cast<int8_t*>(room),
          static_cast<int>(room_bytes(s.actor))};
}

// Returns the kernel for weights of either width; `int4` outlives its calls.
WindowKernel kernel_of(const PlainSlice& s, const Int4Weights& int4,
                       WindowKernel kernel, ConvArgs& c) {
  if (!has_int4_weights(s.actor)) return kernel;
  c.int4 = &int4;
  return modules.int4[static_cast<int>(s.actor.op) - 1];
}

// `kernel_h` rows of the input: iy, iy + step and so on.
[[gnu::noinline]] void put_rows(const Ring& in, const PlainSlice& s,
                                int channel, int iy, const int8_t** rows) {
  const int all = shoal::rows(*s.ends.in), step = s.actor.dilation_y;
  const int8_t** const end = rows + s.actor.kernel_h;
  for (; iy < 0; iy += step) {
    *rows++ = nullptr;
    if (rows == end) return;
  }
  uint32_t slot = in.slot(iy);
  do {
    *rows++ = iy < all ? in.at(slot) + channel : nullptr;
    iy += step;
    slot += static_cast<uint32_t>(step);
    if (slot >= in.slots) slot %= in.slots;
  } while (rows != end);
}

// Input channel at which the chunk begins.
int first_channel(const PlainSlice& s) {
  if (s.actor.op == OpCode::kConv || first_out(s) == 0) return 0;
  return first_out(s) / s.actor.multiplier;
}

// Up to `most` output rows a call, as far as the ring goes on.
[[gnu::noinline]] void fire_rows(const PlainSlice& s, ConvArgs& c,
                                 void (*kernel)(const ConvArgs&), int most) {
  const int8_t* rows[kMaxWindowRows];
  c.rows = rows;
  const Ring in(s.ports, *s.ends.in, *s.ends.read);
  const Ring out(s.ports, *s.ends.out, *s.ends.made);
  c.out_row = static_cast<int>(out.row_bytes);
  const int step = s.actor.stride_y, channel = first_channel(s);
  int iy = s.lo * step - s.actor.pad_top;
  for (int oy = s.lo; oy < s.hi; ++oy, iy += step) {
    const uint32_t slot = out.slot(oy);
    c.out = out.at(slot) + first_out(s);
    put_rows(in, s, channel, iy, rows);
    if (most > 1) {
      const int count =
          least(s.hi - oy, most, static_cast<int>(out.slots - slot));
      c.more_rows = count - 1;
      for (int i = 1; i < count; ++i, ++oy) {
        iy += step;
        put_rows(in, s, channel, iy, rows + i * c.kernel_h);
      }
    }
    kernel(c);
  }
}

// A 1x1 window knows nothing of rows: those that lie one behind the other are
// one long row to the kernel, which then goes through its weights once.
bool is_pointwise(const PlainSlice& s, const ConvArgs& c) {
  const ActorRecord& a = s.actor;
  const auto whole = [&](const BufferRecord& b, int stride) {
    return b.row_bytes == static_cast<uint32_t>(c.x1 * stride);
  };
  return part_of(s).axis != Axis::kColumns && a.kernel_h == 1 &&
         a.kernel_w == 1 && a.stride_x == 1 && a.stride_y == 1 &&
         a.pad_left == 0 && a.slices == 1 && c.in_w == c.x1 &&
         whole(*s.ends.read, c.in_stride) && whole(*s.ends.made, c.out_stride);
}

void fire_long_rows(const PlainSlice& s, ConvArgs& c,
                    void (*kernel)(const ConvArgs&)) {
  const int8_t* row;
  c.rows = &row;
  const Ring in(s.ports, *s.ends.in, *s.ends.read);
  const Ring out(s.ports, *s.ends.out, *s.ends.made);
  const int columns = c.x1, all = shoal::rows(*s.ends.in);
  for (int oy = s.lo, count = 0; oy < s.hi; oy += count) {
    const int iy = oy - s.actor.pad_top;
    const uint32_t slot = out.slot(oy);
    count = 1, row = nullptr;
    if (iy >= 0 && iy < all) {
      const uint32_t from = in.slot(iy);
      row = in.at(from);
      count = least(s.hi - oy, all - iy, static_cast<int>(in.slots - from),
                    static_cast<int>(out.slots - slot));
    }
    c.in_w = c.x1 = count * columns;
    c.out = out.at(slot) + first_out(s);
    kernel(c);
  }
}

[[gnu::cold]] void fire_pool(const Slice& s, void (*kernel)(const PoolArgs&)) {
  const ActorRecord& a = *s.actor;
  const int8_t* rows[kMaxWindowRows];
  PoolArgs p;
  p.rows = rows;
  p.kernel_h = s.ky_hi - s.ky_lo, p.kernel_w = a.kernel_w;
  p.in_w = s.in[0].columns, p.in_stride = s.in[0].stride;
  p.stride_x = a.stride_x, p.pad_left = a.pad_left;
  p.x0 = s.x0, p.x1 = s.x1;
  p.channels = s.out_n;
  p.act_min = a.act_min, p.act_max = a.act_max;
  p.out_stride = s.out.stride;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    window_rows(s, oy, rows);
    const int first = oy * a.stride_y - a.pad_top;
    p.valid_rows = clip(first + a.kernel_h, 0, s.in[0].rows) -
                   clip(first, 0, s.in[0].rows);
    const Sums sums = sums_of(s, oy);
    p.partial_in = sums.in, p.partial_out = sums.out;
    p.partial_stride = sums.stride;
    p.out = out_row(s, oy);
    kernel(p);
  }
}

[[gnu::cold]] void fire_reduce(const Slice& s,
                               void (*kernel)(const ReduceArgs&),
                               const ReduceParams& p) {
  const ActorRecord& a = *s.actor;
  const int8_t* rows[kMaxWindowRows];
  ReduceArgs r{};
  r.rows = rows;
  r.row_count = s.ky_hi - s.ky_lo;
  r.in_w = s.in[0].columns, r.in_stride = s.in[0].stride;
  r.channels = s.in_n;
  r.over_x = a.flags & kReduceColumns, r.over_c = a.flags & kReduceChannels;
  r.zero_in = a.zero_in, r.zero_out = a.zero_out;
  r.act_min = a.act_min, r.act_max = a.act_max;
  r.out_stride = s.out.stride;
  r.elements = p.count, r.multiplier = p.multiplier, r.shift = p.shift;
  for (int oy = s.lo; oy < s.hi; ++oy) {
    window_rows(s, oy, rows);
    const Sums sums = sums_of(s, oy);
    r.partial_in = sums.in, r.partial_out = sums.out;
    r.partial_stride = sums.stride;
    r.out = out_row(s, oy);
    kernel(r);
  }
}

}  // namespace

void fire_conv(const Slice& s) { fire_taps(s, conv_row, false); }
void fire_depthwise(const Slice& s) {
  fire_taps(s, depthwise_row, depthwise_takes_rows());
}
void fire_plain_conv(const PlainSlice& s) {
  ConvArgs c;
  set_plain(s, c);
  const Int4Weights int4 = int4_of(s);
  const WindowKernel kernel = kernel_of(s, int4, conv_row, c);
  if (is_pointwise(s, c)) return fire_long_rows(s, c, kernel);
  fire_rows(s, c, kernel, 1);
}
void fire_plain_depthwise(const PlainSlice& s) {
  ConvArgs c;
  set_plain(s, c);
  const Int4Weights int4 = int4_of(s);
  const WindowKernel kernel = kernel_of(s, int4, depthwise_row, c);
  const bool many = s.hi - s.lo > 1 && depthwise_takes_rows();
  fire_rows(s, c, kernel, many ? kMaxWindowRows / c.kernel_h : 1);
}
void fire_transpose_conv(const Slice& s) {
  fire_taps(s, transpose_conv_row, false);
}
void fire_average_pool(const Slice& s) { fire_pool(s, average_pool_row); }
void fire_max_pool(const Slice& s) { fire_pool(s, max_pool_row); }
void fire_reduce_sum(const Slice& s) {
  fire_reduce(s, reduce_sum_row,
              *reinterpret_cast<const ReduceParams*>(s.params));
}
void fire_reduce_max(const Slice& s) { fire_reduce(s, reduce_max_row, {}); }

}  // namespace shoal
