#include "prior/gallery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/rng.h"
#include "core/text.h"
#include "report/html.h"

namespace manyshot::prior {
namespace {

using report::class_colour;
using report::html_page;
using report::html_text;

constexpr size_t kScatterRows = 400, kMarginals = 9, kCorrelated = 24, kDrawnNodes = 60;
constexpr int kMostBins = 24;

// Cards are filled: what stands in a row shares its width, and long lists of equations scroll.
constexpr const char* kStyle =
    "<style>.fill { flex: 1 1 300px; min-width: 0; } .row > div { max-width: 100%; } .tiles { display: grid; "
    "grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .4em 1em; } .tiles svg, .fill > svg { width: "
    "100%; } .fill > svg { max-height: 300px; } .fill pre { max-height: 260px; overflow: auto; margin: 0 0 .4em; }"
    "</style>\n";

// The share of a column's variance that lies between the class means (eta squared); missing cells left out.
double relevance(const Task& task, size_t feature) {
  std::vector<double> sums(static_cast<size_t>(task.num_classes)), counts(sums.size());
  double sum = 0, squares = 0, count = 0;
  const std::span<const float> column = task.column(feature);
  for (size_t row = 0; row < task.num_rows; ++row) {
    if (std::isnan(column[row])) continue;
    const auto k = static_cast<size_t>(task.labels[row]);
    sums[k] += column[row];
    ++counts[k];
    sum += column[row];
    squares += static_cast<double>(column[row]) * column[row];
    ++count;
  }
  if (count == 0) return 0;
  const double total = squares - sum * sum / count;
  double between = -sum * sum / count;
  for (size_t k = 0; k < sums.size(); ++k) between += counts[k] > 0 ? sums[k] * sums[k] / counts[k] : 0;
  return total > 1e-12 ? between / total : 0;
}

double correlation(std::span<const float> a, std::span<const float> b) {
  double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0, n = 0;
  for (size_t row = 0; row < a.size(); ++row) {
    if (std::isnan(a[row]) || std::isnan(b[row])) continue;
    const double x = a[row], y = b[row];
    sa += x, sb += y, saa += x * x, sbb += y * y, sab += x * y, ++n;
  }
  if (n < 2) return 0;
  const double va = saa - sa * sa / n, vb = sbb - sb * sb / n;
  return va > 1e-12 && vb > 1e-12 ? (sab - sa * sb / n) / std::sqrt(va * vb) : 0;
}

struct Range {
  double low = 0, high = 1;
  double place(double value) const { return (value - low) / (high - low); }
};

Range range_of(std::span<const float> column) {
  Range range{.low = INFINITY, .high = -INFINITY};
  for (const float value : column) {
    if (std::isnan(value)) continue;
    range.low = std::min<double>(range.low, value);
    range.high = std::max<double>(range.high, value);
  }
  if (!(range.high > range.low))
    range = {.low = (range.low < INFINITY ? range.low : 0) - 1, .high = (range.low < INFINITY ? range.low : 0) + 1};
  return range;
}

// A mark for class k: shapes repeat what the colours say.
std::string mark(size_t k, double x, double y) {
  const std::string_view colour = class_colour(k);
  switch (k % 4) {
    case 0:
      return fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="2.6" fill="{}" fill-opacity=".75"/>)", x, y, colour);
    case 1:
      return fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="4.8" height="4.8" fill="{}" fill-opacity=".75"/>)",
                         x - 2.4, y - 2.4, colour);
    case 2:
      return fmt::format(R"(<path d="M{:.1f} {:.1f}l3 5.4h-6z" fill="{}" fill-opacity=".75"/>)", x, y - 3.2, colour);
    default:
      return fmt::format(R"(<path d="M{:.1f} {:.1f}l5 5m0 -5l-5 5" stroke="{}" stroke-width="1.4"/>)", x - 2.5, y - 2.5,
                         colour);
  }
}

bool has_few_values(const ColumnInfo& info) { return info.num_levels >= 2 && info.num_levels <= 30; }

