#include "device/kernels/pool.h"

namespace shoal {

void average_pool_row(const PoolArgs& a) { pool<false>(a); }
void max_pool_row(const PoolArgs& a) { pool<true>(a); }

}  // namespace shoal
