#include "host/model/resize/resize_input.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/base/error.h"
#include "host/base/index.h"
#include "host/model/graph/operators.h"
#include "host/model/graph/shapes.h"
#include "host/model/graph/window_side.h"

namespace shoal {
namespace {

constexpr int kMaxSide = 4096;

class Resizer {
 public:
  explicit Resizer(const Graph& graph) : old_(graph), new_(graph) {}

  Graph run(int rows, int columns) {
    if (old_.inputs.size() != 1 || old_shape(old_.inputs[0]).size() != 4) {
      throw Error(Exit::kUnsupported,
                  "its input is no picture: another size needs one input of "
                  "rows x columns x channels");
    }
    Shape& input = shape(old_.inputs[0]);
    input[1] = rows;
    input[2] = columns;
    for (op_ = 0; op_ < old_.ops.size(); ++op_) visit();
    new_.name += fmt::format("@{}x{}", rows, columns);
    return std::move(new_);
  }

 private:
  const Op& op() const { return old_.ops[op_]; }
  int in(size_t k = 0) const { return op().inputs[k]; }
  int out() const { return op().outputs[0]; }
  const Shape& old_shape(int t) const { return old_.tensors[index(t)].shape; }
  Shape& shape(int t) { return new_.tensors[index(t)].shape; }
  bool changed(int t) { return shape(t) != old_shape(t); }
  template <typename T>
  T& attr() {
    return std::get<T>(new_.ops[op_].attr);
  }

  [[noreturn]] void refuse(const std::string& why) {
    throw Error(Exit::kUnsupported,
                fmt::format("layer {} ({} '{}'): {}", op_, op_name(op().kind),
                            old_.tensors[index(out())].name, why),
                "its own input size");
  }

  int window_side(int axis, const WindowSide& s, int* pad, int* whole) {
    const int before = old_shape(in())[index(axis)];
    const int after = old_shape(out())[index(axis)];
    const int now = shape(in())[index(axis)];
    if (whole != nullptr && s.kernel == before && s.pad == 0 && after == 1) {
      *whole = now;
      return 1;
    }
    if (is_valid(before, after, s)) {
      if (now < s.extent()) {
        refuse(fmt::format("a window of {} does not fit {} {}", s.extent(), now,
                           axis == 1 ? "rows" : "columns"));
      }
      return static_cast<int>(valid_out(now, s));
    }
    if (!is_same(before, after, s)) {
      refuse("its padding is neither SAME nor VALID");
    }
    *pad = static_cast<int>(same_total(now, s) / 2);
    return static_cast<int>(same_out(now, s));
  }

  void window() {
    if (op().kind == OpKind::kTransposeConv) return transpose_conv();
    WindowAttr& a = attr<WindowAttr>();
    const WindowAttr was = std::get<WindowAttr>(op().attr);
    const bool pool = class_of(op().kind) == OpClass::kPool;
    const WindowSide y{was.kernel_h, was.stride_h, was.dilation_h, was.pad_top};
    const WindowSide x{was.kernel_w, was.stride_w, was.dilation_w,
                       was.pad_left};
    shape(out())[1] =
        window_side(1, y, &a.pad_top, pool ? &a.kernel_h : nullptr);
    shape(out())[2] =
        window_side(2, x, &a.pad_left, pool ? &a.kernel_w : nullptr);
  }

  // Each input row more gives `stride` output rows more.
  void transpose_conv() {
    const WindowAttr& a = std::get<WindowAttr>(op().attr);
    const int strides[] = {a.stride_h, a.stride_w};
    for (const int axis : {1, 2}) {
      const size_t k = index(axis);
      shape(out())[k] +=
          (shape(in())[k] - old_shape(in())[k]) * strides[axis - 1];
      if (shape(out())[k] < 1) refuse("nothing would be left");
    }
  }

  void broadcast() {
    Shape result = shape(in());
    for (const int t : op().inputs) {
      const auto wider = broadcast_shape(result, shape(t));
      if (!wider) {
        refuse(fmt::format("its operands have {} and {}",
                           fmt::join(result, "x"), fmt::join(shape(t), "x")));
      }
      result = *wider;
    }
    shape(out()) = result;
  }

  void reduce() {
    const ReduceAttr& a = std::get<ReduceAttr>(op().attr);
    const bool keeps = old_shape(out()).size() == old_shape(in()).size();
    shape(out()) = reduced_shape(shape(in()), a.reduced, keeps);
  }

