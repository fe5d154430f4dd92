#include "host/model/zoo/zoo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "host/base/error.h"
#include "host/data/image/random_input.h"
#include "host/lower/net.h"
#include "host/model/zoo/random_bytes.h"
#include "host/oracle/golden/checksum.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {
namespace {

const Tensor& at(const Graph& graph, int t) {
  return graph.tensors[static_cast<size_t>(t)];
}

int64_t weights_of(const Graph& graph) {
  int64_t sum = 0;
  for (const Tensor& t : graph.tensors) {
    if (t.constant && t.type == Type::kInt8) sum += element_count(t.shape);
  }
  return sum;
}

// Everything that a machine could make differently.
std::string fingerprint(const Graph& graph) {
  std::string text;
  for (const Tensor& t : graph.tensors) {
    for (size_t c = 0; c < t.quant.scale.size(); ++c) {
      text += std::to_string(static_cast<double>(t.quant.scale[c]) * 0x1p30) +
              " " + std::to_string(t.quant.zero[c]) + "\n";
    }
    text += crc32_hex(t.data) + "\n";
  }
  return crc32_hex(
      {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// A layer whose output has few values would hide a wrong byte.
void expect_values_in_every_layer(const std::string& name) {
  SCOPED_TRACE(name);
  const Graph graph = zoo_model(name);
  const Values values = run_oracle(graph, random_input(graph, 1));
  for (const Op& op : graph.ops) {
    const auto& bytes = values[static_cast<size_t>(op.outputs[0])];
    const std::set<uint8_t> distinct(bytes.begin(), bytes.end());
    // Means of tokens are few, and so are classes of heart beats.
    const size_t expected = std::clamp<size_t>(bytes.size() / 8, 2, 32);
    EXPECT_GE(distinct.size(), expected) << at(graph, op.outputs[0]).name;
  }
}

// As they were published; the least side is what the convolutions allow.
struct Published {
  const char* name;
  int side, least_side;  // 0: the input is no picture
  int64_t weights, macs;
  int classes = 1000;
  std::string model(int at) const {
    const std::string model = std::string("zoo:") + name;
    return side == 0 ? model : model + "@" + std::to_string(at);
  }
};
constexpr Published kPublished[] = {
    {"alexnet", 227, 67, 61'090'496, 714'188'480},
    {"vgg16", 224, 32, 138'344'128, 15'470'264'320},
    {"resnet18", 224, 32, 11'678'912, 1'814'073'344},
    {"resnet50", 224, 32, 25'502'912, 4'089'184'256},
    {"mobilenet_v1", 224, 32, 4'209'088, 568'740'352},
    {"mobilenet_v2", 224, 32, 3'469'760, 300'774'272},
    {"squeezenet1_0", 224, 64, 1'244'448, 818'924'576},
    {"squeezenet1_1", 224, 64, 1'231'552, 349'151'936},
    {"deit_tiny", 224, 32, 5'695'525, 1'253'683'200},
    {"kwt3", 0, 0, 5'351'268, 571'455'552, 35},
    {"ecg_transformer", 0, 0, 6'435, 484'784, 5},
};

TEST(Zoo, HasThePublishedSizes) {
  std::string names;
  for (const Published& p : kPublished) {
    names += (names.empty() ? "one of: " : ", ") + std::string(p.name);
    const Graph graph = zoo_model(std::string("zoo:") + p.name);
    EXPECT_EQ(weights_of(graph), p.weights) << p.name;
    EXPECT_EQ(model_macs(graph), p.macs) << p.name;
    if (p.side > 0) {
      EXPECT_EQ(at(graph, graph.inputs[0]).shape,
                (Shape{1, p.side, p.side, 3}));
    }
    EXPECT_EQ(at(graph, graph.outputs[0]).shape, (Shape{1, p.classes}));
  }
  try {
    check_zoo_name("zoo:none");
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.fix(), names) << "these are all";
  }
}

// Pinned: the same on every machine.
TEST(Zoo, IsTheSameEverywhere) {
  const std::map<std::string, std::string> pinned = {
      {"zoo:resnet18", "5e2c309b"},     {"zoo:mobilenet_v1", "edf3e1b8"},
      {"zoo:mobilenet_v2", "9ab2cf26"}, {"zoo:squeezenet1_1", "beaf49a9"},
      {"zoo:alexnet@67", "22962973"},   {"zoo:kwt3", "d30a51b3"},
  };
  for (const auto& [name, crc] : pinned) {
    EXPECT_EQ(fingerprint(zoo_model(name)), crc) << name;
  }
}

TEST(Zoo, EveryLayerUsesItsBytes) {
  const bool whole = std::getenv("SHOAL_ZOO_LONG") != nullptr;
  for (const Published& entry : kPublished) {
    expect_values_in_every_layer(
        entry.model(whole ? entry.side : entry.least_side));
  }
}

TEST(Zoo, TellsPicturesApart) {
  for (const char* name :
       {"zoo:resnet50@64", "zoo:mobilenet_v2@64", "zoo:squeezenet1_0@64"}) {
    const Graph graph = zoo_model(name);
    const auto one =
        model_output(graph, run_oracle(graph, random_input(graph, 1)));
    const auto two =
        model_output(graph, run_oracle(graph, random_input(graph, 2)));
    int different = 0;
    for (size_t i = 0; i < one.size(); ++i) different += one[i] != two[i];
    EXPECT_GT(different, 900) << name;
  }
}

TEST(Zoo, IsLowered) {
  for (const Published& entry : kPublished) {
    const Graph graph = zoo_model(entry.model(96));
    EXPECT_GT(lower(graph).layers.size(), 10u) << entry.name;
  }
}

TEST(Zoo, SaysWhatItHas) {
  for (const auto& [name, words] :
       std::map<std::string, std::array<std::string, 2>>{
           {"zoo:vgg19", {"no network 'vgg19'", "alexnet, vgg16, "}},
           {"zoo:", {"no network ''", "alexnet, vgg16, "}},
           {"zoo:vgg16@31", {"'31' is not a size", "32 to 1024"}},
           {"zoo:vgg16@1025", {"'1025' is not a size", "32 to 1024"}},
           {"zoo:alexnet@", {"'' is not a size", "67 to 1024"}},
           {"zoo:alexnet@99x", {"'99x' is not a size", "67 to 1024"}},
           {"zoo:kwt3@98", {"its input is no picture", "leave out the @"}}}) {
    try {
      zoo_model(name);
      ADD_FAILURE() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_NE(std::string(e.what()).find(words[0]), std::string::npos)
          << e.what();
      EXPECT_NE(e.fix().find(words[1]), std::string::npos) << e.fix();
    }
  }
}

TEST(RandomBytes, SpreadAsTheyShould) {
  std::vector<uint8_t> bytes(100'003);
  zoo::Random random(5);
  zoo::fill(bytes, random);
  double square = 0;
  for (const uint8_t b : bytes) {
    const int v = static_cast<int8_t>(b);
    EXPECT_GE(v, -127);
    square += v * v;
  }
  EXPECT_NEAR(std::sqrt(square / static_cast<double>(bytes.size())),
              zoo::kByteDeviation, 0.5);
}

TEST(RandomBytes, FiltersAreCentred) {
  for (const size_t size : {2u, 9u, 27u, 4096u}) {
    std::vector<uint8_t> filter(size);
    zoo::Random random(size);
    zoo::fill(filter, random);
    zoo::centre(filter);
    int sum = 0;
    for (const uint8_t b : filter) sum += static_cast<int8_t>(b);
    EXPECT_EQ(sum, 0) << size;
  }
}

}  // namespace
}  // namespace shoal
