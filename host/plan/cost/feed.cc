#include "host/plan/cost/feed.h"

#include <algorithm>

#include "host/plan/cost/tape.h"
#include "host/plan/cost/time.h"
#include "host/plan/types/stream_table.h"

namespace shoal {
namespace {

// The slices of one actor. A firing takes a part of the time of all firings.
class ActorSlices {
 public:
  ActorSlices(const Net& net, const PlanStage& stage, const PlanActor& a,
              const LayerTime& time, const Board& board, int first_chunk,
              size_t sets)
      : a_(a), first_chunk_(first_chunk), sets_(sets), time_(time) {
    const PlanWeights& w = a.weights;
    on_tape_ = w.place == WeightPlace::kTape && !w.chunks.empty();
    rows_ = stage.ports[a.out].box.rows();
    costs_ = &board.costs;
    if (!a.copy) {
      layer_ = &net.layers[a.layer];
      op_ = layer_->op;
      kernel_h_ = layer_->kernel_h;
      share_ = share_of(net, stage, a);
    }
    parts_ = !a.copy && has_window(op_) && a.part < kernel_h_
                 ? ceil_div(kernel_h_, a.part)
                 : 1;
    groups_ = w.chunks.empty() || op_ == OpCode::kConstant ? 1 : w.groups;
    for (int g = 0; g < groups_ && !w.chunks.empty(); ++g) {
      channels_ += w.chunks[g].out_n;
    }
    time_.flash_ps = reading_ps(w, time_, board);
    // Weights in the cache are read once: by the first firing, or by the parts
    // of the first row.
    cached_ = time_.weight_read_bytes > 0 &&
              time_.weight_read_bytes <= board.costs.cache_bytes;
    of_part_.resize(static_cast<size_t>(parts_));
  }

  const LayerTime& time() const { return time_; }
  size_t sets() const { return sets_; }
  void begin() { fired_ = 0; }

  void fire(std::vector<FeedSlice>& slices) {
    const int firing = fired_++;
    const int lo = firing / parts_ * a_.band;
    const int band = std::min(a_.band, rows_ - lo);
    const bool is_first = cached_ && firing < parts_;
    if (op_ == OpCode::kConstant || band < a_.band || is_first ||
        parts_ % a_.weights.parts != 0) {
      return add(firing, band, slices);
    }
    // All whole bands of a part have equal slices.
    std::vector<FeedSlice>& known =
        of_part_[static_cast<size_t>(firing % parts_)];
    if (known.empty()) add(firing, band, known);
    slices.insert(slices.end(), known.begin(), known.end());
  }

  // Adds the slices of a turn of a loop's firing.
  void turn(int iteration, const PlanLoop& loop, int64_t firings,
            std::vector<FeedSlice>& slices) const {
    const int64_t all = firings * loop.iterations;
    push((time_.compute_ps + time_.flash_ps) / all, time_.firing_ps / all,
         op_ == OpCode::kLut ? 0 : iteration, slices);
  }

 private:
  void add(int firing, int64_t band, std::vector<FeedSlice>& slices) const {
    const int part = firing % parts_;
    const int64_t tall = std::min(a_.part, kernel_h_ - part * a_.part);
    int64_t compute = part_of(time_.compute_ps, row_parts_of(band, 1),
                              row_parts_of(rows_, ceil_div(rows_, a_.band)));
    if (parts_ > 1) compute = compute * tall / kernel_h_;
    int64_t flash = time_.flash_ps / time_.firings;
    if (cached_) flash = firing < parts_ ? time_.flash_ps / parts_ : 0;
    const PlanWeights& w = a_.weights;
    for (int g = 0; g < groups_; ++g) {
      int chunk = g;
      int64_t core = compute, stall = flash;
      if (op_ == OpCode::kConstant) {
        chunk = std::min(firing * a_.band / w.chunks[0].out_n, w.groups - 1);
      } else if (groups_ > 1) {
        core = compute * w.chunks[g].out_n / channels_;
        stall = flash * w.chunks[g].out_n / channels_;
      }
      if (w.parts > 1) chunk += firing % w.parts * w.groups;
      if (g == 0) stall += firings_ps(*costs_, 1, band);
      push(core, stall, chunk, slices);
    }
  }

