#include "predict/in_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/interrupt.h"
#include "predict/calibration.h"
#include "predict/class_tree.h"
#include "predict/compact_task.h"
#include "predict/encode_views.h"
#include "predict/text_predictor.h"

namespace manyshot {
namespace {

class CompactPredictor : public Predictor {
 public:
  CompactPredictor(std::shared_ptr<const Model> model, const PromptPlan& plan, const LabelledTable& shots,
                   const FitStore& store)
      : model_(std::move(model)),
        task_(plan, shots),
        num_rows_(shots.labels.size()),
        calibration_(shots.num_classes()) {
    weigh(usual_share());
    contexts_ = encode_views(*model_, task_.format(), views(), store);
    if (plan.options.calibrate == Calibrate::kContext) calibrate(shots.labels);
  }

  CompactPredictor(std::shared_ptr<const Model> model, const PromptPlan& plan, size_t num_columns, ByteReader& state)
      : model_(std::move(model)),
        engine_(state.text()),
        task_(plan, num_columns, state),
        num_rows_(0),
        calibration_(Calibration::read(state, class_counts().size())) {
    state.numbers(std::span<double>(weights_));
    for (const TaskView& view : views()) {
      const std::string_view context = state.text();
      ByteReader of_context(context, state.place());
      contexts_.push_back(model_->restore(task_.format().prompt(view), of_context));
      of_context.expect_end();
    }
  }

  std::string state_without_rows() const override {
    ByteWriter writer;
    writer.text(model_->info().engine);
    if (!task_.write(writer)) return {};
    calibration_.write(writer);
    writer.numbers(std::span<const double>(weights_));
    for (const auto& context : contexts_) {
      const std::string state = context->state(/*with_prequential=*/false);
      if (state.empty()) return {};
      writer.text(state);
    }
    return writer.take();
  }

  std::vector<double> predict(const Table& queries) const override {
    const size_t num_classes = class_counts().size();
    std::vector<double> result(queries.num_rows * num_classes);
    std::vector<float> scores(queries.num_rows * num_classes);
    const std::vector<QueryTokens> tokens = task_.format().queries(queries, views());
    for (size_t member = 0; member < views().size(); ++member) {
      check_interrupted();
      contexts_[member]->score(tokens[member], scores);
      for (size_t row = 0; row < queries.num_rows; ++row) {
        add_log_softmax(scores.data() + row * num_classes, weights_[scale_of(member)],
                        result.data() + row * num_classes);
      }
    }
    for (size_t row = 0; row < queries.num_rows; ++row) {
      calibration_.apply(std::span(result).subspan(row * num_classes, num_classes));
    }
    return result;
  }

  // Of each member's rows but the first third: a query sees more labelled rows than these do, but not many times more.
  std::vector<double> honest_probabilities() const override {
    const size_t num_classes = class_counts().size();
    if (num_rows_ == 0) return {};
    const std::vector<Prequential> seen = prequential(num_rows_, 1.0 / 3);
    if (seen.empty()) return {};
    std::vector<double> result = weighted_means(seen);
    for (size_t row = 0; row < num_rows_; ++row) {
      const auto of_row = std::span(result).subspan(row * num_classes, num_classes);
      if (!std::isnan(of_row.front())) calibration_.apply(of_row);
    }
    return result;
  }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = task_.notes();
    if (!engine_.empty() && engine_ != model_->info().engine) {
      notes.push_back(fmt::format("its rows were read by {}, and queries are by {}: the last digits may differ",
                                  engine_, model_->info().engine));
    }
    return notes;
  }

 private:
  const std::vector<TaskView>& views() const { return task_.views(); }
  const std::vector<uint32_t>& class_counts() const { return task_.class_counts(); }

  // Adds the log-softmax over the classes that have labelled rows, times a weight; the others become -infinity.
  void add_log_softmax(const float* scores, double weight, double* sums) const {
    double largest = -INFINITY, sum = 0;
    for (size_t k = 0; k < class_counts().size(); ++k) {
      if (class_counts()[k] > 0) largest = std::max(largest, double{scores[k]});
    }
    for (size_t k = 0; k < class_counts().size(); ++k) {
      if (class_counts()[k] > 0) sum += std::exp(scores[k] - largest);
    }
    const double log_normaliser = largest + std::log(sum);
    for (size_t k = 0; k < class_counts().size(); ++k) {
      sums[k] = class_counts()[k] > 0 ? sums[k] + weight * (scores[k] - log_normaliser) : -INFINITY;
    }
  }

  size_t scale_of(size_t member) const { return static_cast<size_t>(views()[member].scale); }

  // Members that read ranks get `share` of the weight, the others the rest.
  void weigh(double share) {
    std::array<double, 2> members{};
    for (size_t member = 0; member < views().size(); ++member) ++members[scale_of(member)];
    for (size_t scale = 0; scale < 2; ++scale) {
      const double part = scale == static_cast<size_t>(NumberScale::kRanks) ? share : 1 - share;
      weights_[scale] = members[scale] > 0 ? part / members[scale] : 0;
    }
  }

