#include "predict/compact_task.h"

#include <algorithm>
#include <numeric>

#include "predict/ensemble_plan.h"

namespace manyshot {
namespace {

constexpr size_t kStrata = 10;

// Groups of rows with neighbouring numbers and about equal sizes, so that parts of the rows can have all sizes of them.
std::vector<int32_t> strata(const std::vector<double>& numbers) {
  std::vector<uint32_t> order(numbers.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, {}, [&](uint32_t row) { return numbers[row]; });
  const size_t count = std::min(kStrata, numbers.size());
  std::vector<int32_t> group(numbers.size());
  for (size_t place = 0; place < order.size(); ++place) {
    group[order[place]] = static_cast<int32_t>(place * count / numbers.size());
  }
  return group;
}

std::vector<uint32_t> count_classes(const PromptPlan& plan, const LabelledTable& shots) {
  plan.check_classes(shots);
  return shots.class_counts();
}

}  // namespace

CompactTask::CompactTask(const PromptPlan& plan, const LabelledTable& shots)
    : class_counts_(count_classes(plan, shots)),
      has_category_seeds_(plan.model.vocabulary.cells.has_value()),
      format_(make_compact_format(shots.features, shots.labels, plan.model.vocabulary)),
      notes_(format_->notes()) {
  const EnsembleShape shape = ensemble_shape(plan, plan.members_for(shots.labels.size(), format_->num_features()));
  views_ = make_views(shots.labels, shots.num_classes(), format_->relevance(), shape, Rng(plan.seed).child("ensemble"));
  describe_members(plan, shots.labels.size(), format_->num_features(), notes_);
  describe_ensemble(shape, shots.labels.size(), format_->num_features(), notes_);
}

CompactTask::CompactTask(const PromptPlan& plan, size_t num_columns, ByteReader& reader)
    : class_counts_(reader.list<uint32_t>()),
      has_category_seeds_(plan.model.vocabulary.cells.has_value()),
      format_(read_compact_format(reader, num_columns, plan.model.vocabulary)) {
  const auto most_classes = static_cast<uint32_t>(plan.model.max_classes);
  if (class_counts_.size() < 2 || class_counts_.size() > most_classes) reader.refuse("is of other classes");
  views_.resize(reader.count(sizeof(uint64_t)));
  if (views_.empty()) reader.refuse("has no members");
  for (TaskView& view : views_) {
    view.features = reader.list<uint32_t>();
    view.labels = reader.list<uint32_t>();
    view.scale = reader.number<uint8_t>() != 0 ? NumberScale::kRanks : NumberScale::kValues;
    if (has_category_seeds_) view.category_seed = reader.number<uint64_t>();
    const auto is_feature = [&](uint32_t feature) { return feature < format_->num_features(); };
    const auto is_label = [&](uint32_t label) { return label < most_classes; };
    if (!std::ranges::all_of(view.features, is_feature) || !std::ranges::all_of(view.labels, is_label) ||
        view.labels.size() != class_counts_.size() || view.features.empty() ||
        view.features.size() > static_cast<size_t>(plan.model.max_features)) {
      reader.refuse("has a view of other features or classes");
    }
  }
}

CompactNumberTask::CompactNumberTask(const PromptPlan& plan, const NumberedTable& shots)
    : format_(shots.features, shots.numbers, plan.model.vocabulary), notes_(format_.notes()) {
  const EnsembleShape shape = ensemble_shape(plan, plan.number_members_for(shots.numbers.size()));
  const std::vector<int32_t> groups = strata(shots.numbers);
  const size_t num_groups = static_cast<size_t>(std::ranges::max(groups)) + 1;
  views_ = make_views(groups, num_groups, format_.relevance(), shape, Rng(plan.seed).child("ensemble"));
  describe_ensemble(shape, shots.numbers.size(), format_.num_features(), notes_);
}

bool CompactTask::write(ByteWriter& writer) const {
  writer.list(class_counts_);
  if (!format_->write(writer)) return false;
  writer.number<uint64_t>(views_.size());
  for (const TaskView& view : views_) {
    writer.list(view.features);
    writer.list(view.labels);
    writer.number<uint8_t>(view.scale == NumberScale::kRanks);
    if (has_category_seeds_) writer.number(view.category_seed);
  }
  return true;
}

}  // namespace manyshot
