#include "host/data/evaluate/box_truth.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/expect_throws.h"

namespace shoal {
namespace {

class NamedItems : public Dataset {
 public:
  explicit NamedItems(std::vector<std::string> names)
      : names_(std::move(names)) {}
  int64_t size() const override { return static_cast<int64_t>(names_.size()); }
  std::string name(int64_t i) const override {
    return names_.at(static_cast<size_t>(i));
  }
  int label(int64_t) const override { return -1; }
  const std::vector<std::string>& classes() const override { return none_; }
  bool is_picture(int64_t) const override { return false; }
  Picture picture(int64_t) const override { return {}; }
  std::vector<uint8_t> bytes(int64_t) const override { return {}; }

 private:
  std::vector<std::string> names_, none_;
};

constexpr const char* kCoco = R"({
 "images": [
  {"id": 30, "file_name": "val/b.jpg", "width": 100, "height": 50},
  {"id": 7, "file_name": "a.jpg"},
  {"id": 8, "file_name": "elsewhere.jpg", "width": 9, "height": 9}],
 "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}],
 "annotations": [
  {"image_id": 30, "category_id": 18, "bbox": [10, 20, 30.5, 5],
   "segmentation": [[1, 2, 3]], "iscrowd": 1, "area": 4},
  {"image_id": 7, "category_id": 1, "bbox": [-1, 0, 4, 4]},
  {"image_id": 8, "category_id": 1, "bbox": [0, 0, 1, 1]}]})";

TEST(CocoTruth, BoxesOfEveryItem) {
  const NamedItems data({"a.jpg", "b.jpg"});
  const BoxTruth t = parse_coco(kCoco, "t.json", data);
  ASSERT_EQ(t.items.size(), 2u);
  EXPECT_FALSE(t.parts);
  EXPECT_EQ(t.items[1].id, 30);
  EXPECT_EQ(t.items[1].width, 100);
  EXPECT_EQ(t.items[0].width, 0);
  EXPECT_EQ(t.items[1].boxes,
            (std::vector<TruthBox>{{10, 20, 40.5, 25, 1, true}}));
  EXPECT_EQ(t.items[0].boxes, (std::vector<TruthBox>{{-1, 0, 3, 4, 0, false}}));
  EXPECT_EQ(t.names, (std::vector<std::string>{"person", "dog"}));
  EXPECT_EQ(t.ids, (std::vector<int64_t>{1, 18}));
  ASSERT_EQ(t.notes.size(), 1u);
  EXPECT_EQ(t.notes[0], "1 pictures of the truth are not among the data");
}

