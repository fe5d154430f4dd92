// `shoal export` for the tools of others: every source compiles with the flags
// that the ecosystem uses, as far as Debian's compilers go, and manifests keep
// the written rules. Headers of the SDKs are declared here, as far as the
// applications use them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/engine/board/process.h"
#include "host/oracle/golden/checksum.h"
#include "tests/bundled_files.h"
#include "tests/case_name.h"
#include "tests/command.h"
#include "tests/needs.h"
#include "tests/sdk_headers.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Layout {
  const char* ecosystem;
  const char* board;
  const char* flags;    // as the ecosystem's, for Debian's compiler
  const char* folders;  // of include paths, from the project's root
  bool listens = false;
};

constexpr Layout kLayouts[] = {
    {"c", "stm32h743", "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src"},
    {"cmake", "rp2350", "-std=gnu++17 -mcpu=cortex-m33", "app shoal/src"},
    {"arduino", "teensy41", "-std=gnu++17 -fpermissive -mcpu=cortex-m7",
     "fashion_mobilenet_v2 Shoal/src"},
    {"platformio", "stm32f412", "-std=gnu++17 -mcpu=cortex-m4",
     "src lib/Shoal/src"},
    {"pico-sdk", "rp2040", "-std=gnu++17 -mcpu=cortex-m0plus", "app shoal/src"},
    {"esp-idf", "esp32s3", "-std=gnu++20 -mcpu=cortex-m33",
     "main components/shoal/src"},
    {"zephyr", "mps2-an385", "-std=gnu++17 -mcpu=cortex-m3", "src shoal/src"},
    {"stm32cube", "stm32f746", "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src"},
};
// Those that export_udp_test.cc runs are not among them.
constexpr Layout kListening[] = {
    {"cmake", "stm32h743", "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src",
     true},
    {"platformio", "stm32f746", "-std=gnu++17 -mcpu=cortex-m7",
     "src lib/Shoal/src", true},
    {"stm32cube", "stm32f746", "-std=gnu++17 -mcpu=cortex-m7", "app shoal/src",
     true},
};

std::vector<std::string> layout_words(const Layout& l,
                                      const std::string& folder) {
  std::vector<std::string> words = {"export",
                                    kNetwork,
                                    kModels + "samples/bag/0.png",
                                    "--labels",
                                    kModels + "fashion_labels.txt",
                                    "--as",
                                    l.ecosystem,
                                    "--board",
                                    l.board,
                                    "-o",
                                    folder};
  if (l.listens) words.insert(words.end(), {"--listen", "10.0.0.7:4242"});
  return words;
}

class ExportedLayout : public testing::TestWithParam<Layout> {
 protected:
  // The project, a library that came as .zip unpacked beside it.
  void write_project() {
    const Layout& l = GetParam();
    const Told told = shop_.shoal(layout_words(l, "proj"));
    ASSERT_EQ(told.code, 0) << told.err;
    for (const auto& entry : fs::directory_iterator(shop_.path("proj"))) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".zip")) continue;
      const Told unpacked =
          shop_.script("cd proj && python3 -m zipfile -e " + name + " .");
      ASSERT_EQ(unpacked.code, 0) << unpacked.err;
    }
  }
  std::string library() const {
    for (const char* folder : {"proj/shoal/", "proj/Shoal/", "proj/lib/Shoal/",
                               "proj/components/shoal/"}) {
      if (fs::exists(shop_.path(folder))) return folder;
    }
    return "";
  }
  Workshop shop_;
};

TEST_P(ExportedLayout, EverySourceCompiles) {
  need_programs({"arm-none-eabi-g++"});
  if (cannot_go_on()) return;
  const Layout& l = GetParam();
  ASSERT_NO_FATAL_FAILURE(write_project());
  write_sdk_headers(shop_);
  const Told told = compile_sources(shop_, "proj", l.flags, l.folders);
  EXPECT_EQ(told.code, 0) << told.out << told.err;
}

// The ecosystem's usual camera or converter in place of an application.
TEST(ExportedExamples, SensorsCompile) {
  need_programs({"arm-none-eabi-g++"});
  struct Example {
    const char *name, *ecosystem, *file;
  };
  for (const Example& e : {Example{"camera", "esp-idf", "main/app.cpp"},
                           Example{"adc", "pico-sdk", "app/app.cpp"}}) {
    SCOPED_TRACE(e.name);
    const auto l = std::ranges::find_if(kLayouts, [&](const Layout& layout) {
      return std::string_view(layout.ecosystem) == e.ecosystem;
    });
    ASSERT_NE(l, std::end(kLayouts));
    const Workshop shop;
    ASSERT_EQ(shop.shoal(layout_words(*l, "proj")).code, 0);
    ASSERT_TRUE(fs::exists(shop.path(std::string("proj/") + e.file)));
    fs::copy_file(fs::path(SHOAL_SOURCE_DIR) / "examples" / e.name / "app.cpp",
                  shop.path(std::string("proj/") + e.file),
                  fs::copy_options::overwrite_existing);
    write_sdk_headers(shop);
    const Told told = compile_sources(shop, "proj", l->flags, l->folders);
    EXPECT_EQ(told.code, 0) << told.out << told.err;
  }
}

