#include "host/lower/batch.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "device/program/kinds.h"
#include "host/base/error.h"
#include "host/lower/param_list.h"

namespace shoal {
namespace {

constexpr size_t kMostWriters = 255;  // of a buffer

bool keeps_rows(const Layer& l) {
  MoveParams p;
  std::memcpy(&p, l.params.data(), sizeof p);
  return p.stride_y == 1 && p.base_y == 0 &&
         l.in[0].box.rows() == l.out.box.rows();
}

// Returns the rows from one frame's first window to the next one's with which
// windows go on from frame to frame as within one. 0: they do not.
int tiling_stride(const Layer& l) {
  const int in = l.in[0].box.rows(), out = l.out.box.rows();
  const int stride = out == 1 ? in : l.stride_y;
  const int seen = (out - 1) * stride + (l.kernel_h - 1) * l.dilation_y + 1;
  const bool tiles = l.pad_top == 0 && in == out * stride && seen <= in;
  return tiles && stride <= kMaxStep ? stride : 0;
}

bool sees_whole_picture(const Layer& l) {
  const Box& in = l.in[0].box;
  return l.op == OpCode::kConv && l.kernel_h == in.rows() &&
         l.kernel_w == in.columns() && l.pad_top == 0 && l.pad_left == 0 &&
         l.dilation_y == 1 && l.dilation_x == 1 && l.out.box.rows() == 1 &&
         l.out.box.columns() == 1;
}

class Batch {
 public:
  Batch(Net from, int frames) : from_(std::move(from)), frames_(frames) {}

  Net run() {
    net_.name = from_.name;
    net_.frames = frames_;
    net_.model_macs = from_.model_macs * frames_;
    net_.places = from_.places;
    add_tensors();
    for (Layer& l : from_.layers) {
      first_.push_back(-1);
      if (l.weights_of >= 0) {
        l.weights_of = first_[static_cast<size_t>(l.weights_of)];
      }
      add(std::move(l));
    }
    for (NetIo io : from_.inputs) {
      io.place.view = all(io.place.view);
      net_.inputs.push_back(std::move(io));
    }
    for (const NetIo& io : from_.outputs) add_output(io);
    check_writers();
    return std::move(net_);
  }

 private:
  // Constants that no output shows are the same for all frames.
  void add_tensors() {
    std::vector<bool> shared(from_.tensors.size(), false);
    for (const Layer& l : from_.layers) {
      shared[index(l.out)] = l.op == OpCode::kConstant;
    }
    for (const NetIo& io : from_.outputs) {
      shared[index(io.place.view)] = false;
    }
    for (size_t t = 0; t < from_.tensors.size(); ++t) {
      NetTensor tensor = from_.tensors[t];
      if (!shared[t]) set_frames(tensor);
      net_.tensors.push_back(std::move(tensor));
    }
  }

  static size_t index(const View& v) { return static_cast<size_t>(v.tensor); }

  void set_frames(NetTensor& t) const {
    const int64_t rows = int64_t{t.rows} * frames_;
    const int64_t row_bytes = int64_t{t.columns} * t.channels;
    const int64_t most =
        std::min<int64_t>(kMaxRows, (kMaxBoxBytes - 1) / row_bytes);
    if (rows > most) {
      throw Error(Exit::kUnsupported,
                  "tensor " + t.name + ": " + std::to_string(t.rows) +
                      " rows, " + std::to_string(frames_) +
                      " frames of them are more than " + std::to_string(most),
                  "use a batch of at most " + std::to_string(most / t.rows));
    }
    t.rows = static_cast<int>(rows);
    t.frames = frames_;
  }

  bool is_shared(const View& v) const {
    return net_.tensors[index(v)].frames == 1;
  }
  // Its rows of one frame are followed by those of the next.
  bool is_whole(const View& v) const {
    return !is_shared(v) && v.box.y0 == 0 &&
           v.box.y1 == from_.tensors[index(v)].rows;
  }
  View all(View v) const {
    if (!is_shared(v)) v.box.y1 += v.box.rows() * (frames_ - 1);
    return v;
  }

  bool has_whole_views(const Layer& l) const {
    return is_whole(l.out) &&
           std::all_of(std::begin(l.in), std::end(l.in), [&](const View& v) {
             if (v.tensor < 0 || is_whole(v)) return true;
             return is_binary(l.op) && is_shared(v) && v.box.rows() == 1;
           });
  }

  // An operand of one row serves all rows of its own frame only.
  bool has_equal_rows(const Layer& l) const {
    return std::all_of(std::begin(l.in), std::end(l.in), [&](const View& v) {
      return v.tensor < 0 || is_shared(v) || v.box.rows() == l.out.box.rows();
    });
  }

  bool is_one_layer(const Layer& l) const {
    if (!has_whole_views(l)) return false;
    switch (rows_of(l.op)) {
      case RowsFrom::kWindow:
        return is_reduction(l.op) ? l.kernel_h == 1 : tiling_stride(l) > 0;
      case RowsFrom::kLine:
        return keeps_rows(l);
      case RowsFrom::kSame:
        return !holds_second(l.op) && has_equal_rows(l);
      case RowsFrom::kBlocks:
      case RowsFrom::kInBlocks:
      case RowsFrom::kBytes:
        return true;
      default:
        return false;
    }
  }

