#include "report/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/figure.h"
#include "support/html_check.h"

namespace manyshot::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Texts that would break a page, a script, a Markdown table or a Plotly label if they were not escaped.
const std::vector<std::string> kHostile{
    "</script><script>alert(1)</script>", "\"quoted\" & 'single'",
    "two\nlines | `code` *bold*",         "<!-- <b>not bold</b>",
    "bytes \xff\xfe that are no text",    "<a href=\"javascript:alert(1)\">link</a>",
    std::string("nul\0 here", 9)};

ChartView view_of(const std::string& name, double value) {
  Json trace = line_trace(name, 0);
  trace["x"] = {1, 2};
  trace["y"] = {figure_number(value), nullptr};
  return {.panels = {{name, {{"data", Json::array({trace})}, {"layout", {{"xaxis", axis(name)}}}}}},
          .numbers = {.title = name, .columns = {"model", "value"}, .rows = {{{name}, {std::to_string(value)}}}}};
}

Document document_of(const std::string& name) {
  Chart chart{
      .title = name,
      .description = name,
      .choices = {{.label = name, .options = {"a", name}, .chosen = 1}, {.label = "show", .options = {"x", "y"}}},
      .views = {view_of("a, x", 1), view_of("a, y", 2), view_of(name, 3), view_of("b, y", 4)}};
  TextTable table{.title = name, .columns = {name, "n"}, .rows = {{{name, name, true}, {"1"}}}};
  return {.title = name,
          .sections = {{.title = name, .blocks = {Paragraph{name}, Listing{name, name}, table, chart}},
                       {.title = "more", .blocks = {Fold{name, {Paragraph{name}, table}}}, .page_only = true}}};
}

TEST(Document, PagesAreWellFormedWhateverTheTexts) {
  for (const std::string& text : kHostile) {
    const std::string html = html_document(document_of(text));
    const HtmlPage page = read_html(html);
    EXPECT_EQ(page.problem, "") << text;
    EXPECT_EQ(page.scripts, 3u) << "plotly.js, the page's own, and one chart: " << text;
    ASSERT_EQ(page.figures.size(), 1u);
    EXPECT_EQ(page.figures[0].size(), 4u);
    EXPECT_EQ(page.figures[0][2][0]["figure"]["data"][0]["y"], Json({3.0, nullptr}));
  }
}

TEST(Document, TextsAreShownAsTheyAre) {
  for (const std::string& text : {kHostile[0], kHostile[1], kHostile[2], kHostile[3], kHostile[5]})
    EXPECT_THAT(read_html(html_document(document_of(text))).text, HasSubstr(text));
  EXPECT_THAT(read_html(html_document(document_of(kHostile[4]))).text,
              HasSubstr("bytes \uFFFD\uFFFD that are no text"));
}

TEST(Document, NothingIsLoaded) {
  const std::string html = html_document(document_of("plain"));
  EXPECT_THAT(html, HasSubstr("Licensed under the MIT license"));
  const std::string own = html.substr(0, html.find("plotly.js v")) + html.substr(html.rfind("<script>"));
  for (const char* part : {"<link", "src=", "@import", "<iframe", "url(", "fetch(", "http:", "https:"})
    EXPECT_THAT(own, Not(HasSubstr(part)));
}

TEST(Document, TheChosenViewShowsItsNumbers) {
  const Document document = document_of("chosen");
  const auto& chart = std::get<Chart>(document.sections[0].blocks[3]);
  EXPECT_EQ(chart.chosen_view(), 2u);
  const std::string html = html_document(document);
  EXPECT_THAT(html, HasSubstr("<option selected>chosen</option>"));
  size_t hidden = 0;
  for (size_t place = html.find("<div class=\"view\" hidden>"); place != std::string::npos;
       place = html.find("<div class=\"view\" hidden>", place + 1))
    ++hidden;
  EXPECT_EQ(hidden, 3u);
}

TEST(Document, MarkdownKeepsTablesWhole) {
  const std::string markdown = markdown_document(document_of("a|b\n`c` <d>"));
  EXPECT_THAT(markdown, HasSubstr("| **a\\|b \\`c\\` &lt;d>** a\\|b \\`c\\` &lt;d> | 1 |\n"));
  EXPECT_THAT(markdown, HasSubstr("| a\\|b \\`c\\` &lt;d> | 3.000000 |\n"));
  EXPECT_THAT(markdown, Not(HasSubstr("2.000000"))) << "only the chosen view";
  EXPECT_THAT(markdown, Not(HasSubstr("## more")));
  EXPECT_THAT(markdown, HasSubstr("|---|---:|"));
}

TEST(Document, MarkdownFencesAreLongerThanThoseInside) {
  const Document document{.title = "t", .sections = {{.title = "s", .blocks = {Listing{"", "```\ninside\n```"}}}}};
  EXPECT_THAT(markdown_document(document), HasSubstr("````\n```\ninside\n```\n````\n"));
}

}  // namespace
}  // namespace manyshot::report
