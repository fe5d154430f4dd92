// Makes the bytes of a model's inputs from a user's file:
//   .bin  the bytes of all inputs, one after another, in the file's types
//   .npy  the values of the only input; or a picture (uint8, rows x columns x 3
//         or x 1)
//   everything else: a picture, for the only input
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/image/picture.h"
#include "host/model/graph/graph.h"

namespace shoal {

// Returns the bytes of all inputs of the model in the file's types.
int64_t input_file_bytes(const Graph&);

// Only what file_input() reads of a graph with that input (a tensor's number)
// alone: no other inputs, no layers.
Graph with_one_input(const Graph&, int input);

// Returns whether a file of that name has values, not a picture.
bool has_values(const std::string& name);

// `name` tells the kind and is for messages. Throws Error: kUsage for what does
// not go into the model (a size, a shape, a type, sound), kCorrupt for what is
// broken. `doubt` becomes a line for people if the real values of a .npy cannot
// be meant for a quantized input (many lie outside of what it holds, or all lie
// within a few of its steps), else empty.
std::vector<uint8_t> file_input(const Graph&, const std::string& name,
                                std::span<const uint8_t> file,
                                const PictureOptions&,
                                std::string* doubt = nullptr);

}  // namespace shoal
