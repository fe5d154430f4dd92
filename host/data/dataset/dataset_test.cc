#include "host/data/dataset/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/data/dataset/gunzip.h"
#include "host/data/dataset/idx.h"
#include "host/data/dataset/sets.h"
#include "host/data/dataset/testing/idx_files.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

Bytes noise(size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  Bytes out(count);
  for (uint8_t& b : out) b = static_cast<uint8_t>(random());
  return out;
}

// A picture of 4 x 1 pixels of one grey.
Bytes make_bmp(uint8_t grey) {
  Bytes out(54 + 12, grey);
  std::fill_n(out.begin(), 54, 0);
  out[0] = 'B', out[1] = 'M', out[2] = 66, out[10] = 54, out[14] = 40;
  out[18] = 4, out[22] = 1, out[26] = 1, out[28] = 24;
  return out;
}

class DatasetTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const Bytes& bytes) {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    write_file(path.string(), bytes);
    return path.string();
  }
  std::unique_ptr<Dataset> open(const std::string& name = "",
                                const std::string& which = "") {
    return open_dataset({}, (folder_.path() / name).string(), which);
  }
  void refused(Exit code, const std::string& what, const std::string& name = "",
               const std::string& which = "") {
    try {
      open(name, which);
      FAIL() << "wanted: " << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos)
          << "wanted: " << what << "\ntold: " << e.what();
    }
  }
  TemporaryFolder folder_;
};

std::vector<std::string> names_of(const Dataset& data) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < data.size(); ++i) names.push_back(data.name(i));
  return names;
}

TEST(NaturalOrder, CountsNumbersByTheirValue) {
  std::vector<std::string> names{
      "",    "0",  "00",   "1",    "01",  "2",    "10",  "a", "a1",
      "a1b", "a2", "a2b3", "a2b4", "a10", "a10b", "a1x", "b", "\xC3\xA4"};
  std::ranges::sort(names, natural_less);
  // Equal in value: by bytes.
  EXPECT_TRUE(natural_less("0", "00"));
  EXPECT_TRUE(natural_less("01", "1"));
  EXPECT_TRUE(natural_less("a2", "a10"));
  EXPECT_TRUE(natural_less("a99999999999999999998", "a99999999999999999999"));
  EXPECT_TRUE(natural_less("img9.png", "img10.png"));
  EXPECT_FALSE(natural_less("x", "x"));
  for (size_t i = 0; i < names.size(); ++i) {
    for (size_t k = 0; k < names.size(); ++k) {
      EXPECT_EQ(natural_less(names[i], names[k]), i < k)
          << names[i] << " " << names[k];
    }
  }
}

TEST_F(DatasetTest, AFolderForEachClass) {
  write("shirt/10.bmp", make_bmp(10));
  write("shirt/9.BMP", make_bmp(9));
  write("10/a.bin", {1, 2, 3});
  write("2/b.bmp", make_bmp(2));
  write("2/notes.txt", {1});
  write("2/.hidden.bmp", make_bmp(2));
  write(".git/x.bmp", make_bmp(2));
  write("README", {1});
  const auto data = open();
  EXPECT_EQ(data->classes(), (std::vector<std::string>{"10", "2", "shirt"}));
  EXPECT_EQ(names_of(*data),
            (std::vector<std::string>{"10/a.bin", "2/b.bmp", "shirt/9.BMP",
                                      "shirt/10.bmp"}));
  EXPECT_EQ(data->label(0), 0);
  EXPECT_EQ(data->label(1), 1);
  EXPECT_EQ(data->label(3), 2);
  EXPECT_FALSE(data->is_picture(0));
  EXPECT_EQ(data->bytes(0), (Bytes{1, 2, 3}));
  EXPECT_TRUE(data->is_picture(2));
  EXPECT_EQ(data->picture(2).rgb, Bytes(12, 9));
  EXPECT_EQ(data->picture(2).width, 4);
}

