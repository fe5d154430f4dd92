/* Epochs, credit and incarnations, to be explored completely: README.md says
 * what that shows. tools/explore_protocol.sh runs it.
 *
 *   coordinator --stream 0--> role 0 --stream 1--> role 1 ... --> coordinator
 *
 * A fragment is one byte. Its value says of which frame of the service it is:
 * a node copies values, and whoever uses one asserts that it is the right one.
 *
 * What is sent stays in the network until it is lost, and may arrive at any
 * time from then on, in any order and more than once; of what has no effect
 * when it comes, no step is made. So executions are finite, and "each frame
 * ends" needs no assumption about fairness.
 */

#ifndef NODES
#define NODES 3 /* besides the coordinator */
#endif
#ifndef FRAMES
#define FRAMES 2 /* that the service has to answer */
#endif
#ifndef FRAME
#define FRAME 1 /* bytes of a frame, in each stream */
#endif
#ifndef RING
#define RING 1 /* bytes of a node's buffers */
#endif
#ifndef FAULTS
#define FAULTS 1 /* nodes that die, restart, or are given up although they live */
#endif
#ifndef CRASHES
#define CRASHES 1 /* of the coordinator, which starts again */
#endif
#ifndef LOSSES
#define LOSSES 1 /* datagrams that the network loses */
#endif
#ifndef AGAIN
#define AGAIN 1 /* fragments that are sent again although they were not lost */
#endif

#ifndef GAPS
#define GAPS 1 /* ranges of bytes behind a gap that a receiver can note */
#endif
#ifndef SPARE
/* More packet numbers of a stream: a lost acknowledgement has several fragments
 * go again, and so has a gap without room. Too few are found as a deadlock. */
#define SPARE 0
#endif

#define STREAMS (NODES + 1)
#define OFFSET byte
#define WINDOW 2 /* frames that the coordinator has under way */
#if WINDOW * FRAME > RING
#define SLOTS (WINDOW * FRAME) /* of any receiver's ring */
#else
#define SLOTS RING
#endif
#define PACKETS (FRAMES * FRAME + LOSSES + AGAIN + SPARE)
#define EPOCHS (1 + FAULTS + CRASHES)

#include "rules.pml"

/* The service: frames that have their answer, and those before the epoch. */
byte done, base;
byte answered; /* frames of this epoch with their answer */
byte base_of[EPOCHS + 1];
byte epoch; /* 0: no coordinator has started yet */
byte faults, crashes, losses, again;

/* The byte of the service's frames that belongs at an offset of this epoch. */
#define right(offset) (base * FRAME + (offset) + 1)

mtype = { kDown, kConnecting, kStarting, kRunning };
mtype phase = kDown;
bool member[NODES];
bool accepted[NODES], started[NODES]; /* the coordinator knows so */
byte roles;                           /* members of this epoch */
byte node_of[NODES];                  /* role -> node */
byte role[NODES];

/* A node. `session`, `lease`, `running` are epochs, 0 is none. */
bool dead[NODES];
byte session[NODES], lease[NODES], running[NODES];
byte nonce[NODES]; /* another one after each session and each start */
byte frame[NODES]; /* of this epoch, under way */

/* The session's datagrams under way, of this epoch. */
byte hello[NODES];     /* 0: none, 1: without nonce, else 2 + the node's nonce */
byte challenge[NODES]; /* 2 + the node's nonce */
byte known_nonce[NODES];
bool accept_sent[NODES], start_sent[NODES], started_sent[NODES];

/* Streams. The sender's ring, the receiver's ring, and what is on its way. */
byte made[STREAMS], sent[STREAMS], acked[STREAMS], packets[STREAMS];
byte lost[STREAMS]; /* fragments that wait to go again */
byte consumed[STREAMS];
byte out_ring[STREAMS * RING];
byte in_ring[STREAMS * SLOTS];
byte told_limit[STREAMS]; /* a credit under way, 0: none */
byte told_kept[STREAMS];  /* an acknowledgement under way: a bit a packet */

/* By packet: its offset, the value that it carries (0: not on its way). */
#define at(s, p) ((s) * PACKETS + (p))
byte offset_of[STREAMS * PACKETS];
byte wire[STREAMS * PACKETS];
mtype = { kNone, kFlying, kLost };
mtype flight[STREAMS * PACKETS]; /* what the sender thinks of it */
bool seen[STREAMS * PACKETS], kept[STREAMS * PACKETS]; /* the receiver */

hidden byte i, j, p, value, low, space, end_of;

