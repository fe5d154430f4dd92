// Converters leave tensors in float32 where they see nothing but movement:
// DEQUANTIZE, CONCATENATION, QUANTIZE. Bytes that move are bytes, so such a
// QUANTIZE goes up through what moves until it meets the DEQUANTIZE. Both
// together are a QUANTIZE of bytes where its integers give the same 256 results
// (and nothing if these are the bytes themselves), else the model stays as it
// is. A variable of float32 that is only read that way holds the bytes.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <tuple>

#include "host/base/error.h"
#include "host/model/graph/quantize.h"
#include "host/model/import/raw_passes.h"

namespace shoal {

bool is_kind(const RawOp& op, OpKind kind) {
  return op.code == op_info(kind).code;
}

bool is_byte_tensor(const RawTensor& t) {
  const int64_t low = t.type == kCodeInt8 ? -128 : 0;
  return (t.type == kCodeInt8 || t.type == kCodeUint8) && t.scale.size() == 1 &&
         t.zero.size() == 1 && t.scale[0] > 0x1p-60f && t.scale[0] < 0x1p60f &&
         t.zero[0] >= low && t.zero[0] <= low + 255;
}

int int8_zero(const RawTensor& t) {
  return static_cast<int>(t.zero[0]) - (t.type == kCodeUint8 ? 128 : 0);
}

std::array<int8_t, 256> quantize_table(const RawTensor& from,
                                       const RawTensor& to) {
  Graph graph;
  for (const RawTensor* t : {&from, &to}) {
    Tensor tensor;
    tensor.quant.scale = t->scale;
    tensor.quant.zero = {int8_zero(*t)};
    graph.tensors.push_back(std::move(tensor));
  }
  return unary_table(graph, Op{OpKind::kQuantize, {0}, {1}, {}});
}

bool only_moves(const RawOp& op) {
  const OpInfo* info = find_op(op.code);
  if (info == nullptr || op.outputs.size() != 1 || op.inputs.empty()) {
    return false;
  }
  // A value to pad with has a scale of its own; a SPLIT takes its axis first.
  if (info->kind == OpKind::kPadv2 || info->cls == OpClass::kSplit) {
    return false;
  }
  return moves_bytes(info->kind) &&
         (info->cls != OpClass::kJoin || op.options.activation == 0);
}

namespace {

using Bytes = std::array<int8_t, 256>;

Bytes through_float(const RawTensor& x, const RawTensor& y) {
  Bytes out{};
  for (int q = -128; q < 128; ++q) {
    const float real =
        dequantize(static_cast<int8_t>(q), x.scale[0], int8_zero(x));
    out[static_cast<size_t>(q + 128)] =
        quantize_float(real, y.scale[0], int8_zero(y));
  }
  return out;
}

bool keeps_bytes(const Bytes& table) {
  for (size_t q = 0; q < table.size(); ++q) {
    if (table[q] != static_cast<int>(q) - 128) return false;
  }
  return true;
}

class Islands {
 public:
  Islands(RawModel& raw, MadeBytes& made) : raw_(raw), made_(made) {}

  // False: nothing moves, or not all of a variable, and `raw` is of no use.
  bool run() {
    const std::vector<RawOp> ops = std::move(raw_.ops);
    raw_.ops.clear();
    for (const RawOp& op : ops) {
      for (const int t : op.outputs) makers_[t] = &op;
    }
    const size_t variables = raw_.variables.size();
    for (const RawOp& op : ops) {
      const bool quantizes = is_kind(op, OpKind::kQuantize) &&
                             op.inputs.size() == 1 && op.outputs.size() == 1 &&
                             op.outputs[0] >= 0;
      if (quantizes && moves_float(op.inputs[0])) {
        if (!replace(op)) raw_.ops.push_back(op);
      } else {
        raw_.ops.push_back(op);
      }
    }
    // The values that a frame leaves to the next one, once the frame has made
    // them.
    for (size_t v = variables; v < raw_.variables.size(); ++v) {
      const RawVariable of = raw_.variables[v];
      const int after = bytes_of(of.after, of.before, -1);
      if (after < 0) return false;
      raw_.variables[v].after = after;
    }
    if (moved_) drop_unread();
    return moved_;
  }

