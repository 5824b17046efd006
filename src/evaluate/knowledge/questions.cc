#include "evaluate/knowledge/questions.h"

#include "core/error.h"
#include "core/text.h"
#include "table/table_file.h"

namespace manyshot {
namespace {

constexpr std::array<std::string_view, 7> kColumns{"subject", "question", "A", "B", "C", "D", "answer"};

size_t read_answer(std::string_view cell, const std::string& path, uint64_t row) {
  const size_t answer = cell.size() == 1 ? kChoiceLetters.find(cell.front()) : std::string_view::npos;
  if (answer == std::string_view::npos) {
    fail(ErrorKind::kBadInput, "{}: row {} (counted from 0), column \"answer\": expected A, B, C or D, found {}", path,
         row, excerpt(cell));
  }
  return answer;
}

}  // namespace

std::vector<Question> read_questions(const std::string& path) {
  const TableFile file = TableFile::open(path, {.delimiter = ",", .missing_marks = false});
  std::vector<size_t> columns;
  for (const std::string_view name : kColumns) columns.push_back(file.column_index(name));
  std::vector<Question> questions;
  file.scan(columns, [&](const TextBatch& batch) {
    for (size_t i = 0; i < batch.num_rows; ++i) {
      const uint64_t row = batch.first_row + i;
      const auto cell = [&](size_t column) {
        const std::string_view text = batch.cells[column][i];
        if (text.empty()) {
          fail(ErrorKind::kBadInput, "{}: row {} (counted from 0), column \"{}\" is empty; fill it or take the row out",
               path, row, kColumns[column]);
        }
        return std::string(text);
      };
      questions.push_back({.subject = cell(0),
                           .question = cell(1),
                           .choices = {cell(2), cell(3), cell(4), cell(5)},
                           .answer = read_answer(cell(6), path, row)});
    }
    return true;
  });
  return questions;
}

}  // namespace manyshot
