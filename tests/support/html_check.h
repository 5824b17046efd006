// A strict reader of the HTML that our pages are made of: every element closed, every attribute quoted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace manyshot {

struct HtmlPage {
  std::string problem;             // the first thing that is wrong, with its surroundings; "" when nothing is
  std::vector<Json> figures;       // of the <script type="application/json"> elements
  size_t scripts = 0, tables = 0;  // elements
  std::string text;                // all text outside scripts and styles, entities decoded
};

HtmlPage read_html(std::string_view html);

}  // namespace manyshot
