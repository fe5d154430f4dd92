// The only file that knows MPI; without_mpi.cc stands in its place where CMake
// finds none.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <chrono>
#include <climits>
#include <cstdlib>
#include <list>
#include <set>
#include <thread>

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
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &given);
    if (given < MPI_THREAD_SERIALIZED) {
      MPI_Finalize();
      throw Error(Exit::kUnsupported,
                  "--mpi: this MPI knows no threads that take turns",
                  "use Open MPI, or one that gives MPI_THREAD_SERIALIZED");
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiRanks() override {
    for (;;) {
      forget_sent();
      if (outgoing_.empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void send(int to, std::span<const uint8_t> bytes) override {
    forget_sent();
    const int count = count_of(bytes.size());
    Outgoing& o = outgoing_.emplace_back();
    o.bytes.assign(bytes.begin(), bytes.end());
    MPI_Isend(o.bytes.data(), count, MPI_BYTE, to, kTag, MPI_COMM_WORLD,
              &o.request);
  }

  // A sender may stop in the middle of a packet: those of others come past it,
  // those of its own stay in order.
  std::optional<Packet> poll() override {
    int there = 0;
    MPI_Message message;
    MPI_Status status;
    MPI_Improbe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &there, &message,
                &status);
    if (there) {
      int count = 0;
      MPI_Get_count(&status, MPI_BYTE, &count);
      Incoming& in = incoming_.emplace_back();
      in.packet.from = status.MPI_SOURCE;
      in.packet.bytes.resize(static_cast<size_t>(count));
      MPI_Imrecv(in.packet.bytes.data(), count, MPI_BYTE, &message,
                 &in.request);
    }
    std::set<int> under_way;
    for (auto in = incoming_.begin(); in != incoming_.end(); ++in) {
      if (under_way.contains(in->packet.from)) continue;
      if (is_done(in->request)) {
        Packet packet = std::move(in->packet);
        incoming_.erase(in);
        return packet;
      }
      under_way.insert(in->packet.from);
    }
    return std::nullopt;
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

  static bool is_done(MPI_Request& request) {
    int done = 0;
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    return done != 0;
  }

  struct Outgoing {
    std::vector<uint8_t> bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };
  struct Incoming {
    Packet packet;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  void forget_sent() {
    std::erase_if(outgoing_, [](Outgoing& o) { return is_done(o.request); });
  }

  int rank_ = 0, size_ = 1;
  std::list<Outgoing> outgoing_;  // MPI has their addresses
  std::list<Incoming> incoming_;
};

}  // namespace

std::unique_ptr<Ranks> mpi_ranks() { return std::make_unique<MpiRanks>(); }

}  // namespace shoal
