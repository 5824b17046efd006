#include "train/train_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace manyshot::train {
namespace {

using testing::ElementsAre;

Sample draw_kept(const CorpusOptions& options) {
  const Sampler sampler(options, nullptr);
  SamplerScratch scratch;
  for (uint64_t index = 0; index < 100; ++index) {
    Sample sample = sampler.draw(index, scratch);
    if (sample.status == SampleStatus::kKept) return sample;
  }
  ADD_FAILURE() << "no sample was kept";
  return {};
}

TEST(TrainSample, CompactSamplesKeepTheirRows) {
  CorpusOptions options;
  options.format = PromptStyle::kCompact;
  options.shots = IntRange{8, 16};
  options.queries = 4;
  options.filter_tasks = false;
  options.prior.rows = IntRange{64, 64};
  options.prior.features = IntRange{3, 3};
  options.prior.classes = IntRange{2, 2};
  const Sample drawn = draw_kept(options);
  const TrainSample sample = make_train_sample(drawn);
  EXPECT_EQ(sample.num_features, drawn.num_features);
  EXPECT_EQ(sample.num_labelled, drawn.num_labelled);
  EXPECT_EQ(sample.tokens.size(), sample.num_rows() * sample.row_tokens());
  EXPECT_EQ(sample.answer_begin, sample.num_labelled * sample.row_tokens());
  EXPECT_TRUE(sample.supervised.empty());
}

TEST(TrainSample, TextShardsAreSupervisedAtTheAnswer) {
  const TrainSample sample = make_train_sample(TokenSample{.index = 7, .answer_begin = 2, .tokens = {5, 6, 7, 8}});
  EXPECT_EQ(sample.index, 7u);
  EXPECT_EQ(sample.num_features, 0u);
  EXPECT_THAT(sample.supervised, ElementsAre(2u, 3u));
}

}  // namespace
}  // namespace manyshot::train
