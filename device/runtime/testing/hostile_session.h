// For tests and the fuzzer: one node of a sample, all of whose peers send what
// they like, under a valid checksum and in an order that may be anything.
//
// A session is bytes: sample, node, then actions. The low bits of an action's
// first byte say what it is:
//   0     the node steps (b >> 2) + 1 times
//   1     (b >> 2) ms pass
//   2, 3  a datagram: peer, flags, u16 bytes of items, the items (fewer, if
//         the session ends)
#pragma once

#include <vector>

#include "device/runtime/testing/cluster.h"
#include "device/runtime/testing/naive.h"

namespace shoal::test {

const std::vector<LinkedPrograms>& session_programs();

// Aborts if a byte outside the arena was written; the sanitizers watch the
// rest.
shoal_link_counters try_session(const Bytes& session);

// A session with some sense in it: items of every kind, mostly of the peer
// whose they are, with offsets that are often right.
Bytes random_session(Random& r);

}  // namespace shoal::test
