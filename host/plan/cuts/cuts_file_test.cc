#include <gtest/gtest.h>

#include "host/base/error.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/cuts/testing/mobilenet.h"
#include "host/plan/cuts/testing/spec_block.h"
#include "host/plan/cuts/testing/spoiled_text.h"

namespace shoal {
namespace {

// 0 conv, 1 depthwise, 2 conv, 3 mean, 4 fully connected, 5 table
Net small_net() {
  ShapeNet n("small");
  int x = n.conv(n.input(32, 32, 3), 3, 2, 24);
  x = n.conv(n.depthwise(x, 3, 1), 1, 1, 8);
  n.output(n.table(n.fully_connected(n.mean(x), 10)));
  return n.finish();
}

Cluster four() {
  Cluster c = uniform_cluster(4, find_board("teensy41"), std::nullopt);
  for (int i = 0; i < 4; ++i) c.nodes[i].name = std::string(1, "abcd"[i]);
  return c;
}

Cuts parse(const std::string& toml) {
  return parse_cuts("k.toml", toml, small_net(), four());
}

std::string file_message(const std::string& toml) {
  try {
    parse(toml);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    return e.what() + (e.fix().empty() ? "" : " | " + e.fix());
  }
  return "";
}

const char* const kCutsExample = R"([default]
strategy = "kernel"

[[block]]
layers = "0-1"
rows = 1
columns = 3
nodes = ["d", 0, "c"]
weights = [2, 1, 1]
band = 2
end = true

[[block]]
layers = "layer2"
inputs = 4
joined = true

[[block]]
layers = [4, "5"]
node = "b"
groups = 3
)";

TEST(CutsFile, HalosAreSentWhereTheirRowsAreShortest) {
  const char* const block = "[[block]]\nlayers = \"0-2\"\ncolumns = 4\n";
  const std::string rest = "[default]\noutputs = true\n";
  const Cuts twice = parse(rest + block);
  const Cuts sent = parse(rest + block + "send_halo = true\n");
  for (size_t l = 0; l < sent.layers.size(); ++l) {
    EXPECT_FALSE(twice.layers[l].sends_halo);
    // Only the depthwise convolution reads its input with a window.
    EXPECT_EQ(sent.layers[l].sends_halo, l == 0) << l;
  }
}

// A recording of several electrodes; the net has time along rows.
TEST(CutsFile, RowsAndColumnsAreTheFiles) {
  ShapeNet n("signal");
  n.output(n.conv(n.input(100, 8, 1), 3, 1, 4));
  Net net = n.finish();
  for (NetTensor& t : net.tensors) t.turned = true;
  const Cuts cuts =
      parse_cuts("k.toml", "[default]\nrows = 2\ncolumns = 2\n", net, four());
  const LayerCut& cut = cuts.layers[0];
  ASSERT_EQ(cut.shares.size(), 4u);
  for (const Share& s : cut.shares) {
    EXPECT_EQ(s.own.rows(), 50);
    EXPECT_EQ(s.own.columns(), 4);
    // Node b has the second half of the file's columns, which are rows here.
    EXPECT_EQ(s.own.y0 > 0, s.node == 1 || s.node == 3) << s.node;
    EXPECT_EQ(s.own.x0 > 0, s.node >= 2) << s.node;
  }
}

TEST(CutsFile, TilesAreOfEachRun) {
  const Cuts cuts = parse(
      "[default]\noutputs = true\n[[block]]\nlayers = [2, \"0-1\"]\nrows = 2\n"
      "tiles = 5\n[[block]]\nlayers = 3\nnode = 0\ntiles = 1\n");
  EXPECT_EQ(cuts.tiles, (std::vector<TileChoice>{{0, 2, 5}, {2, 3, 5}}));
}

TEST(CutsFile, BlocksSayWhoHasWhat) {
  const Cuts cuts = parse(kCutsExample);
  EXPECT_EQ(cuts.strategy, "k.toml");
  ASSERT_EQ(cuts.layers.size(), 6u);
  const LayerCut& grid = cuts.layers[1];
  EXPECT_EQ(grid.kind, CutKind::kGrid);
  EXPECT_EQ(grid.rows, 1);
  EXPECT_EQ(grid.columns, 3);
  ASSERT_EQ(grid.shares.size(), 3u);
  EXPECT_EQ(grid.shares[0].node, 3);
  EXPECT_EQ(grid.shares[0].own, (Box{0, 16, 0, 8, 0, 24}));
  EXPECT_EQ(grid.shares[1].node, 0);
  EXPECT_EQ(grid.shares[1].own, (Box{0, 16, 8, 12, 0, 24}));
  EXPECT_EQ(grid.shares[2].node, 2);
  const LayerCut& sums = cuts.layers[2];
  EXPECT_EQ(sums.kind, CutKind::kInputs);
  ASSERT_EQ(sums.shares.size(), 4u);
  EXPECT_EQ(sums.shares[1].in0, 6);
  EXPECT_EQ(sums.shares[1].in1, 12);
  EXPECT_EQ(sums.shares[1].own, (Box{0, 16, 0, 16, 2, 4}));
  EXPECT_EQ(cuts.layers[3].kind, CutKind::kOutputs);  // the default
  EXPECT_EQ(cuts.layers[4].kind, CutKind::kOne);
  EXPECT_EQ(cuts.layers[5].shares[0].node, 1);
  EXPECT_EQ(cuts.ends, std::vector<int>{1});
  EXPECT_TRUE(cuts.joined.empty());  // a block of a single layer
  ASSERT_EQ(cuts.blocks.size(), 3u);
  EXPECT_EQ(cuts.blocks[0].begin, 0);
  EXPECT_EQ(cuts.blocks[0].end, 2);
  EXPECT_EQ(cuts.blocks[0].band, 2);
  EXPECT_EQ(cuts.blocks[1].groups, 3);
  EXPECT_EQ(cuts.blocks[2].begin, 5);
}

TEST(CutsFile, TheExampleOfTheSpecification) {
  const Cluster eight =
      uniform_cluster(8, find_board("teensy41"), std::nullopt);
  const Net net = mobilenet(224);
  const Cuts cuts = parse_cuts("k.toml", spec_block("cuts.toml"), net, eight);
  EXPECT_EQ(cuts.ends, (std::vector<int>{9, 12, 16, 20}));
  EXPECT_EQ(cuts.joined.size(), 9u + 2 + 3 + 3);
  EXPECT_EQ(cuts.layers[10].columns, 4);
  EXPECT_EQ(cuts.layers[21].kind, CutKind::kOutputs);
  EXPECT_EQ(cuts.layers[47].shares.size(), 7u);  // 14 rows
  EXPECT_EQ(cuts.layers[60].shares.size(), 7u);  // 7 rows
  EXPECT_EQ(cuts.layers[63].shares.size(), 8u);
}

TEST(CutsFile, JoinedLayersHaveNoEndBetween) {
  const Cuts cuts =
      parse("[[block]]\nlayers=\"0-5\"\noutputs=true\njoined=true\nend=true");
  EXPECT_EQ(cuts.joined, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(cuts.ends, std::vector<int>{5});
  EXPECT_EQ(cuts.layers[0].shares.size(), 4u);
}

// A layer that cannot be cut so is cut as by a strategy.
TEST(CutsFile, LayersTakeTheNextBestCut) {
  const Cuts cuts = parse("default = { rows = 2, columns = 2 }");
  EXPECT_EQ(cuts.layers[0].kind, CutKind::kGrid);
  EXPECT_EQ(cuts.layers[4].kind, CutKind::kOutputs);
  const Cuts sums = parse("default = { inputs = 3 }");
  EXPECT_EQ(sums.layers[0].kind, CutKind::kInputs);
  EXPECT_EQ(sums.layers[0].shares.size(), 3u);
  EXPECT_EQ(sums.layers[1].kind, CutKind::kOutputs);
}

// A node that sums owns a slice of the outputs.
TEST(CutsFile, SumsOfFewOutputsHaveFewNodes) {
  ShapeNet n("few");
  n.output(n.conv(n.input(4, 4, 64), 1, 1, 3));
  const Cuts cuts =
      parse_cuts("k.toml", "default = { inputs = true }", n.finish(), four());
  ASSERT_EQ(cuts.layers[0].shares.size(), 3u);
  int next = 0;
  for (const Share& s : cuts.layers[0].shares) {
    EXPECT_EQ(s.in0, next);
    EXPECT_EQ(s.own.channels(), 1);
    next = s.in1;
  }
  EXPECT_EQ(next, 64);
}

TEST(CutsFile, SaysWhatIsWrong) {
  const std::string all = "[default]\noutputs = 4\n";
  const auto block = [&](const std::string& keys) {
    return all + "[[block]]\n" + keys;
  };
  const std::string one_of =
      " | one of: rows and columns, outputs, inputs, node, strategy";
  const std::string have = " | the net has layers 0 to 5";
  const std::pair<std::string, std::string> cases[] = {
      {"",
       "k.toml: no block has layer 0 (layer0) | name it, or add a "
       "[default]"},
      {"[[block]]\nlayers=\"0-4\"\noutputs=2",
       "k.toml: no block has layer 5 (layer5) | name it, or add a [default]"},
      {"[default]\nstrategy = ''", "k.toml:2: default: strategy is empty"},
      {block("layers = 0\nstrategy = \"\""),
       "k.toml:5: block: strategy is empty"},
      {"blocks = 1", "k.toml:1: unknown key 'blocks' | one of: block, default"},
      {"default = 1", "k.toml:1: default must be a table"},
      {block("outputs = 2"),
       "k.toml:3: block: layers is missing | such as layers = \"0-12\""},
      {block("layers = 1"), "k.toml:3: block: cut is missing" + one_of},
      {block("layers = 1\nrows = 2\nnode = \"a\""),
       "k.toml:3: block: cut is given twice: rows and columns, node" + one_of},
      {block("layers = 9\noutputs = 2"),
       "k.toml:4: block: layers are not '9'" + have},
      {block("layers = \"3-1\"\noutputs = 2"),
       "k.toml:4: block: layers are not '3-1'" + have},
      {block("layers = \"stem\"\noutputs = 2"),
       "k.toml:4: block: layers has no layer 'stem'" + have},
      {block("layers = true\noutputs = 2"),
       "k.toml:4: block: layers must be numbers, \"a-b\" or names"},
      {block("layers = \"0-2\"\nrows = 2\n[[block]]\nlayers = 2\nrows = 2"),
       "k.toml:7: block: layers has layer 2 (layer2), which is in the block "
       "of line 3 already"},
      {block("layers = 0\nrows = 3\ncolumns = 2"),
       "k.toml:5: block: rows asks for 6 nodes, there are 4"},
      {block("layers = 0\noutputs = 0"),
       "k.toml:5: block: outputs must be from 1 to 256"},
      {block("layers = 0\noutputs = false"),
       "k.toml:5: block: outputs must be true or a number of nodes"},
      {block("layers = 0\nnode = \"e\""),
       "k.toml:5: block: node has 'e', which is not a node of the cluster"},
      {block("layers = 0\nnode = 4"),
       "k.toml:5: block: node has node 4 | nodes are 0 to 3"},
      {block("layers = 0\nnode = \"a\"\nweights = [1]"),
       "k.toml:5: block: node takes no nodes and no weights"},
      {block("layers = 0\noutputs = 2\nnodes = [\"a\", 0]"),
       "k.toml:6: block: nodes has 'a' twice"},
      {block("layers = 0\noutputs = 2\nnodes = []"),
       "k.toml:6: block: nodes is empty"},
      {block("layers = 0\noutputs = 2\nweights = [1]"),
       "k.toml:6: block: weights has 1 numbers for 2 nodes"},
      {block("layers = 0\noutputs = 2\nweights = [1, -1]"),
       "k.toml:6: block: weights must be numbers from 1e-6 to 1e9"},
      {block("layers = 0\noutputs = 2\nband = 0"),
       "k.toml:6: block: band must be from 1 to 65535"},
      {block("layers = 0\nrows = 2\ncolour = 1"),
       "k.toml:6: block: unknown key 'colour' | one of: band, columns, end, "
       "groups, inputs, joined, layers, node, nodes, outputs, parts, rows, "
       "send_halo, strategy, tiles, weights"},
      {block("layers = 0\nrows = 2\ntiles = 0"),
       "k.toml:6: block: tiles must be from 1 to 64"},
      {block("layers = 1\ninputs = 2"),
       "k.toml:4: block: layers has none that can be cut along its inputs: "
       "layer 1 (layer1)"},
      {"[default]\nstrategy = \"best\"",
       "k.toml:2: default: strategy 'best' is unknown | one of: spatial, "
       "kernel, layer, heads"},
  };
  for (const auto& [toml, expected] : cases) {
    EXPECT_EQ(file_message(toml), expected) << toml;
  }
  EXPECT_EQ(file_message("[[block").substr(0, 8), "k.toml:1");
}

TEST(CutsFile, ANameOfSeveralLayersInARowMeansAll) {
  Net net = small_net();
  net.layers[2].name = net.layers[1].name;
  const std::string toml =
      "default.outputs = 4\n[[block]]\nlayers = \"layer1\"\nnode = 0";
  const Cuts cuts = parse_cuts("k.toml", toml, net, four());
  EXPECT_EQ(cuts.layers[1].kind, CutKind::kOne);
  EXPECT_EQ(cuts.layers[2].kind, CutKind::kOne);
  EXPECT_EQ(cuts.layers[3].kind, CutKind::kOutputs);
  net.layers[4].name = net.layers[1].name;
  try {
    parse_cuts("k.toml", toml, net, four());
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "k.toml:3: block: layers 'layer1' is the name of several: 1 "
                 "2 4");
  }
}

TEST(CutsFile, SpoiledTextNeverDoesHarm) {
  const std::string good = kCutsExample;
  const int refused = count_refused(
      good, [](const std::string& text) { return file_message(text); });
  EXPECT_GT(refused, static_cast<int>(good.size()));
}

}  // namespace
}  // namespace shoal
