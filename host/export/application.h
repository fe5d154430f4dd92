// The content that an exported project runs: a program, a test of it, and the
// board.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/board/board.h"
#include "host/engine/common/prepare.h"
#include "host/export/head_outputs.h"

namespace shoal {

// A node of a cluster: how its coordinator reaches it.
struct ClusterMember {
  std::string name;
  bool serial = false;  // else by radio, or at Application::listen
  bool radio = false;   // ESP-NOW
  int station = 0;      // its number on a line that several share; 0: none
  bool insecure = false;
  std::array<uint8_t, 32> key{};  // of the cluster
  size_t peers = 0;
};

// The scale of int8 values: the real number is (byte - zero) * scale.
struct ByteScale {
  float scale = 1;
  int zero = 0;
};

// A network that a project holds.
struct ExportedNetwork {
  std::string name;          // letters, digits and _; of its symbols too
  std::string model;         // the file's name, for people
  std::string model_sha256;  // empty: a network of the zoo
  std::vector<uint8_t> image;
  uint32_t arena_bytes = 0;
  uint32_t variable_bytes = 0;
  // Rows of all inputs, one after another, as the node takes them, and what it
  // gives for them. A node of a cluster has no built-in test, because rows come
  // from other nodes.
  std::vector<uint8_t> test_input, test_output;
  size_t inputs = 0, outputs = 0;
  bool classes = false;  // the first output is one score a class
  HeadOutputs head;      // boxes, points or a mask, which the board reads
  std::vector<std::string> labels;
  std::string description;  // of inputs, outputs and layers, for `shoal send`
  size_t layers = 0;
  ByteScale first_input, first_output;
};

// The contents of a project, before a layout makes files of them.
struct Application {
  std::string name;  // letters, digits and _: of the project and its files
  Board board;
  std::vector<ExportedNetwork> networks;  // one or more
  std::optional<ClusterMember> member;    // for a node of a cluster
  // Address of UDP (device/transport/udp_address.h) at which it answers; none:
  // it has another link, or the serial line.
  std::optional<uint64_t> listen;
  // The plan's flags and their values, as given.
  std::vector<std::pair<std::string, std::string>> options;

  // Bytes of flash for programs that are sent later; 0: none.
  int64_t slot_bytes = 0;
  // With which these are sealed; none: they are not.
  std::optional<std::array<uint8_t, 32>> slot_key;
  uint32_t least_arena = 0;  // which their arena may have

  int64_t image_bytes() const;   // of all networks
  uint32_t arena_bytes() const;  // which they share
  // Room for the variables of networks whose arena another one has.
  uint32_t kept_bytes() const;
  // Room for the outputs of the first network, if the board reads them.
  uint32_t head_bytes() const;
  // Layers whose times the board can keep (`shoal send --profile`).
  size_t timed_layers() const;
  std::string model_names() const;  // for people
};

// Throws Error: kUsage for a name that is no name of a file in every
// ecosystem, kUnsupported for what a project cannot hold (storage, peers).
std::string project_name(const std::string& asked, const std::string& model);
// Throws Error(kUsage) for what cannot name a network in sources. `flag`: that
// gives it.
void check_network_name(const std::string& name, const std::string& flag);

// Returns the program of a plan's only node, and a run of it on this computer
// for the expected bytes. `board`: for which it was planned. `input`: in the
// file's types.
// `head`: how the board is to read its outputs.
ExportedNetwork make_network(const Prepared&, const Board& board,
                             std::span<const uint8_t> input,
                             const HeadWish& head = {});

// Returns the program of a node of a plan over several.
ExportedNetwork make_member(const Prepared&, size_t node);

// Returns the bytes of RAM on a board that each further network takes beside
// the arena, and those that sent programs do.
int64_t node_bytes_on_board();
int64_t slot_node_bytes_on_board();
// Returns the layers whose times a board can keep, of networks with at most
// `layers`. `slots`: it takes sent programs.
size_t timed_layers(size_t layers, bool slots);

}  // namespace shoal
