#include "host/plan/testing/shape_net.h"

#include <algorithm>

#include "device/program/geometry.h"

namespace shoal {

int ShapeNet::tensor(int rows, int columns, int channels) {
  NetTensor t;
  t.name = "t" + std::to_string(net_.tensors.size());
  t.rows = rows;
  t.columns = columns;
  t.channels = channels;
  net_.tensors.push_back(t);
  return static_cast<int>(net_.tensors.size()) - 1;
}

int ShapeNet::input(int rows, int columns, int channels) {
  const int t = tensor(rows, columns, channels);
  NetIo io;
  io.file_tensor = t;
  io.place.view = {t, net_.tensors[t].box()};
  net_.inputs.push_back(io);
  return t;
}

void ShapeNet::output(int t) {
  NetIo io;
  io.file_tensor = t;
  io.place.view = {t, net_.tensors[t].box()};
  net_.outputs.push_back(io);
}

Layer& ShapeNet::layer(OpCode op, int in, const Box& out_box, int out) {
  Layer l;
  l.op = op;
  l.name = "layer" + std::to_string(net_.layers.size());
  l.file_op = static_cast<int>(net_.layers.size());
  l.in[0] = {in, net_.tensors[in].box()};
  l.out = {out, out_box};
  net_.layers.push_back(l);
  return net_.layers.back();
}

void ShapeNet::weigh(Layer& l, int taps, int channels) {
  const auto n = static_cast<size_t>(channels);
  l.weights.values.resize(static_cast<size_t>(taps) *
                          (l.op == OpCode::kDepthwise ? 1 : n));
  l.weights.bias.resize(n);
  l.weights.multipliers.resize(n, 1 << 30);
  l.weights.shifts.resize(n);
  l.macs =
      l.out.box.elements() * taps / (l.op == OpCode::kDepthwise ? channels : 1);
  net_.model_macs += l.macs;
}

Layer& ShapeNet::window(OpCode op, int in, int kernel, int stride,
                        int channels) {
  const NetTensor from = net_.tensors[in];
  const int rows = ceil_div(from.rows, stride);
  const int columns = ceil_div(from.columns, stride);
  const int out = tensor(rows, columns, channels);
  Layer& l = layer(op, in, net_.tensors[out].box(), out);
  l.kernel_h = l.kernel_w = kernel;
  l.stride_y = l.stride_x = stride;
  l.pad_top = std::max(0, ((rows - 1) * stride + kernel - from.rows) / 2);
  l.pad_left =
      std::max(0, ((columns - 1) * stride + kernel - from.columns) / 2);
  return l;
}

int ShapeNet::conv(int in, int kernel, int stride, int channels) {
  Layer& l = window(OpCode::kConv, in, kernel, stride, channels);
  weigh(l, kernel * kernel * net_.tensors[in].channels, channels);
  return l.out.tensor;
}

int ShapeNet::depthwise(int in, int kernel, int stride) {
  const int channels = net_.tensors[in].channels;
  Layer& l = window(OpCode::kDepthwise, in, kernel, stride, channels);
  weigh(l, kernel * kernel * channels, channels);
  return l.out.tensor;
}

int ShapeNet::max_pool(int in, int kernel, int stride) {
  return window(OpCode::kMaxPool, in, kernel, stride, net_.tensors[in].channels)
      .out.tensor;
}

int ShapeNet::fully_connected(int in, int channels) {
  const NetTensor from = net_.tensors[in];
  const int out = tensor(1, 1, channels);
  Layer& l = layer(OpCode::kConv, in, net_.tensors[out].box(), out);
  l.kernel_h = from.rows;
  l.kernel_w = from.columns;
  weigh(l, from.rows * from.columns * from.channels, channels);
  return out;
}

int ShapeNet::mean(int in) {
  const NetTensor from = net_.tensors[in];
  const int out = tensor(1, 1, from.channels);
  Layer& l = layer(OpCode::kReduceSum, in, net_.tensors[out].box(), out);
  l.kernel_h = from.rows;
  l.kernel_w = from.columns;
  l.reduce_columns = true;
  l.params = {from.rows * from.columns, 1 << 30, 0};
  return out;
}

int ShapeNet::add(int a, int b) {
  const NetTensor& from = net_.tensors[a];
  const int out = tensor(from.rows, from.columns, from.channels);
  Layer& l = layer(OpCode::kAdd, a, net_.tensors[out].box(), out);
  l.in[1] = {b, net_.tensors[b].box()};
  l.params.resize(9);
  return out;
}

int ShapeNet::constant(int rows, int columns, int channels) {
  const int out = tensor(rows, columns, channels);
  Layer l;
  l.op = OpCode::kConstant;
  l.name = "layer" + std::to_string(net_.layers.size());
  l.file_op = static_cast<int>(net_.layers.size());
  l.out = {out, net_.tensors[out].box()};
  l.weights.values.assign(size_t(rows) * size_t(columns) * size_t(channels), 1);
  net_.layers.push_back(l);
  return out;
}

int ShapeNet::mul(int x, int scale) {
  const int out = add(x, scale);
  net_.layers.back().op = OpCode::kMul;
  net_.layers.back().params.resize(4);
  return out;
}

int ShapeNet::table(int in) {
  const NetTensor& from = net_.tensors[in];
  const int out = tensor(from.rows, from.columns, from.channels);
  Layer& l = layer(OpCode::kLut, in, net_.tensors[out].box(), out);
  l.weights.values.resize(256);
  return out;
}

int ShapeNet::resize_twice(int in) {
  const NetTensor from = net_.tensors[in];
  const int out = tensor(2 * from.rows, 2 * from.columns, from.channels);
  Layer& l = layer(OpCode::kResize, in, net_.tensors[out].box(), out);
  for (int y = 0; y < 2 * from.rows; ++y) {
    l.row_map.push_back(static_cast<uint16_t>(y / 2));
  }
  for (int x = 0; x < 2 * from.columns; ++x) {
    l.column_map.push_back(static_cast<uint16_t>(x / 2));
  }
  return out;
}

int ShapeNet::reshape(int in, int rows, int columns, int channels) {
  const int out = tensor(rows, columns, channels);
  layer(OpCode::kReshape, in, net_.tensors[out].box(), out);
  return out;
}

void ShapeNet::conv_between(int in, int from, int to, int out, int c0,
                            int channels) {
  Box box = net_.tensors[out].box();
  box.c0 = c0;
  box.c1 = c0 + channels;
  Layer& l = layer(OpCode::kConv, in, box, out);
  l.in[0].box.c0 = from;
  l.in[0].box.c1 = to;
  weigh(l, to - from, channels);
}

}  // namespace shoal
