#include "predict/parts_method.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "encoding/parts/column_parts.h"

namespace manyshot {
namespace {

// Of all that words are fitted to.
uint64_t checksum_of_words(const Column& column, const ScoredTargets& targets) {
  ByteWriter writer;
  writer.list(column.codes);
  for (const std::string& category : column.categories) writer.text(category);
  writer.list(targets.values);
  return checksum_of(writer.take());
}

// What TextScores::fit found, or that it found nothing.
std::string write_words(const std::optional<TextScores::Fitted>& words) {
  ByteWriter writer;
  writer.number<uint8_t>(words.has_value());
  if (words) {
    words->scores.write(writer);
    writer.list(words->honest);
    writer.number(words->explained);
  }
  return writer.take();
}

std::optional<TextScores::Fitted> read_words(ByteReader& reader, size_t num_rows) {
  if (reader.number<uint8_t>() == 0) return std::nullopt;
  TextScores::Fitted words{.scores = TextScores::read(reader), .honest = reader.list<double>()};
  words.explained = reader.number<double>();
  if (words.honest.size() != num_rows * words.scores.width()) reader.refuse("has words of other labelled rows");
  return words;
}

ColumnParts fit_parts_of(const Table& shots, const ColumnParts::Target& target, const FitStore& store) {
  return ColumnParts(shots, target, [&](size_t column) {
    const std::string name =
        fmt::format("words-{}/{:016x}", column, checksum_of_words(shots.columns[column], target.scored));
    return store.get_or_compute(
        name, [&] { return TextScores::fit(shots.columns[column], target.scored); }, write_words,
        [&](ByteReader& reader) { return read_words(reader, shots.num_rows); });
  });
}

std::vector<std::string> joined(std::vector<std::string> notes, const std::vector<std::string>& more) {
  notes.insert(notes.end(), more.begin(), more.end());
  return notes;
}

class PartsPredictor : public Predictor {
 public:
  PartsPredictor(ColumnParts parts, std::unique_ptr<Predictor> predictor)
      : parts_(std::move(parts)), predictor_(std::move(predictor)) {}

  std::vector<double> predict(const Table& queries) const override {
    return parts_.empty() ? predictor_->predict(queries) : predictor_->predict(parts_.extend(queries));
  }
  size_t batch_rows() const override { return predictor_->batch_rows(); }
  std::vector<double> honest_probabilities() const override { return predictor_->honest_probabilities(); }
  std::vector<std::string> notes() const override { return joined(parts_.notes(), predictor_->notes()); }
  std::vector<std::string> closing_notes() const override { return predictor_->closing_notes(); }
  AnswerReport answer_report() const override { return predictor_->answer_report(); }
  std::string state_without_rows() const override {
    const std::string state = predictor_->state_without_rows();
    if (state.empty()) return {};
    ByteWriter writer;
    parts_.write(writer);
    return writer.take() + state;
  }

 private:
  ColumnParts parts_;
  std::unique_ptr<Predictor> predictor_;
};

class PartsMethod : public Method {
 public:
  explicit PartsMethod(std::unique_ptr<Method> method) : method_(std::move(method)) {}

  std::optional<uint64_t> max_labelled_rows() const override { return method_->max_labelled_rows(); }
  std::optional<LongQuery> find_long_query(const LabelledTable& shots,
                                           const std::function<Table()>& queries) const override {
    return method_->find_long_query(shots, queries);
  }
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<Predictor> fit_with(const LabelledTable& shots, const FitStore& store) const override {
    ColumnParts parts = fit_parts_of(shots.features, ColumnParts::target_of(shots.labels, shots.classes), store);
    if (parts.empty()) return std::make_unique<PartsPredictor>(std::move(parts), method_->fit_with(shots, store));
    const LabelledTable extended{
        .features = parts.extend_labelled(shots.features), .labels = shots.labels, .classes = shots.classes};
    return std::make_unique<PartsPredictor>(std::move(parts), method_->fit_with(extended, store));
  }
  std::unique_ptr<Predictor> restore(size_t num_columns, ByteReader& state) const override {
    ColumnParts parts = ColumnParts::read(state, num_columns);
    const size_t num_extended = num_columns + parts.num_added();
    return std::make_unique<PartsPredictor>(std::move(parts), method_->restore(num_extended, state));
  }

 private:
  std::unique_ptr<Method> method_;
};

class PartsNumberPredictor : public NumberPredictor {
 public:
  PartsNumberPredictor(ColumnParts parts, std::unique_ptr<NumberPredictor> predictor)
      : parts_(std::move(parts)), predictor_(std::move(predictor)) {}

  Distributions predict(const Table& queries) const override {
    return parts_.empty() ? predictor_->predict(queries) : predictor_->predict(parts_.extend(queries));
  }
  size_t batch_rows() const override { return predictor_->batch_rows(); }
  std::vector<double> honest_means() const override { return predictor_->honest_means(); }
  std::vector<std::string> notes() const override { return joined(parts_.notes(), predictor_->notes()); }

 private:
  ColumnParts parts_;
  std::unique_ptr<NumberPredictor> predictor_;
};

class PartsNumberMethod : public NumberMethod {
 public:
  explicit PartsNumberMethod(std::unique_ptr<NumberMethod> method) : method_(std::move(method)) {}

  std::optional<uint64_t> max_labelled_rows() const override { return method_->max_labelled_rows(); }
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<NumberPredictor> fit_with(const NumberedTable& shots, const FitStore& store) const override {
    ColumnParts parts = fit_parts_of(shots.features, ColumnParts::target_of(shots.numbers), store);
    if (parts.empty()) return std::make_unique<PartsNumberPredictor>(std::move(parts), method_->fit_with(shots, store));
    const NumberedTable extended{.features = parts.extend_labelled(shots.features), .numbers = shots.numbers};
    return std::make_unique<PartsNumberPredictor>(std::move(parts), method_->fit_with(extended, store));
  }

 private:
  std::unique_ptr<NumberMethod> method_;
};

}  // namespace

std::unique_ptr<Method> with_parts(std::unique_ptr<Method> method) {
  if (!method->reads_parts()) return method;
  return std::make_unique<PartsMethod>(std::move(method));
}

std::unique_ptr<NumberMethod> with_parts(std::unique_ptr<NumberMethod> method) {
  if (!method->reads_parts()) return method;
  return std::make_unique<PartsNumberMethod>(std::move(method));
}

}  // namespace manyshot
