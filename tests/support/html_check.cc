#include "support/html_check.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace manyshot {
namespace {

class HtmlReader {
 public:
  explicit HtmlReader(std::string_view html) : html_(html) {}

  HtmlPage read() {
    if (!take("<!DOCTYPE html>")) fail("no doctype");
    while (place_ < html_.size() && page_.problem.empty()) {
      if (html_[place_] == '<') {
        read_tag();
      } else {
        read_text();
      }
    }
    if (!open_.empty()) fail("<" + open_.back() + "> is not closed");
    return std::move(page_);
  }

 private:
  void fail(const std::string& problem) {
    if (page_.problem.empty())
      page_.problem = problem + " near: " + std::string(html_.substr(place_ > 60 ? place_ - 60 : 0, 160));
  }

  bool take(std::string_view text) {
    if (html_.substr(place_, text.size()) != text) return false;
    place_ += text.size();
    return true;
  }

  std::string take_name() {
    const size_t first = place_;
    while (place_ < html_.size() && (std::isalnum(static_cast<unsigned char>(html_[place_])) || html_[place_] == '-'))
      ++place_;
    return std::string(html_.substr(first, place_ - first));
  }

  void read_text() {
    for (; place_ < html_.size() && html_[place_] != '<'; ++place_) {
      if (html_[place_] == '>') return fail("a bare >");
      if (html_[place_] != '&') {
        page_.text += html_[place_];
        continue;
      }
      const std::pair<std::string_view, char> entities[] = {
          {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}};
      const auto* entity = std::find_if(std::begin(entities), std::end(entities), [&](const auto& candidate) {
        return html_.substr(place_, candidate.first.size()) == candidate.first;
      });
      if (entity == std::end(entities)) return fail("a bare &");
      page_.text += entity->second;
      place_ += entity->first.size() - 1;
    }
  }

  void read_tag() {
    if (take("</")) {
      const std::string name = take_name();
      if (open_.empty() || open_.back() != name) return fail("</" + name + "> closes nothing");
      open_.pop_back();
      if (!take(">")) fail("an end tag with more than a name");
      return;
    }
    take("<");
    const std::string name = take_name();
    if (name.empty()) return fail("a bare <");
    bool is_json = false;
    while (take(" ")) {
      const std::string attribute = take_name();
      if (attribute.empty()) return fail("an attribute without a name");
      if (!take("=")) continue;
      if (!take("\"")) return fail("an attribute without quotes");
      const size_t end = html_.find_first_of("\"<", place_);
      if (end == std::string_view::npos || html_[end] != '"') return fail("an attribute that does not end");
      const std::string value(html_.substr(place_, end - place_));
      if (attribute == "id" && !ids_.insert(value).second) return fail("a second id " + value);
      is_json |= name == "script" && value == "application/json";
      place_ = end + 1;
    }
    if (!take(">")) return fail("a tag that does not end");
    page_.scripts += name == "script" ? 1 : 0;
    page_.tables += name == "table" ? 1 : 0;
    static const std::set<std::string> kVoid{"meta", "br", "hr", "img", "input", "link"};
    if (kVoid.contains(name)) return;
    open_.push_back(name);
    if (name == "script" || name == "style") read_raw(name, is_json);
  }

  void read_raw(const std::string& name, bool is_json) {
    const size_t end = html_.find("</" + name, place_);
    if (end == std::string_view::npos) return fail("<" + name + "> does not end");
    if (is_json) page_.figures.push_back(Json::parse(html_.substr(place_, end - place_)));
    place_ = end;
  }

  std::string_view html_;
  size_t place_ = 0;
  std::vector<std::string> open_;
  std::set<std::string> ids_;
  HtmlPage page_;
};

}  // namespace

HtmlPage read_html(std::string_view html) { return HtmlReader(html).read(); }

}  // namespace manyshot
