// Attention as TensorFlow Lite's converter writes it: heads are taken apart and
// joined by RESHAPE and TRANSPOSE.
#pragma once

#include <string>
#include <vector>

#include "host/lower/testing/test_graph.h"

namespace shoal {

struct Attention {
  int tokens = 7, head_count = 3, width = 4;
  TestGraph t;
  int query = 0, key = 0, value = 0, scores = 0, weights = 0, context = 0;

  int inner() const { return head_count * width; }

  int heads(int x, const std::vector<int>& perm) {
    return t.transpose(t.reshape(x, {1, tokens, head_count, width}), perm);
  }

  // `transposes_keys`: the file has the keys' columns as rows, as some
  // exporters do; otherwise the product swaps them.
  void build(bool transposes_keys) {
    const int x = t.input({1, tokens, 10});
    query = t.fully_connected(x, 10, inner());
    key = t.fully_connected(x, 10, inner());
    const int left = heads(query, {0, 2, 1, 3});
    const int right = heads(key, transposes_keys ? std::vector{0, 2, 3, 1}
                                                 : std::vector{0, 2, 1, 3});
    scores = t.op(OpKind::kBatchMatmul, {left, right},
                  {1, head_count, tokens, tokens},
                  MatmulAttr{false, !transposes_keys});
    weights = softmax();
    value = t.fully_connected(x, 10, inner());
    context = t.op(OpKind::kBatchMatmul, {weights, heads(value, {0, 2, 1, 3})},
                   {1, head_count, tokens, width}, MatmulAttr{});
    const int y =
        t.reshape(t.transpose(context, {0, 2, 1, 3}), {1, tokens, inner()});
    t.graph.outputs = {t.fully_connected(y, inner(), 10)};
  }

  int softmax() {
    const int y = t.op(OpKind::kSoftmax, {scores},
                       {1, head_count, tokens, tokens}, AlphaAttr{1});
    t.graph.tensors[static_cast<size_t>(y)].quant = {{1.f / 256}, {-128}, 0};
    return y;
  }

  std::string name(int tensor) const {
    return t.graph.tensors[static_cast<size_t>(tensor)].name;
  }
};

}  // namespace shoal
