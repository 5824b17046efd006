// Number codes as a smooth function of the value they stand for: the embedding table is F W, F fixed features of each
// code and W trained. Codes that were never seen get vectors between their neighbours'; at export F W becomes a plain
// table.
//
// Features of z, the value in standard deviations: z / 2, erf(z / sqrt 2), and pairs of sine and cosine of 0.04 to 4
// cycles a standard deviation, with amplitude frequency^-1/2 (random Fourier features, Rahimi and Recht 2007, with a
// fixed grid of frequencies; chosen in docs/adr/0012). Each is centred over the codes,
// and all are scaled so that a code's features have norm 1 on average.
#pragma once

#include <cstddef>
#include <vector>

namespace manyshot::train {

inline constexpr size_t kNumberFeatures = 34;

// Codes of one standard deviation: 120 of 1,000.
inline double codes_per_deviation(size_t num_codes) { return 0.12 * static_cast<double>(num_codes); }

// [num_codes, kNumberFeatures]. Code c of 1,000 stands for z = (c - 500) / 120 (docs/formats/compact.md).
std::vector<float> number_features(size_t num_codes);

// table [num_codes, width] = features weight [kNumberFeatures, width], rows first_code .. first_code + count - 1.
void embed_numbers(const std::vector<float>& features, const float* weight, size_t width, size_t first_code,
                   size_t count, float* table);

// dweight [kNumberFeatures, width] += features^T dtable, for the features first .. first + count - 1.
void number_weight_gradient(const std::vector<float>& features, const float* dtable, size_t num_codes, size_t width,
                            size_t first, size_t count, float* dweight);

// The other way round: the weight [kNumberFeatures, width] whose table is nearest to this one in least squares. What a
// table has that is no smooth function of the value is lost; a table of bf16 numbers is met within their rounding.
std::vector<float> fit_number_weight(const std::vector<float>& features, const float* table, size_t width);

}  // namespace manyshot::train
