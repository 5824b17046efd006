// Self-contained HTML pages with drawings as SVG: no script, no network. Light and dark by the reader's setting,
// printable, and readable without colour (shapes and texts repeat what colours say). Documents with
// charts that answer to the reader (document.h) are made of these.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace manyshot::report {

// The text with U+FFFD for bytes that are not UTF-8.
std::string valid_utf8(std::string_view text);

// The entity ("&amp;", "&lt;", "&gt;") of a character that is markup in HTML and in the texts of charts; "" for others.
std::string_view markup_entity(char c);

// valid_utf8 with &, <, > and quotes escaped, and U+FFFD for control characters other than tabs and line ends.
std::string html_text(std::string_view text);

// A whole page; `body` is HTML, and so is `head`, which comes after the page's own styles.
std::string html_page(std::string_view title, std::string_view body, std::string_view head = "");

// A drawing of bars under a title, with a number above and a label below each. Values are at least 0.
struct Bar {
  std::string label;
  double value = 0;
};
std::string bar_chart(std::string_view title, const std::vector<Bar>& bars, int width = 420, int height = 170);

// One of ten colours for class or series k, each with a contrast of at least 3 to the page in light and dark (WCAG 2.1,
// 1.4.11). Above nine they repeat.
std::string_view class_colour(size_t k);

}  // namespace manyshot::report
