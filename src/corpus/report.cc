#include "corpus/report.h"

#include <fmt/format.h>

#include "core/text.h"
#include "report/html.h"

namespace manyshot {
namespace {

using report::Bar;
using report::bar_chart;
using report::html_page;
using report::html_text;

std::vector<Bar> bars_of(const CorpusCounts& counts) {
  std::vector<Bar> bars;
  for (const auto& [name, count] : counts) bars.push_back({name, static_cast<double>(count)});
  return bars;
}

double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string corpus_report_page(const CorpusReport& report, const CorpusFiles& files) {
  std::string rows = fmt::format("<tr><td>kept</td><td class=\"n\">{}</td><td class=\"n\">{:.1f} %</td></tr>",
                                 with_thousands(report.kept), percent(report.kept, report.drawn));
  for (const auto& [reason, count] : report.rejections) {
    rows += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{:.1f} %</td></tr>", html_text(reason),
                        with_thousands(count), percent(count, report.drawn));
  }
  std::string options;
  for (const auto& [name, value] : files.options.items())
    options += html_text(fmt::format("{} {}\n", name, value.dump()));
  const std::string body = fmt::format(
      "<h1>Corpus {}</h1><p>{} of {} tasks kept; {}{} in {} parts, layout {}{}.</p><section class=\"card\"><h2>What "
      "became of the tasks</h2><table>{}</table></section><section class=\"card\"><h2>The tasks that were "
      "kept</h2><div class=\"row\">{}{}{}{}{}</div></section><section "
      "class=\"card\"><h2>Options</h2><pre>{}</pre></section>",
      html_text(files.out), with_thousands(report.kept), with_thousands(report.drawn),
      report.tokens > 0 ? with_thousands(report.tokens) + " tokens, " : "", format_bytes(report.bytes), report.parts,
      name_of(files.layout),
      files.shard.count > 1 ? fmt::format(", shard {} of {}", files.shard.index, files.shard.count) : "", rows,
      bar_chart("classes", bars_of(report.classes)), bar_chart("labelled rows", bars_of(report.shots)),
      report.lengths.empty() ? "" : bar_chart("tokens", bars_of(report.lengths)),
      bar_chart("share of the most frequent class", bars_of(report.imbalance)),
      report.accuracy.empty() ? "" : bar_chart("the forest's accuracy on the queries", bars_of(report.accuracy)),
      options);
  return html_page("Corpus " + files.out, body);
}

}  // namespace manyshot
