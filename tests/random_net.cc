#include "tests/random_net.h"

#include <algorithm>
#include <iterator>

#include "tests/random_layers.h"

namespace shoal {
namespace {

class RandomNet : RandomLayers {
 public:
  explicit RandomNet(const NetRecipe& recipe) : RandomLayers(recipe) {
    add_inputs();
    for (int i = 0; i < recipe.steps; ++i) step();
    finish_outputs();
  }
  std::vector<uint8_t> file() const { return b_.finish(); }

 private:
  void step() {
    const int x = any();
    if (elements(x) > max_elements_) {
      const int h = std::min(2, shape(x)[1]), w = std::min(2, shape(x)[2]);
      return keep(
          b_.pool(OpKind::kMaxPool2d, x, h, w, {.stride_h = h, .stride_w = w}));
    }
    if (later_ && more_() % 4 == 0) return later_step(x);
    using Block = void (RandomNet::*)(int);
    static constexpr Block kBlocks[] = {
        &RandomNet::conv,        &RandomNet::conv,      &RandomNet::conv,
        &RandomNet::depthwise,   &RandomNet::depthwise, &RandomNet::bottleneck,
        &RandomNet::bottleneck,  &RandomNet::branches,  &RandomNet::squeeze,
        &RandomNet::u_shape,     &RandomNet::pool,      &RandomNet::pad,
        &RandomNet::skip,        &RandomNet::unary,     &RandomNet::constant,
        &RandomNet::split,       &RandomNet::slice,     &RandomNet::space,
        &RandomNet::transposed,  &RandomNet::reshape,   &RandomNet::resize,
        &RandomNet::transpose,   &RandomNet::reduce,    &RandomNet::softmax,
        &RandomNet::pixel_dense, &RandomNet::mirror,    &RandomNet::planes};
    (this->*kBlocks[pick(0, static_cast<int>(std::size(kBlocks)) - 1)])(x);
  }

  void later_step(int x) {
    using Block = void (RandomNet::*)(int);
    static constexpr Block kBlocks[] = {
        &RandomNet::between, &RandomNet::function, &RandomNet::spread,
        &RandomNet::choice,  &RandomNet::dilated,  &RandomNet::attention,
        &RandomNet::along,   &RandomNet::decision, &RandomNet::decision};
    (this->*kBlocks[pick(0, static_cast<int>(std::size(kBlocks)) - 1)])(x);
  }

  void between(int x) {
    if (elements(x) > max_elements_ / 4) return;
    const int way = pick(0, 2);
    keep(b_.resize_bilinear(x, shape(x)[1] * pick(1, 2) + pick(0, 1),
                            std::max(1, shape(x)[2] + pick(-2, 3)), way == 1,
                            way == 2));
  }

  void function(int x) {
    const Scale s{b_.scale(x).scale * 0.9f, pick(-30, 30)};
    static constexpr OpKind kKinds[] = {
        OpKind::kAbs,  OpKind::kNeg, OpKind::kSquare,
        OpKind::kSqrt, OpKind::kSin, OpKind::kRsqrt,
        OpKind::kExp,  OpKind::kLog, OpKind::kElu};
    const int k = pick(0, 11);
    if (k == 11) return keep(b_.swish_of_floats(x, s));
    if (k == 10) {  // by what is nowhere zero
      const int c =
          b_.constant({1, shape(x)[3]}, bytes({shape(x)[3]}), {0.01f, -128});
      return keep(b_.binary(OpKind::kDiv, x, c, scale_of(deviation(x))));
    }
    keep(k == 9 ? b_.gelu(x, chance(2), s) : b_.unary(kKinds[k], x, s));
  }

  // Instance normalization without its factors.
  void spread(int x) {
    const float d = deviation(x);
    const int mean = b_.reduce(OpKind::kMean, x, {1, 2}, true, scale_of(d / 2));
    const int squares =
        b_.binary(OpKind::kSquaredDifference, x, mean, {d * d / 40, -128});
    const int variance =
        b_.reduce(OpKind::kMean, squares, {1, 2}, true, {d * d / 100, -128});
    const int root = b_.unary(OpKind::kRsqrt, variance, {1 / d / 30, -128});
    const int centred = b_.binary(OpKind::kSub, x, mean, scale_of(d));
    keep(b_.mul(centred, root, {0.03f, pick(-9, 9)}));
  }

