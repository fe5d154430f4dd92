// A strict reader of XML, for tests of pages: elements with attributes and
// text, in document order, scripts without their text. A doctype line is
// allowed, nothing else that starts with <! or <?.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace shoal {

struct XmlElement {
  std::string name, text;  // text: of this element alone, entities resolved
  std::map<std::string, std::string> attributes;
  std::vector<std::string> path;  // names of the elements around it
  std::string attribute(const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "" : found->second;
  }
};

// Throws std::runtime_error with the byte offset for what is not well-formed.
std::vector<XmlElement> read_xml(const std::string&);

}  // namespace shoal
