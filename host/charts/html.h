// Pieces of HTML pages that hold everything they need: no network, and nothing
// from a file or a name becomes markup or a script.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

std::string escape_html(const std::string&);

// Returns the text of a JSON value as a <script> that browsers do not run.
// Pages read it by its id.
std::string data_script(const std::string& id, const std::string& json);

// Returns a picture as an address that holds all of it.
std::string png_address(std::span<const uint8_t> png);

// Returns the pale color number `n` of the style that all pages share,
// "#rrggbb": that of the dark scheme. After the last one they begin again.
std::string pale_color(size_t n);

struct HtmlPage {
  std::string title;
  std::string body;                  // markup
  std::vector<const char*> scripts;  // programs, in their order
};

// Returns the whole file, with the style that all pages share. A policy in it
// forbids the browser to fetch anything.
std::string html_text(const HtmlPage&);

}  // namespace shoal
