#include "host/charts/testing/xml.h"

#include <cctype>

namespace shoal {
namespace {

class XmlReader {
 public:
  explicit XmlReader(const std::string& text) : text_(text) {}

  std::vector<XmlElement> run() {
    const std::string doctype = "<!DOCTYPE html>";
    if (text_.compare(0, doctype.size(), doctype) == 0) at_ = doctype.size();
    while (at_ < text_.size()) {
      if (text_[at_] == '<') {
        tag();
      } else {
        const std::string piece = until('<');
        if (!open_.empty()) {
          elements_[open_.back()].text += resolve(piece);
        } else if (piece.find_first_not_of(" \n") != std::string::npos) {
          fail("text outside of the root");
        }
      }
    }
    if (!open_.empty()) fail(elements_[open_.back()].name + " is not closed");
    if (elements_.empty()) fail("no element");
    return elements_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("byte " + std::to_string(at_) + ": " + what);
  }

  std::string until(char end) {
    const size_t stop = text_.find(end, at_);
    const std::string piece = text_.substr(
        at_, (stop == std::string::npos ? text_.size() : stop) - at_);
    at_ += piece.size();
    return piece;
  }

  std::string resolve(const std::string& raw) const {
    std::string out;
    for (size_t k = 0; k < raw.size(); ++k) {
      if (raw[k] == '>') fail("a bare >");
      if (raw[k] != '&') {
        out += raw[k];
        continue;
      }
      const size_t end = raw.find(';', k);
      const std::string name =
          end == std::string::npos ? "" : raw.substr(k + 1, end - k - 1);
      if (name == "amp")
        out += '&';
      else if (name == "lt")
        out += '<';
      else if (name == "gt")
        out += '>';
      else if (name == "quot")
        out += '"';
      else
        fail("unknown entity '" + name + "'");
      k = end;
    }
    return out;
  }

  std::string name() {
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
            text_[at_] == '-' || text_[at_] == ':')) {
      ++at_;
    }
    if (at_ == begin) fail("a name was expected");
    return text_.substr(begin, at_ - begin);
  }

  void expect(char c) {
    if (at_ >= text_.size() || text_[at_] != c) {
      fail(std::string("'") + c + "' was expected");
    }
    ++at_;
  }

  void close() {
    const std::string closed = name();
    expect('>');
    if (open_.empty() || elements_[open_.back()].name != closed) {
      fail("</" + closed + "> closes nothing");
    }
    open_.pop_back();
  }

  void tag() {
    expect('<');
    if (at_ < text_.size() && text_[at_] == '/') {
      ++at_;
      return close();
    }
    if (open_.empty() && !elements_.empty()) fail("a second root");
    XmlElement element;
    element.name = name();
    for (const size_t k : open_) element.path.push_back(elements_[k].name);
    while (at_ < text_.size() && text_[at_] == ' ') {
      ++at_;
      const std::string key = name();
      expect('=');
      expect('"');
      const std::string value = until('"');
      expect('"');
      if (value.find('<') != std::string::npos) fail("< in an attribute");
      if (!element.attributes.emplace(key, resolve(value)).second) {
        fail("attribute " + key + " is there twice");
      }
    }
    elements_.push_back(element);
    if (at_ < text_.size() && text_[at_] == '/') {
      ++at_;
    } else {
      open_.push_back(elements_.size() - 1);
    }
    expect('>');
    if (elements_.back().name == "script") skip_script();
  }

  // As in HTML, nothing in a script is markup except its end.
  void skip_script() {
    const size_t end = text_.find("</script>", at_);
    if (end == std::string::npos) fail("a script without end");
    at_ = end;
  }

  const std::string& text_;
  size_t at_ = 0;
  std::vector<XmlElement> elements_;
  std::vector<size_t> open_;
};

}  // namespace

std::vector<XmlElement> read_xml(const std::string& text) {
  return XmlReader(text).run();
}

}  // namespace shoal