TEST_F(DatasetTest, AFolderAndAFileHaveNoLabels) {
  write("b2.bmp", make_bmp(1));
  write("b10.bmp", make_bmp(2));
  write("a.bin", {7});
  std::filesystem::create_directories(folder_.path() / "empty");
  const auto data = open();
  EXPECT_EQ(names_of(*data),
            (std::vector<std::string>{"a.bin", "b2.bmp", "b10.bmp"}));
  EXPECT_EQ(data->label(2), -1);
  EXPECT_TRUE(data->classes().empty());
  const auto one = open("b10.bmp");
  EXPECT_EQ(names_of(*one), std::vector<std::string>{"b10.bmp"});
  EXPECT_EQ(one->picture(0).rgb, Bytes(12, 2));
  const auto raw = open("a.bin");
  EXPECT_FALSE(raw->is_picture(0));
  EXPECT_EQ(raw->label(0), -1);
}

TEST_F(DatasetTest, ErrorsNameTheItem) {
  write("cat/1.png", {1, 2, 3});
  const auto data = open();
  try {
    data->picture(0);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt);
    EXPECT_NE(std::string(e.what()).find("cat/1.png"), std::string::npos);
  }
}

TEST_F(DatasetTest, FoldersThatAreNoDataAreRefused) {
  refused(Exit::kUsage, "no such file", "nowhere");
  refused(Exit::kUsage, "neither pictures nor IDX files");
  write("a/1.bmp", make_bmp(1));
  fs::create_directories(folder_.path() / "b");
  refused(Exit::kUsage, "the folder of this class has no pictures");
  write("b/1.bmp", make_bmp(1));
  refused(Exit::kUsage, "--which t10k is for", "", "t10k");
  write("loose.bmp", make_bmp(1));
  refused(Exit::kUsage,
          "beside the folders of classes; the first is loose.bmp");
}

TEST_F(DatasetTest, IdxFilesGreyAndColoured) {
  const Bytes grey = noise(3 * 2 * 4), colour = noise(2 * 3 * 1 * 3, 2);
  write("t10k-images-idx3-ubyte", make_idx({3, 2, 4}, grey));
  write("t10k-labels-idx1-ubyte.gz", gzip(make_idx({3}, {9, 0, 255})));
  write("train-images-idx4-ubyte.gz", gzip(make_idx({2, 3, 1, 3}, colour)));
  write("one.images.idx4-ubyte", make_idx({24, 1, 1, 1}, grey));
  refused(Exit::kUsage,
          "several sets of IDX files, there are one, t10k, train");
  refused(Exit::kUsage, "no set 'test'", "", "test");
  const auto test = open("", "t10k");
  ASSERT_EQ(test->size(), 3);
  EXPECT_EQ(test->name(2), "t10k-images[2]");
  EXPECT_EQ(test->label(0), 9);
  EXPECT_EQ(test->label(2), 255);
  EXPECT_TRUE(test->classes().empty());
  EXPECT_TRUE(test->is_picture(0));
  const Picture p = test->picture(1);
  EXPECT_EQ(p.width, 4);
  EXPECT_EQ(p.height, 2);
  ASSERT_EQ(p.rgb.size(), 24u);
  for (size_t i = 0; i < 24; ++i) EXPECT_EQ(p.rgb[i], grey[8 + i / 3]);
  EXPECT_EQ(test->bytes(1), Bytes(grey.begin() + 8, grey.begin() + 16));
  const auto train = open("train-images-idx4-ubyte.gz");
  EXPECT_EQ(train->name(1), "train-images[1]");
  EXPECT_EQ(train->label(1), -1);
  EXPECT_EQ(train->picture(1).width, 1);
  EXPECT_EQ(train->picture(1).rgb, Bytes(colour.begin() + 9, colour.end()));
  EXPECT_EQ(open("", "one")->picture(5).rgb, Bytes(3, grey[5]));
}

TEST_F(DatasetTest, ThePlainFileComesBeforeTheZippedOne) {
  write("a-images-idx3-ubyte.gz", gzip(make_idx({1, 1, 1}, {5})));
  write("a-images-idx3-ubyte", make_idx({1, 1, 1}, {6}));
  EXPECT_EQ(open()->picture(0).rgb, Bytes(3, 6));
}

TEST_F(DatasetTest, IdxFilesOfAnyName) {
  write("digits.idx", make_idx({2, 1, 1}, {5, 6}));
  const auto data = open("digits.idx");
  EXPECT_EQ(data->name(1), "digits.idx[1]");
  EXPECT_EQ(data->label(1), -1);
}

