#include <cmath>

#include "device/program/params.h"
#include "host/check/testing/hand_plans.h"

namespace shoal {

HandNet::HandNet(unsigned seed) : state_(seed * 2654435761u + 1) {
  net_.name = "hand";
}

int HandNet::next(int low, int high) {
  state_ = state_ * 1664525u + 1013904223u;
  const unsigned span = static_cast<unsigned>(high - low + 1);
  return low + static_cast<int>((state_ >> 8) % span);
}

int HandNet::tensor(int rows, int columns, int channels) {
  NetTensor t;
  t.name = "t" + std::to_string(net_.tensors.size());
  t.rows = rows, t.columns = columns, t.channels = channels;
  net_.tensors.push_back(t);
  return static_cast<int>(net_.tensors.size()) - 1;
}

void HandNet::fill(Layer& layer, int taps, int channels) {
  LayerWeights& w = layer.weights;
  // Random sums grow with the root of their terms; outputs stay in range.
  const int terms = taps / channels;
  const int shift = -6 - static_cast<int>(std::log2(terms) / 2);
  for (int i = 0; i < taps; ++i) {
    w.values.push_back(static_cast<int8_t>(next(-127, 127)));
  }
  for (int c = 0; c < channels; ++c) {
    w.bias.push_back(next(-2000, 2000));
    w.multipliers.push_back((1 << 30) + next(0, 1 << 20) * 900);
    w.shifts.push_back(static_cast<int8_t>(shift - next(0, 1)));
  }
}

Layer HandNet::window(OpCode op, int in, int kernel_h, int kernel_w,
                      int stride) {
  Layer layer;
  layer.op = op;
  layer.name = "layer" + std::to_string(net_.layers.size());
  layer.in[0] = {in, net_.tensors[in].box()};
  layer.kernel_h = kernel_h, layer.kernel_w = kernel_w;
  layer.stride_y = layer.stride_x = stride;
  layer.zero_in = next(-20, 20), layer.zero_out = next(-20, 20);
  return layer;
}

namespace {
int same_size(int in, int stride) { return (in + stride - 1) / stride; }
int same_pad(int in, int kernel, int stride) {
  const int all = (same_size(in, stride) - 1) * stride + kernel - in;
  return all > 0 ? all / 2 : 0;
}
}  // namespace

int HandNet::conv(int in, int kernel, int stride, int channels, bool same) {
  const NetTensor from = net_.tensors[in];
  const int rows =
      same ? same_size(from.rows, stride) : (from.rows - kernel) / stride + 1;
  const int columns = same ? same_size(from.columns, stride)
                           : (from.columns - kernel) / stride + 1;
  const int out = tensor(rows, columns, channels);
  Layer layer = window(OpCode::kConv, in, kernel, kernel, stride);
  if (same) {
    layer.pad_top = same_pad(from.rows, kernel, stride);
    layer.pad_left = same_pad(from.columns, kernel, stride);
  }
  layer.out = {out, net_.tensors[out].box()};
  const int taps = kernel * kernel * from.channels;
  fill(layer, taps * channels, channels);
  layer.macs = layer.out.box.elements() * taps;
  net_.layers.push_back(layer);
  return out;
}

int HandNet::conv_valid(int in, int kernel_h, int kernel_w, int channels) {
  const NetTensor from = net_.tensors[in];
  const int out =
      tensor(from.rows - kernel_h + 1, from.columns - kernel_w + 1, channels);
  Layer layer = window(OpCode::kConv, in, kernel_h, kernel_w, 1);
  layer.out = {out, net_.tensors[out].box()};
  const int taps = kernel_h * kernel_w * from.channels;
  fill(layer, taps * channels, channels);
  layer.macs = layer.out.box.elements() * taps;
  net_.layers.push_back(layer);
  return out;
}

void HandNet::conv_into(int in, int out, int c0, int channels) {
  const NetTensor from = net_.tensors[in];
  Layer layer = window(OpCode::kConv, in, 1, 1, 1);
  Box box = net_.tensors[out].box();
  box.c0 = c0, box.c1 = c0 + channels;
  layer.out = {out, box};
  fill(layer, from.channels * channels, channels);
  layer.macs = box.elements() * from.channels;
  net_.layers.push_back(layer);
}

int HandNet::depthwise(int in, int kernel, int stride) {
  const NetTensor from = net_.tensors[in];
  const int out = tensor(same_size(from.rows, stride),
                         same_size(from.columns, stride), from.channels);
  Layer layer = window(OpCode::kDepthwise, in, kernel, kernel, stride);
  layer.pad_top = same_pad(from.rows, kernel, stride);
  layer.pad_left = same_pad(from.columns, kernel, stride);
  layer.out = {out, net_.tensors[out].box()};
  fill(layer, kernel * kernel * from.channels, from.channels);
  layer.macs = layer.out.box.elements() * kernel * kernel;
  net_.layers.push_back(layer);
  return out;
}

int HandNet::add(int a, int b) {
  const NetTensor from = net_.tensors[a];
  const int out = tensor(from.rows, from.columns, from.channels);
  Layer layer = window(OpCode::kAdd, a, 1, 1, 1);
  layer.in[1] = {b, net_.tensors[b].box()};
  layer.out = {out, net_.tensors[out].box()};
  const AddParams p{3, -4, 1 << 30, -1, 1500000000, -1, 1 << 30, -18, 1};
  layer.params = {p.zero0,          p.zero1,       p.multiplier0,
                  p.shift0,         p.multiplier1, p.shift1,
                  p.multiplier_out, p.shift_out,   p.sign};
  net_.layers.push_back(layer);
  return out;
}

int HandNet::transpose(int in) {
  const NetTensor from = net_.tensors[in];
  const int out = tensor(from.channels, from.columns, from.rows);
  Layer layer = window(OpCode::kTranspose, in, 1, 1, 1);
  layer.out = {out, net_.tensors[out].box()};
  layer.params = {1,
                  from.channels,
                  from.columns,
                  from.rows,
                  0,
                  1,
                  from.channels,
                  from.columns * from.channels};
  net_.layers.push_back(layer);
  return out;
}

int HandNet::resize(int in, int factor) {
  const NetTensor from = net_.tensors[in];
  const int out =
      tensor(from.rows * factor, from.columns * factor, from.channels);
  Layer layer = window(OpCode::kResize, in, 1, 1, 1);
  layer.out = {out, net_.tensors[out].box()};
  for (int y = 0; y < from.rows * factor; ++y) {
    layer.row_map.push_back(static_cast<uint16_t>(y / factor));
  }
  for (int x = 0; x < from.columns * factor; ++x) {
    layer.column_map.push_back(static_cast<uint16_t>(x / factor));
  }
  net_.layers.push_back(layer);
  return out;
}

int HandNet::pad(int in, int border, int value) {
  const NetTensor from = net_.tensors[in];
  const int out =
      tensor(from.rows + 2 * border, from.columns + 2 * border, from.channels);
  Layer layer = window(OpCode::kMove, in, 1, 1, 1);
  layer.out = {out, net_.tensors[out].box()};
  layer.params = {1, -border, 1, -border, 1, 0, value};
  net_.layers.push_back(layer);
  return out;
}

void HandNet::input(int t) {
  NetIo io;
  io.place.view = {t, net_.tensors[t].box()};
  net_.inputs.push_back(io);
}

void HandNet::output(int t) {
  NetIo io;
  io.place.view = {t, net_.tensors[t].box()};
  net_.outputs.push_back(io);
}

Net HandNet::finish() {
  for (const Layer& layer : net_.layers) net_.model_macs += layer.macs;
  return net_;
}

}  // namespace shoal
