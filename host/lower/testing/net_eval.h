// Runs a Net over whole tensors in the plainest way, from the fields of its
// layers alone: the proof that the lowering is right, and a place to look
// where a plan's result is wrong. For tests; nothing on the way from a model
// to a program uses it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/lower/net.h"

namespace shoal {

// Bytes of each tensor of the net, row-major.
using NetValues = std::vector<std::vector<int8_t>>;

// `inputs`: for each model input its bytes as the network has them, in the
// order of the file's axes (int8; floats already quantized), those of all
// frames of a batch one after another. `shapes` of the file's tensors are taken
// from the graph that was lowered.
NetValues run_net(const Graph&, const Net&,
                  const std::vector<std::vector<int8_t>>& inputs);

// One layer, from and to `values`.
void run_layer(const Net&, const Layer&, NetValues& values);

// The bytes of a file tensor of this shape, out of where it lies.
std::vector<int8_t> file_order_bytes(const Net&, const FilePlace&, const Shape&,
                                     const NetValues&);

// Every rule of net.h and image.h that the layers break, one line each:
// views inside their tensors, written before they are read, once; sizes that
// agree with the operator; fields that fit a program.
std::vector<std::string> net_faults(const Net&);

}  // namespace shoal
