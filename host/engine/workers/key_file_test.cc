#include "host/engine/workers/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "host/base/error.h"
#include "host/base/temporary_folder.h"
#include "host/engine/workers/identity_file.h"

namespace shoal {
namespace {

class KeyFile : public testing::Test {
 protected:
  std::string path() const { return folder_.path() / "a.key"; }
  void write(const std::string& text, mode_t mode = 0600) const {
    std::ofstream(path()) << text;
    chmod(path().c_str(), mode);
  }
  void expect_refused(const std::string& what) const {
    try {
      read_key_file(path());
      FAIL() << "it is a key";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_EQ(std::string(e.what()), path() + what);
    }
  }

 private:
  TemporaryFolder folder_;
};

constexpr const char* kNone =
    ": the file does not hold a key of 64 hexadecimal digits";

TEST_F(KeyFile, ANewKeyIsItsOwnersAloneAndNoOther) {
  make_key_file(path(), false);
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const SharedKey first = read_key_file(path());
  EXPECT_THROW(make_key_file(path(), false), Error);
  EXPECT_EQ(read_key_file(path()), first);
  make_key_file(path(), true);
  EXPECT_NE(read_key_file(path()), first);
}

TEST_F(KeyFile, DigitsOfBothCasesWithOrWithoutANewline) {
  SharedKey wanted;
  wanted.fill(0xAB);
  std::string digits, capitals;
  for (int i = 0; i < 32; ++i) digits += "ab", capitals += "AB";
  for (const std::string& text : {digits, digits + "\n", capitals + "\n"}) {
    write(text);
    EXPECT_EQ(read_key_file(path()), wanted) << text;
  }
}

TEST_F(KeyFile, WhatIsNoKeyIsRefused) {
  expect_refused(": the key file does not exist");
  const std::string good(64, '7');
  for (size_t n = 0; n < good.size(); ++n) {
    write(good.substr(0, n));
    expect_refused(kNone);
  }
  for (const std::string& bad :
       {good + "7", good + "\n\n", good + "\r\n", " " + good.substr(1),
        good.substr(1) + "g", "-" + good.substr(1)}) {
    write(bad);
    expect_refused(kNone);
  }
}

TEST_F(KeyFile, AKeyThatEverybodyMayUseIsRefused) {
  for (const mode_t mode : {0604u, 0602u, 0644u, 0777u}) {
    write(std::string(64, '7'), mode);
    expect_refused(": every user of this machine can use this key");
  }
  for (const mode_t mode : {0640u, 0620u, 0610u}) {
    write(std::string(64, '7'), mode);
    expect_refused(": its group can use this key");
  }
  write(std::string(64, '7'), 0400);
  EXPECT_NO_THROW(read_key_file(path()));
}

TEST_F(KeyFile, AnIdentityIsNoKeyAndAKeyNoIdentity) {
  const PublicKey own = make_identity_file(path(), false);
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(public_key_of(read_identity_file(path())), own);
  EXPECT_THROW(make_identity_file(path(), false), Error);
  expect_refused(
      ": the file holds an identity, not a key that all nodes share");
  chmod(path().c_str(), 0640);
  EXPECT_THROW(read_identity_file(path()), Error);
  make_key_file(path(), true);
  EXPECT_THROW(read_identity_file(path()), Error);
}

TEST_F(KeyFile, PublicKeysAreTextsOrFiles) {
  const PublicKey own = make_identity_file(path(), false);
  const std::string text = public_key_text(own);
  EXPECT_EQ(text.size(), 7u + 64);
  EXPECT_EQ(parse_public_key(text, "--node-key"), own);
  const auto refused = [&](const std::string& what) {
    try {
      parse_public_key(what, "--node-key");
      ADD_FAILURE() << what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kUsage);
      EXPECT_EQ(std::string(e.what()).rfind("--node-key: '", 0), 0u)
          << e.what();
    }
  };
  refused(path());  // the secret one
  refused(text.substr(7));
  refused(text + "0");
  refused("x25519:");
  refused("none");
  refused("");
  write(text + "\n", 0644);
  EXPECT_EQ(parse_public_key(path(), "--node-key"), own);
}

}  // namespace
}  // namespace shoal