#define coordinates (phase == kRunning)
#define runs(n) (running[n] == epoch && !dead[n])
#define sends(s) (phase != kDown && s <= roles && \
  ((s == 0 && coordinates) || (s > 0 && runs(node_of[(s) - 1]))))
#define takes(s) (phase != kDown && s <= roles && \
  ((s == roles && coordinates) || (s < roles && runs(node_of[s]))))
#define slots_of(s) (s == roles -> WINDOW * FRAME : RING)

/* What a receiver has room for: never beyond the frame under way. */
#ifdef MUTANT_CREDIT_REUSED /* slots count as free before they were read */
#define node_room(s) (received[s] + RING)
#else
#define node_room(s) (consumed[s] + RING)
#endif
#define frame_end(s) ((frame[node_of[s]] + 1) * FRAME)
#define room(s) (s == roles -> (answered + WINDOW) * FRAME : \
  (node_room(s) < frame_end(s) -> node_room(s) : frame_end(s)))

#ifdef MUTANT_NO_CREDIT /* neither end looks at it */
#define sender_limit(s) 255
#define receiver_room(s) 255
#else
#define sender_limit(s) limit[s]
#define receiver_room(s) room(s)
#endif

/* A sender's bytes before this are its ring's no more. */
#ifdef MUTANT_RELEASED_WHEN_SENT /* not only when acknowledged */
#define released(s) sent[s]
#else
#define released(s) acked[s]
#endif

inline tell_credit(s) {
  if
  :: room(s) > limit[s] -> told_limit[s] = room(s)
  :: else
  fi
}

/* ---- an epoch begins: nothing of the one before is used ---- */

inline clear_streams() {
  for (i : 0 .. RANGES - 1) { gap_from[i] = 0; gap_to[i] = 0 }
  for (i : 0 .. STREAMS - 1) {
#ifndef MUTANT_STATE_KEPT
    received[i] = 0; limit[i] = 0; consumed[i] = 0; made[i] = 0;
    acked[i] = 0; sent[i] = 0;
#endif
    lost[i] = 0; packets[i] = 0; told_limit[i] = 0; told_kept[i] = 0;
    for (j : 0 .. PACKETS - 1) {
      offset_of[at(i, j)] = 0; wire[at(i, j)] = 0;
      flight[at(i, j)] = kNone;
      seen[at(i, j)] = false; kept[at(i, j)] = false
    }
#ifndef MUTANT_STATE_KEPT
    for (j : 0 .. RING - 1) { out_ring[i * RING + j] = 0 }
    for (j : 0 .. SLOTS - 1) { in_ring[i * SLOTS + j] = 0 }
#endif
  }
}

/* Asks the members for sessions. */
inline begin_epoch() {
  epoch++;
  assert(epoch <= EPOCHS); /* each one after the first has had its fault */
#ifdef MUTANT_NOT_REPEATED /* frames under way are taken for done */
  base = base + (made[0] / FRAME);
#else
  base = done;
#endif
  base_of[epoch] = base;
  answered = 0;
  clear_streams();
  roles = 0;
  for (i : 0 .. NODES - 1) {
    hello[i] = (member[i] -> 1 : 0); challenge[i] = 0; known_nonce[i] = 0;
    accept_sent[i] = false; start_sent[i] = false; started_sent[i] = false;
    accepted[i] = false; started[i] = false; frame[i] = 0;
    node_of[i] = 0; role[i] = 0
  }
  for (i : 0 .. NODES - 1) {
    if
    :: member[i] -> role[i] = roles; node_of[roles] = i; roles++
    :: else
    fi
  }
  assert(roles > 0);
  phase = kConnecting
}

inline leave_run(n) { running[n] = 0; frame[n] = 0 }

/* ---- sessions ---- */

/* The coordinator says hello to node n, first without the node's nonce. */
inline say_hello(n) {
  hello[n] = (known_nonce[n] > 0 -> known_nonce[n] : 1)
}

/* Only one that names the node's nonce of now begins a session, so a recorded
 * one ends no run; the session that stands gets the same answer again. */
inline hear_hello(n) {
  if
  :: session[n] == epoch -> accept_sent[n] = true
  :: session[n] != epoch && hello[n] == 2 + nonce[n] &&
     (lease[n] == 0 || lease[n] == epoch) ->
     leave_run(n);
     session[n] = epoch; lease[n] = epoch; nonce[n]++;
     accept_sent[n] = true
  :: session[n] != epoch && hello[n] != 2 + nonce[n] ->
     challenge[n] = 2 + nonce[n]
  fi;
  hello[n] = 0
}

