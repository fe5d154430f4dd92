// The command line is tested where it cannot read or write: full disks, closed
// streams, endless files, names that are no text.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "host/model/import/testing/model_builder.h"
#include "tests/command.h"

namespace shoal {
namespace {

std::vector<uint8_t> named_model(const std::string& name) {
  ModelBuilder b;
  const int x = b.input({1, 24, 20, 3}, {0.05f, -3});
  const int w =
      b.weights({16, 3, 3, 3}, std::vector<int8_t>(16 * 27, 3), {0.004f}, 0);
  const int y = b.conv(x, w, -1, {0.05f, 2});
  if (!name.empty()) b.rename(y, name);
  b.output(y);
  return b.finish();
}

class CliFiles : public testing::Test {
 protected:
  CliFiles() {
    shop_.write("m.tflite", named_model(""));
    shop_.write("x.bin", std::vector<uint8_t>(24 * 20 * 3, 7));
  }
  void write_text(const std::string& name, const std::string& text) {
    shop_.write(name, std::vector<uint8_t>(text.begin(), text.end()));
  }
  void told(const Told& told, int code, const std::string& what) {
    EXPECT_EQ(told.code, code) << told.out << told.err;
    EXPECT_NE(told.err.find(what), std::string::npos)
        << "wanted: " << what << "\ntold: " << told.err;
  }
  static void expect_no_control(const std::string& text) {
    for (const char c : text) {
      const auto byte = static_cast<uint8_t>(c);
      EXPECT_TRUE((byte >= 0x20 && byte != 0x7F) || c == '\n') << text;
    }
  }
  Workshop shop_;
};

TEST_F(CliFiles, AVerbWhoseOutputIsLostFails) {
  // Longer than stdio's buffer, so that the first loss is before the end.
  const std::string long_model = "zoo:vgg16";
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{
           {"inspect", "m.tflite"},
           {"inspect", "m.tflite", "--json"},
           {"inspect", long_model, "--json"},
           {"plan", "m.tflite"},
           {"plan", "m.tflite", "--nodes", "8", "--json"},
           {"run", "m.tflite", "x.bin"},
           {"run", "m.tflite", "x.bin", "--json"},
           {"verify", "m.tflite", "x.bin"},
           {"simulate", "m.tflite", "--nodes", "2", "--board", "teensy41"},
           {"boards", "--json"},
           {"boards"},
           {"ops", "--json"},
           {"--version"},
           {"worker", "--ram", "64K", "--insecure"},
           {"plan", "--help"}}) {
    told(shop_.shoal(verb, "/dev/full"), 1, "stdout: cannot be written");
  }
}

TEST_F(CliFiles, AClosedStdoutFailsAndTakesNoFilesPlace) {
  told(shop_.script("$SHOAL boards >&-"), 1,
       "stdout: cannot be written: Bad file descriptor");
  told(shop_.script("$SHOAL run m.tflite x.bin -o out >&-"), 1, "stdout");
  EXPECT_EQ(shop_.read("out").size(), size_t{24 * 20 * 16});
  told(shop_.script("$SHOAL run m.tflite - <&-"), 2, "stdin: cannot be read");
  told(shop_.script("$SHOAL boards >/dev/null 2>&-"), 0, "");
}

TEST_F(CliFiles, AReaderThatGoesAwayEndsItAsItDoesOtherTools) {
  // A pipe that nobody reads any more.
  const std::string pipe = "mkfifo p; exec 3<>p 4>p; exec 3>&-; rm p; ";
  told(shop_.script(pipe + "$SHOAL boards >&4"), 128 + 13, "");
  // A process that ignores the signal gets the error.
  told(shop_.script(pipe + "trap '' PIPE; $SHOAL boards >&4"), 1,
       "stdout: cannot be written: Broken pipe");
}

TEST_F(CliFiles, AFileThatMayNotGrowIsAnError) {
  shop_.write("old", {1, 2, 3});
  for (const std::string verb :
       {"run m.tflite x.bin -o old", "plan m.tflite -o old",
        "run m.tflite x.bin --trace old",
        "simulate m.tflite --nodes 2 --board teensy41 --timeline old",
        "keygen --force -o old"}) {
    told(shop_.script("(ulimit -f 0; $SHOAL " + verb +
                      " 2>&1 >/dev/null) | cat >&2; exit ${PIPESTATUS[0]}"),
         1, "old: cannot be written: File too large");
    EXPECT_EQ(shop_.read("old"), (std::vector<uint8_t>{1, 2, 3}));
  }
  told(shop_.script("(ulimit -f 1; $SHOAL build m.tflite --store st --flash 0 "
                    "--board teensy41 2>&1 >/dev/null) | cat >&2; "
                    "exit ${PIPESTATUS[0]}"),
       1, "cannot be written");
  told(shop_.script("(ulimit -f 0; $SHOAL keygen -o k.key 2>&1) | cat >&2; "
                    "exit ${PIPESTATUS[0]}"),
       1, "k.key: cannot be written: File too large");
  EXPECT_FALSE(std::filesystem::exists(shop_.path("k.key")));
}

TEST_F(CliFiles, EndlessFilesAndPipesAreRefused) {
  ASSERT_EQ(mkfifo(shop_.path("fifo").c_str(), 0600), 0);
  for (const std::string file : {"/dev/zero", "fifo", "/"}) {
    const std::string is = file == "fifo" ? "is a pipe"
                           : file == "/"  ? "is a folder"
                                          : "is a device";
    for (const std::vector<std::string>& verb :
         std::vector<std::vector<std::string>>{
             {"inspect", file},
             {"run", file, "x.bin"},
             {"run", "m.tflite", file},
             {"run", "m.tflite", "x.bin", "--labels", file},
             {"plan", "m.tflite", "--cluster", file},
             {"plan", "m.tflite", "--nodes", "2", "--cuts", file},
             {"worker", "--ram", "64K", "--key", file},
             {"run", "m.tflite", "x.bin", "--workers", "127.0.0.1:9", "--key",
              file},
             {"build", "m.tflite", "--store", "st", "--store-key", file},
             {"study", "split", "m.tflite", "--cuts", file}}) {
      // Only as an input a folder is what it may be.
      const bool input = file == "/" && verb == std::vector<std::string>{
                                                    "run", "m.tflite", file};
      told(shop_.shoal(verb), 2,
           file + ": " +
               (input ? "the folder holds no pictures and no values" : is));
    }
  }
  told(shop_.shoal({"evaluate", "m.tflite", "/dev/zero"}), 2, "/dev/zero: ");
  told(shop_.shoal({"evaluate", "m.tflite", "fifo"}), 2, "fifo: ");
  // A file of no blocks that says that it has 5 GB.
  told(shop_.script("truncate -s 5G big; $SHOAL inspect big"), 7,
       "big: has 5,368,709,120 bytes, a model has at most 2,147,483,647");
  told(shop_.script("yes '' | head -1000001 >l; "
                    "$SHOAL run m.tflite x.bin --labels l"),
       7, "l: has more than a million lines");
  told(shop_.script("truncate -s 20M l; $SHOAL run m.tflite x.bin --labels l"),
       7, "l: has 20,971,520 bytes, a list of labels has at most");
}

TEST_F(CliFiles, PipesThatAreMeantAreRead) {
  const Told file = shop_.shoal({"run", "m.tflite", "x.bin", "--json"});
  const auto sha = nlohmann::json::parse(file.out).at("output_sha256");
  const Told piped = shop_.script("cat x.bin | $SHOAL run m.tflite - --json");
  ASSERT_EQ(piped.code, 0) << piped.err;
  EXPECT_EQ(nlohmann::json::parse(piped.out).at("output_sha256"), sha);
  const Told labels = shop_.script(
      "$SHOAL run m.tflite x.bin --labels <(printf 'a\\nb\\n') -o /dev/null");
  EXPECT_EQ(labels.code, 0) << labels.err;
  // A second look into the file finds it empty.
  const std::string board = "board = \"teensy41\"\n";
  write_text("c.toml", "[[node]]\nname = \"a\"\n" + board +
                           "[[node]]\nname = \"b\"\n" + board);
  const Told nodes = shop_.script(
      "$SHOAL run m.tflite x.bin --json --cluster <(cat c.toml) "
      "--cuts <(printf '[default]\\nstrategy = \"kernel\"\n')");
  ASSERT_EQ(nodes.code, 0) << nodes.err;
  EXPECT_EQ(nlohmann::json::parse(nodes.out).at("output_sha256"), sha);
  const Told exported = shop_.script(
      "sed -E 's/^name = \"(.)\"/&\\naddress = \"10.0.0.\\1:7000\"/; "
      "s/10.0.0.a/10.0.0.1/; s/10.0.0.b/10.0.0.2/' c.toml >at.toml; "
      "$SHOAL export m.tflite --as c --insecure --cluster <(cat at.toml) "
      "-o nodes >/dev/null 2>&1; "
      "grep -c $(sha256sum <at.toml | cut -d' ' -f1) nodes/a/export.json");
  EXPECT_EQ(exported.out, "1\n") << exported.err;
  told(shop_.script("head -c 9 x.bin | $SHOAL run m.tflite -"), 7,
       "stdin: not a picture");
}

TEST_F(CliFiles, OutputsThatAreNoFilesAreWrittenAsTheyAre) {
  const size_t bytes = 24 * 20 * 16;
  const Told piped =
      shop_.script("$SHOAL run m.tflite x.bin -o /dev/stdout | cat");
  EXPECT_GT(piped.out.size(), bytes);
  const Told file =
      shop_.shoal({"run", "m.tflite", "x.bin", "-o", "/dev/stdout"});
  EXPECT_EQ(file.code, 0);
  // Each run measures a latency of its own.
  EXPECT_EQ(file.out.substr(0, file.out.rfind("latency")),
            piped.out.substr(0, piped.out.rfind("latency")));
  told(shop_.shoal({"run", "m.tflite", "x.bin", "-o", "/dev/null"}), 0, "");
  told(shop_.script("mkfifo p; cat p >through & "
                    "$SHOAL run m.tflite x.bin -o p && wait $!"),
       0, "");
  EXPECT_EQ(shop_.read("through").size(), bytes);
}

TEST_F(CliFiles, AnOutputIsNoInputAndNoOtherOutput) {
  const std::vector<uint8_t> before = shop_.read("m.tflite");
  std::filesystem::create_symlink("m.tflite", shop_.path("link"));
  std::filesystem::create_hard_link(shop_.path("m.tflite"), shop_.path("hard"));
  write_text("c.toml", "[[node]]\nname = \"a\"\nboard = \"teensy41\"\n");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"run m.tflite x.bin -o m.tflite",
       "--output m.tflite: would replace MODEL"},
      {"run m.tflite x.bin -o ./link", "--output ./link: would replace MODEL"},
      {"run m.tflite x.bin -o hard", "--output hard: would replace MODEL"},
      {"run m.tflite x.bin --trace x.bin",
       "--trace x.bin: would replace INPUT"},
      {"run m.tflite x.bin -o y --trace ./y",
       "--trace ./y: is the file of "
       "--output"},
      {"run m.tflite x.bin -o .", ".: cannot be written: it is a folder"},
      {"plan m.tflite --cluster c.toml -o c.toml", "would replace --cluster"},
      {"simulate m.tflite --nodes 2 --timeline m.tflite",
       "would replace MODEL"},
      {"quantize m.tflite --calibrate random:1 -o m.tflite",
       "would replace MODEL"},
      {"evaluate m.tflite x.bin --resume m.tflite", "would replace MODEL"},
      {"evaluate m.tflite x.bin --resume j -o j", "would replace --resume"}};
  for (const auto& [verb, what] : cases) {
    told(shop_.script("$SHOAL " + verb), 2, what);
  }
  EXPECT_EQ(shop_.read("m.tflite"), before);
  told(shop_.script("$SHOAL run m.tflite x.bin -o /dev/null --trace /dev/null"),
       0, "");
}

