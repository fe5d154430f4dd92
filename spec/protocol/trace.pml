/* Compares what the real code did with the rules: a test writes each step that
 * it saw as a message to this process (tests/protocol_trace_test.cc) and runs
 * both with `spin -T`. A step that the rules do not allow fails an assertion.
 *
 * Defined before: NODES (the coordinator is the last one), STREAMS, GAPS and
 * PACKETS, the most datagrams from one to another in an epoch.
 */
#define OFFSET int

#include "rules.pml"

mtype = {
  kStream,   /* stream, sender, receiver */
  kRun,      /* node, epoch (0: none): it begins or leaves a run */
  kRequest,  /* node, session: it takes a request; they count from 1 */
  kAckSent,  /* node, peer, largest packet, mask */
  kCreditSent,   /* node, stream, limit */
  kFragmentSent, /* node, stream, from, to */
  kCame,     /* node, peer, epoch, packet, 1: it was taken, 0: dropped */
  kFragment, /* node, stream, from, to: of the one that came */
  kCredit,   /* node, stream, limit: likewise */
  kEnd,      /* node, bytes that were placed, 1: all of it is acknowledged */
  kLast
};

chan steps = [0] of { mtype, int, int, int, int, int };

int sender[STREAMS], receiver[STREAMS], told[STREAMS];
int epoch[NODES], session[NODES];
#define PAIRS (NODES * NODES)
#define packet_at(from, to, p) (((from) * NODES + (to)) * PACKETS + (p))
bool seen[PAIRS * PACKETS], kept[PAIRS * PACKETS];
int newest[PAIRS]; /* the largest packet plus one */

hidden int i, j, k, covered;
bool all_placed, is_taken;
hidden int peer_now, packet_now;

/* Bytes of stream s that are there. */
inline count_bytes(s, sign) {
  covered = covered + sign * received[s];
  for (j : s * GAPS .. (s + 1) * GAPS - 1) {
    covered = covered + sign * (gap_to[j] - gap_from[j])
  }
}

inline begin_run(n) {
  for (i : 0 .. NODES - 1) {
    newest[i * NODES + n] = 0;
    for (j : 0 .. PACKETS - 1) {
      seen[packet_at(i, n, j)] = false;
      kept[packet_at(i, n, j)] = false
    }
  }
  for (i : 0 .. STREAMS - 1) {
    if
    :: sender[i] == n -> limit[i] = 0
    :: receiver[i] == n ->
       received[i] = 0;
       told[i] = 0;
       for (j : i * GAPS .. (i + 1) * GAPS - 1) {
         gap_from[j] = 0;
         gap_to[j] = 0
       }
    :: else
    fi
  }
}

active proctype rules() {
  int a, b, c, d, e;
  do
  :: steps?kLast(a, b, c, d, e) -> break
  :: steps?kStream(a, b, c, d, e) ->
     sender[a] = b;
     receiver[a] = c
  :: steps?kRun(a, b, c, d, e) ->
     /* Nothing of an epoch is used in another one, and none begins twice. */
     assert(b == 0 || b != epoch[a]);
     epoch[a] = b;
     if
     :: b != 0 -> begin_run(a)
     :: else /* what it has sent may still come */
     fi
  :: steps?kRequest(a, b, c, d, e) ->
     assert(b >= session[a]); /* none of a session that is over */
     session[a] = b
  :: steps?kAckSent(a, b, c, d, e) ->
     for (i : 0 .. 31) {
       if
       :: c >= i && (d >> i & 1) -> assert(kept[packet_at(b, a, c - i)])
       :: else
       fi
     }
  :: steps?kCreditSent(a, b, c, d, e) ->
     assert(receiver[b] == a && c >= told[b] && c >= received[b]);
     told[b] = c
  :: steps?kFragmentSent(a, b, c, d, e) ->
     assert(sender[b] == a && c < d && d <= limit[b])
  :: steps?kCame(a, b, c, d, e) ->
     i = b * NODES + a;
     if
     :: e == 1 ->
        assert(epoch[a] != 0 && c == epoch[a]);
        assert(!seen[packet_at(b, a, d)] && d + 64 >= newest[i]);
        seen[packet_at(b, a, d)] = true;
        if
        :: d >= newest[i] -> newest[i] = d + 1
        :: else
        fi
     :: else ->
        assert(epoch[a] == 0 || c != epoch[a] || seen[packet_at(b, a, d)] ||
               d + 64 < newest[i])
     fi;
     is_taken = (e == 1);
     all_placed = true;
     peer_now = b;
     packet_now = d;
     covered = 0
  :: steps?kFragment(a, b, c, d, e) ->
     assert(is_taken && receiver[b] == a);
     count_bytes(b, -1);
     take_fragment(b, c, d, told[b]);
     count_bytes(b, 1);
     all_placed = all_placed && verdict != kRefused
  :: steps?kCredit(a, b, c, d, e) ->
     assert(is_taken && sender[b] == a && c <= told[b]);
     take_credit(b, c)
  :: steps?kEnd(a, b, c, d, e) ->
     assert(covered == b && (all_placed == (c == 1)));
     kept[packet_at(peer_now, a, packet_now)] = all_placed
  od
}
