// Stores on a disk that fails: every call, and every byte of every write, once
// with an error, once with a full disk, once with a power cut. What is found
// afterwards is the old store or the new one, never a third, and it is exact.
// SHOAL_FAULTS: every n-th position (1: all of them, for a campaign).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "host/base/error.h"
#include "host/base/temporary_folder.h"
#include "host/base/testing/faulty_disk.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/local/local_node.h"
#include "host/engine/local/node_runner.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr SharedKey kStoreKey{7, 7, 7};
constexpr DiskFault kFaults[] = {DiskFault::kError, DiskFault::kFull,
                                 DiskFault::kPowerCut};

uint64_t every(uint64_t by_default) {
  const char* const asked = std::getenv("SHOAL_FAULTS");
  return asked ? std::strtoull(asked, nullptr, 10) : by_default;
}

class StoreFaults : public testing::Test {
 protected:
  explicit StoreFaults(Graph graph, const PlanRequest& request)
      : p_(prepare(std::move(graph), request, Images::kNone)),
        input_(noise_bytes(input_bytes(p_.graph), 1)),
        wanted_(model_output(p_.graph, run_oracle(p_.graph, input_))) {}

  static size_t input_bytes(const Graph& g) {
    size_t bytes = 1;
    for (const int d : g.tensors[static_cast<size_t>(g.inputs[0])].shape) {
      bytes *= static_cast<size_t>(d);
    }
    return bytes;
  }

  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      all.insert(entry.path().filename().string());
    }
    return all;
  }
  void build(uint64_t generation, Disk& disk) const {
    build(generation, disk, Lifetime::kKept);
  }
  // On a disk that works, where nothing need be synced.
  void build(uint64_t generation) const {
    build(generation, system_disk(), Lifetime::kTemporary);
  }
  void build(uint64_t generation, Disk& disk, Lifetime lifetime) const {
    write_store(own_store(folder_.string(), {}), folder_.string(), p_.graph,
                p_.net, p_.plan, {.key = kStoreKey, .generation = generation},
                lifetime, disk);
  }
  // Returns the generation of what is there.
  uint64_t run(int frames) const {
    return run(frames, system_disk(), Lifetime::kTemporary);
  }
  uint64_t run(int frames, Disk& disk,
               Lifetime lifetime = Lifetime::kKept) const {
    const StoreAccess access = access_store(folder_.string(), kStoreKey, {});
    const OpenStore store(folder_.string(), access.info, 0, kStoreKey, lifetime,
                          disk);
    NodeRunner runner(access.info.graph, access.info.net, store.source(),
                      store.node().arena_bytes);
    for (int f = 0; f < frames; ++f) EXPECT_EQ(runner.run(input_), wanted_);
    return access.info.generation;
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "d";
  const Prepared p_;
  const std::vector<uint8_t> input_, wanted_;
};

PlanRequest streaming() {
  PlanRequest request = one_node(find_board("teensy41"));
  request.node().flash_weights = 0;
  request.node().sealed = true;
  request.objective = Objective::kRam;
  return request;
}

PlanRequest spilling() {
  PlanRequest request = one_node(find_board("stm32f746"));
  request.node().ram = 12000;
  request.node().flash_weights = 0;
  request.node().storage = "qspi-nor";
  request.node().sealed = true;
  request.max_writes = 1 << 20;
  return request;
}

class BuildFaults : public StoreFaults {
 protected:
  BuildFaults() : StoreFaults(small_graph(), streaming()) {}
};

class RunFaults : public StoreFaults {
 protected:
  RunFaults() : StoreFaults(squeezed_graph(32), spilling()) {}
};