  void choice(int x) {
    const int axis = pick(1, 3), n = shape(x)[static_cast<size_t>(axis)];
    if (n > 1 && chance(2)) {
      const int first = pick(1, n - 1);
      for (const int t : b_.split_v(x, axis, {first, n - first})) keep(t);
      return;
    }
    if (chance(3)) {
      const int y = b_.gather_nd(x, {2, 2}, {0, 0, 0, shape(x)[1] - 1});
      return keep(b_.reshape(y, {1, 2, shape(x)[2], shape(x)[3]}));
    }
    keep(b_.gather(x, axis, {pick(0, n - 1), n - 1, pick(0, n - 1)}));
  }

  // A convolution as older exporters dilate it, or one that is none.
  void dilated(int x) {
    const Shape s = shape(x);
    if (elements(x) > max_elements_ / 4 || s[1] < 2) return;
    const int h = pick(1, 3), w = pick(1, 2);
    const int rest_h = (h - (s[1] + 2 * h) % h) % h;
    const int rest_w = (w - (s[2] + 2 * w) % w) % w;
    const int apart =
        b_.space_to_batch(x, {h, w}, {h, h + rest_h, w, w + rest_w});
    const int kh = std::min(3, shape(apart)[1]);
    const int kw = std::min(3, shape(apart)[2]);
    const int y = conv_as(apart, pick(1, 5), kh, kw,
                          {.same = chance(3), .activation = activation()});
    const int wide = shape(y)[1] * h;
    keep(b_.batch_to_space(y, {h, w}, {0, std::min(rest_h, wide - 1), 0, 0}));
  }

  // Pixels with pixels, then with the picture.
  void attention(int x) {
    const Shape s = shape(x);
    if (s[1] * s[2] > 60) return;
    const int rows = b_.reshape(x, {1, s[1] * s[2], s[3]});
    const float d = deviation(x);
    const int scores =
        b_.batch_matmul(rows, rows, false, true, scale_of(d * d * 2));
    const int y = b_.batch_matmul(b_.softmax(scores), rows, false, false,
                                  scale_of(d / 2));
    const int z = b_.reshape(y, s);
    keep(chance(2) ? z : chance(2) ? b_.log_softmax(z) : b_.l2_norm(z));
  }

  void along(int x) {
    if (chance(4)) {
      static constexpr Type kTypes[] = {Type::kInt32, Type::kInt64};
      const int y = b_.arg(chance(2) ? OpKind::kArgMax : OpKind::kArgMin, x,
                           pick(1, 3), kTypes[pick(0, 1)]);
      return b_.output(chance(2) ? b_.cast(y, kTypes[pick(0, 1)]) : y);
    }
    if (chance(2)) {
      return keep(b_.cumsum(x, pick(1, 3), chance(2), chance(2),
                            scale_of(deviation(x) * 2)));
    }
    keep(b_.reduce(OpKind::kReduceMin, x, {pick(1, 3)}, true, b_.scale(x)));
  }

  // How each value of x compares with another one.
  int truth(int x) {
    static constexpr OpKind kKinds[] = {
        OpKind::kEqual, OpKind::kNotEqual,  OpKind::kGreater,
        OpKind::kLess,  OpKind::kLessEqual, OpKind::kGreaterEqual};
    int other = any();
    if (shape(other) != shape(x) || chance(3)) {
      const Shape s{1, 1, shape(x)[3]};
      other = b_.constant(s, bytes(s), scale_of(deviation(x)));
    }
    const bool turned = chance(3);
    return b_.truths(kKinds[pick(0, 5)], turned ? other : x,
                     turned ? x : other);
  }
  void decision(int x) {
    int chosen = truth(x);
    if (chance(3)) chosen = b_.logical_not(chosen);
    if (chance(2)) {
      const int other = truth(x);
      chosen = b_.truths(chance(2) ? OpKind::kLogicalAnd : OpKind::kLogicalOr,
                         chosen, other);
    }
    if (chance(4)) return b_.output(chosen);
    const int floored = b_.unary(OpKind::kFloor, x, b_.scale(x));
    keep(chance(2) ? b_.select(chosen, x, floored)
                   : b_.select(chosen, floored, x));
  }

  void conv(int x) {
    int kh, kw;
    const Window w = window(x, kh, kw);
    keep(conv_as(x, pick(1, 12), kh, kw, w));
  }

