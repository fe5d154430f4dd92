// Every kind of file that a verb reads, damaged: `shoal` ends in time with a
// code that it documents, says what is wrong in its own words, and takes at
// most 20 times the memory that it took for the file as it was. What is
// computed from a store is exact or refused.
//
//   SHOAL_MUTATIONS       how many files (default: 100)
//   SHOAL_RANDOM_SEED     what they follow from (default: 1)
//   SHOAL_MUTATION_CASE   this case alone; its file stays as ./CASE-NAME
//   SHOAL_MUTATION_ALL    any value: the real models of SHOAL_SHARED too
//   SHOAL_MUTATION_SHORT  any value: within 60 to 160 MB of address space, of
//                         which loading the program takes most; exit code 1 is
//                         right if it says that memory is short
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/model/import/testing/model_builder.h"
#include "tests/bounded_command.h"
#include "tests/mutation.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr int kCpuSeconds = 10;
constexpr int kTimesMemory = 20;
constexpr int kFirstSignal = 128;

// One file that is damaged, and a command that reads it.
struct Subject {
  std::string kind;
  std::string file;  // in the workshop
  std::vector<std::string> arguments;
  bool text = false;
  std::string product = {};  // exact, if there is one: a file
  std::set<int> codes = {0, 2, 3, 4, 7};
  std::vector<uint8_t> expected = {};  // of the product
  int64_t needs_bytes = 0;             // for the file as it was
};

struct Tally {
  std::map<int, int> codes;
  double most_times = 0, most_seconds = 0;
};

unsigned long number_from(const char* variable, unsigned long otherwise) {
  const char* const text = std::getenv(variable);
  return text ? std::strtoul(text, nullptr, 10) : otherwise;
}

const std::string kSource = SHOAL_SOURCE_DIR;
constexpr uint8_t kSide = 8;

// Pictures in, three classes out.
std::vector<uint8_t> dense_model() {
  ModelBuilder b;
  const int x = b.input({1, kSide, kSide, 3}, {1 / 255.f, -128});
  const int mean = b.reduce(OpKind::kMean, x, {1, 2}, false, {1 / 255.f, -128});
  const int w =
      b.weights({3, 3}, {127, 0, 0, 0, 127, 0, 0, 0, 127}, {1 / 127.f}, 0);
  b.output(b.fully_connected(mean, w, -1, {1 / 255.f, -128}));
  return b.finish();
}

const std::string kNetwork = kSource + "/models/fashion_mobilenet_v2.tflite";

