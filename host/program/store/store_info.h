// The description of a folder of stores, as store.json: it has everything that
// running them needs of the model besides the programs. So a store runs without
// its model: nothing is imported, nothing planned.
//
//   DIR/store.json      this
//   DIR/FILE.store      what lies in a node's storage; FILE is its name, or
//                       that and a number, so that stores can be built beside
//                       those that they replace
//   DIR/FILE.program    what lies in its mapped flash, if it has any
//
// The file is from outside: parse_store_info() checks every field. Its last
// one is a tag over all others, made with the key of the stores if they are
// sealed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/base/shared_key.h"
#include "host/lower/net.h"
#include "host/model/graph/detection.h"
#include "host/model/graph/graph.h"

namespace shoal {

struct StoredNode {
  std::string name, board, storage;
  std::string file;  // FILE.store, FILE.program
  uint32_t arena_bytes = 0;
  int stages = 0;
  bool mapped = false;         // there is a FILE.program
  std::string hash, store_id;  // hexadecimal, of the program
  int64_t store_bytes = 0;     // of FILE.store
  // The traffic of one frame.
  int64_t storage_read_bytes = 0, storage_written_bytes = 0;
};

struct StoreInfo {
  // Tensors of inputs and outputs alone, and how the node takes them.
  Graph graph;
  Net net;
  std::vector<std::string> layers;       // names, by number in the net
  std::vector<double> layer_us;          // of a board alone, by the time model
  std::vector<std::string> labels;       // of the first output; may be empty
  std::optional<DetectionOp> detection;  // what the outputs are for
  uint64_t generation = 0;
  bool sealed = false;
  bool linked = false;  // a cluster's: rows come and go over links
  std::vector<StoredNode> nodes;
};

// Writes 16 hexadecimal digits.
std::string hex_number(uint64_t);

// The inputs, outputs and names of layers of a model, and nothing else of it.
void set_ends(StoreInfo&, const Graph&, const Net&);

// The inputs and outputs alone, and if there are layer_us the layers, as a
// board holds them that runs by itself: one line of JSON, and back. `from`: its
// name for messages. Throws Error(kCorrupt).
std::string format_ends(const StoreInfo&);
StoreInfo parse_ends(const std::string& from, const std::string& text);

// Writes the text, with the key if the stores are sealed.
std::string format_store_info(const StoreInfo&,
                              const std::optional<SharedKey>&);

// `file`: its name for messages. Throws Error(kCorrupt) naming the field;
// Error(kUsage) if a key is missing or given for nothing.
StoreInfo parse_store_info(const std::string& file, const std::string& text,
                           const std::optional<SharedKey>&);

}  // namespace shoal
