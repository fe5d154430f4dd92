// Transformers: a keyword spotter, a classifier of pictures and one of heart
// beats. Matrices of heads are products of the last two axes, as TensorFlow
// Lite's converter writes them.
#include <cmath>

#include "host/model/zoo/networks.h"
#include "host/model/zoo/zoo_builder.h"

namespace shoal::zoo {
namespace {

// The deviation of what a block adds to its tokens. It is smaller than theirs,
// as in networks that were trained; otherwise random weights make all tokens
// alike.
constexpr double kAdded = 0.4;

struct Encoder {
  int width, heads, head_width, hidden;
  // Normalizations before attention and the hidden layer, as in ViT; else
  // behind the additions, as in the first transformers.
  bool normalizes_first = false;
};

// 1 x tokens x heads*head_width as 1 x heads x tokens x head_width.
int split_heads(ZooBuilder& b, const std::string& name, int x,
                const Encoder& e) {
  const int tokens = b.shape(x)[1];
  x = b.reshape(name + "/parts", x, {1, tokens, e.heads, e.head_width});
  return b.transpose(name + "/heads", x, {0, 2, 1, 3});
}

int attention(ZooBuilder& b, const std::string& name, int x, const Encoder& e) {
  const int tokens = b.shape(x)[1], inner = e.heads * e.head_width;
  int q = b.dense(name + "/query", x, inner);
  q = b.scaled(name + "/scaled", q, 1 / std::sqrt(e.head_width * 4.0));
  const int k = b.dense(name + "/key", x, inner);
  const int v = b.dense(name + "/value", x, inner);
  int scores = b.matmul(name + "/scores", split_heads(b, name + "/query", q, e),
                        split_heads(b, name + "/key", k, e), true);
  scores = b.softmax(name + "/softmax", scores);
  int y = b.matmul(name + "/context", scores,
                   split_heads(b, name + "/value", v, e), false);
  y = b.transpose(name + "/tokens", y, {0, 2, 1, 3});
  y = b.reshape(name + "/joined", y, {1, tokens, inner});
  return b.dense(name + "/projection", y, e.width, kNone, kAdded);
}

int hidden_layer(ZooBuilder& b, const std::string& name, int x,
                 const Encoder& e) {
  x = b.dense(name + "/expand", x, e.hidden);
  x = b.gelu(name + "/gelu", x);
  return b.dense(name + "/contract", x, e.width, kNone, kAdded);
}

int encoder_block(ZooBuilder& b, const std::string& name, int x,
                  const Encoder& e) {
  if (e.normalizes_first) {
    int y = b.layer_norm(name + "/norm1", x);
    y = attention(b, name + "/attention", y, e);
    x = b.add(name + "/add1", x, y, kNone);
    y = b.layer_norm(name + "/norm2", x);
    y = hidden_layer(b, name + "/mlp", y, e);
    return b.add(name + "/add2", x, y, kNone);
  }
  int y = attention(b, name + "/attention", x, e);
  x = b.layer_norm(name + "/norm1", b.add(name + "/add1", x, y, kNone));
  y = hidden_layer(b, name + "/mlp", x, e);
  return b.layer_norm(name + "/norm2", b.add(name + "/add2", x, y, kNone));
}

int encoder(ZooBuilder& b, int x, int blocks, const Encoder& e) {
  for (int i = 1; i <= blocks; ++i) {
    x = encoder_block(b, "block" + std::to_string(i), x, e);
  }
  return x;
}

// A token for the class before those of the input, and places of all.
int with_class_token(ZooBuilder& b, int x) {
  const int width = b.channels(x);
  const int token = b.parameter("class_token", {1, 1, width});
  x = b.concatenation("tokens", {x, token}, 1);
  return b.add("placed", x, b.parameter("places", b.shape(x)), kNone);
}

int class_of_token(ZooBuilder& b, int x, int classes) {
  const int last = b.shape(x)[1] - 1;
  return b.dense("classes", b.position("class", x, 1, last), classes);
}

}  // namespace

// KWT-3 (arXiv 2104.00769): one second of speech as 98 frames of 40 MFCC, 5.4 M
// weights, 35 words. Its class token comes last here.
Graph kwt3(const std::string& name, int) {
  ZooBuilder b(name);
  int x = b.input("input", {1, 98, 40});
  x = with_class_token(b, b.dense("embed", x, 192));
  x = encoder(b, x, 12,
              {.width = 192, .heads = 3, .head_width = 64, .hidden = 768});
  return b.finish(class_of_token(b, x, 35));
}

// DeiT-Ti (arXiv 2012.12877): patches of 16 x 16 pixels, 5.7 M weights. Its
// class token comes last here.
Graph deit_tiny(const std::string& name, int side) {
  ZooBuilder b(name);
  int x = b.input(side);
  x = b.conv("patches", x,
             {.channels = 192,
              .kernel = 16,
              .stride = 16,
              .same = false,
              .activation = kNone});
  const Shape patches = b.shape(x);
  x = b.reshape("flat", x, {1, patches[1] * patches[2], 192});
  x = encoder(b, with_class_token(b, x), 12,
              {.width = 192,
               .heads = 3,
               .head_width = 64,
               .hidden = 768,
               .normalizes_first = true});
  return b.finish(class_of_token(b, b.layer_norm("norm", x), 1000));
}

// One heart beat of 198 samples and five kinds of them, with 6 thousand
// parameters like the tiny transformer of arXiv 2402.10748; sizes within the
// block are ours.
Graph ecg_transformer(const std::string& name, int) {
  ZooBuilder b(name);
  int x = b.input("input", {1, 198, 1, 1});
  x = b.conv("embed", x,
             {.channels = 16, .kernel = 7, .stride = 3, .columns = 1});
  const int tokens = b.shape(x)[1];
  x = b.reshape("flat", x, {1, tokens, 16});
  x = b.add("placed", x, b.parameter("places", {1, tokens, 16}), kNone);
  x = encoder(b, x, 1,
              {.width = 16, .heads = 8, .head_width = 2, .hidden = 128});
  return b.finish(b.dense("classes", b.mean_of_tokens("mean", x), 5));
}

}  // namespace shoal::zoo