 private:
  // By tensor, type, scale and zero point.
  using Key = std::tuple<int, int, float, int64_t>;

  RawTensor& tensor(int t) { return raw_.tensors[static_cast<size_t>(t)]; }
  std::span<const uint8_t> constant(int t) {
    if (tensor(t).buffer >= raw_.buffers.size()) return {};
    return raw_.buffers[tensor(t).buffer];
  }
  static bool holds(const std::vector<int>& list, int t) {
    return std::ranges::find(list, t) != list.end();
  }

  // A float32 that is made by something that only moves.
  bool moves_float(int t) {
    const auto maker = makers_.find(t);
    return t >= 0 && tensor(t).type == kCodeFloat32 && maker != makers_.end() &&
           (only_moves(*maker->second) ||
            is_kind(*maker->second, OpKind::kDequantize));
  }

  // A QUANTIZE by what makes its bytes out of bytes.
  bool replace(const RawOp& op) {
    const size_t ops = raw_.ops.size(), variables = raw_.variables.size();
    added_.clear();
    if (bytes_of(op.inputs[0], op.outputs[0], op.outputs[0]) >= 0) {
      moved_ = true;
      return true;
    }
    raw_.ops.resize(ops);
    raw_.variables.resize(variables);
    for (const Key& key : added_) known_.erase(key);
    return false;
  }

  // The float32 tensor in bytes of the scale of `like`: written to `out`, or
  // to any tensor if that is -1. The result's number; -1: it does not go.
  int bytes_of(int t, int like, int out) {
    if (t < 0 || tensor(t).type != kCodeFloat32 ||
        !is_byte_tensor(tensor(like))) {
      return -1;
    }
    const Key key(t, tensor(like).type, tensor(like).scale[0],
                  tensor(like).zero[0]);
    const auto known = known_.find(key);
    if (out < 0 && known != known_.end()) return known->second;
    constexpr int kDeepest = 256;  // longer chains of movement are made up
    if (depth_ > kDeepest) return -1;
    ++depth_;
    const int made = make(t, like, out);
    --depth_;
    if (made >= 0 && out < 0) {
      known_[key] = made;
      added_.push_back(key);
    }
    return made;
  }

  int make(int t, int like, int out) {
    if (!constant(t).empty()) return constant_bytes(t, like, out);
    const auto found = makers_.find(t);
    if (found == makers_.end()) {
      for (const RawVariable& v : raw_.variables) {
        if (v.before == t && out < 0) return variable(RawVariable(v), like);
      }
      if (!holds(raw_.inputs, t)) return -1;
      return emit(quantize(t), t, like, out);
    }
    const RawOp& maker = *found->second;
    if (maker.inputs.empty() || maker.outputs.size() != 1) return -1;
    if (is_kind(maker, OpKind::kDequantize)) {
      return requantized(maker.inputs[0], t, like, out);
    }
    if (!only_moves(maker)) return -1;
    RawOp moved = maker;
    const bool joins = class_of(find_op(maker.code)->kind) == OpClass::kJoin;
    for (size_t i = 0; i < (joins ? moved.inputs.size() : 1); ++i) {
      moved.inputs[i] = bytes_of(moved.inputs[i], like, -1);
      if (moved.inputs[i] < 0) return -1;
    }
    return emit(std::move(moved), t, like, out);
  }

  int requantized(int q, int t, int like, int out) {
    if (q < 0 || !is_byte_tensor(tensor(q))) return -1;
    const Bytes table = quantize_table(tensor(q), tensor(like));
    if (table != through_float(tensor(q), tensor(like))) return -1;
    const bool same = tensor(q).type == tensor(like).type &&
                      tensor(q).scale == tensor(like).scale &&
                      tensor(q).zero == tensor(like).zero;
    if (out < 0 && same && keeps_bytes(table)) return q;
    return emit(quantize(q), t, like, out);
  }

  static RawOp quantize(int t) {
    RawOp op;
    op.code = op_info(OpKind::kQuantize).code;
    op.options.code = static_cast<int>(OptionsCode::kQuantize);
    op.inputs = {t};
    return op;
  }