  void depthwise(int x) {
    int kh, kw;
    const Window w = window(x, kh, kw);
    const int multiplier = shape(x)[3] < 6 && chance(3) ? pick(2, 3) : 1;
    keep(depthwise_as(x, multiplier, kh, kw, w));
  }

  void bottleneck(int x) {
    const int wide = shape(x)[3] * pick(1, 4);
    if (elements(x) / shape(x)[3] * wide > max_elements_) return;
    const int e = pointwise(x, wide);
    const int d = depthwise_as(e, 1, 3, 3, {.activation = activation()});
    const int y = conv_as(d, shape(x)[3], 1, 1, {});
    keep(b_.add(x, y, scale_of(deviation(x) + deviation(y))));
  }

  // All int8 inputs of a CONCATENATION must have one quantization.
  int requantized(int x, const Scale& s) {
    const Scale own = b_.scale(x);
    if (own.scale == s.scale && own.zero == s.zero) return x;
    return b_.quantize(x, s, type_);
  }

  void branches(int x) {
    const Scale common = scale_of(deviation(x));
    std::vector<int> parts;
    for (int i = pick(2, 3); i > 0; --i) {
      int y = x;
      if (chance(2)) y = pointwise(x, pick(1, 5));
      if (chance(3)) y = depthwise_as(y, 1, pick(1, 3), 3, {});
      if (chance(3)) y = depthwise_as(y, 1, 3, pick(1, 3), {});
      parts.push_back(requantized(y, common));
    }
    keep(b_.concatenation(parts, 3));
  }

  void squeeze(int x) {
    const int channels = shape(x)[3];
    const int mean =
        b_.reduce(OpKind::kMean, x, {1, 2}, true, scale_of(deviation(x) / 3));
    const int narrow = pointwise(mean, std::max(1, channels / 2));
    const int gate = b_.logistic(pointwise(narrow, channels));
    keep(b_.mul(x, gate, scale_of(deviation(x) / 2)));
  }

  void u_shape(int x) {
    const Shape s = shape(x);
    if (s[1] < 4 || s[2] < 2) return;
    int y = conv_as(x, pick(1, 8), 3, 3, {.stride_h = 2, .stride_w = 2});
    if (chance(2)) y = depthwise_as(y, 1, 3, 3, {});
    y = b_.resize(y, s[1], s[2], false, chance(3));
    if (chance(2)) {
      keep(b_.concatenation({requantized(y, b_.scale(x)), x}, 3));
    } else {
      y = pointwise(y, s[3]);
      keep(b_.add(y, x, scale_of(deviation(x) + deviation(y))));
    }
  }

  void pool(int x) {
    int kh, kw;
    Window w = window(x, kh, kw);
    w.dilation_h = w.dilation_w = 1;
    keep(b_.pool(chance(2) ? OpKind::kMaxPool2d : OpKind::kAveragePool2d, x, kh,
                 kw, w));
  }

  void pad(int x) {
    if (elements(x) > max_elements_ / 3) return;
    const std::vector<int> before{0, pick(0, 2), pick(0, 2), 0};
    const std::vector<int> after{0, pick(0, 2), pick(0, 1), pick(0, 1)};
    int y = chance(3) ? b_.padv2(x, before, after,
                                 static_cast<int8_t>(pick(-128, 127)))
                      : b_.pad(x, before, after);
    if (chance(2)) {
      keep(y);
      return;
    }
    const int kh = std::min(3, shape(y)[1]), kw = std::min(3, shape(y)[2]);
    const Window w{
        .stride_h = pick(1, 2), .stride_w = pick(1, 2), .same = false};
    keep(chance(2) ? conv_as(y, pick(1, 9), kh, kw, w)
                   : depthwise_as(y, 1, kh, kw, w));
  }

  // Up to the whole picture on every side.
  void mirror(int x) {
    const Shape s = shape(x);
    if (elements(x) > max_elements_ / 4) return;
    const bool symmetric = chance(2);
    std::vector<int> before{0, 0, 0, 0}, after = before;
    for (size_t k = 1; k < 4; ++k) {
      const int most = std::min(symmetric ? s[k] : s[k] - 1, 3);
      if (k == 3 && !chance(4)) continue;
      before[k] = pick(0, most);
      after[k] = pick(0, most);
    }
    const int y = b_.mirror_pad(x, before, after, symmetric);
    if (chance(2)) return keep(y);
    keep(conv_as(y, pick(1, 6), std::min(3, shape(y)[1]),
                 std::min(3, shape(y)[2]), {.same = false}));
  }