/* A program of peers and keys of this epoch begins, with a link that has seen
 * nothing. It begins once: so no packet number is used twice. */
inline start_run(n) {
  if
  :: running[n] == 0 ->
     running[n] = epoch;
     frame[n] = 0;
     assert(made[role[n] + 1] == 0 && packets[role[n] + 1] == 0);
     tell_credit(role[n])
  :: else -> assert(running[n] == epoch)
  fi;
  start_sent[n] = false;
  started_sent[n] = true
}

/* ---- streams ---- */

/* A datagram of this epoch: the bytes are those of the sender's ring now. */
inline send_fragment(s, offset) {
  p = packets[s];
  packets[s]++;
  offset_of[at(s, p)] = offset;
  wire[at(s, p)] = (s == 0 -> right(offset) : out_ring[s * RING + offset % RING]);
  flight[at(s, p)] = kFlying
}

/* The first lost fragment of the stream: `low`, and its flight `j`. */
inline find_lost(s) {
  low = 255;
  for (i : 0 .. PACKETS - 1) {
    if
    :: flight[at(s, i)] == kLost && offset_of[at(s, i)] < low ->
       low = offset_of[at(s, i)]; j = i
    :: else
    fi
  }
}

/* Lost fragments go before new ones. */
inline send_next(s) {
  if
  :: lost[s] > 0 ->
     find_lost(s);
     flight[at(s, j)] = kNone;
     lost[s]--;
     assert(low >= released(s)); /* no byte is read that was released */
     send_fragment(s, low)
  :: else ->
     send_fragment(s, sent[s]);
     sent[s]++
  fi
}

/* Packet i of stream s comes, for the first time. */
inline take_packet(s, i) {
  value = wire[at(s, i)];
  seen[at(s, i)] = true;
  place_packet(s, offset_of[at(s, i)], value);
  kept[at(s, i)] = (verdict != kRefused);
#ifdef MUTANT_ACKNOWLEDGED_UNPLACED
  kept[at(s, i)] = true;
#endif
  answer_sender(s);
  if
  :: verdict == kOld -> tell_credit(s) /* what it was told may be lost */
  :: verdict == kPlaced && s == roles -> take_answers()
  :: else
  fi
}

inline place_packet(s, offset, byte_of) {
  space = receiver_room(s);
  end_of = offset + 1;
  take_fragment(s, offset, end_of, space);
  if
  :: verdict == kPlaced || verdict == kBehindGap ->
     in_ring[s * SLOTS + offset % slots_of(s)] = byte_of
  :: verdict == kOld ->
#ifdef MUTANT_OLD_OFFSETS_PLACED
     in_ring[s * SLOTS + offset % slots_of(s)] = byte_of
#endif
     skip
  :: else
  fi
}

inline answer_sender(s) {
  told_kept[s] = 0;
  for (j : 0 .. PACKETS - 1) {
    if
    :: kept[at(s, j)] -> told_kept[s] = told_kept[s] | (1 << j)
    :: else
    fi
  }
}

/* A sender's bytes are free up to the first one that no acknowledged fragment
 * covers. */
inline take_acknowledgement(s) {
  acked[s] = sent[s];
  for (j : 0 .. PACKETS - 1) {
    if
    :: flight[at(s, j)] != kNone && (told_kept[s] >> j & 1) ->
       if
       :: flight[at(s, j)] == kLost -> lost[s]-- /* it was only overtaken */
       :: else
       fi;
       flight[at(s, j)] = kNone
    :: flight[at(s, j)] != kNone && !(told_kept[s] >> j & 1) &&
       offset_of[at(s, j)] < acked[s] ->
       acked[s] = offset_of[at(s, j)]
    :: else
    fi
  }
  told_kept[s] = 0;
  submit()
}

/* ---- the coordinator's frames ---- */

#define least(a, b) ((a) < (b) -> (a) : (b))

inline submit() {
  if
  :: coordinates ->
     made[0] = FRAME * least(FRAMES - base,
                             least(answered, acked[0] / FRAME) + WINDOW)
  :: else
  fi
}

/* Frames have their answer when all of their bytes are there. */
inline take_answers() {
  do
  :: received[roles] >= (answered + 1) * FRAME ->
     for (j : answered * FRAME .. (answered + 1) * FRAME - 1) {
       assert(in_ring[roles * SLOTS + j % slots_of(roles)] == right(j))
     }
     assert(base + answered == done); /* in order, each one once */
     answered++;
     done++
  :: else -> break
  od;
  submit();
  tell_credit(roles)
}

