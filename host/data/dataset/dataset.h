// Pictures (or raw inputs) with labels, from what people have on disk:
//   a folder per class DIR/CLASS/*.png|jpg|bmp|gif|ppm|webp|npy|npz|csv|wav|
//                           bin, each of one frame; tables (csv) beside
//                           pictures describe them and are passed over
//   a folder without labels DIR/*.png|...
//   IDX files (MNIST)       DIR or FILE *-images-idx3-ubyte[.gz] with its
//                           *-labels-idx1-ubyte[.gz] beside it, if there;
//                           idx4: N x rows x columns x 1 or 3 channels
//   one file                a picture, or the frames of a file of values
//                           (host/data/input/stack.h)
// Names that begin with a dot are passed over; other files too, but counted.
//
// The order is fixed. Classes are numbered by the bytes of their folders'
// names, as torchvision and Keras number them ("10" comes before "2"). Items
// are ordered by class, then by name with numbers in it by their value ("2"
// before "10"); those of IDX files as in the file. Grey IDX pictures have
// three equal channels.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/data/input/input.h"
#include "host/model/graph/graph.h"

namespace shoal {

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  // "shirt/0001.png", "t10k-images[17]".
  virtual std::string name(int64_t i) const = 0;
  // Returns an index into classes(), or the number in the IDX file; -1:
  // unlabelled.
  virtual int label(int64_t i) const = 0;
  // Returns the names of the classes; empty if the data have none.
  virtual const std::vector<std::string>& classes() const = 0;
  virtual bool is_picture(int64_t i) const = 0;
  // Thread-safe. Throw Error(kCorrupt) with the item's name.
  virtual Picture picture(int64_t i) const = 0;
  virtual std::vector<uint8_t> bytes(int64_t i) const = 0;  // of values
  // Returns how bytes() lie, where they do not say it themselves; else nothing.
  virtual std::vector<int64_t> dims() const { return {}; }
  // Names of what lies among the items and is none.
  virtual std::vector<std::string> passed_over() const { return {}; }
  // Thread-safe. Returns the bytes of all inputs of the model in the file's
  // types, from item i, as file_input() has them.
  virtual std::vector<uint8_t> input(const Graph&, int64_t i,
                                     const InputOptions&) const;
  // A line for people that says how items were taken that have values; empty
  // if there is nothing to say.
  virtual std::string note(const Graph&) const;
};

// Throws Error: kUsage if there is no such thing or it is empty, kCorrupt.
// `which` picks one of several IDX pairs of a folder ("train", "t10k"). The
// graph's inputs say what a frame is in a file of several.
std::unique_ptr<Dataset> open_dataset(const Graph&, const std::string& path,
                                      const std::string& which = "");

// The paths of data by the names of inputs.
using NamedPaths = std::map<std::string, std::string>;
// Opens data of values for each input of the graph: files as
// host/data/input/stack.h has them, .bin files of one frame after another, or
// folders of such files. Item i is item i of each. Throws Error(kUsage) also if
// they have other numbers of items.
std::unique_ptr<Dataset> open_named_dataset(const Graph&, const NamedPaths&);

// Opens a folder's own pictures without classes, whatever lies beside them; or
// one file.
std::unique_ptr<Dataset> open_pictures(const std::string& path);

}  // namespace shoal
