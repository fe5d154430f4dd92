// Tests read here which boxes, points and masks an exported project prints.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/command.h"
#include "tests/needs.h"

namespace shoal {

inline std::string pixel_text(const nlohmann::json& at) {
  return std::to_string(static_cast<int>(std::max(0.f, at.get<float>())));
}

// The lines that app.cpp prints for what `shoal run` has found, which are
// boxes, points or classes of places, at least `least`.
inline std::string lines_for(const nlohmann::json& ran, size_t least) {
  std::string lines;
  if (ran["task"] == "detect") {
    EXPECT_GE(ran["boxes"].size(), least) << ran;
    for (size_t i = 0; i < std::min<size_t>(ran["boxes"].size(), 10); ++i) {
      const nlohmann::json& box = ran["boxes"][i];
      lines += "box";
      for (const nlohmann::json& at : box["box"]) lines += " " + pixel_text(at);
      lines += "\nlabel " + box["index"].dump() + "\n";
      if (!box.contains("points")) continue;
      for (const nlohmann::json& p : box["points"]) {
        lines += "point " + pixel_text(p[0]) + " " + pixel_text(p[1]) + "\n";
      }
    }
  } else if (ran["task"] == "points") {
    EXPECT_GE(ran["points"].size(), least) << ran;
    for (const nlohmann::json& p : ran["points"]) {
      const float sure = 100 * p["score"].get<float>();
      lines += "point " + pixel_text(p["x"]) + " " + pixel_text(p["y"]) + " " +
               pixel_text(sure) + "\n";
    }
  } else {
    const int places =
        ran["mask"]["rows"].get<int>() * ran["mask"]["columns"].get<int>();
    std::map<int, std::string> by_class;
    for (const nlohmann::json& c : ran["classes"]) {
      const long count = std::lround(c["area"].get<double>() * places);
      by_class[c["index"]] = "places " + std::to_string(count) + "\nlabel " +
                             c["index"].dump() + "\n";
    }
    EXPECT_GE(by_class.size(), least) << ran;
    for (const auto& [index, text] : by_class) lines += text;
  }
  return lines;
}

// Expects of `app.cpp`, of which a user has written the two functions at the
// top, what `shoal run` finds. `asked`: a --head for both.
inline void expect_found(const Workshop& shop, const std::string& name,
                         const std::string& model, const std::string& input,
                         const std::string& head, size_t least,
                         const char* said, const std::string& asked = "") {
  SCOPED_TRACE(name);
  const std::string launcher = has_program("ccache") ? " LAUNCHER=ccache" : "";
  std::vector<std::string> words{"export",  model,  input, "--as", "c",
                                 "--board", "host", "-o",  name};
  std::vector<std::string> here{"run", model, input, "--json"};
  if (!asked.empty()) {
    for (auto* all : {&words, &here}) {
      all->insert(all->end(), {"--head", asked});
    }
  }
  const Told told = shop.shoal(words);
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find(said), std::string::npos) << told.out;
  const Told built = shop.script(
      "cd " + name +
      "/app && sed -i '1i #include <cstdlib>\n; s/{ return false; }/{ static "
      "int n; if (n == 1) std::exit(0); return ++n == 1; }/; s/to\\[i\\] = "
      "0;/to[i] = shoal_networks[0].test_input[offset + i];/' app.cpp && cd "
      "../.. && make -s -C " +
      name + launcher + " DEBUG= all");
  ASSERT_EQ(built.code, 0) << built.err;
  // It ends by itself: nothing closes its line.
  const Told served =
      shop.script("mkfifo " + name + ".line && " + name + "/build/" + name +
                  " serve <> " + name + ".line");
  const Told ran = shop.shoal(here);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const nlohmann::json found = nlohmann::json::parse(ran.out);
  EXPECT_EQ(found["head"], head);
  const std::string expected = lines_for(found, least);
  EXPECT_NE(served.out.find(expected), std::string::npos)
      << served.out << served.err << expected;
}

}  // namespace shoal
