// How well one column alone tells what is to be predicted, from 0 to 1; for choosing among many columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace manyshot {

// The share of the variance of `values` [N, width], each row in group[row], that lies between groups.
double between_share(std::span<const double> values, size_t width, std::span<const uint32_t> group, size_t num_groups);

// The same, less what as many groups of random rows would have.
double between_share_beyond_chance(std::span<const double> values, size_t width, std::span<const uint32_t> group,
                                   size_t num_groups);

// Of a category, whose levels are the groups: what it tells of the classes `labels` [N].
double level_relevance(std::span<const uint32_t> level, size_t num_levels, std::span<const int32_t> labels);

// Of a number: what the classes `labels` [N] tell of its `values` [N], all finite.
double number_relevance(std::span<const double> values, std::span<const int32_t> labels);

// Of a number: its squared correlation with a number to predict.
double squared_correlation(std::span<const double> values, std::span<const double> targets);

}  // namespace manyshot