  int64_t row_parts_of(int64_t rows, int64_t firings) const {
    return layer_ ? row_parts(*layer_, share_, *costs_, rows, firings) : rows;
  }

  // Cuts the work into the plan's number of slices.
  void push(int64_t core, int64_t extra, int chunk,
            std::vector<FeedSlice>& slices) const {
    for (int i = 0; i < a_.slices; ++i) {
      slices.push_back({core / a_.slices + (i == 0 ? extra : 0),
                        on_tape_ ? first_chunk_ + chunk : -1, sets_});
    }
  }

  const PlanActor& a_;
  const int first_chunk_;
  const size_t sets_;
  LayerTime time_;
  const Layer* layer_ = nullptr;  // null: a copy
  LayerShare share_;
  const Costs* costs_ = nullptr;
  OpCode op_{};
  bool on_tape_ = false, cached_ = false;
  int rows_ = 1, kernel_h_ = 1, parts_ = 1, groups_ = 1, fired_ = 0;
  int64_t channels_ = 0;
  std::vector<std::vector<FeedSlice>> of_part_;  // of a firing; empty: not yet
};

// Collects the slices of all actors of a stage, for one frame.
class Slices {
 public:
  Slices(const Net& net, const PlanStage& stage,
         const std::vector<LayerTime>& times, const Board& board)
      : stage_(stage) {
    int chunks = 0;
    size_t sets = 0;
    actors_.reserve(stage.actors.size());
    for (const PlanActor& a : stage.actors) {
      const bool set = a.weights.place == WeightPlace::kSram && !a.weights.keep;
      if (set) sets += a.weights.chunks.size();
      actors_.emplace_back(net, stage, a, times[actors_.size()], board, chunks,
                           set ? sets : 0);
      if (a.weights.place != WeightPlace::kTape) continue;
      chunks += static_cast<int>(a.weights.chunks.size());
    }
  }

  // Begins another frame.
  void begin() {
    for (ActorSlices& a : actors_) a.begin();
  }

  // Returns how many chunks of sets the actor's firings need, or those of its
  // loop.
  size_t sets(int actor) const {
    const int loop = stage_.actors[actor].loop;
    if (loop < 0) return actors_[actor].sets();
    const PlanLoop& l = stage_.loops[loop];
    size_t most = 0;
    for (int j = 0; j < l.actors; ++j) {
      most = std::max(most, actors_[l.first_actor + j].sets());
    }
    return most;
  }

  void fire(int actor, std::vector<FeedSlice>& slices) {
    const int loop = stage_.actors[actor].loop;
    if (loop < 0) return actors_[actor].fire(slices);
    const PlanLoop& l = stage_.loops[loop];
    const int64_t firings =
        actors_[l.first_actor + l.actors - 1].time().firings;
    for (int turn = 0; turn < l.iterations; ++turn) {
      for (int j = 0; j < l.actors; ++j) {
        actors_[l.first_actor + j].turn(turn, l, firings, slices);
      }
    }
  }

 private:
  const PlanStage& stage_;
  std::vector<ActorSlices> actors_;
};

// The cost of a chunk, which may be read many times.
struct Read {
  int64_t bytes = 0;  // with tags
  int64_t read_ps = 0, check_ps = 0;
};
Read read_of(const Supply& supply, int64_t bytes) {
  return {bytes, supply.read_ps(bytes), supply.check_ps(bytes)};
}

// The storage's queue beside the core's.
class Queues {
 public:
  Queues() = default;
  Queues(const std::vector<Read>& sets, const std::vector<Read>& tape,
         const std::vector<FeedSlice>& slices, uint32_t slots)
      : reads_(sets), sets_(sets.size()), slots_(slots) {
    int last = -1;
    reads_.reserve(sets.size() + slices.size());
    for (const FeedSlice& s : slices) {
      if (s.chunk < 0 || s.chunk == last) continue;
      reads_.push_back(tape[last = s.chunk]);
    }
  }

