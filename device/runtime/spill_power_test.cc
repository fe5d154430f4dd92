// A node that spills, on flash that behaves like flash: power goes in every
// write and erasure, every operation fails, blocks wear out. The node starts
// again and repeats its frame; bytes are exact or there is a typed refusal.
#include <gtest/gtest.h>

#include <string>

#include "device/keys/store_key.h"
#include "device/runtime/testing/sample_programs.h"
#include "device/runtime/testing/sealed_twin.h"
#include "device/storage/testing/spill_bench.h"

namespace shoal::test {
namespace {

constexpr uint32_t kFrames = 3, kRing = 8, kUnit = 32;

const Bytes& input_of(uint32_t frame) {
  static const std::vector<Bytes> inputs = [] {
    std::vector<Bytes> all(kFrames, spill_sample().inputs.at(0));
    for (uint32_t f = 0; f < kFrames; ++f) {
      for (uint8_t& b : all[f]) b = uint8_t(b + 37 * f);
    }
    return all;
  }();
  return inputs.at(frame);
}

enum class From { kMapped, kStored, kTape };

ProgramBuilder program(From from) {
  const Sample s = spill_sample();
  if (from == From::kMapped) return s.program;
  if (from == From::kStored) return in_sram(s.program, false, false);
  ProgramBuilder p = s.program;
  Order order;
  RunOptions o;
  o.storage_delay = 0, o.spill_blocks = 40;
  o.observer = [&](const Firing& f) { record_firing(p, f, order); };
  run_program(ProgramBuilder(p).build(), s.inputs, o);
  return on_tape(p, order, false);
}

// Without any trouble; spill_ports_test.cc says that it is right.
const std::vector<Bytes>& right_outputs() {
  static const std::vector<Bytes> right = [] {
    std::vector<Bytes> all;
    const Bytes image = spill_sample().program.build();
    for (uint32_t f = 0; f < kFrames; ++f) {
      RunOptions o;
      o.storage_delay = 0, o.spill_blocks = 40;
      all.push_back(run_program(image, {input_of(f)}, o).outputs.at(0));
    }
    return all;
  }();
  return right;
}

// A store with its spill area behind the image, and the node of it.
class SpillingNode {
 public:
  SpillingNode(const Bytes& image, bool mapped, const shoal_cipher* cipher,
               uint32_t latency = 0)
      : image_(image),
        header_(header_of(image)),
        begin_((uint32_t(image.size()) + page() - 1) / page()),
        flash(begin_ + kLedgerBlocks + kRing, page(), kUnit),
        mapped_(mapped),
        cipher_(cipher),
        area_{begin_ * page(), (kLedgerBlocks + kRing) * page(), page(),
              kUnit} {
    std::copy(image.begin(), image.end(), flash.bytes().begin());
    uint8_t key[kStoreKeyBytes];
    derive_store_key(kNodeKey, header_.store_id, generation_of(header_),
                     header_.node, key);
    const LedgerEntry entry = first_entry(
        cipher ? key : nullptr, generation_of(header_), header_.store_id);
    std::memcpy(&flash.bytes()[area_.offset], &entry, sizeof entry);
    flash.set_latency(latency);
  }

  // From power on to the last frame, a fault, the end of the power (kWait) or
  // a step that waits for nothing (kStale).
  Status live() {
    Arena arena(header_.arena_bytes);
    shoal_config config{};
    if (mapped_) config.image = image_.data();
    config.image_bytes = image_.size();
    config.storage = &flash.face();
    const uint8_t salt[16] = {++starts_};
    config.start_salt = salt;
    config.storage_bytes = image_.size();
    config.spill_area = &area_;
    config.store_cipher = cipher_;
    config.store_key = cipher_ ? kNodeKey : nullptr;
    const auto node = std::make_unique<shoal_node>();
    auto status = Status(
        shoal_open(node.get(), &config, arena.data(), header_.arena_bytes));
    const uint32_t first = frame_;
    for (int step = 0; step < 100000; ++step) {
      if (failed(status) || flash.is_dead()) break;
      const bool moved = pass_rows(node.get());
      if (frame_ == kFrames) break;
      // A node that waits for the storage now would wait for ever.
      if (!moved && status == Status::kWait && !flash.is_busy()) {
        return Status::kStale;
      }
      status = Status(shoal_step(node.get()));
    }
    const shoal_fault why = shoal_last_fault(node.get());
    table = Table(why.table);
    sent_ = 0;
    got_.clear();
    EXPECT_FALSE(arena.spilled());
    EXPECT_GE(frame_, first);
    if (frame_ == kFrames) return Status::kOk;
    return failed(status) ? status : Status::kWait;
  }

  uint32_t first_block() const { return begin_; }

 private:
  static Header header_of(const Bytes& image) {
    Header h;
    std::memcpy(&h, image.data(), sizeof h);
    return h;
  }
  uint32_t page() const { return header_.spill_page_bytes; }