TEST_F(CliFiles, WithoutItsModelAVerbLeavesNothing) {
  for (const std::string verb :
       {"build none.tflite --board emcraft-sf2 -o left",
        "build none.tflite --store left", "run none.tflite x.bin -o left",
        "run none.tflite x.bin --output-dir left",
        "run none.tflite x.bin --store left --flash 0",
        "export none.tflite --as c -o left", "study split none.tflite -o left",
        "evaluate none.tflite . --resume left"}) {
    told(shop_.script("$SHOAL " + verb), 2, "none.tflite: no such file");
    EXPECT_FALSE(std::filesystem::exists(shop_.path("left"))) << verb;
    EXPECT_FALSE(std::filesystem::exists(shop_.path("left.key"))) << verb;
  }
}

// Each output is one run's, whole, whichever run was the last.
TEST_F(CliFiles, TwoRunsAtOnceWriteOneOutputOrTheOther) {
  const Told a = shop_.shoal({"run", "m.tflite", "random:1", "-o", "a"});
  const Told b = shop_.shoal({"run", "m.tflite", "random:2", "-o", "b"});
  ASSERT_EQ(a.code + b.code, 0) << a.err << b.err;
  ASSERT_NE(shop_.read("a"), shop_.read("b"));
  for (int i = 0; i < 10; ++i) {
    told(shop_.script("$SHOAL run m.tflite random:1 -o out >/dev/null & "
                      "$SHOAL run m.tflite random:2 -o out >/dev/null && "
                      "wait $!"),
         0, "");
    const std::vector<uint8_t> out = shop_.read("out");
    EXPECT_TRUE(out == shop_.read("a") || out == shop_.read("b"));
  }
  for (const auto& e : std::filesystem::directory_iterator(shop_.folder())) {
    EXPECT_FALSE(e.path().filename().string().starts_with(".shoal-"));
  }
}