  // A tensor of the shape of `t` in the scale of `like`.
  int like_it(int t, int like) {
    RawTensor made = tensor(t);
    made.name += ":bytes";
    made.type = tensor(like).type;
    made.scale = tensor(like).scale;
    made.zero = tensor(like).zero;
    made.axis = 0;
    raw_.tensors.push_back(std::move(made));
    return static_cast<int>(raw_.tensors.size()) - 1;
  }

  int emit(RawOp op, int t, int like, int out) {
    if (out < 0) out = like_it(t, like);
    if (op.number < 0 && makers_.contains(t)) op.number = makers_[t]->number;
    op.outputs = {out};
    raw_.ops.push_back(std::move(op));
    return out;
  }

  bool may_quantize(std::span<const uint8_t> floats) {
    if (floats.size() % sizeof(float) != 0 || floats.size() > left_) {
      return false;
    }
    left_ -= floats.size();
    for (size_t i = 0; i < floats.size(); i += sizeof(float)) {
      float value = 0;
      std::memcpy(&value, &floats[i], sizeof value);
      if (!std::isfinite(value)) return false;
    }
    return true;
  }

  std::vector<uint8_t> quantized(std::span<const uint8_t> floats, int like) {
    const RawTensor& y = tensor(like);
    std::vector<uint8_t> bytes(floats.size() / sizeof(float));
    for (size_t i = 0; i < bytes.size(); ++i) {
      float value = 0;
      std::memcpy(&value, &floats[i * sizeof value], sizeof value);
      const int q = quantize_float(value, y.scale[0], int8_zero(y));
      bytes[i] = static_cast<uint8_t>(q + (y.type == kCodeUint8 ? 128 : 0));
    }
    return bytes;
  }

  int constant_bytes(int t, int like, int out) {
    if (!may_quantize(constant(t))) return -1;
    if (out < 0) out = like_it(t, like);
    made_.push_back(quantized(constant(t), like));
    tensor(out).buffer = static_cast<uint32_t>(raw_.buffers.size());
    raw_.buffers.emplace_back(made_.back());
    return out;
  }

  // `after` is settled once all that the frame makes is there.
  int variable(RawVariable of, int like) {
    if (!may_quantize(of.initial)) return -1;
    const int before = like_it(of.before, like);
    tensor(before).name = tensor(of.before).name;
    of.before = before;
    of.initial = quantized(of.initial, like);
    raw_.variables.push_back(std::move(of));
    return before;
  }

  // DEQUANTIZE, movement and variables that nothing needs any more.
  void drop_unread() {
    for (bool less = true; less;) {
      std::vector<bool> read(raw_.tensors.size(), false);
      const auto mark = [&read](const std::vector<int>& list) {
        for (const int t : list) {
          if (t >= 0) read[static_cast<size_t>(t)] = true;
        }
      };
      mark(raw_.outputs);
      for (const RawVariable& v : raw_.variables) mark({v.after});
      std::vector<RawOp> ops;
      for (size_t i = raw_.ops.size(); i-- > 0;) {
        RawOp& op = raw_.ops[i];
        const bool one = op.outputs.size() == 1 && op.outputs[0] >= 0;
        const auto y = static_cast<size_t>(one ? op.outputs[0] : 0);
        if (one && raw_.tensors[y].type == kCodeFloat32 && !read[y]) continue;
        mark(op.inputs);
        ops.push_back(std::move(op));
      }
      std::ranges::reverse(ops);
      raw_.ops = std::move(ops);
      less = std::erase_if(raw_.variables, [&](const RawVariable& v) {
               return tensor(v.before).type == kCodeFloat32 &&
                      !read[static_cast<size_t>(v.before)];
             }) > 0;
    }
  }

  RawModel& raw_;
  MadeBytes& made_;
  std::map<int, const RawOp*> makers_;  // by tensor
  std::map<Key, int> known_;
  std::vector<Key> added_;  // by the QUANTIZE at hand
  int depth_ = 0;
  size_t left_ = size_t{1} << 26;  // bytes of constants
  bool moved_ = false;
};

}  // namespace

void move_bytes(RawModel& raw, MadeBytes& made) {
  const bool any = std::ranges::any_of(
      raw.ops, [](const RawOp& op) { return is_kind(op, OpKind::kQuantize); });
  if (!any) return;
  RawModel moved = raw;
  if (Islands(moved, made).run()) raw = std::move(moved);
}

}  // namespace shoal
