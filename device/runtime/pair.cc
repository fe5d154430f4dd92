#include "device/runtime/pair.h"

#if defined(SHOAL_TWO_CORES)

#include "device/program/actor.h"

namespace shoal {
namespace {

void set_word(uint32_t& word, uint32_t value) {
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

// A core that comes back late finds nothing to begin.
Status await_for(shoal_pair& pair, uint32_t most_us) {
  const shoal_second_core& core = *pair.core;
  if (core.wait(core.user, &pair.done, pair.asked, most_us) == 0) {
    return Status::kOk;
  }
  set_word(pair.withdrawn, 1);
  return Status::kSecondCore;
}

// A core that was stopped writes nothing any more. One that does not start
// stays at its first job, so that it is not idle.
void start_again(shoal_pair& pair) {
  const shoal_second_core* const core = pair.core;
  if (!core->stop || core->stop(core->user) != 0) return;
  const uint32_t limit_us = pair.limit_us;
  static_cast<void>(shoal_start_pair(&pair, core));
  pair.limit_us = limit_us;
}

template <class S>
struct Half : CoreJob {
  Half(void (*kernel)(const S&), const S& what)
      : CoreJob{&Half::fire}, kernel_(kernel), slice_(what) {}

 private:
  static void fire(const CoreJob& job) {
    const auto& half = static_cast<const Half&>(job);
    half.kernel_(half.slice_);
  }
  void (*kernel_)(const S&);
  const S& slice_;
};

template <class S>
Status fire_halves(shoal_pair& pair, void (*fire)(const S&), const S& first,
                   const S& second) {
  if (!is_idle(pair)) return Status::kSecondCore;
  const Half<S> half(fire, second);
  ask(pair, &half);
  fire(first);
  return await(pair);
}

bool channels_apart(const ActorRecord& a) {
  return channels_apart(a.op, a.multiplier, a.flags & kReduceChannels);
}

int speed_of(const shoal_second_core& core) {
  constexpr uint32_t kMost = 4 * kLikeSpeed;
  const uint32_t speed = core.speed;
  return speed == 0 || speed > kMost ? kLikeSpeed : static_cast<int>(speed);
}

Halves halves_of(const Slice& s, const shoal_second_core& core) {
  const ActorRecord& a = *s.actor;
  SliceBox box;
  box.rows = s.hi - s.lo, box.columns = s.x1 - s.x0;
  box.channels = channels_apart(a) ? s.out_n : s.out.channels;
  const int columns = is_reduction(a.op) ? s.in[0].columns : a.kernel_w;
  box.products = products_of(a.op, (s.ky_hi - s.ky_lo) * columns, s.in_n);
  return halves_of(a.op, channels_apart(a), box, core.least_products,
                   speed_of(core));
}

// The channels of a slice from its channel `from` on.
void drop_channels(Slice& s, int from) {
  const ActorRecord& a = *s.actor;
  s.out0 += from, s.out_n -= from;
  if (a.op != OpCode::kConv && a.op != OpCode::kTransposeConv) {
    s.in0 += from, s.in_n -= from;
  }
  if (has_weights(a.op) && s.weights) {
    s.weights += from * (a.op == OpCode::kDepthwise ? 1 : s.weight_stride);
  }
  if (!s.bias) return;
  s.bias += from, s.multipliers += from, s.shifts += from;
}

void keep_channels(Slice& s, int count) {
  if (is_reduction(s.actor->op)) s.in_n = count;
  s.out_n = count;
}

}  // namespace

// Only one core writes each word, and reads it back as it likes.
bool is_idle(const shoal_pair& pair) {
  return shoal_read_word(&pair.done) == pair.asked;
}

bool is_back(shoal_pair& pair) {
  if (!is_idle(pair)) start_again(pair);
  return is_idle(pair);
}

void ask(shoal_pair& pair, const CoreJob* job) {
  pair.job = job;
  pair.withdrawn = 0;
  set_word(pair.asked, pair.asked + 1);
  pair.core->ring(pair.core->user);
}

Status await(shoal_pair& pair) {
  const Status status = await_for(pair, pair.limit_us);
  if (status != Status::kOk) start_again(pair);
  return status;
}

void limit_half(shoal_pair& pair, uint32_t gap_us) {
  constexpr uint32_t kGaps = 16, kLeastUs = 2000000;
  const uint32_t most = pair.core->timeout_us;
  uint32_t us = gap_us == 0 || gap_us > most / kGaps ? most : gap_us * kGaps;
  if (us < kLeastUs && kLeastUs < most) us = kLeastUs;
  pair.limit_us = us;
}

Status fire_on_both(shoal_pair& pair, void (*fire)(const Slice&),
                    const Slice& s) {
  const Halves halves =
      has_int4_weights(*s.actor) ? Halves{} : halves_of(s, *pair.core);
  if (halves.axis == Axis::kNone) {
    fire(s);
    return Status::kOk;
  }
  Slice first = s, second = s;
  switch (halves.axis) {
    case Axis::kRows:
      first.hi = second.lo = s.lo + halves.at;
      break;
    case Axis::kColumns:
      first.x1 = second.x0 = s.x0 + halves.at;
      break;
    default:
      keep_channels(first, halves.at);
      drop_channels(second, halves.at);
  }
  return fire_halves(pair, fire, first, second);
}

Status fire_on_both(shoal_pair& pair, void (*fire)(const PlainSlice&),
                    const PlainSlice& s) {
  const ActorRecord& a = s.actor;
  Halves halves;
  if (!has_int4_weights(a)) {
    SliceBox box;
    box.rows = s.hi - s.lo;
    box.columns = columns(*s.ends.out) / a.slices;
    box.channels = s.chunk.out_n;
    box.products =
        products_of(a.op, a.kernel_h * a.kernel_w, channels(*s.ends.in));
    halves = halves_of(a.op, channels_apart(a), box, pair.core->least_products,
                       speed_of(*pair.core));
  }
  if (halves.axis == Axis::kNone) {
    fire(s);
    return Status::kOk;
  }
  PlainSlice first = s, second = s;
  if (halves.axis == Axis::kRows) {
    first.hi = second.lo = s.lo + halves.at;
  } else {
    first.part = {halves.axis, halves.at, false};
    second.part = {halves.axis, halves.at, true};
  }
  return fire_halves(pair, fire, first, second);
}

}  // namespace shoal

using shoal::CoreJob;

shoal_status shoal_start_pair(shoal_pair* pair, const shoal_second_core* core) {
  static constexpr CoreJob kHello = {[](const CoreJob&) {}};
  *pair = {};
  pair->core = core;
  pair->limit_us = core->timeout_us;
  pair->job = &kHello;
  shoal::set_word(pair->asked, 1);
  if (core->start(core->user, pair) != 0) return SHOAL_SECOND_CORE;
  return static_cast<shoal_status>(shoal::await_for(*pair, core->timeout_us));
}

shoal_status shoal_stop_pair(shoal_pair* pair) {
  if (!shoal::is_idle(*pair)) return SHOAL_SECOND_CORE;
  shoal::ask(*pair, nullptr);
  return static_cast<shoal_status>(
      shoal::await_for(*pair, pair->core->timeout_us));
}

void shoal_serve_pair(shoal_pair* pair) {
  const shoal_second_core& core = *pair->core;
  for (uint32_t number = pair->done + 1;; ++number) {
    while (core.wait(core.user, &pair->asked, number, 0) != 0) continue;
    const auto* const job = static_cast<const CoreJob*>(pair->job);
    if (job && !shoal_read_word(&pair->withdrawn)) job->run(*job);
    shoal::set_word(pair->done, number);
    core.ring(core.user);
    if (!job) return;
  }
}

#endif
