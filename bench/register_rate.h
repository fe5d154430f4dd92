// The rate that no int8 kernel of this machine can pass: vpmaddwd and vpaddd
// on registers alone, each pair of them 16 multiply-adds.
#pragma once

namespace shoal {

// Multiply-adds per nanosecond, the best of some runs of `milliseconds`
// together; 0 where there is no AVX2.
double register_rate(double milliseconds);

}  // namespace shoal