// Places values on `length` pixels. Columns with few values get a band for each, over which their points are spread.
class Axis {
 public:
  Axis(std::span<const float> values, const ColumnInfo& info, uint64_t number, double length)
      : range_(range_of(values)), spread_(number), length_(length) {
    if (has_few_values(info)) band_ = length / info.num_levels;
  }
  double place(float value, size_t row) const {
    return band_ / 2 + (length_ - band_) * range_.place(value) + (spread_.uniform(row) - 0.5) * 0.7 * band_;
  }

 private:
  Range range_;
  Rng spread_;
  double length_, band_ = 0;
};

// The column against another one, or, when the target is a number, against the target.
std::string scatter(const Task& task, size_t x_feature, size_t y_feature) {
  constexpr double kSize = 300, kEdge = 22;
  const bool to_target = task.target_kind == TargetKind::kNumber;
  const std::span<const float> xs = task.column(x_feature),
                               ys = to_target ? std::span<const float>(task.target_values) : task.column(y_feature);
  const double room = kSize - kEdge - 20;
  const Axis x_axis(xs, task.info[x_feature], 0, room),
      y_axis(ys, to_target ? task.target_info : task.info[y_feature], 1, room);
  std::string svg = fmt::format(
      R"(<svg width="{0}" height="{0}" viewBox="0 0 {0} {0}" role="img" aria-label="scatter of {3}"><rect x="{1}" y="4" width="{2}" height="{2}" class="frame"/>)",
      kSize, kEdge, kSize - kEdge - 4, to_target ? "a column and the target" : "two columns by class");
  const size_t step = std::max<size_t>(1, task.num_rows / kScatterRows);
  for (size_t row = 0; row < task.num_rows; row += step) {
    if (std::isnan(xs[row]) || std::isnan(ys[row])) continue;
    svg += mark(static_cast<size_t>(task.labels[row]), kEdge + 8 + x_axis.place(xs[row], row),
                12 + room - y_axis.place(ys[row], row));
  }
  return svg +
         fmt::format(
             R"(<text x="{}" y="{}" text-anchor="middle">x{}</text><text x="{}" y="{}" text-anchor="{}">{}</text></svg>)",
             (kSize + kEdge) / 2, kSize - 5, x_feature, to_target ? kEdge + 4 : 10, to_target ? 18 : kSize / 2,
             to_target ? "start" : "middle", to_target ? "target" : fmt::format("x{}", y_feature));
}

// A target that is a number is shown by its fifths: labels 0 (lowest) and up, fewer where many rows share a value.
struct Fifths {
  std::vector<float> bounds;  // label: how many of them are strictly below the value
  explicit Fifths(std::vector<float> values) {
    std::sort(values.begin(), values.end());
    for (size_t fifth = 1; fifth < 5; ++fifth) {
      const float bound = values[fifth * values.size() / 5];
      if (bound < values.back() && (bounds.empty() || bound > bounds.back())) bounds.push_back(bound);
    }
  }
  int32_t label_of(float value) const {
    return static_cast<int32_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
  }
};

// The task with the fifths of its target as classes, for marks, colours and how much a column tells.
Task with_fifths(Task task) {
  const Fifths fifths(task.target_values);
  task.num_classes = static_cast<int>(fifths.bounds.size()) + 1;
  for (const float value : task.target_values) task.labels.push_back(fifths.label_of(value));
  return task;
}

// What class k is called: its number, or the target's values up to its bound.
std::vector<std::string> group_names(const Task& task) {
  std::vector<std::string> names;
  if (task.target_kind == TargetKind::kClass) {
    for (int k = 0; k < task.num_classes; ++k) names.push_back(fmt::format("class {}", k));
    return names;
  }
  const auto raw = [&](float value) { return task.target_info.offset + task.target_info.scale * double{value}; };
  for (const float bound : Fifths(task.target_values).bounds)
    names.push_back(fmt::format("target up to {:.4g}", raw(bound)));
  names.push_back(
      fmt::format("up to {:.4g}", raw(*std::max_element(task.target_values.begin(), task.target_values.end()))));
  return names;
}