  // False: there were none to pass.
  bool pass_rows(shoal_node* node) {
    if (shoal_inputs(node) == 0) return false;
    const shoal_io_info in = shoal_input_info(node, 0);
    const Bytes& input = input_of(frame_);
    const uint32_t pushed = shoal_push_rows(
        node, 0, input.data() + sent_ * in.row_bytes, in.rows - sent_);
    sent_ += pushed;
    const shoal_io_info out = shoal_output_info(node, 0);
    const size_t at = got_.size();
    const auto done = uint32_t(at / out.row_bytes);
    got_.resize(size_t{out.rows} * out.row_bytes);
    const uint32_t rows =
        shoal_take_rows(node, 0, got_.data() + at, out.rows - done);
    got_.resize(at + rows * out.row_bytes);
    const Bytes& right = right_outputs().at(frame_);
    wrong += !std::equal(got_.begin(), got_.end(), right.begin());
    if (got_.size() == right.size()) {
      ++frame_;
      sent_ = 0;
      got_.clear();
    }
    return pushed + rows > 0;
  }

  AlignedBytes image_;
  const Header header_;
  const uint32_t begin_;

 public:
  MemoryStorage flash;
  int wrong = 0;  // rows that were taken and are not right
  Table table{};  // of the last fault

 private:
  uint8_t starts_ = 0;
  const bool mapped_;
  const shoal_cipher* const cipher_;
  const shoal_spill_area area_;
  uint32_t frame_ = 0, sent_ = 0;  // not complete yet; its rows that went in
  Bytes got_;
};

struct Kind {
  From from;
  bool with_key;
  uint32_t latency;
};
constexpr Kind kKinds[] = {{From::kMapped, false, 0},
                           {From::kStored, true, 0},
                           {From::kTape, true, 2},
                           {From::kTape, false, 0}};

struct Prepared {
  explicit Prepared(const Kind& k) : kind(k), image(program(k.from).build()) {
    if (k.with_key) image = sealed(image);
  }
  SpillingNode node(const NonceSpy& spy) const {
    return SpillingNode(image, kind.from == From::kMapped,
                        kind.with_key ? &spy.cipher : nullptr, kind.latency);
  }
  const Kind kind;
  Bytes image;
};

TEST(SpillingNode, PowerCutInEveryWriteAndErasure) {
  for (const Kind& kind : kKinds) {
    const Prepared p(kind);
    uint32_t changes = 0;
    {
      NonceSpy spy;
      SpillingNode whole = p.node(spy);
      ASSERT_EQ(whole.live(), Status::kOk);
      ASSERT_EQ(whole.wrong, 0);
      ASSERT_GT(whole.flash.erases(whole.first_block()), 0u);
      ASSERT_GT(whole.flash.erases(whole.first_block() + kLedgerBlocks), 1u);
      changes = whole.flash.changes();
    }
    for (const uint32_t share : {0u, 1u, 500u, 990u, 1000u}) {
      for (uint32_t n = 0; n < changes; ++n) {
        SCOPED_TRACE(testing::Message()
                     << int(kind.from) << kind.with_key << ": change " << n
                     << " at " << share << "/1000");
        NonceSpy spy;
        SpillingNode node = p.node(spy);
        node.flash.cut_at(n, share);
        ASSERT_EQ(node.live(), Status::kWait);
        ASSERT_TRUE(node.flash.is_dead());
        node.flash.power_on();
        ASSERT_EQ(node.live(), Status::kOk);
        ASSERT_EQ(node.wrong, 0);
        ASSERT_EQ(spy.again, 0);
        ASSERT_TRUE(node.flash.violations().empty());
      }
    }
  }
}

// Once, three times, for good: what is repeated is exact, what is not names
// its place.
TEST(SpillingNode, EveryOperationFails) {
  for (const Kind& kind : kKinds) {
    const Prepared p(kind);
    NonceSpy still;
    uint32_t operations = 0;
    {
      SpillingNode whole = p.node(still);
      ASSERT_EQ(whole.live(), Status::kOk);
      operations = whole.flash.operations();
    }
    for (const uint32_t times : {1u, 3u, 1u << 20}) {
      uint32_t refused = 0;
      for (uint32_t n = 0; n < operations; ++n) {
        SCOPED_TRACE(testing::Message() << int(kind.from) << ": operation " << n
                                        << ", " << times << " times");
        SpillingNode node = p.node(still);
        node.flash.fail_at(n, times);
        const Status status = node.live();
        ASSERT_EQ(node.wrong, 0);
        ASSERT_TRUE(node.flash.violations().empty());
        if (status == Status::kOk) continue;
        ++refused;
        ASSERT_TRUE(status == Status::kStorage || status == Status::kSpillFull)
            << int(status);
      }
      EXPECT_EQ(refused == operations, times > operations);
    }
  }
}

TEST(SpillingNode, WornBlocks) {
  for (const Kind& kind : kKinds) {
    const Prepared p(kind);
    for (const Wear wear : {Wear::kNoErase, Wear::kNoWrite, Wear::kStuckBits}) {
      NonceSpy spy;
      for (uint32_t b = 0; b < kRing; ++b) {
        SpillingNode node = p.node(spy);
        node.flash.wear_out(node.first_block() + kLedgerBlocks + b, wear);
        ASSERT_EQ(node.live(), Status::kOk) << b;
        ASSERT_EQ(node.wrong, 0) << b;
      }
      SpillingNode none = p.node(spy);
      for (uint32_t b = 0; b < kRing; ++b) {
        none.flash.wear_out(none.first_block() + kLedgerBlocks + b, wear);
      }
      EXPECT_EQ(none.live(), Status::kSpillFull);
      EXPECT_EQ(none.table, Table::kSpill);
      EXPECT_EQ(none.wrong, 0);
    }
  }
}

}  // namespace
}  // namespace shoal::test
