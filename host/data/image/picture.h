// Pictures as inputs: decoding, an antialiased bilinear resize, and the bytes
// that a model's input wants.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct Picture {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;  // rows of R, G, B
};

// Returns whether the file begins as one of a known kind.
bool is_picture(std::span<const uint8_t> file);

// Decodes PNG, JPEG, BMP, GIF (its first picture), PNM and WebP, turned as a
// camera's EXIF says (JPEG, WebP); what is transparent keeps its colour. Throws
// Error(kCorrupt) for what is not a picture of a known kind, or larger than 64
// million pixels. `name` is for messages.
Picture decode_picture(std::span<const uint8_t> file, const std::string& name);

// Scales the whole picture; the aspect ratio is not kept. Per axis, horizontal
// first, with 8-bit values in between: triangle filter of support max(in/out,
// 1) around (x + 0.5) * in/out, weights rounded to 22 fractional bits. Gives
// the bytes of Pillow's BILINEAR.
Picture resize(const Picture&, int width, int height);

// How a picture of another aspect ratio comes to the input's size: drawn out
// of shape; its middle; or whole, between borders of grey (114, as detectors
// are trained with).
enum class Fit { kStretch, kCrop, kLetterbox };
inline constexpr uint8_t kBorderGrey = 114;

// Where the input's pixels lie in the picture: that of input column x begins at
// column left + x * columns, rows likewise. In pixels of the picture.
struct Placement {
  double left = 0, top = 0;
  double columns = 1, rows = 1;
};
// Returns the placement that fit() uses for a picture of that size.
Placement placement_of(int width, int height, int to_width, int to_height, Fit);
// Throws nothing; a picture has at least one pixel each way.
Picture fit(const Picture&, int width, int height, Fit);

struct PictureOptions {
  std::optional<Normalization> normalization = {};  // else the model's own
  Fit fit = Fit::kStretch;
};

// Returns whether bytes are pixels less 128: all channels have the same mean,
// within 0..255, and the same deviation.
bool has_plain_pixels(const Normalization&);

// Returns the normalization of the input's values: as asked, else as the file
// says. Nothing where they are the pixels themselves, or are not known.
std::optional<Normalization> normalization_of(const Graph&,
                                              const PictureOptions&);

// The rows and columns of the model's (only) input. Throws Error(kUsage) if it
// is not a picture.
struct PictureSize {
  int width = 0, height = 0;
};
PictureSize picture_size(const Graph&);

// Returns the bytes of the model's (only) input in the file's type, from a
// picture of any size. Without a normalization (normalization_of()): uint8 p,
// int8 p - 128; float32 p / 255, or, if a QUANTIZE reads the input, the real
// value of its int8 p - 128. The input must be a picture: 1 x H x W x C or 1 x
// C x H x W with C = 3, or 1 (then the luminance). Throws Error(kUsage)
// otherwise.
std::vector<uint8_t> picture_input(const Graph&, const Picture&,
                                   const PictureOptions&);

}  // namespace shoal
