#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "report/document.h"
#include "report/html.h"

namespace manyshot::report {
namespace {

// Text that Markdown shows as it is, on one line.
std::string markdown_text(std::string_view text) {
  std::string result;
  for (const char c : valid_utf8(text)) {
    if (c == '<') {
      result += "&lt;";
    } else if (c == '&') {
      result += "&amp;";
    } else if (static_cast<unsigned char>(c) < ' ') {
      result += ' ';
    } else {
      if (std::string_view("\\`*_[]|~").find(c) != std::string_view::npos) result += '\\';
      result += c;
    }
  }
  return result;
}

// A fence longer than any run of backticks inside.
std::string fenced(std::string_view text) {
  size_t longest = 2, run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(longest + 1, '`');
  return fmt::format("{}\n{}\n{}\n\n", fence, valid_utf8(text), fence);
}

class MarkdownWriter {
 public:
  explicit MarkdownWriter(int level) : heading_(static_cast<size_t>(level), '#') {}

  std::string operator()(const Paragraph& paragraph) const { return markdown_text(paragraph.text) + "\n\n"; }

  std::string operator()(const Listing& listing) const { return title(listing.title) + fenced(listing.text); }

  std::string operator()(const TextTable& table) const {
    if (table.columns.empty()) return "";
    std::string text = title(table.title), rule = "|";
    text += "|";
    for (size_t column = 0; column < table.columns.size(); ++column) {
      text += " " + markdown_text(table.columns[column]) + " |";
      rule += column < table.text_columns ? "---|" : "---:|";
    }
    text += "\n" + rule + "\n";
    for (const std::vector<TextCell>& row : table.rows) {
      text += "|";
      for (const TextCell& cell : row) text += " " + cell_text(cell) + " |";
      text += "\n";
    }
    return text + "\n";
  }

  std::string operator()(const Chart& chart) const {
    std::string text =
        fmt::format("{} {}\n\n{}\n\n", heading_, markdown_text(chart.title), markdown_text(chart.description));
    std::string chosen;
    for (const Choice& choice : chart.choices) {
      chosen += fmt::format("{}{}: {}", chosen.empty() ? "" : ", ", choice.label, choice.options[choice.chosen]);
    }
    if (!chosen.empty()) text += markdown_text(chosen) + "\n\n";
    return text + (*this)(chart.views[chart.chosen_view()].numbers);
  }

  std::string operator()(const Fold& fold) const {
    std::string text = title(fold.title);
    for (const Block& block : fold.blocks) text += std::visit(*this, block);
    return text;
  }

 private:
  static std::string title(const std::string& text) {
    return text.empty() ? "" : "**" + markdown_text(text) + "**\n\n";
  }

  static std::string cell_text(const TextCell& cell) {
    std::string text = markdown_text(cell.text);
    if (cell.is_best) text = "**" + text + "**";
    return cell.note.empty() ? text : text + " " + markdown_text(cell.note);
  }

  std::string heading_;
};

}  // namespace

std::string markdown_document(const Document& document) {
  std::string text = fmt::format("# {}\n\n", markdown_text(document.title));
  const MarkdownWriter writer(3);
  for (const Section& section : document.sections) {
    if (section.page_only) continue;
    text += fmt::format("## {}\n\n", markdown_text(section.title));
    for (const Block& block : section.blocks) text += std::visit(writer, block);
  }
  text.pop_back();
  return text;
}

}  // namespace manyshot::report
