#include "host/base/error.h"
#include "host/base/ranks/ranks.h"

namespace shoal {

std::unique_ptr<Ranks> mpi_ranks() {
  throw Error(Exit::kUnsupported, "--mpi: this shoal was built without MPI",
              "install libopenmpi-dev and openmpi-bin and build it again, or "
              "leave out --mpi");
}

}  // namespace shoal
