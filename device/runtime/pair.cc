#include "device/runtime/pair.h"

#if defined(SHOAL_TWO_CORES)

#include "device/program/actor.h"

namespace shoal {
namespace {

// Values of shoal_pair::alone.
constexpr uint32_t kBoth = 0, kUntilIdle = 1, kUntilStarted = 2;

void set_word(uint32_t& word, uint32_t value) {
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

// Each core writes its word before it reads the other one's, so one of them
// sees what the other one wrote: no job is begun that counts as not begun.
void write_in_order(uint32_t& word, uint32_t value) {
  __atomic_store_n(&word, value, __ATOMIC_SEQ_CST);
}
uint32_t read_in_order(const uint32_t& word) {
  return __atomic_load_n(&word, __ATOMIC_SEQ_CST);
}

// A core that comes back late finds nothing to begin.
Status await_for(shoal_pair& pair, uint32_t most_us) {
  const shoal_second_core& core = *pair.core;
  if (core.wait(core.user, &pair.done, pair.asked, most_us) == 0) {
    return Status::kOk;
  }
  write_in_order(pair.withdrawn, 1);
  if (read_in_order(pair.begun) == pair.asked) return Status::kSecondCore;
  pair.alone = kUntilIdle;
  return Status::kWait;
}

// A core that was stopped writes nothing any more.
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
  const Status status = await(pair);
  if (status != Status::kWait) return status;
  fire(second);
  return Status::kOk;
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

bool is_alone(const shoal_pair& pair) {
  return pair.alone == kUntilStarted ||
         (pair.alone == kUntilIdle && !is_idle(pair));
}

bool is_back(shoal_pair& pair) {
  if (is_alone(pair)) return true;
  if (!is_idle(pair)) start_again(pair);
  return is_idle(pair) || is_alone(pair);
}

void ask(shoal_pair& pair, const CoreJob* job) {
  pair.job = job;
  pair.withdrawn = 0;
  pair.alone = kBoth;
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
  const bool whole = has_int4_weights(*s.actor) || is_alone(pair);
  const Halves halves = whole ? Halves{} : halves_of(s, *pair.core);
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
  if (!has_int4_weights(a) && !is_alone(pair)) {
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
  pair->alone = shoal::kUntilIdle;
  shoal::set_word(pair->asked, 1);
  if (core->start(core->user, pair) != 0) return SHOAL_SECOND_CORE;
  const shoal::Status status = shoal::await_for(*pair, core->timeout_us);
  return status == shoal::Status::kOk ? SHOAL_OK : SHOAL_SECOND_CORE;
}

shoal_status shoal_stop_pair(shoal_pair* pair) {
  if (pair->alone == shoal::kUntilStarted) return SHOAL_OK;
  const shoal_second_core& core = *pair->core;
  bool is_over = false;
  if (shoal::is_idle(*pair)) {
    shoal::ask(*pair, nullptr);
    is_over = shoal::await_for(*pair, core.timeout_us) == shoal::Status::kOk;
  }
  if (!is_over && (!core.stop || core.stop(core.user) != 0)) {
    return SHOAL_SECOND_CORE;
  }
  pair->alone = shoal::kUntilStarted;
  return SHOAL_OK;
}

shoal_status shoal_pair_status(const shoal_pair* pair) {
  return shoal::is_alone(*pair) ? SHOAL_SECOND_CORE : SHOAL_OK;
}

void shoal_serve_pair(shoal_pair* pair) {
  const shoal_second_core& core = *pair->core;
  for (uint32_t number = pair->done + 1;; ++number) {
    while (core.wait(core.user, &pair->asked, number, 0) != 0) continue;
    const auto* const job = static_cast<const CoreJob*>(pair->job);
    shoal::write_in_order(pair->begun, number);
    const bool is_wanted = !shoal::read_in_order(pair->withdrawn);
    if (is_wanted && job) job->run(*job);
    shoal::set_word(pair->done, number);
    core.ring(core.user);
    if (is_wanted && !job) return;
  }
}

#endif