  void push(Layer l) {
    if (!l.weights.empty() && first_.back() < 0) {
      first_.back() = static_cast<int>(net_.layers.size());
    }
    net_.layers.push_back(std::move(l));
  }

  void add(Layer l) {
    if (l.op == OpCode::kConstant && is_shared(l.out))
      return push(std::move(l));
    if (has_whole_views(l) && sees_whole_picture(l)) flatten(l);
    if (is_one_layer(l)) return add_one(std::move(l));
    const int first = static_cast<int>(net_.layers.size());
    for (int f = 0; f < frames_; ++f) {
      Layer one = l;
      if (f > 0 && !l.weights.empty() && l.weights_of < 0) {
        one.weights_of = first;
      }
      if (frames_ > 1) one.name += " [" + std::to_string(f) + "]";
      for (View& in : one.in) in = frame_view(net_, in, f);
      one.out = frame_view(net_, one.out, f);
      push(std::move(one));
    }
  }

  void add_one(Layer l) {
    if (rows_of(l.op) == RowsFrom::kWindow && !is_reduction(l.op)) {
      l.stride_y = tiling_stride(l);
    }
    for (View& in : l.in) {
      if (in.tensor >= 0) in = all(in);
    }
    l.out = all(l.out);
    l.macs *= frames_;
    push(std::move(l));
  }

  // A firing sees few rows. If those of all frames are more, the pictures are
  // laid out as rows, so that one reading of the weights still serves all.
  void flatten(Layer& l) {
    const Box& in = l.in[0].box;
    const int64_t row = int64_t{in.columns()} * in.channels();
    if (in.rows() == 1 || in.rows() * frames_ <= kMaxWindowRows) return;
    NetTensor t = net_.tensors[index(l.in[0])];
    t.name += " as rows";
    t.rows = frames_;
    t.columns = 1;
    if (in.elements() <= kMaxChannels) {
      t.channels = static_cast<int>(in.elements());
    } else if (row <= kMaxChannels) {
      t.columns = in.rows();
      t.channels = static_cast<int>(row);
    } else {
      return;
    }
    const View to = add_tensor(t);
    Layer reshape;
    reshape.op = OpCode::kReshape;
    reshape.name = t.name;
    reshape.file_op = l.file_op;
    reshape.in[0] = all(l.in[0]);
    reshape.out = all(to);
    push(std::move(reshape));
    l.in[0] = to;
    l.kernel_h = 1;
    l.kernel_w = t.columns;
  }

  // The view of its first frame.
  View add_tensor(const NetTensor& t) {
    NetTensor one = t;
    one.rows = t.rows / frames_;
    from_.tensors.push_back(one);
    net_.tensors.push_back(t);
    return {static_cast<int>(net_.tensors.size()) - 1, one.box()};
  }

  // A program gives one box of rows.
  void add_output(NetIo io) {
    View& view = io.place.view;
    if (!is_whole(view)) {
      NetTensor t = net_.tensors[index(view)];
      t.rows = view.box.rows() * frames_;
      t.columns = view.box.columns();
      t.channels = view.box.channels();
      const View copy = add_tensor(t);
      for (int f = 0; f < frames_; ++f) {
        Layer l;
        l.op = OpCode::kMove;
        l.name = t.name + " [" + std::to_string(f) + "]";
        l.params = param_list(MoveParams{1, 0, 1, 0, 1, 0, 0});
        l.in[0] = frame_view(net_, view, f);
        l.out = frame_view(net_, copy, f);
        push(std::move(l));
      }
      view = copy;
    }
    view = all(view);
    net_.outputs.push_back(std::move(io));
  }

  void check_writers() const {
    std::map<int, size_t> writers, readers;
    for (const Layer& l : net_.layers) {
      size_t most = ++writers[l.out.tensor];
      for (const View& in : l.in) {
        if (in.tensor >= 0) most = std::max(most, ++readers[in.tensor]);
      }
      if (most <= kMostWriters) continue;
      throw Error(Exit::kUnsupported,
                  l.name + ": more than " + std::to_string(kMostWriters) +
                      " layers write or read its tensors in a batch of " +
                      std::to_string(frames_),
                  "use a smaller batch");
    }
  }

  Net from_, net_;
  std::vector<int> first_;  // the layer that each of from_'s became first
  const int frames_;
};

}  // namespace

Net batch_net(Net net, int frames) {
  if (frames == 1) return net;
  if (!net.variables.empty()) {
    throw Error(Exit::kUsage,
                "--batch: " + net.name + " keeps variable \"" +
                    net.variables[0].name +
                    "\" from frame to frame; its frames run one by one",
                "leave it out");
  }
  return Batch(std::move(net), frames).run();
}

View frame_view(const Net& net, View view, int frame) {
  if (view.tensor < 0) return view;
  const NetTensor& t = net.tensors[static_cast<size_t>(view.tensor)];
  const int down = t.frames == 1 ? 0 : frame * (t.rows / t.frames);
  view.box.y0 += down;
  view.box.y1 += down;
  return view;
}

NetIo frame_io(const Net& net, const NetIo& io, int frame) {
  NetIo one = io;
  Box& box = one.place.view.box;
  const int rows = box.rows() / net.frames;
  box.y0 += frame * rows;
  box.y1 = box.y0 + rows;
  return one;
}

}  // namespace shoal
