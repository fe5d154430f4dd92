/* The rules of a stream between two nodes, as device/link/receive.cc and
 * device/link/gaps.cc have them. recovery.pml explores them, trace.pml compares
 * them with what the real code did.
 *
 * Offsets count the bytes of a stream over all frames of an epoch. The includer
 * defines STREAMS, GAPS and OFFSET, the type of an offset.
 */

OFFSET received[STREAMS]; /* all bytes before this one have been placed */
OFFSET limit[STREAMS];    /* the sender knows that it may send those before */
/* Ranges behind a gap, ascending; empty entries stand at the end. */
#define RANGES (STREAMS * GAPS + 1)
OFFSET gap_from[RANGES], gap_to[RANGES];

mtype = {
  kOld,       /* it was there before: acknowledged, not placed */
  kPlaced,    /* it began where bytes were missing */
  kBehindGap, /* placed, and bytes before it are missing */
  kRefused    /* beyond credit, or no room for one more gap: not acknowledged */
};

/* Scratch; no part of the state. */
hidden mtype verdict;
hidden OFFSET gap, behind, last;

#define used(i) (gap_from[i] != gap_to[i])

/* The ranges of stream s that [from, to) meets or touches are [gap, behind). */
inline find_touched(s, from, to) {
  gap = (s) * GAPS;
  last = ((s) + 1) * GAPS;
  do
  :: gap < last && used(gap) && gap_to[gap] < from -> gap++
  :: else -> break
  od;
  behind = gap;
  do
  :: behind < last && used(behind) && gap_from[behind] <= to -> behind++
  :: else -> break
  od
}

/* Takes the entries [to_entry, behind) of the stream away. */
inline remove_ranges(to_entry) {
  do
  :: behind < last ->
     gap_from[to_entry] = gap_from[behind];
     gap_to[to_entry] = gap_to[behind];
     to_entry++;
     behind++
  :: else -> break
  od;
  do
  :: to_entry < last ->
     gap_from[to_entry] = 0;
     gap_to[to_entry] = 0;
     to_entry++
  :: else -> break
  od
}

/* Notes [from, to) and the ranges that find_touched() has found as one. */
inline add_range(from, to) {
  if
  :: gap == behind ->
     behind = last - 1;
     do
     :: behind > gap ->
        gap_from[behind] = gap_from[behind - 1];
        gap_to[behind] = gap_to[behind - 1];
        behind--
     :: else -> break
     od;
     gap_from[gap] = from;
     gap_to[gap] = to
  :: else ->
     if
     :: from < gap_from[gap] -> gap_from[gap] = from
     :: else
     fi;
     gap_to[gap] = gap_to[behind - 1];
     if
     :: gap_to[gap] < to -> gap_to[gap] = to
     :: else
     fi;
     gap++;
     remove_ranges(gap)
  fi
}

/* A fragment [from, to) of stream s comes, whose receiver has room before
 * `room`. Sets the verdict (Link::place_fragment). */
inline take_fragment(s, from, to, room) {
  if
  :: to <= received[s] -> verdict = kOld
  :: to > received[s] && to > room -> verdict = kRefused
  :: to > received[s] && to <= room && from > received[s] ->
     find_touched(s, from, to);
     if
     :: gap < behind || (GAPS > 0 && !used(last - 1)) ->
        add_range(from, to);
        verdict = kBehindGap
     :: else -> verdict = kRefused
     fi
  :: to > received[s] && to <= room && from <= received[s] ->
     received[s] = to;
     find_touched(s, 0, to);
     if
     :: behind > gap ->
        if
        :: gap_to[behind - 1] > to -> received[s] = gap_to[behind - 1]
        :: else
        fi;
        remove_ranges(gap)
     :: else
     fi;
     verdict = kPlaced
  fi
}

/* Credit never decreases, in whatever order it comes (Link::take_credit). */
inline take_credit(s, to) {
  if
  :: to > limit[s] -> limit[s] = to
  :: else
  fi
}
