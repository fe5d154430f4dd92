#include "host/charts/html.h"

#include <fmt/format.h>
#include <mbedtls/base64.h>

#include "host/base/error.h"
#include "host/charts/page_files.h"

namespace shoal {

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Control characters are not allowed in XML, not even escaped.
        out += static_cast<unsigned char>(c) < 32 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string data_script(const std::string& id, const std::string& json) {
  std::string out =
      "<script type=\"application/json\" id=\"" + escape_html(id) + "\">";
  // In JSON these stand in strings only, where an escape means the same.
  for (const char c : json) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
  return out + "</script>\n";
}

std::string png_address(std::span<const uint8_t> png) {
  // Four characters for three bytes, and a terminating zero.
  std::vector<unsigned char> text((png.size() + 2) / 3 * 4 + 1);
  size_t size = 0;
  if (mbedtls_base64_encode(text.data(), text.size(), &size, png.data(),
                            png.size()) != 0) {
    throw Error(Exit::kInternal, "a picture of " + std::to_string(png.size()) +
                                     " bytes has no base64");
  }
  return "data:image/png;base64," +
         std::string(text.begin(), text.begin() + static_cast<ptrdiff_t>(size));
}

std::string pale_color(size_t n) {
  constexpr size_t kColors = 8, kHex = 7;
  const std::string style = page_files::kStyle;
  const std::string name = fmt::format("--c{}: #", n % kColors);
  const size_t at = style.rfind(name);
  return style.substr(at + name.size() - 1, kHex);
}

std::string html_text(const HtmlPage& page) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src "
      "data:\"/>\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n<title>{}</title>\n<style>\n{}</style>\n</head>\n"
      "<body>\n{}",
      escape_html(page.title), page_files::kStyle, page.body);
  for (const char* const script : page.scripts) {
    if (*script == '\0') continue;
    out += "<script>\n";
    out += script;
    out += "</script>\n";
  }
  return out + "</body>\n</html>\n";
}

}  // namespace shoal