  // Reads while nothing else is under way.
  void read(const Read& r) {
    request(r);
    now_ += r.read_ps;
    t_.wait_ps += r.read_ps;
    ++t_.waits;
    check(r);
  }

  void run(const FeedSlice& s) {
    while (check()) continue;
    wait_until([&] { return is_ready(s); });
    now_ += s.core_ps;
  }
  void wait_for_sets() {
    wait_until([&] { return has(sets_); });
  }

  // Returns whether this number of chunks of sets is there.
  bool has(size_t sets) const { return loaded_ >= sets; }
  // Returns whether the slice may begin, and makes its chunk the one in use.
  bool is_ready(const FeedSlice& s) {
    if (!has(s.sets)) return false;
    if (s.chunk < 0) return true;
    if (s.chunk != current_) {
      if (current_ >= 0) ++used_;
      current_ = s.chunk;
      start();
    }
    return loaded_ > sets_ + used_;
  }
  // Starts the next read, then takes one that has arrived and checks it; false:
  // none has.
  bool check() {
    start();
    if (!reading_ || arrives_ > now_) return false;
    reading_ = false;
    const Read& arrived = reads_[loaded_++];
    start();
    check(arrived);
    return true;
  }
  void go_to(int64_t now) { now_ = now; }
  int64_t now() const { return now_; }
  std::optional<int64_t> arrival() const {
    return reading_ ? std::optional(arrives_) : std::nullopt;
  }

  FeedTime finish() {
    t_.total_ps = now_;
    return t_;
  }

 private:
  void request(const Read& r) {
    ++t_.requests;
    t_.bytes += r.bytes;
    t_.storage_ps += r.read_ps;
  }

  void check(const Read& r) {
    t_.check_ps += r.check_ps;
    now_ += r.check_ps;
  }

  template <typename Ready>
  void wait_until(const Ready& is_ready) {
    if (is_ready()) return;
    ++t_.waits;
    while (!is_ready()) {
      t_.wait_ps += std::max<int64_t>(0, arrives_ - now_);
      now_ = std::max(now_, arrives_);
      while (check()) continue;
    }
  }

  void start() {
    if (reading_ || started_ == reads_.size()) return;
    if (started_ >= sets_ + used_ + slots_) return;
    const Read& next = reads_[started_++];
    request(next);
    arrives_ = now_ + next.read_ps;
    reading_ = true;
  }

  std::vector<Read> reads_;  // sets, then the tape
  size_t sets_ = 0, slots_ = 0;
  FeedTime t_;
  int64_t now_ = 0, arrives_ = 0;
  bool reading_ = false;
  int current_ = -1;
  size_t used_ = 0, loaded_ = 0, started_ = 0;
};

// Returns the reads of the tape by chunk, and adds those of sets in SRAM to
// `sets`.
std::vector<Read> tape_chunks(const Net& net, const PlanStage& stage,
                              const Supply& supply, std::vector<Read>& sets) {
  std::vector<Read> tape;
  for (const PlanActor& a : stage.actors) {
    const PlanWeights& w = a.weights;
    const bool set = w.place == WeightPlace::kSram && !w.keep;
    if (w.place != WeightPlace::kTape && !set) continue;
    for (const PlanChunk& c : w.chunks) {
      const int64_t bytes = chunk_bytes(net, stage, a, c) + kTagBytes;
      (set ? sets : tape).push_back(read_of(supply, bytes));
    }
  }
  return tape;
}

// Returns all slices of a frame, in the recorded order.
std::vector<FeedSlice> slices_of(const Net& net, const PlanStage& stage,
                                 const std::vector<LayerTime>& times,
                                 const Board& board) {
  Slices all(net, stage, times, board);
  std::vector<FeedSlice> slices;
  for (const PlanRun& run : stage.order) {
    for (int i = 0; i < run.firings; ++i) all.fire(run.actor, slices);
  }
  return slices;
}

class Feed final : public StageFeed {
 public:
  Feed(const Net& net, const PlanStage& stage, const Supply& supply)
      : stage_(stage),
        times_(actor_times(net, stage, *supply.board)),
        slices_(net, stage, times_, *supply.board) {
    tape_ = tape_chunks(net, stage, supply, sets_);
    if (!tape_.empty()) {
      order_ = slices_of(net, stage, times_, *supply.board);
    }
  }
  void begin() override {
    slices_.begin();
    queues_ = Queues(sets_, tape_, order_, stage_.slot_count);
  }
  bool has_sets(int actor) const override {
    return queues_.has(slices_.sets(actor));
  }
  void fire(int actor, std::vector<FeedSlice>& slices) override {
    slices_.fire(actor, slices);
  }
  std::optional<int64_t> check(int64_t now_ps) override {
    queues_.go_to(now_ps);
    if (!queues_.check()) return std::nullopt;
    return queues_.now() - now_ps;
  }
  std::optional<int64_t> run(const FeedSlice& slice, int64_t now_ps) override {
    queues_.go_to(now_ps);
    if (!queues_.is_ready(slice)) return std::nullopt;
    return slice.core_ps;
  }
  std::optional<int64_t> arrival_ps() const override {
    return queues_.arrival();
  }

