// Self-contained HTML pages with drawings as SVG: no script, no network. Light and dark by the reader's setting,
// printable, and readable without colour (shapes and texts repeat what colours say).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace manyshot {

// The text with &, <, > and quotes escaped; bytes that are not UTF-8 become U+FFFD.
std::string html_text(std::string_view text);

// A whole page; `body` is HTML.
std::string html_page(std::string_view title, std::string_view body);

// Bars under a title, with a number above each; labels under the axis. Values are at least 0.
struct Bar {
  std::string label;
  double value = 0;
};
std::string bar_chart(std::string_view title, const std::vector<Bar>& bars, int width = 420, int height = 170);

// One of ten colours that are told apart in light and dark; for class k. Above nine they repeat.
std::string_view class_colour(size_t k);

}  // namespace manyshot
