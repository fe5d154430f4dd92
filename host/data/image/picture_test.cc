#include "host/data/image/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <random>
#include <string>

#include "host/base/error.h"
#include "host/data/image/testing/pictures.h"

namespace shoal {
namespace {

Picture noise(int width, int height, unsigned seed) {
  std::mt19937 random(seed);
  Picture p{width, height,
            std::vector<uint8_t>(static_cast<size_t>(width * height * 3))};
  for (uint8_t& v : p.rgb) v = static_cast<uint8_t>(random());
  return p;
}

Graph model(Type type, Type file_type, Shape shape, float scale, int zero) {
  Graph g;
  Tensor t;
  t.name = "in";
  t.type = type;
  t.file_type = file_type;
  t.shape = shape;
  t.quant = {{scale}, {zero}, 0};
  g.tensors.push_back(t);
  g.inputs = {0};
  return g;
}

TEST(Picture, BmpGivesItsPixels) {
  const Picture p = noise(5, 3, 1);
  const Picture q = decode_picture(make_bmp(5, 3, p.rgb), "x.bmp");
  EXPECT_EQ(q.width, 5);
  EXPECT_EQ(q.height, 3);
  EXPECT_EQ(q.rgb, p.rgb);
}

TEST(Picture, TruncatedOrDamagedFilesNeverCrash) {
  const std::vector<uint8_t> file = make_bmp(6, 4, noise(6, 4, 2).rgb);
  for (size_t n = 0; n < file.size(); ++n) {
    try {
      decode_picture({file.data(), n}, "x.bmp");
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
    }
  }
  for (size_t i = 0; i < file.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> bad = file;
      bad[i] = static_cast<uint8_t>(bad[i] ^ (1 << bit));
      try {
        const Picture p = decode_picture(bad, "x.bmp");
        EXPECT_EQ(p.rgb.size(), static_cast<size_t>(p.width) * p.height * 3);
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Exit::kCorrupt);
      }
    }
  }
  EXPECT_THROW(decode_picture({}, "empty"), Error);
}

std::string refusal(const std::vector<uint8_t>& file) {
  try {
    decode_picture(file, "x");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt);
    return e.what();
  }
  return "";
}

// Decoders that take missing bytes as zeros would make a picture of it.
TEST(Picture, HalfAFileIsRefused) {
  const std::vector<uint8_t> rgb = noise(16, 12, 3).rgb;
  const std::vector<uint8_t> files[] = {
      make_bmp(16, 12, rgb),  make_png(16, 12, rgb), make_ppm(16, 12, rgb),
      make_jpeg(16, 12, rgb), make_gif(16, 12, 80),  make_webp(16, 12, rgb)};
  for (const std::vector<uint8_t>& file : files) {
    SCOPED_TRACE(file[0]);
    EXPECT_EQ(refusal(file), "");
    for (const size_t n : {file.size() / 2, file.size() * 3 / 4}) {
      EXPECT_NE(refusal({file.begin(), file.begin() + std::ptrdiff_t(n)}), "");
    }
  }
  EXPECT_EQ(refusal({files[0].begin(), files[0].end() - 8}),
            "x: broken picture: the file ends before all pixels were there");
}

// The decoder behind would write past the end of the table.
TEST(Picture, JpegWithTooManyCodesIsRefused) {
  std::vector<uint8_t> file = {0xFF, 0xD8, 0xFF, 0xC4, 1, 0x23, 0};
  file.resize(7 + 16, 17);    // counts
  file.resize(7 + 16 + 272);  // values
  EXPECT_EQ(refusal(file), "x: broken picture: a Huffman table of 272 codes");
}

std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

TEST(Picture, PnmGivesItsPixels) {
  using Rgb = std::vector<uint8_t>;
  const Picture colours =
      decode_picture(bytes_of("P6 #comment\n2\t1 # more\r255\nabcdef"), "x");
  EXPECT_EQ(colours.width, 2);
  EXPECT_EQ(colours.rgb, bytes_of("abcdef"));
  EXPECT_EQ(decode_picture(bytes_of("P5 1 2 255 ab"), "x").rgb,
            bytes_of("aaabbb"));
  // White is 10; what is above is white, too.
  EXPECT_EQ(decode_picture(bytes_of("P6 1 1 10 \n\5\x0B"), "x").rgb,
            (Rgb{255, 128, 255}));
  EXPECT_EQ(decode_picture(Rgb{'P', '5', ' ', '1', ' ', '1', ' ', '6', '5', '5',
                               '3', '5', ' ', 0x80, 0x00},
                           "x")
                .rgb,
            (Rgb{128, 128, 128}));
}

TEST(Picture, PnmThatLiesIsRefused) {
  const std::string numbers =
      "x: broken picture: a PNM without its three numbers";
  for (const char* text :
       {"P6 8 99999999999 255\n", "P6 8 8", "P6 8 8 255", "P6 8 x 255 ",
        "P5 1 1 0 ", "P5 1 1 65536 ", "P6 #8 8 255"}) {
    EXPECT_EQ(refusal(bytes_of(text)), numbers) << text;
  }
  EXPECT_EQ(refusal(bytes_of("P6 1 1 255 ab")),
            "x: broken picture: a PNM that ends too early");
  EXPECT_EQ(refusal(bytes_of("P6 0 1 255 ab")), "x: picture of 0 x 1 is empty");
  EXPECT_EQ(refusal(bytes_of("P6 9000 9000 255 ab")),
            "x: picture of 9000 x 9000 is too large");
}

