/* Datagrams of epochs that are over, for recovery.pml.
 *
 * All that such a one may say is offered at any time, as often as it likes:
 * bytes that were right in their epoch, requests and answers of old sessions.
 * Nodes that were given up although they live send such datagrams, too.
 */

#if defined(MUTANT_NO_EPOCH_CHECK)
#define takes_epoch(e) true
#elif defined(MUTANT_EPOCH_REUSED) /* by a coordinator that starts again */
#define takes_epoch(e) ((e) == epoch || crashes > 0)
#else
#define takes_epoch(e) ((e) == epoch)
#endif
#ifdef MUTANT_NO_SESSION_CHECK
#define takes_session(e) true
#else
#define takes_session(e) ((e) == epoch)
#endif
#ifdef MUTANT_NO_NONCE
#define takes_hello(e, n) true
#else
#define takes_hello(e, n) ((e) == epoch)
#endif
#ifdef MUTANT_OLD_ANSWER_TAKEN
#define takes_answer(e) true
#else
#define takes_answer(e) ((e) == epoch)
#endif

/* Values of an epoch whose first frame was another one differ. */
#define old_value(e, offset) (base_of[e] * FRAME + (offset) + 1)
#define old_exists(e, offset) \
  ((e) < epoch && (offset) < (FRAMES - base_of[e]) * FRAME)

#define past_steps(e, o) \
  :: d_step { busy && old_exists(e, o) && takes_epoch(e) && takes(s) && \
     o >= received[s] && o < receiver_room(s) -> \
       place_packet(s, o, old_value(e, o)); \
       if \
       :: s == roles -> take_answers() \
       :: else -> tell_credit(s) \
       fi \
     }

active [STREAMS] proctype past_stream() {
  byte s = _pid - STREAMS - NODES - 1;
end:
  do
  past_steps(1, 0)
  past_steps(1, 1)
#if EPOCHS > 2
  past_steps(2, 0)
  past_steps(2, 1)
#endif
  od
}

active [NODES] proctype past_session() {
  byte n = _pid - 2 * STREAMS - NODES - 1;
end:
  do
  :: d_step { busy && epoch > 1 && takes_session(epoch - 1) && session[n] == epoch &&
     running[n] == epoch -> leave_run(n) } /* stop */
  :: d_step { busy && epoch > 1 && takes_hello(epoch - 1, n) && session[n] == epoch ->
      leave_run(n); session[n] = epoch - 1; nonce[n]++ }
  :: d_step { busy && phase == kStarting && epoch > 1 && takes_answer(epoch - 1) &&
     member[n] && !started[n] -> started[n] = true }
  od
}