// Returns whether the text has a library's own words, or the language's.
bool is_raw(const std::string& text) {
  for (const char* word :
       {"std::", "terminate called", "bad_alloc", "json.exception",
        "basic_string", "_M_", "map::at", "optional access", "what():", "stoi",
        "stod", "stream error", "out of memory", "runtime error",
        "internal error"}) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

bool is_short() { return std::getenv("SHOAL_MUTATION_SHORT") != nullptr; }

int64_t short_memory(std::mt19937_64& random) {
  constexpr int64_t kLeast = 60'000'000, kSteps = 100, kStep = 1'000'000;
  return kLeast + static_cast<int64_t>(random() % kSteps) * kStep;
}

class MutatedFiles : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path corpus = fs::path(kSource) / "fuzz/corpus";
    add_models(corpus / "import");
    add_models(corpus / "onnx");
    if (std::getenv("SHOAL_MUTATION_ALL")) add_real_models();
    shop_.write("dense.tflite", dense_model());
    add_pictures(corpus / "picture");
    add_stores();
    add_texts();
    add_data();
  }

  // Learns what the command makes of the file as it is.
  void add(Subject s) {
    const Bounded b = run_bounded(shop_, s.arguments, kCpuSeconds);
    if (b.told.code != 0) {
      ADD_FAILURE() << s.kind << " " << s.file << ": " << b.told.err;
      return;
    }
    s.needs_bytes = b.peak_bytes;
    if (!s.product.empty()) s.expected = shop_.read(s.product);
    kinds_.insert(s.kind);
    subjects_.push_back(std::move(s));
  }
  // Every kind as often as every other.
  const Subject& any_subject(std::mt19937_64& random) const {
    const std::string& kind = *std::next(
        kinds_.begin(), static_cast<ptrdiff_t>(random() % kinds_.size()));
    return any_of(kind, random);
  }
  const Subject& any_of(const std::string& kind,
                        std::mt19937_64& random) const {
    std::vector<const Subject*> same;
    for (const Subject& s : subjects_) {
      if (s.kind == kind) same.push_back(&s);
    }
    return *same[random() % same.size()];
  }
  // Damages one file, runs the command on it and judges how it ended.
  void try_case(unsigned long seed, unsigned long number, bool keep) {
    std::seed_seq sequence{seed, number};
    std::mt19937_64 random(sequence);
    const Subject& s = any_subject(random);
    const std::vector<uint8_t> whole = shop_.read(s.file);
    const std::vector<uint8_t> damaged =
        mutated(whole, shop_.read(any_of(s.kind, random).file), s.text, random);
    std::error_code ignored;
    if (!s.product.empty()) fs::remove(shop_.folder() / s.product, ignored);
    shop_.write(s.file, damaged);
    const Bounded b = is_short() ? run_bounded(shop_, s.arguments, kCpuSeconds,
                                               short_memory(random))
                                 : run_bounded(shop_, s.arguments, kCpuSeconds);
    const std::string fault = fault_of(s, b);
    if (!fault.empty() || keep) {
      const std::string name = "case" + std::to_string(number) + "-" +
                               fs::path(s.file).filename().string();
      write_file(name, damaged);
      std::string command;
      for (const std::string& a : s.arguments) command += " " + a;
      EXPECT_EQ(fault, "") << name << " as " << s.file << ", seed " << seed
                           << ": shoal" << command << "\n"
                           << b.told.err;
    }
    shop_.write(s.file, whole);
    note(s, b);
  }
  std::string fault_of(const Subject& s, const Bounded& b) const {
    if (b.late) return "late";
    if (b.told.code >= kFirstSignal) {
      return "signal " + std::to_string(b.told.code - kFirstSignal);
    }
    const bool told_short =
        is_short() && b.told.code == static_cast<int>(Exit::kInternal) &&
        b.told.err.find("memory is short") != std::string::npos;
    if (!s.codes.contains(b.told.code) && !told_short) {
      return "exit code " + std::to_string(b.told.code);
    }
    if (b.peak_bytes > kTimesMemory * s.needs_bytes) {
      return std::to_string(b.peak_bytes) + " B of memory, " +
             std::to_string(s.needs_bytes) + " B for the file as it was";
    }
    if (b.told.code != 0 && b.told.code != static_cast<int>(Exit::kDiffers) &&
        !b.told.err.starts_with("shoal: ") &&
        !b.told.err.starts_with("{\"error\":") &&
        b.told.err.find("\nshoal: ") == std::string::npos) {
      return "nothing said";
    }
    if (is_raw(b.told.err)) return "raw text";
    if (b.told.code == 0 && !s.product.empty() &&
        shop_.read(s.product) != s.expected) {
      return "another output";
    }
    return "";
  }
  void note(const Subject& s, const Bounded& b) {
    Tally& t = tally_[s.kind];
    ++t.codes[b.told.code];
    t.most_times =
        std::max(t.most_times, static_cast<double>(b.peak_bytes) /
                                   static_cast<double>(s.needs_bytes));
    t.most_seconds = std::max(t.most_seconds, b.cpu_seconds);
  }
  void print_tally() const {
    std::printf("%-18s %8s %8s %8s  %s\n", "kind", "files", "x memory", "CPU s",
                "exit codes");
    for (const auto& [kind, t] : tally_) {
      int files = 0;
      std::string codes;
      for (const auto& [code, count] : t.codes) {
        files += count;
        codes += " " + std::to_string(code) + ":" + std::to_string(count);
      }
      std::printf("%-18s %8d %8.1f %8.2f %s\n", kind.c_str(), files,
                  t.most_times, t.most_seconds, codes.c_str());
    }
  }

  void copy(const fs::path& from, const std::string& name) {
    fs::create_directories((shop_.folder() / name).parent_path());
    fs::copy_file(from, shop_.folder() / name,
                  fs::copy_options::overwrite_existing);
  }
  void must(const std::vector<std::string>& arguments) {
    const Told told = shop_.shoal(arguments);
    ASSERT_EQ(told.code, 0) << told.err;
  }

  void add_models(const fs::path& folder) {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      files.insert(entry.path());
    }
    for (const fs::path& file : files) add_model(file);
  }
  // All verbs that take such a one.
  void add_model(const fs::path& from) {
    const std::string m = from.filename().string();
    copy(from, m);
    const std::string kind = from.extension().string().substr(1);
    add({kind + " inspect", m, {"inspect", m, "--json"}});
    const bool is_float =
        shop_.shoal({"plan", m}).code == static_cast<int>(Exit::kUnsupported);
    if (is_float) {
      add({kind + " run", m, {"run", m, "random:1"}});
      add({kind + " quantize",
           m,
           {"quantize", m, "--calibrate", "random:1", "--frames", "2", "-o",
            "q.tflite"}});
      return;
    }
    add({kind + " plan", m, {"plan", m, "--objective", "ram"}});
    add({kind + " cut", m, {"plan", m, "--nodes", "3"}});
    add({kind + " run", m, {"run", m, "random:1", "--flash", "0"}});
    add({kind + " verify", m, {"verify", m, "random:1"}});
  }
  void add_real_models() {
    const char* const shared = std::getenv("SHOAL_SHARED");
    ASSERT_NE(shared, nullptr);
    add_model(kNetwork);
    for (const char* name :
         {"hello_world_int8", "kws_ref_model", "micro_speech_quantized",
          "pretrainedResnet_quant", "str_ww_ref_model", "ad01_int8",
          "vww_96_int8", "mobilenet_v1_0.25_128_quant"}) {
      add_model(fs::path(shared) / "models" / (std::string(name) + ".tflite"));
    }
    add_models(fs::path(SHOAL_SOURCE_DIR) /
               "host/model/onnx/testdata/operators");
  }
  void add_pictures(const fs::path& folder) {
    for (const char* end : {"png", "jpg", "bmp"}) {
      const std::string file = std::string("small.") + end;
      copy(folder / file, file);
      add({end, file, {"run", "dense.tflite", file}});
    }
  }
  // Adds stores, plain, sealed and spilling, with each of their files.
  void add_stores() {
    const std::string m = "convolutions.tflite";
    must({"build", m, "--flash", "0", "--ram", "64K", "--store", "sealed"});
    must({"build", m, "--flash", "0", "--ram", "64K", "--no-encrypt", "--store",
          "plain"});
    must({"build", m, "--ram", "64K", "--store", "mapped"});
    for (const std::string store : {"sealed", "plain", "mapped"}) {
      std::vector<std::string> run{"run",      "--store", store,
                                   "random:1", "-o",      "out.bin"};
      if (store == "plain") run.emplace_back("--no-encrypt");
      for (const auto& entry : fs::directory_iterator(shop_.folder() / store)) {
        const std::string name = entry.path().filename().string();
        const bool text = name.ends_with("json") || name.ends_with("key");
        add({"store " + name, store + "/" + name, run, text, "out.bin"});
      }
    }
  }
  void add_texts() {
    const std::string m = "convolutions.tflite";
    copy(kSource + "/examples/unequal.toml", "unequal.toml");
    add({"cluster",
         "unequal.toml",
         {"plan", m, "--cluster", "unequal.toml"},
         true});
    write("cuts.toml",
          "[default]\noutputs = true\n\n[[block]]\nlayers = \"0-1\"\n"
          "rows = 3\nend = true\n");
    add({"cuts",
         "cuts.toml",
         {"plan", m, "--nodes", "3", "--cuts", "cuts.toml"},
         true});
    write("labels.txt", "cat\ndog\nbird\r\n\nfish");
    add({"labels",
         "labels.txt",
         {"run", m, "random:1", "--labels", "labels.txt"},
         true});
    must({"keygen", "-o", "a.key"});
    must({"build", m, "--flash", "0", "--ram", "64K", "--store", "keyed",
          "--store-key", "a.key"});
    add({"key",
         "a.key",
         {"run", "--store", "keyed", "--store-key", "a.key", "random:1", "-o",
          "out.bin"},
         true,
         "out.bin"});
  }
  // Pictures and labels of a data set, the journal of a run, golden results.
  void add_data() {
    constexpr uint8_t kCount = 5;
    std::vector<uint8_t> pixels = {0, 0,     8, 4, 0, 0,     0, kCount, 0, 0,
                                   0, kSide, 0, 0, 0, kSide, 0, 0,      0, 3};
    const std::vector<uint8_t> labels = {0,      0, 8, 1, 0, 0, 0,
                                         kCount, 0, 1, 2, 2, 1};
    for (int i = 0; i < kCount * kSide * kSide * 3; ++i) {
      pixels.push_back(static_cast<uint8_t>(i * 7));
    }
    fs::create_directories(shop_.folder() / "idx");
    const std::string x = shop_.write("idx/t-images-idx4-ubyte", pixels);
    const std::string y = shop_.write("idx/t-labels-idx1-ubyte", labels);
    add({"idx", x, {"evaluate", "dense.tflite", "idx"}});
    add({"idx", y, {"evaluate", "dense.tflite", "idx"}});
    add({"journal",
         "journal",
         {"evaluate", "dense.tflite", "idx", "--resume", "journal"},
         true});
    const std::string m = "convolutions.tflite";
    fs::create_directories(shop_.folder() / "golden");
    shop_.write("golden/x.in.bin", std::vector<uint8_t>(9 * 8 * 3, 5));
    must({"run", m, "golden/x.in.bin", "--trace", "golden/x.layers.tsv", "-o",
          "golden/x.out.bin"});
    for (const std::string end : {"layers.tsv", "in.bin", "out.bin"}) {
      add({"golden",
           "golden/x." + end,
           {"verify", m, "golden/x.in.bin", "--golden", "golden"},
           end == "layers.tsv",
           "",
           {0, 2, 5, 7}});
    }
  }
  void write(const std::string& name, const std::string& text) {
    shop_.write(name, {text.begin(), text.end()});
  }

  const Workshop shop_;
  std::vector<Subject> subjects_;
  std::set<std::string> kinds_;
  std::map<std::string, Tally> tally_;
};

TEST_F(MutatedFiles, AreRefusedOrWorkInTimeAndMemory) {
  const unsigned long seed = number_from("SHOAL_RANDOM_SEED", 1);
  ASSERT_GT(subjects_.size(), 30u);
  if (std::getenv("SHOAL_MUTATION_CASE")) {
    return try_case(seed, number_from("SHOAL_MUTATION_CASE", 0), true);
  }
  const unsigned long count = number_from("SHOAL_MUTATIONS", 100);
  for (unsigned long n = 0; n < count; ++n) try_case(seed, n, false);
  print_tally();
}
}  // namespace
}  // namespace shoal
