#include "host/data/labels/labels.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <utility>

#include "host/base/error.h"

namespace shoal {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

constexpr uint32_t kModelBytes = 100;

uint32_t word(const uint8_t* at) {
  return at[0] | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 |
         uint32_t{at[3]} << 24;
}
void add(uint32_t more, uint8_t* at) {
  const uint32_t sum = word(at) + more;
  for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(sum >> 8 * i);
}

// A model, and files behind it as metadata tools append them.
std::vector<uint8_t> model_with(const Files& files) {
  zip_source_t* const out = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(out);
  zip_t* const archive = zip_open_from_source(out, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, text] : files) {
    zip_file_add(archive, name.c_str(),
                 zip_source_buffer(archive, text.data(), text.size(), 0), 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
  zip_stat_t stat;
  EXPECT_EQ(zip_source_stat(out, &stat), 0);
  EXPECT_EQ(zip_source_open(out), 0);
  std::vector<uint8_t> bytes(stat.size);
  EXPECT_EQ(zip_source_read(out, bytes.data(), bytes.size()),
            static_cast<zip_int64_t>(stat.size));
  zip_source_close(out);
  zip_source_free(out);
  // Offsets count from the model's start.
  const size_t end = bytes.size() - 22;
  size_t at = word(&bytes[end + 16]);
  for (size_t i = 0; i < files.size(); ++i) {
    add(kModelBytes, &bytes[at + 42]);
    at += 46u + bytes[at + 28] + bytes[at + 30];
  }
  add(kModelBytes, &bytes[end + 16]);
  bytes.insert(bytes.begin(), kModelBytes, uint8_t{7});
  return bytes;
}

TEST(LabelsTest, OfUtf16AreRefusedWithAndWithoutItsMark) {
  using Bytes = std::vector<uint8_t>;
  for (const Bytes& file :
       {Bytes{0xFF, 0xFE, 'a', 0}, Bytes{0xFE, 0xFF, 0, 'a'},
        Bytes{'a', 0, '\n', 0}, Bytes{0, 'a', 0, '\n'}}) {
    EXPECT_THROW(parse_labels(file, "l.txt"), Error) << file.size();
  }
}

TEST(LabelsTest, TheOnlyTextBehindTheModelHasThem) {
  const LabelsInside inside = labels_inside(
      model_with({{"labelmap.txt", "cat\ndog\r\n"}, {"scores.csv", "1"}}));
  EXPECT_EQ(inside.name, "labelmap.txt");
  EXPECT_EQ(inside.labels, (std::vector<std::string>{"cat", "dog"}));
}

TEST(LabelsTest, OfSeveralTextsTheOneThatIsCalledSo) {
  EXPECT_EQ(labels_inside(model_with({{"notes.txt", "a"}, {"labels.txt", "b"}}))
                .labels,
            std::vector<std::string>{"b"});
  EXPECT_EQ(labels_inside(model_with({{"a.txt", "a"}, {"b.txt", "b"}})).labels,
            std::vector<std::string>{});
}

TEST(LabelsTest, AModelNeedNotHaveThem) {
  EXPECT_TRUE(labels_inside({}).labels.empty());
  EXPECT_TRUE(labels_inside(std::vector<uint8_t>(1000, 1)).labels.empty());
  EXPECT_TRUE(labels_inside(model_with({{"labels.txt", ""}})).labels.empty());
  EXPECT_TRUE(labels_inside(model_with({{"labels.txt",
                                         "\xFF\xFE"
                                         "a"}}))
                  .labels.empty());
  const std::string large((1 << 20) + 1, 'a');
  EXPECT_TRUE(
      labels_inside(model_with({{"labels.txt", large}})).labels.empty());
}

// Whatever the damage, it ends.
TEST(LabelsTest, DamageIsNoError) {
  const std::vector<uint8_t> good = model_with({{"l.txt", "cat\ndog\nbird\n"}});
  for (size_t n = 0; n < good.size(); ++n) {
    labels_inside({good.data(), n});
    std::vector<uint8_t> bad = good;
    for (const int bit : {0, 3, 7}) {
      bad[n] = static_cast<uint8_t>(good[n] ^ 1 << bit);
      EXPECT_LE(labels_inside(bad).labels.size(), 100u);
    }
  }
}

}  // namespace
}  // namespace shoal
