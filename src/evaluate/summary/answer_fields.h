// AnswerReport by the names its counts have in files.
#pragma once

#include <array>
#include <utility>

#include "core/json.h"
#include "predict/answer_report.h"

namespace manyshot {

inline constexpr std::array<std::pair<const char*, uint64_t AnswerReport::*>, 15> kAnswerCounts{{
    {"by_id", &AnswerReport::by_id},
    {"by_position", &AnswerReport::by_position},
    {"by_probability", &AnswerReport::by_probability},
    {"by_majority", &AnswerReport::by_majority},
    {"responses", &AnswerReport::responses},
    {"invalid_json", &AnswerReport::invalid_json},
    {"wrong_count", &AnswerReport::wrong_count},
    {"duplicate_ids", &AnswerReport::duplicate_ids},
    {"cut", &AnswerReport::cut},
    {"unknown_labels", &AnswerReport::unknown_labels},
    {"prompt_tokens", &AnswerReport::prompt_tokens},
    {"answer_tokens", &AnswerReport::answer_tokens},
    {"requests", &AnswerReport::requests},
    {"retries", &AnswerReport::retries},
    {"cached", &AnswerReport::cached},
}};

inline Json to_json(const AnswerReport& report) {
  Json json = Json::object();
  for (const auto& [name, member] : kAnswerCounts) json[name] = report.*member;
  json["cost"] = report.cost;
  return json;
}

inline AnswerReport answer_report_from_json(const Json& json) {
  AnswerReport report;
  for (const auto& [name, member] : kAnswerCounts) report.*member = json.at(name).get<uint64_t>();
  report.cost = json.at("cost").get<double>();
  return report;
}

}  // namespace manyshot