/* ---- a node's work ---- */

#define in(n) role[n]
#define out(n) (role[n] + 1)
#define frame_of(n) ((frame[n] + 1) * FRAME) /* where it ends */

#define can_fire(n) (consumed[in(n)] < received[in(n)] && \
  consumed[in(n)] < frame_of(n) && made[out(n)] - released(out(n)) < RING)

inline fire(n) {
  i = in(n) * SLOTS + consumed[in(n)] % RING;
  assert(in_ring[i] == right(consumed[in(n)])); /* no old byte */
  out_ring[out(n) * RING + made[out(n)] % RING] = in_ring[i];
  consumed[in(n)]++;
  made[out(n)]++;
  tell_credit(in(n))
}

#ifdef MUTANT_STAGE_LEFT_EARLY /* before its rows were acknowledged */
#define has_left(n) (sent[out(n)] == frame_of(n))
#else
#define has_left(n) (acked[out(n)] == frame_of(n))
#endif
#define can_go_on(n) (made[out(n)] == frame_of(n) && has_left(n))

/* What was on its way is forgotten (Link::begin_stage). */
inline begin_frame(n) {
  frame[n]++;
  for (i : 0 .. PACKETS - 1) { flight[at(out(n), i)] = kNone }
  lost[out(n)] = 0;
  acked[out(n)] = sent[out(n)];
  tell_credit(in(n))
}

/* ---- processes ---- */

#define busy (done < FRAMES)
#define may_lose (busy && losses < LOSSES)

#ifdef MUTANT_NO_RESEND
#define resends false
#else
#define resends true
#endif
#ifdef MUTANT_NO_PROBE
#define probes false
#else
#define probes true
#endif

/* Whether the sender of a fragment waits for an answer in vain. */
#define is_flying(s, i) (flight[at(s, i)] == kFlying)
#define has_no_answer(s, i) ((wire[at(s, i)] == 0 && !seen[at(s, i)]) || \
  (seen[at(s, i)] && !kept[at(s, i)] && \
   offset_of[at(s, i)] <= received[s]) || \
  (kept[at(s, i)] && !(told_kept[s] >> i & 1)))

#define packet_steps(i) \
  :: d_step { i < PACKETS && busy && wire[at(s, i)] != 0 && !seen[at(s, i)] && \
     takes(s) -> take_packet(s, i) } \
  :: d_step { i < PACKETS && may_lose && wire[at(s, i)] != 0 && !seen[at(s, i)] -> \
      wire[at(s, i)] = 0; losses++ } \
  :: d_step { i < PACKETS && resends && busy && sends(s) && is_flying(s, i) && \
     has_no_answer(s, i) -> flight[at(s, i)] = kLost; lost[s]++ } \
  :: d_step { i < PACKETS && resends && busy && sends(s) && is_flying(s, i) && \
     !has_no_answer(s, i) && again < AGAIN -> \
      flight[at(s, i)] = kLost; lost[s]++; again++ }

active [STREAMS] proctype stream() {
  byte s = _pid;
end:
  do
  :: d_step { busy && sends(s) && packets[s] < PACKETS && (lost[s] > 0 ||
     (sent[s] < sender_limit(s) && sent[s] < made[s])) ->
      send_next(s) }
  packet_steps(0)
  packet_steps(1)
  packet_steps(2)
  packet_steps(3)
  packet_steps(4)
  packet_steps(5)
  packet_steps(6)
  packet_steps(7)
  :: d_step { busy && sends(s) && told_kept[s] != 0 ->
      take_acknowledgement(s) }
  :: d_step { may_lose && told_kept[s] != 0 -> told_kept[s] = 0; losses++ }
  :: d_step { busy && sends(s) && told_limit[s] != 0 ->
      take_credit(s, told_limit[s]); told_limit[s] = 0 }
  :: d_step { may_lose && told_limit[s] != 0 -> told_limit[s] = 0; losses++ }
  /* A sender that waits for credit alone asks for it, and is told. */
  :: d_step { probes && busy && sends(s) && takes(s) && told_limit[s] == 0 &&
     sent[s] == acked[s] && sent[s] == limit[s] && made[s] > sent[s] &&
     room(s) > limit[s] -> tell_credit(s) }
  od
}