std::string legend(const Task& task) {
  const std::vector<size_t> counts = task.class_counts();
  const std::vector<std::string> names = group_names(task);
  std::string text = R"(<p class="soft">)";
  for (size_t k = 0; k < counts.size(); ++k) {
    text += fmt::format(R"(<svg width="12" height="12">{}</svg> {}: {} &nbsp; )", mark(k, 6, 6), names[k], counts[k]);
  }
  return text + "</p>";
}

// Bars stacked by class, the lowest class below.
std::string histogram(const Task& task, std::span<const float> column, const ColumnInfo& info,
                      const std::string& name) {
  constexpr double kWidth = 168, kPlotWidth = 156, kHeight = 74, kBottom = 16;
  const Range range = range_of(column);
  const auto num_classes = static_cast<size_t>(task.num_classes);
  const int num_bins = has_few_values(info) ? std::min<int>(info.num_levels, kMostBins) : kMostBins;
  std::vector<double> counts(static_cast<size_t>(num_bins) * num_classes), totals(static_cast<size_t>(num_bins));
  for (size_t row = 0; row < task.num_rows; ++row) {
    if (std::isnan(column[row])) continue;
    const auto bin =
        static_cast<size_t>(std::clamp(static_cast<int>(range.place(column[row]) * num_bins), 0, num_bins - 1));
    ++counts[bin * num_classes + static_cast<size_t>(task.labels[row])];
    ++totals[bin];
  }
  const double largest = std::max(1.0, *std::max_element(totals.begin(), totals.end()));
  std::string svg =
      fmt::format(R"(<svg width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="histogram of {2}">)",
                  kWidth, kHeight, name);
  const double bar = kPlotWidth / num_bins;
  for (size_t bin = 0; bin < totals.size(); ++bin) {
    double y = kHeight - kBottom;
    for (size_t k = 0; k < num_classes; ++k) {
      const double tall = (kHeight - kBottom - 4) * counts[bin * num_classes + k] / largest;
      if (tall == 0) continue;
      y -= tall;
      svg += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>)",
                         bar * static_cast<double>(bin), y, bar - 0.6, tall, class_colour(k));
    }
  }
  const std::string_view kind = info.kind == ColumnKind::kCategorical ? "categories" : name_of(info.kind);
  const auto missing = std::count_if(column.begin(), column.end(), [](float v) { return v != v; });
  const std::string gaps =
      missing > 0
          ? fmt::format(", {:.0f} % gaps", 100.0 * static_cast<double>(missing) / static_cast<double>(task.num_rows))
          : "";
  return svg + fmt::format(R"(<text x="0" y="{}">{} <tspan class="soft">{}{}</tspan></text></svg>)", kHeight - 4, name,
                           kind, gaps);
}

std::string correlations(const Task& task) {
  const size_t count = std::min(task.num_features(), kCorrelated);
  const double cell = 240.0 / static_cast<double>(count);
  std::string svg =
      R"(<svg width="262" height="262" viewBox="0 0 262 262" role="img" aria-label="correlations of columns">)";
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = 0; b < count; ++b) {
      const double r = a == b ? 1 : correlation(task.column(a), task.column(b));
      svg += fmt::format(
          R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" fill-opacity="{:.2f}"><title>x{} and x{}: {:.2f}</title></rect>)",
          20 + cell * static_cast<double>(b), cell * static_cast<double>(a), cell - 0.4, cell - 0.4,
          r > 0 ? "#3b6fb6" : "#c4533a", std::abs(r), a, b, r);
    }
    if (count <= 12) {
      const double middle = cell * (static_cast<double>(a) + 0.5);
      svg += fmt::format(
          R"(<text x="16" y="{:.1f}" text-anchor="end">{}</text><text x="{:.1f}" y="256" text-anchor="middle">{}</text>)",
          middle + 4, a, 20 + middle, a);
    }
  }
  return svg + "</svg>";
}

