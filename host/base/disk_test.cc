// Room is reserved before a file is filled; a full disk is told with what is
// missing, also where the file system cannot reserve.
#include "host/base/disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/temporary_folder.h"

namespace shoal {
namespace {

constexpr uint64_t kMoreThanAnyDisk = uint64_t{1} << 42;
constexpr int kCreate = O_WRONLY | O_CREAT | O_TRUNC;

// Its allocate() fails first with EINTR, then with `why`.
class NoRoom : public Disk {
 public:
  explicit NoRoom(int why) : why_(why) {}
  int allocate(int, off_t) override {
    errno = asked_++ == 0 ? EINTR : why_;
    return -1;
  }

 private:
  const int why_;
  int asked_ = 0;
};

class DiskTest : public testing::Test {
 protected:
  static void refused(Disk& disk, const std::string& path, uint64_t bytes,
                      const std::vector<std::string>& told) {
    DiskFile file(disk, path, kCreate);
    try {
      file.reserve(bytes);
      ADD_FAILURE() << "reserved";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kInternal);
      for (const std::string& part : told) {
        EXPECT_NE(std::string(e.what()).find(part), std::string::npos)
            << "wanted: " << part << "\ntold: " << e.what();
      }
    }
  }
  const TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "f").string();
};

TEST_F(DiskTest, ReservedRoomIsOnTheDisk) {
  constexpr uint64_t kBytes = 1 << 20;
  DiskFile file(system_disk(), path_, kCreate);
  file.reserve(kBytes);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(static_cast<uint64_t>(info.st_size), kBytes);
  EXPECT_GE(static_cast<uint64_t>(info.st_blocks) * 512, kBytes);
}

TEST_F(DiskTest, AFullDiskSaysWhatIsMissing) {
  const std::vector<std::string> all = {
      path_ +
          ": cannot be written: No space left on device: it takes "
          "4,398,046,511,104 B",
      " are free, ", " are missing"};
  NoRoom full(ENOSPC), cannot(EOPNOTSUPP);
  refused(full, path_, kMoreThanAnyDisk, all);
  refused(cannot, path_, kMoreThanAnyDisk, all);
  // A quota ends before the disk does.
  NoRoom quota(EDQUOT);
  refused(quota, path_, 1000, {"Disk quota exceeded: it takes 1,000 B"});
  NoRoom broken(EIO);
  refused(broken, path_, 1000, {path_ + ": cannot be written: Input/output"});
}

TEST_F(DiskTest, AFileSystemThatCannotReserve) {
  NoRoom cannot(EOPNOTSUPP);
  DiskFile file(cannot, path_, kCreate);
  file.reserve(1000);
  EXPECT_EQ(std::filesystem::file_size(path_), 1000u);
}

}  // namespace
}  // namespace shoal