TEST_P(ExportedLayout, ManifestsKeepTheRules) {
  ASSERT_NO_FATAL_FAILURE(write_project());
  ASSERT_NE(library(), "");
  // Arduino: the fields that are required, and what they may hold.
  const std::string properties =
      shop_.read_text(library() + "library.properties");
  std::map<std::string, std::string> fields;
  for (const std::string& line : lines_of(properties)) {
    const size_t equals = line.find('=');
    ASSERT_NE(equals, line.npos) << line;
    fields[line.substr(0, equals)] = line.substr(equals + 1);
  }
  for (const char* required : {"name", "version", "author", "maintainer",
                               "sentence", "paragraph", "url"}) {
    EXPECT_FALSE(fields[required].empty()) << required;
  }
  EXPECT_TRUE(std::regex_match(fields["name"],
                               std::regex("[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}")));
  EXPECT_FALSE(fields["name"].starts_with("Arduino"));
  const std::regex semver("[0-9]+\\.[0-9]+\\.[0-9]+");
  EXPECT_TRUE(std::regex_match(fields["version"], semver));
  EXPECT_EQ(fields["category"], "Data Processing");
  EXPECT_EQ(fields["architectures"], "*");
  EXPECT_TRUE(fs::exists(shop_.path(library() + "src/" + fields["includes"])));
  EXPECT_TRUE(fs::exists(shop_.path(library() + "LICENSE")));
  // PlatformIO.
  const json pio = json::parse(shop_.read_text(library() + "library.json"));
  EXPECT_LE(pio["name"].get<std::string>().size(), 50u);
  EXPECT_EQ(pio["version"], fields["version"]);
  EXPECT_FALSE(pio["description"].get<std::string>().empty());
  // ESP-IDF, Zephyr.
  const std::string component =
      shop_.read_text(library() + "idf_component.yml");
  EXPECT_NE(component.find("version: \"" + fields["version"] + "\"\n"),
            std::string::npos);
  const std::string module = shop_.read_text(library() + "zephyr/module.yml");
  EXPECT_NE(module.find("name: shoal\n"), std::string::npos);
  // Files that are compiled have the same name everywhere.
  for (const auto& entry :
       fs::recursive_directory_iterator(shop_.path("proj"))) {
    const std::string name = entry.path().filename().string();
    EXPECT_FALSE(name.ends_with(".cc") || name.ends_with(".cxx")) << name;
    EXPECT_EQ(name.find(' '), name.npos) << name;
  }
  // Each source that a build file names is there.
  const std::string list = shop_.read_text(library() + "CMakeLists.txt");
  const std::regex source("src/[a-z0-9_/]+\\.cpp");
  int named = 0;
  for (std::sregex_iterator at(list.begin(), list.end(), source), end;
       at != end; ++at, ++named) {
    EXPECT_TRUE(fs::exists(shop_.path(library() + at->str()))) << at->str();
  }
  EXPECT_GT(named, 15);
}

// Files of the list are those that are there, with these hashes.
TEST_P(ExportedLayout, TheListIsWhatIsThere) {
  const Layout& l = GetParam();
  for (const char* folder : {"proj", "again"}) {
    ASSERT_EQ(shop_.shoal(layout_words(l, folder)).code, 0);
  }
  EXPECT_EQ(shop_.script("diff -r proj again").out, "");
  const std::string text = shop_.read_text("proj/export.json");
  EXPECT_EQ(text.find(shop_.folder().string()), text.npos);
  const json list = json::parse(text);
  EXPECT_EQ(list["as"], l.ecosystem);
  EXPECT_EQ(list["board"], l.board);
  std::set<std::string> listed{"export.json"};
  for (const json& file : list["files"]) {
    const std::string path = file["path"];
    listed.insert(path);
    const auto bytes = shop_.read("proj/" + path);
    EXPECT_EQ(file["bytes"], bytes.size());
    EXPECT_EQ(file["sha256"], sha256_hex(bytes));
  }
  std::set<std::string> there;
  for (const auto& entry :
       fs::recursive_directory_iterator(shop_.path("proj"))) {
    if (!entry.is_regular_file()) continue;
    there.insert(entry.path().lexically_relative(shop_.path("proj")));
  }
  EXPECT_EQ(listed, there);
}

INSTANTIATE_TEST_SUITE_P(All, ExportedLayout, testing::ValuesIn(kLayouts),
                         [](const testing::TestParamInfo<Layout>& info) {
                           return case_name(info.param.ecosystem);
                         });
INSTANTIATE_TEST_SUITE_P(Listening, ExportedLayout,
                         testing::ValuesIn(kListening),
                         [](const testing::TestParamInfo<Layout>& info) {
                           return std::string(info.param.ecosystem);
                         });

}  // namespace
}  // namespace shoal