  // A picture taken apart along one axis and packed along another.
  void planes(int x) {
    const int axis = pick(1, 3);
    if (shape(x)[static_cast<size_t>(axis)] > 12) return;
    std::vector<int> parts = b_.unpack(x, axis);
    if (chance(2)) std::reverse(parts.begin(), parts.end());
    if (parts.size() > 1 && chance(3)) parts.pop_back();
    keep(b_.pack(parts, pick(1, 3)));
  }

  // Joins two results of one shape, however far apart.
  void skip(int x) {
    for (const int t : pictures_) {
      if (t == x || shape(t) != shape(x)) continue;
      static constexpr OpKind kKinds[] = {OpKind::kAdd, OpKind::kSub,
                                          OpKind::kMul, OpKind::kMaximum,
                                          OpKind::kMinimum};
      const OpKind kind = kKinds[pick(0, 4)];
      const bool plain = kind == OpKind::kMaximum || kind == OpKind::kMinimum;
      const float out = kind == OpKind::kMul ? deviation(x) * deviation(t)
                                             : deviation(x) + deviation(t);
      keep(b_.binary(kind, x, t, plain ? b_.scale(x) : scale_of(out),
                     plain ? Activation::kNone : activation()));
      return;
    }
  }

  void unary(int x) {
    const Scale like{b_.scale(x).scale * 0.9f, pick(-30, 30)};
    switch (pick(0, 6)) {
      case 0:
        return keep(b_.unary(OpKind::kRelu, x, like));
      case 1:
        return keep(b_.unary(OpKind::kRelu6, x, b_.scale(x)));
      case 2:
        return keep(b_.unary(OpKind::kHardSwish, x, like));
      case 3:
        return keep(
            b_.leaky_relu(x, 0.1f * static_cast<float>(pick(1, 9)), like));
      case 4:
        return keep(b_.logistic(x));
      case 5:
        return keep(b_.tanh(x));
      default: {
        const Shape alpha{1, 1, shape(x)[3]};
        keep(b_.prelu(x, b_.constant(alpha, bytes(alpha), {0.01f, 3}), like));
      }
    }
  }

  void constant(int x) {
    Shape s = shape(x);
    for (int& n : s) n = chance(2) ? n : 1;
    const int c = b_.constant(s, bytes(s), {random_scale(), pick(-9, 9)});
    const bool product = chance(2);
    const float out =
        product ? deviation(x) * deviation(c) : deviation(x) + deviation(c);
    const int first = chance(2) ? x : c;
    keep(b_.binary(product ? OpKind::kMul : OpKind::kAdd, first,
                   first == x ? c : x, scale_of(out), activation()));
  }

  void split(int x) {
    const int axis = pick(1, 3), parts = pick(2, 3);
    if (shape(x)[static_cast<size_t>(axis)] % parts != 0) return;
    const std::vector<int> all = b_.split(x, axis, parts);
    for (const int t : all) {
      if (!chance(4)) keep(t);
    }
    if (chance(2)) {
      std::vector<int> again(all.rbegin(), all.rend());
      again[0] =
          requantized(pointwise(again[0], shape(again[0])[3]), b_.scale(x));
      keep(b_.concatenation(again, axis));
    }
  }

  void slice(int x) {
    const Shape s = shape(x);
    ModelBuilder::Slices v;
    for (const int n : s) {
      const int begin = pick(0, n - 1);
      v.begin.push_back(begin);
      v.end.push_back(pick(begin + 1, n));
      v.stride.push_back(chance(4) ? pick(1, 3) : 1);
    }
    if (chance(2)) return keep(b_.strided_slice(x, v));
    std::vector<int> size;
    for (size_t i = 0; i < s.size(); ++i) size.push_back(v.end[i] - v.begin[i]);
    keep(b_.slice(x, v.begin, size));
  }

  void space(int x) {
    const Shape s = shape(x);
    if (s[1] % 2 == 0 && s[2] % 2 == 0) return keep(b_.space_to_depth(x, 2));
    if (s[3] % 4 == 0) keep(b_.depth_to_space(x, 2));
  }