  void join() {
    const size_t axis = index(std::get<AxisAttr>(op().attr).axis);
    const Shape whole = old_shape(out());
    Shape result = part_shape(shape(in()), whole, static_cast<int>(axis));
    result[axis] = 0;
    for (const int t : op().inputs) {
      const Shape part = part_shape(shape(t), whole, static_cast<int>(axis));
      for (size_t k = 0; k < result.size(); ++k) {
        if (k == axis) {
          result[k] += part[k];
        } else if (part[k] != result[k]) {
          refuse(fmt::format("its inputs have {} and {}", result[k], part[k]));
        }
      }
    }
    shape(out()) = result;
  }

  // The windows that read a PAD and nothing else does, if they are alike.
  const WindowAttr* padded_window() const {
    const WindowAttr* found = nullptr;
    if (std::count(old_.outputs.begin(), old_.outputs.end(), out()) > 0) {
      return nullptr;
    }
    for (const Op& reader : old_.ops) {
      if (std::count(reader.inputs.begin(), reader.inputs.end(), out()) == 0) {
        continue;
      }
      const auto* a = std::get_if<WindowAttr>(&reader.attr);
      if (a == nullptr || reader.kind == OpKind::kTransposeConv ||
          a->pad_top != 0 || a->pad_left != 0) {
        return nullptr;
      }
      if (found != nullptr &&
          (a->kernel_h != found->kernel_h || a->kernel_w != found->kernel_w ||
           a->stride_h != found->stride_h || a->stride_w != found->stride_w)) {
        return nullptr;
      }
      found = a;
    }
    return found;
  }

  // A PAD that does what SAME would is SAME for the new size too.
  void pad_as_same(size_t axis, const WindowSide& s) {
    PadAttr& a = attr<PadAttr>();
    const auto before = static_cast<int>(same_total(old_shape(in())[axis], s));
    if (a.before[axis] != before / 2 || a.after[axis] != before - before / 2) {
      return;
    }
    const auto now = static_cast<int>(same_total(shape(in())[axis], s));
    a.before[axis] = now / 2;
    a.after[axis] = now - now / 2;
  }

  void pad() {
    const WindowAttr* reader = padded_window();
    if (reader != nullptr && shape(in()).size() == 4) {
      pad_as_same(1, {reader->kernel_h, reader->stride_h, reader->dilation_h});
      pad_as_same(2, {reader->kernel_w, reader->stride_w, reader->dilation_w});
    }
    const PadAttr& a = attr<PadAttr>();
    for (size_t k = 0; k < shape(in()).size(); ++k) {
      shape(out())[k] = shape(in())[k] + a.before[k] + a.after[k];
    }
  }

  // An axis mirrors no more than it has.
  void mirror() {
    const MirrorAttr& a = std::get<MirrorAttr>(op().attr);
    for (size_t k = 0; k < shape(in()).size(); ++k) {
      const int size = shape(in())[k];
      if (std::max(a.before[k], a.after[k]) > size - (a.repeats_edge ? 0 : 1)) {
        refuse(fmt::format("it mirrors more than the {} there are", size));
      }
      shape(out())[k] = size + a.before[k] + a.after[k];
    }
  }

  // Only ones may come and go where the picture's size matters.
  void reshape() {
    if (!changed(in())) return;
    Shape axes;  // of the input, those that are not 1
    for (size_t k = 0; k < old_shape(in()).size(); ++k) {
      if (old_shape(in())[k] != 1) axes.push_back(static_cast<int>(k));
    }
    size_t next = 0;
    Shape result = old_shape(out());
    for (int& extent : result) {
      if (extent == 1) continue;
      if (next == axes.size() || extent != old_shape(in())[index(axes[next])]) {
        refuse("it joins or cuts rows and columns");
      }
      extent = shape(in())[index(axes[next++])];
    }
    if (element_count(result) != element_count(shape(in()))) {
      refuse("it joins or cuts rows and columns");
    }
    shape(out()) = result;
  }

  void transpose() {
    const std::vector<int>& perm = std::get<TransposeAttr>(op().attr).perm;
    for (size_t k = 0; k < perm.size(); ++k) {
      shape(out())[k] = shape(in())[index(perm[k])];
    }
  }