// Nodes in columns by their longest path from a root. Nodes that carry a column are filled, the label's has a thick
// rim.
std::string graph_drawing(const Json& explanation) {
  const Json& graph = explanation["graph"];
  std::map<std::string, size_t> depth;
  std::map<std::string, std::string> equations, kinds;
  std::vector<std::string> order;
  for (const Json& node : graph["nodes"]) {
    order.push_back(node["id"]);
    depth[node["id"]] = 0;
    equations[node["id"]] = node.value("equation", "");
    kinds[node["id"]] = node.value("kind", "");
  }
  for (size_t round = 0; round < order.size(); ++round) {
    bool changed = false;
    for (const Json& edge : graph["edges"]) {
      const size_t wanted = depth[edge["from"]] + 1;
      if (depth[edge["to"]] < wanted && wanted <= order.size()) depth[edge["to"]] = wanted, changed = true;
    }
    if (!changed) break;
  }
  std::map<std::string, std::string> carries;
  for (const Json& column : explanation["columns"]) {
    std::string& names = carries[column.value("source", "")];
    names += (names.empty() ? "" : " ") + column.value("name", "");
  }
  const std::string label_node = explanation["label"].value("source", "");

  // Large graphs: the nodes that carry columns or the label first.
  std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    const auto rank = [&](const std::string& id) { return id == label_node ? 0 : carries.contains(id) ? 1 : 2; };
    return rank(a) < rank(b);
  });
  const size_t num_nodes = order.size();
  if (order.size() > kDrawnNodes) order.resize(kDrawnNodes);
  std::map<size_t, std::vector<std::string>> layers;
  for (const std::string& id : order) layers[depth[id]].push_back(id);
  size_t tallest = 1;
  for (const auto& [layer, ids] : layers) tallest = std::max(tallest, ids.size());

  const double width = std::max(340.0, 130.0 * static_cast<double>(layers.size())),
               height = std::clamp(26.0 * static_cast<double>(tallest), 120.0, 420.0);
  std::map<std::string, std::pair<double, double>> places;
  size_t column = 0;
  for (const auto& [layer, ids] : layers) {
    for (size_t i = 0; i < ids.size(); ++i) {
      places[ids[i]] = {width * (static_cast<double>(column) + 0.5) / static_cast<double>(layers.size()),
                        height * (static_cast<double>(i) + 0.5) / static_cast<double>(ids.size())};
    }
    ++column;
  }
  std::string svg = fmt::format(
      R"(<svg width="{0:.0f}" height="{1:.0f}" viewBox="0 0 {0:.0f} {1:.0f}" role="img" aria-label="graph" overflow="visible">)",
      width, height);
  for (const Json& edge : graph["edges"]) {
    const auto from = places.find(edge["from"].get<std::string>()), to = places.find(edge["to"].get<std::string>());
    if (from == places.end() || to == places.end()) continue;
    svg += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="edge"/>)", from->second.first,
                       from->second.second, to->second.first, to->second.second);
  }
  for (const auto& [id, place] : places) {
    const bool is_label = id == label_node;
    svg += fmt::format(
        R"(<g><title>{}{}{}</title><circle cx="{:.1f}" cy="{:.1f}" r="7" fill="{}" stroke="{}" stroke-width="{}"/>)",
        html_text(equations[id]), carries.contains(id) ? "&#10;columns: " + html_text(carries[id]) : "",
        is_label ? "&#10;label" : "", place.first, place.second, carries.contains(id) ? "var(--bar)" : "var(--card)",
        is_label ? "#ee6677" : "var(--soft)", is_label ? 4 : 1.2);
    if (order.size() <= 24 || is_label) {
      svg += fmt::format(R"(<text x="{:.1f}" y="{:.1f}">{}{}</text>)", place.first + 11, place.second + 4,
                         html_text(id), is_label ? " (label)" : "");
    }
    svg += "</g>";
  }
  svg += "</svg>";
  if (num_nodes > order.size())
    svg +=
        fmt::format(R"(<p class="soft">{} of {} nodes, those of columns and label first</p>)", order.size(), num_nodes);
  return svg;
}

