// Plotly figures, as https://plotly.com/javascript/reference/ defines them: {"data": [traces], "layout": {…}}. They
// carry no background and text colours, which the page adds for light or dark; Python's plotly.io.from_json reads them.
// A figure that is hard to read when narrow names its least width in pixels in layout.meta.min_width; the page scrolls
// it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace manyshot::report {

// {"data": traces, "layout": layout}
Json figure(Json traces, Json layout);

// Six significant digits; null for NaN and infinities.
Json figure_number(double value);

// Text for a figure: Plotly reads <b>, <a href> and &amp; in names, so these are escaped; line ends become blanks.
// Longer texts lose their middle, since names often differ at their ends.
std::string figure_text(std::string_view text, size_t max_characters = 80);

// figure_text of names for a category axis, which keeps equal labels together: repeated ones get " (2)", " (3)".
std::vector<std::string> category_labels(std::span<const std::string> names, size_t max_characters);

// A trace with the line, dash and marker of series k: its colour, shape and dash differ from those of its neighbours,
// so that a chart reads without colour. y and x are left to the caller.
Json line_trace(std::string_view name, size_t series);
Json marker_of(size_t series, double size);

// Whiskers of values [N] from low to high [N]; a value whose bounds are NaN gets none.
Json error_bars(std::span<const double> values, std::span<const double> low, std::span<const double> high);

Json axis(std::string_view title);
Json log_axis(std::string_view title, std::span<const uint64_t> ticks);  // with a tick at each value
Json category_axis();

// Of lines and bars that stand behind the data.
inline constexpr const char* kGuideColour = "#778090";

// A dashed line between two points that takes no part in hovering.
Json guide_line(double x0, double y0, double x1, double y1);

}  // namespace manyshot::report