  void slice() {
    const SliceAttr& a = std::get<SliceAttr>(op().attr);
    size_t to = 0;
    for (size_t k = 0; k < shape(in()).size(); ++k) {
      const bool same = shape(in())[k] == old_shape(in())[k];
      if (a.dropped[k]) {
        if (!same) refuse("it takes one of the rows or columns");
        continue;
      }
      if (!same && (a.begin[k] != 0 || a.stride[k] != 1 ||
                    old_shape(out())[to] != old_shape(in())[k])) {
        refuse("it takes some of the rows or columns");
      }
      if (!same) shape(out())[to] = shape(in())[k];
      ++to;
    }
  }

  void split() {
    const size_t axis = index(std::get<AxisAttr>(op().attr).axis);
    if (shape(in())[axis] != old_shape(in())[axis]) {
      refuse("it splits rows or columns");
    }
    for (const int t : op().outputs) {
      const bool drops = old_shape(t).size() < shape(in()).size();
      const Shape rest = without_axis(shape(in()), axis);
      shape(t) = drops ? rest : with_axis(rest, axis, old_shape(t)[axis]);
    }
  }

  // Rows and columns by as much as they were scaled before.
  void scale() {
    for (const size_t k : {size_t{1}, size_t{2}}) {
      scale(k, old_shape(out())[k], old_shape(in())[k]);
    }
  }
  void blocks() {
    const int block = std::get<BlockAttr>(op().attr).block;
    const bool up = op().kind == OpKind::kDepthToSpace;
    for (const size_t k : {size_t{1}, size_t{2}}) {
      scale(k, up ? block : 1, up ? 1 : block);
    }
  }
  void scale(size_t axis, int up, int down) {
    const int product = shape(in())[axis] * up;
    if (product % down != 0) {
      refuse(fmt::format("{} of {} is no whole number", product, down));
    }
    shape(out())[axis] = product / down;
  }

  void place() {
    shape(out()) =
        without_axis(shape(in()), index(std::get<AxisAttr>(op().attr).axis));
  }

  void same() { shape(out()) = shape(in()); }

  void unchanged_only() {
    for (const int t : op().inputs) {
      if (t >= 0 && changed(t)) {
        refuse("its weights are for one input size");
      }
    }
  }

  void visit();

  const Graph& old_;
  Graph new_;
  size_t op_ = 0;
};

void Resizer::visit() {
  using Visit = void (Resizer::*)();
  static constexpr ByClass<Visit> kVisits(
      {{OpClass::kConvolution, &Resizer::window},
       {OpClass::kFullyConnected, &Resizer::unchanged_only},
       {OpClass::kPool, &Resizer::window},
       {OpClass::kReduce, &Resizer::reduce},
       {OpClass::kBinary, &Resizer::broadcast},
       {OpClass::kSelect, &Resizer::broadcast},
       {OpClass::kJoin, &Resizer::join},
       {OpClass::kPad, &Resizer::pad},
       {OpClass::kMirror, &Resizer::mirror},
       {OpClass::kReshape, &Resizer::reshape},
       {OpClass::kTranspose, &Resizer::transpose},
       {OpClass::kSlice, &Resizer::slice},
       {OpClass::kSplit, &Resizer::split},
       {OpClass::kArg, &Resizer::place},
       {OpClass::kMatmul, &Resizer::unchanged_only},
       {OpClass::kRecurrent, &Resizer::unchanged_only},
       {OpClass::kGather, &Resizer::unchanged_only},
       {OpClass::kBatches, &Resizer::unchanged_only},
       {OpClass::kBilinear, static_cast<Visit>(&Resizer::scale)},
       {OpClass::kResize, static_cast<Visit>(&Resizer::scale)},
       {OpClass::kBlocks, &Resizer::blocks}},
      &Resizer::same);
  (this->*kVisits[class_of(op().kind)])();
}

}  // namespace

Graph resize_input(const Graph& graph, int rows, int columns) {
  for (const int side : {rows, columns}) {
    if (side < 1 || side > kMaxSide) {
      throw Error(Exit::kUsage, fmt::format("input size {}: not within 1..{}",
                                            side, kMaxSide));
    }
  }
  if (!graph.variables.empty()) {
    throw Error(Exit::kUnsupported,
                graph.name + ": keeps variables of fixed sizes");
  }
  try {
    return Resizer(graph).run(rows, columns);
  } catch (const Error& e) {
    throw Error(
        e.code(),
        fmt::format("{} at {}x{}: {}", graph.name, rows, columns, e.what()),
        e.fix());
  }
}

}  // namespace shoal
