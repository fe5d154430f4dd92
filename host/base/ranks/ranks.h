// The processes of one run under MPI, numbered from 0 (their *ranks*; rank 0
// leads), and the packets between them: all that shoal wants of MPI. Packets of
// one sender to one receiver arrive whole and in order. One thread uses it at a
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace shoal {

class Ranks {
 public:
  struct Packet {
    int from = 0;
    std::vector<uint8_t> bytes;
  };

  Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;
  virtual ~Ranks() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  // Keeps a copy of what the receiver has no room for, and does not wait.
  virtual void send(int to, std::span<const uint8_t> bytes) = 0;
  // Returns a packet that has come, if any.
  virtual std::optional<Packet> poll() = 0;
  // Ends all processes at once.
  virtual void abort(int code) = 0;
};

// This process alone.
std::unique_ptr<Ranks> one_rank();
// The processes that mpirun has started, or this one if nothing has. Throws
// Error(kUnsupported) in a build without MPI.
std::unique_ptr<Ranks> mpi_ranks();

}  // namespace shoal
