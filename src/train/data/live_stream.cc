#include "train/data/live_stream.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "core/text.h"
#include "model/compact/compact_prompt.h"
#include "prior/task/sizes.h"
#include "train/data/chat.h"
#include "train/data/supervision.h"
#include "train/growth.h"

namespace manyshot::train {

LiveStream::LiveStream(const StageRecipe& stage, const StreamContext& context)
    : mode_(stage.loss), tokenizer_(context.tokenizer) {
  if (stage.data == StageData::kTables) open_tables(stage, context);
  for (const GrowthPhase& phase : growth_phases(stage)) {
    CorpusOptions corpus = phase.corpus;
    if (context.compact != nullptr) {
      corpus.format = PromptStyle::kCompact;
      corpus.compact_version = context.compact->typed ? 2 : 1;
      corpus.vocabulary = compact_vocabulary(*context.compact);
    } else {
      // Refuses a wrapping whose tokens the tokenizer lacks.
      choose_chat_wrapping(corpus.chat, *context.tokenizer);
    }
    corpus.prior.seed = Rng(context.seed).child("corpus", corpus.prior.seed).bits(0);
    const auto first = static_cast<uint64_t>(std::ceil(phase.begin * static_cast<double>(context.num_positions)));
    phases_.push_back(
        {first, Sampler(corpus, context.tokenizer, context.excluded == nullptr ? ExcludedRows() : *context.excluded,
                        SampleContent::kPrompt, tables_)});
  }
}

void LiveStream::open_tables(const StageRecipe& stage, const StreamContext& context) {
  auto tables = std::make_shared<TableTasks>(stage.path, context.evaluation_tables);
  const size_t num_tables = tables->num_tables();
  tables->keep(context.split.numbers(num_tables, "tables", stage.path));
  held_out_ = held_out_text(context.split, num_tables, tables->num_tables());
  tables_ = std::move(tables);
}

const LiveStream::Phase& LiveStream::phase_at(uint64_t position) const {
  const auto after = std::find_if(phases_.begin() + 1, phases_.end(),
                                  [&](const Phase& phase) { return phase.first_position > position; });
  return *(after - 1);
}

TrainSample LiveStream::sample(uint64_t position, StreamScratch& scratch) const {
  const Phase& phase = phase_at(position);
  std::array<uint64_t, kNumSampleStatuses> counts{};
  for (uint64_t attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const Sample drawn = phase.sampler.draw(position * kMaxAttempts + attempt, scratch.sampler);
    ++counts[static_cast<size_t>(drawn.status)];
    if (drawn.status != SampleStatus::kKept) continue;
    TrainSample sample = make_train_sample(drawn);
    supervise(sample, mode_, tokenizer_);
    return sample;
  }
  const auto most = std::max_element(counts.begin(), counts.end()) - counts.begin();
  fail(ErrorKind::kBadInput,
       "sample {}: none of {} draws was kept, most were thrown away as \"{}\"; loosen shots, features, max_tokens or "
       "the filter of the stage's corpus",
       position, kMaxAttempts, name_of(static_cast<SampleStatus>(most)));
}

BatchShape LiveStream::largest_sample() const {
  BatchShape shape{.num_samples = 1};
  for (const Phase& phase : phases_) {
    const CorpusOptions& options = phase.sampler.options();
    const auto rows = static_cast<size_t>(options.shots.high + options.queries);
    const auto features = static_cast<size_t>(prior::most_features(phase.sampler.settings().tasks) +
                                              (options.teacher_share > 0 ? options.prior.classes.high : 0));
    shape.num_features = std::max(shape.num_features, features);
    shape.sample_rows = std::max(shape.sample_rows, rows);
    const size_t tokens =
        options.format == PromptStyle::kCompact ? rows * (features + 2) : static_cast<size_t>(options.max_tokens);
    shape.sample_tokens = std::max(shape.sample_tokens, tokens);
  }
  return shape;
}

std::string LiveStream::description() const {
  const CorpusOptions& corpus = phases_.back().sampler.options();
  const std::string source =
      tables_ == nullptr
          ? "prior " + corpus.prior.prior
          : fmt::format("{} table{}{} with {} rows{}", tables_->num_tables(), tables_->num_tables() == 1 ? "" : "s",
                        held_out_, with_thousands(tables_->num_rows()),
                        tables_->num_left_out() == 0 ? ""
                                                     : fmt::format(" ({} are left out, as evaluation tables have them)",
                                                                   with_thousands(tables_->num_left_out())));
  return fmt::format("tasks drawn on the fly from {}, {} shots{}", source, to_text(corpus.shots),
                     phases_.size() > 1 ? fmt::format(", growing in {} phases", phases_.size()) : "");
}

}  // namespace manyshot::train
