// The peer's figures of bench/peer_kernels.toml, which are quoted, never
// measured here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace shoal {

struct PeerLayer {
  int64_t macs = 0;
  std::map<std::string, double> per_mac;  // by column of the file
};

struct Peer {
  std::string library, commit, compiler, flags, emulator;
  std::map<std::string, std::string> cores;  // a board's core -> column
  std::map<std::string, PeerLayer> layers;

  // Instructions per multiply-accumulate, if the file has them.
  std::optional<double> per_mac(const std::string& layer,
                                const std::string& core) const;
};

// Throws Error(kInternal), naming the key that is missing or of the wrong kind.
Peer parse_peer(const std::string& toml);

// The file's text, compiled in.
const char* peer_file();

}  // namespace shoal
