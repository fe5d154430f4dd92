// Sparse weights mean the dense ones that they leave zeros out of.
#include <gtest/gtest.h>

#include <set>

#include "host/base/error.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/broken_model.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

// A convolution, weights 4x1x2x6, most of them zero.
struct SparseNet {
  ModelBuilder b;
  int weights;
  explicit SparseNet(Type type = Type::kInt8) : b(type) {
    const int x = b.input({1, 3, 4, 6}, {0.05f, 4});
    std::vector<int8_t> values(48, 0);
    for (const size_t at : {0u, 5u, 7u, 14u, 25u, 26u, 40u, 47u}) {
      values[at] = static_cast<int8_t>(at + 1);
    }
    weights = b.weights({4, 1, 2, 6}, values, {0.1f}, 0);
    b.output(b.conv(x, weights, -1, {0.3f, 2}));
  }
  RawTensor& tensor() { return b.raw().tensors[static_cast<size_t>(weights)]; }
};

// The tree of `order`, whose levels named in `sparse` leave empty nodes out.
// Axes from 4 on are blocks of `size` in axis `axis`.
struct Shape4 {
  std::vector<int> order;
  std::set<int> sparse;
  std::vector<std::pair<int, int>> blocks;  // axis, size
};

class Writer {
 public:
  Writer(SparseNet& net, const Shape4& how) : net_(net), how_(how) {
    const Shape& shape = net.tensor().shape;
    sizes_ = shape;
    for (const auto& [axis, size] : how.blocks) {
      sizes_[static_cast<size_t>(axis)] /= size;
      sizes_.push_back(size);
      sparsity_.blocks.push_back(axis);
    }
    sparsity_.order = how.order;
    for (size_t i = 0; i < how.order.size(); ++i) {
      RawSparseLevel level;
      level.dense = !how.sparse.contains(static_cast<int>(i));
      if (level.dense) level.size = size(i);
      if (!level.dense) level.segments = {0};
      sparsity_.levels.push_back(level);
    }
    std::vector<uint8_t>& data = net.b.data(net.weights);
    element_ = data.size() / 48;
    dense_ = data;
    at_.assign(how.order.size(), 0);
    write(0);
    data = values_;
    net.tensor().sparsity = sparsity_;
  }

 private:
  int size(size_t level) const {
    return sizes_[static_cast<size_t>(how_.order[level])];
  }

  void write(size_t level) {
    if (level == at_.size()) {
      const size_t from = element_ * place();
      values_.insert(values_.end(), &dense_[from], &dense_[from] + element_);
      return;
    }
    RawSparseLevel& l = sparsity_.levels[level];
    for (int i = 0; i < size(level); ++i) {
      at_[level] = i;
      if (!l.dense && !any(level + 1)) continue;
      if (!l.dense) l.indexes.push_back(i);
      write(level + 1);
    }
    if (!l.dense) l.segments.push_back(static_cast<int>(l.indexes.size()));
  }

  bool any(size_t level) {
    if (level == at_.size()) {
      const size_t from = element_ * place();
      return std::any_of(&dense_[from], &dense_[from] + element_,
                         [](uint8_t v) { return v != 0; });
    }
    bool found = false;
    for (int i = 0; i < size(level) && !found; ++i) {
      at_[level] = i;
      found = any(level + 1);
    }
    return found;
  }

  size_t place() const {
    std::vector<int> where(4, 0);
    for (size_t i = 0; i < at_.size(); ++i) {
      const int axis = how_.order[i];
      if (axis >= 4) {
        where[static_cast<size_t>(
            how_.blocks[static_cast<size_t>(axis) - 4].first)] += at_[i];
        continue;
      }
      int block = 1;
      for (const auto& [of, size] : how_.blocks) {
        if (of == axis) block = size;
      }
      where[static_cast<size_t>(axis)] += at_[i] * block;
    }
    size_t index = 0;
    for (size_t a = 0; a < 4; ++a) {
      index = index * static_cast<size_t>(net_.tensor().shape[a]) +
              static_cast<size_t>(where[a]);
    }
    return index;
  }

  SparseNet& net_;
  const Shape4& how_;
  RawSparsity sparsity_;
  std::vector<int> sizes_, at_;
  std::vector<uint8_t> dense_, values_;
  size_t element_ = 1;
};

const Shape4 kRows{{0, 1, 2, 3}, {3}, {}};

TEST(Densify, MakesTheDenseModel) {
  const Shape4 cases[] = {
      kRows,
      {{0, 1, 2, 3}, {0, 3}, {}},
      {{3, 2, 0, 1}, {1}, {}},
      {{0, 1, 2, 3, 4}, {3}, {{3, 2}}},
      {{1, 0, 3, 2, 4, 5}, {1, 2}, {{0, 2}, {3, 3}}},
  };
  for (const Type type : {Type::kInt8, Type::kFloat32}) {
    SparseNet dense(type);
    const Graph expected = import_tflite(dense.b.finish(), "m");
    for (const Shape4& how : cases) {
      SparseNet net(type);
      Writer(net, how);
      EXPECT_EQ(graph_difference(expected, import_tflite(net.b.finish(), "m")),
                "");
    }
  }
}

