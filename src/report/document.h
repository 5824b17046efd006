// A report as a document: sections of text, tables and charts. It is written once and rendered as a web page and as
// Markdown. All texts are plain: the renderers escape them.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"

namespace manyshot::report {

struct Paragraph {
  std::string text;
};

// Text with its own line breaks: a prompt, a list of options.
struct Listing {
  std::string title;
  std::string text;
};

struct TextCell {
  std::string text;
  std::string note;  // below it, smaller: an interval
  bool is_best = false;
};

struct TextTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<TextCell>> rows;  // the first cell names its row
  size_t text_columns = 1;                  // from the left; the others are numbers
};

// Names and their values; an empty value is shown as "–".
using Facts = std::vector<std::pair<std::string, std::string>>;
TextTable facts_table(const std::string& title, const Facts& facts);
// A string as it is, other JSON as it is written.
std::string plain_text(const Json& value);

// A Plotly figure (report/figure.h) and its title.
struct Panel {
  std::string title;
  Json figure;
};

// Panels side by side, and their numbers, for one combination of choices.
struct ChartView {
  std::vector<Panel> panels;
  TextTable numbers;
};

struct Choice {
  std::string label;
  std::vector<std::string> options;
  size_t chosen = 0;
};

struct Chart {
  std::string title;
  std::string description;  // what there is to see; it also stands for the picture where pictures are not seen
  std::vector<Choice> choices;
  std::vector<ChartView> views;  // one for each combination of choices, the last choice fastest

  size_t chosen_view() const;
};

struct Block;

// Blocks that are folded away until the reader opens them.
struct Fold {
  std::string title;
  std::vector<Block> blocks;
};

struct Block : std::variant<Paragraph, Listing, TextTable, Chart, Fold> {
  using variant::variant;
};

struct Section {
  std::string title;
  std::vector<Block> blocks;
  bool page_only = false;  // left out of Markdown
};

struct Document {
  std::string title;
  std::vector<Section> sections;
};

// One self-contained page: plotly.js and the figures lie inside, nothing is loaded. Light, dark and print; without
// scripts the tables of numbers stand in for the charts.
std::string html_document(const Document& document);

// GitHub's Markdown; in place of a chart the numbers of its chosen view.
std::string markdown_document(const Document& document);

}  // namespace manyshot::report
