// The only file that knows MPI; without_mpi.cc stands in its place where CMake
// finds none.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <climits>
#include <cstdlib>

#include "host/base/error.h"
#include "host/base/ranks/ranks.h"

namespace shoal {
namespace {

constexpr int kTag = 0;

// Errors of MPI itself end the job; it says so.
class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    int given = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    if (given < MPI_THREAD_FUNNELED) {
      MPI_Finalize();
      throw Error(Exit::kUnsupported, "--mpi: this MPI knows no threads",
                  "use Open MPI, or one that gives MPI_THREAD_FUNNELED");
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiRanks() override { MPI_Finalize(); }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void send(int to, std::span<const uint8_t> bytes) override {
    MPI_Send(bytes.data(), count_of(bytes.size()), MPI_BYTE, to, kTag,
             MPI_COMM_WORLD);
  }

  std::optional<Packet> poll() override {
    int there = 0;
    MPI_Message message;
    MPI_Status status;
    MPI_Improbe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &there, &message,
                &status);
    if (!there) return std::nullopt;
    int count = 0;
    MPI_Get_count(&status, MPI_BYTE, &count);
    Packet packet{status.MPI_SOURCE,
                  std::vector<uint8_t>(static_cast<size_t>(count))};
    MPI_Mrecv(packet.bytes.data(), count, MPI_BYTE, &message,
              MPI_STATUS_IGNORE);
    return packet;
  }

  void abort(int code) override {
    MPI_Abort(MPI_COMM_WORLD, code);
    std::_Exit(code);
  }

 private:
  static int count_of(size_t bytes) {
    if (bytes <= INT_MAX) return static_cast<int>(bytes);
    throw Error(Exit::kUnsupported,
                "--mpi: " + std::to_string(bytes) +
                    " bytes for another rank, which takes 2147483647",
                "run it without --mpi");
  }

  int rank_ = 0, size_ = 1;
};

}  // namespace

std::unique_ptr<Ranks> mpi_ranks() { return std::make_unique<MpiRanks>(); }

}  // namespace shoal
