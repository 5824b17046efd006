// The curves of a run as charts for its page, from the lines of metrics.jsonl.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "report/document.h"

namespace manyshot::train {

// Loss of each step and smoothed; stages that begin later than the first are marked in all curves over steps.
report::Chart loss_chart(const std::vector<Json>& metrics);
// Share of supervised tokens that were the likeliest, learning rate, norm of the gradient.
report::Chart learning_chart(const std::vector<Json>& metrics);
// Tokens a second, MFU, memory, tokens of a sample.
report::Chart speed_chart(const std::vector<Json>& metrics);
// Evaluations by number of shots: lines with keys `group`_accuracy_8, `group`_loss_8, …; nothing without such lines.
std::optional<report::Chart> evaluation_chart(const std::vector<Json>& metrics, const std::string& group,
                                              const std::string& title, const std::string& description);

// "0.6412", and for a share of one "64.1"; "–" for what is no finite number.
std::string metric_text(const Json& value);
std::string percent_text(const Json& share);

}  // namespace manyshot::train
