// Files of values that hold one frame or several:
//   .npy   an array of the input's shape, or a stack of such arrays, whose
//          first axis counts the frames; or pictures (uint8)
//   .npz   an array, or a stack of them, for each input of the model, under the
//          inputs' names (of one input, under any name); integers named label,
//          labels, class, target or y are the frames' labels
//   .csv   (or .tsv) a row a frame, if the rows have as many columns as the
//          input has values; a row a time step, if they have as many as the
//          input has in its last axis, or in several of them, or in the first
//          of two axes
//   .wav   sound, for an input that is a waveform: samples of -1 to 1, several
//          channels mixed down if the input has one; frames follow each other,
//          and a shorter sound ends in silence
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/data/array/npy.h"
#include "host/data/image/picture.h"
#include "host/model/graph/graph.h"

namespace shoal {

struct Stack {
  int64_t count = 0;          // of frames, at least 1
  std::vector<Array> inputs;  // in the model's order; the first axis: frames
  // Frames are pictures: rows x columns x 3, or x 1.
  bool pixels = false;
  std::vector<int> labels;           // of each frame; empty: the file has none
  std::vector<std::string> classes;  // their names, if they have any
  std::string note;  // for people: how the file was taken; may be empty
};

// ".npy" of a name that ends in it or in .NPY.
std::string kind_of_file(const std::string& name);
// Returns whether a file of that name is of such a kind.
bool is_stack(const std::string& name);

// `name` tells the kind and is for messages. Throws Error: kUsage for what does
// not go into the model, kCorrupt for what is broken.
Stack read_stack(const Graph&, const std::string& name,
                 std::span<const uint8_t> file);

// Returns the values of frame i of an input.
Array stack_array(const Stack&, size_t input, int64_t i);
// Returns frame i of a stack of pixels.
Picture stack_picture(const Stack&, int64_t i);
// Returns the bytes of all inputs in the file's types, of frame i. `doubt` as
// of file_input().
std::vector<uint8_t> stack_input(const Graph&, const Stack&, int64_t i,
                                 const std::string& name, const PictureOptions&,
                                 std::string* doubt = nullptr);

}  // namespace shoal