// As converters write it: half precision, then DENSIFY, then DEQUANTIZE.
TEST(Densify, ReadsThroughDensifyAndDequantize) {
  for (const bool half : {false, true}) {
    SparseNet net(Type::kFloat32), all(Type::kFloat32);
    if (half) {
      all.b.raw().ops[0].inputs[1] = all.b.halved(all.weights);
      std::rotate(all.b.raw().ops.begin(), all.b.raw().ops.end() - 1,
                  all.b.raw().ops.end());
    }
    const Graph expected = import_tflite(all.b.finish(), "m");
    RawModel& raw = net.b.raw();
    int wide = net.weights;
    if (half) wide = net.b.halved(net.weights);
    Writer(net, kRows);
    const auto dense = static_cast<int>(raw.tensors.size());
    raw.tensors.push_back(net.tensor());
    raw.tensors.back().buffer = 0;
    raw.tensors.back().sparsity.reset();
    RawOp densify;
    densify.code = 124;
    densify.inputs = {net.weights};
    densify.outputs = {dense};
    if (half) raw.ops.back().inputs[0] = dense;
    const RawOp conv = raw.ops[0];
    if (half) std::rotate(raw.ops.begin(), raw.ops.end() - 1, raw.ops.end());
    raw.ops.insert(raw.ops.begin(), densify);
    raw.ops.back().inputs[1] = half ? wide : dense;
    const Graph g = import_tflite(net.b.finish(), "m");
    ASSERT_EQ(g.ops.size(), 1u);
    const auto data = [](const Graph& of) {
      return of.tensors[static_cast<size_t>(of.ops[0].inputs[1])].data;
    };
    EXPECT_EQ(data(g), data(expected));
  }
}

using SpoiltNet = BrokenModel<RawSparsity, SparseNet>;

class DensifyErrors : public testing::TestWithParam<SpoiltNet> {};

TEST_P(DensifyErrors, SayWhereAndWhy) {
  SparseNet net;
  Writer(net, kRows);
  GetParam().break_it(*net.tensor().sparsity, net);
  expect_broken(
      GetParam(), [&] { import_tflite(net.b.finish(), "m"); },
      "m: sparse tensor 1 \"t1\": ");
}

INSTANTIATE_TEST_SUITE_P(
    All, DensifyErrors,
    testing::Values(
        SpoiltNet{"levels", [](auto& s, SparseNet&) { s.levels.pop_back(); },
                  "has 3 levels in an order of 4, expected 4"},
        SpoiltNet{"order", [](auto& s, SparseNet&) { s.order[1] = 0; },
                  "level 1 is of axis 0"},
        SpoiltNet{"far_axis", [](auto& s, SparseNet&) { s.order[3] = 4; },
                  "level 3 is of axis 4"},
        SpoiltNet{"size", [](auto& s, SparseNet&) { s.levels[0].size = 5; },
                  "level 0 has 5 places, expected 4"},
        SpoiltNet{"few_segments",
                  [](auto& s, SparseNet&) { s.levels[3].segments.pop_back(); },
                  "level 3 has no segment 7"},
        SpoiltNet{"segment",
                  [](auto& s, SparseNet&) { s.levels[3].segments[2] = 1; },
                  "segment 1 of level 3 is 2..1"},
        SpoiltNet{"segment_beyond",
                  [](auto& s, SparseNet&) { s.levels[3].segments[8] = 9; },
                  "segment 7 of level 3 is 7..9"},
        SpoiltNet{"index",
                  [](auto& s, SparseNet&) { s.levels[3].indexes[0] = 6; },
                  "index 6 of level 3"},
        SpoiltNet{"negative_index",
                  [](auto& s, SparseNet&) { s.levels[3].indexes[0] = -1; },
                  "index -1 of level 3"},
        SpoiltNet{"same_index",
                  [](auto& s, SparseNet&) { s.levels[3].indexes[1] = 0; },
                  "index 0 of level 3"},
        SpoiltNet{"few_values",
                  [](auto&, SparseNet& n) { n.b.data(n.weights).pop_back(); },
                  "has fewer values than places"},
        SpoiltNet{"many_values",
                  [](auto&, SparseNet& n) { n.b.data(n.weights).push_back(1); },
                  "has more values than places"},
        SpoiltNet{"block_axis",
                  [](auto& s, SparseNet&) {
                    s.blocks = {4};
                    s.order.push_back(4);
                    s.levels.push_back({true, 1, {}, {}});
                  },
                  "block 0 is of axis 4"},
        SpoiltNet{"block_size",
                  [](auto& s, SparseNet&) {
                    s.blocks = {3};
                    s.order.push_back(4);
                    s.levels.push_back({true, 4, {}, {}});
                  },
                  "blocks of 4 in an axis of 6"},
        SpoiltNet{"sparse_block",
                  [](auto& s, SparseNet&) {
                    s.blocks = {3};
                    s.order.push_back(4);
                    s.levels.push_back({false, 2, {0, 1}, {0}});
                  },
                  "a block that is sparse", Exit::kUnsupported},
        SpoiltNet{"huge",
                  [](auto&, SparseNet& n) {
                    n.tensor().shape = {4, 1, 2, 1 << 24};
                  },
                  "unfolds to more bytes than memory has for it",
                  Exit::kDoesNotFit}),
    [](const auto& info) { return info.param.name; });

// Cut anywhere, any bit wrong: an error with a code, or a graph.
TEST(Densify, DamagedFilesAreErrors) {
  SparseNet net;
  Writer(net, {{0, 1, 2, 3, 4}, {3}, {{3, 2}}});
  const std::vector<uint8_t> file = net.b.finish();
  const auto try_it = [](const std::vector<uint8_t>& bytes) {
    try {
      import_tflite(bytes, "m");
    } catch (const Error& error) {
      EXPECT_NE(error.code(), Exit::kInternal) << error.what();
    }
  };
  for (size_t i = 0; i < file.size(); ++i) {
    try_it({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(i)});
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> damaged = file;
      damaged[i] = static_cast<uint8_t>(damaged[i] ^ 1 << bit);
      try_it(damaged);
    }
  }
}

}  // namespace
}  // namespace shoal