std::string coco_with(const std::string& from, const std::string& to) {
  std::string text = kCoco;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(CocoTruth, WhatIsWrongIsNamedWithItsPlace) {
  const NamedItems data({"a.jpg", "b.jpg"});
  const auto refused = [&](const std::string& text, const char* what,
                           Exit code = Exit::kCorrupt) {
    expect_throws([&] { parse_coco(text, "t.json", data); }, code, what);
  };
  refused("", "t.json: is not a JSON object");
  refused("[1]", "is not a JSON object");
  refused(std::string(kCoco).substr(0, 200), "is not a JSON object");
  refused(coco_with("-1, 0", "NaN, 0"), "is not a JSON object");
  refused(coco_with("-1, 0", "1e999, 0"), "is not a JSON object");
  refused(coco_with("\"images\"", "\"image\""), "has no list 'images'");
  refused(coco_with("\"image_id\": 7", "\"image_id\": 99"),
          "annotations[1] is of image 99, which the file does not list");
  refused(coco_with("\"category_id\": 18", "\"category_id\": 2"),
          "annotations[0] is of category 2");
  refused(coco_with("\"id\": 8", "\"id\": 7"),
          "images[2] has the id 7 of another one");
  refused(coco_with("\"id\": 18", "\"id\": 1"),
          "categories[1] has the id 1 of another one");
  refused(coco_with("elsewhere", "a"), "images[2] is a.jpg, as another one is");
  refused(coco_with("[10, 20,", "[100, 20,"),
          "annotations[0] has a box outside of its picture of 100 x 50");
  refused(coco_with("[-1, 0, 4", "[-5, 0, 4"), "annotations[1] has a box out");
  refused(coco_with("30.5", "-30.5"), "annotations[0] has a box of negative");
  refused(coco_with("30.5", "\"30\""), "has no 'bbox' of 4 numbers");
  refused(coco_with("[10, 20, 30.5, 5]", "[10, 20]"), "has no 'bbox'");
  refused(coco_with("\"image_id\": 7", "\"image_id\": 7.5"),
          "has no whole number 'image_id'");
  refused(coco_with("\"image_id\": 7", "\"image_id\": 18446744073709551615"),
          "has no whole number 'image_id'");
  refused(coco_with("\"width\": 100", "\"width\": -4"), "has a width of -4");
  refused(coco_with("\"a.jpg\"", "\"c.jpg\""), "has no entry for a.jpg",
          Exit::kUsage);
  refused(coco_with("{\"id\": 7, \"file_name\": \"a.jpg\"}", "5"),
          "images[1] is not an object");
}

// Any byte changed: another truth, or one clear line.
TEST(CocoTruth, DamagedFiles) {
  const NamedItems data({"a.jpg", "b.jpg"});
  const std::string whole = kCoco;
  int refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const bool cut : {false, true}) {
      std::string text = whole;
      if (cut) {
        text.resize(i);
      } else {
        text[i] = static_cast<char>(text[i] ^ 1 << i % 7);
      }
      try {
        parse_coco(text, "t.json", data);
      } catch (const Error& e) {
        EXPECT_NE(e.code(), Exit::kInternal) << e.what();
        EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, static_cast<int>(whole.size()));
}

std::vector<uint8_t> bytes_of_text(const std::string& text) {
  return {text.begin(), text.end()};
}

TEST(YoloTruth, LinesAreCentresAndSizes) {
  const std::vector<TruthBox> boxes =
      parse_yolo(bytes_of_text("\xEF\xBB\xBF"
                               "3 0.5 0.25 0.5 0.25\r\n\n 0\t1 1 0 0"),
                 "x.txt");
  ASSERT_EQ(boxes.size(), 2u);
  EXPECT_EQ(boxes[0], (TruthBox{0.25, 0.125, 0.75, 0.375, 3, false}));
  EXPECT_EQ(boxes[1].index, 0);
  EXPECT_TRUE(parse_yolo({}, "x.txt").empty());
}

TEST(YoloTruth, WhatIsWrongIsNamedWithItsLine) {
  const auto refused = [](const std::string& text, const char* what) {
    try {
      parse_yolo(bytes_of_text(text), "x.txt");
      ADD_FAILURE() << "not refused: " << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
      EXPECT_NE(std::string(e.what()).find(what), std::string::npos)
          << e.what();
    }
  };
  refused("0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1\n", "x.txt: line 2: 4 fields");
  refused("0 0.5 0.5 0.1 0.1 0.9", "line 1: 6 fields");
  refused("-1 0.5 0.5 0.1 0.1", "'-1' is not the number of a class");
  refused("cat 0.5 0.5 0.1 0.1", "'cat' is not the number of a class");
  refused("99999999999 0.5 0.5 0.1 0.1", "is not the number of a class");
  refused("0 nan 0.5 0.1 0.1", "'nan' is not a number");
  refused("0 0.5 inf 0.1 0.1", "'inf' is not a number");
  refused("0 0.5 0.5 1.5 0.1", "'1.5' is not a part of a picture");
  refused("0 320 0.5 0.1 0.1", "'320' is not a part of a picture");
  refused("0 0.5 0.5 -0.1 0.1", "'-0.1' is not a part of a picture");
  refused(std::string("\xFF\xFE"
                      "0\0 \0",
                      6),
          "the labels are in UTF-16");
  refused(std::string("0\0 \0", 4), "the labels are in UTF-16");
}

class YoloFolders : public testing::Test {
 protected:
  void write(const std::string& name) const {
    const std::filesystem::path path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    write_file(path.string(), std::string("1 0.5 0.5 0.5 0.5\n"));
  }
  BoxTruth read(const std::string& pictures, const std::string& labels = "") {
    const std::filesystem::path at = folder_.path() / pictures;
    std::filesystem::create_directories(at);
    return read_yolo(at.string(),
                     labels.empty() ? "" : (folder_.path() / labels).string(),
                     NamedItems({"a.jpg", "b.png"}));
  }
  TemporaryFolder folder_;
};

TEST_F(YoloFolders, LabelsLieBesideOrInLabels) {
  write("one/a.txt");
  write("two/labels/b.txt");
  write("three/labels/val/a.txt");
  write("four/a.txt");
  for (const char* pictures : {"one", "two", "three/images/val"}) {
    const BoxTruth t = read(pictures);
    EXPECT_TRUE(t.parts);
    EXPECT_EQ(t.items[0].boxes.size() + t.items[1].boxes.size(), 1u)
        << pictures;
    ASSERT_EQ(t.notes.size(), 1u);
    EXPECT_EQ(t.notes[0],
              "1 pictures have no file of labels: nothing is on them");
  }
  EXPECT_EQ(read("five", "four").items[0].boxes.size(), 1u);
  EXPECT_THROW(read("five"), Error);  // no file for any picture
  EXPECT_THROW(read("one", "nowhere"), Error);
}

TEST(BoxClasses, AreMatchedByNameOrNumber) {
  const NamedItems data({"a.jpg", "b.jpg"});
  const auto coco = [&] { return parse_coco(kCoco, "t.json", data); };
  BoxTruth t = coco();
  match_box_classes(t, {"cat", "dog", "n/a", "person"}, 0);
  EXPECT_EQ(t.items[0].boxes[0].index, 3);
  EXPECT_EQ(t.items[1].boxes[0].index, 1);
  EXPECT_EQ(t.ids, (std::vector<int64_t>{-1, 18, -1, 1}));
  t = coco();
  match_box_classes(t, {}, 2);
  EXPECT_EQ(t.items[1].boxes[0].index, 3);
  EXPECT_EQ(t.ids.at(3), 18);
  const auto refused = [&](const std::vector<std::string>& labels, int offset) {
    BoxTruth again = coco();
    try {
      match_box_classes(again, labels, offset);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(refused({"dog"}, 0).find("category 'person'"), std::string::npos);
  EXPECT_NE(refused({"dog", "person"}, 1).find("--label-offset"),
            std::string::npos);
  EXPECT_NE(refused({}, -1).find("class -1 of the model"), std::string::npos);
}

}  // namespace
}  // namespace shoal