std::string equations(const Json& explanation) {
  std::string text;
  for (const Json& node : explanation["graph"]["nodes"]) text += html_text(node.value("equation", "")) + "\n";
  for (const Json& column : explanation["columns"]) {
    text += html_text(fmt::format("{} = {}{}\n", column.value("name", ""), column.value("source", ""),
                                  column.value("rule", "").empty() ? "" : ", " + column.value("rule", "")));
  }
  text += html_text(fmt::format("label = {}, {}\n", explanation["label"].value("source", ""),
                                explanation["label"].value("rule", "")));
  std::string settings;
  for (const char* part : {"hyper_parameters", "details"}) {
    if (!explanation.contains(part)) continue;
    for (const auto& [name, value] : explanation[part].items())
      settings += html_text(fmt::format("{} {}\n", name, excerpt(value.dump(), 100)));
  }
  return fmt::format(
      "<pre tabindex=\"0\">{}</pre><details><summary>hyper-parameters</summary><pre tabindex=\"0\">{}</pre></details>",
      text, settings);
}

std::string task_card(const Task& given, const Json& explanation) {
  const bool is_number = given.target_kind == TargetKind::kNumber;
  const Task task = is_number ? with_fifths(given) : given;
  std::vector<size_t> order(task.num_features());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<double> relevances;
  for (const size_t feature : order) relevances.push_back(relevance(task, feature));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return relevances[a] > relevances[b]; });
  const size_t second = order.size() > 1 ? order[1] : order[0];

  std::string histograms = is_number ? histogram(task, task.target_values, task.target_info, "target") : "";
  for (size_t i = 0; i < std::min(order.size(), kMarginals); ++i)
    histograms += histogram(task, task.column(order[i]), task.info[order[i]], fmt::format("x{}", order[i]));
  return fmt::format(
      "<section class=\"card\"><h2>Task {}</h2><p class=\"soft\">{}: {} rows, {} columns, {}; {} draws thrown "
      "away before</p>{}<div class=\"row\"><div><h3>{}</h3>{}</div><div><h3>correlations{}</h3>{}</div><div "
      "class=\"fill\"><h3>{}</h3><div class=\"tiles\">{}</div></div></div><div class=\"row\"><div "
      "class=\"fill\"><h3>graph (filled: "
      "carries a column)</h3>{}</div><div class=\"fill\"><h3>equations</h3>{}</div></div></section>",
      task.index, html_text(task.prior), task.num_rows, task.num_features(),
      is_number ? std::string("a number to predict") : fmt::format("{} classes", task.num_classes),
      task.num_rejections(), legend(task),
      is_number ? "the target and the column that tells most" : "the two columns that tell most",
      scatter(task, order[0], second),
      task.num_features() > kCorrelated ? fmt::format(" of the first {} columns", kCorrelated) : "", correlations(task),
      is_number ? "the target, and columns that tell most, by fifths of it" : "columns that tell most, by class",
      histograms, graph_drawing(explanation), equations(explanation));
}

}  // namespace

std::string gallery_page(const std::vector<Task>& tasks, const std::vector<Json>& explanations,
                         const PriorOptions& options) {
  const Json values = values_of(options);
  const auto text_of = [&](const char* name) { return html_text(values[name].get<std::string>()); };
  std::string body = fmt::format(
      "<h1>{} tasks of the prior {}</h1><p class=\"soft\">seed {}, rows {}, columns {}, classes {}. Colours and marks "
      "are classes, or fifths of a target that is a number; hover nodes for their equations.</p>",
      tasks.size(), text_of("prior"), options.seed, text_of("rows"), text_of("features"), text_of("classes"));
  for (size_t i = 0; i < tasks.size(); ++i) body += task_card(tasks[i], explanations[i]);
  return html_page(fmt::format("Tasks of the prior {}", options.prior), body, kStyle);
}

}  // namespace manyshot::prior
