#include "report/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "report/html.h"

namespace manyshot::report {
namespace {

constexpr const char* kDashes[] = {"solid", "dash", "dot", "dashdot", "longdash", "longdashdot"};
constexpr const char* kSymbols[] = {"circle",        "square", "diamond", "triangle-up", "x",
                                    "triangle-down", "star",   "cross",   "pentagon",    "hexagon"};

// Where each code point begins, and the end.
std::vector<size_t> code_points(const std::string& text) {
  std::vector<size_t> places;
  for (size_t place = 0; place < text.size(); ++place) {
    if ((static_cast<unsigned char>(text[place]) & 0xC0) != 0x80) places.push_back(place);
  }
  places.push_back(text.size());
  return places;
}

std::string without_middle(const std::string& text, size_t max_characters) {
  const std::vector<size_t> places = code_points(text);
  const size_t characters = places.size() - 1;
  if (characters <= max_characters) return text;
  const size_t tail = (max_characters - 1) / 2, head = max_characters - 1 - tail;
  return text.substr(0, places[head]) + "…" + text.substr(places[characters - tail]);
}

// Powers of ten a little beyond the ticks.
Json log_range(std::span<const uint64_t> ticks) {
  if (ticks.empty()) return {0, 1};
  const double low =
      std::log10(static_cast<double>(std::max<uint64_t>(*std::min_element(ticks.begin(), ticks.end()), 1)));
  const double high =
      std::log10(static_cast<double>(std::max<uint64_t>(*std::max_element(ticks.begin(), ticks.end()), 1)));
  const double room = std::max(0.05 * (high - low), 0.05);
  return {figure_number(low - room), figure_number(high + room)};
}

}  // namespace

Json figure(Json traces, Json layout) { return {{"data", std::move(traces)}, {"layout", std::move(layout)}}; }

Json figure_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
}

std::string figure_text(std::string_view text, size_t max_characters) {
  std::string result;
  for (const char c : without_middle(valid_utf8(text), max_characters)) {
    if (const std::string_view entity = markup_entity(c); !entity.empty()) {
      result += entity;
    } else {
      result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return result;
}

std::vector<std::string> category_labels(std::span<const std::string> names, size_t max_characters) {
  std::vector<std::string> labels;
  std::map<std::string, int> uses;
  for (const std::string& name : names) {
    std::string label = figure_text(name, max_characters);
    if (const int use = ++uses[label]; use > 1) label += fmt::format(" ({})", use);
    labels.push_back(std::move(label));
  }
  return labels;
}

Json marker_of(size_t series, double size) {
  return {{"color", class_colour(series)}, {"symbol", kSymbols[series % std::size(kSymbols)]}, {"size", size}};
}

Json line_trace(std::string_view name, size_t series) {
  return {{"type", "scatter"},
          {"mode", "lines+markers"},
          {"name", figure_text(name)},
          {"line", {{"color", class_colour(series)}, {"dash", kDashes[series % std::size(kDashes)]}, {"width", 2}}},
          {"marker", marker_of(series, 8)}};
}

Json error_bars(std::span<const double> values, std::span<const double> low, std::span<const double> high) {
  Json above = Json::array(), below = Json::array();
  for (size_t i = 0; i < values.size(); ++i) {
    above.push_back(figure_number(high[i] - values[i]));
    below.push_back(figure_number(values[i] - low[i]));
  }
  return {{"type", "data"},      {"symmetric", false}, {"array", above},
          {"arrayminus", below}, {"thickness", 1},     {"width", 3}};
}

Json axis(std::string_view title) { return {{"title", {{"text", figure_text(title)}}}, {"automargin", true}}; }

Json log_axis(std::string_view title, std::span<const uint64_t> ticks) {
  Json result = axis(title), texts = Json::array();
  for (const uint64_t tick : ticks) texts.push_back(std::to_string(tick));
  result["type"] = "log";
  result["range"] = log_range(ticks);
  result["tickvals"] = std::vector(ticks.begin(), ticks.end());
  result["ticktext"] = texts;
  return result;
}

Json category_axis() { return {{"type", "category"}, {"automargin", true}, {"showgrid", false}}; }

Json guide_line(double x0, double y0, double x1, double y1) {
  return {{"type", "scatter"},
          {"mode", "lines"},
          {"x", {figure_number(x0), figure_number(x1)}},
          {"y", {figure_number(y0), figure_number(y1)}},
          {"line", {{"color", kGuideColour}, {"dash", "dash"}, {"width", 1}}},
          {"hoverinfo", "skip"},
          {"showlegend", false}};
}

}  // namespace manyshot::report
