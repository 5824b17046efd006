#include <fmt/format.h>

#include "report/document.h"
#include "report/embedded.h"
#include "report/html.h"

namespace manyshot::report {
namespace {

// JSON for the inside of a <script>: no text can end it.
std::string script_json(const Json& json) {
  std::string result;
  for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

class HtmlWriter {
 public:
  std::string operator()(const Paragraph& paragraph) const { return "<p>" + html_text(paragraph.text) + "</p>\n"; }

  std::string operator()(const Listing& listing) const {
    return fmt::format("<h4>{}</h4><pre tabindex=\"0\">{}</pre>\n", html_text(listing.title), html_text(listing.text));
  }

  std::string operator()(const TextTable& table) const {
    if (table.columns.empty()) return "";
    std::string html = R"(<div class="scroll" tabindex="0"><table>)";
    if (!table.title.empty()) html += "<caption>" + html_text(table.title) + "</caption>";
    html += "<thead><tr>";
    for (size_t column = 0; column < table.columns.size(); ++column) {
      html +=
          fmt::format(R"(<th scope="col"{}>{}</th>)", number_class(table, column), html_text(table.columns[column]));
    }
    html += "</tr></thead><tbody>";
    for (const std::vector<TextCell>& row : table.rows) {
      html += "<tr>";
      for (size_t column = 0; column < row.size(); ++column) html += cell(table, row[column], column);
      html += "</tr>\n";
    }
    return html + "</tbody></table></div>\n";
  }

  std::string operator()(const Chart& chart) const {
    return fmt::format(
        R"(<figure class="chart"><figcaption><h3>{}</h3><p>{}</p></figcaption>{}<div class="panels" data-description="{}"></div>)"
        "<script type=\"application/json\">{}</script>{}</figure>\n",
        html_text(chart.title), html_text(chart.description), choices(chart), html_text(chart.description),
        script_json(panels(chart)), numbers(chart));
  }

  std::string operator()(const Fold& fold) const {
    std::string html = fmt::format("<details class=\"fold\"><summary>{}</summary>\n", html_text(fold.title));
    for (const Block& block : fold.blocks) html += std::visit(*this, block);
    return html + "</details>\n";
  }

 private:
  static const char* number_class(const TextTable& table, size_t column) {
    return column < table.text_columns ? "" : R"( class="n")";
  }

  static std::string cell(const TextTable& table, const TextCell& cell, size_t column) {
    std::string text = html_text(cell.text);
    if (cell.is_best) text = "<strong>" + text + "</strong>";
    if (!cell.note.empty()) text += " <small>" + html_text(cell.note) + "</small>";
    if (column == 0) return fmt::format(R"(<th scope="row">{}</th>)", text);
    return fmt::format("<td{}>{}</td>", number_class(table, column), text);
  }

  static std::string choices(const Chart& chart) {
    if (chart.choices.empty()) return "";
    std::string html = R"(<div class="choices">)";
    for (const Choice& choice : chart.choices) {
      html += fmt::format("<label>{} <select>", html_text(choice.label));
      for (size_t option = 0; option < choice.options.size(); ++option) {
        html += fmt::format("<option{}>{}</option>", option == choice.chosen ? " selected" : "",
                            html_text(choice.options[option]));
      }
      html += "</select></label> ";
    }
    return html + "</div>";
  }

  static Json panels(const Chart& chart) {
    Json views = Json::array();
    for (const ChartView& view : chart.views) {
      Json panels = Json::array();
      for (const Panel& panel : view.panels) panels.push_back({{"title", panel.title}, {"figure", panel.figure}});
      views.push_back(std::move(panels));
    }
    return views;
  }

  // Open, for readers without scripts; the script closes them, and shows those of the chosen view.
  std::string numbers(const Chart& chart) const {
    std::string html = R"(<details class="numbers" open><summary>the numbers as a table</summary>)";
    for (size_t view = 0; view < chart.views.size(); ++view) {
      html += fmt::format("<div class=\"view\"{}>{}</div>", view == chart.chosen_view() ? "" : " hidden",
                          (*this)(chart.views[view].numbers));
    }
    return html + "</details>";
  }
};

std::string contents(const Document& document) {
  std::string html = R"(<nav aria-label="contents"><ul>)";
  for (size_t section = 0; section < document.sections.size(); ++section) {
    html +=
        fmt::format(R"(<li><a href="#section-{}">{}</a></li>)", section, html_text(document.sections[section].title));
  }
  return html + "</ul></nav>\n";
}

}  // namespace

std::string html_document(const Document& document) {
  std::string body = fmt::format(
      "<header><h1>{}</h1><label class=\"theme\">theme <select><option value=\"\">system</option><option>light</option>"
      "<option>dark</option></select></label></header>\n"
      "<noscript><p>The charts are drawn by scripts, which are switched off; the tables hold the same numbers.</p>"
      "</noscript>\n{}<main>\n",
      html_text(document.title), contents(document));
  const HtmlWriter writer;
  for (size_t section = 0; section < document.sections.size(); ++section) {
    body += fmt::format("<section id=\"section-{}\" class=\"card\"><h2>{}</h2>\n", section,
                        html_text(document.sections[section].title));
    for (const Block& block : document.sections[section].blocks) body += std::visit(writer, block);
    body += "</section>\n";
  }
  body += fmt::format("</main>\n<script>{}</script>\n<script>{}</script>", plotly_script(), page_script());
  return html_page(document.title, body, fmt::format("<style>\n{}</style>\n", page_style()));
}

}  // namespace manyshot::report