 private:
  const PlanStage& stage_;
  const std::vector<LayerTime> times_;  // by actor
  std::vector<Read> sets_, tape_;
  std::vector<FeedSlice> order_;  // of a stage that has a tape
  Slices slices_;
  Queues queues_;
};

}  // namespace

int64_t entry_record(const Net& net, const PlanNode& node,
                     const PlanStage& stage) {
  if (node.layout.record_bytes == 0 || node.stages.size() < 2) return 0;
  return record_bytes(count_tables(net, stage));
}

int64_t Supply::read_ps(int64_t bytes) const {
  return picoseconds(storage->read_latency_us * 1e-6 +
                     static_cast<double>(bytes) / storage->read_bytes_per_s);
}

int64_t Supply::check_ps(int64_t bytes) const {
  return picoseconds(static_cast<double>(bytes) *
                     board->chunk_cycles_per_byte(sealed) / board->clock_hz);
}

std::unique_ptr<StageFeed> make_stage_feed(const Net& net,
                                           const PlanStage& stage,
                                           const Supply& supply) {
  return std::make_unique<Feed>(net, stage, supply);
}

FeedTime feed_time(const Net& net, const PlanStage& stage, const Supply& supply,
                   int64_t record) {
  std::vector<Read> sets;
  const std::vector<Read> tape = tape_chunks(net, stage, supply, sets);
  LayerTime core;
  const std::vector<LayerTime> times = actor_times(net, stage, *supply.board);
  for (size_t i = 0; i < times.size(); ++i) {
    const LayerTime& t = times[i];
    const PlanActor& a = stage.actors[i];
    core.compute_ps += t.compute_ps;
    core.firing_ps += t.firing_ps;
    core.flash_ps += reading_ps(a.weights, t, *supply.board);
  }
  const bool streams = !(tape.empty() && sets.empty());
  std::vector<FeedSlice> slices;
  if (streams) slices = slices_of(net, stage, times, *supply.board);
  Queues queues(sets, tape, slices, stage.slot_count);
  if (record) {
    Read entry = read_of(supply, record);
    entry.check_ps = supply.check_record_ps(record);
    queues.read(entry);
  }
  for (const FeedSlice& s : slices) queues.run(s);
  queues.wait_for_sets();
  FeedTime t = queues.finish();
  if (slices.empty()) {
    t.total_ps += core.compute_ps + core.firing_ps + core.flash_ps;
  }
  t.compute_ps = core.compute_ps;
  t.firing_ps = core.firing_ps;
  t.flash_ps = core.flash_ps;
  return t;
}

}  // namespace shoal
