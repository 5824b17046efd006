// Further columns that are made of a table's own: what repeats in its dates (encoding/parts/date_parts.h), and what the
// words of its texts say of the target (encoding/parts/text_scores.h). Fitted on the labelled rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "encoding/parts/date_parts.h"
#include "encoding/parts/text_scores.h"
#include "table/table.h"

namespace manyshot {

// A column whose words may say something: a text, or a category with more than kManyCategories strings.
inline constexpr size_t kManyCategories = 32;

class ColumnParts {
 public:
  // What `shots` are labelled with. `names` [width]: what a column of scores is called, such as "words" or "words of
  // setosa".
  struct Target {
    ScoredTargets scored;
    std::vector<std::string> names;
  };
  static Target target_of(std::span<const int32_t> labels, const std::vector<std::string>& classes);
  static Target target_of(std::span<const double> numbers);

  // Where the words of a column have been fitted before (column, target) -> TextScores::fit of it.
  using FitWords = std::function<std::optional<TextScores::Fitted>(size_t column)>;
  // Columns of teachers (Column::share_of) have no parts.
  ColumnParts(const Table& shots, const Target& target, const FitWords& fit_words);
  ColumnParts(const Table& shots, const Target& target);

  bool empty() const { return num_added() == 0; }
  size_t num_added() const;
  // Which words are read, as sentences.
  const std::vector<std::string>& notes() const { return notes_; }

  // The labelled rows, or others, with the further columns behind their own. The words of a labelled row are scored by
  // fits without it.
  Table extend_labelled(const Table& shots) const;
  Table extend(const Table& queries) const;

  // Without the scores of the labelled rows, which extend_labelled() then has none of.
  void write(ByteWriter& writer) const;
  // Of a table of so many columns. Throws Error(kCorruptFile) for parts of others.
  static ColumnParts read(ByteReader& reader, size_t num_columns);

 private:
  ColumnParts() = default;

  struct Dates {
    size_t column;
    DateParts parts;
  };
  struct Words {
    size_t column;
    TextScores scores;
    std::vector<double> honest;  // [N, scores.width()]
  };
  void append_dates(Table& table) const;
  void append(const Words& words, const std::vector<double>& scores, Table& table) const;

  std::vector<Dates> dates_;
  std::vector<Words> words_;
  std::vector<std::string> names_;  // [width] of the scores
  std::vector<std::string> notes_;
};

}  // namespace manyshot