  // Sums over the members that see a labelled row, of its log-probabilities given the rows before it.
  struct Prequential {
    std::vector<double> sums;    // [N, K]
    std::vector<double> counts;  // [N] members
  };
  // By NumberScale, of the rows behind the first `skipped` part of each member's rows; empty without prequential
  // scores.
  std::vector<Prequential> prequential(size_t num_rows, double skipped) const {
    const size_t num_classes = class_counts().size();
    std::vector<Prequential> result(
        2, {.sums = std::vector<double>(num_rows * num_classes), .counts = std::vector<double>(num_rows)});
    for (size_t member = 0; member < views().size(); ++member) {
      const std::vector<float> scores = contexts_[member]->prequential();
      if (scores.empty()) return {};
      const std::vector<uint32_t>& rows = views()[member].rows;
      auto& [sums, counts] = result[scale_of(member)];
      for (auto place = static_cast<size_t>(skipped * static_cast<double>(rows.size())); place < rows.size(); ++place) {
        add_log_softmax(scores.data() + place * num_classes, 1, sums.data() + rows[place] * num_classes);
        ++counts[rows[place]];
      }
    }
    return result;
  }

  // Fits weights and calibration to each labelled row as the members that see it predicted it from the rows before it.
  void calibrate(const std::vector<int32_t>& labels) {
    const size_t num_classes = class_counts().size();
    const std::vector<Prequential> seen = prequential(labels.size(), 0);
    if (seen.empty()) return;
    std::array<std::vector<double>, 2> means;  // of rows seen on both scales
    std::vector<int32_t> truth;
    for (size_t row = 0; row < labels.size(); ++row) {
      if (seen[0].counts[row] == 0 || seen[1].counts[row] == 0) continue;
      for (size_t scale = 0; scale < 2; ++scale) {
        for (size_t k = 0; k < num_classes; ++k) {
          means[scale].push_back(seen[scale].sums[row * num_classes + k] / seen[scale].counts[row]);
        }
      }
      truth.push_back(labels[row]);
    }
    if (!truth.empty()) weigh(fit_share(means[0], means[1], truth, num_classes, usual_share()));

    calibration_ = Calibration::fit(weighted_means(seen), labels, num_classes);
  }

  // [N, K] The log-probabilities of each row, weighted as queries are; NaN for rows that no member saw.
  std::vector<double> weighted_means(const std::vector<Prequential>& seen) const {
    const size_t num_classes = class_counts().size();
    std::vector<double> result(seen.front().sums.size(), NAN);
    for (size_t row = 0; row < seen.front().counts.size(); ++row) {
      const double weight = weights_[0] * seen[0].counts[row] + weights_[1] * seen[1].counts[row];
      if (weight == 0) continue;
      for (size_t k = 0; k < num_classes; ++k) {
        const size_t i = row * num_classes + k;
        result[i] = class_counts()[k] > 0 ? (weights_[0] * seen[0].sums[i] + weights_[1] * seen[1].sums[i]) / weight
                                          : -INFINITY;
      }
    }
    return result;
  }

  // All members alike.
  double usual_share() const {
    const auto ranked = std::ranges::count(views(), NumberScale::kRanks, &TaskView::scale);
    return static_cast<double>(ranked) / static_cast<double>(views().size());
  }

  std::shared_ptr<const Model> model_;
  std::string engine_;  // that encoded the contexts, where this was restored
  CompactTask task_;
  size_t num_rows_;
  Calibration calibration_;
  std::array<double, 2> weights_{};  // of one member, by its NumberScale; over all members they sum to 1
  std::vector<std::unique_ptr<EncodedContext>> contexts_;
};

}  // namespace

std::unique_ptr<Model> load_model_for(const std::string& path, const MethodOptions& options) {
  return load_model(
      path, {.dtype = options.dtype, .engine = options.engine, .adapter = options.adapter, .device = options.device});
}

InContextMethod::InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options, uint64_t seed)
    : model_(std::move(model)), plan_(plan_prompts(model_->info(), options, seed)) {}

std::optional<uint64_t> InContextMethod::max_labelled_rows() const { return plan_.max_labelled_rows(); }

std::optional<LongQuery> InContextMethod::find_long_query(const LabelledTable& shots,
                                                          const std::function<Table()>& queries) const {
  if (!plan_.is_text()) return std::nullopt;
  return find_long_text_query(*model_, plan_, shots, queries());
}

std::unique_ptr<Predictor> InContextMethod::restore(size_t num_columns, ByteReader& state) const {
  if (plan_.is_text()) return Method::restore(num_columns, state);
  return std::make_unique<CompactPredictor>(model_, plan_, num_columns, state);
}

std::unique_ptr<Predictor> InContextMethod::fit_with(const LabelledTable& shots, const FitStore& store) const {
  if (plan_.is_text()) return make_text_predictor(model_, plan_, shots);
  const auto most = static_cast<size_t>(plan_.model.max_classes);
  if (shots.num_classes() > most) {
    size_t next = 0;  // decisions are fitted one after the other
    return fit_class_tree(shots, most, [&](const LabelledTable& part) {
      return fit_with(part, store.part(fmt::format("decision-{}", next++)));
    });
  }
  return std::make_unique<CompactPredictor>(model_, plan_, shots, store);
}

}  // namespace manyshot
