// A model cut at every byte, and with every bit flipped: an error with its
// code, or a legal model whose plan gives what the oracle gives. A program
// cut or flipped anywhere is refused. Neither makes the tool allocate what
// the file's size does not justify.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>
#include <random>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/check/check.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/verify_frame.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/sample_models.h"
#include "host/program/emit/emit.h"

namespace {

// The bytes that are allocated now, and the most since they were last asked
// for.
int64_t live_bytes = 0;
int64_t most_bytes = 0;

void* counted(size_t bytes) {
  void* const p = std::malloc(bytes ? bytes : 1);
  if (!p) throw std::bad_alloc();
  live_bytes += static_cast<int64_t>(malloc_usable_size(p));
  most_bytes = std::max(most_bytes, live_bytes);
  return p;
}

void release(void* p) {
  if (!p) return;
  live_bytes -= static_cast<int64_t>(malloc_usable_size(p));
  std::free(p);
}

}  // namespace

void* operator new(size_t bytes) { return counted(bytes); }
void* operator new[](size_t bytes) { return counted(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return counted(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* p) noexcept { release(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { release(p); }
void operator delete[](void* p) noexcept { release(p); }
void operator delete(void* p, size_t) noexcept { release(p); }
void operator delete[](void* p, size_t) noexcept { release(p); }

namespace shoal {
namespace {

// A flipped bit may leave a legal model of large tensors; such a one is
// planned but not run.
constexpr int64_t kMaxWork = 400'000;
constexpr int64_t kMaxImportBytes = 1 << 20;
constexpr int64_t kMaxPlanBytes = 64 << 20;

struct Tally {
  int corrupt = 0, unsupported = 0, no_fit = 0, legal = 0, planned = 0, run = 0;
};

// Values that the model's tensors and sums have together.
int64_t work_of(const Graph& graph) {
  int64_t work = model_macs(graph);
  for (const Tensor& t : graph.tensors) work += element_count(t.shape);
  return work;
}

void expect_exact(const Prepared& p) {
  std::mt19937 random(1);
  std::vector<uint8_t> input(static_cast<size_t>(input_bytes(p.graph)));
  for (uint8_t& b : input) b = static_cast<uint8_t>(random());
  for (const int t : p.graph.inputs) {
    // Random bytes are no reals.
    const Tensor& tensor = p.graph.tensors[static_cast<size_t>(t)];
    if (tensor.type == Type::kFloat32) std::fill(input.begin(), input.end(), 0);
  }
  const Verification v =
      verify_frame(p, input, run_oracle(p.graph, input), std::nullopt);
  if (v.wrong) ADD_FAILURE() << v.between << ": " << describe(*v.wrong);
}

// Compares what a plan may depend on: all but names and the bytes of constants.
bool plans_alike(const Graph& a, const Graph& b) {
  const auto same_op = [](const Op& x, const Op& y) {
    return x.kind == y.kind && x.inputs == y.inputs && x.outputs == y.outputs &&
           x.attr == y.attr;
  };
  const auto same_tensor = [](const Tensor& x, const Tensor& y) {
    return x.type == y.type && x.file_type == y.file_type &&
           x.shape == y.shape && x.constant == y.constant &&
           x.quant.scale == y.quant.scale && x.quant.zero == y.quant.zero &&
           x.quant.axis == y.quant.axis && x.data.size() == y.data.size();
  };
  return a.inputs == b.inputs && a.outputs == b.outputs &&
         std::ranges::equal(a.ops, b.ops, same_op) &&
         std::ranges::equal(a.tensors, b.tensors, same_tensor);
}

// Prepares a sample for both objectives, and each change of its file: it plans
// again unless only the constants differ.
class Preparer {
 public:
  explicit Preparer(const SampleModel& sample) {
    for (size_t i = 0; i < of_sample_.size(); ++i) {
      of_sample_[i] =
          shoal::prepare(import_tflite(sample.file, sample.name), request(i));
    }
  }
  Prepared prepare(Graph graph) {
    const size_t i = ++count_ % of_sample_.size();
    if (!plans_alike(of_sample_[i].graph, graph)) {
      ++plans_;
      return shoal::prepare(std::move(graph), request(i));
    }
    Prepared p = of_sample_[i];
    p.net = lower(graph);
    p.graph = std::move(graph);
    const std::vector<std::string> faults = check(p.net, p.plan);
    EXPECT_TRUE(faults.empty()) << faults.front();
    p.images = {Emitter(p.net, p.plan).image(0)};
    return p;
  }
  int plans() const { return plans_; }

 private:
  static PlanRequest request(size_t i) {
    PlanRequest request = one_node(find_board("host"));
    request.objective = i ? Objective::kRam : Objective::kLatency;
    return request;
  }

  std::array<Prepared, 2> of_sample_;
  size_t count_ = 0;
  int plans_ = 0;
};

// All that a user would do with the file.
void use(std::span<const uint8_t> file, Preparer& preparer, Tally& tally) {
  try {
    most_bytes = live_bytes;
    const int64_t before = live_bytes;
    Graph graph = import_tflite(file, "model.tflite");
    EXPECT_LT(most_bytes - before,
              static_cast<int64_t>(file.size()) * 64 + kMaxImportBytes);
    const bool large = work_of(graph) > kMaxWork;
    ++tally.legal;
    const Prepared p = preparer.prepare(std::move(graph));
    EXPECT_LT(most_bytes - before, kMaxPlanBytes);
    if (large) {
      ++tally.planned;
      return;
    }
    ++tally.run;
    expect_exact(p);
  } catch (const Error& e) {
    switch (e.code()) {
      case Exit::kCorrupt:
        ++tally.corrupt;
        break;
      case Exit::kUnsupported:
        ++tally.unsupported;
        break;
      case Exit::kDoesNotFit:
        ++tally.no_fit;
        break;
      default:
        ADD_FAILURE() << "exit code " << static_cast<int>(e.code()) << ": "
                      << e.what();
    }
    EXPECT_NE(std::string(e.what()), "");
  }
}

TEST(HostileModel, CutAtEveryByte) {
  for (const SampleModel& sample : sample_models()) {
    Preparer preparer(sample);
    Tally tally;
    for (size_t bytes = 0; bytes < sample.file.size(); ++bytes) {
      SCOPED_TRACE(sample.name + " cut at " + std::to_string(bytes));
      const std::vector<uint8_t> cut(
          sample.file.begin(),
          sample.file.begin() + static_cast<std::ptrdiff_t>(bytes));
      use(cut, preparer, tally);
    }
    EXPECT_EQ(tally.legal, 0) << sample.name;
  }
}

TEST(HostileModel, FlippedBits) {
  // SHOAL_ALL_BITS: all eight of every byte, not one.
  const int bits = std::getenv("SHOAL_ALL_BITS") ? 8 : 1;
  for (const SampleModel& sample : sample_models()) {
    Preparer preparer(sample);
    Tally tally;
    for (size_t i = 0; i < sample.file.size() && !HasFailure(); ++i) {
      for (int b = 0; b < bits; ++b) {
        const auto bit = static_cast<uint8_t>(1u << ((i * 3 + b) % 8));
        SCOPED_TRACE(sample.name + " byte " + std::to_string(i) + " bit " +
                     std::to_string(bit));
        std::vector<uint8_t> file = sample.file;
        file[i] ^= bit;
        use(file, preparer, tally);
      }
    }
    std::printf(
        "%s: %d corrupt, %d unsupported, %d legal and run, %d large, %d "
        "plans\n",
        sample.name.c_str(), tally.corrupt, tally.unsupported, tally.run,
        tally.planned, preparer.plans());
    EXPECT_GT(tally.corrupt, 0);
    EXPECT_GT(tally.run, 0);
  }
}

bool is_refused(const Prepared& p, std::span<const uint8_t> image) {
  try {
    NodeRunner(p.graph, p.net, image, p.plan.nodes[0].arena_bytes);
    return false;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt) << e.what();
    return true;
  }
}

TEST(HostileProgram, CutOrFlippedAnywhereItIsRefused) {
  for (const SampleModel& sample : sample_models()) {
    PlanRequest request = one_node(find_board("host"));
    request.node().ram = 64 << 10;
    const Prepared p =
        prepare(import_tflite(sample.file, sample.name), request);
    std::vector<uint8_t> image = p.images[0];
    ASSERT_FALSE(is_refused(p, image));
    for (size_t i = 0; i < image.size(); ++i) {
      const auto bit = static_cast<uint8_t>(1u << (i * 3 % 8));
      image[i] ^= bit;
      EXPECT_TRUE(is_refused(p, image)) << sample.name << " byte " << i;
      image[i] ^= bit;
    }
    // Each in memory of its own size, so that reading past it is seen.
    for (size_t bytes = 0; bytes < image.size(); bytes += bytes < 512 ? 1 : 7) {
      void* memory = nullptr;
      ASSERT_EQ(posix_memalign(&memory, 16, std::max<size_t>(bytes, 1)), 0);
      std::copy_n(image.begin(), bytes, static_cast<uint8_t*>(memory));
      EXPECT_TRUE(
          is_refused(p, std::span(static_cast<const uint8_t*>(memory), bytes)))
          << sample.name << " cut at " << bytes;
      std::free(memory);
    }
  }
}

}  // namespace
}  // namespace shoal
