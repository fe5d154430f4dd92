// Operators of two operands, broadcast to the shape of the output.
#include "host/model/graph/quantize.h"
#include "host/oracle/int8/call.h"
#include "host/oracle/int8/strides.h"

namespace shoal::oracle {

void binary(const Call& call) {
  const auto a = call.int8s(0), b = call.int8s(1);
  const ByteRows rows = binary_bytes(call.graph(), call.op());
  const auto y = call.result();
  for_each_broadcast_run(call, [&](const BroadcastRun& run) {
    rows({&a[run.a], &b[run.b], run.a_step, run.b_step,
          y.subspan(run.y, run.count)});
  });
}

void select(const Call& call) {
  const auto chosen = call.int8s(0), a = call.int8s(1), b = call.int8s(2);
  select_elements(call, chosen.data(), a.data(), b.data(),
                  call.result().data());
}

}  // namespace shoal::oracle
