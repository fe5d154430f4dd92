#include <algorithm>

#include "device/program/geometry.h"
#include "device/program/params.h"
#include "host/lower/testing/net_eval.h"

namespace shoal {
namespace {

class Judge {
 public:
  explicit Judge(const Net& net) : net_(net) {
    for (const NetTensor& t : net.tensors) {
      written_.emplace_back(static_cast<size_t>(t.bytes()), false);
    }
  }

  std::vector<std::string> run() {
    for (const NetIo& io : net_.inputs) write("input", io.place.view);
    for (const Layer& l : net_.layers) {
      for (const View& in : l.in) {
        if (in.tensor >= 0) read(l.name, in);
      }
      judge_sizes(l);
      judge_fields(l);
      write(l.name, l.out);
    }
    for (const NetIo& io : net_.outputs) read("output", io.place.view);
    return std::move(faults_);
  }

 private:
  void fault(const std::string& where, const char* what) {
    faults_.push_back(where + ": " + what);
  }

  template <class F>
  void each(const View& v, F f) {
    const NetTensor& t = net_.tensors[v.tensor];
    for (int y = v.box.y0; y < v.box.y1; ++y) {
      for (int x = v.box.x0; x < v.box.x1; ++x) {
        for (int c = v.box.c0; c < v.box.c1; ++c) {
          f((int64_t{y} * t.columns + x) * t.channels + c);
        }
      }
    }
  }

  bool inside(const std::string& where, const View& v) {
    if (v.tensor >= 0 && v.tensor < static_cast<int>(net_.tensors.size()) &&
        !v.box.empty() && contains(net_.tensors[v.tensor].box(), v.box)) {
      return true;
    }
    fault(where, "a view outside its tensor");
    return false;
  }

  void write(const std::string& where, const View& v) {
    if (!inside(where, v)) return;
    bool twice = false;
    each(v, [&](int64_t k) {
      twice |= written_[v.tensor][k];
      written_[v.tensor][k] = true;
    });
    if (twice) fault(where, "written twice");
  }

  // All channels of the rows must be there: a row is ready as a whole.
  void read(const std::string& where, const View& v) {
    if (!inside(where, v)) return;
    const NetTensor& t = net_.tensors[v.tensor];
    View rows = v;
    rows.box.x0 = rows.box.c0 = 0;
    rows.box.x1 = t.columns;
    rows.box.c1 = t.channels;
    bool missing = false;
    each(rows, [&](int64_t k) { missing |= !written_[v.tensor][k]; });
    if (missing) fault(where, "reads what is not yet written");
  }

  static bool fits_or_one(int n, int all) { return n == all || n == 1; }

  void judge_sizes(const Layer& l) {
    const Box &in = l.in[0].box, &out = l.out.box;
    const int64_t taps = int64_t{1} * l.kernel_h * l.kernel_w;
    const size_t values = l.weights.values.size();
    const auto expect = [&](bool right, const char* what) {
      if (!right) fault(l.name, what);
    };
    if (l.op == OpCode::kAveragePool || l.op == OpCode::kMaxPool) {
      const int last = (out.rows() - 1) * l.stride_y - l.pad_top;
      expect(last < in.rows() && l.pad_top < l.kernel_h,
             "a window outside its input");
    }
    switch (l.op) {
      case OpCode::kConv:
      case OpCode::kTransposeConv:
        expect(values ==
                   static_cast<size_t>(taps * in.channels() * out.channels()),
               "weights of another size");
        break;
      case OpCode::kDepthwise:
        expect(values == static_cast<size_t>(taps * out.channels()) &&
                   in.channels() * l.depth_multiplier == out.channels(),
               "weights of another size");
        break;
      case OpCode::kReduceSum:
      case OpCode::kReduceMax:
        expect(l.kernel_h == 1 ? in.rows() == out.rows()
                               : l.kernel_h == in.rows() && out.rows() == 1,
               "reduces some of its rows");
        expect(out.columns() == (l.reduce_columns ? 1 : in.columns()) &&
                   out.channels() == (l.reduce_channels ? 1 : in.channels()),
               "reduced to another size");
        break;
      case OpCode::kAdd:
      case OpCode::kMul:
      case OpCode::kMaximum:
      case OpCode::kMinimum:
      case OpCode::kPrelu:
      case OpCode::kDivide:
      case OpCode::kSquaredDifference:
        for (const View& v : l.in) {
          expect(v.tensor >= 0 && fits_or_one(v.box.rows(), out.rows()) &&
                     fits_or_one(v.box.columns(), out.columns()) &&
                     fits_or_one(v.box.channels(), out.channels()),
                 "an operand of another size");
        }
        break;
      case OpCode::kLut:
      case OpCode::kSoftmax:
      case OpCode::kLogSoftmax:
      case OpCode::kL2Norm:
      case OpCode::kProbability:
      case OpCode::kRunningSum:
        expect(in.rows() == out.rows() && in.columns() == out.columns() &&
                   in.channels() == out.channels(),
               "another size than its input");
        break;
      case OpCode::kArgMax:
        expect(in.rows() == out.rows() && in.columns() == out.columns() &&
                   out.channels() == 2,
               "another size than two bytes of its input");
        break;
      case OpCode::kMatmul:
        expect(in.rows() == out.rows() &&
                   l.in[1].box.rows() == out.channels() &&
                   l.in[1].box.channels() == in.channels(),
               "sides of other sizes");
        break;
      case OpCode::kLstm:
        expect(in.rows() + (l.is_wide ? 1 : 2) == out.rows() &&
                   l.in[1].box.rows() == (l.is_wide ? 2 : 3) &&
                   l.in[1].box.channels() == out.channels() &&
                   values == static_cast<size_t>(
                                 out.channels() *
                                 (32 + 4 * (in.channels() + out.channels()))),
               "steps of another size");
        break;
      case OpCode::kCell:
        expect(in.rows() + l.in[1].box.rows() - 1 == out.rows() &&
                   out.channels() % l.in[1].box.channels() == 0 &&
                   values % static_cast<size_t>(out.channels()) == 0,
               "steps of another size");
        break;
      case OpCode::kBilinear:
        expect(in.channels() == out.channels() && l.params.size() == 4,
               "another size than its input");
        break;
      case OpCode::kResize:
        expect(l.row_map.size() == static_cast<size_t>(out.rows()) &&
                   l.column_map.size() == static_cast<size_t>(out.columns()) &&
                   *std::ranges::max_element(l.row_map) < in.rows() &&
                   *std::ranges::max_element(l.column_map) < in.columns(),
               "a map of another size");
        break;
      case OpCode::kTranspose:
      case OpCode::kReshape:
        expect(in.elements() == out.elements(), "another number of bytes");
        break;
      default:
        break;
    }
  }

  void judge_fields(const Layer& l) {
    const auto half = [](int v) { return v >= 1 && v <= 65535; };
    const auto pad = [](int v) { return v >= -(1 << 27) && v < 1 << 27; };
    if (!half(l.kernel_h) || !half(l.kernel_w) || !half(l.depth_multiplier) ||
        !half(l.stride_y) || !half(l.stride_x) || !half(l.dilation_y) ||
        !half(l.dilation_x) || !pad(l.pad_top) || !pad(l.pad_left) ||
        l.act_min < -128 || l.act_max > 127 || l.act_min > l.act_max) {
      fault(l.name, "a field that no program can hold");
    }
  }

  const Net& net_;
  std::vector<std::vector<bool>> written_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> net_faults(const Net& net) { return Judge(net).run(); }

}  // namespace shoal