TEST_F(CliFiles, JsonIsValidWhateverFilesAreCalled) {
  const std::string name = "caf\xe9\x1b.tflite";
  shop_.write(name, named_model("la\xe9yer\x1b[2J\x7f"));
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{
           {"inspect", name, "--json"},
           {"plan", name, "--json"},
           {"run", name, "x.bin", "--json"},
           {"build", name, "--store", "st\xe9", "--json"},
           {"simulate", name, "--nodes", "2", "--board", "teensy41",
            "--json"}}) {
    const Told told = shop_.shoal(verb);
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_TRUE(nlohmann::json::accept(told.out)) << told.out;
    expect_no_control(told.out);
  }
}

TEST_F(CliFiles, NamesDoNotReachTheTerminalRaw) {
  shop_.write("evil.tflite", named_model("a\x1b]0;title\x07\xc2\x9b"
                                         "31m\nb"));
  write_text("l.txt", "one\x1b[2J\ntwo\xff\n");
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{
           {"inspect", "evil.tflite"},
           {"plan", "evil.tflite"},
           {"plan", "evil.tflite", "--ram", "1"},
           {"run", "evil.tflite", "x.bin", "--labels", "l.txt"},
           {"run", "evil.tflite", "x.bin", "--labels", "l.txt", "--json"},
           {"simulate", "evil.tflite", "--nodes", "2", "--board", "teensy41"},
           {"inspect", "no\x1b[2J\nfile"},
           {"run", "m.tflite", "x.bin", "--board", "no\x1b[2J"},
           {"--no\x1b[2J"}}) {
    const Told told = shop_.shoal(verb);
    expect_no_control(told.out);
    expect_no_control(told.err);
  }
  told(shop_.shoal({"inspect", "no\x1b[2J\nfile"}), 2,
       "no\\x1b[2J\\nfile: no such file");
}

TEST_F(CliFiles, KeysThatOthersMayUseAreRefused) {
  told(shop_.shoal({"keygen", "-o", "k.key"}), 0, "");
  chmod(shop_.path("k.key").c_str(), 0640);
  told(shop_.shoal({"worker", "--ram", "64K", "--key", "k.key"}), 2,
       "k.key: its group can use this key");
  told(shop_.shoal(
           {"build", "m.tflite", "--store", "st", "--store-key", "k.key"}),
       2, "k.key: its group can use this key");
}

}  // namespace
}  // namespace shoal
