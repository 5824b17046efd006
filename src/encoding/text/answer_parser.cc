#include "encoding/text/answer_parser.h"

#include <charconv>
#include <optional>

#include "core/json.h"

namespace manyshot {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

struct Element {
  std::optional<int64_t> id;
  std::string label;
};

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

std::optional<int64_t> to_integer(std::string_view text) {
  text = trimmed(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string label_text(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<int64_t> id_number(const Json& json) {
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_string()) return to_integer(json.get<std::string>());
  return std::nullopt;
}

// The elements of a valid array; nothing when `text` is none.
std::optional<std::vector<Element>> read_array(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return std::nullopt;
  std::vector<Element> elements;
  for (const Json& item : json) {
    if (!item.is_object() || !item.contains("label")) continue;
    elements.push_back(
        {.id = item.contains("id") ? id_number(item["id"]) : std::nullopt, .label = label_text(item["label"])});
  }
  return elements;
}

// The value behind `key` in one object's text: a quoted string, or what stands before the next comma or brace.
std::optional<std::string> value_behind(std::string_view object, std::string_view key) {
  size_t place = object.find(key);
  if (place == std::string_view::npos) return std::nullopt;
  place = object.find(':', place + key.size());
  if (place == std::string_view::npos) return std::nullopt;
  std::string_view rest = object.substr(place + 1);
  const size_t begin = rest.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(begin);
  if (rest[0] == '"') {
    for (size_t end = 1; end < rest.size(); ++end) {
      if (rest[end] == '\\') {
        ++end;
      } else if (rest[end] == '"') {
        const Json json = Json::parse(rest.substr(0, end + 1), nullptr, /*allow_exceptions=*/false);
        return json.is_string() ? json.get<std::string>() : std::string(rest.substr(1, end - 1));
      }
    }
    return std::nullopt;  // cut off
  }
  if (rest[0] == '\'') {
    const size_t end = rest.find('\'', 1);
    return end == std::string_view::npos ? std::nullopt : std::optional(std::string(rest.substr(1, end - 1)));
  }
  const size_t end = rest.find_first_of(",}]\n");
  if (end == std::string_view::npos) return std::nullopt;  // cut off: more digits may have followed
  return std::string(trimmed(rest.substr(0, end)));
}

// The objects that can be made out in damaged text. Each begins where "id" or "label" is named behind a brace.
std::vector<Element> find_elements(std::string_view text) {
  std::vector<Element> elements;
  for (size_t begin = text.find('{'); begin != std::string_view::npos;) {
    const size_t next = text.find('{', begin + 1);
    const std::string_view object = text.substr(begin, next == std::string_view::npos ? next : next - begin);
    if (const auto label = value_behind(object, "label")) {
      const auto id = value_behind(object, "id");
      elements.push_back({.id = id ? to_integer(*id) : std::nullopt, .label = *label});
    }
    begin = next;
  }
  return elements;
}

// The label's index, with or without quotes.
int32_t find_label(std::string_view label, std::span<const std::string> labels) {
  for (size_t k = 0; k < labels.size(); ++k) {
    if (labels[k] == label) return static_cast<int32_t>(k);
  }
  for (size_t k = 0; k < labels.size(); ++k) {
    const Json json = Json::parse(labels[k], nullptr, /*allow_exceptions=*/false);
    if (json.is_string() && json.get_ref<const std::string&>() == label) return static_cast<int32_t>(k);
  }
  return -1;
}

// Whether the ids name queries: each in range, none twice.
bool ids_are_queries(const std::vector<Element>& elements, size_t num_queries) {
  std::vector<bool> seen(num_queries);
  for (const Element& element : elements) {
    if (!element.id || *element.id < 0 || *element.id >= static_cast<int64_t>(num_queries)) return false;
    if (seen[static_cast<size_t>(*element.id)]) return false;
    seen[static_cast<size_t>(*element.id)] = true;
  }
  return true;
}

}  // namespace

std::string_view answer_source_name(AnswerSource source) {
  switch (source) {
    case AnswerSource::kById:
      return "by id";
    case AnswerSource::kByPosition:
      return "by position";
    case AnswerSource::kNone:
      break;
  }
  return "none";
}

ParsedAnswers parse_answers(std::string_view response, std::span<const std::string> labels, size_t num_queries) {
  ParsedAnswers result{.labels = std::vector<int32_t>(num_queries, -1),
                       .sources = std::vector<AnswerSource>(num_queries)};
  std::optional<std::vector<Element>> array = read_array(response);
  result.repaired = !array;
  if (!array) {
    const size_t begin = response.find('['), end = response.rfind(']');
    if (begin != std::string_view::npos && end != std::string_view::npos && end > begin)
      array = read_array(response.substr(begin, end + 1 - begin));
  }
  const std::vector<Element> elements = array ? *std::move(array) : find_elements(response);

  const bool by_position = elements.size() == num_queries && !ids_are_queries(elements, num_queries);
  for (size_t place = 0; place < elements.size(); ++place) {
    const Element& element = elements[place];
    const int32_t label = find_label(element.label, labels);
    if (label < 0) {
      ++result.unknown_labels;
      continue;
    }
    if (!by_position && (!element.id || *element.id < 0 || *element.id >= static_cast<int64_t>(num_queries))) continue;
    const size_t query = by_position ? place : static_cast<size_t>(*element.id);
    if (result.labels[query] >= 0) continue;
    result.labels[query] = label;
    result.sources[query] = by_position ? AnswerSource::kByPosition : AnswerSource::kById;
  }
  return result;
}

}  // namespace manyshot