// The decoder behind would allocate two gigabytes.
TEST(Picture, PngWithAChunkPastTheEndIsRefused) {
  const std::vector<uint8_t> file = {
      0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n',              // signature
      0,    0,   0,   13,  'I',  'H',  'D',  'R',               // header
      0,    0,   0,   8,   0,    0,    0,    8,    8, 2, 0, 0,  // 8 x 8 RGB
      0,    75,  109, 41,  220,                                 // and CRC
      0x6D, 16,  0,   55,  'I',  'D',  'A',  'T',  0, 0, 0, 0};
  EXPECT_EQ(refusal(file),
            "x: broken picture: a chunk goes on past the end of the file");
}

TEST(Resize, SameSizeIsTheSamePicture) {
  const Picture p = noise(7, 5, 3);
  EXPECT_EQ(resize(p, 7, 5).rgb, p.rgb);
}

TEST(Resize, HalvingWeighsFourTapsOfATriangle) {
  Picture p{4, 1, std::vector<uint8_t>(12)};
  const uint8_t line[] = {10, 20, 200, 100};
  for (size_t i = 0; i < 12; ++i) p.rgb[i] = line[i / 3];
  // Pixel 0: centre 1, support 2, taps 0, 1, 2 of weight 3/4, 3/4, 1/4.
  const double left = (10 * 0.75 + 20 * 0.75 + 200 * 0.25) / 1.75;
  const double right = (20 * 0.25 + 200 * 0.75 + 100 * 0.75) / 1.75;
  const Picture half = resize(p, 2, 1);
  EXPECT_EQ(half.rgb[0], std::lround(left));
  EXPECT_EQ(half.rgb[3], std::lround(right));
}

TEST(PictureInput, EachTypeHasItsDefault) {
  const Picture p = noise(2, 2, 4);
  const auto i8 = picture_input(
      model(Type::kInt8, Type::kInt8, {1, 2, 2, 3}, 1.f, 0), p, {});
  const auto u8 = picture_input(
      model(Type::kInt8, Type::kUint8, {1, 2, 2, 3}, 1.f, 0), p, {});
  EXPECT_EQ(u8, p.rgb);
  for (size_t i = 0; i < i8.size(); ++i) EXPECT_EQ(i8[i], p.rgb[i] ^ 0x80);
  const auto f32 = picture_input(
      model(Type::kFloat32, Type::kFloat32, {1, 2, 2, 3}, 0.f, 0), p, {});
  float first;
  std::memcpy(&first, f32.data(), sizeof first);
  EXPECT_EQ(first, static_cast<float>(p.rgb[0]) / 255.f);
}

TEST(PictureInput, FloatBeforeQuantizeIsTheRealValueOfItsInt8) {
  Graph g = model(Type::kFloat32, Type::kFloat32, {1, 2, 2, 3}, 0.f, 0);
  Tensor q = g.tensors[0];
  q.type = q.file_type = Type::kInt8;
  q.quant = {{0.5f}, {-3}, 0};
  g.tensors.push_back(q);
  g.ops.push_back({OpKind::kQuantize, {0}, {1}, {}});
  const Picture p = noise(2, 2, 5);
  const auto bytes = picture_input(g, p, {});
  float first;
  std::memcpy(&first, bytes.data(), sizeof first);
  EXPECT_EQ(first, static_cast<float>(p.rgb[0] - 128 + 3) * 0.5f);
}

TEST(PictureInput, MeanAndDeviationGoThroughTheInputsQuantization) {
  const Picture p = noise(2, 2, 6);
  const PictureOptions norm{Normalization{{10, 20, 30}, {2}}};
  const auto bytes = picture_input(
      model(Type::kInt8, Type::kInt8, {1, 2, 2, 3}, 0.5f, 7), p, norm);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const float real =
        (static_cast<float>(p.rgb[i]) - static_cast<float>(10 * (i % 3 + 1))) /
        2.f;
    const int want =
        std::clamp(static_cast<int>(std::round(real / 0.5f)) + 7, -128, 127);
    EXPECT_EQ(static_cast<int8_t>(bytes[i]), want) << i;
  }
}

TEST(PictureInput, MeanAndDeviationMustBeNumbersThatFit) {
  const Picture p = noise(2, 2, 6);
  const Graph g = model(Type::kInt8, Type::kInt8, {1, 2, 2, 3}, 0.5f, 7);
  const float nan = std::nanf("");
  for (const Normalization& bad :
       {Normalization{{}, {0}}, Normalization{{}, {-1}},
        Normalization{{}, {1, 1, nan}}, Normalization{{nan}, {}},
        Normalization{{1, 2}, {}}, Normalization{{}, {1, 2, 3, 4}}}) {
    try {
      picture_input(g, p, {bad});
      ADD_FAILURE();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
    }
  }
}

TEST(PictureInput, ChannelsFirstAndGrey) {
  const Picture p = noise(2, 2, 7);
  const auto planes = picture_input(
      model(Type::kInt8, Type::kUint8, {1, 3, 2, 2}, 1.f, 0), p, {});
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(planes[c * 4 + i], p.rgb[i * 3 + c]);
    }
  }
  const auto grey = picture_input(
      model(Type::kInt8, Type::kUint8, {1, 2, 2, 1}, 1.f, 0), p, {});
  EXPECT_EQ(grey.size(), 4u);
  EXPECT_EQ(grey[0], std::lround((p.rgb[0] * 19595 + p.rgb[1] * 38470 +
                                  p.rgb[2] * 7471) /
                                 65536.0));
  EXPECT_THROW(
      picture_input(model(Type::kInt8, Type::kInt8, {1, 640}, 1.f, 0), p, {}),
      Error);
}

}  // namespace
}  // namespace shoal
