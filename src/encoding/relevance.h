// How well one column alone tells what is to be predicted, from 0 to 1; for choosing among many columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace manyshot {

// Of a category with level[row] < num_levels: the share of the target's variance (of classes, that of a place for each)
// that lies between levels, less what as many groups of random rows would have.
double level_relevance(std::span<const uint32_t> level, size_t num_levels, std::span<const int32_t> labels);
double level_relevance(std::span<const uint32_t> level, size_t num_levels, std::span<const double> targets);

// Of a number, all values finite: the share of its variance that lies between the classes.
double number_relevance(std::span<const double> values, std::span<const int32_t> labels);
// Its squared correlation with a number to predict.
double number_relevance(std::span<const double> values, std::span<const double> targets);

}  // namespace manyshot