TEST_F(DatasetTest, IdxFilesThatContradictAreRefused) {
  const auto images = [&](const Bytes& file) {
    write("x-images-idx3-ubyte", file);
  };
  images(make_idx({2, 1, 1}, {5, 6}));
  write("x-labels-idx1-ubyte", make_idx({3}, {1, 2, 3}));
  refused(Exit::kCorrupt, "3 labels for 2 pictures");
  write("x-labels-idx1-ubyte", make_idx({2, 1}, {1, 2}));
  refused(Exit::kCorrupt, "2 dimensions are not labels");
  refused(Exit::kCorrupt, "2 dimensions are not pictures",
          "x-labels-idx1-ubyte");
  images(make_idx({2}, {5, 6}));
  refused(Exit::kCorrupt, "1 dimensions are not pictures");
  images(make_idx({1, 1, 1, 2}, {5, 6}));
  refused(Exit::kCorrupt, "pictures of 2 channels");
  images(make_idx({1, 1, 0}, {}));
  refused(Exit::kCorrupt, "it is empty: 1 x 1 x 0");
  images(make_idx({1, 1, 1}, {1, 2}));
  refused(Exit::kCorrupt, "longer than");
  images(make_idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, {1, 2}));
  refused(Exit::kCorrupt, "more than 2 GB");
  images(make_idx({60000, 28, 28}, {1, 2}));
  refused(Exit::kCorrupt, "too short for 60000 x 28 x 28");
  images(make_idx({1, 1, 1, 1, 1}, {1}));
  refused(Exit::kCorrupt, "5 dimensions");
  images({1, 2, 3, 4, 5});
  refused(Exit::kCorrupt, "it is not an IDX file");
  Bytes floats = make_idx({1, 1, 1}, {1});
  floats[2] = 13;
  images(floats);
  refused(Exit::kCorrupt, "type 13");
}

TEST(Idx, TruncationAtEveryByteIsRefused) {
  const Bytes plain = make_idx({3, 2, 4}, noise(24));
  const Bytes zipped = gzip(plain);
  EXPECT_EQ(parse_idx(plain, "x").values, parse_idx(zipped, "x").values);
  for (const Bytes& whole : {plain, zipped}) {
    for (size_t count = 0; count < whole.size(); ++count) {
      try {
        parse_idx({whole.data(), count}, "x");
        FAIL() << count;
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Exit::kCorrupt);
      }
    }
    Bytes longer = whole;
    longer.push_back(0);
    EXPECT_THROW(parse_idx(longer, "x"), Error);
  }
}

// Some bits of gzip mean nothing; values may never change.
TEST(Idx, FlippedBitsOfZippedFilesAreNoticed) {
  const Bytes plain = make_idx({3, 2, 4}, noise(24));
  const Bytes zipped = gzip(plain);
  for (size_t bit = 0; bit < zipped.size() * 8; ++bit) {
    Bytes file = zipped;
    file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    try {
      const Idx idx = parse_idx(file, "x");
      EXPECT_EQ(idx.values, Bytes(plain.begin() + 16, plain.end()));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
    }
  }
}

TEST(Idx, ABombIsNotUnpacked) {
  // It says that it is small, and is not.
  Bytes bomb = make_idx({1, 2, 2}, Bytes(4 << 20));
  EXPECT_THROW(parse_idx(gzip(bomb), "x"), Error);
  // It says that it is larger than its bytes can make it.
  try {
    parse_idx(gzip(make_idx({60000, 100, 100}, Bytes(1000))), "x");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("too short"), std::string::npos);
  }
}

TEST_F(DatasetTest, InputsAreTheModels) {
  Graph graph;
  Tensor t;
  t.name = "x";
  t.shape = {1, 1, 4, 3};
  t.quant = {{1.f}, {0}, 0};
  graph.tensors = {t};
  graph.inputs = {0};
  write("1.bin", noise(12));
  write("2.bmp", make_bmp(130));
  write("3.bin", noise(11));
  const auto data = open();
  EXPECT_EQ(data->input(graph, 0, {}), noise(12));
  EXPECT_EQ(data->input(graph, 1, {}), Bytes(12, 2));
  try {
    data->input(graph, 2, {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "3.bin: 11 bytes, the model's input has 12");
  }
}

}  // namespace
}  // namespace shoal
