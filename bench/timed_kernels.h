// The kernels of this machine with a clock around each call. A program gets
// its kernels from the best_kernels() that it links; with this one its nodes
// run these.
#pragma once

namespace shoal {

// Seconds by the wall.
struct KernelTimes {
  double depthwise = 0, other = 0;
  double all() const { return depthwise + other; }
};

// The times of convolution and depthwise kernels since the start of the
// program. Only what runs while they are timed counts: the clock costs time
// too.
KernelTimes kernel_times();
void time_kernels(bool on);
double wall_seconds();

}  // namespace shoal
