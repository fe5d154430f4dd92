// Pictures (or raw inputs) with labels, from what people have on disk:
//   a folder per class      DIR/CLASS/*.png|jpg|bmp|bin, classes by name
//   a folder without labels DIR/*.png|...
//   IDX files (MNIST)       DIR or FILE *-images-idx3-ubyte[.gz] with its
//                           *-labels-idx1-ubyte[.gz] beside it, if there
//   one file                a picture, or .bin: the bytes of one input
// The order is fixed: by class, then by name; IDX in file order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/image/picture.h"

namespace shoal {

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual std::string name(int64_t i) const = 0;
  // Index into classes(), or the number in the IDX file; -1: unlabelled.
  virtual int label(int64_t i) const = 0;
  // Empty if the data name no classes.
  virtual const std::vector<std::string>& classes() const = 0;
  virtual bool is_picture(int64_t i) const = 0;
  // Thread-safe. Throw Error(kCorrupt) with the item's name.
  virtual Picture picture(int64_t i) const = 0;
  virtual std::vector<uint8_t> bytes(int64_t i) const = 0;  // of a .bin
};

// Throws Error: kUsage if there is no such thing or it is empty, kCorrupt.
// `which` picks one of several IDX pairs of a folder ("train", "t10k").
std::unique_ptr<Dataset> open_dataset(const std::string& path,
                                      const std::string& which = "");

}  // namespace shoal
