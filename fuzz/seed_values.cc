// Writes the seed corpora of fuzz_csv, fuzz_wav and fuzz_npz into the folders
// csv, wav and npz: seed_values DIR.
#include <cstdio>
#include <string>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/data/array/npy.h"
#include "host/data/array/testing/archives.h"
#include "host/data/sound/testing/sounds.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: seed_values DIR\n");
    return 2;
  }
  const std::string folder = argv[1];
  try {
    for (const char* kind : {"/csv", "/wav", "/npz"}) {
      shoal::make_folder(folder + kind);
    }
    const auto table = [&](const char* name, const std::string& text) {
      shoal::write_file(folder + "/csv/" + name, text);
    };
    table("commas", "ax,ay,label\n1,-2.5,walk\n3,4e2,\"run\"\n");
    table("index", ",a\n0,1\n1,2\n");
    table("semicolons", "# of a logger\r\n1;2\r\n3;4\r\n");
    table("spaces", "  1.5 2\n\n-3 +4\n");
    table("tabs",
          "\xEF\xBB\xBF"
          "1\t2\n");
    const auto wav = [&](const char* name, const shoal::WavFormat& format) {
      const auto bytes =
          static_cast<size_t>(4 * format.channels * format.bits / 8);
      shoal::write_file(
          folder + "/wav/" + name,
          shoal::make_wav(format, std::vector<uint8_t>(bytes, 0x3E)));
    };
    wav("8", {.bits = 8});
    wav("16", {.channels = 2});
    wav("24", {.bits = 24, .extensible = true});
    wav("32", {.bits = 32});
    wav("float", {.coding = 3, .bits = 32});
    wav("double", {.coding = 3, .bits = 64});
    const auto u1 = shoal::format_npy({"u1", {2, 2}, {1, 2, 3, 4}});
    const auto f4 = shoal::format_npy({"f4", {1}, {0, 0, 128, 63}});
    shoal::write_file(folder + "/npz/one", shoal::make_zip({{"x.npy", u1}}));
    shoal::write_file(
        folder + "/npz/two",
        shoal::make_zip({{"x.npy", u1}, {"notes", {65}}, {"y.npy", f4}}));
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
