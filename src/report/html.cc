#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"
#include "core/text.h"

namespace manyshot::report {

std::string valid_utf8(std::string_view text) {
  // The JSON library replaces what is not UTF-8.
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

std::string_view markup_entity(char c) { return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : ""; }

std::string html_text(std::string_view text) {
  std::string result;
  for (const char c : valid_utf8(text)) {
    if (const std::string_view entity = markup_entity(c); !entity.empty()) {
      result += entity;
    } else if (c == '"') {
      result += "&quot;";
    } else if (static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r') {
      result += "\uFFFD";
    } else {
      result += c;
    }
  }
  return result;
}

std::string html_page(std::string_view title, std::string_view body, std::string_view head) {
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{}</title>
<style>
:root {{ color-scheme: light dark; --ink: light-dark(#1d2433, #e7eaf0); --soft: light-dark(#5a6474, #98a2b3); --line: light-dark(#d0d5dd, #3a4252); --paper: light-dark(#ffffff, #12161f); --card: light-dark(#f7f8fa, #1a202c); --bar: light-dark(#3b6fb6, #6f9fe0); }}
body {{ font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2em auto; max-width: 1180px; padding: 0 1em; }}
h1 {{ font-size: 1.5em; }} h2 {{ font-size: 1.15em; margin: 0 0 .3em; }} h3 {{ font-size: .9em; margin: .8em 0 .2em; color: var(--soft); font-weight: 600; }}
.card {{ background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1em 1.2em; margin: 1em 0; break-inside: avoid; }}
.row {{ display: flex; flex-wrap: wrap; gap: 1.2em; align-items: flex-start; }}
.soft {{ color: var(--soft); }} code, pre {{ font: 12px/1.4 ui-monospace, monospace; }} pre {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
svg text {{ fill: var(--ink); font: 11px system-ui, sans-serif; }} svg .soft {{ fill: var(--soft); }}
.bar {{ fill: var(--bar); }} .axis {{ stroke: var(--line); }} .frame {{ fill: none; stroke: var(--line); }} .edge {{ stroke: var(--soft); stroke-opacity: .45; }}
svg {{ max-width: 100%; height: auto; }}
details summary {{ cursor: pointer; color: var(--soft); }}
table {{ border-collapse: collapse; }} td, th {{ padding: .15em .8em .15em 0; text-align: left; vertical-align: top; }} td.n {{ text-align: right; }}
@media print {{ :root {{ color-scheme: light; }} body {{ max-width: none; margin: 0; }} details {{ display: none; }} }}
</style>
{}</head>
<body>
{}
</body>
</html>
)",
                     html_text(title), head, body);
}

std::string bar_chart(std::string_view title, const std::vector<Bar>& bars, int width, int height) {
  constexpr double kTop = 30, kBottom = 22, kSide = 4;
  double largest = 0;
  for (const Bar& bar : bars) largest = std::max(largest, bar.value);
  const double step = (width - 2 * kSide) / static_cast<double>(std::max<size_t>(bars.size(), 1));
  const double room = height - kTop - kBottom;
  std::string svg = fmt::format(
      R"(<svg width="{}" height="{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><text x="{}" y="12" font-weight="600">{}</text>)",
      width, height, width, height, html_text(title), kSide, html_text(title));
  for (size_t i = 0; i < bars.size(); ++i) {
    const double tall = largest > 0 ? room * bars[i].value / largest : 0, x = kSide + step * static_cast<double>(i);
    svg += fmt::format(
        R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="bar"/><text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text><text class="soft" x="{:.1f}" y="{}" text-anchor="middle">{}</text>)",
        x + step * 0.1, height - kBottom - tall, step * 0.8, tall, x + step / 2, height - kBottom - tall - 4,
        with_thousands(static_cast<long long>(bars[i].value)), x + step / 2, height - 7, html_text(bars[i].label));
  }
  return svg + fmt::format(R"(<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/></svg>)", width, height - kBottom,
                           height - kBottom);
}

std::string_view class_colour(size_t k) {
  constexpr std::string_view kColours[] = {"#0f74c2", "#d55e00", "#0c9a70", "#c8679b", "#b07d00",
                                           "#7a62d6", "#778090", "#c23b4e", "#2a9bb5", "#8a6a4a"};
  return kColours[k % std::size(kColours)];
}

}  // namespace manyshot::report