TEST_F(BuildFaults, TheOldStoreOrTheNewOne) {
  build(1);
  const FolderBytes first = read_folder(folder_);
  FaultyDisk counted(folder_);
  build(2, counted);
  const std::set<std::string> right = {"store.json", "node0.1.store",
                                       "node0.1.program"};
  EXPECT_EQ(names(), right);
  int tried = 0, old = 0;
  // The commit is among the last calls: all of these.
  constexpr uint64_t kLast = 16;
  const uint64_t step = every(97), last = counted.positions() - kLast;
  const auto next = [&](uint64_t at) {
    return at < last ? std::min(at + step, last) : at + 1;
  };
  for (const DiskFault fault : kFaults) {
    for (uint64_t at = static_cast<uint64_t>(fault) % step;
         at < counted.positions() && !HasFailure(); at = next(at)) {
      SCOPED_TRACE("position " + std::to_string(at) + ", fault " +
                   std::to_string(static_cast<int>(fault)));
      write_folder(folder_, first);
      FaultyDisk disk(folder_);
      disk.fail_at(at, fault);
      bool built = true;
      try {
        build(2, disk);
      } catch (const Error& e) {
        built = false;
        EXPECT_EQ(e.code(), Exit::kInternal) << e.what();
      }
      EXPECT_TRUE(disk.has_failed());
      if (fault == DiskFault::kPowerCut) {
        disk.power_on(static_cast<unsigned>(tried));
      }
      const uint64_t found = run(1);
      EXPECT_TRUE(found == 2 || (found == 1 && !built)) << found;
      old += found == 1;
      ++tried;
      // Files that were left do not stay.
      build(3);
      EXPECT_EQ(names().size(), 3u);
      EXPECT_EQ(run(1), 3u);
    }
  }
  EXPECT_GT(old, 0);
  EXPECT_LT(old, tried);
  std::printf("%d positions of a build: %d old, %d new, 0 lost, 0 wrong\n",
              tried, old, tried - old);
}

// There was nothing before.
TEST_F(BuildFaults, NothingOrTheNewOne) {
  const uint64_t positions = [&] {
    write_folder(folder_, {});
    FaultyDisk counted(folder_);
    build(2, counted);
    return counted.positions();
  }();
  for (uint64_t at = 5; at < positions && !HasFailure();
       at += 7 * every(97) / 2 + 1) {
    SCOPED_TRACE("position " + std::to_string(at));
    write_folder(folder_, {});
    FaultyDisk disk(folder_);
    disk.fail_at(at, DiskFault::kPowerCut);
    EXPECT_THROW(build(2, disk), Error);
    disk.power_on(static_cast<unsigned>(at));
    if (fs::exists(folder_ / kStoreInfoFile)) {
      EXPECT_EQ(run(1), 2u);
    }
    build(3);
    EXPECT_EQ(run(1), 3u);
    EXPECT_EQ(names().size(), 3u);
  }
}

// A store that spills: wherever it ends, the next run is exact, and no block is
// given up because a disk was full.
TEST_F(RunFaults, TheNextRunIsExact) {
  build(1);
  run(1);
  const FolderBytes first = read_folder(folder_);
  FaultyDisk counted(folder_);
  run(1, counted);
  ASSERT_GT(counted.positions(), 10000u);
  const std::set<std::string> right = names();
  int tried = 0;
  const uint64_t step = every(997);
  for (const DiskFault fault : kFaults) {
    for (uint64_t at = static_cast<uint64_t>(fault) % step;
         at < counted.positions() && !HasFailure(); at += step) {
      SCOPED_TRACE("position " + std::to_string(at) + ", fault " +
                   std::to_string(static_cast<int>(fault)));
      write_folder(folder_, first);
      FaultyDisk disk(folder_);
      disk.fail_at(at, fault);
      try {
        run(1, disk);
        EXPECT_EQ(at + 1, counted.positions()) << "no error";
      } catch (const Error& e) {
        EXPECT_TRUE(e.code() == Exit::kInternal || at == 0) << e.what();
      }
      if (fault == DiskFault::kPowerCut) {
        disk.power_on(static_cast<unsigned>(tried));
      }
      EXPECT_EQ(run(1), 1u);
      EXPECT_EQ(names(), right);
      ++tried;
    }
  }
  std::printf("%d positions of a run that spills: 0 lost, 0 wrong\n", tried);
}

}  // namespace
}  // namespace shoal
