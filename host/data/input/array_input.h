// An array of values as the bytes of one input of a model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/data/array/npy.h"
#include "host/data/image/picture.h"
#include "host/model/graph/graph.h"

namespace shoal {

// "1x96x96x3".
std::string axes_text(std::span<const int64_t> shape);
std::string axes_text(const Shape&);
// Returns the shape without its axes of size 1.
std::vector<int64_t> axes_above_one(std::span<const int64_t> shape);
std::vector<int64_t> axes_above_one(const Shape&);

// A picture that was saved as an array: rows x columns x 3, or x 1, perhaps of
// a batch of one.
std::optional<Picture> as_picture(const Array&);

// Returns whether the array has the input's shape and type, or is pixels: what
// as_picture() takes, or bytes of the shape of an input that is a picture.
bool is_pixels(const Graph&, const Array&);

// The bytes of the model's only input in the file's type. Values of the input's
// type are taken as they are; real values become float32, or are quantized,
// rounded half away from zero; whole numbers become integers of an input that
// has no scale; pixels are a picture. Throws Error(kUsage) naming the value, or
// both shapes.
std::vector<uint8_t> array_input(const Graph&, const Array&,
                                 const std::string& name,
                                 const PictureOptions&);

// Throws Error(kUsage) for NaN and infinity among the values of float32 inputs,
// of which `file` has the bytes.
void check_numbers(const Graph&, std::span<const uint8_t> file,
                   const std::string& name);

// A line for people if real values cannot be meant for a quantized input (many
// lie outside of what it holds, or all lie within a few of its steps); else
// empty.
std::string doubt_about(const Graph&, const Array&, const std::string& name);

}  // namespace shoal