/* Returns whether the hello under way changes anything. */
#define hello_counts(n) (hello[n] != 0 && !dead[n] && ( \
  (session[n] == epoch && !accept_sent[n] && !accepted[n]) || \
  (session[n] != epoch && hello[n] == 2 + nonce[n] && lease[n] == 0) || \
  (session[n] != epoch && hello[n] != 2 + nonce[n] && \
   challenge[n] != 2 + nonce[n])))

active [NODES] proctype node() {
  byte n = _pid - STREAMS;
end:
  do
  :: d_step { busy && runs(n) && can_fire(n) -> fire(n) }
  :: d_step { busy && runs(n) && can_go_on(n) -> begin_frame(n) }
  /* Its session: hello, challenge, hello with the nonce, accepted; start. */
  :: d_step { busy && hello_counts(n) -> hear_hello(n) }
  :: d_step { busy && challenge[n] != 0 && !accepted[n] ->
      known_nonce[n] = challenge[n]; challenge[n] = 0; say_hello(n) }
  :: d_step { busy && accept_sent[n] && !accepted[n] ->
      accepted[n] = true; accept_sent[n] = false }
  :: d_step { busy && phase == kConnecting && member[n] && !accepted[n] &&
     hello[n] == 0 && challenge[n] == 0 && !accept_sent[n] ->
      say_hello(n) }
  :: d_step { busy && start_sent[n] && session[n] == epoch && !dead[n] ->
      start_run(n) }
  :: d_step { busy && started_sent[n] && !started[n] ->
      started[n] = true; started_sent[n] = false }
  :: d_step { busy && phase == kStarting && member[n] && !started[n] &&
     !start_sent[n] && !started_sent[n] -> start_sent[n] = true }
  :: d_step { may_lose && hello[n] != 0 -> hello[n] = 0; losses++ }
  :: d_step { may_lose && challenge[n] != 0 -> challenge[n] = 0; losses++ }
  :: d_step { may_lose && accept_sent[n] -> accept_sent[n] = false; losses++ }
  :: d_step { may_lose && start_sent[n] -> start_sent[n] = false; losses++ }
  :: d_step { may_lose && started_sent[n] ->
      started_sent[n] = false; losses++ }
  /* The lease of a coordinator that is gone runs out, or is given back. */
  :: d_step { busy && phase != kDown && lease[n] != 0 && lease[n] != epoch ->
      lease[n] = 0 }
  /* A node dies, and may start again: a new incarnation that knows nothing. */
  :: d_step { busy && !dead[n] && faults < FAULTS && phase != kDown && member[n] ->
       faults++; dead[n] = true;
       leave_run(n); session[n] = 0; lease[n] = 0
     }
  :: d_step { busy && dead[n] -> dead[n] = false; nonce[n]++ }
  od
}

#define is_lost(n) (member[n] && \
  (dead[n] || (accepted[n] && session[n] != epoch)))

inline go_on_without(n) {
  member[n] = false;
  begin_epoch()
}

inline open_links() {
  phase = kRunning;
  submit();
  tell_credit(roles)
}

#define all(what) (forall_0(what) && forall_1(what) && forall_2(what))
#define forall_0(what) (!member[0] || what[0])
#define forall_1(what) (!member[1] || what[1])
#if NODES > 2
#define forall_2(what) (!member[2] || what[2])
#else
#define forall_2(what) true
#endif

active proctype coordinator() {
  do
  :: done == FRAMES -> break
  :: d_step { busy && phase == kDown ->
       for (i : 0 .. NODES - 1) { member[i] = !dead[i] }
       begin_epoch()
     }
  :: d_step { busy && phase == kConnecting && all(accepted) ->
       for (i : 0 .. NODES - 1) { start_sent[i] = member[i] }
       phase = kStarting
     }
  :: d_step { busy && phase == kStarting && all(started) -> open_links() }
  :: d_step { busy && phase != kDown && crashes < CRASHES ->
      crashes++; phase = kDown }
  :: d_step { busy && phase != kDown && is_lost(0) -> go_on_without(0) }
  :: d_step { busy && phase != kDown && is_lost(1) -> go_on_without(1) }
  :: d_step { busy && phase != kDown && faults < FAULTS && member[0] ->
      faults++; go_on_without(0) }
  :: d_step { busy && phase != kDown && faults < FAULTS && member[1] ->
      faults++; go_on_without(1) }
#if NODES > 2
  :: d_step { busy && phase != kDown && is_lost(2) -> go_on_without(2) }
  :: d_step { busy && phase != kDown && faults < FAULTS && member[2] ->
      faults++; go_on_without(2) }
#endif
  od
}

#include "past.pml"

ltl each_frame_ends { <> (done == FRAMES) }
