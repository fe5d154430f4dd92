// Operators at the versions that files state: what was an attribute and became
// an operand gives the same graph either way, and what is not understood at a
// version is refused.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "host/model/graph/difference.h"
#include "host/model/onnx/onnx.h"
#include "host/model/onnx/testing/error_case.h"

namespace shoal {
namespace {

using Make = std::function<void(OnnxBuilder&)>;

// One network on 1x2x4x4 as two opsets write it.
struct Versions {
  const char* name;
  int64_t before;
  Make as_attribute;
  int64_t since;
  Make as_operand;
};
void PrintTo(const Versions& v, std::ostream* out) { *out << v.name; }

Graph made(int64_t opset, const Make& make) {
  OnnxBuilder b(opset);
  b.input("x", {1, 2, 4, 4});
  make(b);
  b.output("y");
  return import_onnx(b.finish(), "m");
}

class OnnxVersions : public testing::TestWithParam<Versions> {};

TEST_P(OnnxVersions, GiveTheSameGraph) {
  const Versions& v = GetParam();
  const Graph old = made(v.before, v.as_attribute);
  EXPECT_EQ(graph_difference(old, made(v.since, v.as_operand)), "");
  // From then on the attribute is an error, not something to skip.
  EXPECT_THROW(made(v.since, v.as_attribute), Error);
}

const Versions kVersions[] = {
    {"reshape", 4,
     [](OnnxBuilder& b) {
       b.node("Reshape", {"x"}, "y", {{"shape", Ints{1, -1, 4}}});
     },
     5,
     [](OnnxBuilder& b) {
       b.ints("sizes", {3}, {1, -1, 4});
       b.node("Reshape", {"x", "sizes"}, "y");
     }},
    {"concat", 3,
     [](OnnxBuilder& b) {
       b.node("Concat", {"x", "x"}, "z");
       b.node("Relu", {"z"}, "y", {{"consumed_inputs", Ints{1}}});
     },
     6,
     [](OnnxBuilder& b) {
       b.node("Concat", {"x", "x"}, "z", {{"axis", int64_t{1}}});
       b.node("Relu", {"z"}, "y");
     }},
    {"clip", 10,
     [](OnnxBuilder& b) {
       b.node("Clip", {"x"}, "y", {{"min", -0.5f}, {"max", 2.f}});
     },
     11,
     [](OnnxBuilder& b) {
       b.number("low", -0.5f);
       b.number("high", 2);
       b.node("Clip", {"x", "low", "high"}, "y");
     }},
    {"slice", 9,
     [](OnnxBuilder& b) {
       b.node("Slice", {"x"}, "y",
              {{"starts", Ints{1, -3}},
               {"ends", Ints{1000, 3}},
               {"axes", Ints{2, 3}}});
     },
     10,
     [](OnnxBuilder& b) {
       b.ints("s", {2}, {1, -3});
       b.ints("e", {2}, {1000, 3});
       b.ints("a", {2}, {2, 3});
       b.node("Slice", {"x", "s", "e", "a"}, "y");
     }},
    {"pad", 10,
     [](OnnxBuilder& b) {
       b.node("Pad", {"x"}, "y",
              {{"pads", Ints{0, 0, 1, 2, 0, 0, 0, 1}}, {"value", 3.f}});
     },
     18,
     [](OnnxBuilder& b) {
       b.ints("p", {4}, {2, 1, 1, 0});
       b.number("v", 3);
       b.ints("a", {2}, {-1, 2});
       b.node("Pad", {"x", "p", "v", "a"}, "y");
     }},
    {"unsqueeze_and_squeeze", 12,
     [](OnnxBuilder& b) {
       b.node("Unsqueeze", {"x"}, "z", {{"axes", Ints{0, 3}}});
       b.node("Relu", {"z"}, "r");
       b.node("Squeeze", {"r"}, "y", {{"axes", Ints{0, 3}}});
     },
     13,
     [](OnnxBuilder& b) {
       b.ints("a", {2}, {0, 3});
       b.node("Unsqueeze", {"x", "a"}, "z");
       b.node("Relu", {"z"}, "r");
       b.node("Squeeze", {"r", "a"}, "y");
     }},
    {"split", 12,
     [](OnnxBuilder& b) {
       b.node("Split", {"x"}, std::vector<std::string>{"p", "q"},
              {{"axis", int64_t{2}}, {"split", Ints{1, 3}}});
       b.node("Mul", {"p", "q"}, "y");
     },
     13,
     [](OnnxBuilder& b) {
       b.ints("s", {2}, {1, 3});
       b.node("Split", {"x", "s"}, std::vector<std::string>{"p", "q"},
              {{"axis", int64_t{2}}});
       b.node("Mul", {"p", "q"}, "y");
     }},
    {"dropout", 11,
     [](OnnxBuilder& b) {
       b.node("Dropout", {"x"}, std::vector<std::string>{"z", "mask"},
              {{"ratio", 0.25f}});
       b.node("Relu", {"z"}, "y");
     },
     12,
     [](OnnxBuilder& b) {
       b.number("ratio", 0.25f);
       b.node("Dropout", {"x", "ratio"}, "z");
       b.node("Relu", {"z"}, "y");
     }},
    {"upsample", 8,
     [](OnnxBuilder& b) {
       b.node(
           "Upsample", {"x"}, "y",
           {{"mode", std::string("nearest")}, {"scales", Floats{1, 1, 2, 3}}});
     },
     9,
     [](OnnxBuilder& b) {
       b.floats("s", {4}, {1, 1, 2, 3});
       b.node("Upsample", {"x", "s"}, "y", {{"mode", std::string("nearest")}});
     }},
    {"sum", 11,
     [](OnnxBuilder& b) {
       b.node("ReduceSum", {"x"}, "y", {{"axes", Ints{2, -1}}});
     },
     13,
     [](OnnxBuilder& b) {
       b.ints("a", {2}, {2, 3});
       b.node("ReduceSum", {"x", "a"}, "y");
     }},
    {"mean", 17,
     [](OnnxBuilder& b) {
       b.node("ReduceMean", {"x"}, "y",
              {{"axes", Ints{1}}, {"keepdims", int64_t{0}}});
     },
     18,
     [](OnnxBuilder& b) {
       b.ints("a", {1}, {1});
       b.node("ReduceMean", {"x", "a"}, "y", {{"keepdims", int64_t{0}}});
     }},
    {"spatial", 8,
     [](OnnxBuilder& b) {
       b.floats("c", {2}, {1, 2});
       b.node("BatchNormalization", {"x", "c", "c", "c", "c"}, "y",
              {{"spatial", int64_t{1}}, {"momentum", 0.5f}});
     },
     9,
     [](OnnxBuilder& b) {
       b.floats("c", {2}, {1, 2});
       b.node("BatchNormalization", {"x", "c", "c", "c", "c"}, "y",
              {{"momentum", 0.5f}});
     }},
};

INSTANTIATE_TEST_SUITE_P(All, OnnxVersions, testing::ValuesIn(kVersions),
                         [](const auto& info) { return info.param.name; });

// The first files do not say what an attribute is.
TEST(OnnxVersions, AttributesWithoutATypeAreWhatTheyHold) {
  const auto net = [](bool typed) {
    return made(1, [typed](OnnxBuilder& b) {
      b.floats("w", {2, 2, 3, 3}, some_floats(36));
      b.node("Conv", {"x", "w"}, "c",
             {{"kernel_shape", Ints{3, 3}}, {"group", int64_t{1}}});
      if (!typed) b.drop_attribute_types();
      b.node("LeakyRelu", {"c"}, "y", {{"alpha", 0.5f}});
      if (!typed) b.drop_attribute_types();
    });
  };
  EXPECT_EQ(graph_difference(net(false), net(true)), "");
}

TEST(OnnxVersions, OldUpsamplesAreResizes) {
  const auto scales = [](OnnxBuilder& b) { b.floats("s", {4}, {1, 1, 2, 3}); };
  const Graph upsampled = made(9, [&](OnnxBuilder& b) {
    scales(b);
    b.node("Upsample", {"x", "s"}, "y");
  });
  const Graph first = made(10, [&](OnnxBuilder& b) {
    scales(b);
    b.node("Resize", {"x", "s"}, "y");
  });
  const Graph later = made(11, [&](OnnxBuilder& b) {
    scales(b);
    b.node("Resize", {"x", "", "s"}, "y",
           {{"coordinate_transformation_mode", std::string("asymmetric")},
            {"nearest_mode", std::string("floor")}});
  });
  const Graph named = made(18, [&](OnnxBuilder& b) {
    b.floats("s", {2}, {3, 2});
    b.node("Resize", {"x", "", "s"}, "y",
           {{"axes", Ints{3, 2}},
            {"coordinate_transformation_mode", std::string("asymmetric")},
            {"nearest_mode", std::string("floor")}});
  });
  EXPECT_EQ(graph_difference(upsampled, first), "");
  EXPECT_EQ(graph_difference(upsampled, later), "");
  EXPECT_EQ(graph_difference(upsampled, named), "");
}

TEST(OnnxVersions, TheLastPartOfASplitMayBeSmaller) {
  const auto parts = [](int64_t size) {
    OnnxBuilder b(18);
    b.input("x", {1, 2, 4, size});
    b.node("Split", {"x"}, std::vector<std::string>{"p", "q", "y"},
           {{"axis", int64_t{3}}, {"num_outputs", int64_t{3}}});
    b.output("y");
    b.output("p");
    return import_onnx(b.finish(), "m");
  };
  const Graph g = parts(5);
  EXPECT_EQ(g.tensors[static_cast<size_t>(g.outputs[0])].shape,
            (Shape{1, 4, 1, 2}));
  EXPECT_EQ(g.tensors[static_cast<size_t>(g.outputs[1])].shape,
            (Shape{1, 4, 2, 2}));
  EXPECT_THROW(parts(4), Error);  // the last one would be empty
}

// Before opset 7 the second operand lies along axes of the first from one on.
TEST(OnnxVersions, OldBroadcasts) {
  const auto old = [](const std::vector<OnnxField>& fields) {
    return made(6, [&](OnnxBuilder& b) {
      b.floats("c", {2}, {1, 2});
      b.node("Sigmoid", {"x"}, "z");
      b.node("Add", {"z", "c"}, "y", fields);
    });
  };
  const Graph later = made(7, [](OnnxBuilder& b) {
    b.floats("c", {2, 1, 1}, {1, 2});
    b.node("Sigmoid", {"x"}, "z");
    b.node("Add", {"z", "c"}, "y");
  });
  const OnnxField yes{"broadcast", int64_t{1}};
  EXPECT_EQ(graph_difference(old({yes, {"axis", int64_t{1}}}), later), "");
  EXPECT_THROW(old({}), Error);
  EXPECT_THROW(old({yes, {"axis", int64_t{4}}}), Error);
  EXPECT_THROW(old({yes}), Error);  // 4 columns, 2 values
}

TEST(OnnxVersions, OldTrainingIsTheDefault) {
  const auto dropped = [](const std::vector<OnnxField>& fields) {
    return made(6, [&](OnnxBuilder& b) {
      b.node("Dropout", {"x"}, "z", fields);
      b.node("Relu", {"z"}, "y");
    });
  };
  EXPECT_EQ(dropped({{"is_test", int64_t{1}}}).ops.size(), 1u);
  EXPECT_THROW(dropped({}), Error);
}

// One statistic for every place, not only for every channel.
TEST(OnnxVersions, StatisticsOfPlaces) {
  const auto places = [](int64_t spatial) {
    return made(7, [=](OnnxBuilder& b) {
      b.floats("c", {2, 4, 4}, Floats(32, 2));
      b.node("BatchNormalization", {"x", "c", "c", "c", "c"}, "y",
             {{"spatial", spatial}});
    });
  };
  const Graph g = places(0);
  ASSERT_EQ(g.ops.size(), 2u);
  const Tensor& factor = g.tensors[static_cast<size_t>(g.ops[0].inputs[1])];
  EXPECT_EQ(factor.shape, (Shape{1, 4, 4, 2}));
  EXPECT_THROW(places(1), Error);
}

// A row is a picture of one row.
TEST(OnnxVersions, OneAxisIsARow) {
  const auto net = [](bool row) {
    OnnxBuilder b;
    const auto dims = [row](Ints d) {
      if (!row) d.insert(d.end() - 1, 1);
      return d;
    };
    const auto sides = [row](int64_t v) { return row ? Ints{v} : Ints{1, v}; };
    b.input("x", dims({1, 4, 9}));
    b.floats("w", dims({6, 2, 3}), some_floats(36));
    b.floats("c", {6}, some_floats(6));
    b.node("Conv", {"x", "w", "c"}, "a",
           {{"group", int64_t{2}},
            {"kernel_shape", sides(3)},
            {"strides", sides(2)},
            {"pads", row ? Ints{2, 1} : Ints{0, 2, 0, 1}}});
    b.node("BatchNormalization", {"a", "c", "c", "c", "d"}, "n");
    b.floats("d", {6}, {1, 2, 3, 4, 5, 6});
    b.node("Relu", {"n"}, "r");
    b.node("MaxPool", {"r"}, "p",
           {{"kernel_shape", sides(2)}, {"strides", sides(1)}});
    b.floats("u", dims({6, 3, 2}), some_floats(36));
    b.node("ConvTranspose", {"p", "u"}, "t", {{"strides", sides(2)}});
    b.node("GlobalAveragePool", {"t"}, "g");
    b.node("Flatten", {"g"}, "y");
    b.output("y");
    return import_onnx(b.finish(), "m");
  };
  const Graph row = net(true), picture = net(false);
  EXPECT_EQ(row.tensors[static_cast<size_t>(row.outputs[0])].shape,
            (Shape{1, 3}));
  EXPECT_EQ(model_macs(row), model_macs(picture));
  EXPECT_GT(model_macs(row), 0);
}

const OnnxErrorCase kRefused[] = {
    {"relabelled_clip",
     [](OnnxBuilder& b) {
       unary(b, "Clip", {{"max", 6.f}, {"min", 0.f}});
     },
     "m: node 0 Clip \"y\": attribute \"max\" is an operand since opset 11, "
     "the file is of opset 13"},
    {"unknown_attribute",
     [](OnnxBuilder& b) {
       unary(b, "Relu", {{"slope", 0.5f}});
     },
     "m: not supported:\n  node 0 Relu \"y\": attribute \"slope\" is not "
     "understood",
     kNo},
    {"unknown_attribute_of_a_constant",
     [](OnnxBuilder& b) {
       b.number("c", 1);
       b.node("Sqrt", {"c"}, "z", {{"what", int64_t{1}}});
       unary(b, "Add", {}, {"z"});
     },
     "m: not supported:\n  node 0 Sqrt \"z\": attribute \"what\" is not "
     "understood",
     kNo},
    {"aspect",
     [](OnnxBuilder& b) {
       b.ints("s", {4}, {1, 2, 8, 9});
       unary(b, "Resize",
             {{"keep_aspect_ratio_policy", std::string("largest")}},
             {"", "", "s"});
     },
     "m: node 0 Resize \"y\": keep_aspect_ratio_policy \"largest\""},
    {"alike_nodes",
     [](OnnxBuilder& b) {
       unary(b, "Det");
       for (const auto& [from, to] :
            {std::pair{"y", "a"}, {"a", "b"}, {"b", "c"}, {"c", "d"}}) {
         b.node("Det", {from}, to);
       }
       b.output("d");
     },
     "m: not supported:\n  node 0 Det \"y\", node 1 Det \"a\", node 2 Det "
     "\"b\" and 2 more: no operator of TensorFlow Lite that shoal computes; "
     "compose it of those that `shoal ops` lists",
     kNo},
};

class OnnxVersionErrors : public testing::TestWithParam<OnnxErrorCase> {};
TEST_P(OnnxVersionErrors, SayWhereAndWhy) { expect_error(GetParam()); }
INSTANTIATE_TEST_SUITE_P(All, OnnxVersionErrors, testing::ValuesIn(kRefused),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shoal