  void transposed(int x) {
    if (elements(x) > max_elements_ / 6) return;
    const Shape s = shape(x);
    const int stride = pick(1, 2), kernel = pick(stride, 3), out = pick(1, 6);
    const Weights v =
        weights(x, {out, kernel, kernel, s[3]}, 0, s[3] * kernel * kernel, out,
                /*may_be_int4=*/false);
    const Window w{.stride_h = stride, .stride_w = stride};
    keep(b_.transpose_conv(x, v.tensor, v.bias, v.result, s[1] * stride,
                           s[2] * stride, w));
  }

  // Another picture of the same bytes, rows cut elsewhere.
  void reshape(int x) {
    Shape s(4, 1);
    int rest = static_cast<int>(elements(x));
    for (int p = 2; rest > 1;) {
      if (rest % p != 0) {
        ++p;
        continue;
      }
      rest /= p;
      s[static_cast<size_t>(pick(1, 3))] *= p;
    }
    if (chance(2)) x = b_.squeeze(x, {0});
    if (shape(x).size() == 3 && chance(2)) return keep(b_.expand_dims(x, 0));
    keep(b_.reshape(x, s));
  }

  void resize(int x) {
    if (elements(x) > max_elements_ / 4) return;
    keep(b_.resize(x, shape(x)[1] * pick(1, 2) + pick(0, 1),
                   shape(x)[2] * pick(1, 2), chance(3)));
  }

  void transpose(int x) {
    std::vector<int> perm{0, 1, 2, 3};
    std::shuffle(perm.begin() + 1, perm.end(), random_);
    keep(b_.transpose(x, perm));
  }

  void reduce(int x) {
    static constexpr OpKind kKinds[] = {OpKind::kMean, OpKind::kSum,
                                        OpKind::kReduceMax};
    const OpKind kind = kKinds[pick(0, 2)];
    std::vector<int> axes;
    for (int axis = 1; axis <= 3; ++axis) {
      if (chance(2)) axes.push_back(axis);
    }
    if (axes.empty()) axes = {1, 2};
    keep(b_.reduce(
        kind, x, axes, true,
        kind == OpKind::kReduceMax ? b_.scale(x) : scale_of(deviation(x))));
  }

  void softmax(int x) {
    const bool of_floats = elements(x) % 3 == 0;
    if (!of_floats) return keep(b_.softmax(x));
    // Something computes in int8, or the whole network would be of float32.
    const int bytes = b_.unary(OpKind::kRelu, x, b_.scale(x));
    keep(b_.softmax_of_floats(bytes, {0.003f, -120}));
  }

  // A fully connected layer on every pixel.
  void pixel_dense(int x) {
    const Shape s{pick(1, 8), shape(x)[3]};
    const Weights v = weights(x, s, 0, s[1], s[0]);
    keep(b_.fully_connected(x, v.tensor, v.bias, v.result, activation(), true));
  }

  int dense(int x) {
    const int in = static_cast<int>(elements(x)), out = pick(1, 20);
    const Weights v = weights(x, {out, in}, 0, in, out);
    const int y =
        b_.fully_connected(x, v.tensor, v.bias, v.result, activation());
    return chance(2) ? b_.softmax(y) : y;
  }

  int head(int x) {
    switch (pick(0, 5)) {
      case 0:
        return dense(x);
      case 1:
        return dense(b_.reshape(x, {1, static_cast<int>(elements(x))}));
      case 2:
        return dense(b_.reduce(OpKind::kMean, x, {1, 2}, false,
                               scale_of(deviation(x) / 2)));
      case 3:
        return b_.transpose(x, {0, 3, 1, 2});
      case 4:
        return b_.dequantize(x);
      default:
        return x;
    }
  }

  void finish_outputs() {
    if (pictures_.back() == b_.raw().inputs[0]) conv(pictures_.back());
    b_.output(head(pictures_.back()));
    for (int i = chance(3) ? pick(1, 2) : 0; i > 0; --i) {
      const int t = any();
      const auto& made = b_.raw().outputs;
      const auto& fed = b_.raw().inputs;
      const bool taken = std::find(made.begin(), made.end(), t) != made.end() ||
                         std::find(fed.begin(), fed.end(), t) != fed.end();
      if (!taken) b_.output(t);
    }
  }
};

}  // namespace

// One in sixteen networks is for signals.
NetRecipe random_recipe(uint32_t seed) {
  return {seed, 1 + static_cast<int>((seed * 2654435761u >> 16) % 12), true,
          seed % 16 == 7};
}

std::vector<uint8_t> random_model(const NetRecipe& recipe) {
  return RandomNet(recipe).file();
}

}  // namespace shoal
